//! How many distinct keys cover each moment: the state under every count.
//!
//! A hit at `x` covers the moments `x..x + timespan` with its key (an event id, a value). Moments covered by at least
//! `saturation` keys are remembered as such for good: more hits can only cover them more, so everything that bears on
//! them alone is dropped (absorbed). See README.md, "Window state", for why what is left is few and exact.

use serde::{Deserialize, Serialize};

use crate::state::interval::{Interval, Intervals, WAITING_MIN};
use crate::state::key::Key;
use crate::state::relative::{self, Dated};

/// The moments that one key covers, from the first to the last that is not saturated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Piece {
    span: Interval,
    key: Key,
}

impl Dated for Piece {
    fn time(&self) -> i64 {
        self.span.start
    }

    fn shift(&mut self, by: i64) {
        self.span.shift(by);
    }
}

/// Distinct-key coverage of time, exact below `saturation`.
///
/// Settled, the value is a function of the set of hits alone: order, repetition and partition leave no trace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    saturated: Intervals,
    /// The first `settled` pieces are sorted and canonical, the rest wait. Encoded, all are settled.
    #[serde(with = "relative")]
    pieces: Vec<Piece>,
    #[serde(skip)]
    settled: usize,
}

impl Coverage {
    /// Lets `key` cover `span`.
    pub fn add(&mut self, key: Key, span: Interval, saturation: u64) {
        if self.saturated.covers(span.start, span.end) {
            return;
        }
        self.pieces.push(Piece { span, key });
        if self.pieces.len() - self.settled >= WAITING_MIN.max(self.settled) {
            self.settle(saturation);
        }
    }

    pub fn merge(&mut self, other: &Coverage, saturation: u64) {
        self.saturated = self.saturated.union(&other.saturated);
        self.pieces.extend_from_slice(&other.pieces);
        self.settled = 0;
        self.settle(saturation);
    }

    /// Brings the state to its canonical form.
    pub fn settle(&mut self, saturation: u64) {
        if self.settled == self.pieces.len() && self.settled > 0 {
            return;
        }
        self.join_same_keys();
        let mut full: Vec<Interval> = self.saturated.as_slice().to_vec();
        sweep(&self.pieces, |moments, count| {
            if count >= saturation {
                full.push(moments);
            }
        });
        self.saturated = Intervals::from_unsorted(full);
        self.absorb();
        self.pieces.sort_unstable();
        self.settled = self.pieces.len();
    }

    /// Unites overlapping and touching pieces of one key; leaves the pieces sorted by key.
    fn join_same_keys(&mut self) {
        self.pieces.sort_unstable_by_key(|p| (p.key, p.span));
        self.pieces.dedup_by(|next, kept| {
            let joins = next.key == kept.key && next.span.start <= kept.span.end;
            if joins {
                kept.span.end = kept.span.end.max(next.span.end);
            }
            joins
        });
    }

    /// Drops what bears on saturated moments alone and bridges one key's pieces across them. Needs key order.
    fn absorb(&mut self) {
        if self.saturated.is_empty() {
            return;
        }
        let saturated = &self.saturated;
        self.pieces
            .retain_mut(|piece| match saturated.hull_outside(piece.span) {
                Some(hull) => {
                    piece.span = hull;
                    true
                }
                None => false,
            });
        self.pieces.dedup_by(|next, kept| {
            let joins = next.key == kept.key && saturated.covers(kept.span.end, next.span.start);
            if joins {
                kept.span.end = next.span.end;
            }
            joins
        });
    }

    /// Forgets what bears on moments before `before` alone: the past counts as saturated, which absorbs it.
    pub fn forget(&mut self, before: i64, saturation: u64) {
        let past = Intervals::from_unsorted(vec![Interval::new(i64::MIN, before)]);
        self.saturate(&past, saturation);
    }

    /// Takes no moment as saturated but those before `past`. Of the others nothing is known any more: what bore on them was
    /// absorbed. What bears on moments outside stays exact.
    pub(crate) fn give_up_saturated(&mut self, past: Option<i64>) {
        let saturated = std::mem::take(&mut self.saturated);
        let outside = self.pieces.iter().flat_map(|piece| {
            let key = piece.key;
            let spans = saturated.outside(piece.span).into_iter();
            spans.map(move |span| Piece { span, key })
        });
        self.pieces = outside.collect();
        self.settled = 0;
        let past = past.map(|end| Interval::new(i64::MIN, end));
        self.saturated = Intervals::from_unsorted(past.into_iter().collect());
    }

    /// Takes `moments` as saturated.
    pub(crate) fn saturate(&mut self, moments: &Intervals, saturation: u64) {
        self.saturated = self.saturated.union(moments);
        self.settled = 0;
        self.settle(saturation);
    }

