//! Values of logs and rules as YAML has them: whatever they hold, one quoted text on one line.

/// Characters of a value that are shown where it is only told of.
const TOLD_MAX: usize = 100;

/// `"text"`, with everything escaped that is no plain printing character.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            // The standard library's table of what prints: no control, no mark that turns the line around.
            _ if c.escape_debug().eq([c]) => text.push(c),
            _ if u32::from(c) > 0xffff => text.push_str(&format!("\\U{:08x}", u32::from(c))),
            _ => text.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    text.push('"');
    text
}

/// The same of a value that nobody is to take over, cut where it is long.
pub(super) fn told(value: &str) -> String {
    match value.char_indices().nth(TOLD_MAX) {
        Some((end, _)) => format!("{}…", quoted(&value[..end])),
        None => quoted(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_value_holds_it_is_one_line_that_reads_back_the_same() {
        for value in [
            "plain",
            "a\nb: [c]",
            "\"quoted\" \\ 'back'",
            "#no comment",
            "- item",
            "\u{1b}[2J\u{7}\0",
            "\u{202e}turned\u{2028}",
            "\u{e0041}\u{feff}",
            "Größe 日本 \u{1f600}",
            "%placeholder%",
            "@at",
            "{{template}}",
        ] {
            let text = quoted(value);
            assert_eq!(text.lines().count(), 1, "{text}");
            let harmless = |c: char| !c.is_control() && c != '\u{202e}' && c != '\u{2028}';
            assert!(text.chars().all(harmless), "{text}");
            let read: String = yaml_serde::from_str(&text).unwrap();
            assert_eq!(read, value);
        }
        assert_eq!(told(&"x".repeat(101)), format!("\"{}\"…", "x".repeat(100)));
    }
}
