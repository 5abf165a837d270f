//! `event_count` with `vedette.baseline`: more events than the group usually has at this hour of the week, or fewer.
//!
//! Time is cut into slots as long as the timespan, of which a week has a whole number (with a timespan of an hour they
//! are the hours of the week, UTC). A window touches two slots. What is usual for it is the larger count of the same two
//! slots, a week ago, two weeks ago and so on; of these numbers, the median. So an attack has to last for half of the
//! weeks before it passes for usual, and the slots that the window itself touches never count. A week is known where both
//! slots begin after the group's first event; a group that had none for longer than all the weeks begins anew. Where
//! fewer weeks are known than the warm-up asks for, the condition does not hold.
//!
//! With a factor below 1 it holds where the window has no more than so many times the usual, of which there must be
//! `at_least` so many. A window without any event is none: silence shows while the window still has the last of them.
//!
//! An event counts once, under its id and time. Exact while no eighth of a timespan has more than 128 events; beyond,
//! counts are estimates with a standard error of 3.1 % for a flood that is spread over the timespan (8.9 %: all of it in
//! one eighth), as `sample.rs` says. Of slots that are forgotten the count is kept.

mod rule; // in rule files

use std::collections::BTreeMap;

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::history::{Calendar, History};
use crate::state::interval::{Interval, Intervals};
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{ONE, Weighted};
use detector_rule::MILLION;

pub use rule::{Baseline, BaselineParts, KIND, WEEK_MS};

impl WindowType for Baseline {
    type State = History<u64>;
    type Detail = ();
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut History<u64>, occurrence: &Occurrence) {
        state.add(occurrence.start, occurrence.id, 1.0, self.calendar());
    }

    fn merge(&self, state: &mut History<u64>, other: &History<u64>) {
        state.merge(other, self.calendar());
    }

    fn holding(&self, state: &mut History<u64>) -> Intervals {
        Intervals::from_unsorted(self.judged(state).holding)
    }

    fn forget(&self, state: &mut History<u64>, before: i64) {
        state.forget(before, self.calendar());
    }

    fn closeness(&self, state: &mut History<u64>) -> f64 {
        let judged = self.judged(state);
        match judged.holding.is_empty() {
            false => 1.0,
            true => judged.nearest.min(NEARLY),
        }
    }

    fn is_thinned(&self, state: &History<u64>) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &History<u64>) -> usize {
        state.bytes()
    }
}

impl Baseline {
    fn calendar(&self) -> Calendar {
        self.parts.calendar(self.timespan_ms)
    }

    /// Settles the state and compares every window with what is usual.
    fn judged<'s>(&'s self, state: &'s mut History<u64>) -> Judged<'s> {
        let (numbers, counts, present) = state.settled(self.calendar());
        let mut judged = Judged {
            baseline: self,
            counts,
            present,
            mass: 0,
            usual: None,
            nearest: 0.0,
            holding: Vec::new(),
        };
        sweep(&numbers, self.timespan_ms, &mut judged);
        judged
    }
}

/// The events in the window, and what is usual.
struct Judged<'s> {
    baseline: &'s Baseline,
    counts: BTreeMap<i64, u64>,
    present: &'s Intervals,
    mass: i64,
    /// The slot that was asked for last, when the group began, and twice what is usual.
    usual: Option<((i64, i64), Option<u64>)>,
    /// How near the count came to what it is compared with.
    nearest: f64,
    holding: Vec<Interval>,
}

impl Judged<'_> {
    /// Twice what is usual for windows that end at `moment`; `None` where too few weeks are known.
    fn usual_twice(&mut self, moment: i64) -> Option<u64> {
        // A window that holds an event lies where the group is present.
        let began = self.present.at(moment)?.start;
        let asked = (self.baseline.calendar().slot(moment), began);
        if let Some((known, usual)) = self.usual
            && known == asked
        {
            return usual;
        }
        let usual = self.median_twice(asked);
        self.usual = Some((asked, usual));
        usual
    }

    fn median_twice(&self, (slot, began): (i64, i64)) -> Option<u64> {
        let count = |slot: i64| self.counts.get(&slot).copied().unwrap_or(0);
        let known = self.baseline.calendar().known(slot, began);
        let mut weeks: Vec<u64> = known
            .map(|[then, before]| count(then).max(count(before)))
            .collect();
        if weeks.len() < self.baseline.parts.warm_up as usize {
            return None;
        }
        weeks.sort_unstable();
        let (lower, upper) = ((weeks.len() - 1) / 2, weeks.len() / 2);
        Some(weeks[lower].saturating_add(weeks[upper]))
    }
}

impl Moving for Judged<'_> {
    fn change(&mut self, number: &Weighted, _: usize, by: i64) {
        self.mass += number.mass * by;
    }

    fn rest(&mut self, moments: Interval) {
        let Baseline {
            threshold, parts, ..
        } = self.baseline;
        let count = self.mass as f64 / ONE as f64;
        let least = count / threshold.saturation() as f64;
        if !threshold.holds_estimate(count) {
            self.nearest = self.nearest.max(least.min(1.0) / 2.0);
            return;
        }
        for (_, piece) in self.baseline.calendar().pieces(moments) {
            let Some(usual) = self.usual_twice(piece.start) else {
                self.nearest = self.nearest.max(0.5);
                continue;
            };
            let many = i128::from(self.mass) * 2 * i128::from(MILLION);
            let bound = i128::from(usual) * i128::from(parts.factor) * i128::from(ONE);
            let (holds, near) = match parts.asks_for_less() {
                true => {
                    let is_usual = i128::from(usual) >= 2 * i128::from(parts.at_least);
                    let near = bound as f64 / many.max(1) as f64;
                    (is_usual && many <= bound, near)
                }
                false => (many >= bound, many as f64 / bound.max(1) as f64),
            };
            self.nearest = self.nearest.max(near);
            if holds {
                self.holding.push(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests;
