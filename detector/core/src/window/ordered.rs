//! `temporal_ordered`: the referred rules in the order of their steps, within one timespan.
//!
//! A chain is one moment per step, none before the one of the step before. It holds from its last moment until its
//! first leaves the window, so of all chains that end by now the one that began last decides: one pass over time that
//! carries, per step, the latest beginning of a chain up to it. No backtracking.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::window::cells::Thinned;
use crate::window::chains::{self, Step};
use crate::window::deltas::{Deltas, decode_intervals, encode_intervals};
use crate::window::interval::{Interval, Intervals, WAITING_MIN};
use crate::window::kind::{Occurrence, WindowType};

/// Judges whether the steps `0..steps` occur in order.
#[derive(Debug)]
pub struct TemporalOrdered {
    pub timespan_ms: i64,
    pub steps: usize,
}

/// The moments known to hold, and the steps that bear on other moments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steps {
    holding: Intervals,
    /// The first `settled` are sorted and distinct, the rest wait.
    taken: Vec<Step>,
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
        let bears_on = occurrence.bears_on(self.timespan_ms);
        if state.holding.covers(bears_on.start, bears_on.end) {
            return;
        }
        state.taken.push(Step {
            start: occurrence.start,
            until: occurrence.until,
            step: occurrence.input,
        });
        let settled = state.settled.max(state.holding.as_slice().len());
        if state.taken.len() - state.settled >= WAITING_MIN.max(settled) {
            self.settle(state);
        }
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
        state.holding = state.holding.union(&Intervals::from_unsorted(vec![past]));
        state.settled = 0;
        self.settle(state);
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

    fn bytes(&self, state: &Steps) -> usize {
        state.taken.capacity() * size_of::<Step>()
            + size_of_val(state.holding.as_slice())
            + state.thinned.bytes()
    }
}

impl TemporalOrdered {
    fn settle(&self, state: &mut Steps) {
        if state.settled == state.taken.len() && state.settled > 0 {
            return;
        }
        join_intervals(&mut state.taken);
        if !state.thinned.is_empty() {
            // In this order, so that what comes again finds nothing to change.
            self.absorb(state);
            self.thin(state);
        }
        let found = chains::find(&state.taken, self.timespan_ms, self.steps);
        state.holding = state.holding.union(&found.holding);
        self.absorb(state);
        state.thinned.mark(&state.taken, self.timespan_ms);
        self.thin(state);
        state
            .thinned
            .retain_needed(&state.holding, self.timespan_ms);
        state.settled = state.taken.len();
    }

    fn thin(&self, state: &mut Steps) {
        let (thinned, holding) = (&state.thinned, &state.holding);
        thinned.thin(&mut state.taken, holding, self.timespan_ms);
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

/// As encoded: holding intervals, steps (distance of times, duration, step), and what is thinned.
#[derive(Serialize, Deserialize)]
struct Encoded {
    holding: Vec<(u64, u64)>,
    taken: Vec<(u64, u64, usize)>,
    thinned: Thinned,
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        debug_assert_eq!(self.settled, self.taken.len(), "encoded once settled");
        let mut starts = Deltas::default();
        let step = |s: &Step| {
            let duration = s.until.wrapping_sub(s.start) as u64;
            (starts.encode(s.start), duration, s.step)
        };
        let encoded = Encoded {
            holding: encode_intervals(&self.holding),
            taken: self.taken.iter().map(step).collect(),
            thinned: self.thinned.clone(),
        };
        encoded.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let encoded = Encoded::deserialize(deserializer)?;
        let mut starts = Deltas::default();
        let step = |(start, duration, step)| {
            let start = starts.decode(start);
            let until = start.wrapping_add(duration as i64);
            Step { start, until, step }
        };
        let taken: Vec<Step> = encoded.taken.into_iter().map(step).collect();
        let ends_after_start = |s: &Step| s.start <= s.until;
        if !taken.is_sorted() || !taken.iter().all(ends_after_start) {
            return Err(D::Error::custom("steps are out of order"));
        }
        Ok(Self {
            holding: decode_intervals(&encoded.holding),
            settled: taken.len(),
            taken,
            thinned: encoded.thinned,
        })
    }
}

/// Sorts the steps and unites intervals of one step that overlap or touch: a child that is seen several times, longer
/// each time, leaves the trace of its last.
fn join_intervals(taken: &mut Vec<Step>) {
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
