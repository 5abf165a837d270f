//! Settings, as they were and as the recording shows them, become the text of a `vedette.yaml`.

use std::fmt::Write;

use detector_core::rule::{Setting, SettingContent};

use crate::init::found::{Finding, Proposal, findings};
use crate::init::known::{Known, SETTINGS};
use crate::init::proposed;
use crate::init::seen::Shown;
use crate::init::text::quoted;
use crate::init::values::day;
use crate::output::quantity::counted;

/// The whole file.
pub(super) fn page(known: &Known, shown: &Shown) -> String {
    let mut findings = findings(shown);
    let mut page = head(shown);
    let mut settings = String::new();
    for setting in &known.declared {
        let at = (findings.iter()).position(|finding| finding.name == setting.name);
        let finding = at.map(|at| findings.remove(at));
        settings.push_str(&declared(setting, finding.as_ref()));
    }
    let is_declared = |name: &str| known.declared.iter().any(|setting| setting.name == name);
    for name in known.asked_for.iter().filter(|name| !is_declared(name)) {
        let at = (findings.iter()).position(|finding| finding.name == *name);
        settings.push_str(&match at.map(|at| findings.remove(at)) {
            Some(finding) => new(&finding),
            None => unknown(name),
        });
    }
    if settings.is_empty() {
        page.push_str("# No rule asks for a setting.\n#settings:\n");
    } else {
        page.push_str("settings:\n");
        page.push_str(&settings);
    }
    page.push_str(UNASKED);
    for finding in &findings {
        for line in new(finding).lines() {
            let _ = writeln!(page, "#{line}");
        }
    }
    for document in &known.beside {
        let _ = write!(page, "\n---\n{}\n", without_end(document));
    }
    page.push_str(&proposed::documents(shown));
    page
}

/// Comments at the end of a document are of what follows it, and may be those that come again here.
fn without_end(document: &str) -> &str {
    let mut document = document;
    while let Some((rest, last)) = document.rsplit_once('\n') {
        if !last.trim().is_empty() && !last.starts_with('#') {
            break;
        }
        document = rest;
    }
    document
}

/// Of settings of somebody's own.
const UNKNOWN: &str = "No log tells what this is";

const UNASKED: &str = "
# No rule asks for the settings that follow. A rule of yours can, by `FIELD|expand: '%app_clients%'`: remove the `#` then.
";

fn head(shown: &Shown) -> String {
    let days = match (shown.first_ms, shown.last_ms) {
        (Some(first), Some(last)) => format!(", {} to {} (UTC)", day(first), day(last)),
        _ => String::new(),
    };
    let events = counted(shown.events, "event");
    format!(
        "# What rules have to know of this service, as `replay init` found it in {events}{days}.
# Of each value it says how often it was seen. What stood in the rules before stays, seen or not. What stands after a `#`
# is left to you: nobody but you knows whether it is right. Look through all of it, and put the file at the root of your
# rules, as {SETTINGS}; `replay check` says then whether they take it.
"
    )
}

/// A setting that the rules have.
fn declared(setting: &Setting, finding: Option<&Finding<'_>>) -> String {
    let Setting {
        name,
        about,
        content,
    } = setting;
    let values = match content {
        SettingContent::Values(values) => values,
        SettingContent::Numbers(values) => {
            let mut text = begun((name, about), &["Numbers are left as they are".to_owned()]);
            let _ = writeln!(text, "        values:");
            for (value, number) in values {
                let _ = writeln!(text, "            {}: {number}", quoted(value));
            }
            return text;
        }
        SettingContent::File {
            file,
            column,
            number,
        } => {
            let mut text = begun((name, about), &["The file is left as it is".to_owned()]);
            let _ = writeln!(text, "        file: {}", quoted(file));
            for (key, column) in [("column", column), ("number", number)] {
                if let Some(column) = column {
                    let _ = writeln!(text, "        {key}: {}", quoted(column));
                }
            }
            return text;
        }
    };
    let Some(finding) = finding else {
        let notes = [UNKNOWN.to_owned()];
        let kept = values.iter().map(|value| line(value, "as it was"));
        return with_values((name, about), &notes, (kept.collect(), Vec::new()));
    };
    let kept = values.iter().map(|value| {
        let sighted = finding.sighted(value);
        let why = sighted.map_or_else(|| "not seen here".to_owned(), |seen| seen.told());
        line(value, &format!("as it was; {why}"))
    });
    let is_new = |proposal: &&Proposal| !finding.is_covered(&proposal.value, values);
    let new = |proposals: &[Proposal]| -> Vec<String> {
        let proposals = proposals.iter().filter(is_new);
        proposals.map(|it| line(&it.value, &it.why)).collect()
    };
    let active = kept.chain(new(&finding.taken)).collect();
    with_values((name, about), &finding.notes, (active, new(&finding.left)))
}

/// A setting that the rules do not have yet.
fn new(finding: &Finding<'_>) -> String {
    let lines = |proposals: &[Proposal]| -> Vec<String> {
        let proposals = proposals.iter();
        proposals.map(|it| line(&it.value, &it.why)).collect()
    };
    let values = (lines(&finding.taken), lines(&finding.left));
    with_values((finding.name, finding.about), &finding.notes, values)
}

/// One that rules ask for, and of which nothing is known.
fn unknown(name: &str) -> String {
    let notes = [UNKNOWN.to_owned()];
    with_values(
        (name, "asked for by a rule"),
        &notes,
        (Vec::new(), Vec::new()),
    )
}

fn line(value: &str, why: &str) -> String {
    format!("- {}    # {why}", quoted(value))
}

fn begun((name, about): (&str, &str), notes: &[String]) -> String {
    let is_plain = |name: &str| {
        let mut bytes = name.bytes();
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        !["null", "true", "false"].contains(&name) && bytes.all(is_part) && name.contains('_')
    };
    let name = match is_plain(name) {
        true => name.to_owned(),
        false => quoted(name),
    };
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "    # {note}.");
    }
    let _ = writeln!(text, "    {name}:\n        about: {}", quoted(about));
    text
}

fn with_values(
    heading: (&str, &str),
    notes: &[String],
    (active, left): (Vec<String>, Vec<String>),
) -> String {
    let mut text = begun(heading, notes);
    match active.is_empty() {
        true => text.push_str("        values: []\n"),
        false => text.push_str("        values:\n"),
    }
    for line in active {
        let _ = writeln!(text, "            {line}");
    }
    for line in left {
        let _ = writeln!(text, "            #{line}");
    }
    text
}
