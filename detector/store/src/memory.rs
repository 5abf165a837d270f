//! A store in memory, for replays and tests: sharded, and shared by threads.

use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::effect::{ConditionalWrite, WriteOutcome};
use crate::item::Item;
use crate::key::{ItemKey, RuleKey};
use crate::log::{LogName, LogPart};
use crate::parked::{Mark, ParkedPart};
use crate::state_store::{StateStore, StoreError};
use detector_window::key::Key;

/// Keeps every item until it is told to [`MemoryStore::expire`].
#[derive(Debug, Default)]
pub struct MemoryStore {
    items: DashMap<ItemKey, Item>,
    log: DashMap<LogName, Vec<u8>>,
    parked: DashMap<LogName, ParkedPart>,
    /// Whether each is served.
    marks: DashMap<Mark, bool>,
    /// Names given so far.
    named: AtomicU64,
}

impl MemoryStore {
    /// Forgets what may be forgotten at `now`, an arrival time, and returns it.
    pub fn expire(&self, now: i64) -> Vec<(ItemKey, Item)> {
        let is_over = |item: &Item| item.expires_at.is_some_and(|at| at <= now);
        let over = self.keys(|_, item| is_over(item));
        over.into_iter()
            .filter_map(|key| self.items.remove_if(&key, |_, item| is_over(item)))
            .collect()
    }

    /// Forgets an item, and returns it.
    pub fn forget(&self, key: ItemKey) -> Option<Item> {
        self.items.remove(&key).map(|(_, item)| item)
    }

    /// Forgets what may be forgotten at `now` of what is parked, and returns it; likewise marks.
    pub fn expire_parked(&self, now: i64) -> Vec<ParkedPart> {
        let is_over = |name: &LogName| {
            let gone = self
                .parked
                .remove_if(name, |_, part| part.expires_at <= now);
            gone.map(|(_, part)| part)
        };
        self.marks.retain(|mark, _| mark.expires_at > now);
        let mut names: Vec<LogName> = self.parked.iter().map(|at| *at.key()).collect();
        names.sort_unstable();
        names.iter().filter_map(is_over).collect()
    }

    /// All that is parked, in the order of names.
    pub fn parked(&self) -> Vec<(LogName, ParkedPart)> {
        let parked = self.parked.iter();
        let mut parked: Vec<_> = parked.map(|at| (*at.key(), at.value().clone())).collect();
        parked.sort_unstable_by_key(|(name, _)| *name);
        parked
    }

    fn name(&self) -> LogName {
        let number = self.named.fetch_add(1, Ordering::Relaxed);
        LogName(Key::from_u128(u128::from(number)))
    }

    fn marks_where(&self, wanted: impl Fn(&Mark, bool) -> bool) -> Vec<Mark> {
        let marks = self.marks.iter().filter(|at| wanted(at.key(), *at.value()));
        let mut marks: Vec<Mark> = marks.map(|at| *at.key()).collect();
        marks.sort_unstable();
        marks
    }

    /// All items, in the order of their keys.
    pub fn items(&self) -> Vec<(ItemKey, Item)> {
        let keys = self.keys(|_, _| true);
        keys.into_iter()
            .filter_map(|key| Some((key, self.items.get(&key)?.clone())))
            .collect()
    }

    fn keys(&self, wanted: impl Fn(&ItemKey, &Item) -> bool) -> Vec<ItemKey> {
        let wanted = self.items.iter().filter(|at| wanted(at.key(), at.value()));
        let mut keys: Vec<ItemKey> = wanted.map(|at| *at.key()).collect();
        keys.sort_unstable();
        keys
    }

    fn write_one(&self, write: &ConditionalWrite) -> WriteOutcome {
        match (self.items.entry(write.key), write.expected) {
            (Entry::Vacant(place), None) => {
                place.insert(write.item.clone());
                WriteOutcome::Written
            }
            (Entry::Occupied(mut place), Some(expected)) if place.get().version == expected => {
                place.insert(write.item.clone());
                WriteOutcome::Written
            }
            _ => WriteOutcome::Conflict,
        }
    }
}

