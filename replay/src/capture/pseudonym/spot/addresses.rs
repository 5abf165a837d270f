//! Addresses of the network in text, in whatever they stand: after a slash, with a port, in brackets, in the names of
//! hosts, backwards in the names of reverse lookups.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::capture::pseudonym::address::is_special;
use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::stand_in::StandIns;
use crate::capture::pseudonym::words::lists::PRODUCTS;

/// Longer ones are no address.
const V6_BYTES_MAX: usize = 45;

static DASHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{1,3}(?:-\d{1,3}){3,5}").expect("the expression is well formed")
});
static REVERSE_V6: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)((?:[0-9a-f]\.){32})ip6\.arpa").expect("the expression is well formed")
});

/// What was found, and how many versions of products were passed by.
pub(in crate::capture::pseudonym) fn spot(
    text: &str,
    names: &StandIns,
    found: &mut Vec<Found>,
) -> u64 {
    let bytes = text.as_bytes();
    let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let (mut at, mut versions) = (0, 0);
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| is_part(b)).count();
        let run = at..at + length;
        let separators = |byte| {
            memchr::memchr_iter(byte, &bytes[run.clone()])
                .take(3)
                .count()
        };
        if separators(b':') > 1 || separators(b'.') > 2 {
            versions += in_run(text, run, names, found);
        }
        at += length + 1;
    }
    dashed(text, names, found);
    reverse_v6(text, names, found);
    versions
}

/// One run of digits, colons and dots, group by group.
fn in_run(text: &str, run: Range<usize>, names: &StandIns, found: &mut Vec<Found>) -> u64 {
    let bytes = text.as_bytes();
    let (mut at, mut versions) = (run.start, 0);
    while at < run.end {
        if let Some(end) = v6(text, at, &run) {
            if let Ok(address) = text[at..end].parse::<Ipv6Addr>() {
                add(text, at..end, address.into(), names, found);
            }
            at = end;
        } else if let Some((start, parts)) = dotted(text, at, &run) {
            // Those of programs that look like addresses have a zero as their second part.
            let is_version = is_version(text, start, &text[parts[1].clone()]);
            versions += u64::from(is_version);
            // Numbers of objects begin so, and have more parts than an address and a port.
            let is_oid = parts.len() > 5 && bytes[start] < b'3' && parts[0].len() == 1;
            for part in parts.chunks_exact(4) {
                let range = part[0].start..part[3].end;
                // `077.088.021.009` is written so that columns align.
                let octet = |it: &Range<usize>| text[it.clone()].parse::<u8>();
                let octets: Result<Vec<u8>, _> = part.iter().map(octet).collect();
                if let (false, Ok([a, b, c, d])) = (is_version || is_oid, octets.as_deref()) {
                    add(
                        text,
                        range,
                        Ipv4Addr::new(*a, *b, *c, *d).into(),
                        names,
                        found,
                    );
                }
            }
            at = parts.last().map_or(run.end, |last| last.end);
        }
        // On to the next group.
        let separator = bytes[at..run.end]
            .iter()
            .position(|b| matches!(b, b':' | b'.'));
        let Some(separator) = separator else { break };
        let is_double = bytes[at + separator..run.end].starts_with(b"::");
        at += separator + usize::from(!(is_double && separator > 0));
    }
    versions
}

fn add(text: &str, range: Range<usize>, address: IpAddr, names: &StandIns, found: &mut Vec<Found>) {
    if is_special(address) {
        return;
    }
    let rest = &text[range.end..];
    const REVERSE: &str = ".in-addr.arpa";
    let is_reverse = rest
        .get(..REVERSE.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(REVERSE));
    let turned = |it: IpAddr| match it {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits().swap_bytes()).into(),
        IpAddr::V6(_) => it,
    };
    let (with, value) = match is_reverse {
        true => (
            turned(names.address(turned(address))),
            Some(turned(address).to_string()),
        ),
        false => (network(rest, address, names.address(address)), None),
    };
    found.push(Found {
        value,
        ..Found::new(range, What::Address, with.to_string())
    });
}

/// `stand_in` without the bits of hosts, where `address` is a network: `/24` follows, and no bit behind it is set.
fn network(rest: &str, address: IpAddr, stand_in: IpAddr) -> IpAddr {
    let digits = rest.strip_prefix('/').unwrap_or_default();
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let Some(length) = digits.get(..length).and_then(|it| it.parse::<u32>().ok()) else {
        return stand_in;
    };
    match (address, stand_in) {
        (IpAddr::V4(v4), IpAddr::V4(other)) if length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let is_network = v4.to_bits() & !mask == 0;
            if is_network {
                Ipv4Addr::from_bits(other.to_bits() & mask).into()
            } else {
                stand_in
            }
        }
        (IpAddr::V6(v6), IpAddr::V6(other)) if length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let is_network = v6.to_bits() & !mask == 0;
            if is_network {
                Ipv6Addr::from_bits(other.to_bits() & mask).into()
            } else {
                stand_in
            }
        }
        _ => stand_in,
    }
}

/// Where the longest IPv6 address ends that begins at `at`, with nothing joined to it.
fn v6(text: &str, at: usize, run: &Range<usize>) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_word = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let end_max = run.end.min(at + V6_BYTES_MAX);
    let is_end = |end: &usize| *end == run.end || matches!(bytes[*end], b':' | b'.');
    let mut ends = (at + 2..=end_max).rev().filter(is_end);
    let end = ends.find(|end| text[at..*end].parse::<Ipv6Addr>().is_ok())?;
    let written = &text[at..end];
    let numbers = written
        .split(':')
        .filter(|it| it.bytes().any(|b| b.is_ascii_digit()));
    let is_joined = at.checked_sub(1).is_some_and(is_word) || end == run.end && is_word(end);
    // `io::fe` is a path of a program, and a letter beside four groups of digits is nothing.
    (!is_joined || numbers.count() > 3).then_some(end)
}

