//! The numbers of a group: every one while they are few, a sample of each stretch of time where they are many.
//!
//! Time is cut into slices of an eighth of the timespan. A slice keeps up to 128 numbers one by one. Of more it keeps
//! those of the 128 smallest *ranks*, and the smallest rank that it does not keep, its threshold τ. With u in (0, 1], a
//! hash of the event id and time, the rank of a number v is
//!
//! - u for averages, percentiles and medians: all are kept alike (bottom-k sampling: Cohen and Kaplan, "Summarizing data
//!   using bottom-k sketches", PODC 2007);
//! - u / |v| for sums: the larger, the surer (priority sampling: Duffield, Lund and Thorup, "Priority sampling for
//!   estimation of arbitrary subset sums", JACM 54(6), 2007). Zeros have rank ∞ and go first; they add nothing.
//!
//! A number that is kept stands for 1 / min(1, τw) of its kind, w = |v| for sums and 1 else; for itself alone where
//! nothing was left out. The estimate of a sum is unbiased, for any part of a slice.
//!
//! The smallest ranks of a union are among the smallest of its parts, and its τ is the smallest of their τ and of the
//! ranks that find no place. So the state is a function of the set of numbers. Two values under one id and time are two
//! numbers here; which one counts is decided when the window is judged.
//!
//! Whoever can choose event ids freely can choose ranks, as with the sketches of the ledger.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::state::interval::WAITING_MIN;
use crate::state::key::Key;
use crate::state::relative::{self, Dated};

/// Numbers that a slice usually keeps.
pub(crate) const KEPT_MAX: usize = 128;

/// Slices of a timespan.
const SLICES: i64 = 8;

/// The mass of one number. Masses are integers, so that adding and taking away is exact.
pub(crate) const ONE: i64 = 1 << 16;

/// The most that one number stands for; those of a window still fit into an integer.
const MASS_MAX: f64 = (1u64 << 48) as f64;

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

impl Dated for Number {
    fn time(&self) -> i64 {
        self.time
    }

    fn shift(&mut self, by: i64) {
        self.time = self.time.wrapping_add(by);
    }
}

/// A number, and how much it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weighted {
    pub time: i64,
    pub value: f64,
    /// What it adds to a sum.
    pub part: f64,
    /// How many numbers it stands for, times [`ONE`].
    pub mass: i64,
}

/// How numbers are sampled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub timespan_ms: i64,
    /// Large numbers before small ones, for sums.
    pub by_size: bool,
    /// Numbers that a slice keeps.
    pub kept_max: usize,
}

impl Sampling {
    /// Of events, which are all alike.
    pub(crate) fn of_events(timespan_ms: i64) -> Self {
        Self {
            timespan_ms,
            by_size: false,
            kept_max: KEPT_MAX,
        }
    }

    fn slice_ms(self) -> i64 {
        (self.timespan_ms / SLICES).max(1)
    }

    fn slice(self, time: i64) -> i64 {
        time.div_euclid(self.slice_ms())
    }

    fn rank(self, number: &Number) -> f64 {
        // Ids need not be uniform (a UUID has fixed bits); one that comes at several times is several numbers.
        let mut hasher = SipHasher13::new();
        hasher.write(&number.id.to_u128().to_le_bytes());
        hasher.write(&number.time.to_le_bytes());
        let uniform = ((hasher.finish() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        if self.by_size {
            uniform / number.value.abs()
        } else {
            uniform
        }
    }

    /// What a number stands for in a slice with the threshold `tau`.
    fn weighted(self, number: &Number, tau: Option<f64>) -> Weighted {
        let &Number { time, value, .. } = number;
        let Some(tau) = tau else {
            return Weighted {
                time,
                value,
                part: value,
                mass: ONE,
            };
        };
        let size = if self.by_size { value.abs() } else { 1.0 };
        // 0 · ∞ and what underflows stand for themselves.
        let chance = Some((tau * size).min(1.0)).filter(|chance| *chance > 0.0);
        let weight = chance.map_or(1.0, |chance| 1.0 / chance);
        let mass = if self.by_size {
            ONE
        } else {
            (weight * ONE as f64).round().min(MASS_MAX) as i64
        };
        let part = if self.by_size {
            value * weight
        } else {
            value * (mass as f64 / ONE as f64)
        };
        Weighted {
            time,
            value,
            part,
            mass,
        }
    }
}

/// The numbers of a group, or the sample of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The first `settled` are sorted and distinct and at most [`Sampling::kept_max`] in a slice, the rest wait. Encoded, all are
    /// settled.
    #[serde(with = "relative")]
    numbers: Vec<Number>,
    #[serde(skip)]
    settled: usize,
    /// The slices that do not keep every number, sorted, with their thresholds.
    thinned: Vec<(i64, f64)>,
}

impl Numbers {
    pub(crate) fn add(&mut self, time: i64, id: Key, value: f64, sampling: Sampling) {
        let number = Number { time, id, value };
        if let Some(tau) = self.threshold(sampling.slice(time))
            && sampling.rank(&number) > tau
        {
            return;
        }
        self.numbers.push(number);
        if self.numbers.len() - self.settled >= WAITING_MIN.max(self.settled) {
            self.settle(sampling);
        }
    }

