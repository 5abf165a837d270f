//! Text that was packed into text: base64 in both alphabets, with padding or without, on one line or several, and
//! hexadecimal digits. What is opened is packed again the same way.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;

use crate::rewrite::is_gzip;

/// Shorter words tell nothing.
const LETTERS_MIN: usize = 8;
const HEX_DIGITS_MIN: usize = 16;
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[A-Za-z0-9+/_-]{8,}={0,2}").expect("the expression is well formed")
});

/// How it is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Base64 { is_url_safe: bool, is_padded: bool },
    Hex { is_upper: bool },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) range: Range<usize>,
    pub(super) packing: Packing,
    pub(super) content: Vec<u8>,
}

/// What of `text` can be opened.
pub(super) fn of(text: &str) -> Vec<Packed> {
    let words: Vec<Range<usize>> = WORD.find_iter(text).map(|it| it.range()).collect();
    let mut packed = Vec::new();
    let mut nth = 0;
    while let Some(word) = words.get(nth) {
        let mut last = nth;
        // Lines of base64 are of one length, but for the last.
        while let Some(next) = words.get(last + 1)
            && matches!(&text[words[last].end..next.start], "\n" | "\r\n")
            && words[last].len() >= 2 * LETTERS_MIN
        {
            last += 1;
        }
        let several = word.start..words[last].end;
        let lines = (last > nth)
            .then(|| opened(&text[several.clone()]))
            .flatten();
        match lines {
            Some((packing, content)) => packed.push(Packed {
                range: several,
                packing,
                content,
            }),
            None => packed.extend(words[nth..=last].iter().filter_map(|word| {
                let (packing, content) = opened(&text[word.clone()])?;
                Some(Packed {
                    range: word.clone(),
                    packing,
                    content,
                })
            })),
        }
        nth = last + 1;
    }
    packed
}

/// What a word holds, if somebody could read it.
pub(super) fn opened(word: &str) -> Option<(Packing, Vec<u8>)> {
    let bare: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    if bare.len() < LETTERS_MIN {
        return None;
    }
    if bare.len() >= HEX_DIGITS_MIN
        && bare.len().is_multiple_of(2)
        && bare.bytes().all(|b| b.is_ascii_hexdigit())
    {
        let digits = |at: usize| u8::from_str_radix(&bare[at..at + 2], 16).ok();
        let content: Option<Vec<u8>> = (0..bare.len()).step_by(2).map(digits).collect();
        if let Some(content) = content.filter(|it| is_readable(it)) {
            let is_upper = bare.bytes().any(|b| b.is_ascii_uppercase());
            return Some((Packing::Hex { is_upper }, content));
        }
    }
    let is_url_safe = bare.contains(['-', '_']);
    let content = engine(is_url_safe, false).decode(&bare).ok()?;
    let is_padded = bare.ends_with('=');
    is_readable(&content).then_some((
        Packing::Base64 {
            is_url_safe,
            is_padded,
        },
        content,
    ))
}

/// The opposite of [`opened`].
pub(super) fn closed(packing: Packing, content: &[u8]) -> String {
    match packing {
        Packing::Base64 {
            is_url_safe,
            is_padded,
        } => engine(is_url_safe, is_padded).encode(content),
        Packing::Hex { is_upper: true } => content.iter().map(|b| format!("{b:02X}")).collect(),
        Packing::Hex { is_upper: false } => content.iter().map(|b| format!("{b:02x}")).collect(),
    }
}

fn engine(is_url_safe: bool, is_padded: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true)
        .with_encode_padding(is_padded);
    let alphabet = if is_url_safe {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    GeneralPurpose::new(alphabet, config)
}

/// Whether it is text, in UTF-8 or UTF-16, or packed once more.
fn is_readable(content: &[u8]) -> bool {
    is_packing(content)
        || utf16(content).is_some()
        || std::str::from_utf8(content).is_ok_and(is_text)
}

/// Whether it is of a form that packs other content.
pub(super) fn is_packing(content: &[u8]) -> bool {
    is_gzip(content) || content.starts_with(&ZSTD_MAGIC) || crate::rewrite::is_aggregate(content)
}

pub(super) fn is_zstd(content: &[u8]) -> bool {
    content.starts_with(&ZSTD_MAGIC)
}

fn is_text(text: &str) -> bool {
    let is_line = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{1b}');
    !text.is_empty() && text.chars().all(is_line)
}

/// Text of little-endian UTF-16, as Windows has it.
pub(super) fn utf16(content: &[u8]) -> Option<String> {
    let zeros = content
        .iter()
        .skip(1)
        .step_by(2)
        .filter(|b| **b == 0)
        .count();
    if content.len() < 4 || !content.len().is_multiple_of(2) || zeros * 4 < content.len() {
        return None;
    }
    let units: Vec<u16> = content
        .chunks_exact(2)
        .map(|it| u16::from_le_bytes([it[0], it[1]]))
        .collect();
    String::from_utf16(&units)
        .ok()
        .filter(|text| is_text(text.trim_start_matches('\u{feff}')))
}

pub(super) fn to_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_closed_the_same_way() {
        for word in [
            "YWRhQGZpcm0uZXhhbXBsZQ==",
            "YWRhQGZpcm0uZXhhbXBsZQ",
            "fn5-fn5-fn5-Pz8_",
            "6164614066697261",
            "eyJhIjoxfQ==",
            "YQBkAGEAQABmAA==",
        ] {
            let (packing, content) = opened(word).unwrap_or_else(|| panic!("{word}"));
            assert_eq!(closed(packing, &content), word);
        }
        for word in [
            "vehicles",
            "fleet-prod-vehicles",
            "0123456789abcdef",
            "short",
            "Application",
            "aaaaaaaa",
        ] {
            assert_eq!(opened(word), None, "{word}");
        }
    }

    #[test]
    fn lines_of_base64_are_one() {
        let line = "YWRhQGZpcm0uZXhhbXBsZSBhbmQg";
        let text = format!("body:\n{line}\r\n{line}\nYWRh end");
        let packed = of(&text);
        assert_eq!(packed.len(), 1);
        assert!(packed[0].content.ends_with(b"and "), "{packed:?}");
    }
}
