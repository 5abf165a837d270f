//! `value_count` with `vedette.owner`: how many values of the window were not the owner's.
//!
//! Some rules give the group an owner, some end that, the hits of all others are *accesses* by their value. An access is
//! *foreign* where the latest facts before it, no further back than the memory, name an owner, and neither they nor
//! facts of the same millisecond name its value. Without such facts, and after an end, the owner is unknown, and nothing
//! is foreign. An end counts from the next millisecond on, and needs no value. The condition counts the values of the
//! foreign accesses in the window, and alerts tell of these alone. A fact that comes late can undo it, so it is judged when
//! the watermark has passed.
//!
//! Time is cut into slices as long as the timespan. One with more than [`FACTS_MAX`] facts is *crowded*: it keeps none, and
//! the owner is unknown in it and until the next fact after it. A slice keeps [`VALUES_MAX`] values, of more those with
//! the smallest keys, and of each the times of its accesses; of more than [`TIMES_MAX`] the first and the last of each
//! eighth. All of this is a function of the set of hits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;
use crate::state::moving::counted_stretches;
use crate::types::kind::{Occurrence, OccurrenceValue, WindowType};
use detector_rule::{OwnerParts, Threshold};

/// Changes of owner that are kept of a slice.
pub const FACTS_MAX: usize = 64;
/// Values whose accesses are kept of a slice.
pub const VALUES_MAX: usize = 256;
/// Accesses by one value that are kept of a slice.
pub const TIMES_MAX: usize = 2 * CELLS as usize;
const CELLS: u128 = 8;

/// What stands for the value of a fact, which no alert tells of.
const FACT: Key = Key::from_u128(0);

/// Counts values that are not the owner's.
#[derive(Debug)]
pub struct Owner {
    pub timespan_ms: i64,
    pub threshold: Threshold,
    pub parts: OwnerParts,
}

/// Who owned it, and who was there. By slice; times are milliseconds since its beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ownership {
    facts: BTreeMap<i64, Facts>,
    accesses: BTreeMap<i64, Accesses>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Facts {
    /// When, and whose from then on; nobody's that is known after an end.
    changes: BTreeSet<(u64, Option<Key>)>,
    is_crowded: bool,
}

impl Facts {
    fn merge(&mut self, other: &Facts) {
        self.changes.extend(&other.changes);
        self.is_crowded |= other.is_crowded || self.changes.len() > FACTS_MAX;
        if self.is_crowded {
            self.changes.clear();
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Accesses {
    values: BTreeMap<Key, Times>,
    /// The smallest key that found no place; from it on values are not watched.
    unwatched_from: Option<Key>,
}

impl Accesses {
    fn see(&mut self, value: Key, times: &Times, timespan_ms: i64) {
        if self.unwatched_from.is_some_and(|from| from <= value) {
            return;
        }
        let known = self.values.entry(value).or_default();
        known.merge(times, timespan_ms);
        if self.values.len() > VALUES_MAX {
            self.unwatched_from = self.values.pop_last().map(|(value, _)| value);
        }
    }

    fn merge(&mut self, other: &Accesses, timespan_ms: i64) {
        let unwatched = [self.unwatched_from, other.unwatched_from];
        self.unwatched_from = unwatched.into_iter().flatten().min();
        if let Some(from) = self.unwatched_from {
            drop(self.values.split_off(&from));
        }
        for (&value, times) in &other.values {
            self.see(value, times, timespan_ms);
        }
    }
}

/// When one value was there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Times {
    times: BTreeSet<u64>,
    is_thinned: bool,
}

impl Times {
    fn merge(&mut self, other: &Times, timespan_ms: i64) {
        self.times.extend(&other.times);
        self.is_thinned |= other.is_thinned || self.times.len() > TIMES_MAX;
        if !self.is_thinned {
            return;
        }
        let cell = |time: u64| u128::from(time) * CELLS / u128::from(timespan_ms.unsigned_abs());
        let all: Vec<u64> = self.times.iter().copied().collect();
        let is_edge = |at: usize| {
            let differs = |other: Option<&u64>| other.is_none_or(|t| cell(*t) != cell(all[at]));
            differs(at.checked_sub(1).map(|before| &all[before])) || differs(all.get(at + 1))
        };
        let edges = (0..all.len()).filter(|at| is_edge(*at));
        self.times = edges.map(|at| all[at]).collect();
    }
}

/// What is known of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Own,
    Foreign,
    Unknown,
}

impl WindowType for Owner {
    type State = Ownership;
    type Detail = (u32, Key);
    type Value = Key;

