//! What an alert tells of its hits: how many, from when to when, which ones first.
//!
//! The ledger decides nothing. Time is cut into slices of a sixteenth of the timespan; a slice keeps every hit while
//! they are at most [`SLICE_EXACT_MAX`], then only sketches and the earliest hits.

use serde::{Deserialize, Serialize};

use crate::window::interval::WAITING_MIN;
use crate::window::key::Key;
use crate::window::sketch::Sketch;

/// The most event ids an alert carries as evidence.
pub const EVIDENCE_MAX: usize = 20;

/// Hits of one slice that are counted exactly; beyond, counts are estimates with a standard error of 0.8 %.
pub const SLICE_EXACT_MAX: usize = 1024;
const SLICES_PER_TIMESPAN: i64 = 16;

/// The value of a hit, where the rule counts distinct ones: [`Key`], or else nothing.
pub trait Counted:
    Copy + Ord + std::fmt::Debug + Serialize + for<'d> Deserialize<'d> + Send + Sync + 'static
{
    const COUNTED: bool;
    fn key(self) -> Option<Key>;
}

impl Counted for () {
    const COUNTED: bool = false;

    fn key(self) -> Option<Key> {
        None
    }
}

impl Counted for Key {
    const COUNTED: bool = true;

    fn key(self) -> Option<Key> {
        Some(self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Item<V> {
    time: i64,
    id: Key,
    value: V,
}

/// A slice with more hits than are kept one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DenseSlice {
    index: i64,
    first: i64,
    last: i64,
    ids: Sketch,
    values: Option<Sketch>,
    /// The earliest hits, at most [`EVIDENCE_MAX`], sorted.
    earliest: Vec<(i64, Key)>,
}

/// The hits of one group, for reports. Settled, it is a function of the set of hits alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "V: Counted")]
pub struct Ledger<V> {
    /// The first `settled` items are sorted and distinct, the rest wait.
    items: Vec<Item<V>>,
    settled: usize,
    dense: Vec<DenseSlice>,
    /// Ids that are no UUIDs, of hits that may become evidence, sorted by key.
    texts: Vec<(Key, Box<str>)>,
    text_bytes: usize,
}

/// The hits within a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub count: u64,
    pub distinct: u64,
    /// First and last event time; `None` where there is no hit.
    pub times: Option<(i64, i64)>,
    /// The earliest hits, at most [`EVIDENCE_MAX`]: time and event id.
    pub evidence: Vec<(i64, String)>,
}

impl<V> Default for Ledger<V> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            settled: 0,
            dense: Vec::new(),
            texts: Vec::new(),
            text_bytes: 0,
        }
    }
}

/// The length of a slice for a timespan, in milliseconds.
pub fn slice_ms(timespan_ms: i64) -> i64 {
    (timespan_ms / SLICES_PER_TIMESPAN).max(1)
}

impl<V: Counted> Ledger<V> {
    /// Takes a hit; `id` is the key of `event_id`, which is not needed where the key is a UUID's.
    pub fn add(&mut self, time: i64, (id, event_id): (Key, Option<&str>), value: V, slice_ms: i64) {
        self.items.push(Item { time, id, value });
        if let Some(event_id) = event_id.filter(|_| !id.is_uuid()) {
            self.texts.push((id, event_id.into()));
            self.text_bytes += text_bytes(event_id);
        }
        if self.items.len() - self.settled >= WAITING_MIN.max(self.settled) {
            self.settle(slice_ms);
        }
    }

    pub fn merge(&mut self, other: &Ledger<V>, slice_ms: i64) {
        self.items.extend_from_slice(&other.items);
        self.texts.extend_from_slice(&other.texts);
        self.settled = 0;
        for theirs in &other.dense {
            self.densify(theirs.index, theirs.first).merge(theirs);
        }
        self.settle(slice_ms);
    }

    /// Brings the ledger to its canonical form.
    pub fn settle(&mut self, slice_ms: i64) {
        if self.settled == self.items.len() && self.settled > 0 {
            return;
        }
        self.items.sort_unstable();
        self.items.dedup();
        self.fold_dense_slices(slice_ms);
        self.settled = self.items.len();
        self.keep_texts_of_evidence(slice_ms);
    }