    pub(crate) fn merge(&mut self, other: &Numbers, sampling: Sampling) {
        self.numbers.extend_from_slice(&other.numbers);
        let mut thinned: BTreeMap<i64, f64> = self.thinned.iter().copied().collect();
        for &(slice, tau) in &other.thinned {
            lower(&mut thinned, slice, tau);
        }
        self.thinned = thinned.into_iter().collect();
        self.settled = 0;
        self.settle(sampling);
    }

    /// Brings the state to its canonical form.
    pub(crate) fn settle(&mut self, sampling: Sampling) {
        if self.settled == self.numbers.len() {
            return;
        }
        self.numbers.sort_unstable_by(Number::order);
        self.numbers.dedup_by(|next, kept| next.order(kept).is_eq());
        self.thin(sampling);
        self.settled = self.numbers.len();
        self.shrink();
    }

    /// Leaves the smallest ranks of each slice.
    fn thin(&mut self, sampling: Sampling) {
        let mut thinned: BTreeMap<i64, f64> = BTreeMap::new();
        let mut kept = 0;
        let mut start = 0;
        while let Some(first) = self.numbers.get(start) {
            let slice = sampling.slice(first.time);
            let len = self.numbers[start..].partition_point(|n| sampling.slice(n.time) == slice);
            let mut end = start + len;
            if len > sampling.kept_max {
                let tau = leave_smallest_ranks(&mut self.numbers[start..end], sampling);
                lower(&mut thinned, slice, tau);
                end = start + sampling.kept_max;
            }
            self.numbers.copy_within(start..end, kept);
            kept += end - start;
            start += len;
        }
        self.numbers.truncate(kept);
        if !thinned.is_empty() {
            for &(slice, tau) in &self.thinned {
                lower(&mut thinned, slice, tau);
            }
            self.thinned = thinned.into_iter().collect();
        }
    }

    /// Gives back memory that a flood left.
    fn shrink(&mut self) {
        if self.numbers.capacity() > 4 * self.numbers.len().max(WAITING_MIN) {
            self.numbers.shrink_to(2 * self.numbers.len());
        }
    }

    /// Drops the slices none of whose moments bears on moments from `before` on: slices go as a whole, so that what is
    /// left does not depend on what was known of them.
    pub(crate) fn forget(&mut self, before: i64, sampling: Sampling) {
        self.settle(sampling);
        let is_over = |slice: i64| {
            let last = (slice + 1).saturating_mul(sampling.slice_ms()) - 1;
            last.saturating_add(sampling.timespan_ms) <= before
        };
        self.numbers.retain(|n| !is_over(sampling.slice(n.time)));
        self.thinned.retain(|&(slice, _)| !is_over(slice));
        self.settled = self.numbers.len();
        self.shrink();
    }

    /// The numbers in the order of time, each with what it stands for. An event that comes with two numbers at one time
    /// counts with the smaller. Needs a settled state.
    pub(crate) fn weighted(&self, sampling: Sampling) -> Vec<Weighted> {
        self.weighted_by(sampling, |smaller, _| smaller)
    }

    /// The same, where `one` makes one number of the two of an event, the smaller first.
    pub(crate) fn weighted_by(
        &self,
        sampling: Sampling,
        one: impl Fn(f64, f64) -> f64,
    ) -> Vec<Weighted> {
        let mut weighted: Vec<Weighted> = Vec::with_capacity(self.numbers.len());
        let mut thinned = self.thinned.iter().peekable();
        let events = self
            .numbers
            .chunk_by(|a, b| (a.time, a.id) == (b.time, b.id));
        for event in events {
            let value = event.iter().map(|n| n.value).reduce(&one);
            let number = Number {
                value: value.expect("a chunk has members"),
                ..event[0]
            };
            let slice = sampling.slice(number.time);
            while thinned.next_if(|(at, _)| *at < slice).is_some() {}
            let tau = thinned.peek().filter(|(at, _)| *at == slice).map(|t| t.1);
            weighted.push(sampling.weighted(&number, tau));
        }
        weighted
    }

    fn threshold(&self, slice: i64) -> Option<f64> {
        let at = self.thinned.binary_search_by_key(&slice, |(at, _)| *at);
        at.ok().map(|at| self.thinned[at].1)
    }

    pub(crate) fn is_thinned(&self) -> bool {
        !self.thinned.is_empty()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<Number>()
            + self.thinned.capacity() * size_of::<(i64, f64)>()
    }
}

fn lower(thinned: &mut BTreeMap<i64, f64>, slice: i64, tau: f64) {
    let known = thinned.entry(slice).or_insert(tau);
    *known = known.min(tau);
}

/// Puts the numbers of the smallest ranks first, in the order of numbers, and returns the smallest rank of the rest.
fn leave_smallest_ranks(numbers: &mut [Number], sampling: Sampling) -> f64 {
    let kept_max = sampling.kept_max;
    let mut ranked: Vec<(f64, Number)> = numbers.iter().map(|n| (sampling.rank(n), *n)).collect();
    let (_, &mut (tau, _), _) = ranked.select_nth_unstable_by(kept_max, |one, other| {
        one.0.total_cmp(&other.0).then(one.1.order(&other.1))
    });
    for (place, (_, number)) in numbers.iter_mut().zip(&ranked[..kept_max]) {
        *place = *number;
    }
    numbers[..kept_max].sort_unstable_by(Number::order);
    tau
}
