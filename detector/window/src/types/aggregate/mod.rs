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

mod rule; // in rule files

use serde::{Deserialize, Deserializer};

use crate::group::version_1::Time;
use crate::kind::{NEARLY, Occurrence, OccurrenceValue, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::OldKey;
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{Numbers, ONE, Sampling, Weighted};
use detector_rule::Decimal;

pub use rule::{AVERAGE, Aggregate, AggregateFunction, MEDIAN, PERCENTILE, SUM};

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

    /// Numbers, and how many of them were settled.
    fn see_again<'d, D: Deserializer<'d>>(&self, old: D) -> Result<Numbers, D::Error> {
        let (numbers, _) = <(Vec<(Time, OldKey, f64)>, usize)>::deserialize(old)?;
        let mut state = Numbers::default();
        for (Time(time), id, value) in numbers {
            state.add(time, id.into(), value, self.sampling());
        }
        Ok(state)
    }

    fn bytes(&self, state: &Numbers) -> usize {
        state.bytes()
    }
}

impl Aggregate {
    fn sampling(&self) -> Sampling {
        Sampling {
            by_size: self.function == AggregateFunction::Sum,
            ..Sampling::of_events(self.timespan_ms)
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
mod tests;
