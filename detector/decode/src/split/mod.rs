//! Cuts a byte stream into records for the decoder, so that a file larger than memory flows.
//!
//! A record is a line (NDJSON or text; one with a time, together with the lines without one that follow it), a whole
//! JSON document over several lines, one member of a list that the stream opens (`{"Records":[…]}`, `[{…}]`), or a row
//! of a table whose heading it begins with. The outcome does not depend on how the stream was cut into chunks.
//!
//! Damage must not swallow what follows it. A line break within a string ends a document at once. A document that
//! began with `{"…` (most likely an NDJSON line cut short) also ends before a line that looks like a whole object or
//! cannot be JSON at all; its lines are then records of their own. A document that began with a lone brace and is
//! indented ends before the next brace in the first column, and is one (broken) record. A member of a list that does
//! not itself begin in the first column ends before a brace there.

mod ahead; // what is read next
mod depth; // where a JSON value ends
mod line; // what a line is by itself
mod document; // lines that make one value
mod csv; // a table: its columns, and where a row ends
mod row; // its rows
mod text; // lines that go on with one of text
mod members; // what stands in a list
mod tail; // what stands behind it

use csv::{Columns, Table};
use depth::Depth;
use document::{Document, Progress};
use line::{LineKind, Opening};

/// The largest record that is read where nothing else is known. CloudTrail files and arrays are cut into their members,
/// so only one event, or one envelope of another form, has to fit.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// One piece of the stream. `offset` counts bytes from the start of the (inflated) stream, `line` from 1. `bytes` are
/// those of the stream, or an object made of a row, or of what stands behind a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Record {
        offset: u64,
        line: u64,
        bytes: &'a [u8],
    },
    /// A line, document or member of more than `bytes_max` bytes, skipped to its end.
    TooLarge {
        offset: u64,
        line: u64,
        bytes_max: usize,
    },
}

/// Takes chunks, gives pieces. Holds at most one record and one chunk.
#[derive(Debug)]
pub struct Splitter {
    record_bytes_max: usize,
    state: State,
    /// What is not yet consumed.
    buffer: Vec<u8>,
    /// How much of it has been looked at for a line break or the end of a member.
    searched: usize,
    /// Of the first byte not consumed.
    offset: u64,
    line: u64,
    is_first_column: bool,
    /// Below this offset a document has failed: its lines stand for themselves.
    lines_until: u64,
    /// From here to this offset there is no line break, as was seen before.
    unbroken_until: u64,
}

#[derive(Debug)]
enum State {
    Line,
    Document(Document),
    /// Lines of text that may go on; the next begins here.
    Text {
        line_at: usize,
        lines: u32,
    },
    /// Between the rows of a table.
    Table(Table),
    /// Between the members of a list.
    List {
        is_in_object: bool,
    },
    Member {
        depth: Depth,
        is_in_object: bool,
    },
    /// Behind a list, in the object that holds it.
    Tail(Depth),
    SkippedLine,
    /// The rest of a value that is not wanted, and whether a list goes on after it.
    Skipped {
        depth: Depth,
        list: Option<bool>,
    },
}

