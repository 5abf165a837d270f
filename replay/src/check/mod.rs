//! `replay check`: every problem of every rule file, and a closing line.

mod paging; // who is told
mod against; // what it costs the state in service
mod json; // one object
mod sarif; // for the code scanning of a forge

use std::io::Write;
use std::path::PathBuf;
use std::slice;
use std::time::SystemTime;

use anyhow::{Context, bail};

use detector_core::rule::{CorrelationRule, EntityRole, RuleProblem, RuleSet, Severity};
use detector_core::time::Timestamp;
use detector_core::window;

use crate::args::{CheckArgs, CheckFormat};
use crate::check::against::Fate;
use crate::input::rules::{self, Read};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::output::printable::printable;
use crate::output::quantity::counted;
use crate::threats::doubts;

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<Outcome> {
    let Read {
        found,
        files,
        databases,
        mut problems,
    } = rules::read(&args.paths, "give a PATH, as in `replay check PATH`")?;
    problems.extend(window::check_rules(&files));
    let mut loaded = None;
    if count_of(&problems, Severity::Error) == 0 {
        match window::load_rules(&files) {
            Ok(rules) => loaded = Some(rules),
            // What keeps the rules from being loaded is a problem, whatever the check thinks of them.
            Err(refused) => problems.extend(refused.into_iter().filter(is_error)),
        }
    }
    problems.extend(loaded.iter().flat_map(expired));
    problems.extend(loaded.iter().flat_map(alone));
    let today = doubts::today()?;
    problems.extend(
        loaded
            .iter()
            .flat_map(|rules| doubts::of_rules(rules, today)),
    );
    loaded = loaded.filter(|_| count_of(&problems, Severity::Error) == 0);
    problems.sort();
    let in_service = match &args.against {
        Some(old) => Some(in_service(old)?),
        None => None,
    };
    let fates = match (&in_service, &loaded) {
        (Some(old), Some(new)) => Some(against::fates(old, new)),
        _ => None,
    };
    let checked = Checked {
        files: found,
        problems,
        loaded: loaded.as_ref(),
        without_places: (loaded.as_ref()).and_then(|it| rules::without_places(it, &databases)),
        fates,
    };
    let mut output = Output::open(None)?;
    match args.format {
        CheckFormat::Text => text(&checked, &mut output)?,
        CheckFormat::Json => writeln!(output, "{}", json::object(&checked))?,
        CheckFormat::Sarif => writeln!(output, "{}", sarif::log(&checked))?,
    }
    output.finish()?;
    Ok(match checked.loaded {
        Some(_) if args.strict && !checked.problems.is_empty() => Outcome::RulesBroken,
        Some(_) => Outcome::Done,
        None => Outcome::RulesBroken,
    })
}

/// The rules that are in service, to compare with.
fn in_service(old: &PathBuf) -> anyhow::Result<RuleSet> {
    let shown = || format!("--against {}", printable(&old.display().to_string()));
    let Read {
        files, problems, ..
    } = rules::read(slice::from_ref(old), "give the rules that are in service")
        .with_context(shown)?;
    let loaded = window::load_rules(&files);
    let broken = problems
        .into_iter()
        .chain(loaded.as_ref().err().into_iter().flatten().cloned());
    let broken: Vec<RuleProblem> = broken.filter(is_error).collect();
    match (loaded, broken.first()) {
        (Ok(rules), None) => Ok(rules),
        (_, first) => {
            let first = first.map_or_else(String::new, |first| {
                format!(": {}", printable(&first.to_string()))
            });
            bail!(
                "{}: these rules cannot be in service, they have {}{first}",
                shown(),
                counted(broken.len() as u64, "error")
            )
        }
    }
}

/// What a check found.
struct Checked<'r> {
    /// Rule files, whether they could be read or not.
    files: usize,
    /// In order of place.
    problems: Vec<RuleProblem>,
    /// `None` where there is an error.
    loaded: Option<&'r RuleSet>,
    /// Which rules ask where addresses are, while nothing says so.
    without_places: Option<String>,
    /// What becomes of the state in service, where that was asked.
    fates: Option<Vec<Fate<'r>>>,
}

