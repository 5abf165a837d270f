//! `event_count` with `vedette.ratio`: how large a part of the window's events some of its rules have.
//!
//! An event counts once, under its id and time, for every rule that it hits. The condition holds where the window's
//! events satisfy that of the correlation, those of the rules `to` are at least `at_least`, and those of the rules `of`
//! compare with them as `gte` and `lte` say. More events can undo it, so it is judged when the watermark has passed.
//!
//! Exact while no eighth of a timespan has more than 128 hits (an event that hits a rule of `of` and another of `to` is
//! two). Beyond that they are a sample (`sample.rs`). Standard errors for a flood spread over the timespan (in brackets:
//! all of it in one eighth), where each event hits two rules: of the ratio 2.2 (6.3) points at most, of a count 4.4 %
//! (12.6 %); where each hits one, 1.6 (4.4) points and 3.1 % (8.9 %).

mod parts; // what rule files say of it
mod usual; // by what is usual
mod values; // of different values, not of events
mod usual_values; // of these by what is usual
mod rule; // in rule files

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{Numbers, ONE, Sampling, Weighted};

use parts::{OF, TO};
pub use parts::{RatioParts, UsualParts};
pub use rule::{KIND, Ratio};
pub use usual::UsualRatio;
pub use usual_values::UsualValueRatio;
pub use values::ValueRatio;

impl WindowType for Ratio {
    type State = Numbers;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn hits_min(&self) -> u64 {
        self.parts.hits_min()
    }

    fn observe(&self, state: &mut Numbers, occurrence: &Occurrence) {
        let role = f64::from(self.parts.role_of(occurrence.input));
        state.add(occurrence.start, occurrence.id, role, self.sampling());
    }

    fn merge(&self, state: &mut Numbers, other: &Numbers) {
        state.merge(other, self.sampling());
    }

    fn holding(&self, state: &mut Numbers) -> Intervals {
        let counts = self.counts(state);
        Intervals::from_unsorted(counts.holding)
    }

    fn settle(&self, state: &mut Numbers) {
        state.settle(self.sampling());
    }

    fn forget(&self, state: &mut Numbers, before: i64) {
        state.forget(before, self.sampling());
    }

    fn closeness(&self, state: &mut Numbers) -> f64 {
        let counts = self.counts(state);
        if !counts.holding.is_empty() {
            return 1.0;
        }
        // The denominator is what takes long to come.
        let least = (self.parts.at_least.saturating_mul(ONE as u64)) as f64;
        (counts.most as f64 / least).min(NEARLY)
    }

    fn is_thinned(&self, state: &Numbers) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Numbers) -> usize {
        state.bytes()
    }
}

impl Ratio {
    fn sampling(&self) -> Sampling {
        Sampling::of_events(self.timespan_ms)
    }

    fn counts(&self, state: &mut Numbers) -> Counts<'_> {
        state.settle(self.sampling());
        // An event that hits several rules has all their roles.
        let roles = |one: f64, other: f64| f64::from(one as u8 | other as u8);
        let numbers = state.weighted_by(self.sampling(), roles);
        let mut counts = Counts {
            ratio: self,
            all: 0,
            of: 0,
            to: 0,
            most: 0,
            holding: Vec::new(),
        };
        sweep(&numbers, self.timespan_ms, &mut counts);
        counts
    }
}

/// The masses of the events in the window.
struct Counts<'r> {
    ratio: &'r Ratio,
    all: i64,
    of: i64,
    to: i64,
    /// The most that `to` came to.
    most: i64,
    holding: Vec<Interval>,
}

impl Moving for Counts<'_> {
    fn change(&mut self, number: &Weighted, _: usize, by: i64) {
        let role = number.value as u8;
        let mass = number.mass * by;
        self.all += mass;
        if role & OF != 0 {
            self.of += mass;
        }
        if role & TO != 0 {
            self.to += mass;
        }
    }

    fn rest(&mut self, moments: Interval) {
        self.most = self.most.max(self.to);
        let parts = &self.ratio.parts;
        let (of, to) = (i128::from(self.of), i128::from(self.to));
        let count = (self.all as f64) / ONE as f64;
        if to >= i128::from(parts.at_least) * i128::from(ONE)
            && self.ratio.threshold.holds_estimate(count)
            && parts.accepts(of, to)
        {
            self.holding.push(moments);
        }
    }
}

#[cfg(test)]
mod tests;
