//! What was expected and what came of it go in, what differs comes out.

use std::collections::BTreeMap;
use std::fmt;

use detector_core::alert::{Alert, GroupValues};
use serde_json::Value;

use super::expectation::ExpectedAlert;

/// Which expected alert is which alert.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Expected alert, alert; by their places in their lists.
    pub(crate) found: Vec<(usize, usize)>,
    pub(crate) missing: Vec<usize>,
    pub(crate) unexpected: Vec<usize>,
    pub(crate) differences: Vec<Difference>,
}

/// One reason for a recording to fail.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Difference {
    Missing {
        alert: String,
    },
    Unexpected {
        alert: String,
    },
    Field {
        alert: String,
        field: String,
        expected: Value,
        found: Value,
    },
    /// No alert of a rule that must find an attack.
    NotFound {
        attack: String,
        by: String,
    },
    /// One attack is told as several.
    Divided {
        attack: String,
        incidents: usize,
        most: usize,
    },
    Level {
        attack: String,
        level: String,
        wanted: String,
    },
    /// An attack was found, but too late.
    Late {
        attack: String,
        by: String,
    },
    /// An attack whose events lie outside the recording, unreadable records and the like.
    Recording {
        why: String,
    },
}

/// Brings alerts of the same rule and group together: first those that open at the same moment, then in order.
pub(crate) fn compare(expected: &[ExpectedAlert], alerts: &[Alert]) -> Comparison {
    let mut comparison = Comparison::default();
    let mut left: Vec<usize> = (0..alerts.len()).collect();
    let mut partner = vec![None; expected.len()];
    for exact in [true, false] {
        for (at, wanted) in expected.iter().enumerate() {
            if partner[at].is_some() {
                continue;
            }
            let is_it = |&place: &usize| {
                let alert = &alerts[place];
                is_same(wanted, alert) && (!exact || wanted.opened_at.0 == alert.opened_at)
            };
            if let Some(found) = left.iter().position(is_it) {
                partner[at] = Some(left.remove(found));
            }
        }
    }
    for (at, (wanted, place)) in expected.iter().zip(partner).enumerate() {
        match place {
            Some(place) => {
                comparison.found.push((at, place));
                fields(wanted, &alerts[place], &mut comparison.differences);
            }
            None => {
                comparison.missing.push(at);
                let alert = shown(&wanted.rule, &wanted.group, &wanted.opened_at);
                comparison.differences.push(Difference::Missing { alert });
            }
        }
    }
    for &place in &left {
        let alert = &alerts[place];
        let alert = shown(rule_of(alert), &group_of(&alert.group), &alert.opened_at);
        comparison
            .differences
            .push(Difference::Unexpected { alert });
    }
    comparison.unexpected = left;
    comparison
}

/// The name by which expectations call a rule.
pub(crate) fn rule_of(alert: &Alert) -> &str {
    alert.rule.name.as_deref().unwrap_or(&alert.rule.id)
}

fn is_same(wanted: &ExpectedAlert, alert: &Alert) -> bool {
    wanted.rule == rule_of(alert) && wanted.group == group_of(&alert.group)
}

pub(crate) fn group_of(group: &GroupValues) -> BTreeMap<String, String> {
    let values = group.0.iter();
    values
        .map(|(field, value)| (field.to_string(), value.to_string()))
        .collect()
}

fn fields(wanted: &ExpectedAlert, alert: &Alert, differences: &mut Vec<Difference>) {
    let actual = serde_json::to_value(alert).expect("an alert is JSON");
    let opened_at = ("opened_at", Value::from(wanted.opened_at.to_string()));
    let rest = wanted
        .rest
        .iter()
        .map(|(field, value)| (field.as_str(), value.clone()));
    for (field, expected) in std::iter::once(opened_at).chain(rest) {
        let found = actual[field].clone();
        if found != expected {
            differences.push(Difference::Field {
                alert: shown(&wanted.rule, &wanted.group, &wanted.opened_at),
                field: field.to_owned(),
                expected,
                found,
            });
        }
    }
}

/// `probing sub=a at 2026-05-03T12:00:01.000Z`
pub(crate) fn shown(
    rule: &str,
    group: &BTreeMap<String, String>,
    opened_at: &impl fmt::Display,
) -> String {
    let mut text = rule.to_owned();
    for (field, value) in group {
        text.push_str(&format!(" {field}={value}"));
    }
    format!("{text} at {opened_at}")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missing { alert } => write!(f, "missing: {alert}"),
            Difference::Unexpected { alert } => write!(f, "unexpected: {alert}"),
            Difference::Field {
                alert,
                field,
                expected,
                found,
            } => write!(f, "{alert}: {field} is {found}, expected {expected}"),
            Difference::NotFound { attack, by } => {
                write!(f, "attack {attack} not found by {by}")
            }
            Difference::Divided {
                attack,
                incidents,
                most,
            } => write!(
                f,
                "attack {attack} is {incidents} incidents, at most {most} were expected"
            ),
            Difference::Level {
                attack,
                level,
                wanted,
            } => write!(
                f,
                "attack {attack} is told as {level}, wanted {wanted} or more"
            ),
            Difference::Late { attack, by } => write!(f, "attack {attack} found too late: {by}"),
            Difference::Recording { why } => f.write_str(why),
        }
    }
}
