//! The table in memory: items, the index of what is due, and what each partition key may take in a second.
//!
//! The layout is that of `detector/lambda`: a partition key is a rule and one of sixteen buckets, beside those of notices
//! and of bookkeeping. What AWS gives on top is left out, so that the model errs on the safe side: unused capacity of
//! five minutes that a burst may take, and more than one partition for a key that is hot for long.

mod units; // sizes -> units
mod late; // what was there a moment ago
mod parked; // what waits for a child's episode
mod packs; // items of one user or address together
mod packed; // reading and writing them

use std::collections::{BTreeMap, BTreeSet};

use detector_core::store::{
    ConditionalWrite, EpisodeId, Item, ItemKey, LogName, LogPart, Notice, ParkedMark, RuleKey,
    WriteOutcome,
};
use detector_core::window::key::Key;

use late::Replaced;
pub(super) use packs::PACK_BUCKETS;
use packs::Packs;

/// Places of marks, likewise.
pub(super) const MARK_PLACES: u8 = 4;

/// Buckets of a rule, as in `detector/lambda`.
pub(super) const BUCKETS: u8 = 16;

/// What one partition key takes in a second (Amazon DynamoDB Developer Guide, "Burst and adaptive capacity").
pub(super) const WRITE_UNITS_MAX: u64 = 1_000;
pub(super) const READ_UNITS_MAX: u64 = 3_000;

/// What a part of the log takes beside its deltas: its key, names of attributes, when it goes.
const LOG_BYTES: u64 = 60;

/// How long a worker keeps its name on a notice, in microseconds.
const CLAIMED_US: i64 = 8_000_000;

/// A partition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Rule(RuleKey, u8),
    /// Of what several rules have of one user or address.
    Packs(u8),
    Notices(u8),
    Log(u8),
    /// A slice and a place of it.
    Parked(i64, u8),
    Marks(u8),
    Bookkeeping,
}

/// Units that were used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Units {
    /// Those of the index included.
    pub(super) write: u64,
    pub(super) of_index: u64,
    pub(super) read: f64,
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
pub(super) type NoticeName = (EpisodeId, bool);

pub(super) fn notice_name(id: EpisodeId, notice: Notice) -> NoticeName {
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
    fn take(&mut self, units: f64, max: u64, now_us: i64) -> Result<(), Throttled> {
        let passed = (now_us - self.at_us).max(0) as f64 / 1e6 * max as f64;
        self.debt = (self.debt - passed).max(0.0);
        self.at_us = now_us;
        if self.debt >= max as f64 {
            return Err(Throttled);
        }
        self.debt += units;
        Ok(())
    }
}

