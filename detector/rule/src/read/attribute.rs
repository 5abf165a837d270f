//! Vedette's own attributes: what Sigma cannot say, under the one top-level key `vedette`.

use crate::draft::{Attributes, ExtensionDraft, RuleKind};
use crate::kind::{Attribute, Form, WindowKind};
use crate::read::alert_wish::read_alert;
use crate::read::allowlist_reader::read_allow;
use crate::read::prefixes::read_prefixes;
use crate::read::shared::thresholds::read_thresholds;
use crate::read::told::{read_entities, read_show};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::section::Section;
use crate::yaml::values::{duration, text, text_list};
use crate::yaml::yaml_tree::Node;

/// Reads the value of a key; what is wrong with it is reported.
type Read = fn(&Node, &Node, &mut Attributes, &mut Reporter<'_>);

/// A key, the kinds of rule it may stand in, and how it is read.
type Entry = (&'static str, &'static [RuleKind], Read);

/// Every key but those of window types.
const TABLE: [Entry; 10] = [
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
    (
        "thresholds",
        &[RuleKind::Correlation],
        |key, node, to, out| to.thresholds = read_thresholds(key, node, out),
    ),
    ("show", &[RuleKind::Correlation], |key, node, to, out| {
        to.show = read_show(key, node, out);
    }),
    (
        "entities",
        &[RuleKind::Detection, RuleKind::Correlation],
        |key, node, to, out| to.entities = read_entities(key, node, out),
    ),
    (
        "same_element",
        &[RuleKind::Detection],
        |_, node, to, out| {
            to.same_element = text_list(node, "`vedette.same_element`", out).unwrap_or_default();
        },
    ),
    ("alert", &[RuleKind::Detection], |key, node, to, out| {
        to.alert = read_alert(key, node, out);
    }),
    ("allow", &[RuleKind::Detection], |key, node, to, out| {
        to.allow = read_allow(key, node, out);
    }),
];

/// Where in that order window types are listed.
const WINDOW_TYPES_AT: usize = 5;

impl Attributes {
    pub(crate) fn read(
        document: &Node,
        kind: RuleKind,
        types: &'static [WindowKind],
        out: &mut Reporter<'_>,
    ) -> Self {
        let mut read = Self::default();
        for (key, _) in document.map().unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            if let (Some(_), _) | (_, Some(_)) = find(name, types) {
                let message = format!(
                    "`{name}` has no effect here: write it under `vedette`, if Vedette's is meant"
                );
                out.warning(key.line, message);
            }
        }
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
            match find(name, types) {
                (Some((_, kinds, reader)), _) if kinds.contains(&kind) => {
                    reader(key, value, &mut read, out);
                }
                (Some((_, kinds, _)), _) => misplaced(key, name, kinds, out),
                (None, Some(window)) if kind == RuleKind::Correlation => {
                    let extension = read_window_type((key, value), window, out);
                    read.extensions.extend(extension);
                }
                (None, Some(_)) => misplaced(key, name, &[RuleKind::Correlation], out),
                (None, None) => unknown(key, name, types, out),
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

/// The key of that name, or the window type.
fn find(
    name: &str,
    types: &'static [WindowKind],
) -> (
    Option<&'static Entry>,
    Option<(&'static str, &'static Attribute)>,
) {
    let own = TABLE.iter().find(|(known, ..)| *known == name);
    (
        own,
        of_window_types(types).find(|(known, _)| *known == name),
    )
}

/// The window types that stand under `vedette`.
fn of_window_types(
    types: &'static [WindowKind],
) -> impl Iterator<Item = (&'static str, &'static Attribute)> {
    types.iter().filter_map(|kind| match &kind.form {
        Form::Attribute(attribute) => Some((kind.name, attribute)),
        Form::Type { .. } => None,
    })
}

fn unknown(key: &Node, name: &str, types: &'static [WindowKind], out: &mut Reporter<'_>) {
    let own = TABLE.map(|(known, ..)| known);
    let (before, after) = own.split_at(WINDOW_TYPES_AT);
    let windows = of_window_types(types).map(|(key, _)| key);
    let known = before.iter().copied().chain(windows);
    let known: Vec<&str> = known.chain(after.iter().copied()).collect();
    let hint = suggestion(name, known.iter().copied());
    out.error(
        key.line,
        format!(
            "unknown key `vedette.{name}`{hint}; known are {}",
            known.join(", ")
        ),
    );
}

fn misplaced(key: &Node, name: &str, kinds: &[RuleKind], out: &mut Reporter<'_>) {
    let has_it = match *kinds {
        [RuleKind::Correlation] => "a correlation rule",
        [RuleKind::Detection] => "a detection rule",
        _ => "a detection or correlation rule",
    };
    out.error(key.line, format!("`vedette.{name}` belongs in {has_it}"));
}

fn read_window_type(
    (key, value): (&Node, &Node),
    (name, attribute): (&'static str, &Attribute),
    out: &mut Reporter<'_>,
) -> Option<ExtensionDraft> {
    let mark = out.mark();
    let expected = (name, attribute.keys, attribute.example);
    let draft = (attribute.read)(&mut Section::read((key, value), expected, out)?)?;
    (out.errors_since(mark) == 0).then_some(ExtensionDraft {
        key: name,
        line: key.line,
        on: attribute.on,
        draft,
    })
}
