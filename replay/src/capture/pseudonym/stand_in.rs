//! Stand-ins of one form each: a keyed hash, written as what it stands for, and known as a stand-in without the key.
//!
//! What has a form of its own (UUIDs, identifiers of AWS, numbers) carries a checksum that anybody can compute; the
//! others have a beginning or a range that nothing else has. No stand-in keeps a word of the original.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::capture::pseudonym::words::lists::DISPOSABLE;

/// A shorter key could be guessed.
pub(crate) const KEY_BYTES_MIN: usize = 16;

/// What stands in place of a secret.
pub(super) const REMOVED: &str = "REMOVED";
/// In place of a token in three parts: its form is what a rule looks for.
pub(super) const REMOVED_JWT: &str = "eyJSRU1PVkVE.eyJSRU1PVkVE.REMOVED";

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
    Mac,
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

    /// Of a number a number, so that it is the same whether quoted or not.
    pub(super) fn user(&self, text: &str) -> String {
        match is_number(text) {
            true => self.number(Kind::User, text),
            false => format!("user_{}", mark(self.hash(Kind::User, text))),
        }
    }

    /// As [`Self::user`]. Where the letter case of vehicle numbers differs, they are the same.
    pub(super) fn thing(&self, text: &str) -> String {
        match is_number(text) {
            true => self.number(Kind::Thing, text),
            false => format!("id_{}", mark(self.hash(Kind::Thing, &text.to_uppercase()))),
        }
    }

    /// Fifteen digits, which are exact in any reader of JSON: 9, twelve, and a checksum.
    pub(super) fn number(&self, kind: Kind, text: &str) -> String {
        let bare = text.trim_start_matches('0');
        with_checksum(9_000_000_000_000 + (self.hash(kind, bare) % 1_000_000_000_000) as u64)
    }

    /// One domain stays one domain. Only those that [`DISPOSABLE`] names stay.
    pub(super) fn email(&self, text: &str) -> String {
        let text = text.to_lowercase();
        let user = mark(self.hash(Kind::Email, &text));
        let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
        if DISPOSABLE.contains(&domain) {
            return format!("user_{user}@{domain}");
        }
        let domain = hex(self.hash(Kind::Domain, domain), 8);
        format!("user_{user}@d-{domain}.example")
    }

    /// In the country code 999, which nobody has; of the digits alone, however they are grouped.
    pub(super) fn phone(&self, text: &str) -> String {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let bare = digits.trim_start_matches('0');
        format!("+999{:09}", self.hash(Kind::Phone, bare) % 1_000_000_000)
    }

    /// Twelve digits: 99, eight, and a checksum.
    pub(super) fn account(&self, text: &str) -> String {
        with_checksum(9_900_000_000 + (self.hash(Kind::Account, text) % 100_000_000) as u64)
    }

    /// Administered locally, and with a checksum as its last part.
    pub(super) fn mac(&self, text: &str) -> String {
        let bare = |c: &char| c.is_ascii_hexdigit();
        let digits: String = text.to_lowercase().chars().filter(bare).collect();
        let hash = hex(self.hash(Kind::Mac, &digits), 8);
        let digits = format!("02{hash}{:02x}", checksum(&hash) & 0xFF);
        let mut digits = digits.chars();
        text.chars()
            .map(|c| match bare(&c) {
                true => digits.next().unwrap_or('0'),
                false => c,
            })
            .collect()
    }

    /// The version and variant, dashes and letter case stay; the last four digits are a checksum.
    pub(super) fn uuid(&self, text: &str) -> String {
        let mut digits: Vec<char> = hex(self.hash(Kind::Uuid, &text.to_lowercase()), 28)
            .chars()
            .collect();
        let written: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
        for at in [12, 16] {
            digits[at] = written[at].to_ascii_lowercase();
        }
        digits.extend(checksum_of(&digits).chars());
        let is_upper = text.bytes().any(|b| b.is_ascii_uppercase());
        let mut digits = digits.into_iter();
        text.chars()
            .map(|c| match (c, is_upper) {
                ('-', _) => c,
                (_, true) => digits.next().unwrap_or('0').to_ascii_uppercase(),
                (_, false) => digits.next().unwrap_or('0'),
            })
            .collect()
    }

    /// An identifier such as `AKIA…` or `AROA…`: the prefix tells what it is, and stays. The last four are a checksum.
    pub(super) fn principal(&self, text: &str) -> String {
        let (prefix, rest) = text.split_at(4);
        let hash = self.hash(Kind::Principal, text);
        let random = base32(hash, rest.len().saturating_sub(4));
        let end = base32(checksum(&random).into(), rest.len().min(4));
        format!("{prefix}{random}{end}")
    }
}

