//! JSON text taken apart without building a tree: members, entries, strings, base64.
//!
//! One member or entry is in hand at a time, so memory does not grow with their number.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use detector_event::quotes::{BLOCK_BYTES, Specials};

/// Without white space around it, and without a byte order mark or the record separator of JSON text sequences.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.trim_ascii();
    match bytes.strip_prefix(b"\x1e") {
        Some(record) => record.trim_ascii(),
        None => bytes,
    }
}

/// The text of the value at a dotted `path` of objects, the last where a key repeats.
pub(crate) fn at_path<'a>(json: &'a str, path: &str) -> Option<&'a str> {
    let mut value = json;
    for wanted in path.split('.') {
        let mut found = None;
        for_each_entry(value, &mut |key, value| {
            if key == wanted {
                found = Some(value.get());
            }
        })
        .ok()?;
        value = found?;
    }
    Some(value)
}

/// Whether `text` was meant as a JSON object: a brace, then a key. `{user} signed in` is not.
pub(crate) fn is_object_like(text: &[u8]) -> bool {
    opens_with(text, b'{') && opens_with(text[1..].trim_ascii_start(), b'"')
}

/// Whether `text` was meant as an array of objects, or of texts. `[INFO] started` is not.
pub(crate) fn is_array_like(text: &[u8]) -> bool {
    let member = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    member.is_some_and(|member| {
        matches!(member.first(), Some(b'{' | b'"' | b'[')) || member.starts_with(b"null")
    })
}

fn opens_with(text: &[u8], byte: u8) -> bool {
    text.first() == Some(&byte)
}

/// Calls `each` with every member of the array `json`, up to the first that is not JSON.
pub(crate) fn for_each_member<'a>(
    json: &'a str,
    each: &mut dyn FnMut(&'a RawValue),
) -> Result<(), serde_json::Error> {
    struct Members<'f, 'a>(&'f mut dyn FnMut(&'a RawValue));
    impl<'a> Visitor<'a> for Members<'_, 'a> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
            while let Some(member) = seq.next_element::<&RawValue>()? {
                (self.0)(member);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_seq(Members(each))?;
    reader.end()
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Calls `each` with every key and value of the object `json`, up to the first that is not JSON.
pub(crate) fn for_each_entry<'a>(
    json: &'a str,
    each: &mut dyn FnMut(&str, &'a RawValue),
) -> Result<(), serde_json::Error> {
    struct Entries<'f, 'a>(&'f mut dyn FnMut(&str, &'a RawValue));
    impl<'a> Visitor<'a> for Entries<'_, 'a> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((Key(key), value)) = map.next_entry::<Key<'a>, &RawValue>()? {
                (self.0)(&key, value);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(Entries(each))?;
    reader.end()
}

/// Appends the content of the JSON string `json`; `false` if it is not one.
///
/// A surrogate without its partner (`\ud800`) becomes U+FFFD: JSON allows it, Unicode text does not.
pub(crate) fn unescape(json: &str, out: &mut Vec<u8>) -> bool {
    struct Bytes<'o>(&'o mut Vec<u8>);
    impl Visitor<'_> for Bytes<'_> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<(), E> {
            match std::str::from_utf8(bytes) {
                Ok(_) => self.0.extend_from_slice(bytes),
                Err(_) => self
                    .0
                    .extend_from_slice(String::from_utf8_lossy(bytes).as_bytes()),
            }
            Ok(())
        }
    }
    json.starts_with('"')
        && serde_json::Deserializer::from_str(json)
            .deserialize_bytes(Bytes(out))
            .is_ok()
}

