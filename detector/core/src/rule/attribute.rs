//! Vedette's own attributes: what Sigma cannot say, under the one top-level key `vedette`.

use super::duration::{long_unit, parse_duration};
use super::near_name::suggestion;
use super::problem::Reporter;
use super::yaml_tree::Node;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleKind {
    Detection,
    Correlation,
    Filter,
}

/// The attributes of one rule.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) quiet_ms: Option<i64>,
    pub(super) threat: Option<String>,
    pub(super) response: Option<String>,
}

/// The error is the message for the author.
type Read = fn(&Node, &mut Attributes) -> Result<(), String>;

/// Every key, the kinds of rule it may stand in, and how it is read.
const TABLE: [(&str, &[RuleKind], Read); 3] = [
    ("quiet", &[RuleKind::Correlation], |node, to| {
        to.quiet_ms = Some(parse_duration(node, "vedette.quiet")?);
        Ok(())
    }),
    (
        "threat",
        &[RuleKind::Detection, RuleKind::Correlation],
        |node, to| {
            to.threat = Some(text(node, "`vedette.threat`")?);
            Ok(())
        },
    ),
    (
        "response",
        &[RuleKind::Detection, RuleKind::Correlation],
        |node, to| {
            to.response = Some(text(node, "`vedette.response`")?);
            Ok(())
        },
    ),
];

fn text(node: &Node, what: &str) -> Result<String, String> {
    match node.text() {
        Some(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Some(_) => Err(format!("{what} is empty, write it or remove the key")),
        None => Err(format!("{what} must be text, not {}", node.shown())),
    }
}

impl Attributes {
    pub(super) fn read(document: &Node, kind: RuleKind, out: &mut Reporter<'_>) -> Self {
        let mut read = Self::default();
        let Some((key, node)) = document.entry("vedette") else {
            return read;
        };
        let Some(entries) = node.map() else {
            out.error(
                key.line,
                format!("`vedette` must be a mapping, not {}", node.shown()),
            );
            return read;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let Some((_, kinds, reader)) = TABLE.iter().find(|(known, ..)| *known == name) else {
                let known = TABLE.map(|(known, ..)| known);
                let hint = suggestion(name, known);
                out.error(
                    key.line,
                    format!(
                        "unknown key `vedette.{name}`{hint}; known are {}",
                        known.join(", ")
                    ),
                );
                continue;
            };
            if !kinds.contains(&kind) {
                let has_it = if kinds.len() == 1 {
                    "a correlation rule"
                } else {
                    "a detection or correlation rule"
                };
                out.error(key.line, format!("`vedette.{name}` belongs in {has_it}"));
            } else if let Err(message) = reader(value, &mut read) {
                out.error(key.line, message);
            } else if name == "quiet"
                && let Some(doubt) = long_unit(value)
            {
                out.warning(key.line, doubt);
            }
        }
        read
    }
}
