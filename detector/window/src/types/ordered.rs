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

use serde::{Deserialize, Serialize};

use crate::state::cells::Thinned;
use crate::state::chains::{self, Step};
use crate::state::interval::{Interval, Intervals, WAITING_MIN};
use crate::state::relative;
use crate::types::kind::{Occurrence, WindowType};

/// Judges whether the steps `0..steps` occur in order.
#[derive(Debug)]
pub struct TemporalOrdered {
    pub timespan_ms: i64,
    pub steps: usize,
}

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

    fn bytes(&self, state: &Steps) -> usize {
        state.taken.capacity() * size_of::<Step>()
            + size_of_val(state.holding.as_slice())
            + state.thinned.bytes()
    }
}

impl TemporalOrdered {
    /// Takes `moments` as holding.
    pub(crate) fn know(&self, state: &mut Steps, moments: &Intervals) {
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
    use crate::state::key::Key;
    use crate::types::kind::OccurrenceValue;

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

    fn rule(steps: usize) -> TemporalOrdered {
        TemporalOrdered {
            timespan_ms: 10_240,
            steps,
        }
    }

    fn observe(window: &TemporalOrdered, state: &mut Steps, (input, time): (usize, i64)) {
        let occurrence = Occurrence {
            input,
            start: time,
            until: time,
            id: Key::from_u128(0),
            value: OccurrenceValue::None,
        };
        window.observe(state, &occurrence);
    }

    fn state_of(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Steps {
        let mut state = Steps::default();
        hits.iter()
            .for_each(|&one| observe(window, &mut state, one));
        window.holding(&mut state);
        state
    }

    fn encoded(state: &Steps) -> Vec<u8> {
        postcard::to_allocvec(state).expect("steps can be encoded")
    }

    /// The moments that hold by all hits, none left out.
    fn exact(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Intervals {
        let point = |&(step, time): &(usize, i64)| Step {
            start: time,
            until: time,
            step,
        };
        let mut taken: Vec<Step> = hits.iter().map(point).collect();
        taken.sort_unstable();
        chains::find(&taken, window.timespan_ms, window.steps).holding
    }

    /// The hits in parts, shuffled and some of them repeated, united.
    fn in_parts(
        window: &TemporalOrdered,
        hits: &[(usize, i64)],
        random: &mut fastrand::Rng,
    ) -> (Steps, Vec<Steps>) {
        let mut hits = hits.to_vec();
        hits.extend_from_within(..random.usize(..hits.len()));
        random.shuffle(&mut hits);
        let parts: Vec<Steps> = hits
            .chunks(random.usize(1..=hits.len()).max(hits.len() / 20))
            .map(|part| state_of(window, part))
            .collect();
        let mut united = Steps::default();
        for part in &parts {
            let mut read: Steps = postcard::from_bytes(&encoded(part)).expect("just encoded");
            window.settle(&mut read);
            assert_eq!(&read, part);
            window.merge(&mut united, &read);
        }
        (united, parts)
    }

    fn flood(
        random: &mut fastrand::Rng,
        step: usize,
        hits: usize,
        span: std::ops::Range<i64>,
    ) -> Vec<(usize, i64)> {
        (0..hits)
            .map(|_| (step, random.i64(span.clone())))
            .collect()
    }

    #[test]
    fn floods_apart_from_chains_leave_the_same_bytes_after_any_order_partition_and_repetition() {
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let window = rule(3);
            // No chain: the third step never follows the second.
            let mut hits = flood(&mut random, 0, 4_000, -3_000..30_000);
            hits.extend(flood(&mut random, 2, 3_000, -3_000..10_000));
            hits.extend(flood(&mut random, 1, 3_000, 22_000..30_000));
            // A timespan and more away: chains, not thinned, holding now and then.
            for step in 0..3 {
                hits.extend(flood(&mut random, step, 60, 61_440..200_000));
            }
            let mut whole = state_of(&window, &hits);
            assert!(window.is_thinned(&whole));
            assert!(!whole.holding.is_empty());
            assert_eq!(whole.holding, exact(&window, &hits), "seed {seed}");
            let (mut united, parts) = in_parts(&window, &hits, &mut random);
            assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
            let before = random.i64(-20_000..240_000);
            window.forget(&mut whole, before);
            for part in &parts {
                // What was forgotten comes again, and is forgotten again.
                window.forget(&mut united, before);
                window.merge(&mut united, part);
            }
            window.forget(&mut united, before);
            assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
            let held = exact(&window, &hits).since(before);
            assert_eq!(window.holding(&mut united).since(before), held);
        }
    }

    #[test]
    fn many_points_that_complete_chains_are_absorbed_exactly() {
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let window = rule(2 + seed as usize % 2);
            let mut hits = Vec::new();
            for step in 0..window.steps {
                let count = random.usize(1..900);
                hits.extend(flood(&mut random, step, count, 0..40_000));
            }
            let whole = state_of(&window, &hits);
            assert_eq!(whole.holding, exact(&window, &hits), "seed {seed}");
            let (united, _) = in_parts(&window, &hits, &mut random);
            assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
        }
    }

    /// The moments that hold by all hits, less a cell at the beginning and at the end of each chain of two.
    fn less_a_cell(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Intervals {
        let cell = window.timespan_ms / 512;
        let mut firsts: Vec<i64> = hits.iter().filter(|h| h.0 == 0).map(|h| h.1).collect();
        firsts.sort_unstable();
        let seconds = hits.iter().filter(|h| h.0 == 1).map(|h| h.1);
        let chain = |second: i64| {
            let first = firsts[firsts.partition_point(|f| *f <= second).checked_sub(1)?];
            let (start, end) = (second + cell, first + window.timespan_ms - cell);
            (start < end).then_some(Interval::new(start, end))
        };
        Intervals::from_unsorted(seconds.filter_map(chain).collect())
    }

    fn lies_within(part: &Intervals, whole: &Intervals) -> bool {
        part.as_slice().iter().all(|i| whole.covers(i.start, i.end))
    }

    #[test]
    fn floods_that_complete_chains_hold_within_a_cell_of_the_truth_in_any_order() {
        let mut thinned = 0;
        for seed in 0..150 {
            let mut random = fastrand::Rng::with_seed(seed);
            let window = rule(2);
            let mut hits = flood(&mut random, 0, 5_000, 0..15_000);
            let (seconds, from) = (random.usize(1..2_500), random.i64(-9_000..24_000));
            hits.extend(flood(&mut random, 1, seconds, from..from + 12_000));
            let (truth, least) = (exact(&window, &hits), less_a_cell(&window, &hits));
            let (mut united, parts) = in_parts(&window, &hits, &mut random);
            thinned += usize::from(window.is_thinned(&united));
            let mut as_it_came = state_of(&window, &hits);
            for state in [&united, &as_it_came] {
                assert!(lies_within(&state.holding, &truth), "seed {seed}: invented");
                assert!(lies_within(&least, &state.holding), "seed {seed}: missed");
            }
            // Whatever comes again changes nothing, and uniting has no direction.
            let before = encoded(&united);
            for part in &parts {
                window.merge(&mut united, part);
                assert_eq!(encoded(&united), before, "seed {seed}");
            }
            let ours = united.clone();
            window.merge(&mut united, &as_it_came);
            window.merge(&mut as_it_came, &ours);
            assert_eq!(encoded(&united), encoded(&as_it_came), "seed {seed}");
            // Nor does what was forgotten, once forgotten again.
            let before = random.i64(-9_000..30_000);
            window.forget(&mut united, before);
            let forgotten = encoded(&united);
            for part in &parts {
                window.merge(&mut united, part);
                window.forget(&mut united, before);
                assert_eq!(encoded(&united), forgotten, "seed {seed}");
            }
        }
        assert!(thinned > 80, "{thinned} floods are too few");
    }

    #[test]
    fn a_point_that_was_thinned_out_finds_no_chain_when_it_comes_again() {
        let window = rule(2);
        let later = (0..1_100).map(|i| (0, 100 + 9 * i));
        let flood: Vec<_> = [(0, 0), (0, 10)].into_iter().chain(later).collect();
        let again = state_of(&window, &[(0, 5)]);
        let mut state = state_of(&window, &flood);
        window.merge(&mut state, &again);
        window.merge(&mut state, &state_of(&window, &[(1, 7)]));
        assert_eq!(state.holding.as_slice(), [Interval::new(7, 10_240)]);
        let before = state.clone();
        window.merge(&mut state, &again);
        assert_eq!(state, before);
    }

    #[test]
    fn up_to_the_limit_of_a_slice_all_points_are_kept() {
        let points = |count: i64| (0..count).map(|i| (0, i * 5)).collect::<Vec<_>>();
        let window = rule(2);
        let full = state_of(&window, &points(1_024));
        assert!(!window.is_thinned(&full) && full.taken.len() == 1_024);
        let over = state_of(&window, &points(1_025));
        assert!(window.is_thinned(&over));
        // Cells are 20 ms long: 257 of them have points, the last has one.
        assert_eq!(over.taken.len(), 2 * 256 + 1);
    }

    #[test]
    fn a_flood_of_one_step_leaves_a_flat_state() {
        let window = TemporalOrdered {
            timespan_ms: 300_000,
            steps: 3,
        };
        let mut random = fastrand::Rng::with_seed(5);
        for count in [100, 10_000, 1_000_000] {
            let mut state = state_of(&window, &flood(&mut random, 0, count, 0..1_800_000));
            let (encoded, bytes) = (encoded(&state).len(), window.bytes(&state));
            println!("{count} hits: {encoded} bytes encoded, {bytes} in memory");
            assert!(encoded < 50_000 && bytes < 1_000_000);
            assert!((window.closeness(&mut state) - 1.0 / 3.0).abs() < 1e-9);
            window.forget(&mut state, 3_000_000);
            assert!(state.taken.is_empty() && state.thinned.is_empty());
        }
    }

    #[test]
    fn closeness_is_the_share_of_steps_in_order_within_a_timespan() {
        let window = rule(3);
        let close = |hits: &[(usize, i64)]| window.closeness(&mut state_of(&window, hits));
        assert_eq!(close(&[]), 0.0);
        assert_eq!(close(&[(1, 0), (2, 1)]), 0.0);
        assert_eq!(close(&[(0, 0), (2, 1)]), 1.0 / 3.0);
        assert_eq!(close(&[(0, 0), (1, 10_240)]), 1.0 / 3.0);
        assert_eq!(close(&[(0, 0), (1, 10_239)]), 2.0 / 3.0);
        assert_eq!(close(&[(0, 0), (1, 1), (2, 2)]), 1.0);
    }
}
