//! When each step occurred, where nothing is absorbed: what is kept is a function of the set of occurrences.
//!
//! Hits are kept by their times, what child correlations show by the intervals, which are not thinned. Where a step has
//! too many hits in a timespan, the first and the last of each of its cells are kept (`cells.rs`).

use serde::{Deserialize, Serialize};

use crate::state::cells::{Cells, Thinned};
use crate::state::chains::{Step, join_intervals};
use crate::state::interval::{Intervals, WAITING_MIN};
use crate::state::relative;

/// The times of the steps of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepTimes {
    /// The first `settled` are sorted and distinct, the rest wait. Encoded, all are settled.
    #[serde(with = "relative")]
    taken: Vec<Step>,
    #[serde(skip)]
    settled: usize,
    thinned: Thinned,
}

/// Which steps there are, and what is kept of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepsOf {
    /// Those from 0 on, before this.
    pub(crate) steps: usize,
    pub(crate) cells: Cells,
}

impl StepTimes {
    pub(crate) fn take(&mut self, step: Step, of: StepsOf) {
        self.taken.push(step);
        if self.taken.len() - self.settled >= WAITING_MIN.max(self.settled) {
            self.settle(of);
        }
    }

    pub(crate) fn merge(&mut self, other: &StepTimes, of: StepsOf) {
        self.taken.extend_from_slice(&other.taken);
        self.thinned.merge(&other.thinned);
        self.settled = 0;
        self.settle(of);
    }

    /// All that is kept, sorted by time.
    pub(crate) fn settle(&mut self, of: StepsOf) -> &[Step] {
        if self.settled != self.taken.len() {
            // State that was damaged may say anything.
            let is_step = |s: &Step| s.step < of.steps && s.start <= s.until;
            self.taken.retain(is_step);
            join_intervals(&mut self.taken);
            self.thinned.mark(&self.taken, of.cells);
            let nothing_absorbed = Intervals::default();
            (self.thinned).thin(&mut self.taken, &nothing_absorbed, of.cells);
            self.settled = self.taken.len();
        }
        &self.taken
    }

    /// As of the last settling, and what came since.
    pub(crate) fn taken(&self) -> &[Step] {
        &self.taken
    }

    /// Forgets what occurred before `bears_from`. Slices go as a whole: what was thinned does not depend on when it was.
    pub(crate) fn forget(&mut self, bears_from: i64, of: StepsOf) {
        self.settle(of);
        let is_over = |slice: i64| {
            let end = slice.saturating_add(1).saturating_mul(of.cells.timespan_ms);
            end <= bears_from
        };
        self.taken.retain(|step| match step.is_point() {
            true => !is_over(step.start.div_euclid(of.cells.timespan_ms)),
            false => step.until > bears_from,
        });
        for step in self.taken.iter_mut().filter(|step| !step.is_point()) {
            step.start = step.start.max(bears_from);
        }
        self.thinned.retain(|slice| !is_over(slice));
        self.settled = 0;
        self.settle(of);
    }

    pub(crate) fn is_thinned(&self) -> bool {
        !self.thinned.is_empty()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.taken.capacity() * size_of::<Step>() + self.thinned.bytes()
    }
}