/// All items, and what was used of each partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    items: BTreeMap<ItemKey, Item>,
    packs: Packs,
    replaced: Replaced,
    due: BTreeMap<(RuleKey, u8), BTreeSet<(i64, Key)>>,
    /// Until when somebody is at it, and who; `None`: told.
    notices: BTreeMap<NoticeName, Option<(i64, usize)>>,
    log: BTreeMap<LogName, Vec<u8>>,
    /// By slice and place.
    parked: BTreeMap<(i64, u8, LogName), Vec<u8>>,
    /// Whether each is served.
    marks: BTreeMap<ParkedMark, bool>,
    /// Names given so far.
    named: u64,
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
    pub(super) fn read(
        &mut self,
        key: ItemKey,
        is_consistent: bool,
        now_us: i64,
    ) -> Result<Option<Item>, Throttled> {
        let bytes = self.items.get(&key).map_or(0, units::bytes);
        let cost = match is_consistent {
            true => units::read(bytes),
            false => units::read_late(bytes),
        };
        self.read_units(self.place_of(key), cost, now_us)?;
        let item = match self.replaced.of(key, now_us).filter(|_| !is_consistent) {
            Some(before) => before.clone(),
            None => self.items.get(&key).cloned(),
        };
        Ok(item)
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
            true => units::index(old_due.as_ref(), write.item.due.as_ref()),
            false => 0,
        };
        let place = self.place_of(write.key);
        self.write_units(place, (cost, of_index), now_us)?;
        if !is_true {
            return Ok(WriteOutcome::Conflict);
        }
        if self.is_limited {
            let before = self.items.get(&write.key).cloned();
            self.replaced.add(write.key, before, now_us);
        }
        self.put_by_itself(write.key, write.item.clone());
        Ok(WriteOutcome::Written)
    }

    /// Puts an item where there is no other condition and no cost.
    pub(super) fn put(&mut self, key: ItemKey, item: Item) {
        if self.packs(key.rule) {
            return self.put_into_pack(key, item);
        }
        self.put_by_itself(key, item);
    }

    fn put_by_itself(&mut self, key: ItemKey, item: Item) {
        let old_due = self.items.get(&key).and_then(|item| item.due);
        self.note_due(key, old_due, item.due);
        self.items.insert(key, item);
    }

    /// The partition of an item that lies by itself.
    fn place_of(&self, key: ItemKey) -> Place {
        match self.packs(key.rule) {
            true => place_of_pack(key.group),
            false => Place::Rule(key.rule, key.group.lowest_byte() % BUCKETS),
        }
    }

    /// Of an item that lies by itself.
    fn note_due(&mut self, key: ItemKey, old: Option<i64>, new: Option<i64>) {
        let Place::Rule(rule, bucket) = self.place_of(key) else {
            return self.packs.note_due(key, old, new);
        };
        let due = self.due.entry((rule, bucket)).or_default();
        if let Some(at) = old {
            due.remove(&(at, key.group));
        }
        if let Some(at) = new {
            due.insert((at, key.group));
        }
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
            Claim::Anothers | Claim::Told => self.read_units(place, 1.0, now_us)?,
        }
        Ok(claim)
    }

    pub(super) fn note_told(&mut self, notice: NoticeName, now_us: i64) -> Result<(), Throttled> {
        self.write_units(notice_place(notice), (1, 0), now_us)?;
        self.notices.insert(notice, None);
        Ok(())
    }

    /// Stores a part of the log. Names go around the places; those of the function are drawn at random.
    pub(super) fn append(&mut self, part: &[u8], now_us: i64) -> Result<(), Throttled> {
        let name = self.new_name();
        self.note(
            Place::Log(name.place()),
            LOG_BYTES + part.len() as u64,
            now_us,
        )?;
        self.log.insert(name, part.to_vec());
        Ok(())
    }

    fn new_name(&mut self) -> LogName {
        self.named += 1;
        LogName(Key::from_u128(u128::from(self.named)))
    }

    /// The parts of the log in a place.
    pub(super) fn read_log(&mut self, place: u8, now_us: i64) -> Result<Vec<LogPart>, Throttled> {
        let here = self.log.iter().filter(|(name, _)| name.place() == place);
        let parts: Vec<LogPart> = here
            .map(|(name, deltas)| LogPart {
                name: *name,
                deltas: deltas.clone(),
            })
            .collect();
        let bytes: u64 = parts
            .iter()
            .map(|it| LOG_BYTES + it.deltas.len() as u64)
            .sum();
        self.look(Place::Log(place), bytes, now_us)?;
        Ok(parts)
    }

    pub(super) fn drop_log(&mut self, name: LogName, now_us: i64) -> Result<(), Throttled> {
        let bytes = self
            .log
            .get(&name)
            .map_or(0, |it| LOG_BYTES + it.len() as u64);
        self.note(Place::Log(name.place()), bytes, now_us)?;
        self.log.remove(&name);
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

    fn read_units(&mut self, place: Place, read: f64, now_us: i64) -> Result<(), Throttled> {
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
            units => partition.writes.take(units as f64, WRITE_UNITS_MAX, now_us),
        };
        match taken {
            Ok(()) => partition.used.add(used),
            Err(Throttled) => partition.used.throttled += 1,
        }
        taken
    }
}

fn place_of_pack(group: Key) -> Place {
    Place::Packs(packs::bucket_of(group))
}

