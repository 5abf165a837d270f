//! What an alert tells of its hits: how many, from when to when, which ones first.
//!
//! The ledger decides nothing. It keeps hits one by one while they are few; where they are many, the hits of a
//! stretch of time are counted together: of a slice (a quarter of the timespan) with more than [`SLICE_EXACT_MAX`], of
//! an episode with more than [`EPISODE_EXACT_MAX`], and of what is past in an episode that goes on.

mod counted; // the value of a hit
mod summary; // what is told of an episode

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::window::interval::{Interval, WAITING_MIN};
use crate::window::key::Key;
use crate::window::key_set;
use crate::window::relative::{self, Dated};
use crate::window::stretch::Stretch;

pub use counted::Counted;
pub use summary::Summary;

/// The most event ids an alert carries as evidence.
pub const EVIDENCE_MAX: usize = 20;

/// Hits of one slice that are kept one by one; beyond, counts are estimates with a standard error of 1.63 %.
pub const SLICE_EXACT_MAX: usize = key_set::EXACT_MAX;

/// Hits of one episode that are kept one by one.
pub const EPISODE_EXACT_MAX: usize = 1024;

/// Event ids longer than this are cut where they are shown; hits are told apart by the whole id.
const ID_BYTES_MAX: usize = 128;

const SLICES_PER_TIMESPAN: i64 = 4;

/// Waiting hits are not sorted in before they are so many: that looks at the group's holding moments.
const WAITING_HITS_MIN: usize = 32 * WAITING_MIN;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Item<V> {
    time: i64,
    id: Key,
    value: V,
}

impl<V: Copy> Dated for Item<V> {
    fn time(&self) -> i64 {
        self.time
    }

    fn shift(&mut self, by: i64) {
        self.time = self.time.wrapping_add(by);
    }
}

/// The hits of one group, for reports. Settled, it is a function of the set of hits, of the episodes that they make,
/// and of what has been forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "V: Counted")]
pub struct Ledger<V> {
    /// The first `settled` items are sorted and distinct, the rest wait. Encoded, all are settled.
    #[serde(with = "relative")]
    items: Vec<Item<V>>,
    #[serde(skip)]
    settled: usize,
    /// By range.
    stretches: Vec<Stretch>,
    /// Ids that are no UUIDs, of hits that may become evidence, sorted by key.
    texts: Vec<(Key, Box<str>)>,
    /// Bytes of the stretches and texts, as of the last settling and with what came since.
    #[serde(skip)]
    told_bytes: usize,
}

/// An episode that goes on across the moment before which all is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Ongoing {
    pub opened_at: i64,
    /// The last time of a hit that has left the window when the episode opens.
    pub after: i64,
}

impl<V> Default for Ledger<V> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            settled: 0,
            stretches: Vec::new(),
            texts: Vec::new(),
            told_bytes: 0,
        }
    }
}

/// The length of a slice for a timespan, in milliseconds.
pub fn slice_ms(timespan_ms: i64) -> i64 {
    (timespan_ms / SLICES_PER_TIMESPAN).max(1)
}

/// The start of the slice that `time` is in.
pub(super) fn slice_start(time: i64, slice_ms: i64) -> i64 {
    time.div_euclid(slice_ms) * slice_ms
}

/// The first start of a slice that is not before `time`.
fn next_slice(time: i64, slice_ms: i64) -> i64 {
    slice_start(time + slice_ms - 1, slice_ms)
}

impl<V: Counted> Ledger<V> {
    /// Takes a hit; `id` is the key of `event_id`, which is not needed where the key is a UUID's.
    pub fn add(&mut self, time: i64, (id, event_id): (Key, Option<&str>), value: V) {
        self.items.push(Item { time, id, value });
        if let Some(event_id) = event_id.filter(|_| !id.is_uuid()) {
            self.add_text(id, event_id);
        }
    }

    /// Takes the text of the id of a hit.
    pub(super) fn add_text(&mut self, id: Key, event_id: &str) {
        let shown = &event_id[..event_id.floor_char_boundary(ID_BYTES_MAX)];
        let cut = if shown.len() < event_id.len() {
            "…"
        } else {
            ""
        };
        let text: Box<str> = format!("{shown}{cut}").into();
        self.told_bytes += text_bytes(&text);
        self.texts.push((id, text));
    }

