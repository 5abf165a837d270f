//! `event_count` with `vedette.baseline`: more events than the group usually has at this hour of the week.
//!
//! Time is cut into slots as long as the timespan, of which a week has a whole number (with a timespan of an hour they
//! are the hours of the week, UTC). A window touches two slots. What is usual for it is the larger count of the same two
//! slots, a week ago, two weeks ago and so on; of these numbers, the median. So an attack has to last for half of the
//! weeks before it passes for usual, and the slots that the window itself touches never count. A week is known where both
//! slots begin after the group's first event; a group that had none for longer than all the weeks begins anew. Where
//! fewer weeks are known than the warm-up asks for, the condition does not hold.
//!
//! An event counts once, under its id and time. Exact while no eighth of a timespan has more than 128 events; beyond,
//! counts are estimates with a standard error of 3.1 % for a flood that is spread over the timespan (8.9 %: all of it in
//! one eighth), as `sample.rs` says. Of slots that are forgotten the count is kept.

mod rule; // in rule files

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::interval::{Interval, IntervalUnion, Intervals};
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{Numbers, ONE, Sampling, Weighted};
use detector_rule::MILLION;

pub use rule::{Baseline, BaselineParts, KIND, WEEK_MS};

/// The events of a group, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The events of the slots that are not over.
    numbers: Numbers,
    /// The first slot that is not over, where some are; what comes for those before it are repetitions.
    open_from: Option<i64>,
    /// By slot, how many events there were in those that are over.
    counts: BTreeMap<i64, u64>,
    /// Of each event, the moments from it until all the weeks later.
    present: IntervalUnion,
}

impl WindowType for Baseline {
    type State = History;
    type Detail = ();
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut History, occurrence: &Occurrence) {
        let time = occurrence.start;
        if state.open_from.is_some_and(|open| self.slot(time) < open) {
            return;
        }
        let until = time.saturating_add(self.parts.memory_ms());
        state.present.add(Interval::new(time, until));
        state.numbers.add(time, occurrence.id, 1.0, self.sampling());
    }

    fn merge(&self, state: &mut History, other: &History) {
        state.numbers.merge(&other.numbers, self.sampling());
        state.present.merge(&other.present);
        for (&slot, &count) in &other.counts {
            let mine = state.counts.entry(slot).or_default();
            *mine = count.max(*mine);
        }
        state.open_from = state.open_from.max(other.open_from);
        self.leave_open(state);
    }

    fn holding(&self, state: &mut History) -> Intervals {
        Intervals::from_unsorted(self.judged(state).holding)
    }

    fn forget(&self, state: &mut History, before: i64) {
        // The first slot with a moment that still bears on one from `before` on.
        let open_from = self.slot(before.saturating_add(1).saturating_sub(self.timespan_ms));
        if state.open_from.is_none_or(|known| known < open_from) {
            state.numbers.settle(self.sampling());
            let counts = self.counts(state).into_iter();
            state.counts = counts.filter(|(slot, _)| *slot < open_from).collect();
            state.open_from = Some(open_from);
            self.leave_open(state);
        }
        // The weeks that are known are counted from where the group began, however long ago.
        state.present.forget_ended(before);
    }

    fn closeness(&self, state: &mut History) -> f64 {
        let judged = self.judged(state);
        match judged.holding.is_empty() {
            false => 1.0,
            true => judged.nearest.min(NEARLY),
        }
    }

    fn is_thinned(&self, state: &History) -> bool {
        state.numbers.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &History) -> usize {
        state.numbers.bytes() + state.present.bytes() + state.counts.len() * COUNT_BYTES
    }
}

/// A count in a tree whose nodes are three quarters full.
const COUNT_BYTES: usize = size_of::<(i64, u64)>() * 4 / 3;

impl Baseline {
    fn sampling(&self) -> Sampling {
        Sampling::of_events(self.timespan_ms)
    }

    fn slot(&self, time: i64) -> i64 {
        time.div_euclid(self.timespan_ms)
    }

    fn slots_per_week(&self) -> i64 {
        WEEK_MS / self.timespan_ms
    }

    /// Drops the events of slots that are over, and counts that no slot to come is compared with.
    fn leave_open(&self, state: &mut History) {
        let Some(open_from) = state.open_from else {
            return;
        };
        // The last moment that an event bears on that is just before the first open slot.
        let end = open_from.saturating_add(1).saturating_mul(self.timespan_ms) - 1;
        state.numbers.forget(end, self.sampling());
        let weeks = i64::from(self.parts.weeks) * self.slots_per_week();
        let compared_from = open_from.saturating_sub(weeks + 1);
        state.counts.retain(|slot, _| *slot >= compared_from);
    }

    /// The events by slot. Needs settled numbers.
    fn counts(&self, state: &History) -> BTreeMap<i64, u64> {
        let mut masses: BTreeMap<i64, i64> = BTreeMap::new();
        for number in state.numbers.weighted(self.sampling()) {
            *masses.entry(self.slot(number.time)).or_default() += number.mass;
        }
        let open = masses.into_iter();
        let open = open.map(|(slot, mass)| (slot, ((mass + ONE / 2) / ONE).unsigned_abs()));
        let mut counts = state.counts.clone();
        counts.extend(open);
        counts
    }

    /// Settles the state and compares every window with what is usual.
    fn judged<'s>(&'s self, state: &'s mut History) -> Judged<'s> {
        state.numbers.settle(self.sampling());
        state.present.settle();
        let mut judged = Judged {
            baseline: self,
            counts: self.counts(state),
            present: state.present.settled(),
            mass: 0,
            usual: None,
            nearest: 0.0,
            holding: Vec::new(),
        };
        let numbers = state.numbers.weighted(self.sampling());
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
        let asked = (self.baseline.slot(moment), began);
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
        let Baseline {
            timespan_ms, parts, ..
        } = self.baseline;
        let count = |slot: i64| self.counts.get(&slot).copied().unwrap_or(0);
        let mut weeks = Vec::new();
        for week in 1..=i64::from(parts.weeks) {
            let then = slot - week * self.baseline.slots_per_week();
            if (then - 1).saturating_mul(*timespan_ms) < began {
                break;
            }
            weeks.push(count(then).max(count(then - 1)));
        }
        if weeks.len() < parts.warm_up as usize {
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
            timespan_ms,
            threshold,
            parts,
        } = self.baseline;
        let count = self.mass as f64 / ONE as f64;
        let least = count / threshold.saturation() as f64;
        if !threshold.holds_estimate(count) {
            self.nearest = self.nearest.max(least.min(1.0) / 2.0);
            return;
        }
        let last = self.baseline.slot(moments.end - 1);
        for slot in self.baseline.slot(moments.start)..=last {
            let start = slot.saturating_mul(*timespan_ms);
            let end = start.saturating_add(*timespan_ms);
            let piece = Interval::new(moments.start.max(start), moments.end.min(end));
            let Some(usual) = self.usual_twice(piece.start) else {
                self.nearest = self.nearest.max(0.5);
                continue;
            };
            let many = i128::from(self.mass) * 2 * i128::from(MILLION);
            let needed = i128::from(usual) * i128::from(parts.factor) * i128::from(ONE);
            self.nearest = self.nearest.max(many as f64 / needed.max(1) as f64);
            if many >= needed {
                self.holding.push(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests;
