//! The documents of a file, which are divided by `---` and `...`.

/// One document of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentText<'t> {
    pub(crate) text: &'t str,
    /// Counted from 1 in the file.
    pub(crate) first_line: u32,
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
