//! A byte source goes in, its inflated content comes out, a buffer at a time.
//!
//! What packs it is known by its first bytes and may have any number of members. Gzip within gzip is inflated twice:
//! Firehose compresses once more what CloudWatch Logs has compressed. Gzip inside records is the core's.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use crate::input::form::{Form, HEAD_BYTES, Packing};
use crate::input::inflation::{InflationLimit, ReadError, Stretch, io_error};
use crate::input::whole::{self, GZIP_MAGIC, Whole};

/// Deflated bytes read at once.
const DEFLATED_BYTES: usize = 128 << 10;

/// What one call of [`Reader::fill`] gave.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) bytes: usize,
    /// How the source ended, where it did. An error follows the bytes that came before it.
    pub(crate) ended: Option<Result<(), ReadError>>,
}

/// Packing within packing that is undone.
const LAYERS_MAX: u8 = 3;

/// A source that is being read.
pub(crate) struct Reader<'t> {
    content: Content<'t>,
    /// Inflated bytes that were looked at and are still to be handed out.
    peeked: Vec<u8>,
    /// How the source ended while it was looked at.
    peeked_end: Option<Result<(), ReadError>>,
}

type Source<'t> = Box<dyn Read + Send + 't>;

/// The source, its first bytes put back.
type Sniffed<'t> = Counting<'t, io::Chain<io::Cursor<Vec<u8>>, Rest<'t>>>;

/// What follows the first bytes: an error that came with them, or more.
struct Rest<'t> {
    failed: Option<io::Error>,
    source: Source<'t>,
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.source.read(buffer),
        }
    }
}

enum Content<'t> {
    Plain(Sniffed<'t>),
    Gzip {
        member: Box<GzDecoder<BufReader<Sniffed<'t>>>>,
        stretch: Stretch,
    },
    Packed {
        source: Source<'t>,
        /// What was taken from the source before it was inflated.
        taken: Arc<AtomicU64>,
        stretch: Stretch,
    },
    Ended,
}

/// Nobody counts the bytes between two layers.
static UNCOUNTED: AtomicU64 = AtomicU64::new(0);

impl<'t> Reader<'t> {
    /// Adds what it takes from `source`, before inflation, to `read_bytes`.
    ///
    /// # Errors
    /// The first bytes cannot be read.
    pub(crate) fn new(
        source: impl Read + Send + 't,
        read_bytes: &'t AtomicU64,
        limit: InflationLimit,
    ) -> Result<Self, ReadError> {
        let mut reader = Self::layer(Box::new(source), read_bytes, limit)?;
        for _ in 1..LAYERS_MAX {
            if !reader.peeks_packed() {
                break;
            }
            reader = Self::layer(Box::new(reader), &UNCOUNTED, limit)?;
        }
        Ok(reader)
    }

