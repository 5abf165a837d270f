//! What is kept of the values of a stretch of time, however many come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::key::Key;

/// Of each value what was seen; of too many values those with the smallest keys, so that what stays is a function of the
/// set. The others are not watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched<T> {
    pub(crate) values: BTreeMap<Key, T>,
    /// The smallest key that found no place; from it on values are not watched.
    pub(crate) unwatched_from: Option<Key>,
}

impl<T> Default for Watched<T> {
    fn default() -> Self {
        Self {
            values: BTreeMap::new(),
            unwatched_from: None,
        }
    }
}

impl<T> Watched<T> {
    /// Takes something of a value in, unless it is not watched: `first` is what is known where nothing was, and `take`
    /// adds to what is known.
    pub(crate) fn see(
        &mut self,
        value: Key,
        values_max: usize,
        (first, take): (impl FnOnce() -> T, impl FnOnce(&mut T)),
    ) {
        if self.unwatched_from.is_some_and(|from| from <= value) {
            return;
        }
        take(self.values.entry(value).or_insert_with(first));
        if self.values.len() > values_max {
            self.unwatched_from = self.values.pop_last().map(|(value, _)| value);
        }
    }

    /// Unites with what was watched elsewhere, whose values are then to be seen.
    pub(crate) fn watch_as(&mut self, other: &Watched<T>) {
        let unwatched = [self.unwatched_from, other.unwatched_from];
        self.unwatched_from = unwatched.into_iter().flatten().min();
        if let Some(from) = self.unwatched_from {
            drop(self.values.split_off(&from));
        }
    }
}
