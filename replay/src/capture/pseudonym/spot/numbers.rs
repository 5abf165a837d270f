//! Numbers that are somebody's, told by their form: of telephones, cards, accounts, vehicles, network cards.

use std::sync::LazyLock;

use regex::Regex;

use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::stand_in::StandIns;

fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("the expression is well formed")
}

static PHONE: LazyLock<Regex> = LazyLock::new(|| regex(r"\+\(?[1-9](?:[ ./()-]{0,2}\d){7,14}"));
/// Digits with single spaces or dashes between them, as on cards.
static CARD: LazyLock<Regex> = LazyLock::new(|| regex(r"\d(?:[ -]?\d){12,}"));
static IBAN: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?-u:\b)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?-u:\b)")
});
static VIN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?-u:\b)[A-HJ-NPR-Za-hj-npr-z0-9]{13}\d{4}(?-u:\b)"));
static MAC: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?-u:\b)(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?-u:\b)|(?-u:\b)(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}(?-u:\b)",
    )
});
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| regex(r"\d{12,}"));

/// A number of a telephone without its country, behind a word for one.
static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?-u:\b)(?:tel|phone|telefon|mobile?|handy|fax|call(?:ed|ing)?)(?-u:\b)\.?:?\s?(\+?\(?\d(?:[ ./()-]{0,2}\d){6,14})",
    )
});
/// Latitude and longitude, to ten metres at least.
static POINT: LazyLock<Regex> = LazyLock::new(|| regex(r"-?\d{1,3}\.\d{4,},\s?-?\d{1,3}\.\d{4,}"));

pub(in crate::capture::pseudonym) fn spot(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let follows = |end: usize, is: fn(&u8) -> bool| bytes.get(end).is_some_and(is);
    let comes_after =
        |start: usize, is: fn(&u8) -> bool| start.checked_sub(1).is_some_and(|at| is(&bytes[at]));
    for one in CARD.find_iter(text) {
        cards(one.as_str(), one.start(), found);
    }
    let mut add = |range, what, with| found.push(Found::new(range, what, with));
    for one in PHONE.find_iter(text) {
        if !follows(one.end(), u8::is_ascii_digit)
            && !comes_after(one.start(), u8::is_ascii_alphanumeric)
        {
            add(one.range(), What::Phone, names.phone(one.as_str()));
        }
    }
    for one in IBAN.find_iter(text) {
        // What follows may be taken for a part of it.
        let ends = one.as_str().match_indices(' ').map(|(at, _)| at).rev();
        let mut ends = std::iter::once(one.len()).chain(ends);
        if let Some(end) = ends.find(|end| is_iban(&one.as_str()[..*end])) {
            found.push(Found::secret(one.start()..one.start() + end));
        }
    }
    let mut add = |range, what, with| found.push(Found::new(range, what, with));
    for one in CALLED.captures_iter(text).filter_map(|all| all.get(1)) {
        add(one.range(), What::Phone, names.phone(one.as_str()));
    }
    for one in POINT.find_iter(text) {
        add(one.range(), What::Place, "0.0,0.0".into());
    }
    for one in VIN.find_iter(text) {
        if is_vin(one.as_str()) {
            add(one.range(), What::Thing, names.thing(one.as_str()));
        }
    }
    for one in MAC.find_iter(text) {
        if !one.as_str().starts_with("00:00:00:00:00:00") {
            add(one.range(), What::Thing, names.mac(one.as_str()));
        }
    }
    for one in ACCOUNT.find_iter(text) {
        let is_after_dot = comes_after(one.start(), |b| *b == b'.' || b.is_ascii_alphanumeric());
        let goes_on = matches!(&bytes[one.end()..], [b'.', digit, ..] if digit.is_ascii_digit());
        let is_joined = is_after_dot || goes_on || follows(one.end(), u8::is_ascii_alphanumeric);
        if one.len() == 12 && !is_joined {
            add(one.range(), What::Account, names.account(one.as_str()));
        }
    }
}

/// The cards in a run of digits, which other numbers may stand in beside them.
fn cards(run: &str, start: usize, found: &mut Vec<Found>) {
    const GROUPS_MAX: usize = 5;
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    for group in run.split([' ', '-']) {
        let from = groups.last().map_or(0, |last| last.end + 1);
        groups.push(from..from + group.len());
    }
    for first in 0..groups.len() {
        for last in first..groups.len().min(first + GROUPS_MAX) {
            let range = groups[first].start..groups[last].end;
            if is_card(&run[range.clone()]) {
                found.push(Found::secret(start + range.start..start + range.end));
            }
        }
    }
}

/// By the numbers that issuers have, and the digit that checks the others.
pub(in crate::capture::pseudonym) fn is_card(text: &str) -> bool {
    // With all its separators, one of 19 digits has 23 characters.
    if text.len() > 23 {
        return false;
    }
    let digits: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|b| b - b'0')
        .collect();
    let first = digits
        .iter()
        .take(4)
        .fold(0, |sum, digit| sum * 10 + u32::from(*digit));
    let is_issued = match digits.len() {
        13 | 19 => first / 1000 == 4,
        14 => matches!(first / 100, 30 | 36 | 38),
        15 => matches!(first / 100, 34 | 37),
        16 => {
            matches!(first, 2221..=2720 | 3500..=3599 | 4000..=4999 | 5100..=5599 | 6011 | 6440..=6599)
        }
        _ => false,
    };
    let double = |(at, digit): (usize, &u8)| match at % 2 {
        0 => u32::from(*digit),
        _ => u32::from(digit * 2 / 10 + digit * 2 % 10),
    };
    is_issued && digits.iter().rev().enumerate().map(double).sum::<u32>() % 10 == 0
}

fn is_iban(text: &str) -> bool {
    let bare: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&bare.len()) {
        return false;
    }
    let value = |rest: u32, byte: &u8| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    };
    bare[4..].iter().chain(&bare[..4]).fold(0, value) == 1
}

/// Letters and digits in the places where makers have them; in America the ninth checks the others.
fn is_vin(text: &str) -> bool {
    let is_one_case = !(text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase()));
    let letters = text
        .bytes()
        .take(11)
        .filter(u8::is_ascii_alphabetic)
        .count();
    let hex = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    is_one_case && letters >= 2 && !hex
}
