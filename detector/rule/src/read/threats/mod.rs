//! The document of an organisation's threats and mitigations, told by its key `threats`.

mod fields; // values under their keys

use std::sync::Arc;

use crate::draft::{Drafts, ThreatReference};
use crate::model::threat_list::{
    Acceptance, Evidence, Mitigation, Persona, Progress, Question, Review, Threat, ThreatList,
};
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::yaml_tree::{Node, shortened};

use fields::Entry;

/// Entries of one list.
const ENTRIES_MAX: usize = 1_000;
const ID_CHARS_MAX: usize = 20;
const DAY_MS: i64 = 24 * 3600 * 1000;
const KEYS: [&str; 4] = ["review", "threats", "mitigations", "questions"];

/// Reads the document. The list counts as known even where entries are broken, so that one mistake is told once.
pub(crate) fn read_threats(root: &Node, drafts: &mut Drafts, out: &mut Reporter<'_>) {
    let top = Entry::new(root.line, root, "the list", &KEYS, out);
    let list = ThreatList {
        path: Arc::from(out.path()),
        line: root.line,
        review: root
            .entry("review")
            .and_then(|(key, node)| review(key.line, node, out)),
        threats: by_id(root, "threats", out, threat),
        mitigations: by_id(root, "mitigations", out, mitigation),
        questions: questions(root, out),
    };
    if top.is_none() {
        return;
    }
    if let Some(earlier) = drafts.threats.first() {
        return out.error(
            root.line,
            format!(
                "a rule set has one list of threats, and there is one at {}:{}: make one of them",
                earlier.path, earlier.line
            ),
        );
    }
    drafts.threats.push(list);
}

/// What a rule says under `vedette.threat`, for the linker, which knows whether there is a list.
pub(crate) fn note_reference(root: &Node, drafts: &mut Drafts, out: &Reporter<'_>) {
    let under = root
        .get("vedette")
        .and_then(|vedette| vedette.get("threat"));
    if let Some((line, text)) = under.and_then(|node| Some((node.line, node.text()?))) {
        drafts.threat_references.push(ThreatReference {
            path: Arc::from(out.path()),
            threat: Reference {
                text: text.trim().to_owned(),
                line,
            },
        });
    }
}

