//! The events of a group by slots of the week: one by one while a slot can change, as counts when it is over.
//!
//! Time is cut into slots as long as the timespan, of which a week has a whole number. The events of slots that are not
//! over are kept as numbers (`sample.rs`); of those that are, the counts. Equal sets, forgotten as far, are equal histories.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::state::interval::{Interval, IntervalUnion, Intervals};
use crate::state::key::Key;
use crate::state::sample::{Numbers, ONE, Sampling, Weighted};

/// A week in milliseconds.
pub const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// How long a slot may be.
const SLOT_MS: RangeInclusive<i64> = 15 * 60 * 1000..=24 * 3600 * 1000;

/// The most weeks that are looked back on.
pub(crate) const WEEKS_MAX: u64 = 12;

/// How many events a slot had: all of them, or those of each of two sides.
pub trait SlotCount: Copy + Default {
    fn of(masses: [i64; 2]) -> Self;

    /// Which sides a number is on.
    fn sides(number: f64) -> [bool; 2];

    /// The number of an event that has two.
    fn joined(one: f64, other: f64) -> f64;

    /// Of two counts of a slot, one of which may be of some of its events.
    fn larger(self, other: Self) -> Self;
}

fn rounded(mass: i64) -> u64 {
    ((mass + ONE / 2) / ONE).unsigned_abs()
}

/// All events.
impl SlotCount for u64 {
    fn of(masses: [i64; 2]) -> Self {
        rounded(masses[0])
    }

    fn sides(_: f64) -> [bool; 2] {
        [true, false]
    }

    fn joined(one: f64, other: f64) -> f64 {
        one.min(other)
    }

    fn larger(self, other: Self) -> Self {
        Ord::max(self, other)
    }
}

/// Those whose number has the first bit, and those whose has the second.
impl SlotCount for [u64; 2] {
    fn of(masses: [i64; 2]) -> Self {
        masses.map(rounded)
    }

    fn sides(number: f64) -> [bool; 2] {
        let bits = number as u8;
        [bits & 1 != 0, bits & 2 != 0]
    }

    fn joined(one: f64, other: f64) -> f64 {
        f64::from(one as u8 | other as u8)
    }

    fn larger(self, other: Self) -> Self {
        [self[0].max(other[0]), self[1].max(other[1])]
    }
}

/// The events of a group, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History<C> {
    /// The events of the slots that are not over.
    pub(crate) numbers: Numbers,
    pub(crate) past: Past<C>,
}

/// What is left of slots that are over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Past<C> {
    /// The first slot that is not over, where some are; what comes for those before it are repetitions.
    open_from: Option<i64>,
    /// By slot, how many there were in those that are over.
    pub(crate) counts: BTreeMap<i64, C>,
    /// Of each event, the moments from it until all the weeks later.
    present: IntervalUnion,
}

impl<C: SlotCount> Past<C> {
    /// Sees an event; `false`: its slot is over.
    pub(crate) fn see(&mut self, time: i64, of: Calendar) -> bool {
        let is_over = self.open_from.is_some_and(|open| of.slot(time) < open);
        if !is_over {
            let until = time.saturating_add(of.memory_ms());
            self.present.add(Interval::new(time, until));
        }
        !is_over
    }

    pub(crate) fn merge(&mut self, other: &Past<C>, of: Calendar) {
        self.present.merge(&other.present);
        for (&slot, &count) in &other.counts {
            let mine = self.counts.entry(slot).or_default();
            *mine = count.larger(*mine);
        }
        self.open_from = self.open_from.max(other.open_from);
        self.leave_compared(of);
    }

    /// Ends the slots of which no moment bears on one from `before` on; `counts` are those of all slots.
    pub(crate) fn end(
        &mut self,
        before: i64,
        of: Calendar,
        counts: impl FnOnce(&Self) -> BTreeMap<i64, C>,
    ) {
        let open_from = of.slot(before.saturating_add(1).saturating_sub(of.slot_ms));
        if self.open_from.is_none_or(|known| known < open_from) {
            let counts = counts(self).into_iter();
            self.counts = counts.filter(|(slot, _)| *slot < open_from).collect();
            self.open_from = Some(open_from);
            self.leave_compared(of);
        }
        // The weeks that are known are counted from where the group began, however long ago.
        self.present.forget_ended(before);
    }

    /// Drops counts that no slot to come is compared with.
    fn leave_compared(&mut self, of: Calendar) {
        if let Some(open_from) = self.open_from {
            let weeks = i64::from(of.weeks) * of.slots_per_week();
            let compared_from = open_from.saturating_sub(weeks + 1);
            self.counts.retain(|slot, _| *slot >= compared_from);
        }
    }

    pub(crate) fn open_from(&self) -> Option<i64> {
        self.open_from
    }

