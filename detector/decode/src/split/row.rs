//! The rows of a table, one by one.

use super::csv::Table;
use super::{End, Out, Piece, Splitter, State};

impl Splitter {
    /// Takes the next row, with the line breaks in it. Each byte is looked at once, however many lines a cell has.
    pub(super) fn row(
        &mut self,
        mut table: Table,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        let mut line_end = self.line_end(data, end);
        while let Some(at) = line_end {
            let is_within = table.is_in_cell(data, at);
            if !is_within || at == data.len() || at > self.record_bytes_max {
                break;
            }
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
                self.state = State::Table(table);
                return None;
            }
            Some(at) => &data[..at],
        };
        if !row.trim_ascii().is_empty() {
            match table.columns.object(row) {
                Some(object) => out(Piece::Record {
                    offset: self.offset,
                    line: self.line,
                    bytes: &object,
                }),
                None => self.record(row, out),
            }
        }
        let consumed = self.consume(&data[..(row.len() + 1).min(data.len())]);
        self.state = State::Table(Table::new(table.columns));
        Some(consumed)
    }
}
