//! The table in memory: items, the index of what is due, and what each partition key may take in a second.
//!
//! The layout is that of `detector/lambda`: a partition key is a rule and one of sixteen buckets, beside those of notices
//! and of bookkeeping. What AWS gives on top is left out, so that the model errs on the safe side: unused capacity of
//! five minutes that a burst may take, and more than one partition for a key that is hot for long.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::store::{ConditionalWrite, Item, ItemKey, Notice, RuleKey, WriteOutcome};
use detector_core::window::key::Key;

use super::units;

/// Buckets of a rule, as in `detector/lambda`.
pub(super) const BUCKETS: u8 = 16;

/// What one partition key takes in a second (Amazon DynamoDB Developer Guide, "Burst and adaptive capacity").
pub(super) const WRITE_UNITS_MAX: u64 = 1_000;
pub(super) const READ_UNITS_MAX: u64 = 3_000;

/// How long a worker keeps its name on a notice, in microseconds.
const CLAIMED_US: i64 = 8_000_000;

/// A partition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Rule(RuleKey, u8),
    Notices(u8),
    Bookkeeping,
}

impl Place {
    pub(super) fn of(key: ItemKey) -> Self {
        let bits: [u8; 16] = key.group.into();
        Self::Rule(key.rule, bits[15] % BUCKETS)
    }
}

/// Units that were used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Units {
    /// Those of the index included.
    pub(super) write: u64,
    pub(super) of_index: u64,
    pub(super) read: u64,
    /// Requests that were refused.
    pub(super) throttled: u64,
}

impl Units {
    pub(super) fn add(&mut self, more: Units) {
        self.write += more.write;
        self.of_index += more.of_index;
        self.read += more.read;
        self.throttled += more.throttled;
    }
}

/// The partition key takes no more for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Throttled;

/// Whose it is to tell of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Ours,
    Anothers,
    Told,
}

/// The name of a notice.
pub(super) type NoticeName = (detector_core::store::EpisodeId, bool);

pub(super) fn notice_name(id: detector_core::store::EpisodeId, notice: Notice) -> NoticeName {
    (id, notice == Notice::Closed)
}

#[derive(Debug, Clone, Default)]
struct Partition {
    writes: Tokens,
    reads: Tokens,
    used: Units,
}

/// One second's worth, filled up as time goes by. A request that finds any is served, and may leave a debt.
#[derive(Debug, Clone, Default)]
struct Tokens {
    debt: f64,
    at_us: i64,
}

impl Tokens {
    fn take(&mut self, units: u64, max: u64, now_us: i64) -> Result<(), Throttled> {
        let passed = (now_us - self.at_us).max(0) as f64 / 1e6 * max as f64;
        self.debt = (self.debt - passed).max(0.0);
        self.at_us = now_us;
        if self.debt >= max as f64 {
            return Err(Throttled);
        }
        self.debt += units as f64;
        Ok(())
    }
}

/// All items, and what was used of each partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    items: BTreeMap<ItemKey, Item>,
    due: BTreeMap<(RuleKey, u8), BTreeSet<(i64, Key)>>,
    /// Until when somebody is at it, and who; `None`: told.
    notices: BTreeMap<NoticeName, Option<(i64, usize)>>,
    partitions: BTreeMap<Place, Partition>,
    /// As long as history is made nothing is refused and nothing counted.
    is_limited: bool,
}

impl Table {
    /// From now on what is used counts, and partitions refuse what is too much.
    pub(super) fn limit(&mut self) {
        self.is_limited = true;
    }

    /// What was used, by partition.
    pub(super) fn used(&self) -> impl Iterator<Item = (Place, Units)> {
        self.partitions.iter().map(|(place, it)| (*place, it.used))
    }

    /// # Errors
    /// As for all requests: the partition takes no more.
    pub(super) fn read(&mut self, key: ItemKey, now_us: i64) -> Result<Option<Item>, Throttled> {
        let bytes = self.items.get(&key).map_or(0, units::bytes);
        self.read_units(Place::of(key), units::read(bytes), now_us)?;
        Ok(self.items.get(&key).cloned())
    }

    pub(super) fn write(
        &mut self,
        write: &ConditionalWrite,
        now_us: i64,
    ) -> Result<WriteOutcome, Throttled> {
        let stored = self.items.get(&write.key);
        let is_true = stored.map(|item| item.version) == write.expected;
        let old_due = stored.and_then(|item| item.due);
        let cost = units::write(stored.map_or(0, units::bytes), units::bytes(&write.item));
        let of_index = match is_true {
            true => units::index(old_due, write.item.due),
            false => 0,
        };
        let place = Place::of(write.key);
        self.write_units(place, (cost, of_index), now_us)?;
        if !is_true {
            return Ok(WriteOutcome::Conflict);
        }
        self.put(write.key, write.item.clone());
        Ok(WriteOutcome::Written)
    }

