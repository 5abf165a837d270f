//! Numbers that enter a window as time goes on, and leave it again.

use crate::window::interval::Interval;
use crate::window::sample::Weighted;

/// What changes as the window moves.
pub(super) trait Moving {
    /// The number at `place` enters (`by` 1) or leaves (`by` -1).
    fn change(&mut self, number: &Weighted, place: usize, by: i64);

    /// Nothing changes in these moments, and the window holds at least one number.
    fn rest(&mut self, moments: Interval);
}

/// Moves a window over numbers in the order of time.
pub(super) fn sweep(numbers: &[Weighted], timespan_ms: i64, moving: &mut impl Moving) {
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
