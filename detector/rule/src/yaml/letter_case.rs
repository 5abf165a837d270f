//! Case folding, one and the same for rule values and event values.

/// Appends `text` in lowercase, character by character.
///
/// Character by character means that a letter folds alike wherever it stands (`Σ` is always `σ`, never the final
/// `ς`), so that a substring of a text folds to a substring of the folded text.
pub fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// `text` in lowercase.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Whether [`fold_into`] would change nothing.
pub fn is_folded(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_alike_wherever_a_letter_stands() {
        assert_eq!(fold("ConsoleLogin"), "consolelogin");
        assert_eq!(fold("ÄΣ ΑΣ"), "äσ ασ");
        assert!(is_folded("abc-1") && !is_folded("Abc") && !is_folded("ä"));
    }
}
