//! Packs, as `detector/lambda` lays them out: the items that several rules have of one user or address lie in one item of
//! the table, which is written as a whole, under a condition on its own version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use detector_core::store::{ConditionalWrite, Item, ItemKey, RuleKey, WriteOutcome};
use detector_core::window::key::Key;

use super::late::LATE_US;
use super::{Place, Table, Throttled, units};

/// Partition keys of packs, as in `detector/lambda`.
pub(in crate::cost) const PACK_BUCKETS: u8 = 128;

/// A larger item lies by itself, as in `detector/lambda`.
const ENTRY_BYTES_MAX: u64 = 4_000;

/// What an entry takes beside state, episodes and children; and a pack beside its entries.
const ENTRY_BYTES: u64 = 90;
const PACK_BYTES: u64 = 100;

/// As long as the stream keeps records, an entry stays after it may be forgotten, in milliseconds.
const KEPT_MS: i64 = 24 * 3600 * 1000;

/// What lies in packs, and what is known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Packs {
    /// The rules whose items are packed.
    rules: Arc<BTreeSet<RuleKey>>,
    packs: BTreeMap<Key, Pack>,
    /// By bucket: packs, and items that lie by themselves, with their rule.
    due: BTreeMap<u8, BTreeSet<(i64, Key, Option<RuleKey>)>>,
    /// The version of a pack as a worker has read or written it last.
    known: BTreeMap<(usize, Key), u64>,
    pub(super) stats: Stats,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Stats {
    put: BTreeMap<u64, u64>,
    refused: BTreeMap<u64, u64>,
    rules_in_write: BTreeMap<usize, u64>,
    entries: BTreeMap<RuleKey, (u64, u64, u64)>,
    own: BTreeMap<u64, u64>,
    bytes: u64,
    entries_held: u64,
}

fn knob(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(default)
}

#[derive(Debug, Clone, Default)]
struct Pack {
    version: u64,
    entries: BTreeMap<RuleKey, Entry>,
    /// Rules whose item lies by itself.
    outside: BTreeSet<RuleKey>,
    /// When it was written last, and the version before.
    replaced: Option<(i64, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    bytes: u64,
    due: Option<i64>,
    expires_at: Option<i64>,
}

impl Entry {
    fn of(item: &Item) -> Self {
        Self {
            bytes: units::bytes(item) - units::ITEM_BYTES + ENTRY_BYTES,
            due: item.due,
            expires_at: item.expires_at,
        }
    }
}

impl Pack {
    fn bytes(&self) -> u64 {
        let entries = self.entries.values().map(|entry| entry.bytes);
        match self.version {
            0 => 0,
            _ => PACK_BYTES + entries.sum::<u64>(),
        }
    }

    /// What the index has of it: when it is due, and of which rules something is.
    fn due(&self) -> Option<(i64, Vec<RuleKey>)> {
        let due = self.entries.iter().filter(|(_, it)| it.due.is_some());
        let at = due.clone().filter_map(|(_, it)| it.due).min()?;
        Some((at, due.map(|(rule, _)| *rule).collect()))
    }
}

/// A part of an effect that is about one item of the table: places in the effect, and keys.
pub(in crate::cost) type Lot = Vec<(usize, ItemKey)>;

impl Table {
    /// A table in which the items of these rules are packed.
    pub(in crate::cost) fn packing(rules: impl IntoIterator<Item = RuleKey>) -> Self {
        let mut table = Self::default();
        table.packs.rules = Arc::new(rules.into_iter().collect());
        table
    }

    pub(in crate::cost) fn packs(&self, rule: RuleKey) -> bool {
        self.packs.rules.contains(&rule)
    }

    /// Whether the item lies in a pack.
    pub(super) fn is_in_pack(&self, key: ItemKey) -> bool {
        let pack = self.packs.packs.get(&key.group);
        self.packs(key.rule) && !pack.is_some_and(|pack| pack.outside.contains(&key.rule))
    }

    /// The keys by the items of the table that they lie in.
    pub(in crate::cost) fn lots(&self, keys: impl IntoIterator<Item = ItemKey>) -> Vec<Lot> {
        let mut lots: BTreeMap<(Option<RuleKey>, Key), Lot> = BTreeMap::new();
        for (place, key) in keys.into_iter().enumerate() {
            let own = (!self.is_in_pack(key)).then_some(key.rule);
            let lot = lots.entry((own, key.group)).or_default();
            lot.push((place, key));
        }
        lots.into_values().collect()
    }