/// The mapping of ids to entries under `key`; nothing where it is not there.
fn by_id<T>(
    root: &Node,
    name: &str,
    out: &mut Reporter<'_>,
    read: impl Fn((&str, u32), &Node, &mut Reporter<'_>) -> Option<T>,
) -> Vec<T> {
    let Some((key, node)) = root.entry(name) else {
        return Vec::new();
    };
    let Some(entries) = node.map().filter(|entries| !entries.is_empty()) else {
        out.error(
            key.line,
            format!(
                "`{name}` maps ids to what they are, as `X1: {{title: …}}`, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    if entries.len() > ENTRIES_MAX {
        out.error(
            key.line,
            format!(
                "`{name}` has {} entries, the most is {ENTRIES_MAX}",
                entries.len()
            ),
        );
        return Vec::new();
    }
    let mut all = Vec::new();
    for (key, value) in entries {
        let id = key.text().unwrap_or_default();
        if !is_id(id) {
            out.error(
                key.line,
                format!(
                    "{} is no id: write up to {ID_CHARS_MAX} letters, digits, `-`, `_` or `.`, as `T1`",
                    key.text().map_or_else(|| key.shown(), shortened)
                ),
            );
            continue;
        }
        all.extend(read((id, key.line), value, out));
    }
    all
}

fn is_id(id: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=ID_CHARS_MAX).contains(&id.len()) && id.chars().all(is_part)
}

fn threat((id, line): (&str, u32), node: &Node, out: &mut Reporter<'_>) -> Option<Threat> {
    let what = format!("the threat `{id}`");
    let mut entry = Entry::new(
        line,
        node,
        &what,
        &["title", "mitigations", "accepted", "unseen"],
        out,
    )?;
    let title = entry.text("title", "what can go wrong", out);
    let accepted = entry.get("accepted");
    let unseen = entry
        .has("unseen")
        .then(|| entry.text("unseen", "what no log shows", out))
        .flatten();
    Some(Threat {
        id: id.to_owned(),
        title: title.unwrap_or_default(),
        mitigations: entry.list("mitigations", out),
        accepted: accepted.and_then(|(key, node)| acceptance(key.line, node, out)),
        unseen,
        line,
    })
}

fn acceptance(line: u32, node: &Node, out: &mut Reporter<'_>) -> Option<Acceptance> {
    let mut entry = Entry::new(line, node, "`accepted`", &["by", "reason", "until"], out)?;
    let by = entry.text("by", "who decided", out);
    let reason = entry.text("reason", "why", out);
    let until = entry.day("until", "its last day", out);
    Some(Acceptance {
        by: by?,
        reason: reason?,
        until: until?,
        line,
    })
}

fn mitigation((id, line): (&str, u32), node: &Node, out: &mut Reporter<'_>) -> Option<Mitigation> {
    const KEYS: [&str; 7] = [
        "title",
        "owner",
        "state",
        "effort",
        "baseline",
        "seen_by",
        "broken_by",
    ];
    let what = format!("the mitigation `{id}`");
    let mut entry = Entry::new(line, node, &what, &KEYS, out)?;
    let title = entry.text("title", "what is done", out);
    let owner = entry.text("owner", "who answers for it", out);
    let states = Progress::ALL.map(|state| (state.name(), state));
    let state = entry.one_of("state", &states, out);
    let effort = entry
        .has("effort")
        .then(|| entry.text("effort", "how much work is left", out))
        .flatten();
    let is_baseline = entry.flag("baseline", out);
    let seen_by = entry.list("seen_by", out);
    let broken_by = entry.list("broken_by", out);
    if is_baseline && state == Some(Progress::Proposed) {
        out.error(
            entry.line_of("baseline"),
            format!("{what} is only proposed, so that it can be no baseline: plan it, or leave `baseline` out"),
        );
    }
    let evidence = |named| Evidence {
        named,
        rules: Vec::new(),
    };
    Some(Mitigation {
        id: id.to_owned(),
        title: title.unwrap_or_default(),
        owner: owner.unwrap_or_default(),
        state: state.unwrap_or(Progress::Proposed),
        effort,
        is_baseline,
        seen_by: evidence(seen_by),
        broken_by: evidence(broken_by),
        line,
    })
}

fn questions(root: &Node, out: &mut Reporter<'_>) -> Vec<Question> {
    let Some((key, node)) = root.entry("questions") else {
        return Vec::new();
    };
    let Some(items) = node.list().filter(|items| items.len() <= ENTRIES_MAX) else {
        out.error(
            key.line,
            format!(
                "`questions` is a list of at most {ENTRIES_MAX} entries, as `- {{persona: adversary, ask: …, threats: [T1]}}`, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    let one = |item: &Node, out: &mut Reporter<'_>| {
        let keys = ["persona", "ask", "threats"];
        let mut entry = Entry::new(item.line, item, "the question", &keys, out)?;
        let personas = Persona::ALL.map(|persona| (persona.name(), persona));
        let persona = entry.one_of("persona", &personas, out);
        let ask = entry.text("ask", "what is asked, word for word", out);
        let threats = entry.list("threats", out);
        if threats.is_empty() {
            out.error(
                item.line,
                "the question has no `threats`: those that it is about",
            );
        }
        Some(Question {
            persona: persona?,
            ask: ask?,
            threats,
            line: item.line,
        })
    };
    items.iter().filter_map(|item| one(item, out)).collect()
}

fn review(line: u32, node: &Node, out: &mut Reporter<'_>) -> Option<Review> {
    let mut entry = Entry::new(line, node, "`review`", &["by", "on", "every"], out)?;
    let by = entry.text("by", "who looked at it", out);
    let on = entry.day("on", "the day", out);
    let every = entry.duration("every", out);
    let every_days = every.and_then(|ms| u32::try_from(ms / DAY_MS).ok());
    if every_days == Some(0) {
        out.error(
            entry.line_of("every"),
            "`every` is at least a day, as `90d`",
        );
    }
    Some(Review {
        by: by?,
        on: on?,
        every_days: every_days?,
        line,
    })
}
