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

use detector_rule::Presence;
use serde::{Deserialize, Serialize};

use crate::kind::{Occurrence, WindowType};
use crate::state::cells::Thinned;
use crate::state::chains::{Step, join_intervals};
use crate::state::interval::{Interval, Intervals, WAITING_MIN};
use crate::state::relative;
use crate::types::temporal::alternatives::{Alternative, Alternatives};
use crate::types::temporal::present::while_present;

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

/// When each input occurred.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The first `settled` are sorted and distinct, the rest wait. Encoded, all are settled.
    #[serde(with = "relative")]
    taken: Vec<Step>,
    #[serde(skip)]
    settled: usize,
    thinned: Thinned,
}

impl WindowType for TemporalExcept {
    type State = Times;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut Times, occurrence: &Occurrence) {
        state.taken.push(Step {
            start: occurrence.start,
            until: occurrence.until,
            step: occurrence.input,
        });
        if state.taken.len() - state.settled >= WAITING_MIN.max(state.settled) {
            self.settle(state);
        }
    }

    fn merge(&self, state: &mut Times, other: &Times) {
        state.taken.extend_from_slice(&other.taken);
        state.thinned.merge(&other.thinned);
        state.settled = 0;
        self.settle(state);
    }

    fn holding(&self, state: &mut Times) -> Intervals {
        self.settle(state);
        self.moments_of(&self.ways, &state.taken)
    }

    /// Slices go as a whole: what was thinned does not depend on when it was.
    fn forget(&self, state: &mut Times, before: i64) {
        self.settle(state);
        let bears_from = before.saturating_sub(self.reach_ms());
        let is_over = |slice: i64| {
            let end = slice.saturating_add(1).saturating_mul(self.timespan_ms);
            end <= bears_from
        };
        state.taken.retain(|step| match step.is_point() {
            true => !is_over(step.start.div_euclid(self.timespan_ms)),
            false => step.until > bears_from,
        });
        for step in state.taken.iter_mut().filter(|step| !step.is_point()) {
            step.start = step.start.max(bears_from);
        }
        state.thinned.retain(|slice| !is_over(slice));
        state.settled = 0;
        self.settle(state);
    }

    fn closeness(&self, state: &mut Times) -> f64 {
        if !self.holding(state).is_empty() {
            return 1.0;
        }
        let mut seen: Vec<usize> = state.taken.iter().map(|step| step.step).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len() as f64 / (self.inputs + 1) as f64
    }

    fn is_thinned(&self, state: &Times) -> bool {
        !state.thinned.is_empty()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Times) -> usize {
        state.taken.capacity() * size_of::<Step>() + state.thinned.bytes()
    }
}

impl TemporalExcept {
    /// How long after it an occurrence bears on what holds: it is in the window for a timespan, and so is each that it
    /// rules out or in.
    pub(super) fn reach_ms(&self) -> i64 {
        let timespans = i64::try_from(self.ways.depth() + 1).unwrap_or(i64::MAX);
        self.timespan_ms.saturating_mul(timespans)
    }

    fn settle(&self, state: &mut Times) {
        if state.settled == state.taken.len() {
            return;
        }
        // State that was damaged may say anything.
        let is_step = |s: &Step| s.step < self.inputs && s.start <= s.until;
        state.taken.retain(is_step);
        join_intervals(&mut state.taken);
        state.thinned.mark(&state.taken, self.timespan_ms);
        let nothing_absorbed = Intervals::default();
        (state.thinned).thin(&mut state.taken, &nothing_absorbed, self.timespan_ms);
        state.settled = state.taken.len();
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
