//! Text from logs, made harmless for people and mail programs.
//!
//! What goes in is hostile: an attacker writes user names, paths and user agents. What comes out is one line without
//! control or invisible characters, without anything a mail program would turn into a link, without what looks like a
//! secret, and not longer than was asked for.

use crate::secret;

/// One harmless line of at most `chars_max` characters (and a note on how many more there were).
pub fn neutral(text: &str, chars_max: usize) -> String {
    // What is far too long is cut first: masking costs time by length.
    let (text, beyond) = cut(text, chars_max.saturating_mul(4).max(chars_max));
    let visible = visible(text);
    let masked = secret::masked(&visible);
    let unlinked = unlinked(&masked);
    clipped(&unlinked, chars_max, beyond)
}

/// The same for text of several lines that is ours, not an attacker's: line breaks stay.
pub fn neutral_lines(text: &str, chars_max: usize) -> String {
    let (text, beyond) = cut(text, chars_max);
    let lines: Vec<String> = text.lines().map(visible).collect();
    clipped(&lines.join("\n"), chars_max, beyond)
}

/// Spelt out is what does not print as itself: controls, line breaks, bidirectional and zero-width characters.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => out.push(c),
            // The standard library's table of what prints.
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

/// Breaks what mail programs turn into links: schemes, host names, network paths.
///
/// `https://evil.example/x` becomes `hxxps[:]//evil[.]example/x`. Addresses such as `192.0.2.1` stay as they are.
fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let next = after.chars().next().unwrap_or(' ');
        match c {
            ':' if after.starts_with("//") || ends_in_scheme(&out) => out.push_str("[:]"),
            // A dot before a letter may be that of a host name, whatever the alphabet; one before a digit is not.
            '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}'
                if before.is_alphanumeric() && next.is_alphabetic() =>
            {
                out.push_str("[.]");
            }
            '\\' if before == '\\' => out.push_str("[\\]"),
            _ => out.push(c),
        }
        before = c;
        rest = after;
    }
    replaced_schemes(out)
}

/// Whether the word that `text` ends in is a scheme that works without slashes.
fn ends_in_scheme(text: &str) -> bool {
    const SCHEMES: [&str; 8] = [
        "mailto",
        "tel",
        "sms",
        "javascript",
        "vbscript",
        "data",
        "file",
        "blob",
    ];
    let start = text
        .rfind(|c: char| !c.is_ascii_alphanumeric())
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    let word = &text[start..];
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn replaced_schemes(text: String) -> String {
    const BROKEN: &str = "[:]//";
    if !text.contains(BROKEN) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(BROKEN).peekable();
    while let Some(part) = parts.next() {
        let is_before = parts.peek().is_some();
        let lower = part.to_ascii_lowercase();
        let scheme = ["https", "http"].into_iter().find(|s| lower.ends_with(s));
        match scheme.filter(|_| is_before) {
            Some(scheme) => {
                out.push_str(&part[..part.len() - scheme.len()]);
                out.push_str(&scheme.replace("tt", "xx"));
            }
            None => out.push_str(part),
        }
        if is_before {
            out.push_str(BROKEN);
        }
    }
    out
}

/// The first `chars_max` characters, and how many there are beyond.
fn cut(text: &str, chars_max: usize) -> (&str, usize) {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
        None => (text, 0),
    }
}

fn clipped(text: &str, chars_max: usize, beyond: usize) -> String {
    let (kept, more) = cut(text, chars_max);
    match more + beyond {
        0 => kept.to_owned(),
        more => format!("{kept}... (+{more})"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str) -> String {
        neutral(text, 200)
    }

    #[test]
    fn nothing_invisible_comes_out() {
        assert_eq!(
            line("a\r\nSubject: x\0\u{1b}[2J"),
            r"a\r\nSubject: x\0\u{1b}[2J"
        );
        assert_eq!(
            line("gro\u{202e}.live\u{200b}x"),
            r"gro\u{202e}.live\u{200b}x"
        );
        assert_eq!(line("Ünï 日本 \"it's\""), "Ünï 日本 \"it's\"");
    }

    #[test]
    fn nothing_can_be_clicked() {
        for (text, expected) in [
            (
                "https://evil.example/a?b=c",
                "hxxps[:]//evil[.]example/a?b=c",
            ),
            ("HTTP://evil.example", "hxxp[:]//evil[.]example"),
            ("ftp://192.0.2.1/x", "ftp[:]//192.0.2.1/x"),
            (
                "go to www.evil.example now",
                "go to www[.]evil[.]example now",
            ),
            ("alice@example.com", "alice@example[.]com"),
            ("mailto:alice", "mailto[:]alice"),
            ("see JavaScript:alert(1)", "see JavaScript[:]alert(1)"),
            (r"\\host\share", r"\[\]host\share"),
            ("пример.рф", "пример[.]рф"),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn what_is_no_link_stays_readable() {
        for text in [
            "203.0.113.10",
            "2001:db8::1",
            "arn:aws:iam::111122223333:role/deploy",
            "10:15:00.123",
            "version 1.2",
            "end. Start",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        assert_eq!(neutral("abcdef", 6), "abcdef");
        assert_eq!(neutral("äbcdefg", 6), "äbcdef... (+1)");
        let long = neutral(&"x".repeat(1_000_000), 10);
        assert_eq!(long, "xxxxxxxxxx... (+999990)");
    }

    #[test]
    fn lines_of_our_own_stay_lines() {
        assert_eq!(neutral_lines("a\nb\u{7}", 100), "a\nb\\u{7}");
        assert_eq!(neutral_lines("a\r\nbc", 3), "a... (+2)");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_one_short_harmless_line_comes_out(text in "\\PC*|(https?|mailto|\\.|:|//|www|\\\\|AKIA|[a-z]|\\s|\\x00|\u{202e}|password=){0,40}", max in 0usize..80) {
            let out = neutral(&text, max);
            prop_assert!(out.chars().count() <= max + "... (+)".len() + 20);
            prop_assert!(!out.contains("://"), "{out}");
            prop_assert!(out.chars().all(|c| !c.is_control()), "{out:?}");
            prop_assert!(!out.contains(['\u{202e}', '\u{200b}', '\u{2028}']), "{out:?}");
            let chars: Vec<char> = out.trim_end_matches(|c: char| c != '.').chars().collect();
            let is_host = |w: &[char]| w[0].is_alphanumeric() && w[1] == '.' && w[2].is_alphabetic();
            prop_assert!(!chars.windows(3).any(is_host), "{out}");
        }
    }
}
