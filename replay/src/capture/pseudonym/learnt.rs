//! Names of people that stood under a key that says so, found again in text that does not.

use std::collections::{BTreeSet, HashMap};

use super::found::{Found, What};
use super::stand_in::{StandIns, is_number, is_one};
use crate::capture::pseudonym::words::lists::NO_NAMES;

/// Shorter words mean something else too often.
const NAME_CHARS_MIN: usize = 3;
const NAME_CHARS_MAX: usize = 64;
/// More people than this have no names that are worth looking for.
const NAMES_MAX: usize = 100_000;
/// Names that begin with the same word, of which each occurrence may be any.
const PHRASES_MAX: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// In lowercase, with the spelling that was learnt, which has the stand-in; and of those, which are things.
    words: HashMap<String, String>,
    things: HashMap<String, String>,
    /// Names of several words, by the first.
    phrases: HashMap<String, BTreeSet<String>>,
}

impl Learnt {
    pub(super) fn len(&self) -> usize {
        self.words.len() + self.things.len()
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.words.contains_key(&word.to_lowercase())
    }

    /// Takes a name, its words, and the beginning of a mail address.
    pub(super) fn add(&mut self, name: &str) {
        let name = name.trim();
        let name = name.split_once('@').map_or(name, |(local, _)| local);
        if name.chars().count() > NAME_CHARS_MAX || self.words.len() >= NAMES_MAX || is_one(name) {
            return;
        }
        let mut parts = name.split_whitespace();
        if let (Some(first), true) = (parts.next(), parts.next().is_some()) {
            let phrases = self.phrases.entry(first.to_lowercase()).or_default();
            if phrases.len() < PHRASES_MAX {
                phrases.insert(name.to_owned());
            }
            name.split_whitespace().for_each(|part| self.add_word(part));
        } else {
            self.add_word(name);
        }
    }

    /// Takes the name of a vehicle or device, which has a number in it.
    pub(super) fn add_thing(&mut self, name: &str) {
        const THING_CHARS_MIN: usize = 5;
        let has = |is: fn(char) -> bool| name.chars().any(is);
        let is_name = has(char::is_alphabetic)
            && has(|c| c.is_ascii_digit())
            && name.chars().all(is_part)
            && (THING_CHARS_MIN..=NAME_CHARS_MAX).contains(&name.chars().count());
        if is_name && !is_one(name) && self.things.len() < NAMES_MAX {
            let lower = name.to_lowercase();
            self.things.entry(lower).or_insert_with(|| name.to_owned());
        }
    }

    fn add_word(&mut self, word: &str) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let lower = word.to_lowercase();
        let is_name = word.chars().any(char::is_alphabetic)
            && word.chars().all(is_part)
            && word.chars().count() >= NAME_CHARS_MIN
            && !is_number(word)
            && !is_one(word)
            && !NO_NAMES.contains(&&*lower);
        if is_name {
            self.words.entry(lower).or_insert_with(|| word.to_owned());
        }
    }

    /// Where they stand in `text` as whole words, in any letter case.
    pub(super) fn spot(&self, text: &str, names: &StandIns, found: &mut Vec<Found>) {
        if self.len() == 0 && self.phrases.is_empty() {
            return;
        }
        let (mut at, mut until) = (0, 0);
        for run in text.split(|c| !is_part(c)) {
            let start = at + (run.len() - run.trim_start_matches(is_mark).len());
            at += run.len();
            at += text[at..].chars().next().map_or(0, char::len_utf8);
            let run = run.trim_matches(is_mark);
            if run.is_empty() || start < until {
                continue;
            }
            let whole = self.one(text, start, run, names, found);
            until = whole.unwrap_or(until);
            if whole.is_none() && run.contains(is_mark) {
                let mut from = start;
                for part in run.split(is_mark) {
                    until = self.one(text, from, part, names, found).unwrap_or(until);
                    from += part.len();
                    from += text[from..].chars().next().map_or(0, char::len_utf8);
                }
            }
        }
    }

    /// Where the name ends that begins at `start`, if one does.
    fn one(
        &self,
        text: &str,
        start: usize,
        word: &str,
        names: &StandIns,
        found: &mut Vec<Found>,
    ) -> Option<usize> {
        let lower = word.to_lowercase();
        if let Some(thing) = self.things.get(&lower) {
            let range = start..start + word.len();
            found.push(Found {
                value: Some(thing.clone()),
                ..Found::new(range.clone(), What::Thing, names.thing(thing))
            });
            return Some(range.end);
        }
        let rest = &text[start..];
        let phrase = self.phrases.get(&lower).and_then(|phrases| {
            let is_here = |it: &&String| {
                let here = rest.get(..it.len());
                let is_whole = rest
                    .get(it.len()..)
                    .is_some_and(|it| !it.starts_with(char::is_alphanumeric));
                is_whole && here.is_some_and(|here| here.eq_ignore_ascii_case(it))
            };
            phrases.iter().filter(is_here).max_by_key(|it| it.len())
        });
        let known = phrase.or_else(|| self.words.get(&lower));
        let known = known?;
        let end = start
            + if phrase.is_some() {
                known.len()
            } else {
                word.len()
            };
        found.push(Found {
            value: Some(known.clone()),
            ..Found::new(start..end, What::Name, names.user(known))
        });
        Some(end)
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_whole_words() {
        let names = StandIns::new(b"a key for tests!").unwrap();
        let mut learnt = Learnt::default();
        for name in [
            "Ada Lovelace",
            "bob.miller@firm.example",
            "error",
            "Al",
            "4711",
        ] {
            learnt.add(name);
        }
        for (text, whole) in [
            ("hello ada lovelace!", &["ada lovelace"][..]),
            ("Ada's car, LOVELACE", &["Ada", "LOVELACE"]),
            ("/home/bob.miller/x bob", &["bob.miller"]),
            ("adapter error Al 4711 adalovelace", &[]),
            ("ada-iphone-12", &["ada"]),
            ("é ada", &["ada"]),
        ] {
            let mut found = Vec::new();
            learnt.spot(text, &names, &mut found);
            let told: Vec<_> = found.iter().map(|it| &text[it.range.clone()]).collect();
            assert_eq!(told, whole, "{text}");
        }
    }
}