impl StateStore for MemoryStore {
    fn read(&self, keys: &[ItemKey]) -> Result<Vec<Option<Item>>, StoreError> {
        let read = |key| self.items.get(key).map(|item| item.clone());
        Ok(keys.iter().map(read).collect())
    }

    fn write(&self, writes: &[ConditionalWrite]) -> Result<Vec<WriteOutcome>, StoreError> {
        Ok(writes.iter().map(|write| self.write_one(write)).collect())
    }

    fn due(&self, rules: &[RuleKey], watermark: i64) -> Result<Vec<ItemKey>, StoreError> {
        let is_due = |item: &Item| item.due.is_some_and(|at| at < watermark);
        Ok(self.keys(|key, item| rules.contains(&key.rule) && is_due(item)))
    }

    fn append(&self, parts: &[Vec<u8>]) -> Result<Vec<bool>, StoreError> {
        for part in parts {
            self.log.insert(self.name(), part.clone());
        }
        Ok(vec![true; parts.len()])
    }

    fn read_log(&self, place: u8) -> Result<Vec<LogPart>, StoreError> {
        let here = self.log.iter().filter(|at| at.key().place() == place);
        let mut parts: Vec<LogPart> = here
            .map(|at| LogPart {
                name: *at.key(),
                deltas: at.value().clone(),
            })
            .collect();
        parts.sort_unstable_by_key(|part| part.name);
        Ok(parts)
    }

    fn drop_log(&self, names: &[LogName]) -> Result<(), StoreError> {
        for name in names {
            self.log.remove(name);
        }
        Ok(())
    }

    fn park(&self, parts: &[ParkedPart]) -> Result<Vec<bool>, StoreError> {
        for part in parts {
            self.parked.insert(self.name(), part.clone());
        }
        Ok(vec![true; parts.len()])
    }

    fn look(&self, from: i64) -> Result<Vec<Mark>, StoreError> {
        Ok(self.marks_where(|mark, _| mark.to >= from))
    }

    fn arm(&self, marks: &[Mark]) -> Result<Vec<bool>, StoreError> {
        for mark in marks {
            self.marks.entry(*mark).or_insert(false);
        }
        Ok(vec![true; marks.len()])
    }

    fn pending(&self) -> Result<Vec<Mark>, StoreError> {
        Ok(self.marks_where(|_, is_served| !is_served))
    }

    fn read_parked(
        &self,
        slice: i64,
        place: u8,
        after: Option<LogName>,
    ) -> Result<Vec<LogPart>, StoreError> {
        let parts = self.parked().into_iter().filter(|(name, part)| {
            (part.slice, part.place) == (slice, place) && Some(*name) > after
        });
        Ok(parts
            .map(|(name, part)| LogPart {
                name,
                deltas: part.deltas,
            })
            .collect())
    }

    fn serve(&self, marks: &[Mark]) -> Result<(), StoreError> {
        for mark in marks {
            self.marks.insert(*mark, true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::Writer;

    fn item(version: u64) -> Item {
        Item {
            version,
            state: vec![],
            episodes: vec![],
            children: vec![],
            judged_to: 0,
            settled_to: 0,
            due: None,
            latest: 0,
            expires_at: Some(100),
            writer: Writer::NOBODY,
        }
    }

    #[test]
    fn a_write_asks_for_the_version_it_has_read() {
        let store = MemoryStore::default();
        let key = ItemKey {
            rule: RuleKey(Key::from_u128(1)),
            group: Key::from_u128(2),
        };
        let write = |expected, version| {
            let write = ConditionalWrite {
                key,
                expected,
                item: item(version),
            };
            store.write(&[write]).unwrap()[0]
        };
        assert_eq!(write(Some(1), 2), WriteOutcome::Conflict);
        assert_eq!(write(None, 1), WriteOutcome::Written);
        assert_eq!(write(None, 1), WriteOutcome::Conflict);
        assert_eq!(write(Some(1), 2), WriteOutcome::Written);
        assert_eq!(write(Some(1), 2), WriteOutcome::Conflict);
        assert_eq!(store.read(&[key]).unwrap(), [Some(item(2))]);
        assert_eq!((store.expire(99).len(), store.expire(100).len()), (0, 1));
    }
}
