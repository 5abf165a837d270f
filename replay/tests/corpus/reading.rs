//! What a text can be read as by somebody who tries: escapes undone, packings opened at any place.

use std::collections::BTreeSet;
use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A text and all that it can be read as, to some depth.
fn readings(text: &[u8], depth: u8, seen: &mut BTreeSet<String>) {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let is_new = text.len() > 2 && seen.insert(text.clone());
    if depth == 0 || !is_new {
        return;
    }
    let plain = text
        .replace("\\\\", "\\")
        .replace("\\\"", "\"")
        .replace("\\/", "/")
        .replace("\\n", "\n");
    readings(plain.as_bytes(), depth - 1, seen);
    readings(&percent_decoded(&text), depth - 1, seen);
    readings(unescaped(&text).as_bytes(), depth - 1, seen);
}

/// As [`readings`], of what is packed; this needs the letter case.
fn unpacked(text: &[u8], depth: u8, seen: &mut BTreeSet<String>) {
    readings(text, 4, seen);
    if depth == 0 {
        return;
    }
    let mut content = Vec::new();
    if text.starts_with(&[0x1F, 0x8B]) {
        flate2::read::GzDecoder::new(text)
            .read_to_end(&mut content)
            .unwrap();
        return unpacked(&content, depth - 1, seen);
    }
    let joined = String::from_utf8_lossy(text)
        .replace("\\r\\n", "")
        .replace("\\n", "")
        .replace("\\\"", "\"");
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    for word in joined.split(|c| !is_part(c)).filter(|it| it.len() > 7) {
        if let Some(bytes) = from_hex(word) {
            unpacked(&bytes, depth - 1, seen);
        }
        for begin in 0..4 {
            let word = word[begin..].replace('-', "+").replace('_', "/");
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true);
            let whole = &word[..word.len() - usize::from(word.len() % 4 == 1)];
            let bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(whole);
            if let Ok(bytes) = bytes {
                unpacked(&bytes, depth - 1, seen);
            }
        }
    }
}

fn from_hex(word: &str) -> Option<Vec<u8>> {
    let is_hex = word.len().is_multiple_of(2) && word.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| {
        (0..word.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&word[at..at + 2], 16).unwrap())
            .collect()
    })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let read = part
            .get(..4)
            .and_then(|it| u32::from_str_radix(it, 16).ok())
            .and_then(char::from_u32);
        match read {
            Some(c) => {
                out.push(c);
                out.push_str(&part[4..]);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// What of `values` can still be read in `line`, however it is packed.
pub(crate) fn left_in(line: &str, values: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    unpacked(line.as_bytes(), 4, &mut seen);
    let traces: BTreeSet<String> = values.iter().flat_map(|value| traces(value)).collect();
    let is_left = |trace: &String| seen.iter().any(|it| it.contains(trace.as_str()));
    traces.into_iter().filter(is_left).collect()
}

/// The planted value and its words of some length, and an address as its digits.
fn traces(value: &str) -> Vec<String> {
    let value = value.to_lowercase();
    let mut traces = vec![value.clone()];
    if let Ok(address) = value.parse::<std::net::IpAddr>() {
        if let std::net::IpAddr::V6(v6) = address {
            traces.push(v6.segments().map(|it| format!("{it:04x}")).join(":"));
        }
        if let std::net::IpAddr::V4(v4) = address {
            traces.push(v4.to_string().replace('.', "-"));
            traces.push(v4.to_bits().to_string());
            traces.push(format!("{:08x}", v4.to_bits()));
        }
        return traces;
    }
    let is_known = |it: &&str| ["example", "deploy", "server", "federated-user"].contains(it);
    let words = value
        .split([' ', '@', '/', ':', '.', ',', ';', '=', '+'])
        .filter(|it| it.len() > 4 && !is_known(it));
    traces.extend(words.map(str::to_owned));
    traces
}
