//! Numbers that enter a window as time goes on, and leave it again.

use detector_rule::Threshold;

use crate::state::interval::{Interval, Intervals};
use crate::state::sample::Weighted;

/// What changes as the window moves.
pub(crate) trait Moving {
    /// The number at `place` enters (`by` 1) or leaves (`by` -1).
    fn change(&mut self, number: &Weighted, place: usize, by: i64);

    /// Nothing changes in these moments, and the window holds at least one number.
    fn rest(&mut self, moments: Interval);
}

/// Moves a window over numbers in the order of time.
pub(crate) fn sweep(numbers: &[Weighted], timespan_ms: i64, moving: &mut impl Moving) {
    let (mut entered, mut left) = (0, 0);
    while left < numbers.len() {
        let leaves = numbers[left].time + timespan_ms;
        let now = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
        while entered < numbers.len() && numbers[entered].time == now {
            moving.change(&numbers[entered], entered, 1);
            entered += 1;
        }
        while left < entered && numbers[left].time + timespan_ms == now {
            moving.change(&numbers[left], left, -1);
            left += 1;
        }
        if left == entered {
            continue;
        }
        let leaves = numbers[left].time + timespan_ms;
        let next = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
        moving.rest(Interval::new(now, next));
    }
}

/// How many are in the window at once.
#[derive(Debug)]
pub(crate) struct Counts(Vec<(Interval, u64)>);

impl Counts {
    /// Counts, given when something enters (1) and leaves (-1): each stretch between two changes that holds at least one.
    pub(crate) fn of(mut changes: Vec<(i64, i64)>) -> Self {
        changes.sort_unstable();
        let mut count: i64 = 0;
        let mut stretches = Vec::new();
        for (change, next) in changes.iter().zip(changes.iter().skip(1)) {
            count += change.1;
            if count > 0 && change.0 < next.0 {
                stretches.push((Interval::new(change.0, next.0), count.unsigned_abs()));
            }
        }
        Self(stretches)
    }

    /// The moments whose count meets the threshold.
    pub(crate) fn holding(&self, threshold: &Threshold) -> Intervals {
        let holding = self.0.iter().filter(|(_, count)| threshold.holds(*count));
        Intervals::from_unsorted(holding.map(|(moments, _)| *moments).collect())
    }

    /// How near the count came to the threshold. What a group has learned is lost with it: a group that `knows` something
    /// is worth more than a new one.
    pub(crate) fn closeness(&self, threshold: &Threshold, knows: bool) -> f64 {
        if self.0.iter().any(|(_, count)| threshold.holds(*count)) {
            return 1.0;
        }
        let most = self.0.iter().map(|(_, count)| *count).max().unwrap_or(0);
        match knows {
            true => (most + 1) as f64 / (threshold.saturation() + 2) as f64,
            false => 0.0,
        }
    }
}
