//! The `correlation` of a rule to a draft: all that can be said without looking at other rules.
//!
//! Read from the YAML tree, because the Sigma parser leaves out what it does not understand, wraps negative thresholds
//! around, and takes a `temporal` without a condition as "any of them".

use crate::draft::{AliasDraft, Attributes, CorrelationDraft, SigmaType};
use crate::kind::{Form, WindowKind};
use crate::read::metadata::read_meta;
use crate::read::window_condition::ConditionReader;
use crate::yaml::duration::{long_unit, parse_duration};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::{required_list, text_list};
use crate::yaml::yaml_tree::{Kind, Node};

const KEYS: [&str; 7] = [
    "type",
    "rules",
    "group-by",
    "timespan",
    "condition",
    "aliases",
    "generate",
];

/// Reads the document of a correlation. `None`: something is wrong and has been reported.
pub(crate) fn read_correlation(
    root: &Node,
    attributes: Attributes,
    types: &'static [WindowKind],
    out: &mut Reporter<'_>,
) -> Option<CorrelationDraft> {
    let mark = out.mark();
    let (key, node) = root.entry("correlation")?;
    let Some(entries) = node.map() else {
        out.error(
            key.line,
            format!("`correlation` must be a mapping, not {}", node.shown()),
        );
        return None;
    };
    for (key, _) in entries {
        check_key(key, out);
    }
    let generate = read_generate(root, node, out);
    let sigma = read_type(key, node, types, out);
    let inputs = required_list(key, node, "rules", "the rules it looks at", out);
    let group_by = match node.get("group-by") {
        Some(value) => text_list(value, "`group-by`", out),
        None => {
            out.warning(
                key.line,
                "no `group-by`: all events are one group; write `group-by: []` if that is meant",
            );
            Some(Vec::new())
        }
    };
    let timespan_ms = read_timespan(key, node, out);
    let aliases = read_aliases(node, out);
    let condition = sigma.and_then(|sigma| {
        let inputs = inputs.as_deref().map_or(0, <[_]>::len);
        ConditionReader { sigma, inputs, out }.read(key, node)
    });
    if root.get("level").is_none() {
        out.warning(
            root.line,
            "no `level`: alerts are sorted by it, and show none",
        );
    }
    let meta = read_meta(root, &attributes, out);
    if out.errors_since(mark) > 0 {
        return None;
    }
    let (condition, value_fields) = condition?;
    Some(CorrelationDraft {
        meta: meta?,
        inputs: inputs?,
        group_by: group_by?,
        timespan_ms: timespan_ms?,
        quiet_ms: attributes.quiet_ms,
        sigma: sigma?,
        condition,
        value_fields,
        aliases,
        prefixes: attributes.prefixes,
        thresholds: attributes.thresholds,
        extension: attributes.extensions.into_iter().next(),
        show: attributes.show,
        entities: attributes.entities,
        generate,
    })
}

/// Beside the correlation, or within it.
fn read_generate(root: &Node, node: &Node, out: &mut Reporter<'_>) -> Option<bool> {
    let mut generate = None;
    for (key, value) in [root, node].iter().filter_map(|at| at.entry("generate")) {
        match value.kind {
            Kind::Bool(wanted) => generate = Some(generate == Some(true) || wanted),
            _ => out.error(
                key.line,
                format!("`generate` is true or false, not {}", value.shown()),
            ),
        }
    }
    generate
}

fn check_key(key: &Node, out: &mut Reporter<'_>) {
    let name = key.text().unwrap_or_default();
    match name {
        _ if KEYS.contains(&name) => {}
        "window" | "gap" => out.error(
            key.line,
            format!("`{name}` is not part of Sigma 2.1, windows slide: remove it"),
        ),
        "timeframe" => out.error(
            key.line,
            "unknown key `correlation.timeframe`, write `timespan`",
        ),
        _ => out.error(
            key.line,
            format!("unknown key `correlation.{name}`{}", suggestion(name, KEYS)),
        ),
    }
}

fn read_type(
    key: &Node,
    node: &Node,
    types: &'static [WindowKind],
    out: &mut Reporter<'_>,
) -> Option<SigmaType> {
    let of_sigma = |kind: &WindowKind| match kind.form {
        Form::Type { takes, link } => Some(SigmaType {
            name: kind.name,
            takes,
            link,
        }),
        Form::Attribute(_) => None,
    };
    let known: Vec<SigmaType> = types.iter().filter_map(of_sigma).collect();
    let names: Vec<&str> = known.iter().map(|sigma| sigma.name).collect();
    let Some((at, value)) = node.entry("type") else {
        out.error(
            key.line,
            format!("the correlation has no `type`, one of {}", names.join(", ")),
        );
        return None;
    };
    let found = known.iter().find(|sigma| value.text() == Some(sigma.name));
    if found.is_none() {
        let hint = suggestion(value.text().unwrap_or_default(), names.iter().copied());
        out.error(
            at.line,
            format!(
                "correlation type {} is not one of {}{hint}",
                value.shown(),
                names.join(", ")
            ),
        );
    }
    found.copied()
}

fn read_timespan(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Option<i64> {
    let written = node.entry("timespan").or_else(|| node.entry("timeframe"));
    let Some((at, value)) = written else {
        out.error(
            key.line,
            "the correlation has no `timespan`, such as `timespan: 5m`",
        );
        return None;
    };
    match parse_duration(value, at.text().unwrap_or_default()) {
        Ok(ms) => {
            if let Some(doubt) = long_unit(value) {
                out.warning(at.line, doubt);
            }
            Some(ms)
        }
        Err(message) => {
            out.error(at.line, message);
            None
        }
    }
}

fn read_aliases(node: &Node, out: &mut Reporter<'_>) -> Vec<AliasDraft> {
    let Some((at, value)) = node.entry("aliases") else {
        return Vec::new();
    };
    let Some(entries) = value.map() else {
        out.error(
            at.line,
            format!("`aliases` must be a mapping, not {}", value.shown()),
        );
        return Vec::new();
    };
    let mut aliases = Vec::new();
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        let Some(fields) = value.map() else {
            out.error(
                key.line,
                format!(
                    "alias `{name}` must map each rule to its field, not {}",
                    value.shown()
                ),
            );
            continue;
        };
        let mut alias = AliasDraft {
            name: name.to_owned(),
            line: key.line,
            fields: Vec::new(),
        };
        for (rule, field) in fields {
            let reference = Reference {
                text: rule.text().unwrap_or_default().to_owned(),
                line: rule.line,
            };
            match field.text() {
                Some(field) if !field.is_empty() => {
                    alias.fields.push((reference, field.to_owned()))
                }
                _ => out.error(
                    rule.line,
                    format!(
                        "alias `{name}` needs the name of a field, not {}",
                        field.shown()
                    ),
                ),
            }
        }
        aliases.push(alias);
    }
    aliases
}