    pub(in crate::cost) fn read_lot(
        &mut self,
        lot: &Lot,
        is_consistent: bool,
        (worker, now_us): (usize, i64),
    ) -> Result<Vec<Option<Item>>, Throttled> {
        let (_, first) = lot[0];
        if !self.is_in_pack(first) {
            return Ok(vec![self.read(first, is_consistent, now_us)?]);
        }
        let group = first.group;
        let pack = self.packs.packs.get(&group);
        let bytes = pack.map_or(0, Pack::bytes);
        let cost = match is_consistent {
            true => units::read(bytes),
            false => units::read_late(bytes),
        };
        let is_consistent = is_consistent || knob("KNOB_CONSISTENT", 0) > 0;
        let cost = if is_consistent { units::read(bytes) } else { cost };
        let late = pack
            .and_then(|pack| pack.replaced)
            .filter(|(at_us, _)| !is_consistent && at_us + LATE_US > now_us);
        let version = late.map_or_else(|| pack.map_or(0, |it| it.version), |(_, before)| before);
        self.read_units(place_of(group), cost, now_us)?;
        self.packs.known.insert((worker, group), version);
        let found = lot.iter().map(|(_, key)| {
            let late = self.replaced.of(*key, now_us).filter(|_| !is_consistent);
            match late {
                Some(before) => before.clone(),
                None => self.items.get(key).cloned(),
            }
        });
        Ok(found.collect())
    }

    /// Writes what lies in one item of the table.
    pub(in crate::cost) fn write_lot(
        &mut self,
        writes: &[&ConditionalWrite],
        (worker, now_us): (usize, i64),
    ) -> Result<Vec<WriteOutcome>, Throttled> {
        if !self.is_in_pack(writes[0].key) {
            if self.is_limited && self.packs(writes[0].key.rule) {
                let cost = units::write(0, units::bytes(&writes[0].item));
                *self.packs.stats.own.entry(cost).or_default() += 1;
            }
            return Ok(vec![self.write(writes[0], now_us)?]);
        }
        let group = writes[0].key.group;
        let pack = self.packs.packs.get(&group).cloned().unwrap_or_default();
        let mut new = pack.clone();
        let mut outcomes = Vec::new();
        for write in writes {
            let stored = self.items.get(&write.key).map(|item| item.version);
            outcomes.push(match stored == write.expected {
                true => WriteOutcome::Written,
                false => WriteOutcome::Conflict,
            });
            if stored == write.expected {
                new.take(write);
            }
        }
        let known = self.packs.known.get(&(worker, group));
        let is_true = known.is_none_or(|known| *known == pack.version);
        let is_written = outcomes.contains(&WriteOutcome::Written);
        if !is_written {
            return Ok(outcomes);
        }
        new.version = pack.version + 1;
        new.replaced = Some((now_us, pack.version));
        let cost = units::write(pack.bytes(), new.bytes());
        if self.is_limited {
            let stats = &mut self.packs.stats;
            let to = if is_true { &mut stats.put } else { &mut stats.refused };
            *to.entry(cost).or_default() += 1;
            stats.bytes += new.bytes();
            stats.entries_held += new.entries.len() as u64;
            *stats.rules_in_write.entry(writes.len()).or_default() += 1;
            for (rule, entry) in &new.entries {
                let of = stats.entries.entry(*rule).or_default();
                of.0 += 1;
                of.1 += entry.bytes;
                of.2 += u64::from(writes.iter().any(|it| it.key.rule == *rule));
            }
        }
        let (old_due, new_due) = (pack.due(), new.due());
        let of_index = match is_true {
            true => units::index(old_due.as_ref(), new_due.as_ref()),
            false => 0,
        };
        self.write_units(place_of(group), (cost, of_index), now_us)?;
        if !is_true {
            self.packs.known.remove(&(worker, group));
            return Ok(vec![WriteOutcome::Conflict; writes.len()]);
        }
        self.packs.known.insert((worker, group), new.version);
        for (write, outcome) in writes.iter().zip(&mut outcomes) {
            if *outcome != WriteOutcome::Written {
                continue;
            }
            let is_large = new.outside.contains(&write.key.rule);
            let before = self.items.get(&write.key).cloned();
            if self.is_limited {
                self.replaced.add(write.key, before, now_us);
                if is_large {
                    // It moves: another write, of a place of its own.
                    let cost = units::write(0, units::bytes(&write.item));
                    let due = write.item.due.as_ref();
                    let of_index = units::index(None, due);
                    let place = place_of(group);
                    let _ = self.write_units(place, (cost, of_index), now_us);
                }
            }
            self.items.insert(write.key, write.item.clone());
            if is_large {
                self.note_due(write.key, None, write.item.due);
            }
        }
        let gone = pack.entries.keys();
        let gone = gone.filter(|rule| !new.has(**rule)).copied();
        for rule in gone {
            self.items.remove(&ItemKey { rule, group });
        }
        self.packs.put(group, old_due, new);
        Ok(outcomes)
    }

