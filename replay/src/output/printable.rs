//! Text from logs, file names and rules, made safe for a terminal: everything that does not print is escaped.
//!
//! What goes in is hostile: an attacker writes user names and user agents. No escape sequence, line break,
//! right-to-left override or invisible character comes out.

use std::borrow::Cow;

/// Escapes what does not print as itself: `\u{1b}`, `\n`, `\u{202e}`. Quotes and backslashes stay.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => safe.push(c),
            // The standard library's table of what prints: it leaves out controls, format characters (bidirectional
            // and zero-width ones among them), line separators, private use, and marks that stack on a letter.
            _ => safe.extend(c.escape_debug()),
        }
    }
    Cow::Owned(safe)
}

/// As [`printable`], and cut after `chars_max` characters, saying how many were left out.
pub(crate) fn clipped(text: &str, chars_max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(chars_max) else {
        return printable(text).into_owned();
    };
    let rest = text[end..].chars().count();
    format!("{}… (+{rest})", printable(&text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_line_breaks_are_spelt_out() {
        assert_eq!(
            printable("\u{1b}[2J\u{7}ok\r\n\tx\0"),
            r"\u{1b}[2J\u{7}ok\r\n\tx\0"
        );
        assert_eq!(printable("\u{9b}31m\u{7f}"), r"\u{9b}31m\u{7f}");
    }

    #[test]
    fn bidirectional_and_invisible_characters_are_spelt_out() {
        for c in [
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{200e}',
            '\u{61c}',
            '\u{200b}',
            '\u{feff}',
            '\u{2028}',
            '\u{ad}',
            '\u{e0041}',
            '\u{e000}',
        ] {
            assert_eq!(printable(&c.to_string()), c.escape_unicode().to_string());
        }
    }

    #[test]
    fn letters_of_any_script_quotes_and_backslashes_stay() {
        let text = r#"C:\temp "it's" Ünïcode 日本 العربية"#;
        assert_eq!(printable(text), text);
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        assert_eq!(clipped("abcdef", 6), "abcdef");
        assert_eq!(clipped("äbcdefg", 6), "äbcdef… (+1)");
    }
}
