//! `value_sum`, `value_avg`, `value_percentile`, `value_median`: a number computed over the values in the window.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::rule::Threshold;
use crate::window::interval::{Interval, Intervals, WAITING_MIN};
use crate::window::key::Key;
use crate::window::kind::{Occurrence, OccurrenceValue, WindowType};

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

/// The number of one event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Number {
    time: i64,
    id: Key,
    value: f64,
}

impl Number {
    fn order(&self, other: &Number) -> Ordering {
        (self.time, self.id)
            .cmp(&(other.time, other.id))
            .then(self.value.total_cmp(&other.value))
    }
}

/// The numbers of a group. An event that comes with two numbers at one time counts with the smaller.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The first `settled` are sorted and distinct, the rest wait.
    numbers: Vec<Number>,
    settled: usize,
}

impl Numbers {
    fn settle(&mut self) {
        if self.settled < self.numbers.len() {
            self.numbers.sort_unstable_by(Number::order);
            self.numbers.dedup_by_key(|n| (n.time, n.id));
            self.settled = self.numbers.len();
        }
    }
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
        state.numbers.push(Number {
            time: occurrence.start,
            id: occurrence.id,
            value,
        });
        if state.numbers.len() - state.settled >= WAITING_MIN.max(state.settled) {
            state.settle();
        }
    }

    fn merge(&self, state: &mut Numbers, other: &Numbers) {
        state.numbers.extend_from_slice(&other.numbers);
        state.settled = 0;
        state.settle();
    }

    fn holding(&self, state: &mut Numbers) -> Intervals {
        state.settle();
        let numbers = &state.numbers;
        let mut window = Window::new(numbers);
        let (mut entered, mut left) = (0, 0);
        let mut holding = Vec::new();
        while left < numbers.len() {
            let leaves = numbers[left].time + self.timespan_ms;
            let now = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
            while entered < numbers.len() && numbers[entered].time == now {
                window.change(entered, 1);
                entered += 1;
            }
            while left < entered && numbers[left].time + self.timespan_ms == now {
                window.change(left, -1);
                left += 1;
            }
            if left == entered {
                continue;
            }
            let leaves = numbers[left].time + self.timespan_ms;
            let next = numbers.get(entered).map_or(leaves, |n| n.time.min(leaves));
            if self.threshold.holds_number(window.compute(self.function)) {
                holding.push(Interval::new(now, next));
            }
        }
        Intervals::from_unsorted(holding)
    }

    fn forget(&self, state: &mut Numbers, before: i64) {
        state.settle();
        state.numbers.retain(|n| n.time + self.timespan_ms > before);
        state.settled = state.numbers.len();
    }

    fn closeness(&self, _: &mut Numbers) -> f64 {
        0.0
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Numbers) -> usize {
        state.numbers.capacity() * size_of::<Number>()
    }
}

/// The multiset of values in the window: a Fenwick tree over the ranks of all values, so that any order statistic
/// costs a logarithm.
struct Window {
    sorted: Vec<f64>,
    /// Rank of each number's value, by the number's place.
    ranks: Vec<usize>,
    tree: Vec<i64>,
    count: i64,
    /// Each value is added and taken away exactly, as a sum of integers where all values are integers.
    sum: Sum,
}

impl Window {
    fn new(numbers: &[Number]) -> Self {
        let mut sorted: Vec<f64> = numbers.iter().map(|n| n.value).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        let rank = |n: &Number| sorted.partition_point(|v| v.total_cmp(&n.value) == Ordering::Less);
        let ranks = numbers.iter().map(rank).collect();
        let tree = vec![0; sorted.len() + 1];
        Self {
            sorted,
            ranks,
            tree,
            count: 0,
            sum: Sum::default(),
        }
    }

    fn change(&mut self, place: usize, by: i64) {
        let rank = self.ranks[place];
        self.count += by;
        self.sum.add(self.sorted[rank] * by as f64);
        let mut node = rank + 1;
        while node < self.tree.len() {
            self.tree[node] += by;
            node += node & node.wrapping_neg();
        }
        if self.count == 0 {
            self.sum = Sum::default();
        }
    }

    /// The `nth` smallest value, from 1 to the count.
    fn nth(&self, nth: i64) -> f64 {
        let mut node = 0;
        let mut left = nth;
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
            AggregateFunction::Average => self.sum.total() / self.count as f64,
            AggregateFunction::Percentile(rank) => {
                let nth = (self.count * i64::from(rank) + 99) / 100;
                self.nth(nth.max(1))
            }
            AggregateFunction::Median => {
                let lower = self.nth((self.count + 1) / 2);
                let upper = self.nth(self.count / 2 + 1);
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
