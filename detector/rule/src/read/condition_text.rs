//! The text of a condition, as the Sigma parser reads it: small enough for its recursion, and with mistakes said plainly.

use rsigma_parser::parse_condition;

use crate::yaml::yaml_tree::{Node, shortened};

/// Bytes of one condition. Keeps the parser's recursion shallow: it takes a step down for each `not`.
const CONDITION_BYTES_MAX: usize = 4096;
/// Parentheses within each other, each of which costs the parser several steps down.
const PARENTHESES_MAX: usize = 32;

/// Parses a condition.
///
/// # Errors
/// The message for the author.
pub(crate) fn read_condition(text: &str) -> Result<rsigma_parser::ConditionExpr, String> {
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
pub(crate) fn conditions_are_small(root: &Node) -> bool {
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