/// Whether it is what [`StandIns`] makes, or what stands for a secret. Addresses are told by their ranges.
pub(super) fn is_one(text: &str) -> bool {
    let is_hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_user = |text: &str| text.strip_prefix("user_").is_some_and(|it| is_hex(it, 12));
    let is_domain = |text: &str| {
        let label = text
            .strip_prefix("d-")
            .and_then(|it| it.strip_suffix(".example"));
        label.is_some_and(|it| is_hex(it, 8)) || DISPOSABLE.contains(&text)
    };
    let is_header = |text: &str| {
        text.split_once(' ')
            .is_some_and(|(_, it)| matches!(it, REMOVED | REMOVED_JWT))
    };
    let spelt = text.replace("%40", "@");
    let is_mail = spelt
        .split_once('@')
        .is_some_and(|(user, domain)| is_user(user) && is_domain(domain));
    let is_phone = text
        .trim_start_matches(['+', '%', '2', 'B'])
        .strip_prefix("999");
    is_user(text)
        || is_mail
        || is_header(text)
        || matches!(text, REMOVED | REMOVED_JWT | "0" | "0.0,0.0")
        || text.strip_prefix("id_").is_some_and(|it| is_hex(it, 12))
        || is_phone.is_some_and(|it| it.len() == 9 && is_number(it))
        || is_number(text)
            && matches!((text.len(), text.get(..2)), (12, Some("99")) | (15, _))
            && has_checksum(text)
        || has_form(text)
}

/// UUIDs, identifiers of AWS and addresses of network cards.
fn has_form(text: &str) -> bool {
    let lower = text.to_lowercase();
    let digits: Vec<char> = lower.chars().filter(char::is_ascii_hexdigit).collect();
    let own: String = digits.iter().collect();
    let is_uuid = text.len() == 36 && digits.len() == 32 && own[28..] == checksum_of(&digits[..28]);
    let is_mac = text.len() == 17
        && own.len() == 12
        && own.starts_with("02")
        && own[10..] == format!("{:02x}", checksum(&own[2..10]) & 0xFF);
    let is_principal = text.len() >= 16 && text.starts_with('A') && text.is_ascii() && {
        let (random, end) = text[4..].split_at(text.len() - 8);
        end == base32(checksum(random).into(), 4)
    };
    is_uuid || is_mac || is_principal
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn with_checksum(number: u64) -> String {
    format!("{number}{:02}", number % 97)
}

fn has_checksum(text: &str) -> bool {
    let (number, check) = text.split_at(text.len() - 2);
    number
        .parse()
        .is_ok_and(|it: u64| format!("{:02}", it % 97) == check)
}

/// FNV-1a: nobody is kept out, nothing is hidden.
fn checksum(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix) >> 16
}

fn checksum_of(digits: &[char]) -> String {
    let text: String = digits.iter().collect();
    format!("{:04x}", checksum(&text) & 0xFFFF)
}

fn base32(mut number: u128, digits: usize) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digit = |_| {
        let digit = DIGITS[(number % 32) as usize];
        number /= 32;
        char::from(digit)
    };
    (0..digits).map(digit).collect()
}

/// Twelve hexadecimal digits, of which the first is a letter: twelve others are the number of an account.
fn mark(hash: u128) -> String {
    let letter = char::from(b"abcdef"[(hash >> 64) as usize % 6]);
    format!("{letter}{}", hex(hash, 11))
}

/// The last `digits` hexadecimal digits, at most 32.
fn hex(number: u128, digits: usize) -> String {
    let mut text = String::with_capacity(32);
    let _ = write!(text, "{number:032x}");
    text.split_off(32 - digits.min(32))
}
