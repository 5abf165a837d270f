//! Stand-ins for what identifies people and places in logs: equal values stay equal, forms stay forms, and rules still
//! hit. Secrets are removed.
//!
//! A stand-in is a keyed hash (HMAC-SHA-256) of the value: without the key nobody can compute it, with it everybody can
//! try candidates. What is exchanged is told by the name of its key and by its form; see `replay capture --help`.

mod name; // what a value is, by its key
mod stand_in; // keyed hashes in the form of what they stand for
mod address; // IP addresses, prefixes kept together
mod form; // what text holds, by its form

use crate::rewrite::{Rewrite, Scalar};
use form::Forms;
use name::Meaning;
use stand_in::{Kind, StandIns};

pub(crate) use stand_in::KEY_BYTES_MIN;

pub(crate) struct Pseudonyms {
    stand_ins: StandIns,
    forms: Forms,
    /// What `name` said of the `value` that follows it, in `{"name": …, "value": …}`.
    named: Option<Meaning>,
}

impl Pseudonyms {
    /// `None` if the key has fewer than [`KEY_BYTES_MIN`] bytes.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        Some(Self {
            stand_ins: StandIns::new(key)?,
            forms: Forms::new(),
            named: None,
        })
    }

    /// Tells keys apart and gives none away.
    pub(crate) fn fingerprint(&self) -> String {
        self.stand_ins.fingerprint()
    }

    /// Everything that can be told by form, anywhere in the text.
    fn text(&self, text: &str) -> Option<String> {
        self.forms.replaced(text, &self.stand_ins)
    }

    /// Under the key of a user or thing, numbers are names, too.
    fn number(&self, meaning: Meaning, token: &str) -> Option<String> {
        let is_whole = token.bytes().all(|b| b.is_ascii_digit());
        let digits = |kind| {
            // Fifteen digits are exact in any reader of JSON.
            let number = self.stand_ins.hash(kind, token) % 1_000_000_000_000_000;
            Some(number.to_string())
        };
        match meaning {
            Meaning::Secret => Some("0".into()),
            Meaning::User if is_whole => digits(Kind::User),
            Meaning::Thing if is_whole => digits(Kind::Thing),
            Meaning::Account if is_whole && token.len() == 12 => {
                let number = self.stand_ins.hash(Kind::Account, token) % 1_000_000_000_000;
                Some(number.to_string())
            }
            _ => None,
        }
    }
}

impl Rewrite for Pseudonyms {
    fn scalar(&mut self, key: &str, value: Scalar<'_>) -> Option<String> {
        let named = self.named.take();
        let meaning = match (key, value) {
            ("value" | "Value", _) => named.unwrap_or(Meaning::Nothing),
            ("name" | "Name", Scalar::Text(text)) => {
                self.named = Some(Meaning::of(text));
                Meaning::Nothing
            }
            _ => Meaning::of(key),
        };
        match value {
            Scalar::Text(text) => self.forms.value(meaning, text, &self.stand_ins),
            Scalar::Number(token) => self.number(meaning, token),
        }
    }

    fn prose(&mut self, text: &str) -> Option<String> {
        self.text(text)
    }

    fn looks_into(&self, key: &str) -> bool {
        Meaning::of(key) != Meaning::Secret
    }
}

#[cfg(test)]
mod tests;
