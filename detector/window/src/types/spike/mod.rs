//! `event_count` with `vedette.spike`: many times as many events as in the window before, or few of them.
//!
//! At a moment t the window is (t - timespan, t], and the window before it is (t - 2 timespans, t - timespan]. The condition
//! holds where the window's events satisfy that of the correlation, those of the window before are at least `at_least`, and
//! the ones compare with the others as `gte` and `lte` say. A window without any event is one, too: silence after many.
//! More events can undo it, so it is judged when the watermark has passed.
//!
//! An event counts once, under its id and time. Exact while no eighth of a timespan has more than 128 events; beyond, each
//! of the two counts is an estimate with a standard error of 3.1 % for a flood that is spread over the timespan (8.9 %: all
//! of it in one eighth), as `sample.rs` says.

mod rule; // in rule files

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::sample::{Numbers, ONE, Sampling};
use detector_rule::{Comparison, MILLION};

pub use rule::{KIND, Spike, SpikeParts};

impl WindowType for Spike {
    type State = Numbers;
    type Detail = ();
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut Numbers, occurrence: &Occurrence) {
        state.add(occurrence.start, occurrence.id, 1.0, self.sampling());
    }

    fn merge(&self, state: &mut Numbers, other: &Numbers) {
        state.merge(other, self.sampling());
    }

    fn holding(&self, state: &mut Numbers) -> Intervals {
        Intervals::from_unsorted(self.judged(state).holding)
    }

    fn forget(&self, state: &mut Numbers, before: i64) {
        // An event is in the window before for a timespan more.
        let before = before.saturating_sub(self.timespan_ms);
        state.forget(before, self.sampling());
    }

    fn closeness(&self, state: &mut Numbers) -> f64 {
        let judged = self.judged(state);
        if !judged.holding.is_empty() {
            return 1.0;
        }
        let least = self.parts.at_least as f64 * ONE as f64;
        (judged.most as f64 / least).min(NEARLY)
    }

    fn is_thinned(&self, state: &Numbers) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Numbers) -> usize {
        state.bytes()
    }
}

/// What came of all windows.
struct Judged {
    /// The most that a window before had, as mass.
    most: i64,
    holding: Vec<Interval>,
}

impl Spike {
    fn sampling(&self) -> Sampling {
        Sampling::of_events(self.timespan_ms)
    }

    fn judged(&self, state: &mut Numbers) -> Judged {
        state.settle(self.sampling());
        // When mass comes to the window and to the one before, or leaves them.
        let mut changes: Vec<(i64, i64, i64)> = Vec::new();
        for number in state.weighted(self.sampling()) {
            let leaves = number.time.saturating_add(self.timespan_ms);
            let is_gone = leaves.saturating_add(self.timespan_ms);
            changes.push((number.time, number.mass, 0));
            changes.push((leaves, -number.mass, number.mass));
            changes.push((is_gone, 0, -number.mass));
        }
        changes.sort_unstable();
        let (mut count, mut before) = (0, 0);
        let mut judged = Judged {
            most: 0,
            holding: Vec::new(),
        };
        for (change, next) in changes.iter().zip(changes.iter().skip(1)) {
            count += change.1;
            before += change.2;
            if change.0 < next.0 {
                judged.most = judged.most.max(before);
                if self.holds(count, before) {
                    judged.holding.push(Interval::new(change.0, next.0));
                }
            }
        }
        judged
    }

    /// Whether it holds of these masses.
    fn holds(&self, count: i64, before: i64) -> bool {
        let SpikeParts { bounds, at_least } = &self.parts;
        let is_so = |&(comparison, bound): &(Comparison, u64)| {
            let (count, before) = (i128::from(count), i128::from(before));
            comparison.accepts(
                &(count * i128::from(MILLION)),
                &(before * i128::from(bound)),
            )
        };
        i128::from(before) >= i128::from(*at_least) * i128::from(ONE)
            && self.threshold.holds_estimate(count as f64 / ONE as f64)
            && bounds.iter().all(is_so)
    }
}

#[cfg(test)]
mod tests;
