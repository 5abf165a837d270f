//! The scan of last resort: well-formed JSON with a registered value that no reader can hold.
//!
//! A number beyond 64 bits, or arrays nested out of bounds, must cost an event that one value at most: whoever can
//! write such a value could otherwise hide the event. Slower than the other scans, and rarely needed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::field::{FieldTable, SlotId};
use crate::slots::{Slots, Value};

/// Arrays within arrays at a registered path; deeper ones exist and have no values.
const ARRAY_DEPTH_MAX: usize = 64;

/// Scans one JSON object into empty `slots`. A number beyond 64 bits is the text that stands there.
///
/// # Errors
/// The text is not exactly one well-formed JSON object.
pub(crate) fn scan_leniently<'a>(
    text: &'a str,
    table: &FieldTable,
    slots: &mut Slots<'a>,
) -> Result<(), serde_json::Error> {
    walk(text, table, &mut |slot, value, _| slots.offer(slot, value))
}

/// Calls `see` with the text of each object that stands at `slot`, as it is written. `text` is one JSON object that was
/// scanned before; of another, nothing may be seen.
pub fn each_object<'a>(
    text: &'a str,
    table: &FieldTable,
    slot: SlotId,
    see: &mut dyn FnMut(&'a str),
) {
    let mut take = |at: SlotId, value: Value<'a>, json: &'a str| {
        if at == slot && value == Value::Container && json.starts_with('{') {
            see(json);
        }
        true
    };
    // What the scan could read can be read again.
    let _ = walk(text, table, &mut take);
}

/// Takes a value of a slot and the JSON it was read from; `false` ends the walk.
type Take<'k, 'a> = dyn FnMut(SlotId, Value<'a>, &'a str) -> bool + 'k;

fn walk<'a>(
    text: &'a str,
    table: &FieldTable,
    take: &mut Take<'_, 'a>,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Object {
        table,
        node: 0,
        take,
    })?;
    reader.end()
}

/// One object whose keys lead on from `node`.
struct Object<'t, 's, 'k, 'a> {
    table: &'t FieldTable,
    node: usize,
    take: &'s mut Take<'k, 'a>,
}

impl<'a> Visitor<'a> for Object<'_, '_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let (table, node) = (self.table, self.node);
        while let Some(child) = map.next_key_seed(KeyVisitor { table, node })? {
            match child {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(node) => {
                    let value = map.next_value::<&'a RawValue>()?;
                    let at = Place {
                        table,
                        node,
                        depth: 0,
                    };
                    place(value.get(), at, self.take).map_err(A::Error::custom)?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Place<'t> {
    table: &'t FieldTable,
    node: usize,
    /// Arrays around the value.
    depth: usize,
}

/// Puts a value, which is well-formed JSON, where it belongs.
fn place<'a>(
    json: &'a str,
    at: Place<'_>,
    take: &mut Take<'_, 'a>,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value = match json.as_bytes().first() {
        Some(b'[') if at.depth < ARRAY_DEPTH_MAX && json[1..].trim_ascii() != "]" => {
            let depth = at.depth + 1;
            let at = Place { depth, ..at };
            return reader.deserialize_seq(Members { at, take });
        }
        Some(b'[' | b'{') => Value::Container,
        _ => scalar(json)?,
    };
    let is_object = json.starts_with('{');
    if let Some(slot) = at.table.slot_of(at.node)
        && !take(slot, value, json)
    {
        return Err(Error::custom("too many values at the fields in use"));
    }
    if is_object {
        let (table, node) = (at.table, at.node);
        reader.deserialize_map(Object { table, node, take })?;
    }
    Ok(())
}

struct Members<'t, 's, 'k, 'a> {
    at: Place<'t>,
    take: &'s mut Take<'k, 'a>,
}

impl<'a> Visitor<'a> for Members<'_, '_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(member) = seq.next_element::<&'a RawValue>()? {
            place(member.get(), self.at, self.take).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

fn scalar(json: &str) -> Result<Value<'_>, serde_json::Error> {
    Ok(match json {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if json.starts_with('"') => Value::Text(Cow::Owned(serde_json::from_str(json)?)),
        _ => number(json),
    })
}

fn number(json: &str) -> Value<'_> {
    if let Ok(number) = json.parse() {
        return Value::Unsigned(number);
    }
    if let Ok(number) = json.parse() {
        return Value::Signed(number);
    }
    let is_integer = json.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match json.parse::<f64>() {
        Ok(number) if number.is_finite() && !is_integer => Value::Float(number),
        _ => Value::Text(Cow::Borrowed(json)),
    }
}

/// Reads one key: the child node it leads to, or `None` where nothing below is needed.
pub(crate) struct KeyVisitor<'t> {
    pub(crate) table: &'t FieldTable,
    pub(crate) node: usize,
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

    #[inline(always)]
    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.table.child(self.node, key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan_json;

    fn scan(json: &str) -> Vec<Option<String>> {
        let mut table = FieldTable::default();
        let paths = ["id", "a.b", "name"].map(|path| table.slot(path));
        let mut slots = Slots::new(&table);
        scan_json(json.as_bytes(), &table, &mut slots).unwrap();
        let text = |slot| {
            slots
                .first(slot)
                .and_then(|v| v.text().map(Cow::into_owned))
        };
        paths.map(text).into()
    }

    fn found(values: [Option<&str>; 3]) -> Vec<Option<String>> {
        values.map(|value| value.map(str::to_owned)).into()
    }

    #[test]
    fn integers_beyond_64_bits_keep_their_digits() {
        let json = r#"{"id":18446744073709551616,"a":{"b":-9223372036854775809},"name":"x\n"}"#;
        let expected = [
            Some("18446744073709551616"),
            Some("-9223372036854775809"),
            Some("x\n"),
        ];
        assert_eq!(scan(json), found(expected));
        let digits = "1".repeat(400);
        assert_eq!(
            scan(&format!(r#"{{"id":{digits},"name":true}}"#)),
            found([Some(&digits), None, Some("true")])
        );
        assert_eq!(
            scan(r#"{"id":1e999,"a":{"b":7},"name":1.5}"#),
            found([Some("1e999"), Some("7"), Some("1.5")])
        );
    }

    #[test]
    fn nesting_out_of_bounds_costs_one_value() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            scan(&format!(r#"{{"id":{deep},"name":"x"}}"#)),
            found([None, None, Some("x")])
        );
        let near = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(
            scan(&format!(r#"{{"id":{near},"name":{deep},"a":{{"b":2}}}}"#)),
            found([Some("1"), Some("2"), None])
        );
    }

    #[test]
    fn what_is_no_json_stays_none() {
        let mut table = FieldTable::default();
        table.slot("id");
        for json in [
            r#"{"id":1e999"#,
            r#"{"id":1e999}}"#,
            r#"[1e999]"#,
            r#"{"id":1e}"#,
        ] {
            assert!(
                scan_json(json.as_bytes(), &table, &mut Slots::new(&table)).is_err(),
                "{json}"
            );
        }
    }
}
