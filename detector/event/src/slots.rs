//! The values that one scan of an event found, by slot.

use std::borrow::Cow;

use crate::field::{FieldTable, SlotId};
use crate::quotes::Quotes;

/// One value found at a field path. An array is not a value: its members are, each for itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// An object or an empty array: the field exists, there is nothing to compare.
    Container,
}

impl<'a> Value<'a> {
    /// The value as text as it stands in the event; `None` for null and containers.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Null | Value::Container => None,
            Value::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Value::Unsigned(n) => Some(Cow::Owned(n.to_string())),
            Value::Signed(n) => Some(Cow::Owned(n.to_string())),
            // serde_json's own shortest form, `200.0` for `200.0`.
            Value::Float(n) => Some(Cow::Owned(serde_json::Number::from_f64(*n)?.to_string())),
            Value::Text(s) => Some(Cow::Borrowed(s)),
        }
    }

    /// The value as a number: JSON numbers, and text that is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Unsigned(n) => Some(*n as f64),
            Value::Signed(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            Value::Text(s) => s.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }
}

const NONE: u32 = u32::MAX;

/// Values that one event may have at the registered fields; more (an array of a million members on such a path) make
/// it unreadable instead of large in memory.
pub const VALUES_MAX: usize = 1 << 20;

#[derive(Debug, Clone)]
struct Entry<'a> {
    value: Value<'a>,
    next: u32,
}

/// The values of one event, by slot: none, one, or several where an array lies on the path.
#[derive(Debug, Default)]
pub struct Slots<'a> {
    entries: Vec<Entry<'a>>,
    /// A bit for each slot: it has an entry.
    present: Vec<u64>,
    /// First and last entry of each slot that has one; what stands at the others says nothing.
    ends: Vec<(u32, u32)>,
    /// Memory of the scan, which goes with them from event to event.
    pub(crate) quotes: Quotes,
}

impl<'a> Slots<'a> {
    pub fn new(table: &FieldTable) -> Self {
        Self {
            entries: Vec::new(),
            present: vec![0; table.len().div_ceil(64)],
            ends: vec![(NONE, NONE); table.len()],
            quotes: Quotes::default(),
        }
    }

    /// Empties the slots for the next event and keeps the memory.
    pub fn recycle<'b>(mut self) -> Slots<'b> {
        self.reset();
        // An empty vector's items can change their lifetime; collecting in place keeps its buffer.
        let entries = self
            .entries
            .into_iter()
            .map(|_| unreachable!("cleared above"))
            .collect();
        Slots {
            entries,
            present: self.present,
            ends: self.ends,
            quotes: self.quotes,
        }
    }

    /// Empties the slots.
    pub(crate) fn reset(&mut self) {
        self.present.fill(0);
        self.entries.clear();
    }

    /// Takes a value that the scan found, unless there are [`VALUES_MAX`] already.
    pub(crate) fn offer(&mut self, slot: SlotId, value: Value<'a>) -> bool {
        // One container says all that many would say: the field exists. So an array of records costs one entry.
        if value == Value::Container && self.last(slot) == Some(&Value::Container) {
            return true;
        }
        let has_room = self.entries.len() < VALUES_MAX;
        if has_room {
            self.push(slot, value);
        }
        has_room
    }

    /// The same, of text.
    #[inline(always)]
    pub(crate) fn offer_text(&mut self, slot: SlotId, text: &'a str) -> bool {
        let has_room = self.entries.len() < VALUES_MAX;
        if has_room {
            self.push(slot, Value::Text(Cow::Borrowed(text)));
        }
        has_room
    }

    #[inline(always)]
    pub fn push(&mut self, slot: SlotId, value: Value<'a>) {
        let at = u32::try_from(self.entries.len()).expect("an event is smaller than 4 GiB");
        self.entries.push(Entry { value, next: NONE });
        let (first, last) = &mut self.ends[slot.index()];
        let (word, bit) = place(slot);
        let present = &mut self.present[word];
        if *present & bit == 0 {
            *present |= bit;
            *first = at;
        } else {
            self.entries[*last as usize].next = at;
        }
        *last = at;
    }

    /// Forgets what was found at `slot`: decode does so where a log writes a placeholder for "absent".
    pub fn clear(&mut self, slot: SlotId) {
        let (word, bit) = place(slot);
        self.present[word] &= !bit;
    }

    /// [`Slots::clear`]s each slot whose values are all the text `placeholder`.
    pub fn clear_placeholder(&mut self, placeholder: &str) {
        for word in 0..self.present.len() {
            for slot in slots_of(word, self.present[word]) {
                let all = self
                    .values(slot)
                    .all(|v| matches!(v, Value::Text(t) if t == placeholder));
                if all {
                    self.clear(slot);
                }
            }
        }
    }

    fn last(&self, slot: SlotId) -> Option<&Value<'a>> {
        let (_, last) = self.ends_of(slot)?;
        Some(&self.entries.get(last as usize)?.value)
    }

    fn ends_of(&self, slot: SlotId) -> Option<(u32, u32)> {
        self.is_present(slot).then(|| self.ends[slot.index()])
    }

    /// All values at `slot`, in the order of the event.
    pub fn values(&self, slot: SlotId) -> impl Iterator<Item = &Value<'a>> {
        let mut at = self.ends_of(slot).map_or(NONE, |(first, _)| first);
        std::iter::from_fn(move || {
            let entry = self.entries.get(at as usize)?;
            at = entry.next;
            Some(&entry.value)
        })
    }

    /// The first value at `slot`.
    pub fn first(&self, slot: SlotId) -> Option<&Value<'a>> {
        self.values(slot).next()
    }

    /// The text of the first value at `slot` where that is a JSON string.
    pub fn str(&self, slot: SlotId) -> Option<&str> {
        match self.first(slot) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text at `slot` where that is all there is.
    #[inline]
    pub fn only_text(&self, slot: SlotId) -> Option<&str> {
        let (first, last) = self.ends_of(slot)?;
        match &self.entries.get(first as usize)?.value {
            Value::Text(text) if first == last => Some(text),
            _ => None,
        }
    }

    /// The slots that have a value, in the order of [`FieldTable::slots`].
    pub fn present(&self) -> impl Iterator<Item = SlotId> {
        let words = self.present.iter().enumerate();
        words.flat_map(|(word, bits)| slots_of(word, *bits))
    }

    /// Those of them whose bits are set in `wanted`.
    pub fn present_among(&self, wanted: &[u64]) -> impl Iterator<Item = SlotId> {
        let words = self.present.iter().zip(wanted).enumerate();
        words.flat_map(|(word, (bits, wanted))| slots_of(word, bits & wanted))
    }

    /// The slots that have a value, as a bit for each slot.
    pub fn present_bits(&self) -> &[u64] {
        &self.present
    }

    pub fn is_present(&self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        self.present[word] & bit != 0
    }
}

/// Where a slot's bit is.
fn place(slot: SlotId) -> (usize, u64) {
    (slot.index() / 64, 1 << (slot.index() % 64))
}

/// The slots whose bits are set in one word.
fn slots_of(word: usize, bits: u64) -> impl Iterator<Item = SlotId> {
    let without_lowest = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
    let rests = std::iter::successors(Some(bits).filter(|bits| *bits != 0), without_lowest);
    rests.map(move |rest| SlotId::new(word * 64 + rest.trailing_zeros() as usize))
}
