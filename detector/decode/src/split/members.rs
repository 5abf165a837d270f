//! The members of a list, each a record of its own.

use super::depth::{Depth, Found};
use super::{End, Out, Splitter, State};

impl Splitter {
    pub(super) fn list(&mut self, is_in_object: bool, data: &[u8]) -> usize {
        let between = data
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b','))
            .unwrap_or(data.len());
        let consumed = self.consume(&data[..between]);
        match data.get(between) {
            None => self.state = State::List { is_in_object },
            Some(b']') => {
                if is_in_object {
                    self.state = State::Tail(Depth::inside().resynchronising(true));
                }
                return consumed + self.consume(&data[between..=between]);
            }
            // Damage; the line state takes it from here.
            Some(b'}') => {}
            Some(_) => {
                let depth = Depth::default().resynchronising(!self.is_first_column);
                self.state = State::Member {
                    depth,
                    is_in_object,
                };
            }
        }
        consumed
    }

    pub(super) fn member(
        &mut self,
        mut depth: Depth,
        is_in_object: bool,
        data: &[u8],
        end: End,
        out: Out<'_>,
    ) -> Option<usize> {
        let bytes_max = self.record_bytes_max;
        let from = self.searched;
        let window = &data[from..data.len().min(bytes_max)];
        let at = match depth.advance(window) {
            Found::End(at) => {
                self.state = State::List { is_in_object };
                from + at
            }
            Found::LineBreak(at) | Found::Object(at) => from + at,
            Found::More if data.len() > bytes_max => {
                self.too_large(out);
                let list = Some(is_in_object);
                self.state = State::Skipped { depth, list };
                return Some(self.consume(&data[..bytes_max]));
            }
            Found::More if end == End::Closed => data.len(),
            Found::More => {
                self.searched = data.len();
                self.state = State::Member {
                    depth,
                    is_in_object,
                };
                return None;
            }
        };
        self.record(&data[..at], out);
        Some(self.consume(&data[..at]))
    }

    pub(super) fn skipped(&mut self, mut depth: Depth, list: Option<bool>, data: &[u8]) -> usize {
        match depth.advance(data) {
            Found::More => {
                self.state = State::Skipped { depth, list };
                self.consume(data)
            }
            Found::End(at) => {
                if let Some(is_in_object) = list {
                    self.state = State::List { is_in_object };
                }
                self.consume(&data[..at])
            }
            Found::LineBreak(at) | Found::Object(at) => self.consume(&data[..at]),
        }
    }
}