    /// The most keys that cover one moment, `saturation` where it is reached. Needs a settled state.
    pub fn peak(&self, saturation: u64) -> u64 {
        if self.saturated.as_slice().iter().any(|i| i.start > i64::MIN) {
            return saturation;
        }
        let mut peak = 0;
        sweep(&self.pieces, |_, count| peak = peak.max(count));
        peak
    }

    /// The moments covered by at least `saturation` keys. Needs a settled state.
    pub fn saturated(&self) -> &Intervals {
        &self.saturated
    }

    /// The moments covered by at least one key whose count `holds`; saturated ones where `holds(saturation)`.
    /// Needs a settled state.
    pub fn moments_where(&self, saturation: u64, holds: impl Fn(u64) -> bool) -> Intervals {
        let mut found = Vec::new();
        sweep(&self.pieces, |moments, count| {
            if holds(count) {
                found.push(moments);
            }
        });
        // Counts inside saturated moments are incomplete: what was found there is cut out.
        let found = Intervals::from_unsorted(found);
        let outside = found.as_slice().iter();
        let outside = outside.flat_map(|moments| self.saturated.outside(*moments));
        let mut outside: Vec<Interval> = outside.collect();
        if holds(saturation) {
            outside.extend_from_slice(self.saturated.as_slice());
        }
        Intervals::from_unsorted(outside)
    }

    /// The number of pieces kept.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.saturated.is_empty()
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>() + size_of_val(self.saturated.as_slice())
    }
}

/// Tells, for each stretch between two changes, how many pieces cover it (at least one).
fn sweep(pieces: &[Piece], mut stretch: impl FnMut(Interval, u64)) {
    let mut starts: Vec<i64> = pieces.iter().map(|p| p.span.start).collect();
    let mut ends: Vec<i64> = pieces.iter().map(|p| p.span.end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let (mut started, mut ended) = (0, 0);
    while ended < ends.len() {
        let now = starts
            .get(started)
            .copied()
            .unwrap_or(i64::MAX)
            .min(ends[ended]);
        while starts.get(started) == Some(&now) {
            started += 1;
        }
        while ends.get(ended) == Some(&now) {
            ended += 1;
        }
        let covering = started - ended;
        if covering > 0 {
            let next = starts
                .get(started)
                .copied()
                .unwrap_or(i64::MAX)
                .min(ends[ended]);
            stretch(Interval::new(now, next), covering as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(hits: &[(u128, i64, i64)], saturation: u64) -> Coverage {
        let mut coverage = Coverage::default();
        for &(key, start, end) in hits {
            coverage.add(Key::from_u128(key), Interval::new(start, end), saturation);
        }
        coverage.settle(saturation);
        coverage
    }

    fn saturated(coverage: &Coverage) -> Vec<(i64, i64)> {
        coverage.saturated().pairs()
    }

    #[test]
    fn three_keys_saturate_where_they_overlap() {
        let state = coverage(&[(1, 0, 10), (2, 3, 13), (3, 5, 15)], 3);
        assert_eq!(saturated(&state), [(5, 10)]);
        assert_eq!(state.len(), 3);
    }

    #[test]
    fn the_window_is_half_open() {
        assert_eq!(saturated(&coverage(&[(1, 0, 10), (2, 10, 20)], 2)), []);
        assert_eq!(
            saturated(&coverage(&[(1, 0, 10), (2, 9, 19)], 2)),
            [(9, 10)]
        );
    }

    #[test]
    fn one_key_counts_once() {
        assert_eq!(
            saturated(&coverage(&[(1, 0, 10), (1, 2, 12), (1, 0, 10)], 2)),
            []
        );
    }

    #[test]
    fn a_flood_is_absorbed() {
        let mut state = Coverage::default();
        for i in 0..100_000 {
            state.add(
                Key::from_u128(i),
                Interval::new(i as i64, i as i64 + 1000),
                10,
            );
        }
        state.settle(10);
        assert_eq!(saturated(&state), [(9, 100_990)]);
        assert_eq!(state.len(), 2 * 9);
    }

    #[test]
    fn order_and_partition_leave_no_trace() {
        let hits: Vec<_> = (0..200)
            .map(|i: i64| ((i % 7) as u128, (i * 37) % 190, (i * 37) % 190 + 20))
            .collect();
        let whole = coverage(&hits, 4);
        let backwards = coverage(&hits.iter().rev().copied().collect::<Vec<_>>(), 4);
        let mut merged = coverage(&hits[..90], 4);
        merged.merge(&coverage(&hits[60..], 4), 4);
        assert_eq!(whole, backwards);
        assert_eq!(whole, merged);
    }

    #[test]
    fn counts_below_saturation_are_exact_moments() {
        let state = coverage(&[(1, 0, 10), (2, 5, 15), (3, 7, 17)], 3);
        let below = state.moments_where(3, |n| n < 3);
        assert_eq!(
            below,
            Intervals::from_unsorted(vec![Interval::new(0, 7), Interval::new(10, 17)])
        );
    }
}
