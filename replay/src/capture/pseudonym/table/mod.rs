//! Tables in text: the first line names the columns, and with them what is in the cells of the lines that follow.

pub(super) mod columns; // what stands in which

use std::borrow::Cow;

use crate::capture::pseudonym::Pseudonyms;
use crate::capture::pseudonym::key::Meaning;
use crate::capture::pseudonym::table::columns::Columns;

/// A line with more cells is no row that anybody reads.
const CELLS_MAX: usize = 256;
const CELLS_MIN: usize = 2;
const NAME_BYTES_MAX: usize = 64;

impl Columns {
    /// Those that `line` names, if all of it is names and one of them that of a person or a secret.
    fn of(line: &str) -> Option<Self> {
        let (separator, names) = match line.strip_prefix("#Fields:") {
            Some(names) => (' ', names.trim()),
            None => (
                [',', ';', '\t', '|']
                    .into_iter()
                    .find(|it| line.contains(*it))?,
                line,
            ),
        };
        let cells = cells(names, separator)?;
        let is_name = |cell: &Cow<'_, str>| {
            let is_part = |c: char| {
                c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '@' | '(' | ')' | ':')
            };
            (1..=NAME_BYTES_MAX).contains(&cell.len())
                && cell.starts_with(|c: char| c.is_alphabetic() || c == '@' || c == '_')
                && cell.chars().all(is_part)
        };
        let meanings: Vec<Meaning> = cells.iter().map(|it| Meaning::of(it.trim(), "")).collect();
        let is_told = |it: &Meaning| {
            !matches!(
                it,
                Meaning::Nothing | Meaning::Vocabulary | Meaning::Digest | Meaning::Version
            )
        };
        let is_heading =
            cells.len() >= CELLS_MIN && cells.iter().all(|it| is_name(&Cow::Borrowed(it.trim())));
        (is_heading && meanings.iter().any(is_told)).then_some(Self {
            separator,
            meanings,
        })
    }
}

impl Pseudonyms {
    /// The rows of a table with their cells exchanged; `None` if `text` is no part of one.
    pub(in crate::capture::pseudonym) fn table(&mut self, text: &str, depth: u8) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        for (nth, line) in text.split_inclusive('\n').enumerate() {
            let bare = line.trim_end_matches(['\n', '\r']);
            if let Some(columns) = Columns::of(bare) {
                self.columns = Some(columns);
                // It may look like a heading and be none.
                let changed = self.text(line, Meaning::Nothing, depth);
                out.push_str(changed.as_deref().unwrap_or(line));
                continue;
            }
            let row = self.row(bare, depth);
            // Text of several lines is a table only where its first line names the columns.
            let Some(row) = row else {
                if nth == 0 {
                    return None;
                }
                let changed = self.text(line, Meaning::Nothing, depth);
                out.push_str(changed.as_deref().unwrap_or(line));
                continue;
            };
            out.push_str(&row);
            out.push_str(&line[bare.len()..]);
        }
        Some(out)
    }

    fn row(&mut self, line: &str, depth: u8) -> Option<String> {
        let columns = self.columns.take()?;
        let row = self.row_of(&columns, line, depth);
        self.columns = Some(columns);
        row
    }

    fn row_of(&mut self, columns: &Columns, line: &str, depth: u8) -> Option<String> {
        let cells = cells(line, columns.separator)?;
        if cells.len() != columns.meanings.len() {
            return None;
        }
        let mut out = String::with_capacity(line.len());
        for (nth, (cell, meaning)) in cells.iter().zip(&columns.meanings).enumerate() {
            if nth > 0 {
                out.push(columns.separator);
            }
            let bare = cell.trim();
            let changed = match bare.is_empty() {
                true => None,
                false => self.value(bare, *meaning, depth),
            };
            let written = changed.as_deref().unwrap_or(cell);
            match written.contains([columns.separator, '"', '\n']) && columns.separator != ' ' {
                true => out.push_str(&format!("\"{}\"", written.replace('"', "\"\""))),
                false => out.push_str(written),
            }
        }
        Some(out)
    }
}

/// The cells of a line, without the quotes around them; `None` where there are too many, or a quote is not closed.
fn cells(line: &str, separator: char) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        if cells.len() == CELLS_MAX {
            return None;
        }
        let Some(inside) = rest.strip_prefix('"') else {
            let Some((cell, after)) = rest.split_once(separator) else {
                cells.push(Cow::Borrowed(rest));
                return Some(cells);
            };
            cells.push(Cow::Borrowed(cell));
            rest = after;
            continue;
        };
        let end = closing(inside)?;
        let cell = &inside[..end];
        cells.push(match cell.contains("\"\"") {
            true => Cow::Owned(cell.replace("\"\"", "\"")),
            false => Cow::Borrowed(cell),
        });
        let after = &inside[end + 1..];
        if after.is_empty() {
            return Some(cells);
        }
        rest = after.strip_prefix(separator)?;
    }
}

/// Where the quote is that is not written twice.
fn closing(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', &bytes[at..])?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_known_columns_are_exchanged() {
        let mut names = Pseudonyms::new(b"a key for tests!").unwrap();
        let text = "time,user,password,note\n1,ada,\"hunt,er2\",\"said \"\"ada\"\", twice\"\n2,bob,x,y\nno row\n";
        let after = names.record(text.as_bytes()).unwrap();
        let after = String::from_utf8(after).unwrap();
        for part in ["ada", "bob", "hunt", "er2"] {
            assert!(!after.contains(part), "{after}");
        }
        assert!(
            after.starts_with("time,user,password,note\n1,user_")
                && after.ends_with(",y\nno row\n"),
            "{after}"
        );
        let later = names.record(b"3,eve,pw,z").unwrap();
        assert!(String::from_utf8(later).unwrap().starts_with("3,user_"));
    }

    #[test]
    fn prose_is_no_heading() {
        for line in [
            "a, b and c",
            "time,level,message",
            "user",
            "1,2,3",
            "user: x, y",
        ] {
            assert!(Columns::of(line).is_none(), "{line}");
        }
        assert!(Columns::of("#Fields: date time c-ip cs-username sc-status").is_some());
    }
}
