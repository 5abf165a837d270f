//! `value_count` with `vedette.ratio`: how large a part of the window's different values some of its rules have.
//!
//! A value is in the window where a hit with it is, and counts for the rules `of` where one of these hit, for `to`
//! likewise: in both, if both did. The condition holds where the different values of all rules satisfy that of the
//! correlation, those of `to` are at least `at_least`, and those of `of` compare with them as `gte` and `lte` say. More
//! hits can undo it, so it is judged when the watermark has passed.
//!
//! Time is cut into slices of an eighth of the timespan. Within one no two hits are further apart than the timespan, so
//! the first and the last hit of a value for each side are all there is to know. A slice keeps up to 128 values; of
//! more those with the smallest keys, which are hashes (`watched.rs`). Where a window touches a slice with more, it is
//! judged by the values below the smallest key that one of its slices left out, each standing for as many as the part
//! of all keys is that lies below: the same values in every slice, so that none is counted twice. With n of them the
//! standard error of the ratio is half by √n at most: 4.4 points where all come within one eighth, 1.6 where they are
//! spread over the timespan and come once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;
use crate::state::slices::TimeSlices;
use crate::state::watched::Watched;
use crate::types::ratio::parts::RatioParts;
use detector_rule::Threshold;

/// Values of a slice that are kept.
pub(super) const VALUES_MAX: usize = 128;

/// Slices of a timespan.
const SLICES: i64 = 8;

/// Judges which part of the values hits of some rules have.
#[derive(Debug, Clone)]
pub struct ValueRatio {
    pub timespan_ms: i64,
    /// Of all values of the window.
    pub threshold: Threshold,
    pub parts: RatioParts,
}

/// By slice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SidesOfValues(BTreeMap<i64, Watched<Sides>>);

/// The first and the last hit of a value for `of` and for `to`, in milliseconds since the beginning of the slice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Sides([Option<(u64, u64)>; 2]);

impl Sides {
    fn merge(&mut self, other: &Sides) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = match (*mine, *theirs) {
                (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
                (one, other) => one.or(other),
            };
        }
    }
}

impl WindowType for ValueRatio {
    type State = SidesOfValues;
    type Detail = (u32, Key);
    type Value = Key;

    fn is_monotone(&self) -> bool {
        false
    }

    fn hits_min(&self) -> u64 {
        self.parts.hits_min()
    }

    fn observe(&self, state: &mut SidesOfValues, occurrence: &Occurrence) {
        let (slice, time) = self.slices().place(occurrence.start);
        let side = |inputs: &[usize]| inputs.contains(&occurrence.input).then_some((time, time));
        let sides = Sides([side(&self.parts.of), side(&self.parts.to)]);
        let slice = state.0.entry(slice).or_default();
        see(slice, occurrence.value.key(), &sides);
    }

    fn merge(&self, state: &mut SidesOfValues, other: &SidesOfValues) {
        for (at, slice) in &other.0 {
            let mine = state.0.entry(*at).or_default();
            mine.watch_as(slice);
            for (&value, sides) in &slice.values {
                see(mine, value, sides);
            }
        }
    }

    fn holding(&self, state: &mut SidesOfValues) -> Intervals {
        let accepted = self.judged(state).accepted.into_iter();
        Intervals::from_unsorted(accepted.map(|(moments, _)| moments).collect())
    }

    /// It is settled at all times.
    fn settle(&self, _state: &mut SidesOfValues) {}

    /// Slices go as a whole: which values one keeps must not depend on when part of it went.
    fn forget(&self, state: &mut SidesOfValues, before: i64) {
        let slices = self.slices();
        let bears = |slice: i64| {
            let last = slices.time(slice, slices.0.unsigned_abs() - 1);
            last.saturating_add(self.timespan_ms) > before
        };
        state.0.retain(|slice, _| bears(*slice));
    }

    fn closeness(&self, state: &mut SidesOfValues) -> f64 {
        let judged = self.judged(state);
        match judged.accepted.is_empty() {
            true => judged.nearness(),
            false => 1.0,
        }
    }

    fn is_thinned(&self, state: &SidesOfValues) -> bool {
        let mut slices = state.0.values();
        slices.any(|slice| slice.unwatched_from.is_some())
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        occurrence.value.key()
    }

    fn bytes(&self, state: &SidesOfValues) -> usize {
        let values: usize = state.0.values().map(|slice| slice.values.len()).sum();
        values * VALUE_BYTES
    }
}

/// A value in a tree whose nodes are three quarters full.
const VALUE_BYTES: usize = size_of::<(Key, Sides)>() * 4 / 3;

