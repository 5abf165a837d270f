//! Texts that are hard to read: made of one part that comes again and again, so that all that looks for a beginning finds
//! one everywhere.

/// The parts, each with a name.
const PARTS: [(&str, &str); 30] = [
    ("letters", "a"),
    ("blanks", " "),
    ("quotes", "\""),
    ("single quotes", "'"),
    ("backslashes", "\\"),
    ("escaped quotes", "\\\""),
    ("braces", "{"),
    ("braces that close", "}"),
    ("brackets", "["),
    ("brackets that close", "]"),
    ("nested objects", "{\"a\":"),
    ("nested lists of records", "{\"Records\":["),
    ("empty lists of records", "{\"Records\":[]}"),
    ("objects", "{\"a\":1}"),
    ("strings", "\"a\","),
    ("commas", ","),
    ("colons", ":"),
    ("pairs", "a=b "),
    ("pairs with quotes", "a=\"b\" "),
    ("equal signs", "="),
    ("line breaks", "\n"),
    ("lines of objects", "{\"a\":1}\n"),
    ("lines with a brace", "{\n"),
    ("digits", "1"),
    ("moments", "2026-05-03T12:00:00Z "),
    ("levels", "[INFO] "),
    ("columns", "a\t"),
    ("base64", "H4sI"),
    ("not ASCII", "é"),
    ("escapes", "\\u00e9"),
];

/// Each as a name and what makes so many bytes of it.
pub(super) fn texts()
-> impl Iterator<Item = (&'static str, impl Fn(usize) -> String + Copy + 'static)> {
    PARTS.iter().map(|(name, part)| {
        (*name, move |bytes: usize| {
            part.repeat(bytes / part.len() + 1)
        })
    })
}

/// `count` parts, told their number, one behind the other.
pub(super) fn numbered(bytes: usize, part: impl Fn(usize) -> String) -> Vec<String> {
    let mut left = bytes;
    (0..)
        .map(part)
        .take_while(|part| {
            let fits = left >= part.len();
            left = left.saturating_sub(part.len() + 1);
            fits
        })
        .collect()
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
