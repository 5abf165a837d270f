//! A byte source goes in, its inflated content comes out in large chunks. Nothing is held but one chunk.
//!
//! Gzip is known by its first two bytes and may have any number of members. Gzip inside records is the core's.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use flate2::bufread::GzDecoder;

/// Bytes read, and bytes inflated, at once.
const CHUNK_BYTES: usize = 512 << 10;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How far gzip data may inflate. Logs deflate some 10:1 to 50:1; a bomb nears 1,030:1.
///
/// Each stretch of `stretch_bytes` inflated bytes must come from at least a `ratio_max`-th of it, so that neither a
/// long honest start excuses a bomb, nor the size of an honest file counts against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InflationLimit {
    pub(crate) stretch_bytes: u64,
    pub(crate) ratio_max: u64,
}

pub(crate) const INFLATION_LIMIT: InflationLimit = InflationLimit {
    stretch_bytes: 1 << 30,
    ratio_max: 200,
};

/// Why a source could not be read to its end. What came before was handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("read error: {0}")]
    Io(io::Error),
    #[error("gzip data is cut off after {inflated} inflated bytes")]
    CutOff { inflated: u64 },
    #[error("gzip data is damaged after {inflated} inflated bytes: {what}")]
    Damaged { inflated: u64, what: String },
    #[error(
        "gzip data inflates more than {ratio_max}:1; stopped after {inflated} inflated bytes from {read} bytes"
    )]
    Bomb {
        inflated: u64,
        read: u64,
        ratio_max: u64,
    },
}

/// What to do with a chunk; breaking ends the reading without an error.
pub(crate) type OnChunk<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// Reads `source` to its end. `read_bytes` is kept at the number of bytes taken from it, before inflation.
pub(crate) fn read_chunks(
    mut source: impl Read,
    read_bytes: &Rc<Cell<u64>>,
    limit: InflationLimit,
    on_chunk: &mut OnChunk<'_>,
) -> Result<(), ReadError> {
    let mut head = Vec::with_capacity(GZIP_MAGIC.len());
    source
        .by_ref()
        .take(GZIP_MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(ReadError::Io)?;
    let is_gzip = head == GZIP_MAGIC;
    let mut source = Counting {
        inner: io::Cursor::new(head).chain(source),
        read_bytes: Rc::clone(read_bytes),
    };
    if is_gzip {
        let compressed = BufReader::with_capacity(CHUNK_BYTES, source);
        return inflate(compressed, read_bytes, limit, on_chunk);
    }
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = read_some(&mut source, &mut chunk).map_err(ReadError::Io)?;
        if length == 0 || on_chunk(&chunk[..length]).is_break() {
            return Ok(());
        }
    }
}

/// Inflates member after member.
fn inflate(
    mut compressed: impl BufRead,
    read_bytes: &Cell<u64>,
    limit: InflationLimit,
    on_chunk: &mut OnChunk<'_>,
) -> Result<(), ReadError> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut stretch = Stretch::new(limit);
    loop {
        let mut member = GzDecoder::new(&mut compressed);
        loop {
            let length = read_some(&mut member, &mut chunk)
                .map_err(|error| gzip_error(error, stretch.inflated))?;
            if length == 0 {
                break;
            }
            if on_chunk(&chunk[..length]).is_break() {
                return Ok(());
            }
            stretch.add(length as u64, read_bytes.get())?;
        }
        if !another_member(&mut compressed, stretch.inflated)? {
            return Ok(());
        }
    }
}

/// Whether another member follows. Zeros up to the end are padding, as `gzip` has it; anything else is damage.
fn another_member(compressed: &mut impl BufRead, inflated: u64) -> Result<bool, ReadError> {
    loop {
        let buffer = compressed.fill_buf().map_err(ReadError::Io)?;
        match buffer.first() {
            None => return Ok(false),
            Some(&first) if first == GZIP_MAGIC[0] => return Ok(true),
            Some(0) => {
                let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
                compressed.consume(zeros);
            }
            Some(_) => {
                let what = "bytes that are not gzip follow".into();
                return Err(ReadError::Damaged { inflated, what });
            }
        }
    }
}