/// Appends the content of a JSON string up to its closing quote, and tells how many bytes of `text` that took, the
/// quote included. `None` for surrogates, and for what is no string: `out` then holds some of it.
pub(crate) fn unescape_to_quote(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let (mut at, mut end) = (0, out.len());
    while let Some(block) = text[at..].first_chunk::<BLOCK_BYTES>() {
        // What is copied beyond the next special byte is overwritten.
        if out.len() - end < 2 * BLOCK_BYTES {
            out.resize(end + ROOM_BYTES, 0);
        }
        let room = &mut out[end..];
        let (mut read, mut written) = (0, 0);
        let mut specials = special_bytes(block);
        while specials != 0 {
            let place = specials.trailing_zeros() as usize;
            copy(&text[at + read..], &mut room[written..], place - read);
            written += place - read;
            match block[place] {
                b'\\' => {
                    let next = *text.get(at + place + 1)?;
                    match SHORT_ESCAPES[next as usize] {
                        0 => {
                            let escaped = long_escape(text, at + place)?;
                            written += escaped.encode_utf8(&mut room[written..]).len();
                            read = place + LONG_ESCAPE_BYTES;
                        }
                        short => {
                            room[written] = short;
                            written += 1;
                            read = place + 2;
                        }
                    }
                }
                b'"' => {
                    out.truncate(end + written);
                    return Some(at + place + 1);
                }
                _ => return None,
            }
            specials &= u64::MAX.checked_shl(read as u32).unwrap_or(0);
        }
        let rest = BLOCK_BYTES.saturating_sub(read);
        copy(&text[at + read..], &mut room[written..], rest);
        end += written + rest;
        at += read + rest;
    }
    out.truncate(end);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => match SHORT_ESCAPES[*text.get(at + 1)? as usize] {
                0 => {
                    let escaped = long_escape(text, at)?;
                    out.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                    at += LONG_ESCAPE_BYTES;
                }
                short => {
                    out.push(short);
                    at += 2;
                }
            },
            0..b' ' => return None,
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    None
}

/// By how much the output grows at a time: about a CloudTrail event.
const ROOM_BYTES: usize = 16 * BLOCK_BYTES;

/// Copies at least `bytes` bytes, which both hold; at most a block.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8], bytes: usize) {
    const STEP: usize = 32;
    if bytes <= STEP
        && let (Some(from), Some(to)) = (from.first_chunk::<STEP>(), to.first_chunk_mut::<STEP>())
    {
        *to = *from;
        return;
    }
    match (
        from.first_chunk::<BLOCK_BYTES>(),
        to.first_chunk_mut::<BLOCK_BYTES>(),
    ) {
        (Some(from), Some(to)) => *to = *from,
        _ => to[..bytes].copy_from_slice(&from[..bytes]),
    }
}

/// A bit for each quote, backslash and control character.
#[inline(always)]
fn special_bytes(block: &[u8; BLOCK_BYTES]) -> u64 {
    let specials = Specials::of(block);
    specials.quotes | specials.backslashes | specials.controls
}

/// What a backslash and this byte stand for; 0 where that is no escape of two bytes.
static SHORT_ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b'/' as usize] = b'/';
    escapes[b'n' as usize] = b'\n';
    escapes[b't' as usize] = b'\t';
    escapes[b'r' as usize] = b'\r';
    escapes[b'b' as usize] = b'\x08';
    escapes[b'f' as usize] = b'\x0c';
    escapes
};

/// `\uXXXX`.
const LONG_ESCAPE_BYTES: usize = 6;

/// What the escape `\uXXXX` at `at` stands for. Surrogates are left to the thorough way.
fn long_escape(text: &[u8], at: usize) -> Option<char> {
    char::from_u32(unit(text, at)?.into())
}

/// The string `json` as text, where it is a plain one (ids, names).
pub(crate) fn string(json: Option<&str>) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Key<'_>>(json?)
        .ok()
        .map(|k| k.0)
        .filter(|s| !s.is_empty())
}

/// `json` with every surrogate that has no partner written as U+FFFD; `None` if there is none.
pub(crate) fn mend_surrogates(json: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &json[at..]) {
        let escape = at + found;
        at = escape + 2;
        match (unit(json, escape), unit(json, escape + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at = escape + 12,
            (Some(0xD800..=0xDFFF), _) => {
                let copy = mended.get_or_insert_with(|| json.to_vec());
                copy[escape + 2..escape + 6].copy_from_slice(b"fffd");
                at = escape + 6;
            }
            _ => {}
        }
        if at >= json.len() {
            break;
        }
    }
    mended
}

