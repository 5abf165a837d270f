//! `value_sum`, `value_avg`, `value_percentile`, `value_median`: a number computed over the values in the window.

use crate::rule::Threshold;
use crate::window::interval::{Interval, Intervals};
use crate::window::kind::{Occurrence, OccurrenceValue, WindowType};
use crate::window::sample::{Numbers, ONE, Sampling, Weighted};

/// Judges a number computed over the values in the window.
#[derive(Debug)]
pub struct Aggregate {
    pub timespan_ms: i64,
    pub threshold: Threshold,
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
                let share = |&(_, bound): &(_, u64)| match bound {
                    0 => 0.5,
                    bound => (highest / bound as f64).clamp(0.0, NEARLY),
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
        }
    }

    /// Settles the state and tells the number of each stretch between two changes of the window.
    fn sweep(&self, state: &mut Numbers, mut stretch: impl FnMut(Interval, f64)) {
        state.settle(self.sampling());
        let numbers = state.weighted(self.sampling());
        let mut window = Window::new(&numbers);
        let (mut entered, mut left) = (0, 0);
        while left < numbers.len() {
            let leaves = numbers[left].time + self.timespan_ms;
            let now = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
            while entered < numbers.len() && numbers[entered].time == now {
                window.change(&numbers[entered], entered, 1);
                entered += 1;
            }
            while left < entered && numbers[left].time + self.timespan_ms == now {
                window.change(&numbers[left], left, -1);
                left += 1;
            }
            if left == entered {
                continue;
            }
            let leaves = numbers[left].time + self.timespan_ms;
            let next = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
            stretch(Interval::new(now, next), window.compute(self.function));
        }
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
    use crate::rule::Comparison;

    fn holding(function: AggregateFunction, bound: u64, values: &[(i64, f64)]) -> Vec<(i64, i64)> {
        let threshold = Threshold(vec![(Comparison::Gte, bound)]);
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
}
