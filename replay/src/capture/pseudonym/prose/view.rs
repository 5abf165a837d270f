//! Text as its readers see it: what escapes stand for, whatever their kind and however often they were escaped, and
//! where each character is written.
//!
//! `ada\\u0040firm`, `ada%2540firm` and `ada&#64;firm` all read `ada@firm`. What is found in a view is replaced in the
//! text. A view guesses: what it reads wrongly (`C:\new`) has no consequence but where something is found in it.

use std::borrow::Cow;
use std::ops::Range;

/// How addresses are written so that nobody follows them.
const DEFANGED: [(&str, char); 3] = [("[.]", '.'), ("[:]", ':'), ("[@]", '@')];

pub(in crate::capture::pseudonym) struct View<'t> {
    pub(in crate::capture::pseudonym) text: Cow<'t, str>,
    /// For each byte of `text` and for its end, the byte of the written form at which it begins; `None` where they are
    /// the same.
    places: Option<Vec<u32>>,
}

impl<'t> View<'t> {
    pub(in crate::capture::pseudonym) fn of(written: &'t str) -> Self {
        let is_plain = memchr::memchr3(b'\\', b'%', b'&', written.as_bytes()).is_none()
            && DEFANGED.iter().all(|(it, _)| !written.contains(it));
        let is_long = u32::try_from(written.len()).is_err();
        match is_plain || is_long {
            true => Self {
                text: Cow::Borrowed(written),
                places: None,
            },
            false => Self::decoded(written),
        }
    }

    fn decoded(written: &str) -> Self {
        let mut text = String::with_capacity(written.len());
        let mut places = Vec::with_capacity(written.len() + 1);
        let mut at = 0;
        while let Some(c) = written[at..].chars().next() {
            let rest = &written[at..];
            let read = match c {
                '\\' => backslash(rest),
                '%' => percent(rest),
                '&' => entity(rest),
                '[' => DEFANGED
                    .iter()
                    .find(|(it, _)| rest.starts_with(it))
                    .map(|(it, c)| (*c, it.len())),
                _ => None,
            };
            let (c, length) = read.unwrap_or((c, c.len_utf8()));
            text.push(c);
            // Texts of more bytes are not decoded.
            places.resize(text.len(), u32::try_from(at).unwrap_or(u32::MAX));
            at += length;
        }
        places.push(u32::try_from(at).unwrap_or(u32::MAX));
        Self {
            text: Cow::Owned(text),
            places: Some(places),
        }
    }

    pub(in crate::capture::pseudonym) fn is_plain(&self) -> bool {
        self.places.is_none()
    }

    /// Where what stands at `range` is written.
    pub(in crate::capture::pseudonym) fn written(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            None => range.clone(),
            Some(places) => places[range.start] as usize..places[range.end] as usize,
        }
    }

    /// By how many bytes the character of one byte at `at` is escaped: a quote within quotes has more of them.
    pub(in crate::capture::pseudonym) fn escaped_by(&self, at: usize) -> usize {
        self.written(&(at..at + 1)).len() - 1
    }
}

/// Any number of backslashes and what they escape, with how long that is.
fn backslash(text: &str) -> Option<(char, usize)> {
    let slashes = text.bytes().take_while(|b| *b == b'\\').count();
    let rest = &text[slashes..];
    let escaped = rest.chars().next();
    let simple = match escaped {
        Some('u' | 'U') => return unicode(rest).map(|(c, length)| (c, slashes + length)),
        Some('x') => return bytes(text, "\\x", slashes - 1),
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some(quote @ ('"' | '\'' | '/' | '`')) => quote,
        _ => return Some(('\\', slashes)),
    };
    Some((simple, slashes + 1))
}

