//! What a window type is: what it keeps of a group's hits, and when that holds.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ledger::Counted;
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;

/// One thing that happened in a group: a hit, or what a child correlation shows to its parent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurrence {
    /// Position of the rule in the correlation's inputs.
    pub input: usize,
    /// First moment.
    pub start: i64,
    /// The same for a hit; the end, excluded, for a child's holding interval.
    pub until: i64,
    /// The event id, or the child's episode.
    pub id: Key,
    pub value: OccurrenceValue,
}

/// What the condition's `field` held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OccurrenceValue {
    None,
    Key(Key),
    Number(f64),
}

impl OccurrenceValue {
    /// What stands for a value that does not matter.
    pub(crate) fn anything() -> Self {
        Self::Key(Key::of_texts([""; 0]))
    }

    /// The value that is counted, of a type that counts values.
    pub fn key(self) -> Key {
        match self {
            OccurrenceValue::Key(key) => key,
            _ => unreachable!("a counted field is given as a key"),
        }
    }
}

impl Occurrence {
    /// A hit.
    pub fn hit(input: usize, time: i64, id: Key, value: OccurrenceValue) -> Self {
        Self {
            input,
            start: time,
            until: time,
            id,
            value,
        }
    }

    /// The moments whose window holds the occurrence.
    pub fn bears_on(&self, timespan_ms: i64) -> Interval {
        Interval::new(self.start, self.until + timespan_ms)
    }
}

/// What a window type needs of a hit beside its time and id, in as few bytes as that takes.
pub trait Detail: Copy + std::fmt::Debug + Send + Sync + 'static {
    type Bytes: AsRef<[u8]>;
    fn pack(input: usize, value: OccurrenceValue) -> Self;
    fn unpack(self) -> (usize, OccurrenceValue);
    fn to_bytes(self) -> Self::Bytes;
    /// Takes what [`Detail::to_bytes`] made off the beginning.
    fn from_bytes(rest: &mut &[u8]) -> Self;
}

/// Nothing: an event is an event.
impl Detail for () {
    type Bytes = [u8; 0];

    fn pack(_: usize, _: OccurrenceValue) {}

    fn unpack(self) -> (usize, OccurrenceValue) {
        (0, OccurrenceValue::None)
    }

    fn to_bytes(self) -> [u8; 0] {
        []
    }

    fn from_bytes(_: &mut &[u8]) {}
}

/// The value that is counted.
impl Detail for Key {
    type Bytes = [u8; 16];

    fn pack(_: usize, value: OccurrenceValue) -> Self {
        value.key()
    }

    fn unpack(self) -> (usize, OccurrenceValue) {
        (0, OccurrenceValue::Key(self))
    }

    fn to_bytes(self) -> [u8; 16] {
        self.into()
    }

    fn from_bytes(rest: &mut &[u8]) -> Self {
        take(rest).into()
    }
}

/// The rule that was hit, and the value.
impl Detail for (u32, Key) {
    type Bytes = [u8; 20];

    fn pack(input: usize, value: OccurrenceValue) -> Self {
        (u32::pack(input, value), Key::pack(input, value))
    }

    fn unpack(self) -> (usize, OccurrenceValue) {
        (self.0 as usize, OccurrenceValue::Key(self.1))
    }

    fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&self.0.to_bytes());
        bytes[4..].copy_from_slice(&self.1.to_bytes());
        bytes
    }

    fn from_bytes(rest: &mut &[u8]) -> Self {
        (u32::from_bytes(rest), Key::from_bytes(rest))
    }
}

/// The rule that was hit.
impl Detail for u32 {
    type Bytes = [u8; 4];

    fn pack(input: usize, _: OccurrenceValue) -> Self {
        u32::try_from(input).expect("a correlation has few inputs")
    }

    fn unpack(self) -> (usize, OccurrenceValue) {
        (self as usize, OccurrenceValue::None)
    }

    fn to_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }

    fn from_bytes(rest: &mut &[u8]) -> Self {
        Self::from_le_bytes(take(rest))
    }
}

/// The number that is summed.
impl Detail for f64 {
    type Bytes = [u8; 8];

    fn pack(_: usize, value: OccurrenceValue) -> Self {
        match value {
            OccurrenceValue::Number(number) => number,
            _ => unreachable!("an aggregated field is given as a number"),
        }
    }

    fn unpack(self) -> (usize, OccurrenceValue) {
        (0, OccurrenceValue::Number(self))
    }

    fn to_bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }

    fn from_bytes(rest: &mut &[u8]) -> Self {
        Self::from_le_bytes(take(rest))
    }
}

/// Takes the next bytes off.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (taken, after) = rest.split_first_chunk().expect("written as it is read");
    *rest = after;
    *taken
}

/// What a parent sees of a child correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildView {
    /// One occurrence per holding interval, with its duration.
    HoldingIntervals,
    /// One occurrence per episode, when it opened.
    Episodes,
}

