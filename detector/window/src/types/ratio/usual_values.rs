//! `value_count` with `vedette.ratio` that says a `factor`: how large a part of the different values some rules have,
//! by what is usual.
//!
//! As for events (`usual.rs`), the ratio of the window is compared with that of the same slots of past weeks: the
//! different values of `of` in each of the two slots that the window touches, over all weeks that are known and added
//! up, divided by those of `to`. A slot is as long as the timespan and has eight whole slices of those in which values
//! are kept (`values.rs`), so that its different values are counted, or estimated, from these while it can still
//! change. When it is over, two counts take their place. So a group keeps what a ratio of values without a factor
//! keeps, of two slots at most, and (7 days / timespan) × weeks pairs of numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kind::{Occurrence, WindowType};
use crate::state::history::{Calendar, Past};
use crate::state::interval::Intervals;
use crate::state::key::Key;
use crate::types::ratio::parts::UsualParts;
use crate::types::ratio::values::{SidesOfValues, ValueRatio};

/// Compares a ratio of values with what is usual.
#[derive(Debug, Clone)]
pub struct UsualValueRatio {
    pub own: ValueRatio,
    pub usual: UsualParts,
}

/// The values of slots that are not over, and how many there were in the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValuesBySlot {
    open: SidesOfValues,
    past: Past<[u64; 2]>,
}

impl WindowType for UsualValueRatio {
    type State = ValuesBySlot;
    type Detail = (u32, Key);
    type Value = Key;

    fn is_monotone(&self) -> bool {
        false
    }

    fn hits_min(&self) -> u64 {
        self.own.hits_min()
    }

    fn observe(&self, state: &mut ValuesBySlot, occurrence: &Occurrence) {
        if state.past.see(occurrence.start, self.calendar()) {
            self.own.observe(&mut state.open, occurrence);
        }
    }

    fn merge(&self, state: &mut ValuesBySlot, other: &ValuesBySlot) {
        self.own.merge(&mut state.open, &other.open);
        state.past.merge(&other.past, self.calendar());
        state.leave_open();
    }

    fn holding(&self, state: &mut ValuesBySlot) -> Intervals {
        let counts = state.counts();
        let present = state.past.settled();
        let mut known: BTreeMap<(i64, i64), Option<[u64; 2]>> = BTreeMap::new();
        let mut holding = Vec::new();
        for (moments, sides) in self.own.judged(&state.open).accepted {
            for (slot, piece) in self.calendar().pieces(moments) {
                // A window that holds a value lies where the group is present.
                let Some(present) = present.at(piece.start) else {
                    continue;
                };
                let asked = (slot, present.start);
                let usual = known
                    .entry(asked)
                    .or_insert_with(|| self.usual.sums(self.calendar(), &counts, asked));
                if usual.is_some_and(|usual| self.usual.is_unusual(sides, usual)) {
                    holding.push(piece);
                }
            }
        }
        Intervals::from_unsorted(holding)
    }

    fn forget(&self, state: &mut ValuesBySlot, before: i64) {
        let ValuesBySlot { open, past } = state;
        past.end(before, self.calendar(), |past| past.with(open.by_slot()));
        state.leave_open();
    }

    fn closeness(&self, state: &mut ValuesBySlot) -> f64 {
        match self.holding(state).is_empty() {
            true => self.own.judged(&state.open).nearness(),
            false => 1.0,
        }
    }

    fn is_thinned(&self, state: &ValuesBySlot) -> bool {
        self.own.is_thinned(&state.open)
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        occurrence.value.key()
    }

    fn bytes(&self, state: &ValuesBySlot) -> usize {
        self.own.bytes(&state.open) + state.past.bytes()
    }
}

impl UsualValueRatio {
    pub(super) fn calendar(&self) -> Calendar {
        self.usual.calendar(self.own.timespan_ms)
    }
}

impl ValuesBySlot {
    fn counts(&self) -> BTreeMap<i64, [u64; 2]> {
        self.past.with(self.open.by_slot())
    }

    /// Drops the values of slots that are over.
    fn leave_open(&mut self) {
        if let Some(open_from) = self.past.open_from() {
            self.open.leave_from(open_from);
        }
    }
}
