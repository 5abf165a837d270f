//! One pass over the steps of an order, in time.

use serde::{Deserialize, Serialize};

use crate::state::interval::{Interval, Intervals};
use crate::state::relative::Dated;

/// A step that can be taken at `start` (where `until` is the same) or at any moment of `start..until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Step {
    pub start: i64,
    pub until: i64,
    pub step: usize,
}

impl Dated for Step {
    fn time(&self) -> i64 {
        self.start
    }

    fn shift(&mut self, by: i64) {
        self.start = self.start.wrapping_add(by);
        self.until = self.until.wrapping_add(by);
    }
}

impl Step {
    pub(crate) fn is_point(&self) -> bool {
        self.start == self.until
    }
}

/// Sorts the steps and unites intervals of one step that overlap or touch: a child that is seen several times, longer
/// each time, leaves the trace of its last.
pub(crate) fn join_intervals(taken: &mut Vec<Step>) {
    taken.sort_unstable_by_key(|s| (s.step, s.is_point(), s.start, s.until));
    taken.dedup_by(|next, kept| {
        let is_interval = |s: &Step| !s.is_point();
        let joins = next.step == kept.step
            && (next == kept || is_interval(next) && is_interval(kept) && next.start <= kept.until);
        if joins {
            kept.until = kept.until.max(next.until);
        }
        joins
    });
    taken.sort_unstable();
}

/// What a pass found.
pub(crate) struct Found {
    /// The moments at which a whole chain is in the window.
    pub holding: Intervals,
    /// The most first steps that were in order in one window.
    pub reach: usize,
}

/// Looks for chains of the steps `0..steps` in `taken`, which is sorted by start.
pub(crate) fn find(taken: &[Step], timespan_ms: i64, steps: usize) -> Found {
    Chains::new(timespan_ms, steps).sweep(taken)
}

/// How late the chain up to a step began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Began {
    Never,
    At(i64),
    /// Right now: every step so far can be taken at the current moment and at each that follows.
    Now,
}

/// The sweep over time.
struct Chains {
    timespan_ms: i64,
    began: Vec<Began>,
    /// How many intervals of the step are open.
    open: Vec<usize>,
    found: Vec<Interval>,
    reach: usize,
}

impl Chains {
    fn new(timespan_ms: i64, steps: usize) -> Self {
        Self {
            timespan_ms,
            began: vec![Began::Never; steps],
            open: vec![0; steps],
            found: Vec::new(),
            reach: 0,
        }
    }

    /// `taken` is sorted by start.
    fn sweep(mut self, taken: &[Step]) -> Found {
        let mut ends: Vec<(i64, usize)> = taken
            .iter()
            .filter(|s| !s.is_point())
            .map(|s| (s.until, s.step))
            .collect();
        ends.sort_unstable();
        let (mut next_start, mut next_end) = (0, 0);
        let time_of = |start: usize, end: usize| {
            let start = taken.get(start).map(|s| s.start);
            let end = ends.get(end).map(|e| e.0);
            start.into_iter().chain(end).min()
        };
        let mut points = vec![false; self.began.len()];
        while let Some(now) = time_of(next_start, next_end) {
            while let Some(&(_, step)) = ends.get(next_end).filter(|e| e.0 == now) {
                self.open[step] -= 1;
                next_end += 1;
            }
            points.fill(false);
            while let Some(step) = taken.get(next_start).filter(|s| s.start == now) {
                if step.is_point() {
                    points[step.step] = true;
                } else {
                    self.open[step.step] += 1;
                }
                next_start += 1;
            }
            self.advance(now, &points);
            self.hold(now, time_of(next_start, next_end));
        }
        Found {
            holding: Intervals::from_unsorted(self.found),
            reach: self.reach,
        }
    }

    /// Takes the steps of the moment `now`.
    fn advance(&mut self, now: i64, points: &[bool]) {
        let mut before = Began::Now;
        for (step, began) in self.began.iter_mut().enumerate() {
            if *began == Began::Now {
                *began = Began::At(now);
            }
            if self.open[step] > 0 {
                *began = before.max(*began);
            } else if points[step] {
                let taken_now = if before == Began::Now {
                    Began::At(now)
                } else {
                    before
                };
                *began = taken_now.max(*began);
            }
            let is_in_window = match *began {
                Began::Never => false,
                Began::At(began) => now - began < self.timespan_ms,
                Began::Now => true,
            };
            if is_in_window {
                self.reach = self.reach.max(step + 1);
            }
            before = *began;
        }
    }

    /// Notes the moments from `now` until `next` at which the last step's chain is in the window.
    fn hold(&mut self, now: i64, next: Option<i64>) {
        let end = match *self.began.last().expect("an order has at least one step") {
            Began::Never => return,
            Began::At(began) => began + self.timespan_ms,
            Began::Now => i64::MAX,
        };
        self.found
            .push(Interval::new(now, end.min(next.unwrap_or(i64::MAX))));
    }
}
