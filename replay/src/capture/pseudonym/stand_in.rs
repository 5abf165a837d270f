//! Stand-ins of one form each: a keyed hash, written as what it stands for.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A shorter key could be guessed.
pub(crate) const KEY_BYTES_MIN: usize = 16;

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

/// What a value stands for, so that a number that is both gives two stand-ins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
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

pub(super) struct StandIns {
    mac: Hmac<Sha256>,
}

impl StandIns {
    /// `None` if the key has fewer than [`KEY_BYTES_MIN`] bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let mac = Hmac::new_from_slice(key).ok()?;
        (key.len() >= KEY_BYTES_MIN).then_some(Self { mac })
    }

    /// Tells keys apart and gives none away.
    pub(super) fn fingerprint(&self) -> String {
        hex(self.hash(Kind::Fingerprint, "key"), 16)
    }

    pub(super) fn hash(&self, kind: Kind, value: &str) -> u128 {
        let mut mac = self.mac.clone();
        mac.update(&[kind as u8]);
        mac.update(value.as_bytes());
        let bytes = mac.finalize().into_bytes();
        u128::from_be_bytes(*bytes.first_chunk().expect("SHA-256 has 32 bytes"))
    }

    pub(super) fn user(&self, text: &str) -> String {
        format!("user-{}", hex(self.hash(Kind::User, text), 12))
    }

    /// Keeps a prefix: `veh-1` becomes `veh-3f…`.
    pub(super) fn thing(&self, text: &str) -> String {
        let prefix = text.split_once('-').map_or("", |(prefix, _)| prefix);
        let is_word = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_alphabetic());
        let prefix = if is_word { prefix } else { "id" };
        format!("{prefix}-{}", hex(self.hash(Kind::Thing, text), 12))
    }

    /// One domain stays one domain; that of a public provider is kept, since it names nobody and rules rely on it.
    pub(super) fn email(&self, text: &str) -> String {
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
    pub(super) fn phone(&self, text: &str) -> String {
        format!("+999{:09}", self.hash(Kind::Phone, text) % 1_000_000_000)
    }

    pub(super) fn account(&self, text: &str) -> String {
        format!("{:012}", self.hash(Kind::Account, text) % 1_000_000_000_000)
    }

    /// The version and variant, dashes and letter case stay.
    pub(super) fn uuid(&self, text: &str) -> String {
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
    pub(super) fn principal(&self, text: &str) -> String {
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
}

/// The last `digits` hexadecimal digits, at most 32.
fn hex(number: u128, digits: usize) -> String {
    let mut text = String::with_capacity(32);
    let _ = write!(text, "{number:032x}");
    text.split_off(32 - digits.min(32))
}
