//! A JSON text whose parts know where they stand in it. Nothing is taken out of it that is not asked for.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value within the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    text: &'t str,
    raw: &'t RawValue,
}

impl<'t> Part<'t> {
    /// The whole document; a byte order mark before it is passed over.
    pub(super) fn of(text: &'t str) -> serde_json::Result<Self> {
        let raw = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
        Ok(Self { text, raw })
    }

    /// The members of an object, in their order; nothing where it is none.
    pub(super) fn members(self) -> Vec<(String, Part<'t>)> {
        let members: Members<'_> = serde_json::from_str(self.raw.get()).unwrap_or_default();
        let part = |(key, raw)| (key, self.part(raw));
        members.0.into_iter().map(part).collect()
    }

    /// The items of an array; nothing where it is none.
    pub(super) fn items(self) -> Vec<Part<'t>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.raw.get()).unwrap_or_default();
        items.into_iter().map(|raw| self.part(raw)).collect()
    }

    /// Of several members of that name the last, as JavaScript takes it.
    pub(super) fn get(self, key: &str) -> Option<Part<'t>> {
        let members = self.members().into_iter().rev();
        let mut of_that_name = members.filter(|(name, _)| name == key);
        of_that_name.next().map(|(_, part)| part)
    }

    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.raw.get()).ok()
    }

    pub(super) fn flag(self) -> Option<bool> {
        serde_json::from_str(self.raw.get()).ok()
    }

    pub(super) fn number(self) -> Option<f64> {
        serde_json::from_str(self.raw.get()).ok()
    }

    pub(super) fn is_list(self) -> bool {
        self.raw.get().starts_with('[')
    }

    pub(super) fn is_object(self) -> bool {
        self.raw.get().starts_with('{')
    }

    /// Its bytes in the text.
    pub(super) fn range(self) -> Range<usize> {
        let raw = self.raw.get();
        let start = raw.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + raw.len()
    }

    fn part(self, raw: &'t RawValue) -> Self {
        Self {
            text: self.text,
            raw,
        }
    }
}

#[derive(Default)]
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'t> Visitor<'t> for Of {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Of)
    }
}

/// Where the lines of a text end, so that none is counted twice.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', text).collect())
    }

    /// The line in which a part begins, counted from 1.
    pub(super) fn line(&self, part: Part<'_>) -> u32 {
        self.line_at(part.range().start)
    }

    /// The line of a byte.
    pub(super) fn line_at(&self, at: usize) -> u32 {
        let before = self.0.partition_point(|end| *end < at);
        u32::try_from(1 + before).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_where_they_stand() {
        let text = "\u{feff} {\"a\":\n [1, {\"b\":\"x\\u0079\"}],\"a\":2}";
        let whole = Part::of(text).unwrap();
        assert_eq!(whole.get("a").and_then(Part::number), Some(2.0));
        let list = whole.members()[0].1;
        let lines = Lines::of(text.as_bytes());
        assert_eq!((lines.line(list), list.items().len()), (2, 2));
        assert_eq!((lines.line_at(0), lines.line_at(text.len())), (1, 2));
        let b = list.items()[1].get("b").unwrap();
        assert_eq!(b.text().as_deref(), Some("xy"));
        assert_eq!(&text[b.range()], "\"x\\u0079\"");
        assert!(whole.get("c").is_none() && b.members().is_empty() && b.items().is_empty());
    }
}
