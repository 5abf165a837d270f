//! What is wrong where YAML breaks off, in the words of somebody who writes rules.

/// The place, counted from 1 in the text, and the message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// Explains what the scanner says of a place of `text`.
pub(crate) fn explain(text: &str, line: usize, column: usize, said: &str) -> Fault {
    let line = line.max(1);
    let written = |line: usize| text.lines().nth(line - 1).unwrap_or_default();
    // The scanner often stumbles only over the line after the tab.
    for suspect in [line, line.saturating_sub(1).max(1)] {
        let before = written(suspect).chars().take_while(|c| *c != '\t');
        let column = before.clone().count() + 1;
        if written(suspect).contains('\t') {
            let message = match before.clone().all(|c| c == ' ') {
                true => "a tab indents this line, use spaces",
                false => "a tab stands in this line, use spaces",
            };
            return Fault {
                line: suspect,
                column,
                message: message.to_owned(),
            };
        }
    }
    let said = said.to_lowercase();
    let hint = hint(&said, written(line)).map_or(String::new(), |hint| format!("; {hint}"));
    Fault {
        line,
        column,
        message: format!("the YAML is broken here: {said}{hint}"),
    }
}

/// What to look at, by what the scanner says and the line it stumbled over.
fn hint(said: &str, written: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["end of stream", "unexpected eof", "indentation in quoted"]) {
        return Some("a quote or bracket before it is never closed");
    }
    if says(&["quoted scalar", "escape"]) {
        return Some("in double quotes write `\\\\` for `\\`, or use single quotes");
    }
    if says(&[
        "flow mapping",
        "flow sequence",
        "flow construct",
        "illegal placement",
    ]) {
        return Some("a comma or a closing bracket is missing, or text within it needs quotes");
    }
    if says(&["simple key expect"]) {
        return Some("in this line or the one before it, a key has no colon: write `key: value`");
    }
    if says(&["recursion limit"]) {
        return None;
    }
    let value = written.trim_start().trim_start_matches("- ");
    let value = value.split_once(": ").map_or(value, |(_, value)| value);
    if value
        .trim_start()
        .starts_with(['*', '&', '%', '@', '`', '!', '[', '{', '|', '>'])
        || value.contains(": ")
    {
        return Some("quote the value: it holds a character that YAML reads as its own");
    }
    Some(
        "indent this line like its neighbours, write a colon and a space after each key, or quote the text",
    )
}
