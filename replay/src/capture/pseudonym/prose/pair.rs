//! A key and its value in prose.

use std::ops::Range;

use crate::capture::pseudonym::key::Meaning;

/// Longer names are no keys.
pub(in crate::capture::pseudonym) const KEY_BYTES_MAX: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(in crate::capture::pseudonym) struct Pair {
    pub(in crate::capture::pseudonym) meaning: Meaning,
    pub(in crate::capture::pseudonym) value: Range<usize>,
}
