//! Text as it looks inside encoded data: UTF-16 and Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::read::detection::modifier::Utf16;

/// The bytes of `text`, in UTF-8 where no other form is given.
pub(crate) fn bytes(text: &str, form: Option<Utf16>) -> Vec<u8> {
    let little = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    match form {
        None => text.as_bytes().to_vec(),
        Some(Utf16::Little) => little(text),
        Some(Utf16::Big) => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Some(Utf16::Marked) => [vec![0xFF, 0xFE], little(text)].concat(),
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What of `bytes` can be seen in the Base64 of a longer text, for each of the three alignments.
///
/// A Base64 character carries six bits; those that also carry bits of the neighbours, on either side, are cut off.
pub(crate) fn base64_anywhere(bytes: &[u8]) -> Vec<String> {
    let seen = |offset: usize| {
        let padded = [vec![0; offset], bytes.to_vec()].concat();
        let encoded = STANDARD.encode(&padded);
        let first = (offset * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        encoded.get(first..end).unwrap_or_default().to_owned()
    };
    (0..3).map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_utf16_as_the_specification_shows() {
        assert_eq!(bytes("cmd", Some(Utf16::Little)), b"c\0m\0d\0");
        assert_eq!(bytes("cmd", Some(Utf16::Big)), b"\0c\0m\0d");
        assert_eq!(bytes("cmd", Some(Utf16::Marked)), b"\xFF\xFEc\0m\0d\0");
    }

    /// Every alignment within every neighbourhood contains the pattern of that alignment.
    #[test]
    fn neighbours_do_not_change_the_patterns() {
        for length in 1..=7 {
            let secret = &b"fd://p7"[..length];
            let patterns = base64_anywhere(secret);
            for (offset, pattern) in patterns.iter().enumerate() {
                for neighbour in [0u8, 0x55, 0xAA, 0xFF] {
                    let whole =
                        [vec![neighbour; offset], secret.to_vec(), vec![neighbour; 4]].concat();
                    assert!(
                        base64(&whole).contains(pattern),
                        "{length} {offset} {neighbour}"
                    );
                }
            }
        }
    }
}
