//! What a line says of the document it may begin or continue.

use crate::text::{raw, runtime_line, tool_line};

/// An opening is looked for in this many bytes.
const OPENING_BYTES_MAX: usize = 1024;

/// A line with more blanks at its end is not looked at from there.
const BLANKS_MAX: usize = 256;

/// What a line is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    Blank,
    /// One record: NDJSON or text.
    Whole,
    /// Text that begins with a time or a level: lines that do not go on with it.
    Timed,
    /// The first line of a document over several: `{`, or `{"key": …` that does not end in a brace.
    First {
        is_brace: bool,
    },
}

impl LineKind {
    pub(crate) fn of(line: &[u8]) -> Self {
        // Of objects on one line each asks again: blanks at its end are not to be passed each time.
        if line.first() == Some(&b'{')
            && let Some(tail) = line.len().checked_sub(BLANKS_MAX)
            && line[tail..].trim_ascii().is_empty()
            && raw::is_object_like(line)
        {
            return LineKind::First { is_brace: false };
        }
        let text = raw::trim(line);
        match (text.first(), text.last()) {
            (None, _) => LineKind::Blank,
            (Some(b'{'), Some(b'{')) if text.len() == 1 => LineKind::First { is_brace: true },
            // Ends as an object ends: not worth a closer look, and the decoder will tell if it is broken.
            (Some(b'{'), Some(b'}')) => LineKind::Whole,
            (Some(b'{'), _) if raw::is_object_like(text) => LineKind::First { is_brace: false },
            _ if tool_line::is_timed(text) => LineKind::Timed,
            _ => LineKind::Whole,
        }
    }
}

/// Whether `line` looks like a whole NDJSON line.
pub(crate) fn is_object_line(line: &[u8]) -> bool {
    line.starts_with(b"{\"") && line.trim_ascii_end().ends_with(b"}")
}

/// Whether `line` begins a record of its own behind one of text, of which `before` lines were read.
pub(crate) fn begins_anew(line: &[u8], record: &[u8], before: u32) -> bool {
    match line.first() {
        // `aws logs tail --format json` prints a document below its head.
        Some(b'{') => !(before == 1 && is_head(record)),
        Some(b'A'..=b'Z') => std::str::from_utf8(line).is_ok_and(runtime_line::is_platforms),
        Some(b' ' | b'\t') | None => false,
        Some(_) => tool_line::is_timed(line),
    }
}

/// `TIME STREAM`, and nothing more.
fn is_head(record: &[u8]) -> bool {
    let words = record.trim_ascii().split(|byte| *byte == b' ');
    words.filter(|word| !word.is_empty()).count() == 2
}

/// Whether `line` can stand within a document that goes over several lines: whether it begins with a JSON token.
pub(crate) fn can_continue(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let ends_token = |rest: &[u8]| {
        matches!(
            rest.trim_ascii_start().first(),
            None | Some(b',' | b']' | b'}')
        )
    };
    match text.first() {
        None | Some(b'"' | b'{' | b'}' | b']' | b',' | b':') => true,
        Some(b'[') => text[1..]
            .trim_ascii_start()
            .first()
            .is_none_or(|b| matches!(b, b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9')),
        Some(b'-' | b'0'..=b'9') => {
            let digits = text
                .iter()
                .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                .unwrap_or(text.len());
            ends_token(&text[digits..])
        }
        Some(_) => [&b"true"[..], b"false", b"null"]
            .iter()
            .any(|word| text.strip_prefix(*word).is_some_and(ends_token)),
    }
}

/// Whether the stream opens a list whose members are records of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    No,
    /// Too short to tell.
    Unsure,
    /// The first member, or the end of the list, is this far in.
    List {
        bytes: usize,
        is_in_object: bool,
    },
}

/// `[{`, `{"Records":[`, or `{"events":[` and the like over several lines (as the AWS CLI prints it; on one line it is
/// taken for an event that has such a field).
pub(crate) fn opening(data: &[u8]) -> Opening {
    // An object on one line whose first key is not `Records`, as most lines are.
    if data.starts_with(b"{\"") && data.get(2).is_some_and(|first| *first != b'R') {
        return Opening::No;
    }
    let window = &data[..data.len().min(OPENING_BYTES_MAX)];
    let mut cursor = Cursor {
        window,
        at: 0,
        saw_line_break: false,
    };
    let found = if cursor.skip_inline_space() && cursor.take(b"[") == Some(true) {
        cursor.list(false)
    } else {
        cursor.object()
    };
    match found {
        Some(opening) => opening,
        None if window.len() < OPENING_BYTES_MAX => Opening::Unsure,
        None => Opening::No,
    }
}

struct Cursor<'a> {
    window: &'a [u8],
    at: usize,
    saw_line_break: bool,
}

