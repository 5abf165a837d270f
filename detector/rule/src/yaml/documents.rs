//! The documents of a file, which are divided by `---` and `...`.

use crate::yaml::problem::RuleFile;
use crate::yaml::yaml_tree::{self, Node};

/// Bytes of one rule file.
pub const RULE_FILE_BYTES_MAX: usize = 1 << 20;

/// One document of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentText<'t> {
    pub(crate) text: &'t str,
    /// Counted from 1 in the file.
    pub(crate) first_line: u32,
}

/// The documents of a file that have one of the keys. What is no YAML, or in a file that is too long, is left out here.
pub(crate) fn documents_with(keys: &[&str], file: &RuleFile) -> Vec<Node> {
    if file.text.len() > RULE_FILE_BYTES_MAX {
        return Vec::new();
    }
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    // Most have none, and need not be read for that.
    let may_have = |document: &&DocumentText<'_>| keys.iter().any(|key| may_be_key(key, document));
    let documents = split_documents(text);
    let read = documents.iter().filter(may_have);
    let roots = read.filter_map(|it| yaml_tree::parse(it.text, it.first_line).ok()?);
    let has = |root: &Node| keys.iter().any(|key| root.entry(key).is_some());
    roots.filter(has).collect()
}

/// Whether a document of the file that may have one of the keys is no YAML.
pub(crate) fn has_unread(keys: &[&str], file: &RuleFile) -> bool {
    let documents = split_documents(&file.text);
    let may_have = |document: &DocumentText<'_>| keys.iter().any(|key| may_be_key(key, document));
    let mut documents = documents.iter().filter(|document| may_have(document));
    documents.any(|document| yaml_tree::parse(document.text, document.first_line).is_err())
}

/// Whether the word stands before a colon anywhere.
pub(crate) fn may_be_key(word: &str, document: &DocumentText<'_>) -> bool {
    let mut places = document.text.match_indices(word);
    places.any(|(at, _)| {
        let rest = document.text[at + word.len()..].trim_start_matches(['"', '\'']);
        rest.trim_start().starts_with(':')
    })
}

/// Splits a file at its `---` and `...` lines; parts without content are left out.
pub(crate) fn split_documents(text: &str) -> Vec<DocumentText<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 1, 0);
    let mut line_number = 0;
    let mut take = |from: usize, to: usize, first_line: u32| {
        let part = text.get(from..to).unwrap_or_default();
        let says = |line: &str| {
            !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%')
        };
        if part.lines().any(says) {
            documents.push(DocumentText {
                text: part,
                first_line,
            });
        }
    };
    for line in text.split_inclusive('\n') {
        line_number += 1;
        let marker = line
            .strip_prefix("---")
            .or_else(|| line.strip_prefix("..."));
        if marker.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            take(start, offset, first_line);
            // What follows the dashes on their line belongs to the document.
            (start, first_line) = (offset + 3, line_number);
        }
        offset += line.len();
    }
    take(start, offset, first_line);
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_markers_and_keeps_lines() {
        let text =
            "# head\n---\ntitle: a\ntext: |\n  --- not here\n--- # comment\n\ntitle: b\n...\n---\n";
        let parts: Vec<_> = split_documents(text)
            .iter()
            .map(|d| (d.first_line, d.text.trim()))
            .collect();
        assert_eq!(
            parts,
            [
                (2, "title: a\ntext: |\n  --- not here"),
                (6, "# comment\n\ntitle: b")
            ]
        );
    }
}
