//! Gzip, of one or several members, inflated up to a cap.

use std::io::{ErrorKind, Read};

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;

pub(crate) const MAGIC: [u8; 2] = [0x1F, 0x8B];

const STEP_BYTES: usize = 16 << 10;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum InflateError {
    #[error("gzip data inflates past its cap")]
    TooLarge,
    #[error("gzip data is cut off after {bytes} bytes")]
    CutOff { bytes: usize },
    #[error("gzip data is damaged after {inflated} inflated bytes")]
    Damaged { inflated: usize },
}

/// Puts what `bytes` inflate to into `out`, which is empty. On damage, `out` keeps what came before it. Some shippers end
/// each member with a line break, as if it were a line.
pub(crate) fn inflate(
    bytes: &[u8],
    bytes_max: usize,
    out: &mut Vec<u8>,
) -> Result<(), InflateError> {
    if at_once(bytes, bytes_max, out) {
        return Ok(());
    }
    out.clear();
    let mut rest = bytes;
    loop {
        let left = rest.len();
        member(&mut rest, bytes_max, out).map_err(|error| match error {
            InflateError::CutOff { .. } => InflateError::CutOff { bytes: bytes.len() },
            other => other,
        })?;
        // Zeros are padding, as `gzip` has it.
        let padding = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r' | 0))
            .count();
        rest = &rest[padding..];
        if rest.is_empty() {
            return Ok(());
        }
        if !rest.starts_with(&MAGIC[..1]) || rest.len() == left {
            let inflated = out.len();
            return Err(InflateError::Damaged { inflated });
        }
    }
}

/// Inflates one member from the beginning of `rest`, which it takes.
fn member(rest: &mut &[u8], bytes_max: usize, out: &mut Vec<u8>) -> Result<(), InflateError> {
    let mut reader = GzDecoder::new(rest);
    // Steps of a fixed size: how much comes out before damage must not depend on a buffer's history.
    let mut step = [0; STEP_BYTES];
    loop {
        match reader.read(&mut step) {
            Ok(0) => return Ok(()),
            Ok(read) if read > bytes_max.saturating_sub(out.len()) => {
                return Err(InflateError::TooLarge);
            }
            Ok(read) => out.extend_from_slice(&step[..read]),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(InflateError::CutOff { bytes: 0 });
            }
            Err(_) => {
                let inflated = out.len();
                return Err(InflateError::Damaged { inflated });
            }
        }
    }
}

/// No deflate stream inflates further than this.
const RATIO_MAX: usize = 1032;

/// The third byte of gzip data: deflate, the only method there is.
const DEFLATE: u8 = 8;
/// The header has a checksum of its own.
const FLAG_HEADER_CHECKSUM: u8 = 2;
/// The checksum and the size of what was deflated, at the end of a member.
const TRAILER_BYTES: usize = 8;

/// Inflates one whole member into `out`, twice as fast as in steps; `false`, with anything in `out`, if there is
/// anything else about `bytes`.
pub fn at_once(bytes: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> bool {
    let Some(trailer @ &[.., a, b, c, d]) = bytes.last_chunk::<TRAILER_BYTES>() else {
        return false;
    };
    let &[.., DEFLATE, flags] = bytes.first_chunk::<4>().unwrap_or(&[0; 4]) else {
        return false;
    };
    let size = u32::from_le_bytes([a, b, c, d]) as usize;
    let is_likely = size > 0 && size <= bytes_max.min(bytes.len().saturating_mul(RATIO_MAX));
    // The library does not look at what follows a member. Where these bytes stand but once, and are right for what
    // came out, nothing does.
    if !is_likely
        || flags & FLAG_HEADER_CHECKSUM != 0
        || memchr::memmem::find(bytes, trailer) != Some(bytes.len() - TRAILER_BYTES)
    {
        return false;
    }
    out.resize(size, 0);
    Decompressor::new().gzip_decompress(bytes, out) == Ok(size)
        && trailer.starts_with(&libdeflater::crc32(out).to_le_bytes())
}

#[cfg(test)]
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], max: usize) -> (Vec<u8>, Result<(), InflateError>) {
        let mut out = Vec::new();
        let outcome = inflate(bytes, max, &mut out);
        (out, outcome)
    }

    #[test]
    fn members_follow_each_other() {
        let both = [deflate(b"one "), deflate(b"two")].concat();
        assert_eq!(read(&both, 7), (b"one two".to_vec(), Ok(())));
        let lines = [
            deflate(b"one "),
            b"\n".to_vec(),
            deflate(b"two"),
            b"\r\n\0".to_vec(),
        ]
        .concat();
        assert_eq!(read(&lines, 7), (b"one two".to_vec(), Ok(())));
    }

    #[test]
    fn the_cap_is_exact() {
        let zip = deflate(&[b'x'; 1000]);
        assert_eq!(read(&zip, 1000).1, Ok(()));
        let (out, outcome) = read(&zip, 999);
        assert_eq!(outcome, Err(InflateError::TooLarge));
        assert!(out.len() <= 1000);
    }

    #[test]
    fn damage_keeps_what_came_before() {
        let text: Vec<u8> = (0..2000u32)
            .flat_map(|n| format!("{n}\n").into_bytes())
            .collect();
        let zip = deflate(&text);
        let (out, outcome) = read(&zip[..zip.len() / 2], 1 << 20);
        assert!(
            matches!(outcome, Err(InflateError::CutOff { .. })),
            "{outcome:?}"
        );
        assert!(text.starts_with(&out) && !out.is_empty());
        assert!(read(&MAGIC, 10).1.is_err());
        let (out, outcome) = read(&[deflate(b"good\n"), b"junk".to_vec()].concat(), 100);
        assert_eq!((out.as_slice(), outcome.is_err()), (&b"good\n"[..], true));
    }
}
