//! What must be right about a document before the Sigma parser sees it, so that mistakes come out with their line.

use crate::draft::RuleKind;
use crate::read::condition_text::read_condition;
use crate::read::detection::modifier::parse_modifiers;
use crate::read::top_level_keys::check_keys;
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Kind, Node};
/// The kind of the document. `None`: it is no rule, and that has been reported.
pub(crate) fn check_top_level(root: &Node, out: &mut Reporter<'_>) -> Option<RuleKind> {
    if let Some((key, action)) = root.entry("action") {
        out.error(
            key.line,
            format!(
                "`action: {}` was removed from Sigma 2, write every rule out in full",
                plain(action)
            ),
        );
        return None;
    }
    if let Some((key, version)) = root.entry("sigma-version") {
        let shown = plain(version);
        if shown.trim_start_matches('v').split('.').next() != Some("2") {
            out.error(
                key.line,
                format!("`sigma-version: {shown}` is not supported, Vedette reads Sigma 2"),
            );
        }
    }
    check_keys(root, out);
    for key in ["rsigma.window", "rsigma.gap"] {
        if let Some((at, _)) = root.entry(key) {
            out.error(
                at.line,
                format!("`{key}` is not part of Sigma 2.1, windows slide: remove it"),
            );
        }
    }
    match root.entry("title") {
        None => out.error(root.line, "the rule has no `title`"),
        Some((key, title)) => match title.text() {
            None => out.error(
                key.line,
                format!("`title` must be text, not {}: quote it", title.shown()),
            ),
            Some(text) if text.trim().is_empty() => out.error(key.line, "`title` is empty"),
            Some(_) => {}
        },
    }
    let kinds = [
        ("correlation", RuleKind::Correlation),
        ("filter", RuleKind::Filter),
        ("detection", RuleKind::Detection),
    ];
    let found: Vec<_> = kinds
        .iter()
        .filter_map(|(key, kind)| Some((root.entry(key)?.0.line, *key, *kind)))
        .collect();
    match found[..] {
        [(_, _, kind)] => Some(kind),
        [(_, first, _), (line, second, _), ..] => {
            out.error(
                line,
                format!(
                    "one document has both `{first}` and `{second}`, separate the rules by `---`"
                ),
            );
            None
        }
        [] => {
            out.error(
                root.line,
                "the rule has none of `detection`, `correlation` and `filter`",
            );
            None
        }
    }
}

fn plain(node: &Node) -> String {
    node.shown().trim_matches('`').to_owned()
}

/// Checks a section of searches and their condition.
pub(crate) fn check_section(root: &Node, name: &str, out: &mut Reporter<'_>) {
    let Some((key, section)) = root.entry(name) else {
        return;
    };
    let Some(entries) = section.map() else {
        return out.error(
            key.line,
            format!("`{name}` must be a mapping, not {}", section.shown()),
        );
    };
    if let Some((key, _)) = section.entry("timeframe") {
        out.error(
            key.line,
            "`timeframe` was removed from Sigma 2, write a correlation rule with `timespan`",
        );
    }
    let is_search = |key: &Node| !matches!(key.text(), Some("condition" | "timeframe" | "rules"));
    for (key, search) in entries.iter().filter(|(key, _)| is_search(key)) {
        if search.kind == Kind::Null {
            out.error(key.line, format!("search {} is empty", key.shown()));
        }
        check_modifiers(search, out);
    }
    if !entries.iter().any(|(key, _)| is_search(key)) {
        out.error(
            key.line,
            format!("`{name}` has no search, write one such as `selection`"),
        );
    }
    match section.entry("condition") {
        None => out.error(key.line, format!("`{name}` has no `condition`")),
        Some((key, condition)) => check_condition(key, condition, out),
    }
}

/// Checks the modifiers of every field in a search.
fn check_modifiers(search: &Node, out: &mut Reporter<'_>) {
    for (key, _) in search.map().unwrap_or_default() {
        let names: Vec<&str> = key.text().unwrap_or_default().split('|').skip(1).collect();
        if let Err(message) = parse_modifiers(&names) {
            out.error(key.line, format!("{}: {message}", key.shown()));
        }
    }
    for item in search.list().unwrap_or_default() {
        check_modifiers(item, out);
    }
}

fn check_condition(key: &Node, condition: &Node, out: &mut Reporter<'_>) {
    let alone = std::slice::from_ref(condition);
    let conditions = condition.list().unwrap_or(alone);
    if conditions.is_empty() {
        out.error(key.line, "`condition` is an empty list");
    }
    for one in conditions {
        match one.text() {
            None => out.error(
                one.line,
                format!(
                    "a condition is text such as `selection and not filter`, not {}",
                    one.shown()
                ),
            ),
            Some(text) => {
                if let Err(message) = read_condition(text) {
                    out.error(one.line, message);
                }
            }
        }
    }
}
