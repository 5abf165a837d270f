//! `value_sum`, `value_avg`, `value_percentile`, `value_median`: a number computed over the values in the window.
//!
//! Exact while no eighth of a timespan has more than 128 numbers; beyond that estimated from samples (`sample.rs`).
//! Standard errors, for a flood spread over the whole timespan, of which 8 · 128 = 1,024 numbers are kept (in brackets:
//! all of it in one eighth, 128 kept):
//!
//! - sums: at most 3.1 % (8.9 %) of the sum of magnitudes. A slice's is at most 1/√(k − 1) for k numbers kept (Szegedy,
//!   "The DLT priority sampling is essentially optimal", STOC 2006), slices are independent of one another. A number
//!   that makes up more than 1/128 of its slice is kept for certain and counts as it is.
//! - averages: the coefficient of variation of the values / 32 (/ 11.3), as of any mean of a uniform sample.
//! - percentiles and medians: at most 1.6 (4.4) points of rank, √(p (1 − p) / 1,024) at p = 1/2, as of any share of one.

use crate::state::interval::{Interval, Intervals};
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{KEPT_MAX, Numbers, ONE, Sampling, Weighted};
use crate::types::kind::{Occurrence, OccurrenceValue, WindowType};
use detector_rule::{Decimal, Threshold};

/// Judges a number computed over the values in the window.
#[derive(Debug)]
pub struct Aggregate {
    pub timespan_ms: i64,
    pub threshold: Threshold<Decimal>,
    pub function: AggregateFunction,
}

/// How the number is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    Sum,
    Average,
    /// Nearest rank: the smallest value with at least this percentage of values up to it. 0 is the minimum.
    Percentile(u8),
    /// The middle value, or the mean of the two middle ones.
    Median,
}

impl WindowType for Aggregate {
    type State = Numbers;
    type Detail = f64;
    type Value = ();

    fn is_monotone(&self) -> bool {
        // Sums can fall as well: numbers may be negative.
        false
    }

    fn observe(&self, state: &mut Numbers, occurrence: &Occurrence) {
        let OccurrenceValue::Number(value) = occurrence.value else {
            unreachable!("an aggregate is given a number")
        };
        state.add(occurrence.start, occurrence.id, value, self.sampling());
    }

    fn merge(&self, state: &mut Numbers, other: &Numbers) {
        state.merge(other, self.sampling());
    }

    fn holding(&self, state: &mut Numbers) -> Intervals {
        let mut holding = Vec::new();
        self.sweep(state, |moments, number| {
            if self.threshold.holds_number(number) {
                holding.push(moments);
            }
        });
        Intervals::from_unsorted(holding)
    }

    fn forget(&self, state: &mut Numbers, before: i64) {
        state.forget(before, self.sampling());
    }

    fn closeness(&self, state: &mut Numbers) -> f64 {
        let (mut highest, mut holds) = (None, false);
        self.sweep(state, |_, number| {
            highest = Some(highest.map_or(number, |known: f64| known.max(number)));
            holds |= self.threshold.holds_number(number);
        });
        match highest {
            None => 0.0,
            Some(_) if holds => 1.0,
            Some(highest) if self.threshold.is_monotone() => {
                let share = |&(_, bound): &(_, Decimal)| match bound.get() {
                    bound if bound > 0.0 => (highest / bound).clamp(0.0, NEARLY),
                    _ => 0.5,
                };
                self.threshold.0.iter().map(share).fold(NEARLY, f64::min)
            }
            Some(_) => 0.5,
        }
    }

    fn is_thinned(&self, state: &Numbers) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Numbers) -> usize {
        state.bytes()
    }
}

/// As close as a condition comes that does not hold.
const NEARLY: f64 = 0.999;

impl Aggregate {
    fn sampling(&self) -> Sampling {
        Sampling {
            timespan_ms: self.timespan_ms,
            by_size: self.function == AggregateFunction::Sum,
            kept_max: KEPT_MAX,
        }
    }

