//! A record's bytes as text in pieces, so that they can be put together again exactly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a record in one piece. As base64 that is 245,760 characters: less than a queue of 256 KiB takes (and an event
/// of CloudWatch Logs), with room for what stands beside it. A multiple of three, so that the texts of the pieces, one
/// after the other, are also base64 of the whole.
pub const PIECE_BYTES: usize = 184_320;

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes as they are.
    Text,
    Base64,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Base64 => "base64",
        }
    }
}

/// The pieces for a queue: text where the whole record is text that SQS takes, else base64.
pub fn for_queue(record: &[u8]) -> Vec<Piece> {
    match std::str::from_utf8(record) {
        Ok(text)
            if record.len() <= PIECE_BYTES && !text.is_empty() && text.chars().all(sqs_takes) =>
        {
            vec![Piece {
                text: text.to_owned(),
                encoding: Encoding::Text,
            }]
        }
        _ => in_base64(record),
    }
}

/// The pieces in base64; one, even of nothing.
pub fn in_base64(record: &[u8]) -> Vec<Piece> {
    let encoded = |bytes: &[u8]| Piece {
        text: STANDARD.encode(bytes),
        encoding: Encoding::Base64,
    };
    match record {
        [] => vec![encoded(&[])],
        _ => record.chunks(PIECE_BYTES).map(encoded).collect(),
    }
}

/// The characters that a message may hold; others are refused with the whole message.
fn sqs_takes(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(pieces: &[Piece]) -> Vec<u8> {
        let bytes = pieces.iter().map(|piece| match piece.encoding {
            Encoding::Text => piece.text.clone().into_bytes(),
            Encoding::Base64 => STANDARD.decode(&piece.text).unwrap(),
        });
        bytes.collect::<Vec<_>>().concat()
    }

    #[test]
    fn whatever_the_bytes_they_can_be_put_together_again() {
        let binary: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        for record in [
            &b""[..],
            b"{\"cut\": ",
            b"bell\x07",
            b"\xff\xfe",
            "\u{ffff}".as_bytes(),
            &binary,
            &binary[..PIECE_BYTES],
            &[b'x'; PIECE_BYTES + 1],
        ] {
            for pieces in [for_queue(record), in_base64(record)] {
                assert_eq!(restored(&pieces), record);
                assert!(pieces.iter().all(|piece| piece.text.len() <= 245_760));
            }
            let joined: String = in_base64(record).into_iter().map(|p| p.text).collect();
            assert_eq!(STANDARD.decode(joined).unwrap(), record);
        }
    }

    #[test]
    fn only_what_sqs_takes_stays_text() {
        let encoding = |record: &[u8]| for_queue(record)[0].encoding;
        assert_eq!(encoding(b"a\tb\r\n\xc3\xa9"), Encoding::Text);
        for record in [&b""[..], b"\0", b"\x1b", b"\xff", "\u{fffe}".as_bytes()] {
            assert_eq!(encoding(record), Encoding::Base64, "{record:?}");
        }
    }
}