    /// Puts an item where there is no other condition and no cost.
    pub(super) fn put(&mut self, key: ItemKey, item: Item) {
        let Place::Rule(rule, bucket) = Place::of(key) else {
            return;
        };
        let due = self.due.entry((rule, bucket)).or_default();
        if let Some(at) = self.items.get(&key).and_then(|item| item.due) {
            due.remove(&(at, key.group));
        }
        if let Some(at) = item.due {
            due.insert((at, key.group));
        }
        self.items.insert(key, item);
    }

    /// The keys of what is due before the watermark in one bucket of a rule.
    pub(super) fn due(
        &mut self,
        (rule, bucket): (RuleKey, u8),
        watermark: i64,
        now_us: i64,
    ) -> Result<Vec<ItemKey>, Throttled> {
        let before = (watermark, Key::from_u128(0));
        let all = self.due.get(&(rule, bucket));
        let due: Vec<ItemKey> = all
            .into_iter()
            .flat_map(|due| due.range(..before))
            .map(|(_, group)| ItemKey {
                rule,
                group: *group,
            })
            .collect();
        let cost = units::query(due.len() as u64);
        self.read_units(Place::Rule(rule, bucket), cost, now_us)?;
        Ok(due)
    }

    /// Puts `worker`'s name on a notice, or looks whose it is.
    pub(super) fn claim(
        &mut self,
        notice: NoticeName,
        worker: usize,
        now_us: i64,
    ) -> Result<Claim, Throttled> {
        let place = notice_place(notice);
        self.write_units(place, (1, 0), now_us)?;
        let found = self.notices.get(&notice).copied();
        let claim = match found {
            None => Claim::Ours,
            Some(Some((until, who))) if who == worker || until < now_us => Claim::Ours,
            Some(Some(_)) => Claim::Anothers,
            Some(None) => Claim::Told,
        };
        match claim {
            Claim::Ours => {
                let until = now_us + CLAIMED_US;
                self.notices.insert(notice, Some((until, worker)));
            }
            Claim::Anothers | Claim::Told => self.read_units(place, 1, now_us)?,
        }
        Ok(claim)
    }

    pub(super) fn note_told(&mut self, notice: NoticeName, now_us: i64) -> Result<(), Throttled> {
        self.write_units(notice_place(notice), (1, 0), now_us)?;
        self.notices.insert(notice, None);
        Ok(())
    }

    /// A write of so many bytes without a condition, of what the model need not know.
    pub(super) fn note(&mut self, place: Place, bytes: u64, now_us: i64) -> Result<(), Throttled> {
        self.write_units(place, (units::write(0, bytes), 0), now_us)
    }

    /// Likewise a read.
    pub(super) fn look(&mut self, place: Place, bytes: u64, now_us: i64) -> Result<(), Throttled> {
        self.read_units(place, units::read(bytes), now_us)
    }

    /// All items, in the order of their keys.
    pub(super) fn items(&self) -> impl Iterator<Item = (&ItemKey, &Item)> {
        self.items.iter()
    }

    fn write_units(
        &mut self,
        place: Place,
        (units, of_index): (u64, u64),
        now_us: i64,
    ) -> Result<(), Throttled> {
        let used = Units {
            write: units + of_index,
            of_index,
            ..Units::default()
        };
        self.used_at(place, used, now_us)
    }

    fn read_units(&mut self, place: Place, read: u64, now_us: i64) -> Result<(), Throttled> {
        let used = Units {
            read,
            ..Units::default()
        };
        self.used_at(place, used, now_us)
    }

    fn used_at(&mut self, place: Place, used: Units, now_us: i64) -> Result<(), Throttled> {
        if !self.is_limited {
            return Ok(());
        }
        let partition = self.partitions.entry(place).or_default();
        let taken = match used.write {
            0 => partition.reads.take(used.read, READ_UNITS_MAX, now_us),
            units => partition.writes.take(units, WRITE_UNITS_MAX, now_us),
        };
        match taken {
            Ok(()) => partition.used.add(used),
            Err(Throttled) => partition.used.throttled += 1,
        }
        taken
    }
}

fn notice_place((id, _): NoticeName) -> Place {
    let text = id.to_string();
    Place::Notices(text.bytes().fold(0, u8::wrapping_add) % BUCKETS)
}
