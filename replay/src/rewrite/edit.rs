//! Replacements in a text, and how those in the content of a JSON string become replacements in the string as written.

use std::ops::Range;

/// Replace these bytes of a text. Edits of one text are in order and do not touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

pub(crate) fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for Edit { range, with } in edits {
        out.push_str(&text[at..range.start]);
        out.push_str(with);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The content of a JSON string, and where each of its bytes is written.
#[derive(Debug)]
pub(crate) struct Unescaped {
    pub(crate) text: String,
    /// For each byte of `text` and for its end, the byte of the written form at which it begins.
    places: Vec<u32>,
}

impl Unescaped {
    /// Of what stands between the quotes; `None` if that is not well formed, or too long to be numbered.
    pub(crate) fn of(written: &str) -> Option<Self> {
        let end = u32::try_from(written.len()).ok()?;
        let mut text = String::with_capacity(written.len());
        let mut places = Vec::with_capacity(written.len() + 1);
        let mut at = 0;
        while let Some(c) = written[at..].chars().next() {
            let (c, length) = match c {
                '\\' => escape(&written[at..])?,
                _ => (c, c.len_utf8()),
            };
            text.push(c);
            places.resize(text.len(), u32::try_from(at).ok()?);
            at += length;
        }
        places.push(end);
        Some(Self { text, places })
    }

    /// The same edit, in the written form.
    pub(crate) fn written(&self, edit: &Edit) -> Edit {
        let place = |at: usize| self.places[at] as usize;
        Edit {
            range: place(edit.range.start)..place(edit.range.end),
            with: escaped(&edit.with),
        }
    }
}

/// As it stands between the quotes of a JSON string.
pub(crate) fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("text is JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

/// The character that an escape stands for, and the length of the escape.
fn escape(written: &str) -> Option<(char, usize)> {
    let simple = match written.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(written),
        _ => return None,
    };
    Some((simple, 2))
}

fn unicode_escape(written: &str) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = written.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let high = unit(0)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 6));
    }
    // A surrogate: two escapes make one character, and one alone makes none.
    match unit(6) {
        Some(low @ 0xDC00..=0xDFFF) if high < 0xDC00 => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            Some((char::from_u32(code)?, 12))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_within_a_string_is_one_in_its_written_form() {
        let written = r#"ä\"\u00e9 \ud83d\ude00 x\n"#;
        let unescaped = Unescaped::of(written).unwrap();
        assert_eq!(unescaped.text, "ä\"é 😀 x\n");
        let at = unescaped.text.find('x').unwrap();
        let edit = Edit {
            range: at..at + 1,
            with: "a\"b".into(),
        };
        let edit = unescaped.written(&edit);
        let changed = applied(written, std::slice::from_ref(&edit));
        assert_eq!(changed, r#"ä\"\u00e9 \ud83d\ude00 a\"b\n"#);
    }

    #[test]
    fn what_is_no_string_is_left_alone() {
        for written in [r"\x", r"\u12", r"\u12g4", "\\"] {
            assert!(Unescaped::of(written).is_none(), "{written}");
        }
        assert_eq!(Unescaped::of(r"\ud83dx").unwrap().text, "\u{fffd}x");
    }
}
