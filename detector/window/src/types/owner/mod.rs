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

mod rule; // in rule files

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::kind::{Occurrence, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;
use crate::state::moving::Counts;
use crate::state::slices::TimeSlices;
use crate::state::watched::Watched;

use rule::CELLS;
pub use rule::{FACTS_MAX, KIND, Owner, OwnerParts, TIMES_MAX, VALUES_MAX};

/// What stands for the value of a fact, which no alert tells of.
const FACT: Key = Key::from_u128(0);

/// Who owned it, and who was there. By slice; times are milliseconds since its beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ownership {
    facts: BTreeMap<i64, Facts>,
    accesses: BTreeMap<i64, Watched<Times>>,
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
        let (slice, time) = self.slices().place(occurrence.start);
        let value = occurrence.value.key();
        let owner = match self.parts.owner_from(occurrence.input) {
            None => {
                let accesses = state.accesses.entry(slice).or_default();
                let times = Times {
                    times: BTreeSet::from([time]),
                    is_thinned: false,
                };
                return self.see(accesses, value, &times);
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
            mine.watch_as(accesses);
            for (&value, times) in &accesses.values {
                self.see(mine, value, times);
            }
        }
    }

    fn holding(&self, state: &mut Ownership) -> Intervals {
        self.foreign_values(state).holding(&self.threshold)
    }

    fn forget(&self, state: &mut Ownership, before: i64) {
        // Whether a hit is foreign is asked until it has left the ledger, which is well within two timespans.
        let asked_from = self
            .slices()
            .place(before.saturating_sub(2 * self.timespan_ms))
            .0;
        state.accesses.retain(|slice, _| *slice >= asked_from);
        // Whole slices: whether one is crowded must not depend on when part of it was forgotten.
        let remembered_from = before.saturating_sub(2 * self.timespan_ms);
        let remembered_from = self
            .slices()
            .place(remembered_from.saturating_sub(self.parts.memory_ms));
        let earlier = state.facts.range(remembered_from.0..asked_from);
        let latest = earlier.last().map_or(asked_from, |(slice, _)| *slice);
        state.facts.retain(|slice, _| *slice >= latest);
    }

    fn closeness(&self, state: &mut Ownership) -> f64 {
        // Accesses that nobody can judge are worth nothing.
        let counts = self.foreign_values(state);
        counts.closeness(&self.threshold, !state.facts.is_empty())
    }

    fn is_thinned(&self, state: &Ownership) -> bool {
        let is_thinned = |accesses: &Watched<Times>| {
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
            None => occurrence.value.key(),
            Some(_) => FACT,
        }
    }

    fn may_tell(&self, state: &Ownership, time: i64, value: Key) -> bool {
        let (slice, time) = self.slices().place(time);
        let accesses = state.accesses.get(&slice);
        let times = accesses.and_then(|accesses| accesses.values.get(&value));
        times.is_some_and(|times| times.times.contains(&time))
    }

    fn tells(&self, state: &Ownership, time: i64, value: Key) -> bool {
        self.may_tell(state, time, value) && self.judge(state, time, value) == Verdict::Foreign
    }

    fn bytes(&self, state: &Ownership) -> usize {
        let facts = state.facts.values().map(|facts| facts.changes.len());
        let times = |accesses: &Watched<Times>| {
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

impl Owner {
    fn slices(&self) -> TimeSlices {
        TimeSlices(self.timespan_ms)
    }

    /// Takes in when a value was there in a slice.
    fn see(&self, accesses: &mut Watched<Times>, value: Key, times: &Times) {
        let take = |known: &mut Times| known.merge(times, self.timespan_ms);
        accesses.see(value, VALUES_MAX, (Times::default, take));
    }

    fn judge(&self, state: &Ownership, time: i64, value: Key) -> Verdict {
        let (slice, since_beginning) = self.slices().place(time);
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
            let is_known =
                time.saturating_sub(self.slices().time(at, latest)) <= self.parts.memory_ms;
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
                    let time = self.slices().time(slice, time);
                    each(value, time, self.judge(state, time, value));
                }
            }
        }
    }

    /// How many values of foreign accesses the window holds.
    fn foreign_values(&self, state: &Ownership) -> Counts {
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
        Counts::of(changes.collect())
    }
}

#[cfg(test)]
mod tests;
