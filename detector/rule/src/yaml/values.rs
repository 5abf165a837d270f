//! What stands under a key, as a value of its type; what is wrong with it is reported.

use crate::yaml::duration::{long_unit, parse_duration};
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::yaml_tree::Node;

/// Rules that one correlation refers to, fields it groups by, and names in its condition.
pub(crate) const INPUTS_MAX: usize = 256;

/// A duration; a unit that may not be what was meant is doubted.
pub(crate) fn duration(key: &Node, node: &Node, what: &str, out: &mut Reporter<'_>) -> Option<i64> {
    let read = parse_duration(node, what);
    if let (Ok(_), Some(doubt)) = (&read, long_unit(node)) {
        out.warning(key.line, doubt);
    }
    read.map_err(|message| out.error(key.line, message)).ok()
}

/// Text that is not empty. `None`: it is something else, which has been reported.
pub(crate) fn text(key: &Node, node: &Node, what: &str, out: &mut Reporter<'_>) -> Option<String> {
    match node.text() {
        Some(text) if !text.trim().is_empty() => return Some(text.trim().to_owned()),
        Some(_) => out.error(
            key.line,
            format!("{what} is empty, write it or remove the key"),
        ),
        None => out.error(
            key.line,
            format!("{what} must be text, not {}", node.shown()),
        ),
    }
    None
}

/// The list that has to stand under `name`.
pub(crate) fn required_list(
    key: &Node,
    node: &Node,
    name: &str,
    what: &str,
    out: &mut Reporter<'_>,
) -> Option<Vec<Reference>> {
    let Some((at, value)) = node.entry(name) else {
        out.error(key.line, format!("the correlation has no `{name}`: {what}"));
        return None;
    };
    let list = text_list(value, &format!("`{name}`"), out)?;
    if list.is_empty() {
        out.error(at.line, format!("`{name}` is empty, name {what}"));
        return None;
    }
    Some(list)
}

/// A list of text, or one text, without repetitions. `None`: it is something else, which has been reported.
pub(crate) fn text_list(node: &Node, what: &str, out: &mut Reporter<'_>) -> Option<Vec<Reference>> {
    let mark = out.mark();
    let items = match node.text() {
        Some(_) => std::slice::from_ref(node),
        None => match node.list() {
            Some(items) => items,
            None => {
                out.error(
                    node.line,
                    format!("{what} must be a list of text, not {}", node.shown()),
                );
                return None;
            }
        },
    };
    if items.len() > INPUTS_MAX {
        out.error(
            node.line,
            format!(
                "{what} has {} entries, the most is {INPUTS_MAX}",
                items.len()
            ),
        );
        return None;
    }
    let mut list: Vec<Reference> = Vec::new();
    for item in items {
        match item.text() {
            Some(text) if list.iter().any(|earlier| earlier.text == text) => {
                out.error(item.line, format!("{what} has `{text}` twice"));
            }
            Some("") => out.error(item.line, format!("{what} has an empty entry")),
            Some(text) => list.push(Reference {
                text: text.to_owned(),
                line: item.line,
            }),
            None => out.error(
                item.line,
                format!("{what} holds {}, which is no text: quote it", item.shown()),
            ),
        }
    }
    (out.errors_since(mark) == 0).then_some(list)
}