    /// As [`Reader::new`]; a small file is inflated at once.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub(crate) fn of_file(
        file: File,
        read_bytes: &'t AtomicU64,
        limit: InflationLimit,
    ) -> Result<Self, ReadError> {
        match whole::inflate(file) {
            Whole::AsIs(source) => Self::new(source, read_bytes, limit),
            Whole::Inflated {
                content,
                deflated_bytes,
            } => {
                read_bytes.fetch_add(deflated_bytes, Ordering::Relaxed);
                Self::layer(Box::new(content), &UNCOUNTED, limit)
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.content, Content::Plain(_))
    }

    /// One layer: plain bytes, or gzip.
    fn layer(
        mut source: Source<'t>,
        read_bytes: &'t AtomicU64,
        limit: InflationLimit,
    ) -> Result<Self, ReadError> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        // What came before an error is handed out first.
        let failed = source
            .by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)
            .err();
        let form = Form::of(&head);
        let taken = Arc::new(AtomicU64::new(0));
        let source = Counting {
            inner: io::Cursor::new(head).chain(Rest { failed, source }),
            own_bytes: Arc::clone(&taken),
            all_bytes: read_bytes,
        };
        let packing = match form {
            Form::Plain => Packing::None,
            Form::Packed(packing) => packing,
            Form::Foreign(name) => return Err(ReadError::Foreign { name }),
        };
        let stretch = Stretch::new(packing, limit);
        let content = match packing {
            Packing::None => Content::Plain(source),
            Packing::Gzip => Content::Gzip {
                member: Box::new(GzDecoder::new(BufReader::with_capacity(
                    DEFLATED_BYTES,
                    source,
                ))),
                stretch,
            },
            Packing::Zstd | Packing::Bzip2 | Packing::Utf16(_) => Content::Packed {
                source: packing
                    .undone(Box::new(source))
                    .map_err(|error| io_error(error, packing, 0))?,
                taken,
                stretch,
            },
        };
        Ok(Self {
            content,
            peeked: Vec::new(),
            peeked_end: None,
        })
    }

    /// Whether what comes out of this layer is packed again.
    fn peeks_packed(&mut self) -> bool {
        if matches!(self.content, Content::Plain(_) | Content::Ended) {
            return false;
        }
        let mut head = [0; HEAD_BYTES];
        let Filled { bytes, ended } = self.fill(&mut head);
        self.peeked = head[..bytes].to_vec();
        self.peeked_end = ended;
        !matches!(Form::of(&self.peeked), Form::Plain)
    }

    /// Fills `buffer` to its end, unless the source ends before. Reads of a pipe that come short do not show.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Filled {
        let mut bytes = self.peeked.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&self.peeked[..bytes]);
        self.peeked.drain(..bytes);
        if self.peeked.is_empty()
            && let Some(ended) = self.peeked_end.take()
        {
            return Filled {
                bytes,
                ended: Some(ended),
            };
        }
        while bytes < buffer.len() {
            match self.read_once(&mut buffer[bytes..], &mut bytes) {
                Ok(true) => {}
                ended => {
                    self.content = Content::Ended;
                    return Filled {
                        bytes,
                        ended: Some(ended.map(|_| ())),
                    };
                }
            }
        }
        Filled { bytes, ended: None }
    }

    /// Reads once and adds to `bytes`; false at the end.
    fn read_once(&mut self, buffer: &mut [u8], bytes: &mut usize) -> Result<bool, ReadError> {
        match &mut self.content {
            Content::Ended => Ok(false),
            Content::Plain(source) => {
                let length =
                    read_some(source, buffer).map_err(|error| io_error(error, Packing::None, 0))?;
                *bytes += length;
                Ok(length > 0)
            }
            Content::Gzip { member, stretch } => {
                let length = read_some(member, buffer).map_err(|error| stretch.error(error))?;
                *bytes += length;
                if length > 0 {
                    let taken = member.get_ref().get_ref().own_bytes.load(Ordering::Relaxed);
                    stretch.add(length as u64, taken)?;
                    return Ok(true);
                }
                self.next_member()
            }
            Content::Packed {
                source,
                taken,
                stretch,
            } => {
                let length = read_some(source, buffer).map_err(|error| stretch.error(error))?;
                *bytes += length;
                stretch.add(length as u64, taken.load(Ordering::Relaxed))?;
                Ok(length > 0)
            }
        }
    }

    /// Goes on to the next gzip member; false where there is none.
    fn next_member(&mut self) -> Result<bool, ReadError> {
        let Content::Gzip { member, stretch } =
            std::mem::replace(&mut self.content, Content::Ended)
        else {
            return Ok(false);
        };
        let mut deflated = (*member).into_inner();
        if !another_member(&mut deflated, &stretch)? {
            return Ok(false);
        }
        self.content = Content::Gzip {
            member: Box::new(GzDecoder::new(deflated)),
            stretch,
        };
        Ok(true)
    }
}

/// Whether another member follows. Zeros up to the end are padding, as `gzip` has it, and some shippers end each member
/// with a line break; anything else is damage.
fn another_member(compressed: &mut impl BufRead, stretch: &Stretch) -> Result<bool, ReadError> {
    loop {
        let buffer = compressed
            .fill_buf()
            .map_err(|error| stretch.error(error))?;
        match buffer.first() {
            None => return Ok(false),
            Some(&first) if first == GZIP_MAGIC[0] => return Ok(true),
            Some(0 | b'\n' | b'\r') => {
                let is_padding = |byte: &&u8| matches!(byte, 0 | b'\n' | b'\r');
                let padding = buffer.iter().take_while(is_padding).count();
                compressed.consume(padding);
            }
            Some(_) => {
                return Err(ReadError::Damaged {
                    packing: stretch.packing,
                    inflated: stretch.inflated,
                    what: "bytes that are not gzip follow".into(),
                });
            }
        }
    }
}

/// A layer as the source of the next. Its error travels inside an [`io::Error`].
impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Filled { bytes, ended } = self.fill(buffer);
        match ended {
            Some(Err(error)) if bytes == 0 => Err(io::Error::other(error)),
            Some(ended) if bytes > 0 => {
                self.peeked_end = Some(ended);
                Ok(bytes)
            }
            _ => Ok(bytes),
        }
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