    /// Settles the state and tells the number of each stretch between two changes of the window.
    fn sweep(&self, state: &mut Numbers, stretch: impl FnMut(Interval, f64)) {
        state.settle(self.sampling());
        let numbers = state.weighted(self.sampling());
        let mut moved = Moved {
            window: Window::new(&numbers),
            function: self.function,
            stretch,
        };
        sweep(&numbers, self.timespan_ms, &mut moved);
    }
}

struct Moved<F> {
    window: Window,
    function: AggregateFunction,
    stretch: F,
}

impl<F: FnMut(Interval, f64)> Moving for Moved<F> {
    fn change(&mut self, number: &Weighted, place: usize, by: i64) {
        self.window.change(number, place, by);
    }

    fn rest(&mut self, moments: Interval) {
        (self.stretch)(moments, self.window.compute(self.function));
    }
}

/// The multiset of values in the window: a Fenwick tree over the ranks of all values, so that any order statistic
/// costs a logarithm.
struct Window {
    sorted: Vec<f64>,
    /// Rank of each number's value, by the number's place.
    ranks: Vec<usize>,
    /// Masses are integers: what is added and taken away again leaves nothing.
    tree: Vec<i64>,
    mass: i64,
    /// Each value is added and taken away exactly, as a sum of integers where all values are integers.
    sum: Sum,
}

impl Window {
    fn new(numbers: &[Weighted]) -> Self {
        let mut sorted: Vec<f64> = numbers.iter().map(|n| n.value).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup_by(|next, kept| next.total_cmp(kept).is_eq());
        let rank = |n: &Weighted| sorted.partition_point(|v| v.total_cmp(&n.value).is_lt());
        let ranks = numbers.iter().map(rank).collect();
        let tree = vec![0; sorted.len() + 1];
        Self {
            sorted,
            ranks,
            tree,
            mass: 0,
            sum: Sum::default(),
        }
    }

    /// The number at `place` enters (`by` 1) or leaves (`by` -1).
    fn change(&mut self, number: &Weighted, place: usize, by: i64) {
        self.mass += number.mass * by;
        self.sum.add(number.part * by as f64);
        let mut node = self.ranks[place] + 1;
        while node < self.tree.len() {
            self.tree[node] += number.mass * by;
            node += node & node.wrapping_neg();
        }
        if self.mass == 0 {
            self.sum = Sum::default();
        }
    }

    /// The smallest value such that the values up to it have at least this mass, which is from 1 to that of all.
    fn at_mass(&self, mass: i64) -> f64 {
        let mut node = 0;
        let mut left = mass;
        let mut step = self.tree.len().next_power_of_two();
        while step > 0 {
            let next = node + step;
            if next < self.tree.len() && self.tree[next] < left {
                node = next;
                left -= self.tree[next];
            }
            step /= 2;
        }
        self.sorted[node]
    }

    fn compute(&self, function: AggregateFunction) -> f64 {
        match function {
            AggregateFunction::Sum => self.sum.total(),
            AggregateFunction::Average => self.sum.total() / (self.mass as f64 / ONE as f64),
            AggregateFunction::Percentile(rank) => {
                let up_to = (i128::from(self.mass) * i128::from(rank) + 99) / 100;
                self.at_mass((up_to as i64).max(1))
            }
            AggregateFunction::Median => {
                let lower = self.at_mass((self.mass + 1) / 2);
                let upper = self.at_mass(self.mass / 2 + 1);
                lower + (upper - lower) / 2.0
            }
        }
    }
}

