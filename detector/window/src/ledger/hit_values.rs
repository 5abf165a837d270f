//! The values of shown fields, hit by hit.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ledger::Counted;
use crate::ledger::shown::ShownValue;
use detector_rule::FieldTag;

/// What hits show that are kept one by one, each with what its hit is counted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "V: Counted")]
pub struct HitValues<V>(pub(super) Vec<(ShownValue, V)>);

impl<V> Default for HitValues<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V: Counted> HitValues<V> {
    /// Takes what a hit shows. Returns the bytes that this takes.
    pub fn add(&mut self, time: i64, value: V, shown: &[(FieldTag, Cow<'_, str>)]) -> usize {
        let known = self.0.len();
        let values = shown.iter();
        let values = values.map(|(field, text)| (ShownValue::new(*field, time, text), value));
        self.0.extend(values);
        let new = self.0[known..].iter();
        new.map(|(shown, _)| shown.bytes() + size_of::<V>()).sum()
    }

    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Bytes, those on the heap included.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|(shown, _)| shown.text.len()).sum();
        self.0.capacity() * size_of::<(ShownValue, V)>() + texts
    }
}

/// The shown values of a ledger as they are encoded, behind the rest of the state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "V: Counted")]
pub struct EncodedShown<V> {
    pub(super) hits: HitValues<V>,
    /// By stretch; none where no stretch shows anything.
    pub(super) stretches: Vec<Vec<ShownValue>>,
}
