//! What stands behind a list in its object.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::depth::{Depth, Found};
use super::{End, Out, Splitter, State};

/// What AWS writes beside a list of records, and what says nothing of anybody.
const BESIDE: [&str; 8] = [
    "NextShardIterator",
    "MillisBehindLatest",
    "ChildShards",
    "searchedLogStreams",
    "nextToken",
    "nextForwardToken",
    "nextBackwardToken",
    "NextToken",
];

impl Splitter {
    /// Takes the rest of an object after its list of records. Where it says more, the rest is a record of its own: of a key
    /// that repeats, all lists count, as the decoder would see it, and nothing that somebody writes there vanishes.
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
        let rest = tail.trim_ascii();
        let rest = rest.strip_prefix(b",").unwrap_or(rest);
        if !matches!(rest, b"" | b"}") {
            let object = [b"{", rest].concat();
            if !is_of_a_list(&object) {
                self.record(&object, out);
            }
        }
        Some(self.consume(tail))
    }
}

/// Whether an object has nothing but what stands beside a list.
fn is_of_a_list(object: &[u8]) -> bool {
    let keys = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(object);
    keys.is_ok_and(|keys| keys.keys().all(|key| BESIDE.contains(&key.as_str())))
}