    fn fold_dense_slices(&mut self, slice_ms: i64) {
        let slice_of = |item: &Item<V>| item.time.div_euclid(slice_ms);
        if self.items.len() <= SLICE_EXACT_MAX && self.dense.is_empty() {
            return;
        }
        let items = std::mem::take(&mut self.items);
        let mut kept = Vec::with_capacity(items.len());
        for slice in items.chunk_by(|a, b| slice_of(a) == slice_of(b)) {
            let index = slice_of(&slice[0]);
            let is_dense = self.dense.binary_search_by_key(&index, |d| d.index).is_ok();
            if slice.len() <= SLICE_EXACT_MAX && !is_dense {
                kept.extend_from_slice(slice);
                continue;
            }
            let dense = self.densify(index, slice[0].time);
            for item in slice {
                dense.add(item.time, item.id, item.value.key());
            }
        }
        kept.shrink_to_fit();
        self.items = kept;
    }

    /// The dense slice `index`, made if it is new.
    fn densify(&mut self, index: i64, first: i64) -> &mut DenseSlice {
        let at = match self.dense.binary_search_by_key(&index, |d| d.index) {
            Ok(at) => at,
            Err(at) => {
                let new = DenseSlice {
                    index,
                    first,
                    last: first,
                    ids: Sketch::default(),
                    values: None,
                    earliest: Vec::new(),
                };
                self.dense.insert(at, new);
                at
            }
        };
        &mut self.dense[at]
    }

    /// Only the earliest hits of each slice can be shown, so only their texts stay.
    fn keep_texts_of_evidence(&mut self, slice_ms: i64) {
        if self.texts.is_empty() {
            return;
        }
        let mut shown: Vec<Key> = self
            .dense
            .iter()
            .flat_map(|d| d.earliest.iter().map(|&(_, id)| id))
            .collect();
        for slice in self
            .items
            .chunk_by(|a, b| a.time.div_euclid(slice_ms) == b.time.div_euclid(slice_ms))
        {
            shown.extend(slice.iter().take(EVIDENCE_MAX).map(|item| item.id));
        }
        shown.sort_unstable();
        self.texts.retain(|(id, _)| shown.binary_search(id).is_ok());
        self.texts.sort_unstable();
        self.texts.dedup();
        self.text_bytes = self.texts.iter().map(|(_, text)| text_bytes(text)).sum();
    }

    /// The hits at times strictly between `after` and `before`; `more_values` count as distinct values too.
    /// Needs a settled ledger.
    pub fn summary(&self, after: i64, before: i64, more_values: &[Key]) -> Summary {
        let from = self.items.partition_point(|item| item.time <= after);
        let to = self
            .items
            .partition_point(|item| item.time < before)
            .max(from);
        let exact = &self.items[from..to];
        let dense = || {
            self.dense
                .iter()
                .filter(|d| d.last > after && d.first < before)
        };
        let mut times: Option<(i64, i64)> = None;
        let spans = exact
            .iter()
            .map(|i| (i.time, i.time))
            .chain(dense().map(|d| (d.first, d.last)));
        for (first, last) in spans {
            let known = times.get_or_insert((first, last));
            *known = (known.0.min(first), known.1.max(last));
        }
        let mut earliest: Vec<(i64, Key)> = exact.iter().map(|item| (item.time, item.id)).collect();
        earliest.extend(dense().flat_map(|d| d.earliest.iter().copied()));
        earliest.sort_unstable();
        Summary {
            count: distinct(exact.iter().map(|i| i.id), dense().map(|d| &d.ids)),
            distinct: distinct(
                exact
                    .iter()
                    .filter_map(|i| i.value.key())
                    .chain(more_values.iter().copied()),
                dense().filter_map(|d| d.values.as_ref()),
            ),
            times,
            evidence: self.evidence(&earliest),
        }
    }

