//! Stand-ins for what identifies people and places in logs: equal values stay equal, forms stay forms, and rules still
//! hit. Secrets are removed.
//!
//! A stand-in is a keyed hash (HMAC-SHA-256) of the value: without the key nobody can compute it, with it everybody can
//! try candidates. What is exchanged is told by the name of its key and by its form; see `replay capture --help`.

mod address; // IP addresses, prefixes kept together
mod form; // what text holds, by its form
mod name; // what a value is, by its key

use std::fmt::Write as _;
use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::rewrite::{Rewrite, Scalar};
use form::Forms;
use name::Meaning;

/// What stands in place of a secret.
pub(crate) const REMOVED: &str = "REMOVED";

/// A shorter key could be guessed.
pub(crate) const KEY_BYTES_MIN: usize = 16;

/// Values that name nobody and on which rules rely.
const KEPT: [&str; 5] = [
    "",
    "-",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "Anonymous",
    "unknown",
];

/// Domains at which anybody gets a mail address, for good or for minutes.
const PUBLIC_MAIL: [&str; 27] = [
    "10minutemail.com",
    "aol.com",
    "dispostable.com",
    "fastmail.com",
    "getnada.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "guerrillamail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "maildrop.cc",
    "mailinator.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "sharklasers.com",
    "temp-mail.org",
    "tempmail.dev",
    "throwawaymail.com",
    "trashmail.com",
    "web.de",
    "yahoo.com",
    "yopmail.com",
];

pub(crate) struct Pseudonyms {
    mac: Hmac<Sha256>,
    forms: Forms,
    /// What `name` said of the `value` that follows it, in `{"name": …, "value": …}`.
    named: Option<Meaning>,
}

/// What a value stands for, so that a number that is both gives two stand-ins.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Fingerprint,
    User,
    Email,
    Domain,
    Phone,
    Account,
    Uuid,
    Principal,
    Thing,
    Address,
}

impl Pseudonyms {
    /// `None` if the key has fewer than [`KEY_BYTES_MIN`] bytes.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        let mac = Hmac::new_from_slice(key).ok()?;
        (key.len() >= KEY_BYTES_MIN).then(|| Self {
            mac,
            forms: Forms::new(),
            named: None,
        })
    }

    /// Tells keys apart and gives none away.
    pub(crate) fn fingerprint(&self) -> String {
        hex(self.hash(Kind::Fingerprint, "key"), 16)
    }

    fn hash(&self, kind: Kind, value: &str) -> u128 {
        let mut mac = self.mac.clone();
        mac.update(&[kind as u8]);
        mac.update(value.as_bytes());
        let bytes = mac.finalize().into_bytes();
        u128::from_be_bytes(*bytes.first_chunk().expect("SHA-256 has 32 bytes"))
    }

    fn value(&self, meaning: Meaning, text: &str) -> Option<String> {
        if KEPT.contains(&text) {
            return None;
        }
        match meaning {
            Meaning::Secret => Some(REMOVED.into()),
            // A user known by mail address or identifier has the same stand-in where nothing tells it is a user.
            _ if self.is_told_by_form(text) => self.text(text),
            Meaning::User if text.ends_with(".amazonaws.com") => None,
            Meaning::User => Some(self.user(text)),
            Meaning::Thing => Some(self.thing(text)),
            Meaning::Account | Meaning::Nothing => self.text(text),
        }
    }

    fn is_told_by_form(&self, text: &str) -> bool {
        text.parse::<IpAddr>().is_ok() || text.starts_with("arn:") || self.forms.is_one(text)
    }

    /// Everything that can be told by form, anywhere in the text.
    fn text(&self, text: &str) -> Option<String> {
        self.forms.replaced(text, self)
    }

    fn user(&self, text: &str) -> String {
        format!("user-{}", hex(self.hash(Kind::User, text), 12))
    }

    /// Keeps a prefix: `veh-1` becomes `veh-3f…`.
    fn thing(&self, text: &str) -> String {
        let prefix = text.split_once('-').map_or("", |(prefix, _)| prefix);
        let is_word = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_alphabetic());
        let prefix = if is_word { prefix } else { "id" };
        format!("{prefix}-{}", hex(self.hash(Kind::Thing, text), 12))
    }

    /// One domain stays one domain; that of a public provider is kept, since it names nobody and rules rely on it.
    fn email(&self, text: &str) -> String {
        let text = text.to_lowercase();
        let user = hex(self.hash(Kind::Email, &text), 12);
        let domain = text.split_once('@').map_or("", |(_, domain)| domain);
        if PUBLIC_MAIL.contains(&domain) {
            return format!("user-{user}@{domain}");
        }
        let domain = hex(self.hash(Kind::Domain, domain), 8);
        format!("user-{user}@d-{domain}.example")
    }

    /// In the country code 999, which nobody has.
    fn phone(&self, text: &str) -> String {
        format!("+999{:09}", self.hash(Kind::Phone, text) % 1_000_000_000)
    }

    fn account(&self, text: &str) -> String {
        format!("{:012}", self.hash(Kind::Account, text) % 1_000_000_000_000)
    }

    /// The version and variant, dashes and letter case stay.
    fn uuid(&self, text: &str) -> String {
        let digits = hex(self.hash(Kind::Uuid, &text.to_lowercase()), 32);
        let is_upper = text.bytes().any(|b| b.is_ascii_uppercase());
        let mut digits = digits.chars();
        text.char_indices()
            .map(|(at, c)| match at {
                8 | 13 | 14 | 18 | 19 | 23 => {
                    if c != '-' {
                        digits.next();
                    }
                    c
                }
                _ => {
                    let digit = digits.next().unwrap_or('0');
                    if is_upper {
                        digit.to_ascii_uppercase()
                    } else {
                        digit
                    }
                }
            })
            .collect()
    }

    /// An identifier such as `AKIA…` or `AROA…`: the prefix tells what it is, and stays.
    fn principal(&self, text: &str) -> String {
        const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let (prefix, rest) = text.split_at(4);
        let mut hash = self.hash(Kind::Principal, text);
        let digit = |_| {
            let digit = DIGITS[(hash % 32) as usize];
            hash /= 32;
            char::from(digit)
        };
        let digits: String = rest.chars().map(digit).collect();
        format!("{prefix}{digits}")
    }

    /// Under the key of a user or thing, numbers are names, too.
    fn number(&self, meaning: Meaning, token: &str) -> Option<String> {
        let is_whole = token.bytes().all(|b| b.is_ascii_digit());
        let digits = |kind| {
            // Fifteen digits are exact in any reader of JSON.
            let number = self.hash(kind, token) % 1_000_000_000_000_000;
            Some(number.to_string())
        };
        match meaning {
            Meaning::Secret => Some("0".into()),
            Meaning::User if is_whole => digits(Kind::User),
            Meaning::Thing if is_whole => digits(Kind::Thing),
            Meaning::Account if is_whole && token.len() == 12 => {
                let number = self.hash(Kind::Account, token) % 1_000_000_000_000;
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
            Scalar::Text(text) => self.value(meaning, text),
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

/// The last `digits` hexadecimal digits, at most 32.
fn hex(number: u128, digits: usize) -> String {
    let mut text = String::with_capacity(32);
    let _ = write!(text, "{number:032x}");
    text.split_off(32 - digits.min(32))
}

#[cfg(test)]
mod tests;