    const TELLS_ALL: bool = false;

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut Ownership, occurrence: &Occurrence) {
        let (slice, time) = self.place(occurrence.start);
        let value = value_of(occurrence);
        let owner = match self.parts.owner_from(occurrence.input) {
            None => {
                let accesses = state.accesses.entry(slice).or_default();
                let times = Times {
                    times: BTreeSet::from([time]),
                    is_thinned: false,
                };
                return accesses.see(value, &times, self.timespan_ms);
            }
            Some(is_given) => is_given.then_some(value),
        };
        let fact = Facts {
            changes: BTreeSet::from([(time, owner)]),
            is_crowded: false,
        };
        state.facts.entry(slice).or_default().merge(&fact);
    }

    fn merge(&self, state: &mut Ownership, other: &Ownership) {
        for (at, facts) in &other.facts {
            state.facts.entry(*at).or_default().merge(facts);
        }
        for (at, accesses) in &other.accesses {
            let mine = state.accesses.entry(*at).or_default();
            mine.merge(accesses, self.timespan_ms);
        }
    }

    fn holding(&self, state: &mut Ownership) -> Intervals {
        let mut holding = Vec::new();
        self.sweep(state, |moments, count| {
            if self.threshold.holds(count) {
                holding.push(moments);
            }
        });
        Intervals::from_unsorted(holding)
    }

    fn forget(&self, state: &mut Ownership, before: i64) {
        // Whether a hit is foreign is asked until it has left the ledger, which is well within two timespans.
        let asked_from = self.place(before.saturating_sub(2 * self.timespan_ms)).0;
        state.accesses.retain(|slice, _| *slice >= asked_from);
        // Whole slices: whether one is crowded must not depend on when part of it was forgotten.
        let remembered_from = before.saturating_sub(2 * self.timespan_ms);
        let remembered_from = self.place(remembered_from.saturating_sub(self.parts.memory_ms));
        let earlier = state.facts.range(remembered_from.0..asked_from);
        let latest = earlier.last().map_or(asked_from, |(slice, _)| *slice);
        state.facts.retain(|slice, _| *slice >= latest);
    }

    fn closeness(&self, state: &mut Ownership) -> f64 {
        let (mut most, mut holds) = (0, false);
        self.sweep(state, |_, count| {
            most = most.max(count);
            holds |= self.threshold.holds(count);
        });
        match holds {
            true => 1.0,
            // Who owns it is lost with the group: that is worth more than accesses that nobody can judge.
            false if state.facts.is_empty() => 0.0,
            false => (most + 1) as f64 / (self.threshold.saturation() + 2) as f64,
        }
    }

    fn is_thinned(&self, state: &Ownership) -> bool {
        let is_thinned = |accesses: &Accesses| {
            accesses.unwatched_from.is_some() || accesses.values.values().any(|t| t.is_thinned)
        };
        state.facts.values().any(|facts| facts.is_crowded)
            || state.accesses.values().any(is_thinned)
    }

    fn unjudged(&self, state: &Ownership) -> u64 {
        let mut unjudged = 0;
        self.each_access(state, |_, _, verdict| {
            unjudged += u64::from(verdict == Verdict::Unknown);
        });
        unjudged
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        match self.parts.owner_from(occurrence.input) {
            None => value_of(occurrence),
            Some(_) => FACT,
        }
    }

    fn may_tell(&self, state: &Ownership, time: i64, value: Key) -> bool {
        let (slice, time) = self.place(time);
        let accesses = state.accesses.get(&slice);
        let times = accesses.and_then(|accesses| accesses.values.get(&value));
        times.is_some_and(|times| times.times.contains(&time))
    }

