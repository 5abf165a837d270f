//! `temporal_ordered`: the referred rules in the order of their steps, within one timespan.
//!
//! A chain is one moment per step, none before the one of the step before. It holds from its last moment until its
//! first leaves the window, so of all chains that end by now the one that began last decides: one pass over time that
//! carries, per step, the latest beginning of a chain up to it. No backtracking.

use serde::{Deserialize, Serialize};

use crate::window::interval::{Interval, Intervals, WAITING_MIN};
use crate::window::kind::{Occurrence, WindowType};

/// Judges whether the steps `0..steps` occur in order.
#[derive(Debug)]
pub struct TemporalOrdered {
    pub timespan_ms: i64,
    pub steps: usize,
}

/// A step that can be taken at `start` (where `until` is the same) or at any moment of `start..until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Step {
    start: i64,
    until: i64,
    step: usize,
}

/// The moments known to hold, and the steps that bear on other moments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    holding: Intervals,
    /// The first `settled` are sorted and distinct, the rest wait.
    taken: Vec<Step>,
    settled: usize,
}

impl WindowType for TemporalOrdered {
    type State = Steps;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        true
    }

    fn observe(&self, state: &mut Steps, occurrence: &Occurrence) {
        let bears_on = occurrence.bears_on(self.timespan_ms);
        if state.holding.covers(bears_on.start, bears_on.end) {
            return;
        }
        state.taken.push(Step {
            start: occurrence.start,
            until: occurrence.until,
            step: occurrence.input,
        });
        if state.taken.len() - state.settled >= WAITING_MIN.max(state.settled) {
            self.settle(state);
        }
    }

    fn merge(&self, state: &mut Steps, other: &Steps) {
        state.holding = state.holding.union(&other.holding);
        state.taken.extend_from_slice(&other.taken);
        state.settled = 0;
        self.settle(state);
    }

    fn holding(&self, state: &mut Steps) -> Intervals {
        self.settle(state);
        state.holding.clone()
    }

    fn forget(&self, state: &mut Steps, before: i64) {
        let past = Interval::new(i64::MIN, before);
        state.holding = state.holding.union(&Intervals::from_unsorted(vec![past]));
        state.settled = 0;
        self.settle(state);
    }

    fn closeness(&self, _: &mut Steps) -> f64 {
        0.0
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Steps) -> usize {
        state.taken.capacity() * size_of::<Step>() + size_of_val(state.holding.as_slice())
    }
}

impl TemporalOrdered {
    fn settle(&self, state: &mut Steps) {
        if state.settled == state.taken.len() && state.settled > 0 {
            return;
        }
        join_intervals(&mut state.taken);
        let found = Chains::new(self).sweep(&state.taken);
        state.holding = state.holding.union(&found);
        self.absorb(state);
        state.settled = state.taken.len();
    }

