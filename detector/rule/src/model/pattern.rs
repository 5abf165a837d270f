//! Regular expressions. Nearly all text of logs is ASCII, and for ASCII a small program says the same as the one that
//! knows the letters of all scripts: `\w{1,64}` takes 2 KiB instead of 2 MiB, and a tenth of the time.

use std::sync::{Arc, OnceLock};

use regex::{Error, Regex, RegexBuilder, bytes};
use regex_syntax::hir::{Hir, HirKind};

/// Bytes of a compiled program that is kept from the start.
const KEPT_BYTES_MAX: usize = 1 << 20;
/// Bytes of one that is compiled when the first text that is not ASCII comes.
const ON_DEMAND_BYTES_MAX: usize = 32 << 20;
/// Bytes of the tables that a program may build while it runs: many rules times long values must stay small.
const CACHE_BYTES_MAX: usize = 128 << 10;

/// A compiled regular expression; equal where the texts are.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    /// For text that is ASCII; missing where it might say something else.
    ascii: Option<bytes::Regex>,
    unicode: Unicode,
    needed: Option<Box<str>>,
}

#[derive(Debug, Clone)]
enum Unicode {
    Kept(Regex),
    OnDemand(Arc<OnceLock<Option<Regex>>>),
}

impl Pattern {
    /// # Errors
    /// The expression is broken, or too large in every form.
    pub fn new(text: &str) -> Result<Self, Error> {
        let ascii = match says_the_same_of_ascii(text) {
            true => bytes::RegexBuilder::new(text)
                .unicode(false)
                .size_limit(KEPT_BYTES_MAX)
                .dfa_size_limit(CACHE_BYTES_MAX)
                .build()
                .ok(),
            false => None,
        };
        let unicode = match unicode(text, KEPT_BYTES_MAX) {
            Err(Error::CompiledTooBig(_)) if ascii.is_some() => {
                unicode(text, ON_DEMAND_BYTES_MAX)?;
                Unicode::OnDemand(Arc::default())
            }
            built => Unicode::Kept(built?),
        };
        Ok(Self {
            needed: regex_syntax::parse(text)
                .ok()
                .and_then(|hir| Some(std::str::from_utf8(needed(&hir)?).ok()?.into())),
            text: text.into(),
            ascii,
            unicode,
        })
    }

    /// As it is written, its flags included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The longest text that is known to be in all that it matches, letter case included.
    pub fn needed_text(&self) -> Option<&str> {
        self.needed.as_deref()
    }

    pub fn is_match(&self, text: &str) -> bool {
        match (&self.ascii, &self.unicode) {
            (Some(ascii), _) if text.is_ascii() => ascii.is_match(text.as_bytes()),
            (_, Unicode::Kept(regex)) => regex.is_match(text),
            (_, Unicode::OnDemand(regex)) => {
                let regex = regex.get_or_init(|| unicode(&self.text, ON_DEMAND_BYTES_MAX).ok());
                regex.as_ref().is_some_and(|regex| regex.is_match(text))
            }
        }
    }
}

fn needed(expression: &Hir) -> Option<&[u8]> {
    match expression.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(group) => needed(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => needed(&repeated.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(needed)
            .max_by_key(|text| text.len()),
        _ => None,
    }
}

fn unicode(text: &str, bytes_max: usize) -> Result<Regex, Error> {
    RegexBuilder::new(text)
        .size_limit(bytes_max)
        .dfa_size_limit(CACHE_BYTES_MAX)
        .build()
}

/// Whether `text`, read without Unicode, means the same for ASCII. A letter beyond it may, where case is ignored, stand
/// for one within (`ſ` is an `s`), and so may one that is written by its number or its class.
fn says_the_same_of_ascii(text: &str) -> bool {
    let names_others = ["\\x", "\\u", "\\U", "\\p", "\\P"];
    let sets_unicode = |flags: &str| {
        let end = flags.find([':', ')']).unwrap_or(flags.len());
        flags[..end].contains('u')
    };
    text.is_ascii()
        && !names_others.iter().any(|other| text.contains(other))
        && !text.split("(?").skip(1).any(sets_unicode)
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl std::hash::Hash for Pattern {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounded_repetitions_of_words_are_small() {
        for text in [
            r"role/[\w+=,.@-]{1,64}/[\w+=,.@-]{2,64}$",
            r"^\w{1,255}$",
            r"(?i)(\w{1,32}\.){1,8}x",
        ] {
            let pattern = Pattern::new(text).unwrap();
            assert!(matches!(pattern.unicode, Unicode::OnDemand(_)), "{text}");
        }
        let pattern = Pattern::new(r"^\w{1,255}$").unwrap();
        assert!(pattern.is_match("ada") && pattern.is_match("ädä") && !pattern.is_match("ä-ä"));
        assert!(Pattern::new(r"\w{1000}{1000}").is_err());
    }

    #[test]
    fn what_is_needed_is_told() {
        for (text, needed) in [
            (r".+:assumed-role/aws:.+", Some(":assumed-role/aws:")),
            (r"^(?:ab|cd)(longer)+x?$", Some("longer")),
            (r"(?i)role/(?-i:Admin)", Some("/Admin")),
            (r"(?i)admin", None),
            (r"(admin|root)-x*", Some("-")),
            (r"(abc)?[d-f]{3}", None),
        ] {
            let pattern = Pattern::new(text).unwrap();
            assert_eq!(pattern.needed_text(), needed, "{text}");
        }
    }

    #[test]
    fn what_may_differ_is_read_with_unicode() {
        for (text, of) in [
            ("(?i)ſ", "s"),
            (r"(?i)\x{17f}", "S"),
            (r"(?i)\u017f", "s"),
            (r"^\p{Lu}", "A"),
            (r"(?i)[\x{212A}]", "k"),
        ] {
            assert!(Pattern::new(text).unwrap().is_match(of), "{text}");
        }
    }

    fn part() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "a",
            "K",
            "s",
            "é",
            "ſ",
            r"\w",
            r"\W",
            r"\d",
            r"\s",
            r"\b",
            r"\B",
            ".",
            "[a-k]",
            "[^a-k]",
            r"[\w.-]",
            "[[:alpha:]]",
            "(?i)",
            "(?s)",
            "(?-i:k)",
            "(?i-u:k)",
            "|",
            "*",
            "{1,3}",
            "?",
            "^",
            "$",
            r"\x4b",
            r"\u00e9",
            r"\pL",
            r"\.",
        ])
    }

    proptest! {
        #[test]
        fn agrees_with_the_one_program(
            parts in prop::collection::vec(part(), 1..8),
            text in "[aAkKsSé ſ.\n1_-]{0,8}",
        ) {
            let written = parts.concat();
            let (pattern, plain) = (Pattern::new(&written), Regex::new(&written));
            prop_assert_eq!(pattern.is_ok(), plain.is_ok(), "{}", written);
            if let (Ok(pattern), Ok(plain)) = (pattern, plain) {
                prop_assert_eq!(pattern.is_match(&text), plain.is_match(&text), "{}", written);
                let lacks = pattern.needed_text().is_some_and(|needed| !text.contains(needed));
                prop_assert!(!(lacks && pattern.is_match(&text)), "{} needs more than {}", written, text);
            }
        }
    }
}