fn see(slice: &mut Watched<Sides>, value: Key, sides: &Sides) {
    let take = |known: &mut Sides| known.merge(sides);
    slice.see(value, VALUES_MAX, (Sides::default, take));
}

/// When a value comes to one side of the window, or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    moment: i64,
    value: Key,
    side: usize,
    comes: bool,
}

impl ValueRatio {
    fn slices(&self) -> TimeSlices {
        TimeSlices((self.timespan_ms / SLICES).max(1))
    }

    fn changes(&self, state: &SidesOfValues) -> Vec<Change> {
        let slices = self.slices();
        let mut present: BTreeMap<(Key, usize), Vec<Interval>> = BTreeMap::new();
        for (&at, slice) in &state.0 {
            for (&value, sides) in &slice.values {
                for (side, seen) in sides.0.iter().enumerate() {
                    let Some((first, last)) = seen else { continue };
                    let (first, last) = (slices.time(at, *first), slices.time(at, *last));
                    let moments = Interval::new(first, last.saturating_add(self.timespan_ms));
                    present.entry((value, side)).or_default().push(moments);
                }
            }
        }
        let mut changes = Vec::new();
        for ((value, side), moments) in present {
            for moments in Intervals::from_unsorted(moments).as_slice() {
                for (moment, comes) in [(moments.start, true), (moments.end, false)] {
                    changes.push(Change {
                        moment,
                        value,
                        side,
                        comes,
                    });
                }
            }
        }
        changes.sort_unstable();
        changes
    }

    /// The moments from which on a window touches other slices that left values out, and the smallest key that these
    /// left out, if they did.
    fn limits(&self, state: &SidesOfValues) -> Vec<(i64, Option<Key>)> {
        let slices = self.slices();
        let mut left_out: Vec<(i64, i64, Key)> = Vec::new();
        for (&at, slice) in &state.0 {
            if let Some(from) = slice.unwatched_from {
                let (start, end) = (slices.time(at, 0), slices.time(at + 1, 0));
                left_out.push((start, end.saturating_add(self.timespan_ms) - 1, from));
            }
        }
        least_at_ends(&left_out)
    }

    pub(super) fn judged(&self, state: &SidesOfValues) -> Judged<'_> {
        let mut judged = Judged {
            ratio: self,
            present: BTreeMap::new(),
            limit: None,
            sides: [0; 2],
            counted: 0,
            most: 0.0,
            accepted: Vec::new(),
        };
        let changes = self.changes(state);
        let mut limits = self.limits(state).into_iter().peekable();
        let mut at = 0;
        while at < changes.len() {
            let mut now = changes[at].moment;
            if let Some((moment, limit)) = limits.next_if(|(moment, _)| *moment <= now) {
                now = moment;
                judged.judge_below(limit);
            }
            while let Some(change) = changes.get(at).filter(|change| change.moment == now) {
                judged.change(change);
                at += 1;
            }
            let next = changes.get(at).map(|change| change.moment);
            let next = next.into_iter().chain(limits.peek().map(|limit| limit.0));
            if let Some(next) = next.min() {
                judged.rest(Interval::new(now, next));
            }
        }
        judged
    }
}

/// The moments at which one of the stretches begins or ends, and the smallest key of those that it is in from then on.
/// They are given as first moment, first moment after, and key; both moments rise.
fn least_at_ends(stretches: &[(i64, i64, Key)]) -> Vec<(i64, Option<Key>)> {
    let mut moments: Vec<i64> = stretches.iter().flat_map(|it| [it.0, it.1]).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut coming = stretches.iter().peekable();
    // Of those that have begun: each whose key is below those of all that begin, and so end, later.
    let mut present: VecDeque<(i64, Key)> = VecDeque::new();
    let mut least = |moment: i64| {
        while let Some(&(_, end, key)) = coming.next_if(|it| it.0 <= moment) {
            while present.pop_back_if(|(_, known)| *known >= key).is_some() {}
            present.push_back((end, key));
        }
        while present.pop_front_if(|(end, _)| *end <= moment).is_some() {}
        present.front().map(|(_, key)| *key)
    };
    moments.into_iter().map(|at| (at, least(at))).collect()
}

/// How many values one stands for, where those from a key on are left out.
fn stand_for(limit: Option<Key>) -> f64 {
    let all = 2f64.powi(128);
    limit.map_or(1.0, |limit| all / (limit.to_u128() as f64).max(1.0))
}

