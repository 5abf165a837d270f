//! Sets of moments, as sorted half-open intervals of milliseconds.

use serde::{Deserialize, Serialize};

use crate::state::relative::{self, Dated};

/// The moments `start..end`, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    pub start: i64,
    pub end: i64,
}

impl Interval {
    pub fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    pub fn contains(&self, t: i64) -> bool {
        self.start <= t && t < self.end
    }
}

impl Dated for Interval {
    fn time(&self) -> i64 {
        self.start
    }

    fn shift(&mut self, by: i64) {
        self.start = self.start.wrapping_add(by);
        self.end = self.end.wrapping_add(by);
    }
}

/// A set of moments: disjoint, non-touching, sorted intervals. Equal sets are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Told", into = "Told")]
pub struct Intervals(Vec<Interval>);

/// Intervals as they are encoded; decoded, they may be damaged and are brought into order.
#[derive(Serialize, Deserialize)]
struct Told(#[serde(with = "relative")] Vec<Interval>);

impl From<Intervals> for Told {
    fn from(intervals: Intervals) -> Self {
        Self(intervals.0)
    }
}

impl From<Told> for Intervals {
    fn from(Told(intervals): Told) -> Self {
        Self::from_unsorted(intervals)
    }
}

impl Intervals {
    /// Unites intervals given in any order; empty ones vanish.
    pub fn from_unsorted(mut intervals: Vec<Interval>) -> Self {
        intervals.retain(|i| i.start < i.end);
        intervals.sort_unstable();
        intervals.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
        intervals.shrink_to_fit();
        Self(intervals)
    }

    pub fn as_slice(&self) -> &[Interval] {
        &self.0
    }

    /// Starts and ends, for tests.
    #[cfg(test)]
    pub(crate) fn pairs(&self) -> Vec<(i64, i64)> {
        self.0.iter().map(|i| (i.start, i.end)).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn union(&self, other: &Intervals) -> Intervals {
        if other.is_empty() {
            return self.clone();
        }
        Self::from_unsorted([self.0.as_slice(), other.0.as_slice()].concat())
    }

    /// The interval that holds the moment `t`.
    pub fn at(&self, t: i64) -> Option<Interval> {
        let after = self.0.partition_point(|i| i.start <= t);
        let candidate = *self.0.get(after.checked_sub(1)?)?;
        (t < candidate.end).then_some(candidate)
    }

    /// Whether every moment of `start..end` is in the set.
    pub fn covers(&self, start: i64, end: i64) -> bool {
        start >= end || self.at(start).is_some_and(|i| end <= i.end)
    }

    /// The smallest interval that holds all moments of `piece` that are outside the set; `None` where there are none.
    pub fn hull_outside(&self, piece: Interval) -> Option<Interval> {
        let start = self.at(piece.start).map_or(piece.start, |i| i.end);
        // The last moment is the one just before `end`, so the interval that holds it begins before `end`.
        let before_end = self.0.partition_point(|i| i.start < piece.end);
        let end = match before_end.checked_sub(1).map(|at| self.0[at]) {
            Some(i) if piece.end <= i.end => i.start,
            _ => piece.end,
        };
        (start < end).then_some(Interval { start, end })
    }

    /// The moments of `piece` that are outside the set, as sorted intervals.
    pub fn outside(&self, mut piece: Interval) -> Vec<Interval> {
        let mut outside = Vec::new();
        let first = self.0.partition_point(|i| i.end <= piece.start);
        for within in self.0[first..].iter().take_while(|i| i.start < piece.end) {
            outside.push(Interval::new(piece.start, within.start));
            piece.start = within.end;
        }
        outside.push(piece);
        outside.retain(|i| i.start < i.end);
        outside
    }

    /// The moments from `from` on.
    pub fn since(&self, from: i64) -> Intervals {
        let first = self.0.partition_point(|i| i.end <= from);
        let mut kept = self.0[first..].to_vec();
        if let Some(cut) = kept.first_mut() {
            cut.start = cut.start.max(from);
        }
        Self(kept)
    }

    /// The intervals joined wherever the gap between them is at most `gap` long.
    pub fn joined_within(&self, gap: i64) -> Vec<Interval> {
        let mut joined: Vec<Interval> = Vec::new();
        for &interval in &self.0 {
            match joined.last_mut() {
                Some(last) if interval.start - last.end <= gap => last.end = interval.end,
                _ => joined.push(interval),
            }
        }
        joined
    }
}

/// A union of intervals that takes them in any order at an amortised logarithmic cost.
///
/// New intervals wait unsorted until they are as many as the sorted ones; then both are united.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalUnion {
    settled: Intervals,
    #[serde(skip)]
    waiting: Vec<Interval>,
}

/// Fewer waiting items than this are not worth a merge.
pub(crate) const WAITING_MIN: usize = 32;

impl IntervalUnion {
    pub fn add(&mut self, interval: Interval) {
        if self.settled.covers(interval.start, interval.end) {
            return;
        }
        self.waiting.push(interval);
        if self.waiting.len() >= WAITING_MIN.max(self.settled.0.len()) {
            self.settle();
        }
    }

    pub fn merge(&mut self, other: &IntervalUnion) {
        self.waiting.extend_from_slice(&other.settled.0);
        self.waiting.extend_from_slice(&other.waiting);
        self.settle();
    }

    /// Unites what waits; afterwards equal sets are equal values.
    pub fn settle(&mut self) -> &Intervals {
        if !self.waiting.is_empty() {
            let mut all = std::mem::take(&mut self.settled).0;
            all.append(&mut self.waiting);
            self.settled = Intervals::from_unsorted(all);
        }
        &self.settled
    }

    /// As of the last settling.
    pub fn settled(&self) -> &Intervals {
        &self.settled
    }

    /// Forgets the intervals that end before `before`, and keeps the others whole.
    pub fn forget_ended(&mut self, before: i64) {
        self.settle();
        self.settled.0.retain(|interval| interval.end >= before);
    }

    /// Forgets the moments before `before`.
    pub fn forget(&mut self, before: i64) {
        self.settled = self.settle().since(before);
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        (self.settled.0.capacity() + self.waiting.capacity()) * size_of::<Interval>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(intervals: &[(i64, i64)]) -> Intervals {
        Intervals::from_unsorted(
            intervals
                .iter()
                .map(|&(s, e)| Interval::new(s, e))
                .collect(),
        )
    }

    #[test]
    fn touching_and_overlapping_intervals_are_one() {
        assert_eq!(
            set(&[(5, 9), (0, 3), (3, 5), (20, 20), (12, 14)]),
            set(&[(0, 9), (12, 14)])
        );
    }

    #[test]
    fn membership_is_half_open() {
        let moments = set(&[(10, 20)]);
        assert_eq!(moments.at(9), None);
        assert_eq!(moments.at(10), Some(Interval::new(10, 20)));
        assert_eq!(moments.at(20), None);
        assert!(moments.covers(10, 20) && !moments.covers(10, 21) && !moments.covers(9, 10));
    }

    #[test]
    fn hull_outside_trims_only_the_ends() {
        let moments = set(&[(0, 5), (10, 12), (20, 30)]);
        let hull = |s, e| {
            moments
                .hull_outside(Interval::new(s, e))
                .map(|i| (i.start, i.end))
        };
        assert_eq!(hull(0, 25), Some((5, 20)));
        assert_eq!(hull(6, 20), Some((6, 20)));
        assert_eq!(hull(10, 12), None);
        assert_eq!(hull(4, 11), Some((5, 10)));
        assert_eq!(hull(12, 21), Some((12, 20)));
        assert_eq!(hull(30, 31), Some((30, 31)));
    }

    #[test]
    fn gaps_up_to_the_quiet_period_are_bridged() {
        let joined = set(&[(0, 10), (15, 20), (26, 30)]).joined_within(5);
        assert_eq!(joined, [Interval::new(0, 20), Interval::new(26, 30)]);
    }
}
