//! A JSON document over several lines: read line by line, so that damage shows before it swallows what follows.

use super::depth::{Depth, Found};
use super::line;

/// A document over several lines.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) depth: Depth,
    /// Where its next line starts.
    pub(super) line_at: usize,
    lines: u32,
    pub(super) is_brace: bool,
    is_indented: bool,
    is_broken: bool,
}

/// What one more line makes of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Goes,
    /// It is complete, or broken as a whole, this far into the line.
    Ends(usize),
    /// It never was one, and this line is not part of it.
    FailsBefore,
    /// It never was one, and this line was still part of it.
    FailsAfter,
}

impl Document {
    pub(super) fn new(is_brace: bool) -> Self {
        Self {
            is_brace,
            ..Self::default()
        }
    }

    /// Reads the next line, without its line break.
    pub(super) fn line(&mut self, line: &[u8]) -> Progress {
        if self.line_at > 0 {
            if self.lines == 1 {
                self.is_indented = matches!(line.first(), Some(b' ' | b'\t'));
            }
            let is_pretty = self.is_brace && self.is_indented;
            match line.first() {
                Some(b'{') if is_pretty => return Progress::Ends(0),
                Some(b'}') if is_pretty && self.is_broken => return Progress::Ends(line.len()),
                _ if self.is_broken => return Progress::Goes,
                _ if !self.is_brace && line::is_object_line(line) => return Progress::FailsBefore,
                _ if !line::can_continue(line) => return Progress::FailsBefore,
                _ => {}
            }
        }
        self.lines = self.lines.saturating_add(1);
        match self.depth.advance(line) {
            Found::End(at) => return Progress::Ends(at),
            Found::LineBreak(_) | Found::Object(_) | Found::More => {}
        }
        if self.depth.is_in_string() {
            // The line ends within a string.
            if !(self.is_brace && self.is_indented) {
                return Progress::FailsAfter;
            }
            self.is_broken = true;
        }
        Progress::Goes
    }
}
