//! `temporal` with `not`: what happened counts only where nothing that is ruled out beside it happened within a timespan of
//! it, before or after. What is ruled out may be a condition with `not` itself.
//!
//! So a hit at `t` counts where the negated condition holds at none of the moments `t..t + timespan` at which the hit is in
//! the window: a rule that is absent then has no hit in `(t - timespan, t + timespan)`. Of what a child correlation shows,
//! each moment at which it held counts or does not. What counts is in the window as in a condition without `not`.
//!
//! Hits are kept by their times, and what child correlations show by the intervals, which are not thinned. Where a rule
//! has more than 1,024 hits in a timespan, the first and the last of each 512th part of it are kept: moments are then off
//! by less than such a part.

use crate::kind::{Occurrence, WindowType};
use crate::state::cells::{Cells, KEPT_MAX};
use crate::state::chains::Step;
use crate::state::interval::{Interval, Intervals};
use crate::state::step_times::{StepTimes, StepsOf};
use crate::types::temporal::alternatives::{Alternative, Alternatives};
use crate::types::temporal::present::while_present;
use detector_rule::Presence;

/// Judges which inputs are present, of what has nothing around it that is ruled out.
#[derive(Debug, Clone)]
pub struct TemporalExcept {
    pub(super) timespan_ms: i64,
    /// The number of referred rules.
    pub(super) inputs: usize,
    /// The condition as it was written, and the ways in which it can hold.
    pub presence: Presence,
    pub(super) ways: Alternatives,
}

impl WindowType for TemporalExcept {
    type State = StepTimes;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut StepTimes, occurrence: &Occurrence) {
        let step = Step {
            start: occurrence.start,
            until: occurrence.until,
            step: occurrence.input,
        };
        state.take(step, self.steps());
    }

    fn merge(&self, state: &mut StepTimes, other: &StepTimes) {
        state.merge(other, self.steps());
    }

    fn holding(&self, state: &mut StepTimes) -> Intervals {
        let taken = state.settle(self.steps());
        self.moments_of(&self.ways, taken)
    }

    fn forget(&self, state: &mut StepTimes, before: i64) {
        let bears_from = before.saturating_sub(self.reach_ms());
        state.forget(bears_from, self.steps());
    }

    fn closeness(&self, state: &mut StepTimes) -> f64 {
        if !self.holding(state).is_empty() {
            return 1.0;
        }
        let mut seen: Vec<usize> = state.taken().iter().map(|step| step.step).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len() as f64 / (self.inputs + 1) as f64
    }

    fn is_thinned(&self, state: &StepTimes) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &StepTimes) -> usize {
        state.bytes()
    }
}

impl TemporalExcept {
    /// How long after it an occurrence bears on what holds: it is in the window for a timespan, and so is each that it
    /// rules out or in.
    pub(super) fn reach_ms(&self) -> i64 {
        let timespans = i64::try_from(self.ways.depth() + 1).unwrap_or(i64::MAX);
        self.timespan_ms.saturating_mul(timespans)
    }

    fn steps(&self) -> StepsOf {
        StepsOf {
            steps: self.inputs,
            cells: Cells {
                timespan_ms: self.timespan_ms,
                kept_max: KEPT_MAX,
            },
        }
    }

    fn moments_of(&self, ways: &Alternatives, taken: &[Step]) -> Intervals {
        let moments = ways.iter().map(|way| self.moments_of_way(way, taken));
        moments
            .reduce(|one, other| one.union(&other))
            .unwrap_or_default()
    }

    fn moments_of_way(&self, way: &Alternative, taken: &[Step]) -> Intervals {
        let ruled_out = way.none.iter().map(|none| self.moments_of(none, taken));
        let ruled_out = ruled_out.reduce(|one, other| one.union(&other));
        let present = self.present(taken, &ruled_out.unwrap_or_default());
        while_present(present.iter(), |present| {
            way.all.iter().all(|condition| condition.holds(present))
        })
    }

    /// Of each input, the moments whose window holds an occurrence of it during which nothing is `ruled_out`.
    fn present(&self, taken: &[Step], ruled_out: &Intervals) -> Vec<Intervals> {
        let mut present = vec![Vec::new(); self.inputs];
        for step in taken {
            let moments = &mut present[step.step];
            let mut add = |start: i64, until: i64| {
                moments.push(Interval::new(start, until.saturating_add(self.timespan_ms)));
            };
            let first = ruled_out
                .as_slice()
                .partition_point(|out| out.end <= step.start);
            let mut from = step.start;
            for out in &ruled_out.as_slice()[first..] {
                // What happens at these moments is in the window at one that is ruled out.
                let (start, end) = (out.start.saturating_sub(self.timespan_ms - 1), out.end);
                if start > step.start.max(step.until.saturating_sub(1)) {
                    break;
                }
                if from < start {
                    add(from, start - 1);
                }
                from = end;
            }
            let is_left = from < step.until || from == step.start;
            if is_left {
                add(from, step.until);
            }
        }
        present.into_iter().map(Intervals::from_unsorted).collect()
    }
}