    fn tells(&self, state: &Ownership, time: i64, value: Key) -> bool {
        self.may_tell(state, time, value) && self.judge(state, time, value) == Verdict::Foreign
    }

    fn bytes(&self, state: &Ownership) -> usize {
        let facts = state.facts.values().map(|facts| facts.changes.len());
        let times = |accesses: &Accesses| {
            let times = accesses.values.values().map(|times| times.times.len());
            accesses.values.len() * VALUE_BYTES + times.sum::<usize>() * TIME_BYTES
        };
        let accesses: usize = state.accesses.values().map(times).sum();
        facts.sum::<usize>() * FACT_BYTES + accesses
    }
}

/// Items in trees whose nodes are three quarters full.
const FACT_BYTES: usize = size_of::<(u64, Option<Key>)>() * 4 / 3;
const VALUE_BYTES: usize = size_of::<(Key, Times)>() * 4 / 3;
const TIME_BYTES: usize = size_of::<u64>() * 4 / 3;

fn value_of(occurrence: &Occurrence) -> Key {
    match occurrence.value {
        OccurrenceValue::Key(key) => key,
        _ => unreachable!("value_count is given the key of a value"),
    }
}

impl Owner {
    /// The slice of a moment, and the time since its beginning.
    fn place(&self, time: i64) -> (i64, u64) {
        let slice = time.div_euclid(self.timespan_ms);
        (slice, time.rem_euclid(self.timespan_ms).unsigned_abs())
    }

    fn time(&self, slice: i64, since_beginning: u64) -> i64 {
        let beginning = slice.saturating_mul(self.timespan_ms);
        beginning.saturating_add_unsigned(since_beginning)
    }

    fn judge(&self, state: &Ownership, time: i64, value: Key) -> Verdict {
        let (slice, since_beginning) = self.place(time);
        for (&at, facts) in state.facts.range(..=slice).rev() {
            if facts.is_crowded {
                return Verdict::Unknown;
            }
            let end = if at == slice {
                since_beginning
            } else {
                u64::MAX
            };
            if at == slice && facts.changes.contains(&(end, Some(value))) {
                return Verdict::Own;
            }
            // Of one time, nobody comes first.
            let Some(&(latest, _)) = facts.changes.range(..(end, None)).next_back() else {
                continue;
            };
            let is_known = time.saturating_sub(self.time(at, latest)) <= self.parts.memory_ms;
            if !is_known || facts.changes.contains(&(latest, None)) {
                return Verdict::Unknown;
            }
            return match facts.changes.contains(&(latest, Some(value))) {
                true => Verdict::Own,
                false => Verdict::Foreign,
            };
        }
        Verdict::Unknown
    }

    /// Tells of each access that is kept, by slice, value and time.
    fn each_access(&self, state: &Ownership, mut each: impl FnMut(Key, i64, Verdict)) {
        for (&slice, accesses) in &state.accesses {
            for (&value, times) in &accesses.values {
                for &time in &times.times {
                    let time = self.time(slice, time);
                    each(value, time, self.judge(state, time, value));
                }
            }
        }
    }

    /// Tells, for each stretch between two changes of the window, how many values of foreign accesses it holds (at least
    /// one).
    fn sweep(&self, state: &Ownership, stretch: impl FnMut(Interval, u64)) {
        let mut foreign: BTreeMap<Key, Vec<Interval>> = BTreeMap::new();
        self.each_access(state, |value, time, verdict| {
            if verdict == Verdict::Foreign {
                let moments = Interval::new(time, time.saturating_add(self.timespan_ms));
                foreign.entry(value).or_default().push(moments);
            }
        });
        let joined = foreign.into_values().map(Intervals::from_unsorted);
        let changes = joined.flat_map(|moments| {
            let ends = |moments: &Interval| [(moments.start, 1), (moments.end, -1)];
            moments.as_slice().iter().flat_map(ends).collect::<Vec<_>>()
        });
        counted_stretches(changes.collect(), stretch);
    }
}

#[cfg(test)]
mod tests;