    /// Whether so much waits that it is time to settle.
    pub fn is_unsettled(&self) -> bool {
        self.items.len() - self.settled >= WAITING_HITS_MIN.max(self.settled)
    }

    /// Takes in the hits of `other`; to be settled then.
    pub fn merge(&mut self, other: &Ledger<V>) {
        self.items.extend_from_slice(&other.items);
        self.texts.extend_from_slice(&other.texts);
        self.settled = 0;
        self.add_stretches(&other.stretches);
    }

    /// Takes in hits that were counted together; to be settled then.
    pub(super) fn add_stretches(&mut self, stretches: &[Stretch]) {
        self.stretches.extend_from_slice(stretches);
        self.join_contained();
    }

    /// Brings the ledger to its canonical form. `episodes` are those of a condition that more hits cannot undo, else
    /// none.
    pub fn settle(&mut self, episodes: &[Interval], slice_ms: i64) {
        self.sort();
        self.count_slices(slice_ms, SLICE_EXACT_MAX);
        self.count_episodes(episodes, slice_ms);
        self.settled(slice_ms);
    }

    /// The same where hits are not counted together before they are past.
    pub fn settle_singly(&mut self, slice_ms: i64) {
        self.sort();
        self.count_slices(slice_ms, usize::MAX);
        self.settled(slice_ms);
    }

    fn sort(&mut self) {
        if self.settled < self.items.len() {
            self.items.sort_unstable();
            self.items.dedup();
        }
    }

    fn settled(&mut self, slice_ms: i64) {
        self.settled = self.items.len();
        self.keep_texts_of_evidence(slice_ms);
        self.count_bytes();
    }

    /// Leaves the hits that `is_told` is true of; of those with one value at one time, the one with the smallest id.
    pub(super) fn leave_told(&mut self, is_told: impl Fn(i64, V) -> bool) {
        self.items.retain(|item| is_told(item.time, item.value));
        self.items
            .sort_unstable_by_key(|item| (item.time, item.value, item.id));
        self.items.dedup_by_key(|item| (item.time, item.value));
        self.items.sort_unstable();
        self.settled = self.items.len();
    }

    /// Counts the hits of slices with too many together, and those in stretches that are counted together with them.
    fn count_slices(&mut self, slice_ms: i64, exact_max: usize) {
        if self.items.len() <= exact_max && self.stretches.is_empty() {
            return;
        }
        let items = std::mem::take(&mut self.items);
        let mut kept = Vec::with_capacity(items.len());
        for slice in
            items.chunk_by(|a, b| slice_start(a.time, slice_ms) == slice_start(b.time, slice_ms))
        {
            let mut left: Vec<Item<V>> = Vec::new();
            for item in slice {
                match self.stretch_at(item.time) {
                    Some(at) => self.stretches[at].add(item.time, item.id, item.value.key()),
                    None => left.push(*item),
                }
            }
            if left.len() <= exact_max {
                kept.append(&mut left);
                continue;
            }
            let start = slice_start(slice[0].time, slice_ms);
            let mut dense = Stretch::new(Interval::new(start, start + slice_ms));
            for item in left {
                dense.add(item.time, item.id, item.value.key());
            }
            self.insert(dense);
        }
        kept.shrink_to_fit();
        self.items = kept;
    }

    fn stretch_at(&self, time: i64) -> Option<usize> {
        let after = self.stretches.partition_point(|s| s.range.start <= time);
        let at = after.checked_sub(1)?;
        self.stretches[at].range.contains(time).then_some(at)
    }

    fn insert(&mut self, stretch: Stretch) {
        let at = self.stretches.partition_point(|s| s.range < stretch.range);
        self.stretches.insert(at, stretch);
    }

    /// Stretches within others become part of them.
    fn join_contained(&mut self) {
        self.stretches
            .sort_by_key(|s| (s.range.start, Reverse(s.range.end)));
        self.stretches.dedup_by(|next, kept| {
            let is_part = next.range.end <= kept.range.end;
            if is_part {
                kept.merge(next);
            }
            is_part
        });
    }