/// Tells data that ends too early and damaged data from a source that fails.
fn gzip_error(error: io::Error, inflated: u64) -> ReadError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::CutOff { inflated },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => ReadError::Damaged {
            inflated,
            what: error.to_string(),
        },
        _ => ReadError::Io(error),
    }
}

fn read_some(source: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Watches the ratio over the stretch that is being inflated.
struct Stretch {
    limit: InflationLimit,
    inflated: u64,
    began_inflated: u64,
    began_read: u64,
}

impl Stretch {
    fn new(limit: InflationLimit) -> Self {
        Self {
            limit,
            inflated: 0,
            began_inflated: 0,
            began_read: 0,
        }
    }

    fn add(&mut self, inflated: u64, read: u64) -> Result<(), ReadError> {
        self.inflated += inflated;
        let stretch = self.inflated - self.began_inflated;
        if stretch < self.limit.stretch_bytes {
            return Ok(());
        }
        if stretch / self.limit.ratio_max > read - self.began_read {
            return Err(ReadError::Bomb {
                inflated: self.inflated,
                read,
                ratio_max: self.limit.ratio_max,
            });
        }
        self.began_inflated = self.inflated;
        self.began_read = read;
        Ok(())
    }
}

/// Counts what is taken from a source.
struct Counting<R> {
    inner: R,
    read_bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read_bytes.set(self.read_bytes.get() + length as u64);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const LIMIT: InflationLimit = InflationLimit {
        stretch_bytes: 1 << 20,
        ratio_max: 200,
    };

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read(source: &[u8]) -> (Vec<u8>, Result<(), ReadError>) {
        let mut content = Vec::new();
        let ended = read_chunks(source, &Rc::default(), LIMIT, &mut |chunk| {
            content.extend_from_slice(chunk);
            ControlFlow::Continue(())
        });
        (content, ended)
    }

    #[test]
    fn plain_bytes_pass_through() {
        for content in [&b""[..], b"x", b"\x1f", b"plain\nlines\n"] {
            let (read, ended) = read(content);
            assert_eq!(read, content);
            ended.unwrap();
        }
    }

    #[test]
    fn members_follow_each_other_and_zeros_pad_the_end() {
        let mut source = gzip(b"one\n");
        source.extend(gzip(b""));
        source.extend(gzip(b"two\n"));
        source.extend([0; 512]);
        let (content, ended) = read(&source);
        assert_eq!(content, b"one\ntwo\n");
        ended.unwrap();
    }

    #[test]
    fn damage_is_told_from_a_cut_and_what_came_before_is_kept() {
        let whole = gzip(b"one\n");
        let (content, ended) = read(&whole[..whole.len() - 3]);
        assert_eq!(content, b"one\n");
        assert!(matches!(ended, Err(ReadError::CutOff { inflated: 4 })));
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 6] ^= 1;
        assert!(matches!(read(&wrong_sum).1, Err(ReadError::Damaged { .. })));
        let followed = [&whole[..], b"trailing"].concat();
        let (content, ended) = read(&followed);
        assert_eq!(content, b"one\n");
        assert!(matches!(ended, Err(ReadError::Damaged { inflated: 4, .. })));
        assert!(matches!(
            read(b"\x1f\x8b").1,
            Err(ReadError::CutOff { inflated: 0 })
        ));
    }

    #[test]
    fn a_bomb_stops_after_one_stretch_even_behind_an_honest_start() {
        let (content, ended) = read(&gzip(&vec![0; 64 << 20]));
        assert!(matches!(ended, Err(ReadError::Bomb { .. })));
        assert!(content.len() < 3 << 20, "{}", content.len());
        let mut noise = vec![0_u8; 4 << 20];
        let mut seed = 1_u32;
        for byte in &mut noise {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (seed >> 24) as u8;
        }
        let (content, ended) = read(&[gzip(&noise), gzip(&vec![0; 64 << 20])].concat());
        assert!(matches!(ended, Err(ReadError::Bomb { .. })));
        assert!(content.len() < 8 << 20, "{}", content.len());
    }

    #[test]
    fn reading_ends_where_the_caller_breaks_off() {
        let mut chunks = 0;
        let ended = read_chunks(io::repeat(b'x'), &Rc::default(), LIMIT, &mut |_| {
            chunks += 1;
            ControlFlow::Break(())
        });
        assert!(ended.is_ok());
        assert_eq!(chunks, 1);
    }
}
