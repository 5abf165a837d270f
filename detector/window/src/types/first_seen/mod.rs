//! `value_count` with `vedette.first_seen`: how many values the window holds that the group did not have before.
//!
//! A hit is *new* where no hit of its group with its value came earlier within the memory (a pause as long as the memory
//! still counts as known), and where the learning period is over, which begins with the first hit of a group that had
//! none for longer than the memory. The condition counts the values of the new hits in the window, and alerts tell of
//! these hits alone. Earlier hits can undo what is new, so it is judged when the watermark has passed.
//!
//! Time is cut into slices as long as the memory. Within one no two hits are further apart than the memory, so its first
//! and last hit of each value are all there is to know. A slice keeps `values_max` values; of more those of the smallest
//! keys (hashes), which makes the state a function of the set of hits. The others are not watched: neither remembered nor
//! told of as new, in this slice and where the next one would have to know about this.

mod rule; // in rule files

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kind::{Occurrence, WindowType};
use crate::state::interval::{Interval, IntervalUnion, Intervals};
use crate::state::key::Key;
use crate::state::moving::Counts;
use crate::state::slices::TimeSlices;
use crate::state::watched::Watched;

pub use rule::{FirstSeen, FirstSeenParts, KIND};

/// When each value was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenValues {
    /// Stretches of time that are as long as the memory.
    slices: BTreeMap<i64, Watched<Seen>>,
    /// Of each hit, the moments from it until a memory later.
    present: IntervalUnion,
}

/// First and last hit of a value, in milliseconds since the beginning of the slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Seen {
    first: u64,
    last: u64,
}

impl WindowType for FirstSeen {
    type State = SeenValues;
    type Detail = Key;
    type Value = Key;

    const TELLS_ALL: bool = false;

    fn is_monotone(&self) -> bool {
        false
    }

    fn observe(&self, state: &mut SeenValues, occurrence: &Occurrence) {
        let time = occurrence.start;
        let until = time.saturating_add(self.parts.memory_ms);
        state.present.add(Interval::new(time, until));
        let (slice, since_beginning) = self.slices().place(time);
        let seen = Seen {
            first: since_beginning,
            last: since_beginning,
        };
        let slice = state.slices.entry(slice).or_default();
        self.see(slice, self.counted(occurrence), seen);
    }

    fn merge(&self, state: &mut SeenValues, other: &SeenValues) {
        state.present.merge(&other.present);
        for (at, slice) in &other.slices {
            let mine = state.slices.entry(*at).or_default();
            mine.watch_as(slice);
            for (&value, &seen) in &slice.values {
                self.see(mine, value, seen);
            }
        }
    }

    fn holding(&self, state: &mut SeenValues) -> Intervals {
        self.new_values(state).holding(&self.threshold)
    }

    fn forget(&self, state: &mut SeenValues, before: i64) {
        // Whether a hit is new is asked until it has left the ledger, which is well within two timespans.
        let asked_from = before.saturating_sub(2 * self.timespan_ms);
        let kept_from = self.slices().slice(asked_from) - 1;
        state.slices.retain(|slice, _| *slice >= kept_from);
        // The learning period is where the group was first there, however long ago. Whether it was over is asked of the
        // same hits, and their last moment of being known can be long before `before`.
        state.present.forget_ended(asked_from);
    }

    fn closeness(&self, state: &mut SeenValues) -> f64 {
        let counts = self.new_values(state);
        counts.closeness(&self.threshold, !state.slices.is_empty())
    }

    fn is_thinned(&self, state: &SeenValues) -> bool {
        let mut slices = state.slices.values();
        slices.any(|slice| slice.unwatched_from.is_some())
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        occurrence.value.key()
    }

    fn may_tell(&self, state: &SeenValues, time: i64, value: Key) -> bool {
        let at = self.slices().slice(time);
        let slice = state.slices.get(&at);
        let seen = slice.and_then(|slice| slice.values.get(&value));
        seen.is_some_and(|seen| {
            self.slices().time(at, seen.first) == time && self.is_unknown(state, at, (value, seen))
        })
    }

    fn tells(&self, state: &SeenValues, time: i64, value: Key) -> bool {
        // Earlier hits can end the learning earlier, too.
        self.has_learned(state, time) && self.may_tell(state, time, value)
    }

    fn bytes(&self, state: &SeenValues) -> usize {
        let values: usize = state.slices.values().map(|slice| slice.values.len()).sum();
        values * VALUE_BYTES + state.present.bytes()
    }
}

/// A value in a tree whose nodes are three quarters full.
const VALUE_BYTES: usize = (size_of::<Key>() + size_of::<Seen>()) * 4 / 3;

impl FirstSeen {
    fn slices(&self) -> TimeSlices {
        TimeSlices(self.parts.memory_ms)
    }

    /// Takes in that a value was seen in a slice.
    fn see(&self, slice: &mut Watched<Seen>, value: Key, seen: Seen) {
        let take = |known: &mut Seen| {
            known.first = known.first.min(seen.first);
            known.last = known.last.max(seen.last);
        };
        slice.see(value, self.parts.values_max, (|| seen, take));
    }

    /// Whether the group has learned at a time at which it has a hit. Needs what `present` has settled.
    fn has_learned(&self, state: &SeenValues, time: i64) -> bool {
        let began = state.present.settled().at(time).map(|known| known.start);
        began.is_some_and(|began| began.saturating_add(self.parts.learning_ms) <= time)
    }

    /// Whether at its first hit in a slice a value had not been seen within the memory.
    fn is_unknown(&self, state: &SeenValues, at: i64, (value, seen): (Key, &Seen)) -> bool {
        let first = self.slices().time(at, seen.first);
        let Some(earlier) = state.slices.get(&(at - 1)) else {
            return true;
        };
        match earlier.values.get(&value) {
            Some(known) => first - self.slices().time(at - 1, known.last) > self.parts.memory_ms,
            None => earlier.unwatched_from.is_none_or(|from| value < from),
        }
    }

    /// How many new values the window holds.
    fn new_values(&self, state: &mut SeenValues) -> Counts {
        state.present.settle();
        let mut changes: Vec<(i64, i64)> = Vec::new();
        for (&at, slice) in &state.slices {
            for (value, seen) in &slice.values {
                let first = self.slices().time(at, seen.first);
                let is_unknown = self.is_unknown(state, at, (*value, seen));
                if is_unknown && self.has_learned(state, first) {
                    // A value is new again after a memory at the earliest, and that is no shorter than the timespan.
                    changes.push((first, 1));
                    changes.push((first.saturating_add(self.timespan_ms), -1));
                }
            }
        }
        Counts::of(changes)
    }
}

#[cfg(test)]
mod tests;
