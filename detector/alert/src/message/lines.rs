//! Prose in lines that fit.

/// What mail programs show without breaking lines, also on a telephone held upright, in a proportional type.
pub(super) const COLUMNS: usize = 50;

/// Text with its prose in lines of at most [`COLUMNS`] less `indent`. Lines that begin with blanks are commands: they stay
/// as they are, so that they can be copied.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let flush = |paragraph: &mut String, out: &mut Vec<String>| {
        if !paragraph.is_empty() {
            out.extend(lines(paragraph, COLUMNS - indent));
            paragraph.clear();
        }
    };
    for line in text.trim_end().lines() {
        let is_prose = !line.starts_with("  ") && !line.trim().is_empty();
        let begins = line.starts_with("- ") || paragraph.ends_with(':');
        if !is_prose || begins {
            flush(&mut paragraph, &mut out);
        }
        match is_prose {
            true if paragraph.is_empty() => paragraph.push_str(line.trim()),
            true => {
                paragraph.push(' ');
                paragraph.push_str(line.trim());
            }
            false => out.push(line.to_owned()),
        }
    }
    flush(&mut paragraph, &mut out);
    out.join("\n")
}

/// Words in lines; a word that is longer has a line of its own. What belongs to an item of a list is indented.
pub(super) fn lines(paragraph: &str, columns: usize) -> Vec<String> {
    let hang = if paragraph.starts_with("- ") {
        "  "
    } else {
        ""
    };
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{hang}{word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_commands_are_not() {
        let command = format!("    aws {}", "x".repeat(100));
        let text = format!(
            "{}\nend:\n{command}\n- one\n- two",
            "word ".repeat(30).trim_end()
        );
        let wrapped = wrapped(&text, 2);
        assert!(wrapped.contains(&command), "{wrapped}");
        assert!(
            wrapped
                .lines()
                .filter(|line| **line != command)
                .all(|line| line.len() <= COLUMNS - 2)
        );
        assert!(wrapped.ends_with("- one\n- two"), "{wrapped}");
    }
}
