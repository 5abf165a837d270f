//! What new rules cost the state that those in service have gathered.

use detector_core::engine::LATENESS_MAX_MS;
use detector_core::rule::{CorrelationIx, CorrelationRule, RuleMeta, RuleSet};
use detector_core::store::edition::meaning::{CHILD, CHILD_JUDGEMENT, Change};
use detector_core::store::plan::ATTEMPTS_MAX;
use detector_core::store::{Plan, StoreTimes};
use serde_json::{Value, json};

use super::paging::name;
use crate::output::quantity::duration;

/// What becomes of a rule.
pub(super) struct Fate<'r> {
    pub(super) rule: &'r RuleMeta,
    pub(super) cost: Cost<'r>,
}

pub(super) enum Cost<'r> {
    /// Its state goes on, judged otherwise in these points.
    Kept(Vec<Change>),
    Anew {
        changes: Vec<Change>,
        /// Rules that it refers to, which start anew.
        children: Vec<&'r str>,
        /// Until it judges as before, in milliseconds.
        needs_ms: i64,
    },
    New,
    Removed,
}

/// Of each rule that keeps state, in the order of its files; those that are no more come last.
pub(super) fn fates<'r>(old: &'r RuleSet, new: &'r RuleSet) -> Vec<Fate<'r>> {
    let times = StoreTimes {
        lateness_ms: LATENESS_MAX_MS,
        attempts_max: ATTEMPTS_MAX,
    };
    let (old_plan, new_plan) = (Plan::new(old, times), Plan::new(new, times));
    let place = |rules: &RuleSet, id: &str| {
        let mut places = (0..).zip(&rules.correlations);
        let found = places.find(|(_, rule)| &*rule.meta.id == id)?;
        Some(CorrelationIx(found.0))
    };
    // What it is told by children that start anew is as before when they are.
    let mut needed: Vec<i64> = Vec::new();
    let mut fates: Vec<Fate<'_>> = Vec::new();
    for (at, rule) in (0..).zip(&new.correlations) {
        let meaning = new_plan.meaning_of(CorrelationIx(at));
        let before = place(old, &rule.meta.id).map(|at| old_plan.meaning_of(at));
        let of_children = rule.children().map(|child| needed[child]).max();
        let needs_ms = own_needs_ms(rule) + of_children.unwrap_or(0);
        let cost = match before {
            None => Cost::New,
            Some(before) if before.key() == meaning.key() => {
                let mut changes = meaning.judgement_changes(before);
                changes.retain(|change| change.name != CHILD_JUDGEMENT);
                Cost::Kept(changes)
            }
            Some(before) => {
                let mut changes = meaning.state_changes(before);
                changes.retain(|change| change.name != CHILD);
                let children = rule.children();
                let starts = |child: &usize| !matches!(fates[*child].cost, Cost::Kept(_));
                let children = children.filter(starts).map(|child| fates[child].rule);
                Cost::Anew {
                    changes,
                    children: children.map(name).collect(),
                    needs_ms: needs_ms + LATENESS_MAX_MS,
                }
            }
        };
        needed.push(match cost {
            Cost::Kept(_) => 0,
            _ => needs_ms,
        });
        fates.push(Fate {
            rule: &rule.meta,
            cost,
        });
    }
    let gone = old.correlations.iter();
    let gone = gone.filter(|rule| place(new, &rule.meta.id).is_none());
    fates.extend(gone.map(|rule| Fate {
        rule: &rule.meta,
        cost: Cost::Removed,
    }));
    fates
}

fn own_needs_ms(rule: &CorrelationRule) -> i64 {
    let window = &rule.window;
    rule.timespan_ms + window.memory_ms().max(window.looks_ahead_ms())
}

impl Fate<'_> {
    /// What a person is told; `None` where nothing changes.
    pub(super) fn told(&self) -> Option<String> {
        let rule = name(self.rule);
        Some(match &self.cost {
            Cost::Kept(changes) if changes.is_empty() => return None,
            Cost::Kept(changes) => {
                let rises = changes.iter().any(|change| change.name == "threshold");
                let note = match rises {
                    true => "; where it rises, groups that had reached it count from then on",
                    false => "",
                };
                format!("kept: {rule}: {}{note}", listed(changes))
            }
            Cost::Anew {
                changes,
                children,
                needs_ms,
            } => {
                let mut why: Vec<String> = changes.iter().map(change).collect();
                why.extend(
                    children
                        .iter()
                        .map(|child| format!("its `{child}` starts anew")),
                );
                if why.is_empty() {
                    why.push("a rule that it refers to is another".to_owned());
                }
                format!(
                    "starts anew: {rule}: {}; needs {} until it judges as before, and its open episodes will not be closed",
                    why.join(", "),
                    duration(*needs_ms)
                )
            }
            Cost::New => format!("new rule: {rule}"),
            Cost::Removed => format!("removed rule: {rule}: its open episodes will not be closed"),
        })
    }

    pub(super) fn object(&self) -> Value {
        let mut object = json!({"rule": name(self.rule), "id": self.rule.id});
        let (state, changes) = match &self.cost {
            Cost::Kept(changes) => ("kept", &changes[..]),
            Cost::Anew {
                changes,
                children,
                needs_ms,
            } => {
                object["because_of"] = json!(children);
                object["needs_seconds"] = json!(needs_ms / 1000);
                ("anew", &changes[..])
            }
            Cost::New => ("new", &[][..]),
            Cost::Removed => ("removed", &[][..]),
        };
        object["state"] = state.into();
        let changed =
            |change: &Change| json!({"what": change.name, "from": change.from, "to": change.to});
        object["changed"] = changes.iter().map(changed).collect();
        object
    }
}

/// A line for all that is kept as it is, then one for each other rule.
pub(super) fn lines(fates: &[Fate<'_>]) -> Vec<String> {
    let unchanged = fates.iter().filter(|fate| fate.told().is_none());
    let unchanged: Vec<&str> = unchanged.map(|fate| name(fate.rule)).collect();
    let mut lines = Vec::new();
    if !unchanged.is_empty() {
        lines.push(format!("kept: {}", unchanged.join(", ")));
    }
    lines.extend(fates.iter().filter_map(Fate::told));
    lines
}

fn listed(changes: &[Change]) -> String {
    changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

/// `timespan 10m00s -> 1h00m`
fn change(change: &Change) -> String {
    let values = |values: &[String]| match values {
        [] => "none".to_owned(),
        values => {
            let shown: Vec<String> = values.iter().map(|value| shown(value)).collect();
            shown.join(" + ")
        }
    };
    format!(
        "{} {} -> {}",
        change.name,
        values(&change.from),
        values(&change.to)
    )
}

/// A value as people read it: lengths of time are in milliseconds.
fn shown(value: &str) -> String {
    let ms = value.strip_suffix("ms").and_then(|ms| ms.parse().ok());
    ms.map_or_else(|| value.to_owned(), duration)
}