    /// The counts of all slots, of which those that are not over are given.
    pub(crate) fn with(&self, open: impl IntoIterator<Item = (i64, C)>) -> BTreeMap<i64, C> {
        let mut counts = self.counts.clone();
        counts.extend(open);
        counts
    }

    /// When the group was there.
    pub(crate) fn settled(&mut self) -> &Intervals {
        self.present.settle();
        self.present.settled()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        // A tree whose nodes are three quarters full.
        let count_bytes = size_of::<(i64, C)>() * 4 / 3;
        self.present.bytes() + self.counts.len() * count_bytes
    }
}

/// How time is cut, and how far back it matters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    /// The length of a slot, in milliseconds.
    pub(crate) slot_ms: i64,
    /// How many weeks back a slot is compared with.
    pub(crate) weeks: u32,
}

impl Calendar {
    /// Whether a week has a whole number of slots of a length that may be.
    pub(crate) fn has_slots_of(slot_ms: i64) -> bool {
        SLOT_MS.contains(&slot_ms) && WEEK_MS % slot_ms == 0
    }

    /// How long an event is compared with, in milliseconds.
    pub(crate) fn memory_ms(self) -> i64 {
        (i64::from(self.weeks) + 1) * WEEK_MS
    }

    pub(crate) fn slot(self, time: i64) -> i64 {
        time.div_euclid(self.slot_ms)
    }

    fn slots_per_week(self) -> i64 {
        WEEK_MS / self.slot_ms
    }

    fn sampling(self) -> Sampling {
        Sampling::of_events(self.slot_ms)
    }

    /// The same slot in each of the weeks before that a group has known which `began` then, with the one before it: the
    /// latest week first.
    pub(crate) fn known(self, slot: i64, began: i64) -> impl Iterator<Item = [i64; 2]> {
        let weeks = 1..=i64::from(self.weeks);
        let then = weeks.map(move |week| slot - week * self.slots_per_week());
        let is_known = move |then: &i64| (then - 1).saturating_mul(self.slot_ms) >= began;
        then.take_while(is_known).map(|then| [then, then - 1])
    }

    /// The pieces of some moments that lie in one slot each, with the slot.
    pub(crate) fn pieces(self, moments: Interval) -> impl Iterator<Item = (i64, Interval)> {
        let slots = self.slot(moments.start)..=self.slot(moments.end - 1);
        slots.map(move |slot| {
            let start = slot.saturating_mul(self.slot_ms);
            let end = start.saturating_add(self.slot_ms);
            let piece = Interval::new(moments.start.max(start), moments.end.min(end));
            (slot, piece)
        })
    }
}

impl<C: SlotCount> History<C> {
    pub(crate) fn add(&mut self, time: i64, id: Key, number: f64, of: Calendar) {
        if self.past.see(time, of) {
            self.numbers.add(time, id, number, of.sampling());
        }
    }

    pub(crate) fn merge(&mut self, other: &History<C>, of: Calendar) {
        self.numbers.merge(&other.numbers, of.sampling());
        self.past.merge(&other.past, of);
        self.leave_open(of);
    }

    pub(crate) fn forget(&mut self, before: i64, of: Calendar) {
        let Self { numbers, past } = self;
        past.end(before, of, |past| {
            numbers.settle(of.sampling());
            let numbers = numbers.weighted_by(of.sampling(), C::joined);
            counts(past, &numbers, of)
        });
        self.leave_open(of);
    }

    /// Drops the events of slots that are over.
    fn leave_open(&mut self, of: Calendar) {
        if let Some(open_from) = self.past.open_from {
            // The last moment that an event bears on that is just before the first open slot.
            let end = open_from.saturating_add(1).saturating_mul(of.slot_ms) - 1;
            self.numbers.forget(end, of.sampling());
        }
    }

    /// Settles it: the events that are not over, by slot how many there were, and when the group was there.
    pub(crate) fn settled(
        &mut self,
        of: Calendar,
    ) -> (Vec<Weighted>, BTreeMap<i64, C>, &Intervals) {
        self.numbers.settle(of.sampling());
        let numbers = self.numbers.weighted_by(of.sampling(), C::joined);
        let counts = counts(&self.past, &numbers, of);
        (numbers, counts, self.past.settled())
    }

    pub(crate) fn is_thinned(&self) -> bool {
        self.numbers.is_thinned()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.numbers.bytes() + self.past.bytes()
    }
}

/// The events by slot; `numbers` are those that are not over.
fn counts<C: SlotCount>(past: &Past<C>, numbers: &[Weighted], of: Calendar) -> BTreeMap<i64, C> {
    let mut masses: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
    for number in numbers {
        let slot = masses.entry(of.slot(number.time)).or_default();
        for (mass, is_on) in slot.iter_mut().zip(C::sides(number.value)) {
            *mass += if is_on { number.mass } else { 0 };
        }
    }
    past.with(
        masses
            .into_iter()
            .map(|(slot, masses)| (slot, C::of(masses))),
    )
}
