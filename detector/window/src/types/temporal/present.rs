//! Which inputs are in the window at once.

use crate::state::interval::{Interval, Intervals};

/// The moments at which some input is present and `holds` of those that are. `moments`: those of each input.
pub(super) fn while_present<'m>(
    moments: impl Iterator<Item = &'m Intervals>,
    holds: impl Fn(&[bool]) -> bool,
) -> Intervals {
    // (moment, input, whether it becomes present)
    let mut changes: Vec<(i64, usize, bool)> = Vec::new();
    let mut inputs = 0;
    for (input, moments) in moments.enumerate() {
        inputs = input + 1;
        for interval in moments.as_slice() {
            changes.push((interval.start, input, true));
            changes.push((interval.end, input, false));
        }
    }
    changes.sort_unstable();
    let mut present = vec![false; inputs];
    let mut holding = Vec::new();
    for (at, &(moment, input, becomes)) in changes.iter().enumerate() {
        present[input] = becomes;
        let next = changes.get(at + 1).map_or(moment, |change| change.0);
        if next > moment && present.contains(&true) && holds(&present) {
            holding.push(Interval::new(moment, next));
        }
    }
    Intervals::from_unsorted(holding)
}
