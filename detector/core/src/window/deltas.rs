//! Sorted times, written as the distance to the one before: a few bytes each instead of six.

use crate::window::interval::{Interval, Intervals};

/// Turns times into distances and back. Wraps around, so that no pair of times, however damaged, overflows.
#[derive(Debug, Default)]
pub(super) struct Deltas(i64);

impl Deltas {
    pub(super) fn encode(&mut self, time: i64) -> u64 {
        let distance = time.wrapping_sub(self.0);
        self.0 = time;
        distance as u64
    }

    pub(super) fn decode(&mut self, distance: u64) -> i64 {
        self.0 = self.0.wrapping_add(distance as i64);
        self.0
    }
}

/// The distance to each interval and its length.
pub(super) fn encode_intervals(intervals: &Intervals) -> Vec<(u64, u64)> {
    let mut deltas = Deltas::default();
    let encode = |i: &Interval| (deltas.encode(i.start), deltas.encode(i.end));
    intervals.as_slice().iter().map(encode).collect()
}

pub(super) fn decode_intervals(encoded: &[(u64, u64)]) -> Intervals {
    let mut deltas = Deltas::default();
    let decode =
        |&(start, end): &(u64, u64)| Interval::new(deltas.decode(start), deltas.decode(end));
    Intervals::from_unsorted(encoded.iter().map(decode).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_come_back_whatever_their_ends() {
        let ends = [(i64::MIN, -5), (0, 7), (1_700_000_000_000, i64::MAX)];
        let of = |(start, end)| Interval::new(start, end);
        let intervals = Intervals::from_unsorted(ends.map(of).to_vec());
        assert_eq!(decode_intervals(&encode_intervals(&intervals)), intervals);
    }
}
