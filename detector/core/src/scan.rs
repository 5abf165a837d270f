//! One pass over the JSON of an event, which picks out the values of the registered fields and skips the rest.
//!
//! Written against `serde::Deserializer`, so that any JSON reader can drive it. Recursion is bounded by the depth of
//! the registered paths plus that of the arrays on them, which the reader limits; what no path needs is skipped.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::field::{FieldTable, SlotId};

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
    /// First and last entry of each slot, `NONE` where there is none.
    ends: Vec<(u32, u32)>,
    touched: Vec<SlotId>,
}

impl<'a> Slots<'a> {
    pub fn new(table: &FieldTable) -> Self {
        Self {
            entries: Vec::new(),
            ends: vec![(NONE, NONE); table.len()],
            touched: Vec::new(),
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
            ends: self.ends,
            touched: self.touched,
        }
    }

    /// Empties the slots.
    fn reset(&mut self) {
        for slot in self.touched.drain(..) {
            self.ends[slot.index()] = (NONE, NONE);
        }
        self.entries.clear();
    }

    pub fn push(&mut self, slot: SlotId, value: Value<'a>) {
        let at = u32::try_from(self.entries.len()).expect("an event is smaller than 4 GiB");
        self.entries.push(Entry { value, next: NONE });
        let (first, last) = &mut self.ends[slot.index()];
        if *first == NONE {
            *first = at;
            self.touched.push(slot);
        } else {
            self.entries[*last as usize].next = at;
        }
        *last = at;
    }

    /// Forgets what was found at `slot`: decode does so where a log writes a placeholder for "absent".
    pub fn clear(&mut self, slot: SlotId) {
        self.ends[slot.index()] = (NONE, NONE);
    }

    /// [`Slots::clear`]s each slot whose values are all the text `placeholder`.
    pub fn clear_placeholder(&mut self, placeholder: &str) {
        for i in 0..self.touched.len() {
            let slot = self.touched[i];
            let all = self
                .values(slot)
                .all(|v| matches!(v, Value::Text(t) if t == placeholder));
            if all {
                self.clear(slot);
            }
        }
    }

    fn last(&self, slot: SlotId) -> Option<&Value<'a>> {
        Some(&self.entries.get(self.ends[slot.index()].1 as usize)?.value)
    }

    /// All values at `slot`, in the order of the event.
    pub fn values(&self, slot: SlotId) -> impl Iterator<Item = &Value<'a>> {
        let mut at = self.ends[slot.index()].0;
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

    /// The slots that have a value; one may come twice.
    pub fn present(&self) -> impl Iterator<Item = SlotId> {
        self.touched
            .iter()
            .copied()
            .filter(|slot| self.is_present(*slot))
    }

    pub fn is_present(&self, slot: SlotId) -> bool {
        self.ends[slot.index()].0 != NONE
    }
}

/// Scans one JSON object into `slots`, which must be empty and of the same `table`.
///
/// Two readers agree on what is JSON: a quick one reads what it can, and where it refuses or the text may be nested
/// too deeply for it, the thorough one has the last word.
///
/// # Errors
/// The text is not exactly one well-formed JSON value, or is not an object.
pub fn scan_json<'a>(
    json: &'a [u8],
    table: &FieldTable,
    slots: &mut Slots<'a>,
) -> Result<(), serde_json::Error> {
    // One check of the whole text makes every borrowed string valid, also in what is skipped.
    let Ok(text) = simdutf8::basic::from_utf8(json) else {
        let error = std::str::from_utf8(json).expect_err("both judge alike");
        return Err(Error::custom(format_args!("invalid UTF-8: {error}")));
    };
    if may_recurse(json) || scan_quickly(text, table, slots).is_err() {
        slots.reset();
        return scan_thoroughly(text, table, slots);
    }
    Ok(())
}

/// Text up to this long cannot be nested deeply enough to matter: a level costs the quick reader's stack some 100 bytes.
const SURELY_FLAT_BYTES: usize = 8 << 10;
const OPENERS_MAX: usize = 4 << 10;

/// Whether the quick reader, which skips by recursion, might run out of stack.
fn may_recurse(json: &[u8]) -> bool {
    let is_opener = |byte: &&u8| matches!(**byte, b'[' | b'{');
    json.len() > SURELY_FLAT_BYTES && json.iter().filter(is_opener).count() > OPENERS_MAX
}

fn scan_quickly<'a>(
    text: &'a str,
    table: &FieldTable,
    slots: &mut Slots<'a>,
) -> sonic_rs::Result<()> {
    let mut reader = sonic_rs::Deserializer::from_str(text);
    reader.deserialize_map(NodeVisitor {
        table,
        node: 0,
        slots,
    })?;
    reader.end()
}

/// The scan by the reader that has the last word; public for tests that compare the two.
///
/// # Errors
/// As [`scan_json`].
pub fn scan_thoroughly<'a>(
    text: &'a str,
    table: &FieldTable,
    slots: &mut Slots<'a>,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(NodeVisitor {
        table,
        node: 0,
        slots,
    })?;
    reader.end()
}

struct NodeVisitor<'t, 's, 'a> {
    table: &'t FieldTable,
    node: usize,
    slots: &'s mut Slots<'a>,
}

impl NodeVisitor<'_, '_, '_> {
    fn put<'a, E: Error>(
        slots: &mut Slots<'a>,
        slot: Option<SlotId>,
        value: Value<'a>,
    ) -> Result<(), E> {
        let Some(slot) = slot else { return Ok(()) };
        // One says all that many would say: the field exists. So an array of records costs one entry.
        if value == Value::Container && slots.last(slot) == Some(&Value::Container) {
            return Ok(());
        }
        if slots.entries.len() == VALUES_MAX {
            return Err(E::custom(format_args!(
                "more than {VALUES_MAX} values at the fields in use"
            )));
        }
        slots.push(slot, value);
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for NodeVisitor<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for NodeVisitor<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        if self.node != 0 {
            Self::put(
                self.slots,
                self.table.node(self.node).slot,
                Value::Container,
            )?;
        }
        while let Some(child) = map.next_key_seed(KeyVisitor {
            table: self.table,
            node: self.node,
        })? {
            match child {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(node) => map.next_value_seed(NodeVisitor {
                    table: self.table,
                    node,
                    slots: self.slots,
                })?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut members = 0usize;
        while seq
            .next_element_seed(NodeVisitor {
                table: self.table,
                node: self.node,
                slots: self.slots,
            })?
            .is_some()
        {
            members += 1;
        }
        if members == 0 {
            Self::put(
                self.slots,
                self.table.node(self.node).slot,
                Value::Container,
            )?;
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Self::put(self.slots, self.table.node(self.node).slot, Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Bool(value),
        )
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Unsigned(value),
        )
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Signed(value),
        )
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Float(value),
        )
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Text(Cow::Borrowed(value)),
        )
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.node(self.node).slot,
            Value::Text(Cow::Owned(value.to_owned())),
        )
    }
}

/// Reads one key: the child node it leads to, or `None` where nothing below is needed.
struct KeyVisitor<'t> {
    table: &'t FieldTable,
    node: usize,
}

impl<'a> DeserializeSeed<'a> for KeyVisitor<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyVisitor<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.table.child(self.node, key))
    }
}
