//! A stretch of an input, with the records that end in it: what one worker takes at once.

use detector_core::decode::split::{Piece, Splitter};

/// Bytes of an input that a block holds, inflated. Small enough to stay in a core's cache between reading and decoding.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// Filled by a [`Stream`](crate::input::stream::Stream), again and again.
#[derive(Debug)]
pub(crate) struct Block {
    stretch: Vec<u8>,
    pieces: Pieces,
}

#[derive(Debug, Default)]
struct Pieces {
    /// Records that lie in no stretch.
    carried: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    offset: u64,
    line: u64,
    content: SpanContent,
}

#[derive(Debug)]
enum SpanContent {
    Stretch { from: usize, bytes: usize },
    Carried { from: usize, bytes: usize },
    TooLarge { bytes_max: usize },
}

impl Block {
    pub(crate) fn new() -> Self {
        Self {
            stretch: vec![0; BLOCK_BYTES],
            pieces: Pieces::default(),
        }
    }

    /// Forgets what it held and gives the space for a stretch.
    pub(crate) fn restart(&mut self) -> &mut [u8] {
        let Pieces { carried, spans } = &mut self.pieces;
        spans.clear();
        carried.clear();
        // One large record must not hold memory to the end of the run.
        carried.shrink_to(BLOCK_BYTES);
        &mut self.stretch
    }

    /// Cuts the first `bytes` bytes of the stretch into pieces.
    pub(crate) fn cut(&mut self, bytes: usize, splitter: &mut Splitter) {
        let Self { stretch, pieces } = self;
        let stretch = &stretch[..bytes];
        splitter.push(stretch, &mut |piece| pieces.add(piece, stretch));
    }

    /// Adds what the splitter holds: its input ends with this stretch.
    pub(crate) fn cut_rest(&mut self, splitter: &mut Splitter) {
        splitter.finish(&mut |piece| self.pieces.add(piece, &[]));
    }

    /// The pieces, as they were added.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.pieces.spans.iter().map(|span| {
            let Span { offset, line, .. } = *span;
            let record = |bytes| Piece::Record {
                offset,
                line,
                bytes,
            };
            match span.content {
                SpanContent::Stretch { from, bytes } => record(&self.stretch[from..from + bytes]),
                SpanContent::Carried { from, bytes } => {
                    record(&self.pieces.carried[from..from + bytes])
                }
                SpanContent::TooLarge { bytes_max } => Piece::TooLarge {
                    offset,
                    line,
                    bytes_max,
                },
            }
        })
    }
}

impl Pieces {
    /// Adds a piece of its input; it ends in the stretch.
    fn add(&mut self, piece: Piece<'_>, stretch: &[u8]) {
        let (offset, line, content) = match piece {
            Piece::TooLarge {
                offset,
                line,
                bytes_max,
            } => (offset, line, SpanContent::TooLarge { bytes_max }),
            Piece::Record {
                offset,
                line,
                bytes,
            } => (offset, line, self.content(bytes, stretch)),
        };
        self.spans.push(Span {
            offset,
            line,
            content,
        });
    }

    /// A record is copied only where it does not lie in the stretch: it began in an earlier one, or was put together.
    fn content(&mut self, record: &[u8], stretch: &[u8]) -> SpanContent {
        let bytes = record.len();
        if let Some(from) = record.as_ptr().addr().checked_sub(stretch.as_ptr().addr())
            && from + bytes <= stretch.len()
        {
            return SpanContent::Stretch { from, bytes };
        }
        let from = self.carried.len();
        self.carried.extend_from_slice(record);
        SpanContent::Carried { from, bytes }
    }
}