    pub(in crate::cost) fn tell_stats(&self, name: impl Fn(RuleKey) -> String) {
        let stats = &self.packs.stats;
        let puts: u64 = stats.put.values().chain(stats.refused.values()).sum();
        eprintln!("put {:?} refused {:?} own {:?}", stats.put, stats.refused, stats.own);
        eprintln!("rules in a write {:?}; mean bytes {}, entries {:.2}", stats.rules_in_write, stats.bytes / puts.max(1), stats.entries_held as f64 / puts as f64);
        let mut entries: Vec<_> = stats.entries.iter().collect();
        entries.sort_by_key(|it| std::cmp::Reverse(it.1.1));
        for (rule, (number, bytes, touched)) in entries.into_iter().take(25) {
            eprintln!("  {:40} in {number} writes, {} bytes, touched {touched}", name(*rule), bytes / number);
        }
    }

    /// Puts an item into its pack where there is no other condition and no cost.
    pub(super) fn put_into_pack(&mut self, key: ItemKey, item: Item) {
        let mut pack = self
            .packs
            .packs
            .get(&key.group)
            .cloned()
            .unwrap_or_default();
        let old_due = pack.due();
        pack.entries.insert(key.rule, Entry::of(&item));
        pack.version += 1;
        self.packs.put(key.group, old_due, pack);
        self.items.insert(key, item);
    }

    /// The keys of what is due before the watermark in one bucket of packs: those of the asked rules of which anything is
    /// due, in the order of groups.
    pub(in crate::cost) fn due_packs(
        &mut self,
        bucket: u8,
        rules: &[RuleKey],
        (watermark, now_us): (i64, i64),
    ) -> Result<Vec<ItemKey>, Throttled> {
        let before = (watermark, Key::from_u128(0), None);
        let all = self.packs.due.get(&bucket);
        let due = all.into_iter().flat_map(|due| due.range(..before));
        let due: Vec<(Key, Option<RuleKey>)> =
            due.map(|(_, group, rule)| (*group, *rule)).collect();
        let cost = units::query(due.len() as u64);
        self.read_units(Place::Packs(bucket), cost, now_us)?;
        let mut keys = Vec::new();
        for (group, own) in due {
            let of_pack = || self.packs.packs.get(&group).and_then(Pack::due);
            let of_rules = match own {
                Some(rule) => vec![rule],
                None => of_pack().map_or_else(Vec::new, |(_, rules)| rules),
            };
            let asked = of_rules.into_iter().filter(|rule| rules.contains(rule));
            keys.extend(asked.map(|rule| ItemKey { rule, group }));
        }
        Ok(keys)
    }

    /// Sizes of packs in bytes, with the number of their entries.
    pub(in crate::cost) fn pack_sizes(&self) -> impl Iterator<Item = (u64, usize)> {
        let packs = self.packs.packs.values();
        packs.map(|pack| (pack.bytes(), pack.entries.len()))
    }
}

impl Pack {
    fn has(&self, rule: RuleKey) -> bool {
        self.entries.contains_key(&rule) || self.outside.contains(&rule)
    }

    /// Takes an item, and leaves out what could have been forgotten long before.
    fn take(&mut self, write: &ConditionalWrite) {
        let entry = Entry::of(&write.item);
        let rule = write.key.rule;
        self.entries.insert(rule, entry);
        if entry.bytes > knob("KNOB_ENTRY", ENTRY_BYTES_MAX) {
            self.entries.remove(&rule);
            self.outside.insert(rule);
        }
        let now = write.item.latest;
        let is_over = |entry: &Entry| entry.expires_at.is_some_and(|at| at + KEPT_MS < now);
        self.entries
            .retain(|of, entry| *of == rule || !is_over(entry));
    }
}

impl Packs {
    /// Of an item that lies by itself.
    pub(super) fn note_due(&mut self, key: ItemKey, old: Option<i64>, new: Option<i64>) {
        let due = self.due.entry(bucket_of(key.group)).or_default();
        if let Some(at) = old {
            due.remove(&(at, key.group, Some(key.rule)));
        }
        if let Some(at) = new {
            due.insert((at, key.group, Some(key.rule)));
        }
    }

    fn put(&mut self, group: Key, old_due: Option<(i64, Vec<RuleKey>)>, pack: Pack) {
        let due = self.due.entry(bucket_of(group)).or_default();
        if let Some((at, _)) = old_due {
            due.remove(&(at, group, None));
        }
        if let Some((at, _)) = pack.due() {
            due.insert((at, group, None));
        }
        self.packs.insert(group, pack);
    }
}

pub(super) fn place_of(group: Key) -> Place {
    Place::Packs(bucket_of(group))
}

fn bucket_of(group: Key) -> u8 {
    group.lowest_byte() % PACK_BUCKETS
}
