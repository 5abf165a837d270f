//! How many distinct keys were seen: exactly while they are few, then by a sketch.

use serde::{Deserialize, Serialize};

use crate::state::key::Key;
use crate::state::sketch::Sketch;

/// Keys that are kept one by one; beyond, their number is an estimate.
pub const EXACT_MAX: usize = 256;

/// A set of keys that can be counted and united. Equal sets are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySet {
    /// Sorted.
    Exact(Vec<Key>),
    Estimated(Sketch),
}

impl Default for KeySet {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl KeySet {
    pub fn add(&mut self, key: Key) {
        match self {
            Self::Exact(keys) => {
                if let Err(at) = keys.binary_search(&key) {
                    keys.insert(at, key);
                    if keys.len() > EXACT_MAX {
                        let mut sketch = Sketch::default();
                        keys.iter().for_each(|key| sketch.add(*key));
                        *self = Self::Estimated(sketch);
                    }
                }
            }
            Self::Estimated(sketch) => sketch.add(key),
        }
    }

    pub fn merge(&mut self, other: &KeySet) {
        match (&mut *self, other) {
            (_, Self::Exact(keys)) => keys.iter().for_each(|key| self.add(*key)),
            (Self::Estimated(mine), Self::Estimated(theirs)) => mine.merge(theirs),
            (Self::Exact(keys), Self::Estimated(theirs)) => {
                let mut sketch = theirs.clone();
                keys.iter().for_each(|key| sketch.add(*key));
                *self = Self::Estimated(sketch);
            }
        }
    }

    pub fn is_estimated(&self) -> bool {
        matches!(self, Self::Estimated(_))
    }

    /// The number of distinct keys.
    pub fn count(&self) -> u64 {
        match self {
            Self::Exact(keys) => keys.len() as u64,
            Self::Estimated(sketch) => sketch.estimate(),
        }
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Exact(keys) => keys.len() * size_of::<Key>(),
            Self::Estimated(_) => Sketch::BYTES,
        }
    }
}

/// The number of distinct keys of both: exact where none are estimated.
pub fn distinct<'s>(
    exact: impl Iterator<Item = Key>,
    sets: impl Iterator<Item = &'s KeySet>,
) -> u64 {
    let mut union: Option<KeySet> = None;
    for set in sets {
        match &mut union {
            Some(union) => union.merge(set),
            None => union = Some(set.clone()),
        }
    }
    let mut keys: Vec<Key> = exact.collect();
    match union {
        Some(mut union) if union.is_estimated() => {
            keys.into_iter().for_each(|key| union.add(key));
            union.count()
        }
        union => {
            if let Some(KeySet::Exact(more)) = union {
                keys.extend(more);
            }
            keys.sort_unstable();
            keys.dedup();
            keys.len() as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: impl IntoIterator<Item = u128>) -> KeySet {
        let mut set = KeySet::default();
        keys.into_iter()
            .for_each(|key| set.add(Key::from_u128(key)));
        set
    }

    #[test]
    fn few_are_counted_and_many_estimated() {
        assert_eq!(set((0..256).chain(0..100)).count(), 256);
        let many = set(0..10_000);
        assert!(many.is_estimated() && many.count().abs_diff(10_000) < 490);
    }

    #[test]
    fn a_union_is_the_set_of_both_however_it_came_about() {
        for (first, second) in [
            (0..200, 100..250),
            (0..200, 100..400),
            (0..900, 5..300),
            (0..900, 800..2_000),
        ] {
            let whole = set(first.clone().chain(second.clone()));
            let (mut one, mut other) = (set(first.clone()), set(second.clone()));
            one.merge(&set(second));
            other.merge(&set(first));
            assert_eq!((&one, &other), (&whole, &whole));
        }
    }
}