/// The numbers with dots between them that begin at `at`, if there are four at least, and where they begin.
fn dotted(text: &str, at: usize, run: &Range<usize>) -> Option<(usize, Vec<Range<usize>>)> {
    let bytes = text.as_bytes();
    let letters = bytes[at..run.end]
        .iter()
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let start = at + letters;
    let mut parts = Vec::new();
    let mut next = start;
    loop {
        let digits = bytes[next..run.end]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let is_octet = (1..=3).contains(&digits) && text[next..next + digits].parse::<u8>().is_ok();
        // The last may be the number of a port.
        if !(is_octet || parts.len() == 4 && (1..=5).contains(&digits)) {
            break;
        }
        parts.push(next..next + digits);
        next += digits;
        if bytes.get(next) != Some(&b'.') {
            break;
        }
        next += 1;
    }
    (parts.len() >= 4).then_some((start, parts))
}

/// `Chrome/136.0.0.0` and `v1.2.3.4`, but no other word.
fn is_version(text: &str, start: usize, second: &str) -> bool {
    const WORD_BYTES_MAX: usize = 32;
    let before = &text.as_bytes()[..start];
    let (is_after_slash, before) = match before {
        [word @ .., b'/'] => (true, word),
        _ => (false, before),
    };
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let length = before
        .iter()
        .rev()
        .take(WORD_BYTES_MAX)
        .take_while(is_part)
        .count();
    let word = String::from_utf8_lossy(&before[before.len() - length..]).to_lowercase();
    match is_after_slash {
        true => second == "0" && (PRODUCTS.contains(&&*word) || word.starts_with("aws-sdk-")),
        false => matches!(&*word, "v" | "r"),
    }
}

/// `ip-10-0-0-1`, `ec2-3-120-5-6.eu-central-1.compute.amazonaws.com`, `81-2-69-144.provider.example`
fn dashed(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    for one in DASHED.find_iter(text) {
        let mut one = one.range();
        let before = |start: usize| &text.as_bytes()[..start];
        // `ec2-81-2-69-144`: the first number belongs to a word.
        let is_in_word = before(one.start)
            .last()
            .is_some_and(u8::is_ascii_alphabetic);
        if is_in_word {
            one.start += text[one.clone()].find('-').map_or(0, |at| at + 1);
        }
        let groups = text[one.clone()].match_indices('-').nth(3);
        one.end = groups.map_or(one.end, |(at, _)| one.start + at);
        let (before, after) = (before(one.start), &text.as_bytes()[one.end..]);
        let is_joined = before.last().is_some_and(u8::is_ascii_digit)
            || after.first().is_some_and(u8::is_ascii_digit);
        let is_host = is_in_word
            || matches!(before, [.., letter, b'-' | b'.'] if letter.is_ascii_alphabetic())
            || matches!(after, [b'.' | b'-', letter, ..] if letter.is_ascii_alphabetic());
        let address = text[one.clone()].replace('-', ".").parse::<Ipv4Addr>();
        if let (false, true, Ok(address)) = (is_joined, is_host, address)
            && !is_special(address.into())
        {
            let with = names.address(address.into()).to_string().replace('.', "-");
            let value = Some(address.to_string());
            found.push(Found {
                value,
                ..Found::new(one, What::Address, with)
            });
        }
    }
}

/// `1.0.…​.8.b.d.0.1.0.0.2.ip6.arpa`
fn reverse_v6(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    for all in REVERSE_V6.captures_iter(text) {
        let Some(digits) = all.get(1) else { continue };
        let forward: String = digits
            .as_str()
            .chars()
            .rev()
            .filter(|c| *c != '.')
            .collect();
        let Ok(bits) = u128::from_str_radix(&forward, 16) else {
            continue;
        };
        let IpAddr::V6(with) = names.address(Ipv6Addr::from_bits(bits).into()) else {
            continue;
        };
        let with: String = format!("{:032x}", with.to_bits())
            .chars()
            .rev()
            .flat_map(|c| [c, '.'])
            .collect();
        let value = Some(Ipv6Addr::from_bits(bits).to_string());
        found.push(Found {
            value,
            ..Found::new(digits.range(), What::Address, with)
        });
    }
}

/// The stand-in for an IPv4 address as one number, or in octal or hexadecimal ones: only a key tells that it is one.
pub(in crate::capture::pseudonym) fn in_odd_notation(
    text: &str,
    names: &StandIns,
) -> Option<String> {
    let number = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    };
    let parts: Option<Vec<u32>> = text.split('.').take(5).map(number).collect();
    let address = match parts?[..] {
        [whole] if whole > 0x00FF_FFFF => Ipv4Addr::from_bits(whole),
        [a, b, c, d] => {
            let octet = |it: u32| u8::try_from(it).ok();
            Ipv4Addr::new(octet(a)?, octet(b)?, octet(c)?, octet(d)?)
        }
        _ => return None,
    };
    let IpAddr::V4(with) = names.address(address.into()) else {
        return None;
    };
    match text.bytes().all(|b| b.is_ascii_digit()) {
        true => Some(with.to_bits().to_string()),
        false => Some(with.to_string()),
    }
}