fn text(checked: &Checked<'_>, output: &mut Output) -> anyhow::Result<()> {
    for problem in &checked.problems {
        writeln!(output, "{}", printable(&problem.to_string()))?;
    }
    for line in checked.loaded.into_iter().flat_map(paging::lines) {
        writeln!(output, "{}", printable(&line))?;
    }
    for line in checked.loaded.into_iter().flat_map(examples) {
        writeln!(output, "{}", printable(&line))?;
    }
    if let Some(line) = &checked.without_places {
        writeln!(output, "{}", printable(line))?;
    }
    for line in checked.fates.iter().flat_map(|fates| against::lines(fates)) {
        writeln!(output, "{}", printable(&line))?;
    }
    writeln!(output, "{}", closing_line(checked))?;
    Ok(())
}

/// A line for each list that has nothing but examples. That is no problem: it is as safe as an empty list.
fn examples(rules: &RuleSet) -> Vec<String> {
    let lists = rules.allowlists.iter().filter(|list| list.is_example());
    lists
        .map(|list| {
            format!(
                "{}:{}: the list `{}` is still an example and allows nothing",
                list.path, list.line, list.name
            )
        })
        .collect()
}

/// Correlations of which nobody knows whom they are about, so that their alerts never find others of their attack.
fn alone(rules: &RuleSet) -> Vec<RuleProblem> {
    let is_known = |rule: &CorrelationRule| {
        let roles = [EntityRole::Actor, EntityRole::Scope];
        rule.stands_for.is_some() || rule.entities.iter().any(|of| roles.contains(&of.role))
    };
    // One group for all is about all that the logs hold.
    let of_nobody = rules
        .correlations
        .iter()
        .filter(|rule| rule.pages && !rule.group_by.is_empty() && !is_known(rule));
    of_nobody
        .map(|rule| RuleProblem {
            path: rule.meta.path.to_string(),
            line: rule.meta.line,
            column: None,
            severity: Severity::Warning,
            message: format!(
                "`{}` names neither an actor nor a scope, so its alerts join no other: write who did it under `vedette`, as `entities: {{actor: {{address: source_ip}}}}`",
                paging::name(&rule.meta)
            ),
        })
        .collect()
}

/// Entries of the allowlist that no longer count today.
fn expired(rules: &RuleSet) -> Vec<RuleProblem> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.ok().and_then(|now| i64::try_from(now.as_millis()).ok());
    let Some(now) = now.and_then(Timestamp::from_millis) else {
        return Vec::new();
    };
    let lists = rules.dated_lists();
    lists
        .flat_map(|list| {
            let expired = list.entries.iter().filter(|e| e.has_expired(now));
            expired.map(|entry| RuleProblem {
                path: list.path.to_string(),
                line: entry.line,
                column: None,
                severity: Severity::Warning,
                message: format!(
                    "`{}` in the list `{}` expired on {}: remove it, or let {} renew it",
                    entry.shown(),
                    list.name,
                    entry.expires,
                    entry.owner
                ),
            })
        })
        .collect()
}

/// `13 rules in 4 files, no problems (8 detections, 4 correlations, 1 filter)`; filters only where there are any.
fn closing_line(checked: &Checked<'_>) -> String {
    let files = counted(checked.files as u64, "file");
    let errors = count_of(&checked.problems, Severity::Error);
    let warnings = count_of(&checked.problems, Severity::Warning);
    let found = match (errors, warnings) {
        (0, 0) => "no problems".into(),
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        (errors, warnings) => format!(
            "{}, {}",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    };
    let Some(rules) = checked.loaded else {
        return format!("{files}, {found}");
    };
    let (detections, correlations, filters) = (
        rules.detections.len() as u64,
        correlations(rules) as u64,
        rules.filters.len() as u64,
    );
    let mut kinds = vec![
        counted(detections, "detection"),
        counted(correlations, "correlation"),
    ];
    if filters > 0 {
        kinds.push(counted(filters, "filter"));
    }
    if !rules.allowlists.is_empty() {
        kinds.push(counted(rules.allowlists.len() as u64, "allowlist"));
    }
    format!(
        "{} in {files}, {found} ({})",
        counted(detections + correlations + filters, "rule"),
        kinds.join(", "),
    )
}

/// Those that have a document of their own.
fn correlations(rules: &RuleSet) -> usize {
    let all = rules.correlations.iter();
    all.filter(|rule| rule.stands_for.is_none()).count()
}

fn count_of(problems: &[RuleProblem], severity: Severity) -> u64 {
    let of = problems.iter().filter(|p| p.severity == severity);
    of.count() as u64
}

fn is_error(problem: &RuleProblem) -> bool {
    problem.severity == Severity::Error
}
