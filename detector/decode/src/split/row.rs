//! The rows of a table, one by one.

use super::csv::Columns;
use super::{End, Out, Piece, Splitter, State};

impl Splitter {
    /// Takes the next row, with the line breaks in it.
    pub(super) fn row(
        &mut self,
        columns: Columns,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        let mut line_end = self.line_end(data, end);
        // A quote within a cell is written twice, so that a line break lies in a cell where their number is odd.
        while let Some(at) = line_end
            && memchr::memchr_iter(b'"', &data[..at]).count() % 2 == 1
            && at < data.len()
            && at <= self.record_bytes_max
        {
            self.searched = at + 1;
            line_end = self.line_end(data, end);
        }
        let row = match line_end {
            _ if data.len().min(line_end.unwrap_or(usize::MAX)) > self.record_bytes_max => {
                self.too_large(out);
                self.state = State::SkippedLine;
                return Some(self.consume(&data[..self.record_bytes_max]));
            }
            None => {
                self.state = State::Csv(columns);
                return None;
            }
            Some(at) => &data[..at],
        };
        if !row.trim_ascii().is_empty() {
            match columns.object(row) {
                Some(object) => out(Piece::Record {
                    offset: self.offset,
                    line: self.line,
                    bytes: &object,
                }),
                None => self.record(row, out),
            }
        }
        let consumed = self.consume(&data[..(row.len() + 1).min(data.len())]);
        self.state = State::Csv(columns);
        Some(consumed)
    }
}