/// A compensated sum (Neumaier): adding and taking away again leaves no drift worth speaking of.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    sum: f64,
    compensation: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.compensation += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    fn total(&self) -> f64 {
        self.sum + self.compensation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::key::Key;
    use detector_rule::Comparison;

    fn holding(function: AggregateFunction, bound: u32, values: &[(i64, f64)]) -> Vec<(i64, i64)> {
        let threshold = Threshold(vec![(Comparison::Gte, bound.into())]);
        let window = Aggregate {
            timespan_ms: 10,
            threshold,
            function,
        };
        let mut state = Numbers::default();
        for (at, &(time, value)) in values.iter().enumerate() {
            let id = Key::from_u128(at as u128);
            let value = OccurrenceValue::Number(value);
            window.observe(
                &mut state,
                &Occurrence {
                    input: 0,
                    start: time,
                    until: time,
                    id,
                    value,
                },
            );
        }
        window
            .holding(&mut state)
            .as_slice()
            .iter()
            .map(|i| (i.start, i.end))
            .collect()
    }

    #[test]
    fn a_sum_holds_while_its_values_are_in_the_window() {
        assert_eq!(
            holding(
                AggregateFunction::Sum,
                10,
                &[(0, 4.0), (3, 6.0), (20, 10.0)]
            ),
            [(3, 10), (20, 30)]
        );
    }

    #[test]
    fn an_average_can_fall_again() {
        assert_eq!(
            holding(
                AggregateFunction::Average,
                5,
                &[(0, 8.0), (4, 1.0), (6, 12.0)]
            ),
            [(0, 4), (6, 16)]
        );
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let values: Vec<_> = (1..=5).map(|i| (i, i as f64)).collect();
        // At 5 the window holds 1..=5: the 50th percentile is 3, the 100th 5.
        assert_eq!(
            holding(AggregateFunction::Percentile(50), 3, &values)[0].0,
            5
        );
        assert_eq!(
            holding(AggregateFunction::Percentile(100), 5, &values)[0].0,
            5
        );
        assert_eq!(
            holding(AggregateFunction::Percentile(0), 2, &values),
            [(11, 15)]
        );
    }

    #[test]
    fn the_median_of_an_even_count_is_the_middle() {
        assert_eq!(
            holding(AggregateFunction::Median, 3, &[(0, 2.0), (1, 4.0)]),
            [(1, 11)]
        );
    }

    const MINUTE: i64 = 60_000;

    fn rule(function: AggregateFunction) -> Aggregate {
        Aggregate {
            timespan_ms: 5 * MINUTE,
            threshold: Threshold(vec![(Comparison::Gte, 1_000.into())]),
            function,
        }
    }

    fn hit((time, id, value): (i64, u128, f64)) -> Occurrence {
        Occurrence {
            input: 0,
            start: time,
            until: time,
            id: Key::from_u128(id),
            value: OccurrenceValue::Number(value),
        }
    }

    fn state_of(window: &Aggregate, hits: &[(i64, u128, f64)]) -> Numbers {
        let mut state = Numbers::default();
        for &one in hits {
            window.observe(&mut state, &hit(one));
        }
        window.holding(&mut state);
        state
    }

    fn encoded(state: &Numbers) -> Vec<u8> {
        postcard::to_allocvec(state).expect("numbers can be encoded")
    }

    /// Many hits in few slices, of values that are alike, zero, negative, twice on one id.
    fn flood(random: &mut fastrand::Rng) -> Vec<(i64, u128, f64)> {
        let slices = random.i64(1..20);
        let numbers = random.usize(1..3_000);
        let values = [0.0, -0.0, 1.0, 1.0, 7.5, -3.0, 1e6, 1e-9];
        let mut one = |_| {
            let time = random.i64(-MINUTE..slices * 37_500);
            let value = match random.u8(..4) {
                0 => random.f64() * 1e4,
                _ => values[random.usize(..values.len())],
            };
            (time, random.u128(..2_000), value)
        };
        let mut hits: Vec<_> = (0..numbers).map(&mut one).collect();
        // Ids that come with several values at one time.
        let twice = hits[..numbers / 5].to_vec();
        hits.extend(
            twice
                .iter()
                .map(|&(time, id, value)| (time, id, value + 1.0)),
        );
        hits
    }

    #[test]
    fn a_flood_leaves_the_same_bytes_after_any_order_partition_and_repetition() {
        use AggregateFunction::{Average, Median, Sum};
        let mut thinned = 0;
        for seed in 0..150 {
            let mut random = fastrand::Rng::with_seed(seed);
            let window = rule([Sum, Average, Median][seed as usize % 3]);
            let mut hits = flood(&mut random);
            let mut whole = state_of(&window, &hits);
            thinned += usize::from(window.is_thinned(&whole));
            hits.extend_from_within(..random.usize(..hits.len()));
            random.shuffle(&mut hits);
            let mut parts: Vec<Numbers> = hits
                .chunks(random.usize(1..=hits.len()))
                .map(|part| state_of(&window, part))
                .collect();
            parts.extend_from_within(..1);
            let before = random.i64(-MINUTE..20 * MINUTE);
            let mut united = Numbers::default();
            for part in &parts {
                let mut read: Numbers = postcard::from_bytes(&encoded(part)).expect("just encoded");
                window.holding(&mut read);
                assert_eq!(&read, part);
                window.merge(&mut united, &read);
            }
            let holding = window.holding(&mut united);
            assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
            window.forget(&mut whole, before);
            for part in &parts {
                // What was forgotten comes again, and is forgotten again.
                window.forget(&mut united, before);
                window.merge(&mut united, part);
            }
            window.forget(&mut united, before);
            assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
            assert_eq!(
                window.holding(&mut whole).since(before),
                holding.since(before),
                "seed {seed}"
            );
        }
        assert!(thinned > 50, "{thinned} floods are too few");
    }

    #[test]
    fn nothing_is_estimated_up_to_the_limit_of_a_slice() {
        let numbers = |count: i64| (0..count).map(|i| (i, i as u128, 10.0)).collect::<Vec<_>>();
        let window = rule(AggregateFunction::Sum);
        assert!(!window.is_thinned(&state_of(&window, &numbers(128))));
        assert!(window.is_thinned(&state_of(&window, &numbers(129))));
        let exact = window.holding(&mut state_of(&window, &numbers(128)));
        assert_eq!(exact.as_slice(), [Interval::new(99, 300_028)]);
    }

    /// Values of a heavy tail (Pareto, exponent 1.5), over `span` milliseconds.
    fn heavy_tail(numbers: u64, span: i64) -> Vec<(i64, u128, f64)> {
        let mut random = fastrand::Rng::with_seed(11);
        let mut one = |_| {
            let value = (1.0 - random.f64()).powf(-1.0 / 1.5);
            (random.i64(0..span), random.u128(..), value)
        };
        (0..numbers).map(&mut one).collect()
    }

    /// The number computed at the last moment of the span.
    fn at_the_end(window: &Aggregate, state: &mut Numbers, span: i64) -> f64 {
        let mut found = None;
        window.sweep(state, |moments, number| {
            if moments.start < span {
                found = Some(number);
            }
        });
        found.expect("there are numbers")
    }

    #[test]
    fn estimates_stay_within_three_standard_errors() {
        let span = 4 * 37_500 + 4 * 37_500;
        let hits = heavy_tail(1_000_000, span);
        let window = rule(AggregateFunction::Sum);
        let sum: f64 = hits.iter().map(|h| h.2).sum();
        let estimate = at_the_end(&window, &mut state_of(&window, &hits), span);
        assert!((estimate / sum - 1.0).abs() < 0.1, "{estimate} of {sum}");
        let mut values: Vec<f64> = hits.iter().map(|h| h.2).collect();
        values.sort_unstable_by(f64::total_cmp);
        for rank in [5, 50, 90, 99] {
            let window = rule(AggregateFunction::Percentile(rank));
            let found = at_the_end(&window, &mut state_of(&window, &hits), span);
            let place = values.partition_point(|v| *v < found) as f64 / values.len() as f64;
            assert!(
                (place * 100.0 - f64::from(rank)).abs() < 5.0,
                "{rank}: {place}"
            );
        }
        let window = rule(AggregateFunction::Average);
        let mean = sum / values.len() as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let variation = (squares / values.len() as f64).sqrt() / mean;
        let found = at_the_end(&window, &mut state_of(&window, &hits), span);
        assert!(
            (found / mean - 1.0).abs() < 3.0 * variation / 32.0,
            "{found} of {mean}"
        );
    }

    #[test]
    fn estimates_of_one_slice_have_no_bias() {
        let (window, floods, numbers) = (rule(AggregateFunction::Sum), 1_000, 1_000);
        let mut sum = 0.0;
        for seed in 0..floods {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut one = |_| (random.i64(0..37_500), random.u128(..), 1.0);
            let hits: Vec<_> = (0..numbers).map(&mut one).collect();
            sum += at_the_end(&window, &mut state_of(&window, &hits), 37_500);
        }
        // Standard error: 8.9 % / √1,000 = 0.3 %. With a threshold one rank lower the bias were 0.8 %.
        let mean = sum / floods as f64 / f64::from(numbers);
        assert!((mean - 1.0).abs() < 0.005, "{mean}");
    }

    #[test]
    fn of_two_numbers_of_one_event_the_smaller_counts() {
        let window = rule(AggregateFunction::Sum);
        for values in [[400.0, 600.0], [600.0, 400.0]] {
            let mut state = state_of(&window, &values.map(|value| (0, 1, value)));
            assert_eq!(at_the_end(&window, &mut state, 1), 400.0);
        }
    }

    #[test]
    fn one_huge_number_in_a_flood_is_never_missed() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut window = rule(AggregateFunction::Sum);
            window.threshold = Threshold(vec![(Comparison::Gte, 1_000_000.into())]);
            let mut one = |_| (random.i64(0..37_500), random.u128(..), 1.0);
            let mut hits: Vec<_> = (0..5_000).map(&mut one).collect();
            let mut state = state_of(&window, &hits);
            assert!(window.holding(&mut state).is_empty());
            assert!(window.closeness(&mut state) < 0.01);
            hits.insert(random.usize(..5_000), (20_000, random.u128(..), 1e6));
            let mut state = state_of(&window, &hits);
            let holding = window.holding(&mut state);
            assert!(holding.covers(20_000, 320_000), "seed {seed}: {holding:?}");
            assert_eq!(window.closeness(&mut state), 1.0);
        }
    }

    #[test]
    fn a_flood_leaves_a_flat_state() {
        for function in [AggregateFunction::Sum, AggregateFunction::Average] {
            let window = rule(function);
            for count in [100, 10_000, 1_000_000] {
                let mut state = state_of(&window, &heavy_tail(count, 30 * MINUTE));
                let (encoded, bytes) = (encoded(&state).len(), window.bytes(&state));
                println!("{function:?}: {count} hits: {encoded} bytes encoded, {bytes} in memory");
                assert!(encoded < 200_000 && bytes < 1_000_000);
                window.forget(&mut state, 60 * MINUTE);
                assert_eq!(state, Numbers::default());
            }
        }
    }

    #[test]
    fn closeness_is_the_share_of_the_bound() {
        let close = |function, comparison, values: &[f64]| {
            let mut window = rule(function);
            window.threshold = Threshold(vec![(comparison, 100.into())]);
            let hits = values.iter().enumerate();
            let hits: Vec<_> = hits.map(|(at, v)| (at as i64, at as u128, *v)).collect();
            window.closeness(&mut state_of(&window, &hits))
        };
        let sum = AggregateFunction::Sum;
        assert_eq!(close(sum, Comparison::Gte, &[]), 0.0);
        assert_eq!(close(sum, Comparison::Gte, &[20.0, 30.0]), 0.5);
        assert_eq!(close(sum, Comparison::Gte, &[70.0, 30.0, -50.0]), 1.0);
        assert_eq!(close(sum, Comparison::Lt, &[200.0]), 0.5);
        assert_eq!(close(sum, Comparison::Lt, &[2.0]), 1.0);
        assert!(close(sum, Comparison::Gt, &[100.0]) < 1.0);
    }

    #[test]
    fn zeros_of_either_sign_are_zero() {
        let values = [(0, -0.0), (0, 0.0), (0, 8.0)];
        assert_eq!(holding(AggregateFunction::Median, 1, &values), []);
        assert_eq!(holding(AggregateFunction::Percentile(60), 1, &values), []);
    }
}