fn notice_place((id, _): NoticeName) -> Place {
    let text = id.to_string();
    Place::Notices(text.bytes().fold(0, u8::wrapping_add) % BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RuleKey = RuleKey(Key::from_u128(7));

    fn key(group: u128) -> ItemKey {
        ItemKey {
            rule: RULE,
            group: Key::from_u128(group),
        }
    }

    fn item(version: u64, state_bytes: usize, due: Option<i64>) -> Item {
        Item {
            version,
            state: vec![0; state_bytes],
            episodes: vec![],
            children: vec![],
            judged_to: 0,
            settled_to: 0,
            due,
            latest: 0,
            expires_at: None,
            writer: detector_core::store::Writer::NOBODY,
        }
    }

    fn write(group: u128, expected: Option<u64>, item: Item) -> ConditionalWrite {
        ConditionalWrite {
            key: key(group),
            expected,
            item,
        }
    }

    fn limited() -> Table {
        let mut table = Table::default();
        table.limit();
        table
    }

    pub(super) fn used(table: &Table) -> Units {
        let mut sum = Units::default();
        table.used().for_each(|(_, used)| sum.add(used));
        sum
    }

    #[test]
    fn a_key_takes_a_thousand_units_a_second_and_its_neighbour_too() {
        let mut table = limited();
        let mut written = [0u64; 2];
        // Ten seconds, in which 2,000 units a second are asked of each of two buckets.
        for at_us in (0..10_000_000).step_by(1_000) {
            for bucket in [0, 1] {
                for _ in 0..2 {
                    let asked = write(bucket as u128, Some(0), item(1, 100, None));
                    let answer = table.write(&asked, at_us);
                    written[bucket] += u64::from(answer.is_ok());
                }
            }
        }
        for units in written {
            // What a second's worth of unused capacity lets through at first is on top.
            assert!((10_000..=11_000).contains(&units), "{written:?}");
        }
        assert_eq!(used(&table).throttled, 40_000 - written[0] - written[1]);
    }

    #[test]
    fn a_large_item_takes_a_unit_for_each_begun_kilobyte() {
        let mut table = limited();
        let large = write(0, None, item(1, 235 * 1024 - 256, None));
        assert_eq!(table.write(&large, 0), Ok(WriteOutcome::Written));
        assert_eq!(used(&table).write, 235);
        // Small again, over the large one.
        let small = write(0, Some(1), item(2, 0, None));
        assert_eq!(table.write(&small, 0), Ok(WriteOutcome::Written));
        assert_eq!(used(&table).write, 470);
        assert_eq!(table.read(key(0), true, 0).map(|it| it.is_some()), Ok(true));
        assert_eq!(table.read(key(16), true, 0), Ok(None));
        assert_eq!(used(&table).read, 2.0);
    }

    #[test]
    fn a_condition_that_is_false_costs_and_changes_nothing() {
        let mut table = limited();
        table.put(key(0), item(5, 100 * 1024, Some(9)));
        let stale = write(0, Some(4), item(5, 10, None));
        assert_eq!(table.write(&stale, 0), Ok(WriteOutcome::Conflict));
        let new = write(0, None, item(1, 10, None));
        assert_eq!(table.write(&new, 0), Ok(WriteOutcome::Conflict));
        assert_eq!(used(&table).write, 2 * 101);
        assert_eq!(used(&table).of_index, 0);
        assert_eq!(table.due((RULE, 0), 10, 0).map(|due| due.len()), Ok(1));
    }

    #[test]
    fn a_read_that_need_not_be_consistent_is_half_the_price_and_a_second_late() {
        let mut table = limited();
        let first = write(0, None, item(1, 10, None));
        assert_eq!(table.write(&first, 0), Ok(WriteOutcome::Written));
        let second = write(0, Some(1), item(2, 10, None));
        assert_eq!(table.write(&second, 2_000_000), Ok(WriteOutcome::Written));
        let mut version = |is_consistent, now_us| {
            let item = table.read(key(0), is_consistent, now_us);
            item.map(|it| it.map(|it| it.version))
        };
        assert_eq!(version(false, 2_500_000), Ok(Some(1)));
        assert_eq!(version(true, 2_500_000), Ok(Some(2)));
        assert_eq!(version(false, 3_000_000), Ok(Some(2)));
        assert_eq!(used(&table).read, 2.0);
    }

    #[test]
    fn the_index_costs_when_due_comes_changes_or_goes() {
        let mut table = limited();
        let mut of_index = Vec::new();
        for (version, due) in [
            (1, None),
            (2, Some(5)),
            (3, Some(5)),
            (4, Some(6)),
            (5, None),
        ] {
            let expected = (version > 1).then(|| version - 1);
            let asked = write(0, expected, item(version, 0, due));
            assert_eq!(table.write(&asked, 0), Ok(WriteOutcome::Written));
            of_index.push(used(&table).of_index);
        }
        assert_eq!(of_index, [0, 1, 1, 3, 4]);
        assert_eq!(used(&table).write, 5 + 4);
        assert_eq!(table.due((RULE, 0), i64::MAX, 0), Ok(vec![]));
    }

    #[test]
    fn one_worker_tells_of_a_notice() {
        let mut table = limited();
        let id = EpisodeId::first_known_as("r", Key::from_u128(1), 2);
        let name = notice_name(id, Notice::Opened);
        assert_eq!(table.claim(name, 1, 0), Ok(Claim::Ours));
        assert_eq!(table.claim(name, 2, 1), Ok(Claim::Anothers));
        assert_eq!(table.claim(name, 2, CLAIMED_US + 1), Ok(Claim::Ours));
        assert_eq!(table.note_told(name, CLAIMED_US + 2), Ok(()));
        assert_eq!(table.claim(name, 1, CLAIMED_US + 3), Ok(Claim::Told));
        // Five writes, and a look at whose it is after each that was refused.
        assert_eq!((used(&table).write, used(&table).read), (5, 2.0));
    }
}
