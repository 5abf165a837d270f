//! Gzip files that fit into memory are inflated at once, which is twice as fast as in steps. What is not one sound member
//! is left as it is, so that it is read, and its damage told of, in one way only.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use detector_core::decode::packed::inflate::at_once;

pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Larger files are read in steps.
const DEFLATED_BYTES_MAX: u64 = 16 << 20;

/// Bytes that all such files may have inflated to at a time; one that finds no room is read in steps.
static BYTES_LEFT: AtomicUsize = AtomicUsize::new(112 << 20);

/// A file, as it is to be read on.
pub(crate) enum Whole {
    Inflated {
        content: Content,
        deflated_bytes: u64,
    },
    AsIs(Box<dyn Read + Send>),
}

/// What a file inflated to; gives its room back.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Cursor<Vec<u8>>,
    room: usize,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        BYTES_LEFT.fetch_add(self.room, Ordering::Relaxed);
    }
}

/// Looks at the beginning of `file`, and inflates it if it is one gzip member of no great size.
pub(crate) fn inflate(file: File) -> Whole {
    let is_small = file
        .metadata()
        .is_ok_and(|meta| meta.is_file() && meta.len() <= DEFLATED_BYTES_MAX);
    if !is_small {
        return Whole::AsIs(Box::new(file));
    }
    let mut deflated = Vec::new();
    // A read that fails will fail again where the rest is read.
    let head = (&file)
        .take(GZIP_MAGIC.len() as u64)
        .read_to_end(&mut deflated);
    if head.is_ok()
        && deflated == GZIP_MAGIC
        && (&file)
            .take(DEFLATED_BYTES_MAX)
            .read_to_end(&mut deflated)
            .is_ok_and(|bytes| (bytes as u64) < DEFLATED_BYTES_MAX)
        && let Some(content) = Content::of(&deflated)
    {
        return Whole::Inflated {
            content,
            deflated_bytes: deflated.len() as u64,
        };
    }
    Whole::AsIs(Box::new(Cursor::new(deflated).chain(file)))
}

impl Content {
    fn of(deflated: &[u8]) -> Option<Self> {
        let size = u32::from_le_bytes(*deflated.last_chunk()?) as usize;
        BYTES_LEFT
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(size)
            })
            .ok()?;
        let mut content = Self {
            bytes: Cursor::default(),
            room: size,
        };
        let is_whole = at_once(deflated, size, content.bytes.get_mut());
        // Gzip within gzip is the reader's.
        (is_whole && !content.bytes.get_ref().starts_with(&GZIP_MAGIC)).then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::AtomicU64;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::input::inflation::INFLATION_LIMIT;
    use crate::input::reader::Reader;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Content, how it ended, and the bytes read.
    fn drain(mut reader: Reader<'_>) -> (Vec<u8>, String) {
        let mut content = Vec::new();
        let mut buffer = vec![0; 1000];
        loop {
            let filled = reader.fill(&mut buffer);
            content.extend_from_slice(&buffer[..filled.bytes]);
            if let Some(ended) = filled.ended {
                return (content, format!("{ended:?}"));
            }
        }
    }

    /// Whether it was inflated at once.
    fn assert_alike(bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let (read, read_in_steps) = (AtomicU64::new(0), AtomicU64::new(0));
        let in_steps = drain(Reader::new(bytes, &read_in_steps, INFLATION_LIMIT).unwrap());
        let reader = Reader::of_file(file, &read, INFLATION_LIMIT).unwrap();
        let at_once = reader.is_plain();
        assert_eq!(drain(reader), in_steps);
        assert_eq!(
            read.load(Ordering::Relaxed),
            read_in_steps.load(Ordering::Relaxed)
        );
        at_once
    }

    #[test]
    fn what_is_inflated_at_once_is_as_in_steps() {
        let text: Vec<u8> = (0..3000u32)
            .flat_map(|n| format!("{{\"n\":{n}}}\n").into_bytes())
            .collect();
        let whole = gzip(&text);
        assert!(assert_alike(&whole));
        assert!(assert_alike(&gzip(b"x")));
        let trailer = &whole[whole.len() - 8..];
        for other in [
            [&whole[..], b"trailing"].concat(),
            [&whole[..], b"trailing", trailer].concat(),
            [&whole[..], trailer].concat(),
            [&whole[..], &[0; 512]].concat(),
            [&whole[..], &whole].concat(),
            [&whole[..], &gzip(b"")].concat(),
            [&whole[..], &gzip(b"more\n")].concat(),
            [&whole[..], &whole[..40]].concat(),
            gzip(&whole),
            gzip(&[&whole[..], &whole].concat()),
            gzip(&whole[..whole.len() - 3]),
            gzip(b""),
            gzip(b"\x1f\x8b"),
            gzip(b"\x1f"),
            GZIP_MAGIC.to_vec(),
        ] {
            let is_whole = assert_alike(&other);
            assert_eq!(is_whole, other == gzip(b"\x1f"));
        }
        for other in [&b""[..], b"\x1f", b"x", b"{}", &text] {
            assert_alike(other);
        }
        for at in (0..whole.len()).step_by(7) {
            assert!(!assert_alike(&whole[..at]) || at < GZIP_MAGIC.len());
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            assert_alike(&damaged);
        }
    }
}
