//! Gzip and base64, opened and closed.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::input::whole::GZIP_MAGIC;

/// As in the decoder: what inflates further is left as it is.
const INFLATED_BYTES_MAX: u64 = 64 << 20;

/// The first characters of gzip in base64.
const BASE64_GZIP: &str = "H4sI";

/// Keys under which envelopes hold base64.
const PACKED_KEYS: [&str; 2] = ["data", "Data"];

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP_MAGIC)
}

/// `None` if it is damaged or too large.
pub(crate) fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut limited = MultiGzDecoder::new(bytes).take(INFLATED_BYTES_MAX + 1);
    limited.read_to_end(&mut content).ok()?;
    (content.len() as u64 <= INFLATED_BYTES_MAX).then_some(content)
}

/// The same bytes for the same content.
pub(crate) fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(content).and_then(|()| encoder.finish());
    written.expect("memory takes what is written to it")
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// What `text` holds if it is gzip in base64.
pub(super) fn base64_of_gzip(text: &str) -> Option<Vec<u8>> {
    text.starts_with(BASE64_GZIP).then(|| from_base64(text))?
}

/// What a string holds if it is base64 that an envelope would have.
pub(super) fn base64_under(key: &str, text: &str) -> Option<Vec<u8>> {
    match PACKED_KEYS.contains(&key) && !text.is_empty() {
        true => from_base64(text),
        false => base64_of_gzip(text),
    }
}
