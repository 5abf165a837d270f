//! Text over several lines: a trace, or a document that a tool prints below its head.

use super::{End, Out, Splitter, State, line};

/// No log event is longer.
const TEXT_BYTES_MAX: usize = 1 << 20;

impl Splitter {
    /// Takes the lines that go on with the text in hand, of which the next begins at `line_at`.
    pub(super) fn text(
        &mut self,
        mut line_at: usize,
        mut lines: u32,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        while line_at < data.len() && line_at < TEXT_BYTES_MAX {
            let Some(line_end) = self.line_end(data, end) else {
                if data.len() < TEXT_BYTES_MAX {
                    self.state = State::Text { line_at, lines };
                    return None;
                }
                break;
            };
            if line::begins_anew(&data[line_at..line_end], &data[..line_at], lines) {
                break;
            }
            lines = lines.saturating_add(1);
            line_at = (line_end + 1).min(data.len());
            self.searched = line_at;
        }
        if line_at == data.len() && end == End::Open {
            self.state = State::Text { line_at, lines };
            return None;
        }
        self.record(&data[..line_at], out);
        Some(self.consume(&data[..line_at]))
    }
}
