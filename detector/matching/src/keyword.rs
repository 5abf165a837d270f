//! Every value of an event as text, for rules that look for words without a field.
//!
//! The scan of an event keeps only the fields that rules name, so the bytes are walked a second time, for the events
//! whose rules ask for it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use detector_event::event::Body;
use detector_event::slots::Value;

use super::value_text::text_of;

/// Calls `see` with the text of every value (keys are not values), or with the text line.
pub(super) fn each_text(body: Body<'_>, see: &mut dyn FnMut(&str)) {
    match body {
        Body::Text(line) => see(line),
        Body::Json(json) => {
            let mut reader = serde_json::Deserializer::from_slice(json);
            // The body was scanned before it became an event; what is left to fail is nothing.
            let _ = Strings {
                see,
                buffer: &mut String::new(),
            }
            .deserialize(&mut reader);
        }
    }
}

struct Strings<'s> {
    see: &'s mut dyn FnMut(&str),
    /// Room for the text of a number.
    buffer: &'s mut String,
}

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Strings {
                see: self.see,
                buffer: self.buffer,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(Strings {
                see: self.see,
                buffer: self.buffer,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        (self.see)(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Value::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(Value::Float(value))
    }
}

impl Strings<'_> {
    fn scalar<E>(self, value: Value<'_>) -> Result<(), E> {
        if let Some(text) = text_of(&value, self.buffer) {
            (self.see)(text);
        }
        Ok(())
    }
}
