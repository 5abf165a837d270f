//! What an alert tells of its hits: how many, from when to when, which ones first.
//!
//! The ledger decides nothing. It keeps hits one by one while they are few; where they are many, the hits of a
//! stretch of time are counted together: of a slice (a quarter of the timespan) with more than [`SLICE_EXACT_MAX`], of
//! an episode with more than [`EPISODE_EXACT_MAX`] that bear on it alone, and of what is past in an episode that goes on.

pub mod shown; // values that alerts show
pub(crate) mod stretch; // hits counted together
mod counted; // the value of a hit
mod slices; // of time
mod hit_values; // what hits show
mod texts; // of ids and shown values
pub mod summary; // what is told of an episode

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ledger::shown::EventTexts;
use crate::ledger::stretch::Stretch;
use crate::state::interval::{Interval, WAITING_MIN};
use crate::state::key::Key;
use crate::state::key_set;
use crate::state::relative::{self, Dated};

pub use counted::Counted;
pub use hit_values::{EncodedShown, HitValues};
pub(crate) use slices::slice_start;
pub use slices::{Slices, slice_ms};
pub use stretch::EVIDENCE_MAX;

use slices::next_slice;

/// Hits of one slice that are kept one by one; beyond, counts are estimates with a standard error of 1.63 %.
pub const SLICE_EXACT_MAX: usize = key_set::EXACT_MAX;

/// Hits of one episode that are kept one by one.
pub const EPISODE_EXACT_MAX: usize = 1024;

/// Hits with one value at one time that are kept where more hits can take them away; what is beyond is not counted.
pub const TIED_MAX: usize = 256;

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
    /// What the items show: of each slice and field the first of each value. Sorted once it is settled; encoded behind all
    /// else.
    #[serde(skip)]
    shown: HitValues<V>,
    /// Bytes of the stretches, texts and shown values, as of the last settling and with what came since.
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
            shown: HitValues::default(),
            told_bytes: 0,
        }
    }
}

impl<V: Counted> Ledger<V> {
    /// Takes a hit. The text of its id is not needed where its key is a UUID's.
    pub fn add(&mut self, time: i64, id: Key, value: V, texts: Option<EventTexts<'_>>) {
        self.items.push(Item { time, id, value });
        if let Some(texts) = texts {
            if !id.is_uuid() {
                self.add_text(id, texts.id);
            }
            self.told_bytes += self.shown.add(time, value, texts.shown);
        }
    }

    /// Whether so much waits that it is time to settle.
    pub fn is_unsettled(&self) -> bool {
        self.items.len() - self.settled >= WAITING_HITS_MIN.max(self.settled)
    }

    /// The times of the first and the last hit; `None` where there are none.
    pub fn times(&self) -> Option<(i64, i64)> {
        let items = self.items.iter().map(|item| (item.time, item.time));
        let stretches = self.stretches.iter().map(|it| (it.first, it.last));
        let widest = |(first, last): (i64, i64), (more_first, more_last): (i64, i64)| {
            (first.min(more_first), last.max(more_last))
        };
        items.chain(stretches).reduce(widest)
    }

    /// Takes in the hits of `other`; to be settled then.
    pub fn merge(&mut self, other: &Ledger<V>) {
        self.items.extend_from_slice(&other.items);
        self.texts.extend_from_slice(&other.texts);
        self.shown.append(other.shown.clone());
        self.settled = 0;
        self.add_stretches(&other.stretches);
    }

    /// Takes in hits that were counted together; to be settled then.
    pub(crate) fn add_stretches(&mut self, stretches: &[Stretch]) {
        self.stretches.extend_from_slice(stretches);
        self.join_contained();
    }

    /// Brings the ledger to its canonical form. `episodes` are those of a condition that more hits cannot undo, else
    /// none, each as far as its hits bear on no other: what is counted together cannot be divided any more.
    pub fn settle(&mut self, episodes: &[Interval], slices: Slices) {
        if self.settled < self.items.len() {
            self.items.sort_unstable();
            self.items.dedup();
        }
        match slices.singly {
            true => self.count_slices(slices.ms, usize::MAX),
            false => {
                self.count_slices(slices.ms, SLICE_EXACT_MAX);
                self.count_episodes(episodes, slices.ms);
            }
        }
        self.settled(slices);
    }

    fn settled(&mut self, slices: Slices) {
        self.settled = self.items.len();
        self.keep_texts_of_evidence(slices);
        self.keep_first_shown(slices);
        self.count_bytes();
    }

    /// Leaves the hits that `is_told` is true of; of those with one value at one time, of which it says the same, at most
    /// [`TIED_MAX`]: those with the smallest ids.
    pub(crate) fn leave_told(&mut self, is_told: impl Fn(i64, V) -> bool) {
        self.items.retain(|item| is_told(item.time, item.value));
        self.shown
            .0
            .retain(|(shown, value)| is_told(shown.time, *value));
        self.items
            .sort_unstable_by_key(|item| (item.time, item.value, item.id));
        self.items.dedup();
        let ties = self
            .items
            .chunk_by(|one, other| (one.time, one.value) == (other.time, other.value));
        if ties.clone().any(|tied| tied.len() > TIED_MAX) {
            let kept = ties.flat_map(|tied| &tied[..tied.len().min(TIED_MAX)]);
            self.items = kept.copied().collect();
        }
        self.items.sort_unstable();
        self.settled = self.items.len();
    }

    /// Counts the hits of slices with too many together, and those in stretches that are counted together with them.
    fn count_slices(&mut self, slice_ms: i64, exact_max: usize) {
        if self.items.len() <= exact_max && self.stretches.is_empty() {
            return;
        }
        let mut items = std::mem::take(&mut self.items);
        let mut kept = Vec::new();
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
        items.clear();
        items.append(&mut kept);
        // Room for those that will wait: in a flood it is needed again at once.
        items.shrink_to(2 * WAITING_HITS_MIN);
        self.items = items;
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
    pub fn forget(&mut self, before: i64, ongoing: Option<Ongoing>, slices: Slices) {
        let slice_ms = slices.ms;
        let edge = slice_start(before, slice_ms);
        if let Some(Ongoing { opened_at, after }) = ongoing {
            let inside = next_slice(opened_at, slice_ms);
            self.count_past(Interval::new(after + 1, inside.min(edge)), slice_ms);
            self.count_past(Interval::new(inside, edge), slice_ms);
        }
        let old = self.items.partition_point(|item| item.time < edge);
        self.items.drain(..old);
        self.show_in_stretches();
        self.shown.0.retain(|(shown, _)| shown.time >= edge);
        let is_ongoing = |s: &Stretch| ongoing.is_some_and(|o| s.range.start > o.after);
        self.stretches
            .retain(|s| s.range.end > edge || is_ongoing(s));
        self.settled(slices);
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

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<Item<V>>() + self.told_bytes
    }
}

#[cfg(test)]
mod tests;