    /// Counts the hits of episodes with too many together: those in slices that lie wholly within.
    fn count_episodes(&mut self, episodes: &[Interval], slice_ms: i64) {
        for episode in episodes {
            let start = next_slice(episode.start, slice_ms);
            let end = slice_start(episode.end, slice_ms);
            let inner = Interval::new(start, end.max(start));
            let (from, to) = self.items_within(inner);
            let first = self
                .stretches
                .partition_point(|s| s.range.start < inner.start);
            let last = self
                .stretches
                .partition_point(|s| s.range.end <= inner.end)
                .max(first);
            let counted = &self.stretches[first..last];
            let is_done = counted.len() == 1 && counted[0].range == inner && from == to;
            let is_many = to - from > EPISODE_EXACT_MAX || counted.iter().any(Stretch::is_dense);
            if is_done || !is_many {
                continue;
            }
            let whole = self.counted_together(inner, (from, to), first..last);
            self.items.drain(from..to);
            self.stretches.insert(first, whole);
        }
    }

    /// The places of the items within `range`.
    fn items_within(&self, range: Interval) -> (usize, usize) {
        let from = self.items.partition_point(|item| item.time < range.start);
        let to = self.items.partition_point(|item| item.time < range.end);
        (from, to.max(from))
    }

    /// Items and stretches as one; the stretches are taken out.
    fn counted_together(
        &mut self,
        range: Interval,
        (from, to): (usize, usize),
        stretches: std::ops::Range<usize>,
    ) -> Stretch {
        let mut whole = Stretch::new(range);
        for stretch in self.stretches.drain(stretches) {
            whole.merge(&stretch);
        }
        for item in &self.items[from..to] {
            whole.add(item.time, item.id, item.value.key());
        }
        whole
    }

    /// Forgets the hits before the last start of a slice up to `before`, but for those of an episode that goes on,
    /// which are from then on counted together. Needs a settled ledger.
    pub fn forget(&mut self, before: i64, ongoing: Option<Ongoing>, slice_ms: i64) {
        let edge = slice_start(before, slice_ms);
        if let Some(Ongoing { opened_at, after }) = ongoing {
            let inside = next_slice(opened_at, slice_ms);
            self.count_past(Interval::new(after + 1, inside.min(edge)), slice_ms);
            self.count_past(Interval::new(inside, edge), slice_ms);
        }
        let old = self.items.partition_point(|item| item.time < edge);
        self.items.drain(..old);
        let is_ongoing = |s: &Stretch| ongoing.is_some_and(|o| s.range.start > o.after);
        self.stretches
            .retain(|s| s.range.end > edge || is_ongoing(s));
        self.settled(slice_ms);
    }

    fn count_past(&mut self, past: Interval, slice_ms: i64) {
        if past.start >= past.end {
            return;
        }
        // A slice that was counted together before the episode opened within it cannot be divided any more.
        let first = self
            .stretches
            .partition_point(|s| s.range.start < slice_start(past.start, slice_ms));
        let last = self
            .stretches
            .partition_point(|s| s.range.end <= past.end)
            .max(first);
        let (from, to) = self.items_within(past);
        if from == to && first == last {
            return;
        }
        let whole = self.counted_together(past, (from, to), first..last);
        self.items.drain(from..to);
        self.insert(whole);
    }

    /// Only the earliest hits of each slice can be shown, so only their texts stay.
    fn keep_texts_of_evidence(&mut self, slice_ms: i64) {
        if self.texts.is_empty() {
            return;
        }
        let mut shown: Vec<Key> = self
            .stretches
            .iter()
            .flat_map(|s| s.earliest.iter().map(|&(_, id)| id))
            .collect();
        for slice in self
            .items
            .chunk_by(|a, b| slice_start(a.time, slice_ms) == slice_start(b.time, slice_ms))
        {
            let from = shown.len();
            for item in slice {
                if shown.len() == from + EVIDENCE_MAX {
                    break;
                }
                if !shown[from..].contains(&item.id) {
                    shown.push(item.id);
                }
            }
        }
        shown.sort_unstable();
        self.texts.retain(|(id, _)| shown.binary_search(id).is_ok());
        self.texts.sort_unstable();
        self.texts.dedup();
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<Item<V>>() + self.told_bytes
    }

    fn count_bytes(&mut self) {
        let stretches: usize = self.stretches.iter().map(Stretch::bytes).sum();
        let texts: usize = self.texts.iter().map(|(_, text)| text_bytes(text)).sum();
        self.told_bytes = stretches + texts;
    }
}

fn text_bytes(text: &str) -> usize {
    size_of::<(Key, Box<str>)>() + text.len()
}

#[cfg(test)]
mod tests;