/// The UTF-16 unit written as `\uXXXX` at `at`.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Appends what `text` stands for; `false` if it is not base64. Line breaks in it are allowed.
pub(crate) fn base64(text: &[u8], out: &mut Vec<u8>) -> bool {
    let before = out.len();
    if base64_simd::STANDARD.decode_append(text, out).is_ok() {
        return true;
    }
    out.truncate(before);
    if BASE64.decode_vec(text, out).is_ok() {
        return true;
    }
    out.truncate(before);
    let packed: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    packed.len() < text.len() && BASE64.decode_vec(packed, out).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_mended_and_pairs_kept() {
        let mend = |s: &str| mend_surrogates(s.as_bytes()).map(|v| String::from_utf8(v).unwrap());
        assert_eq!(mend(r#""\ud83d\ude00 \n""#), None);
        assert_eq!(mend(r#""\ud800""#).as_deref(), Some(r#""\ufffd""#));
        assert_eq!(
            mend(r#""\ud800\ud83d\ude00""#).as_deref(),
            Some(r#""\ufffd\ud83d\ude00""#)
        );
        assert_eq!(mend(r#""\DC00\\ud800""#), None);
        assert_eq!(
            mend(r#""\uDC00\\ud800\uD8"#).as_deref(),
            Some(r#""\ufffd\\ud800\uD8"#)
        );
        assert_eq!(mend("\\"), None);
    }

    #[test]
    fn strings_are_unescaped_leniently() {
        let read = |s: &str| {
            let mut out = Vec::new();
            unescape(s, &mut out).then(|| String::from_utf8(out).unwrap())
        };
        assert_eq!(read(r#""a\n\"b""#).as_deref(), Some("a\n\"b"));
        assert!(read(r#""x\ud800y""#).unwrap().contains('\u{fffd}'));
        assert_eq!(read("12"), None);
        assert_eq!(read("null"), None);
    }

    #[test]
    fn quick_unescaping_agrees_with_the_thorough_one() {
        let mut rng = fastrand::Rng::with_seed(7);
        let pieces = [
            "x",
            "plain text of some length",
            "\\\"",
            "\\\\",
            "\\n",
            "\\/",
            "\\b",
            "é",
            "\\u00e9",
            "\"",
            "\u{1}",
            "\\q",
            "\\",
            "😀",
            "\u{7f}",
            "{\\\"a\\\":",
        ];
        let mut read = 0;
        for _ in 0..20_000 {
            let common = if rng.bool() { 8 } else { pieces.len() };
            let text: String = (0..rng.usize(..12))
                .map(|_| pieces[rng.usize(..common)])
                .collect();
            let text = format!("{text}\" , 1");
            let mut quick = b"before".to_vec();
            let bytes = unescape_to_quote(text.as_bytes(), &mut quick);
            let mut thorough = b"before".to_vec();
            let is_string = unescape(&format!("\"{text}"), &mut thorough);
            if let Some(bytes) = bytes {
                assert!(is_string && quick == thorough, "{text}");
                assert!(text[bytes..].ends_with(" , 1") && &text[bytes - 1..bytes] == "\"");
                read += 1;
            } else {
                let is_odd = text.contains("\\ud800") || text.contains('\u{1}');
                assert!(!is_string || is_odd, "{text}");
            }
        }
        assert!(read > 10_000, "{read}");
        let long = "0123456789\\n".repeat(10_000);
        let mut quick = Vec::new();
        assert_eq!(
            unescape_to_quote(format!("{long}\"").as_bytes(), &mut quick),
            Some(long.len() + 1)
        );
        assert_eq!(quick.len(), 110_000);
    }

    #[test]
    fn base64_with_or_without_padding_and_line_breaks() {
        let read = |s: &str| {
            let mut out = Vec::new();
            base64(s.as_bytes(), &mut out).then_some(out)
        };
        assert_eq!(read("SGVsbG8gV29ybGQ=").unwrap(), b"Hello World");
        assert_eq!(read("SGVsbG8gV29ybGQ").unwrap(), b"Hello World");
        assert_eq!(read("SGVsbG8g\nV29ybGQ=\n").unwrap(), b"Hello World");
        assert_eq!(read("not base64!"), None);
    }

    #[test]
    fn members_before_the_damage_are_seen() {
        let mut seen = Vec::new();
        assert!(for_each_member("[{\"a\":1}, 2, {\"b\"", &mut |m| seen.push(m.get())).is_err());
        assert_eq!(seen, ["{\"a\":1}", "2"]);
    }
}