/// Counts what is taken from a source.
struct Counting<'t, R> {
    inner: R,
    own_bytes: Arc<AtomicU64>,
    /// Of all sources of the run.
    all_bytes: &'t AtomicU64,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.own_bytes.fetch_add(length as u64, Ordering::Relaxed);
        self.all_bytes.fetch_add(length as u64, Ordering::Relaxed);
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
        let read_bytes = AtomicU64::new(0);
        let mut reader = Reader::new(source, &read_bytes, LIMIT).unwrap();
        let mut content = Vec::new();
        let mut buffer = vec![0; 200 << 10];
        loop {
            let Filled { bytes, ended } = reader.fill(&mut buffer);
            content.extend_from_slice(&buffer[..bytes]);
            if let Some(ended) = ended {
                assert!(
                    ended.is_err() || read_bytes.load(Ordering::Relaxed) == source.len() as u64
                );
                return (content, ended);
            }
            assert_eq!(bytes, buffer.len());
        }
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
    fn line_breaks_between_members_are_no_damage() {
        let source = [
            gzip(b"one\n"),
            b"\n".to_vec(),
            gzip(b"two\n"),
            b"\r\n".to_vec(),
        ]
        .concat();
        let (content, ended) = read(&source);
        assert_eq!(content, b"one\ntwo\n");
        ended.unwrap();
    }

    #[test]
    fn other_packing_is_undone_too() {
        let text = "{\"é\":1}\n".repeat(1_000);
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(text.as_bytes()).unwrap();
        let zstd = encoder.finish().unwrap();
        let mut bzip2 = Vec::new();
        bzip2::read::BzEncoder::new(text.as_bytes(), bzip2::Compression::fast())
            .read_to_end(&mut bzip2)
            .unwrap();
        let units = |of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        let little = units(u16::to_le_bytes);
        let twice = [&zstd[..], &zstd].concat();
        for (packed, times) in [
            (zstd.clone(), 1),
            (twice, 2),
            ([&bzip2[..], &bzip2].concat(), 2),
            ([b"\xff\xfe", &little[..]].concat(), 1),
            ([b"\xfe\xff", &units(u16::to_be_bytes)[..]].concat(), 1),
            (little, 1),
            (gzip(&zstd), 1),
        ] {
            let (content, ended) = read(&packed);
            ended.unwrap();
            assert_eq!(String::from_utf8(content).unwrap(), text.repeat(times));
        }
        for (packed, name) in [(&zstd, "zstd"), (&bzip2, "bzip2")] {
            let (_, ended) = read(&packed[..packed.len() - 3]);
            let said = ended.unwrap_err().to_string();
            assert!(
                said.starts_with(&format!("{name} data is cut off")),
                "{said}"
            );
            let mut damaged = packed.clone();
            damaged[packed.len() / 2] ^= 0x55;
            let said = read(&damaged).1.unwrap_err().to_string();
            assert!(
                said.starts_with(&format!("{name} data is damaged")),
                "{said}"
            );
        }
        let bomb = zstd::encode_all(&vec![0; 64 << 20][..], 3).unwrap();
        assert!(matches!(read(&bomb).1, Err(ReadError::Bomb { .. })));
    }

    #[test]
    fn what_is_not_read_has_a_name() {
        let read_bytes = AtomicU64::new(0);
        let said = Reader::new(&b"PAR1\x15\x04"[..], &read_bytes, LIMIT)
            .err()
            .unwrap();
        assert!(
            said.to_string()
                .starts_with("it is Parquet, which is not read"),
            "{said}"
        );
    }

    #[test]
    fn gzip_within_gzip_is_inflated_twice() {
        // As Firehose writes it: members of CloudWatch Logs one after the other, compressed once more.
        let inner = [gzip(b"one\n"), gzip(b"two\n")].concat();
        let (content, ended) = read(&gzip(&inner));
        assert_eq!(content, b"one\ntwo\n");
        ended.unwrap();
        let outer = gzip(&inner);
        let (content, ended) = read(&outer[..outer.len() - 3]);
        assert_eq!(content, b"one\ntwo\n");
        assert!(matches!(ended, Err(ReadError::CutOff { .. })), "{ended:?}");
        let (content, ended) = read(&gzip(&inner[..inner.len() - 3]));
        assert_eq!(content, b"one\ntwo\n");
        assert!(matches!(ended, Err(ReadError::CutOff { .. })), "{ended:?}");
    }

    #[test]
    fn damage_is_told_from_a_cut_and_what_came_before_is_kept() {
        let whole = gzip(b"one\n");
        let (content, ended) = read(&whole[..whole.len() - 3]);
        assert_eq!(content, b"one\n");
        assert!(matches!(ended, Err(ReadError::CutOff { inflated: 4, .. })));
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 6] ^= 1;
        assert!(matches!(read(&wrong_sum).1, Err(ReadError::Damaged { .. })));
        let followed = [&whole[..], b"trailing"].concat();
        let (content, ended) = read(&followed);
        assert_eq!(content, b"one\n");
        assert!(matches!(ended, Err(ReadError::Damaged { inflated: 4, .. })));
        assert!(matches!(
            read(b"\x1f\x8b").1,
            Err(ReadError::CutOff { inflated: 0, .. })
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
    fn short_reads_do_not_show() {
        struct Drip(u8);
        impl Read for Drip {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 = self.0.saturating_sub(1);
                buffer[0] = self.0;
                Ok(usize::from(self.0 > 0))
            }
        }
        let read_bytes = AtomicU64::new(0);
        let mut reader = Reader::new(Drip(9), &read_bytes, LIMIT).unwrap();
        let mut buffer = [0; 5];
        let filled = reader.fill(&mut buffer);
        assert_eq!((filled.bytes, buffer), (5, [8, 7, 6, 5, 4]));
        assert!(filled.ended.is_none());
        let filled = reader.fill(&mut buffer);
        assert_eq!((filled.bytes, &buffer[..3]), (3, &[3, 2, 1][..]));
        assert!(matches!(filled.ended, Some(Ok(()))));
    }
}
