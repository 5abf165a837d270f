//! Vedette's own attributes: what Sigma cannot say, under the one top-level key `vedette`.

use crate::draft::{Attributes, RuleKind};
use crate::read::allowlist_reader::read_allow;
use crate::read::extension::{read_baseline, read_first_seen, read_owner, read_ratio};
use crate::read::prefixes::read_prefixes;
use crate::read::show::read_show;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::values::{duration, text, text_list};
use crate::yaml::yaml_tree::Node;

/// Reads the value of a key; what is wrong with it is reported.
type Read = fn(&Node, &Node, &mut Attributes, &mut Reporter<'_>);

/// Every key, the kinds of rule it may stand in, and how it is read.
const TABLE: [(&str, &[RuleKind], Read); 11] = [
    ("quiet", &[RuleKind::Correlation], |key, node, to, out| {
        to.quiet_ms = duration(key, node, "vedette.quiet", out);
    }),
    (
        "threat",
        &[RuleKind::Detection, RuleKind::Correlation],
        |key, node, to, out| to.threat = text(key, node, "`vedette.threat`", out),
    ),
    (
        "response",
        &[RuleKind::Detection, RuleKind::Correlation],
        |key, node, to, out| to.response = text(key, node, "`vedette.response`", out),
    ),
    ("prefix", &[RuleKind::Correlation], |key, node, to, out| {
        to.prefixes = read_prefixes(key, node, out);
    }),
    ("ratio", &[RuleKind::Correlation], |key, node, to, out| {
        to.extensions.extend(read_ratio(key, node, out));
    }),
    (
        "first_seen",
        &[RuleKind::Correlation],
        |key, node, to, out| to.extensions.extend(read_first_seen(key, node, out)),
    ),
    (
        "baseline",
        &[RuleKind::Correlation],
        |key, node, to, out| to.extensions.extend(read_baseline(key, node, out)),
    ),
    ("owner", &[RuleKind::Correlation], |key, node, to, out| {
        to.extensions.extend(read_owner(key, node, out));
    }),
    ("show", &[RuleKind::Correlation], |key, node, to, out| {
        to.show = read_show(key, node, out);
    }),
    (
        "same_element",
        &[RuleKind::Detection],
        |_, node, to, out| {
            to.same_element = text_list(node, "`vedette.same_element`", out).unwrap_or_default();
        },
    ),
    ("allow", &[RuleKind::Detection], |key, node, to, out| {
        to.allow = read_allow(key, node, out);
    }),
];

impl Attributes {
    pub(crate) fn read(document: &Node, kind: RuleKind, out: &mut Reporter<'_>) -> Self {
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
                let has_it = match *kinds {
                    [RuleKind::Correlation] => "a correlation rule",
                    [RuleKind::Detection] => "a detection rule",
                    _ => "a detection or correlation rule",
                };
                out.error(key.line, format!("`vedette.{name}` belongs in {has_it}"));
            } else {
                reader(key, value, &mut read, out);
            }
        }
        if let [first, .., last] = read.extensions.as_slice() {
            out.error(
                last.line,
                format!(
                    "`vedette.{}` and `vedette.{}` do not go together, make two rules of it",
                    first.key, last.key
                ),
            );
        }
        read
    }
}