/// As close as a condition comes that does not hold.
pub(crate) const NEARLY: f64 = 0.999;

/// A window type: which moments of a group hold, as a function of the set of its occurrences.
pub trait WindowType: std::fmt::Debug + Send + Sync + 'static {
    /// What is kept of a group's occurrences. Settled by [`WindowType::holding`], equal sets have equal states.
    type State: Default
        + Clone
        + PartialEq
        + std::fmt::Debug
        + Serialize
        + for<'d> Deserialize<'d>
        + Send
        + Sync;
    /// What is needed of a hit.
    type Detail: Detail;
    /// [`Key`] where alerts tell a number of distinct values, else `()`.
    type Value: Counted;

    const CHILD_VIEW: ChildView = ChildView::HoldingIntervals;

    /// Whether alerts tell of all hits, or only of those that [`WindowType::tells`] of.
    const TELLS_ALL: bool = true;

    /// The same window as it judges a group with these group-by values, of which the encoded texts are given. All that
    /// is kept of a group is kept alike, whatever its values.
    fn of_group<'t>(&self, _texts: impl FnOnce() -> &'t [u8]) -> &Self
    where
        Self: Sized,
    {
        self
    }

    /// Whether further occurrences can only make the condition hold at more moments, so that it is judged at once.
    fn is_monotone(&self) -> bool;

    /// The fewest hits of a group with which the condition can hold, its state be thinned, or a hit be unjudged.
    fn hits_min(&self) -> u64 {
        1
    }

    /// How long after a hit the first moment comes that it bears on, in milliseconds: it bears on as many from then on
    /// as the timespan of its groups is longer than this.
    fn delay_ms(&self) -> i64 {
        0
    }

    /// Takes an occurrence; the order of calls and repeated calls make no difference to what holds.
    fn observe(&self, state: &mut Self::State, occurrence: &Occurrence);

    /// Unites `other` into `state`.
    fn merge(&self, state: &mut Self::State, other: &Self::State);

    /// Settles the state and returns the moments at which the condition holds.
    fn holding(&self, state: &mut Self::State) -> Intervals;

    /// Settles the state, as [`WindowType::holding`] does: a type says how where that is cheaper.
    fn settle(&self, state: &mut Self::State) {
        self.holding(state);
    }

    /// Forgets everything that bears on moments before `before` alone. What is left is a function of the occurrences
    /// and of `before`; the moments from `before` on hold as they did.
    fn forget(&self, state: &mut Self::State, before: i64);

    /// Gives up the moments from `past` on of which the state knows only that they held, by a threshold that was lower:
    /// what it absorbed is lost to the count. What is left counts no more than there was.
    fn give_up_absorbed(&self, _state: &mut Self::State, _past: Option<i64>) {}

    /// How near the condition is to holding, or has come, from 0 (nothing) to 1 (it holds). Decides who leaves where
    /// memory ends, so it need not be exact.
    fn closeness(&self, state: &mut Self::State) -> f64;

    /// Whether more was seen than is kept one by one, so that moments are estimates.
    fn is_thinned(&self, _state: &Self::State) -> bool {
        false
    }

    /// How many hits could not be judged for want of what came before them. Needs a state that
    /// [`WindowType::holding`] has settled.
    fn unjudged(&self, _state: &Self::State) -> u64 {
        0
    }

    /// The value that alerts count.
    fn counted(&self, occurrence: &Occurrence) -> Self::Value;

    /// Whether alerts can come to tell of a hit: more hits can only take that away. Needs a state that
    /// [`WindowType::holding`] has settled; what it says of hits that the state has forgotten does not matter.
    fn may_tell(&self, _state: &Self::State, _time: i64, _value: Self::Value) -> bool {
        true
    }

    /// Whether alerts tell of a hit, as things stand; otherwise as [`WindowType::may_tell`].
    fn tells(&self, _state: &Self::State, _time: i64, _value: Self::Value) -> bool {
        true
    }

    /// Today's state of what version 1 kept.
    ///
    /// # Errors
    /// It is damaged, as all is of a type that came later.
    fn see_again<'d, D: Deserializer<'d>>(&self, _old: D) -> Result<Self::State, D::Error> {
        Err(D::Error::custom(
            "a window type that version 1 did not have",
        ))
    }

    /// Bytes of the state on the heap.
    fn bytes(&self, state: &Self::State) -> usize;
}

/// The moments, from and to, at which a window type holds after these hits, for tests.
#[cfg(test)]
pub(crate) fn held(
    window: &impl WindowType,
    hits: impl IntoIterator<Item = Occurrence>,
) -> Vec<(i64, i64)> {
    let mut state = Default::default();
    for hit in hits {
        window.observe(&mut state, &hit);
    }
    window.holding(&mut state).pairs()
}
