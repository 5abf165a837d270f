//! The document `spelling`: of each field, what of its values makes no difference.

use std::collections::BTreeMap;

use crate::model::shared::spelling::Spelling;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::{Node, shortened};

/// Says that every difference counts, where the program would fold names or addresses by itself.
const EXACT: &str = "exact";

/// Adds what one document says of each field.
pub(crate) fn read_spelling(
    fields: Vec<(&Node, &str, &Node)>,
    all: &mut BTreeMap<Box<str>, Spelling>,
    out: &mut Reporter<'_>,
) {
    for (key, field, words) in fields {
        let Some(words) = text_list(words, &format!("`spelling.{field}`"), out) else {
            continue;
        };
        let mut spelling = Spelling::default();
        if words.is_empty() {
            out.error(
                key.line,
                format!(
                    "`spelling.{field}` is empty: write what makes no difference, or `{EXACT}`"
                ),
            );
        }
        for word in &words {
            let is_exact = word.text == EXACT && words.len() == 1;
            if !is_exact && !spelling.add(&word.text) {
                let known = Spelling::words();
                let hint = suggestion(&word.text, known);
                let message = format!(
                    "{} says nothing of how `{field}` is spelt{hint}; known are {}, and `{EXACT}` alone",
                    shortened(&word.text),
                    known.join(", ")
                );
                out.error(word.line, message);
            }
        }
        if all.insert(field.into(), spelling).is_some() {
            let message = format!("the spelling of `{field}` is said twice, keep one");
            out.error(key.line, message);
        }
    }
}