impl SidesOfValues {
    /// How many values each side has by slot, which is as long as the timespan.
    pub(super) fn by_slot(&self) -> BTreeMap<i64, [u64; 2]> {
        let mut slots: BTreeMap<i64, Vec<&Watched<Sides>>> = BTreeMap::new();
        for (at, slice) in &self.0 {
            slots.entry(at.div_euclid(SLICES)).or_default().push(slice);
        }
        let counts = |slices: Vec<&Watched<Sides>>| {
            let limit = slices.iter().filter_map(|slice| slice.unwatched_from).min();
            let on = |side: usize| {
                let values = slices.iter().flat_map(|slice| &slice.values);
                let values = values.filter(|(value, sides)| {
                    sides.0[side].is_some() && limit.is_none_or(|limit| **value < limit)
                });
                let different: BTreeSet<Key> = values.map(|(value, _)| *value).collect();
                (different.len() as f64 * stand_for(limit)).round() as u64
            };
            [on(0), on(1)]
        };
        slots
            .into_iter()
            .map(|(slot, slices)| (slot, counts(slices)))
            .collect()
    }

    /// Leaves the slots from `open_from` on.
    pub(super) fn leave_from(&mut self, open_from: i64) {
        self.0
            .retain(|slice, _| slice.div_euclid(SLICES) >= open_from);
    }
}

/// The values in the window.
pub(super) struct Judged<'r> {
    ratio: &'r ValueRatio,
    /// By value, which sides have it.
    present: BTreeMap<Key, [bool; 2]>,
    /// Values from this on do not count, where some are left out.
    limit: Option<Key>,
    /// How many of those that count each side has, and how many there are.
    sides: [i128; 2],
    counted: i128,
    /// The most that `to` came to.
    most: f64,
    /// The moments at which the condition holds, and how many values of `of` and `to` the window has at them, of those
    /// that count.
    pub(super) accepted: Vec<(Interval, [i128; 2])>,
}

impl Judged<'_> {
    /// How near it came to holding.
    pub(super) fn nearness(&self) -> f64 {
        // The denominator is what takes long to come.
        (self.most / self.ratio.parts.at_least as f64).min(NEARLY)
    }

    fn is_counted(&self, value: Key) -> bool {
        self.limit.is_none_or(|limit| value < limit)
    }

    fn change(&mut self, change: &Change) {
        let sides = self.present.entry(change.value).or_default();
        let was_there = *sides != [false; 2];
        sides[change.side] = change.comes;
        let is_there = *sides != [false; 2];
        if !is_there {
            self.present.remove(&change.value);
        }
        if self.is_counted(change.value) {
            self.sides[change.side] += if change.comes { 1 } else { -1 };
            self.counted += i128::from(is_there) - i128::from(was_there);
        }
    }

    fn judge_below(&mut self, limit: Option<Key>) {
        self.limit = limit;
        (self.sides, self.counted) = ([0; 2], 0);
        for (value, sides) in &self.present {
            if limit.is_some_and(|limit| *value >= limit) {
                break;
            }
            self.counted += 1;
            for (count, has) in self.sides.iter_mut().zip(sides) {
                *count += i128::from(*has);
            }
        }
    }

    /// How many values one that counts stands for.
    fn stands_for(&self) -> f64 {
        stand_for(self.limit)
    }

    fn rest(&mut self, moments: Interval) {
        if moments.start >= moments.end || self.present.is_empty() {
            return;
        }
        let ValueRatio {
            threshold, parts, ..
        } = self.ratio;
        let each = self.stands_for();
        let [of, to] = self.sides;
        self.most = self.most.max(to as f64 * each);
        if self.counted > 0
            && to as f64 * each >= parts.at_least as f64
            && threshold.holds_estimate(self.counted as f64 * each)
            && parts.accepts(of, to)
        {
            self.accepted.push((moments, self.sides));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_key_is_that_of_all_stretches_at_the_moment() {
        for seed in 0..500 {
            let mut random = fastrand::Rng::with_seed(seed);
            let length = random.i64(1..30);
            let mut start = 0;
            let stretches: Vec<(i64, i64, Key)> = (0..random.usize(..40))
                .map(|_| {
                    start += random.i64(1..8);
                    (
                        start,
                        start + length,
                        Key::of_texts([random.u8(..20).to_string()]),
                    )
                })
                .collect();
            for (at, least) in least_at_ends(&stretches) {
                let touched = stretches.iter().filter(|it| it.0 <= at && at < it.1);
                assert_eq!(least, touched.map(|it| it.2).min(), "seed {seed} at {at}");
            }
        }
    }
}
