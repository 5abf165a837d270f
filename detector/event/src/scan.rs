//! One pass over the JSON of an event, which picks out the values of the registered fields and skips the rest.
//!
//! Written against `serde::Deserializer`, so that any JSON reader can drive it. Recursion is bounded by the depth of
//! the registered paths plus that of the arrays on them, which the reader limits; what no path needs is skipped.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::field::{FieldTable, SlotId};
use crate::lenient_scan::{KeyVisitor, scan_leniently};
use crate::quick_scan::scan_quickly;
use crate::slots::{Slots, VALUES_MAX, Value};

/// Scans one JSON object into `slots`, which must be empty and of the same `table`.
///
/// Two scans agree on what is JSON: a quick one reads what it can, and where it refuses, the thorough one has the last
/// word. What is JSON and yet cannot be held goes to a third.
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
    if scan_quickly(text, table, slots) {
        return Ok(());
    }
    slots.reset();
    scan_thoroughly(text, table, slots)
}

/// Objects and arrays within each other, on the way to registered fields. Text nested deeper is refused.
const DEPTH_MAX: u8 = 127;

/// The scan without the quick reader; public for tests that compare the two.
///
/// # Errors
/// As [`scan_json`].
pub fn scan_thoroughly<'a>(
    text: &'a str,
    table: &FieldTable,
    slots: &mut Slots<'a>,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let visitor = NodeVisitor {
        table,
        node: 0,
        depth: 1,
        slots,
    };
    let scanned = reader.deserialize_map(visitor).and_then(|()| reader.end());
    let Err(error) = scanned else {
        return Ok(());
    };
    slots.reset();
    scan_leniently(text, table, slots).map_err(|_| error)
}

struct NodeVisitor<'t, 's, 'a> {
    table: &'t FieldTable,
    node: usize,
    /// What the value would be nested in, itself included.
    depth: u8,
    slots: &'s mut Slots<'a>,
}

impl NodeVisitor<'_, '_, '_> {
    fn check_depth<E: Error>(&self) -> Result<(), E> {
        if self.depth <= DEPTH_MAX {
            return Ok(());
        }
        Err(E::custom("recursion limit exceeded"))
    }

    fn put<'a, E: Error>(
        slots: &mut Slots<'a>,
        slot: Option<SlotId>,
        value: Value<'a>,
    ) -> Result<(), E> {
        if slot.is_none_or(|slot| slots.offer(slot, value)) {
            return Ok(());
        }
        Err(E::custom(format_args!(
            "more than {VALUES_MAX} values at the fields in use"
        )))
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
        self.check_depth()?;
        if self.node != 0 {
            Self::put(self.slots, self.table.slot_of(self.node), Value::Container)?;
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
                    depth: self.depth + 1,
                    slots: self.slots,
                })?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let mut members = 0usize;
        while seq
            .next_element_seed(NodeVisitor {
                table: self.table,
                node: self.node,
                depth: self.depth + 1,
                slots: self.slots,
            })?
            .is_some()
        {
            members += 1;
        }
        if members == 0 {
            Self::put(self.slots, self.table.slot_of(self.node), Value::Container)?;
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Self::put(self.slots, self.table.slot_of(self.node), Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            Value::Bool(value),
        )
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            Value::Unsigned(value),
        )
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            Value::Signed(value),
        )
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        // An integer that has lost digits on the way here: one number must not stand for many.
        const I64_MIN: f64 = i64::MIN as f64;
        const U64_END: f64 = 18_446_744_073_709_551_616.0;
        if value.fract() == 0.0 && !(I64_MIN..U64_END).contains(&value) {
            return Err(E::custom("a number beyond 64 bits"));
        }
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            // One reader makes 0 of `-0`, the other -0.
            Value::Float(value + 0.0),
        )
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            Value::Text(Cow::Borrowed(value)),
        )
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        Self::put(
            self.slots,
            self.table.slot_of(self.node),
            Value::Text(Cow::Owned(value.to_owned())),
        )
    }
}
