//! `temporal_ordered`: the referred rules in the order of their steps, within one timespan.
//!
//! A chain is one moment per step, none before the one of the step before. It holds from its last moment until its
//! first leaves the window, so of all chains that end by now the one that began last decides: one pass over time that
//! carries, per step, the latest beginning of a chain up to it (`chains.rs`). No backtracking.
//!
//! Where a step floods and no chain completes, nothing is absorbed. So of a step that has more than 1,024 points in a
//! slice of one timespan that bear on moments not known to hold, the slice is marked for good and keeps the first and
//! the last point of each 512th part, a cell (`cells.rs`). What is kept was seen: no moment holds that would not hold by
//! all hits. A chain with at most two steps in any one cell is found, from at most a cell (timespan / 512) too late and
//! until at most a cell too early: in its place there is a chain of points that are first or last, or that were absorbed
//! because what they bear on holds. Only chains with three steps in one cell can be missed.
//!
//! **What is thinned depends on order, by less than a cell.** As long as no slice has too many points, and wherever a
//! marked slice and a chain are more than a timespan apart, the state is a function of the set of hits. Where chains
//! complete in a marked slice, which moments are known depends on whether a point was thinned out before its chain was
//! complete. There is no way around it: the moments known must never shrink, since they were announced, and be exact for
//! few hits. Were they a function of the set, they would hold those of every chain that is possible in it, because a
//! chain is a set of few hits; and so be exact for many, which takes all hits. What does hold in any order: the bounds
//! above, uniting has no direction, and what comes again changes nothing.

mod rule; // in rule files

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::group::version_1::{Span, Time, intervals};
use crate::kind::{Occurrence, WindowType};
use crate::state::cells::{Cells, KEPT_MAX, Thinned};
use crate::state::chains::{self, Step, join_intervals};
use crate::state::interval::{Interval, Intervals, WAITING_MIN};
use crate::state::relative;

pub use rule::{KIND, TemporalOrdered};

/// The moments known to hold, and the steps that bear on other moments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    holding: Intervals,
    /// The first `settled` are sorted and distinct, the rest wait. Encoded, all are settled.
    #[serde(with = "relative")]
    taken: Vec<Step>,
    #[serde(skip)]
    settled: usize,
    thinned: Thinned,
}

impl WindowType for TemporalOrdered {
    type State = Steps;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        true
    }

    fn observe(&self, state: &mut Steps, occurrence: &Occurrence) {
        let step = Step {
            start: occurrence.start,
            until: occurrence.until,
            step: occurrence.input,
        };
        self.take(state, step);
    }

    fn merge(&self, state: &mut Steps, other: &Steps) {
        state.holding = state.holding.union(&other.holding);
        state.taken.extend_from_slice(&other.taken);
        state.thinned.merge(&other.thinned);
        state.settled = 0;
        self.settle(state);
    }

    fn holding(&self, state: &mut Steps) -> Intervals {
        self.settle(state);
        state.holding.clone()
    }

    fn forget(&self, state: &mut Steps, before: i64) {
        let past = Interval::new(i64::MIN, before);
        self.know(state, &Intervals::from_unsorted(vec![past]));
    }

    fn closeness(&self, state: &mut Steps) -> f64 {
        self.settle(state);
        // What was forgotten counts as holding since ever.
        if state.holding.as_slice().iter().any(|i| i.start > i64::MIN) {
            return 1.0;
        }
        let reach = chains::find(&state.taken, self.timespan_ms, self.steps).reach;
        reach as f64 / self.steps as f64
    }

    fn is_thinned(&self, state: &Steps) -> bool {
        !state.thinned.is_empty()
    }

    fn counted(&self, _: &Occurrence) {}

    /// Holding moments; steps from, until and which; how many of them were settled.
    fn see_again<'d, D: Deserializer<'d>>(&self, old: D) -> Result<Steps, D::Error> {
        type Old = (Vec<Span>, Vec<(Time, Time, usize)>, usize);
        let (holding, taken, _) = Old::deserialize(old)?;
        let mut state = Steps::default();
        self.know(&mut state, &intervals(holding));
        for (Time(start), Time(until), step) in taken {
            if step >= self.steps || until < start {
                return Err(D::Error::custom("a step that none can have"));
            }
            self.take(&mut state, Step { start, until, step });
        }
        Ok(state)
    }

    fn bytes(&self, state: &Steps) -> usize {
        state.taken.capacity() * size_of::<Step>()
            + size_of_val(state.holding.as_slice())
            + state.thinned.bytes()
    }
}

impl TemporalOrdered {
    fn take(&self, state: &mut Steps, step: Step) {
        let bears_until = step.until + self.timespan_ms;
        if state.holding.covers(step.start, bears_until) {
            return;
        }
        state.taken.push(step);
        let settled = state.settled.max(state.holding.as_slice().len());
        if state.taken.len() - state.settled >= WAITING_MIN.max(settled) {
            self.settle(state);
        }
    }

    /// Takes `moments` as holding.
    fn know(&self, state: &mut Steps, moments: &Intervals) {
        state.holding = state.holding.union(moments);
        state.settled = 0;
        self.settle(state);
    }

    fn settle(&self, state: &mut Steps) {
        if state.settled == state.taken.len() && state.settled > 0 {
            return;
        }
        // State that was damaged may say anything.
        let is_step = |s: &Step| s.step < self.steps && s.start <= s.until;
        state.taken.retain(is_step);
        join_intervals(&mut state.taken);
        // What comes again must not find chains that it was thinned out of.
        self.thin(state);
        let found = chains::find(&state.taken, self.timespan_ms, self.steps);
        state.holding = state.holding.union(&found.holding);
        self.absorb(state);
        state.thinned.mark(&state.taken, self.cells());
        self.thin(state);
        state
            .thinned
            .retain_needed(&state.holding, self.timespan_ms);
        state.settled = state.taken.len();
    }

    fn thin(&self, state: &mut Steps) {
        let (thinned, holding) = (&state.thinned, &state.holding);
        thinned.thin(&mut state.taken, holding, self.cells());
    }

    fn cells(&self) -> Cells {
        Cells {
            timespan_ms: self.timespan_ms,
            kept_max: KEPT_MAX,
        }
    }

    /// Drops the moments of a step that bear on moments known to hold alone. Of an interval they are cut out, moment by
    /// moment: how it came to be joined leaves no trace.
    fn absorb(&self, state: &mut Steps) {
        let holding = &state.holding;
        let mut kept = Vec::with_capacity(state.taken.len());
        for mut step in state.taken.drain(..) {
            if step.is_point() {
                if !holding.covers(step.start, step.until + self.timespan_ms) {
                    kept.push(step);
                }
                continue;
            }
            let absorbed = |held: &Interval| Interval::new(held.start, held.end - self.timespan_ms);
            let held = holding.as_slice();
            let first = held.partition_point(|held| absorbed(held).end <= step.start);
            for cut in held[first..].iter().map(absorbed) {
                if cut.start >= step.until {
                    break;
                }
                if cut.start < cut.end && step.start < cut.start {
                    let until = cut.start;
                    kept.push(Step { until, ..step });
                }
                if cut.start < cut.end {
                    step.start = cut.end;
                }
            }
            if step.start < step.until {
                kept.push(step);
            }
        }
        kept.sort_unstable();
        state.taken = kept;
    }
}

#[cfg(test)]
mod tests;
