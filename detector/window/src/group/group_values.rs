//! The group-by values of a group, as an alert shows them.

use serde::{Deserialize, Serialize};

use crate::ledger::shown::cut;
use crate::state::key::Key;

/// Values longer than this are cut where they are shown; groups are told apart by the whole value.
const SHOWN_BYTES_MAX: usize = 1024;

/// The group-by values of one hit: the key tells groups apart, the texts are written only for a new group.
pub struct GroupValues<'h> {
    pub key: Key,
    pub write_texts: &'h dyn Fn(&mut Vec<u8>),
}

/// The texts in one allocation: each with its length before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTexts(Box<[u8]>);

impl GroupTexts {
    pub fn new<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        let mut joined = Vec::new();
        Self::write(values, &mut joined);
        Self(joined.into_boxed_slice())
    }

    /// Writes the bytes of texts behind what is there.
    pub(crate) fn write<T: AsRef<str>>(values: impl IntoIterator<Item = T>, joined: &mut Vec<u8>) {
        for value in values {
            let shown = cut(value.as_ref(), SHOWN_BYTES_MAX);
            let length = u16::try_from(shown.len()).expect("cut to far less");
            joined.extend_from_slice(&length.to_le_bytes());
            joined.extend_from_slice(shown.as_bytes());
        }
    }

    /// The texts whose bytes these are.
    pub(crate) fn written(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        texts(&self.0)
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// The texts that were written so.
pub(crate) fn texts(mut rest: &[u8]) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        rest = after;
        std::str::from_utf8(text).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_long_ones_are_cut() {
        let long = "é".repeat(2_000);
        let texts = GroupTexts::new(["192.0.2.1", "", &long]);
        let back: Vec<&str> = texts.iter().collect();
        assert_eq!(back[..2], ["192.0.2.1", ""]);
        assert_eq!(back[2], format!("{}…", "é".repeat(512)));
        assert_eq!(GroupTexts::new(Vec::<&str>::new()).iter().count(), 0);
    }
}