/// In all of these, `None` means that the window ended.
impl Cursor<'_> {
    fn skip_inline_space(&mut self) -> bool {
        // A byte order mark, or the part of it that is there.
        let mark = b"\xef\xbb\xbf";
        if self.window.starts_with(mark) || mark.starts_with(self.window) {
            self.at = self.window.len().min(mark.len());
        }
        while matches!(self.window.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at < self.window.len()
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.window.get(self.at) {
            self.saw_line_break |= *byte == b'\n';
            self.at += 1;
        }
    }

    fn take(&mut self, token: &[u8]) -> Option<bool> {
        let rest = &self.window[self.at..];
        if rest.starts_with(token) {
            self.at += token.len();
            return Some(true);
        }
        if token.starts_with(rest) {
            None
        } else {
            Some(false)
        }
    }

    fn object(&mut self) -> Option<Opening> {
        if !self.take(b"{")? {
            return Some(Opening::No);
        }
        self.skip_space();
        const PRINTED: [&[u8]; 4] = [
            b"\"events\"",
            b"\"Events\"",
            b"\"Messages\"",
            b"\"Entries\"",
        ];
        let is_printed = self.saw_line_break;
        let mut is_list = self.take(b"\"Records\"")?;
        for key in PRINTED.iter().filter(|_| is_printed) {
            is_list = is_list || self.take(key)?;
        }
        if !is_list {
            return Some(Opening::No);
        }
        for token in [b":", b"["] {
            self.skip_space();
            if !self.take(token)? {
                return Some(Opening::No);
            }
        }
        self.list(true)
    }

    fn list(&mut self, is_in_object: bool) -> Option<Opening> {
        self.skip_space();
        let bytes = self.at;
        match self.window.get(self.at)? {
            b'{' => Some(Opening::List {
                bytes,
                is_in_object,
            }),
            // As the AWS CLI prints messages alone. On one line it may be prose.
            b'"' | b'[' if self.saw_line_break && !is_in_object => Some(Opening::List {
                bytes,
                is_in_object,
            }),
            b']' if is_in_object || self.saw_line_break => Some(Opening::List {
                bytes,
                is_in_object,
            }),
            _ => Some(Opening::No),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let first = |is_brace| LineKind::First { is_brace };
        for (line, kind) in [
            ("", LineKind::Blank),
            (" \t\r", LineKind::Blank),
            ("{\"a\":1}\r", LineKind::Whole),
            ("{", first(true)),
            ("{\r", first(true)),
            ("{\"a\": {", first(false)),
            ("{\"a\":\"cut", first(false)),
            ("{user} signed in", LineKind::Whole),
            ("[INFO] up", LineKind::Whole),
            ("[2026-05-03T12:00:00Z INFO  a] up", LineKind::Timed),
            ("START RequestId", LineKind::Whole),
            ("[INFO]\t2026-05-03T12:00:00.100Z\tq\tup", LineKind::Timed),
            ("2026-05-03T12:00:00.100Z up", LineKind::Timed),
        ] {
            assert_eq!(LineKind::of(line.as_bytes()), kind, "{line}");
        }
    }

    #[test]
    fn prose_cannot_continue_a_document() {
        for line in [
            "",
            "  \"a\": 1,",
            "}",
            "],",
            "12,",
            "-1.5e3",
            "true,",
            "null",
            "[",
            "[1,",
            "0 ]",
        ] {
            assert!(can_continue(line.as_bytes()), "{line}");
        }
        for line in [
            "2024-05-01T12:00:00Z up",
            "2024-05-01 12:00",
            "trueish",
            "START",
            "[INFO] up",
            "\0",
        ] {
            assert!(!can_continue(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn openings_are_found_at_any_spacing() {
        let list = |bytes, is_in_object| Opening::List {
            bytes,
            is_in_object,
        };
        for (text, found) in [
            ("{\"Records\":[{", list(12, true)),
            ("{\n \"Records\" : [\n {", list(18, true)),
            ("{\"Records\":[]}", list(12, true)),
            ("{\n\"events\":[{", list(12, true)),
            ("{\"events\":[{", Opening::No),
            ("[{", list(1, false)),
            ("[\n]", list(2, false)),
            ("[1", Opening::No),
            ("[\n \"a\"", list(3, false)),
            ("[\"a\"", Opening::No),
            ("{\n\"Events\":[{", list(12, true)),
            ("[INFO]", Opening::No),
            ("{\"Rec", Opening::Unsure),
            ("{", Opening::Unsure),
            ("{\"Records\":{", Opening::No),
            ("{\"a", Opening::No),
        ] {
            assert_eq!(opening(text.as_bytes()), found, "{text}");
        }
        let spaces = format!("{{{}", " ".repeat(OPENING_BYTES_MAX));
        assert_eq!(opening(spaces.as_bytes()), Opening::No);
    }
}