    fn evidence(&self, earliest: &[(i64, Key)]) -> Vec<(i64, String)> {
        let mut shown: Vec<(i64, String)> = Vec::new();
        for &(time, id) in earliest {
            if shown.len() == EVIDENCE_MAX {
                break;
            }
            let kept = || {
                self.texts
                    .binary_search_by_key(&id, |(key, _)| *key)
                    .ok()
                    .map(|at| self.texts[at].1.to_string())
            };
            if let Some(text) = id.as_uuid().or_else(kept)
                && shown.iter().all(|(_, known)| *known != text)
            {
                shown.push((time, text));
            }
        }
        shown
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<Item<V>>()
            + self.text_bytes
            + self.dense.len() * DenseSlice::BYTES_MAX
    }
}

fn text_bytes(text: &str) -> usize {
    size_of::<(Key, Box<str>)>() + text.len()
}

impl DenseSlice {
    /// Two sketches and the earliest hits.
    const BYTES_MAX: usize = 33 << 10;

    fn add(&mut self, time: i64, id: Key, value: Option<Key>) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.ids.add(id);
        if let Some(value) = value {
            self.values.get_or_insert_default().add(value);
        }
        self.offer_evidence(time, id);
    }

    fn offer_evidence(&mut self, time: i64, id: Key) {
        if let Err(at) = self.earliest.binary_search(&(time, id))
            && at < EVIDENCE_MAX
        {
            self.earliest.insert(at, (time, id));
            self.earliest.truncate(EVIDENCE_MAX);
        }
    }

    fn merge(&mut self, other: &DenseSlice) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.ids.merge(&other.ids);
        if let Some(values) = &other.values {
            self.values.get_or_insert_default().merge(values);
        }
        for &(time, id) in &other.earliest {
            self.offer_evidence(time, id);
        }
    }
}

/// Distinct keys of both: exact where there is no sketch.
fn distinct<'s>(
    exact: impl Iterator<Item = Key>,
    sketches: impl Iterator<Item = &'s Sketch>,
) -> u64 {
    let mut union: Option<Sketch> = None;
    for sketch in sketches {
        match &mut union {
            Some(union) => union.merge(sketch),
            None => union = Some(sketch.clone()),
        }
    }
    match union {
        Some(mut union) => {
            exact.for_each(|key| union.add(key));
            union.estimate()
        }
        None => {
            let mut keys: Vec<Key> = exact.collect();
            keys.sort_unstable();
            keys.dedup();
            keys.len() as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(hits: impl IntoIterator<Item = (i64, u32)>) -> Ledger<()> {
        let mut ledger = Ledger::default();
        for (time, id) in hits {
            let id = format!("event-{id}");
            ledger.add(time, (Key::of_event_id(&id), Some(&id)), (), 100);
        }
        ledger.settle(100);
        ledger
    }

    #[test]
    fn the_stretch_excludes_both_ends() {
        let summary = ledger([(10, 1), (11, 2), (19, 3), (20, 4)]).summary(10, 20, &[]);
        assert_eq!((summary.count, summary.times), (2, Some((11, 19))));
        assert_eq!(
            summary.evidence,
            [(11, "event-2".to_owned()), (19, "event-3".to_owned())]
        );
    }

    #[test]
    fn a_repeated_event_counts_once() {
        assert_eq!(
            ledger([(10, 1), (10, 1), (12, 1)])
                .summary(0, 20, &[])
                .count,
            1
        );
    }

    #[test]
    fn a_dense_slice_is_estimated_and_keeps_its_earliest() {
        let summary =
            ledger((0..50_000).map(|i| (i64::from(i % 100), i as u32))).summary(-1, 100, &[]);
        assert!(summary.count.abs_diff(50_000) < 1_250, "{}", summary.count);
        assert_eq!(summary.times, Some((0, 99)));
        assert_eq!(summary.evidence.len(), EVIDENCE_MAX);
    }

    #[test]
    fn order_and_partition_leave_no_trace() {
        let hits: Vec<_> = (0..5_000u32)
            .map(|i| (i64::from(i * 7919 % 900), i % 3_000))
            .collect();
        let whole = ledger(hits.iter().copied());
        let mut merged = ledger(hits[..3_000].iter().copied());
        merged.merge(&ledger(hits[1_000..].iter().rev().copied()), 100);
        assert_eq!(whole, merged);
    }
}
