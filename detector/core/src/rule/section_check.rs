//! What must be right about a document before the Sigma parser sees it, so that mistakes come out with their line.

use rsigma_parser::parse_condition;

use super::attribute::RuleKind;
use super::modifier::parse_modifiers;
use super::problem::Reporter;
use super::top_level_keys::check_keys;
use super::yaml_tree::{Kind, Node, shortened};

/// Bytes of one condition. Keeps the parser's recursion shallow: it takes a step down for each `not`.
const CONDITION_BYTES_MAX: usize = 4096;
/// Parentheses within each other, each of which costs the parser several steps down.
const PARENTHESES_MAX: usize = 32;

/// The kind of the document. `None`: it is no rule, and that has been reported.
pub(super) fn check_top_level(root: &Node, out: &mut Reporter<'_>) -> Option<RuleKind> {
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
pub(super) fn check_section(root: &Node, name: &str, out: &mut Reporter<'_>) {
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

/// Parses a condition.
///
/// # Errors
/// The message for the author.
pub(super) fn read_condition(text: &str) -> Result<rsigma_parser::ConditionExpr, String> {
    check_condition_size(text)?;
    parse_condition(text).map_err(|error| {
        let shown = shortened(text);
        if text.contains('|') {
            return format!("condition {shown} aggregates with `|`, which was removed from Sigma 2: write a correlation rule");
        }
        if let Some(word) = text.split(|c: char| !c.is_alphanumeric()).find(|w| matches!(*w, "AND" | "OR" | "NOT" | "OF" | "ALL")) {
            return format!("condition {shown} has `{word}`, write `{}`", word.to_lowercase());
        }
        match error.location() {
            Some(place) => format!("condition {shown} cannot be read from its column {} on", place.col),
            None => format!("condition {shown} cannot be read: {}", error.to_string().lines().next().unwrap_or_default()),
        }
    })
}

fn check_condition_size(text: &str) -> Result<(), String> {
    if text.len() > CONDITION_BYTES_MAX {
        let bytes = text.len();
        return Err(format!(
            "the condition has {bytes} bytes, the most is {CONDITION_BYTES_MAX}"
        ));
    }
    let mut open = 0usize;
    for c in text.chars() {
        match c {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > PARENTHESES_MAX {
            return Err(format!(
                "the condition nests parentheses more than {PARENTHESES_MAX} deep"
            ));
        }
    }
    Ok(())
}

/// Whether every condition of the document is small enough to be shown to the Sigma parser.
pub(super) fn conditions_are_small(root: &Node) -> bool {
    let sections = ["detection", "filter", "correlation"];
    sections
        .into_iter()
        .filter_map(|section| root.get(section)?.get("condition"))
        .all(|condition| {
            let alone = std::slice::from_ref(condition);
            let texts = condition
                .list()
                .unwrap_or(alone)
                .iter()
                .filter_map(Node::text);
            texts
                .into_iter()
                .all(|text| check_condition_size(text).is_ok())
        })
}