    /// Drops the moments of a step that bear on moments known to hold alone. Of an interval they are cut out, moment by
    /// moment: how it came to be joined leaves no trace.
    fn absorb(&self, state: &mut Steps) {
        let holding = &state.holding;
        let mut kept = Vec::with_capacity(state.taken.len());
        for mut step in state.taken.drain(..) {
            if step.start == step.until {
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

/// How late the chain up to a step began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Began {
    Never,
    At(i64),
    /// Right now: every step so far can be taken at the current moment and at each that follows.
    Now,
}

/// Sorts the steps and unites intervals of one step that overlap or touch: a child that is seen several times, longer
/// each time, leaves the trace of its last.
fn join_intervals(taken: &mut Vec<Step>) {
    taken.sort_unstable_by_key(|s| (s.step, s.start == s.until, s.start, s.until));
    taken.dedup_by(|next, kept| {
        let is_interval = |s: &Step| s.start < s.until;
        let joins = next.step == kept.step
            && (next == kept || is_interval(next) && is_interval(kept) && next.start <= kept.until);
        if joins {
            kept.until = kept.until.max(next.until);
        }
        joins
    });
    taken.sort_unstable();
}

/// The sweep over time.
struct Chains<'w> {
    window: &'w TemporalOrdered,
    began: Vec<Began>,
    /// How many intervals of the step are open.
    open: Vec<usize>,
    found: Vec<Interval>,
}

impl<'w> Chains<'w> {
    fn new(window: &'w TemporalOrdered) -> Self {
        let steps = window.steps;
        Self {
            window,
            began: vec![Began::Never; steps],
            open: vec![0; steps],
            found: Vec::new(),
        }
    }

    /// `taken` is sorted by start.
    fn sweep(mut self, taken: &[Step]) -> Intervals {
        let mut ends: Vec<(i64, usize)> = taken
            .iter()
            .filter(|s| s.start < s.until)
            .map(|s| (s.until, s.step))
            .collect();
        ends.sort_unstable();
        let (mut next_start, mut next_end) = (0, 0);
        let time_of = |start: usize, end: usize| {
            let start = taken.get(start).map(|s| s.start);
            let end = ends.get(end).map(|e| e.0);
            start.into_iter().chain(end).min()
        };
        let mut points = vec![false; self.window.steps];
        while let Some(now) = time_of(next_start, next_end) {
            while let Some(&(_, step)) = ends.get(next_end).filter(|e| e.0 == now) {
                self.open[step] -= 1;
                next_end += 1;
            }
            points.fill(false);
            while let Some(step) = taken.get(next_start).filter(|s| s.start == now) {
                if step.start == step.until {
                    points[step.step] = true;
                } else {
                    self.open[step.step] += 1;
                }
                next_start += 1;
            }
            self.advance(now, &points);
            self.hold(now, time_of(next_start, next_end));
        }
        Intervals::from_unsorted(self.found)
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
            before = *began;
        }
    }

    /// Notes the moments from `now` until `next` at which the last step's chain is in the window.
    fn hold(&mut self, now: i64, next: Option<i64>) {
        let end = match *self.began.last().expect("an order has at least one step") {
            Began::Never => return,
            Began::At(began) => began + self.window.timespan_ms,
            Began::Now => i64::MAX,
        };
        self.found
            .push(Interval::new(now, end.min(next.unwrap_or(i64::MAX))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::key::Key;
    use crate::window::kind::OccurrenceValue;

    const WINDOW: TemporalOrdered = TemporalOrdered {
        timespan_ms: 10,
        steps: 2,
    };

    fn state(taken: &[(usize, i64, i64)]) -> Steps {
        let mut state = Steps::default();
        for &(input, start, until) in taken {
            let occurrence = Occurrence {
                input,
                start,
                until,
                id: Key::from_u128(0),
                value: OccurrenceValue::None,
            };
            WINDOW.observe(&mut state, &occurrence);
        }
        WINDOW.settle(&mut state);
        state
    }

    #[test]
    fn an_interval_seen_in_parts_leaves_the_trace_of_the_whole() {
        let (parts, whole) = ([(0, 0, 4), (0, 8, 12)], (0, 0, 15));
        let mut seen = state(&parts);
        WINDOW.merge(&mut seen, &state(&[whole, parts[1]]));
        assert_eq!(seen, state(&[whole]));
    }

    #[test]
    fn intervals_absorbed_apart_equal_those_absorbed_as_one() {
        // Holds in 5..35: what the first step does in 5..25 bears on nothing else.
        let order = [(0, 5, 25), (1, 5, 5), (1, 15, 15), (1, 25, 25)];
        let mut apart = state(&[&order[..], &[(0, 10, 20)]].concat());
        assert_eq!(apart.holding.as_slice(), [Interval::new(5, 35)]);
        WINDOW.merge(&mut apart, &state(&[(0, 0, 12)]));
        let as_one = state(&[&[(0, 0, 25)], &order[1..]].concat());
        assert_eq!(apart, as_one);
    }
}
