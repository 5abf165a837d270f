//! Numbers that enter a window as time goes on, and leave it again.

use crate::state::interval::Interval;
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

/// Counts what is in the window at once, given when something enters (1) and leaves (-1) it. Tells of each stretch between
/// two changes that holds at least one.
pub(crate) fn counted_stretches(
    mut changes: Vec<(i64, i64)>,
    mut stretch: impl FnMut(Interval, u64),
) {
    changes.sort_unstable();
    let mut count: i64 = 0;
    for (change, next) in changes.iter().zip(changes.iter().skip(1)) {
        count += change.1;
        if count > 0 && change.0 < next.0 {
            stretch(Interval::new(change.0, next.0), count.unsigned_abs());
        }
    }
}