type Out<'o> = &'o mut dyn FnMut(Piece<'_>);

impl Splitter {
    pub fn new(record_bytes_max: usize) -> Self {
        Self {
            record_bytes_max,
            state: State::Line,
            buffer: Vec::new(),
            searched: 0,
            offset: 0,
            line: 1,
            is_first_column: true,
            lines_until: 0,
            unbroken_until: 0,
        }
    }

    /// Cuts all of `text`, to which nothing is to come. Nothing is copied.
    pub(super) fn cut(mut self, text: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        self.run(text, End::Closed, out);
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        while !chunk.is_empty() {
            if self.buffer.is_empty() {
                let consumed = self.run(chunk, End::Open, out);
                self.buffer.extend_from_slice(&chunk[consumed..]);
                return;
            }
            // Completes what is in hand with as little copying as can be.
            let taken = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
            let (piece, rest) = chunk.split_at(taken);
            chunk = rest;
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(piece);
            let consumed = self.run(&buffer, End::Open, out);
            buffer.drain(..consumed);
            self.buffer = buffer;
        }
    }

    /// The stream has ended: gives what is left.
    pub fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        let buffer = std::mem::take(&mut self.buffer);
        self.run(&buffer, End::Closed, out);
        *self = Self::new(self.record_bytes_max);
    }

    fn run(&mut self, data: &[u8], end: End, out: Out<'_>) -> usize {
        let mut at = 0;
        while at < data.len() {
            let rest = &data[at..];
            match self.step(rest, end, out) {
                Some(consumed) => at += consumed,
                None => break,
            }
        }
        at
    }

    /// One step on `data`, the stream from `self.offset` on: how many bytes it consumed, or `None` if more are needed.
    fn step(&mut self, data: &[u8], end: End, out: Out<'_>) -> Option<usize> {
        match std::mem::replace(&mut self.state, State::Line) {
            State::Line => self.whole_line(data, end, out),
            State::Document(document) => self.document(document, data, end, out),
            State::Text { line_at, lines } => self.text(line_at, lines, data, end, out),
            State::Table(table) => self.row(table, data, end, out),
            State::List { is_in_object } => Some(self.list(is_in_object, data)),
            State::Member {
                depth,
                is_in_object,
            } => self.member(depth, is_in_object, data, end, out),
            State::Tail(depth) => self.tail(depth, data, end, out),
            State::SkippedLine => Some(match memchr::memchr(b'\n', data) {
                Some(at) => self.consume(&data[..=at]),
                None => {
                    self.state = State::SkippedLine;
                    self.consume(data)
                }
            }),
            State::Skipped { depth, list } => Some(self.skipped(depth, list, data)),
        }
    }

    fn whole_line(&mut self, data: &[u8], end: End, out: Out<'_>) -> Option<usize> {
        let is_alone = self.offset < self.lines_until;
        if self.searched == 0 && !is_alone {
            match line::opening(data) {
                Opening::List {
                    bytes,
                    is_in_object,
                } => {
                    self.state = State::List { is_in_object };
                    return Some(self.consume(&data[..bytes]));
                }
                Opening::Unsure if end == End::Open => return None,
                Opening::Unsure | Opening::No => {}
            }
        }
        let Some(line_end) = self.line_end(data, end) else {
            if data.len() <= self.record_bytes_max {
                return None;
            }
            self.too_large(out);
            self.state = State::SkippedLine;
            return Some(self.consume(data));
        };
        ahead::ask(data, line_end);
        let line = &data[..line_end];
        if self.offset == 0 && csv::is_version(line) {
            return Some(self.consume(&data[..(line_end + 1).min(data.len())]));
        }
        if (self.offset == 0 || self.line == 2 && line.starts_with(b"#"))
            && let Some(columns) = Columns::of(line)
        {
            self.state = State::Table(Table::new(columns));
            return Some(self.consume(&data[..(line_end + 1).min(data.len())]));
        }
        if line.len() > self.record_bytes_max {
            self.too_large(out);
        } else {
            match LineKind::of(line) {
                LineKind::Blank => {}
                LineKind::First { is_brace } if !is_alone => {
                    self.searched = 0;
                    self.state = State::Document(Document::new(is_brace));
                    return Some(0);
                }
                LineKind::Timed if !is_alone => {
                    let line_at = (line_end + 1).min(data.len());
                    self.searched = line_at;
                    self.state = State::Text { line_at, lines: 1 };
                    return Some(0);
                }
                LineKind::First { .. } | LineKind::Whole | LineKind::Timed => {
                    self.record(line, out);
                }
            }
        }
        let consumed = (line_end + 1).min(data.len());
        self.searched = 0;
        self.offset += consumed as u64;
        self.line += u64::from(consumed > line_end);
        self.is_first_column = true;
        Some(consumed)
    }

    fn document(
        &mut self,
        mut document: Document,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        while document.line_at < data.len() {
            let line_at = document.line_at;
            let line_end = self.line_end(data, end);
            if line_end.unwrap_or(data.len()) > self.record_bytes_max {
                self.too_large(out);
                let depth = document.depth.at_line_start().resynchronising(true);
                self.state = State::Skipped { depth, list: None };
                return Some(self.consume(&data[..line_at]));
            }
            let Some(line_end) = line_end else {
                self.state = State::Document(document);
                return None;
            };
            match document.line(&data[line_at..line_end]) {
                Progress::Goes => {
                    document.line_at = (line_end + 1).min(data.len());
                    self.searched = document.line_at;
                }
                Progress::Ends(at) => {
                    self.unbroken_until = self.offset + line_end as u64;
                    self.record(&data[..line_at + at], out);
                    return Some(self.consume(&data[..line_at + at]));
                }
                Progress::FailsAfter => return Some(self.fail(line_end)),
                Progress::FailsBefore => return Some(self.fail(line_at)),
            }
        }
        if end == End::Open {
            self.state = State::Document(document);
            return None;
        }
        if document.is_brace {
            self.record(data, out);
            return Some(self.consume(data));
        }
        Some(self.fail(data.len()))
    }

    /// Gives up on a document: the lines of its first `bytes` bytes stand for themselves.
    fn fail(&mut self, bytes: usize) -> usize {
        self.lines_until = self.offset + bytes as u64;
        self.searched = 0;
        0
    }

    /// The end of the line that `self.searched` lies in, without its line break.
    fn line_end(&mut self, data: &[u8], end: End) -> Option<usize> {
        // Many objects on one line are not to look for its end each.
        let unbroken = self.unbroken_until.saturating_sub(self.offset);
        let unbroken = usize::try_from(unbroken).map_or(data.len(), |it| it.min(data.len()));
        let from = self.searched.max(unbroken);
        match memchr::memchr(b'\n', &data[from..]) {
            Some(at) => Some(from + at),
            None if end == End::Closed => Some(data.len()),
            None => {
                self.searched = data.len();
                None
            }
        }
    }

    fn record(&self, bytes: &[u8], out: Out<'_>) {
        let (offset, line) = (self.offset, self.line);
        out(Piece::Record {
            offset,
            line,
            bytes,
        });
    }

    fn too_large(&self, out: Out<'_>) {
        out(Piece::TooLarge {
            offset: self.offset,
            line: self.line,
            bytes_max: self.record_bytes_max,
        });
    }

    fn consume(&mut self, bytes: &[u8]) -> usize {
        if let Some(last) = bytes.last() {
            self.is_first_column = *last == b'\n';
            self.offset += bytes.len() as u64;
            self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        self.searched = 0;
        bytes.len()
    }
}

/// Whether more of the stream may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

#[cfg(test)]
mod tests;