fn unicode(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        let digits = text
            .get(1..5)
            .filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let high = unit(text)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 5));
    }
    let slashes = text[5..].bytes().take_while(|b| *b == b'\\').count();
    let next = text[5 + slashes..]
        .strip_prefix('u')
        .filter(|_| slashes > 0);
    let low = next.and_then(|_| unit(&text[5 + slashes..]));
    match low {
        Some(low @ 0xDC00..=0xDFFF) if (0xD800..0xDC00).contains(&high) => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            Some((char::from_u32(code)?, 10 + slashes))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 5)),
    }
}

/// `%40`, and what it becomes where it is escaped again: `%2540`.
fn percent(text: &str) -> Option<(char, usize)> {
    let mut again = 0;
    while text[1 + again..].starts_with("25") && is_hex(text, 3 + again) {
        again += 2;
    }
    bytes(text, "%", again)
}

fn is_hex(text: &str, at: usize) -> bool {
    let digits = text.as_bytes().get(at..at + 2);
    digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
}

/// A character as the bytes that it has in UTF-8, each behind `mark` with `again` bytes more after its first.
fn bytes(text: &str, mark: &str, again: usize) -> Option<(char, usize)> {
    let step = mark.len() + again + 2;
    let first = text.as_bytes()[0];
    let byte = |nth: usize| {
        let digits = (nth + 1) * step - 2;
        let is_marked = text.as_bytes().get(nth * step) == Some(&first) && is_hex(text, digits);
        is_marked.then(|| u8::from_str_radix(&text[digits..digits + 2], 16).ok())?
    };
    let lead = byte(0)?;
    let length = match lead {
        b'\t' | b'\n' | b'\r' | b' '..0x7F => return Some((lead.into(), step)),
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return None,
    };
    let all: Option<Vec<u8>> = (0..length).map(byte).collect();
    let c = std::str::from_utf8(&all?).ok()?.chars().next()?;
    Some((c, length * step))
}

/// `&#64;`, `&#x40;`, `&quot;`
fn entity(text: &str) -> Option<(char, usize)> {
    const LENGTH_MAX: usize = 10;
    const NAMED: [(&str, char); 6] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("commat", '@'),
    ];
    let window = &text.as_bytes()[..text.len().min(LENGTH_MAX)];
    let end = memchr::memchr(b';', window)?;
    let name = text.get(1..end)?;
    let number = name
        .strip_prefix('#')
        .and_then(|it| match it.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => it.parse().ok(),
        });
    let named = NAMED.iter().find(|(it, _)| *it == name).map(|(_, c)| *c);
    let c = named.or_else(|| char::from_u32(number?))?;
    (!c.is_control() || c.is_whitespace()).then_some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_any_kind_and_depth_are_read() {
        for (written, read) in [
            (r"ada\u0040firm", "ada@firm"),
            (r"ada\\\\u0040firm", "ada@firm"),
            ("ada%40firm", "ada@firm"),
            ("ada%252540firm", "ada@firm"),
            ("ada&#64;firm &#x40; &amp;", "ada@firm @ &"),
            (r#"\"a\":\\\"b"#, "\"a\":\"b"),
            ("m%C3%BCller %F0%9F%98%80", "müller 😀"),
            (r"m\xc3\xbcller", "müller"),
            (r"\ud83d\ude00 \\ud83d\\ude00", "😀 😀"),
            (r"a\nb \\server C:\x", "a\nb \\server C:\\x"),
            ("100% &c %zz %", "100% &c %zz %"),
            ("\\", "\\"),
            ("%25", "%"),
        ] {
            assert_eq!(View::of(written).text, read, "{written}");
        }
    }

    #[test]
    fn what_is_found_has_its_place_in_the_text() {
        let written = r"é\u00e9 %40x \\n";
        let view = View::of(written);
        let at = view.text.find('@').unwrap();
        assert_eq!(&written[view.written(&(at..at + 2))], "%40x");
        assert_eq!(view.escaped_by(at), 2);
        let whole = view.written(&(0..view.text.len()));
        assert_eq!(whole, 0..written.len());
        assert!(View::of("plain").is_plain());
    }
}
