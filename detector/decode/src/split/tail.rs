//! What stands behind a list in its object.

use super::depth::{Depth, Found};
use super::{End, Out, Splitter, State};

const KEY: &[u8] = b"\"Records\"";

impl Splitter {
    /// Takes the rest of an object after its list of records. Where the key may come again, the rest is a record of its
    /// own, as the decoder would see it: of a key that repeats, all lists count.
    pub(super) fn tail(
        &mut self,
        mut depth: Depth,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        let from = self.searched;
        let window = &data[from..data.len().min(self.record_bytes_max)];
        let at = match depth.advance(window) {
            Found::End(at) | Found::LineBreak(at) | Found::Object(at) => from + at,
            Found::More if data.len() > self.record_bytes_max => {
                self.too_large(out);
                self.state = State::Skipped { depth, list: None };
                return Some(self.consume(&data[..self.record_bytes_max]));
            }
            Found::More if end == End::Closed => data.len(),
            Found::More => {
                self.searched = data.len();
                self.state = State::Tail(depth);
                return None;
            }
        };
        let tail = &data[..at];
        if memchr::memmem::find(tail, KEY).is_some() {
            let members = tail.trim_ascii_start();
            let members = members.strip_prefix(b",").unwrap_or(members);
            self.record(&[b"{", members].concat(), out);
        }
        Some(self.consume(tail))
    }
}
