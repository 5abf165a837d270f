//! A store that keeps the items of several rules together: each step of it may fail by itself, each worker goes by what
//! it has read, and reads may be late. It says how items changed, so that a store without packs can say whether that
//! was right.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::store::pack::{Condition, Fate, Found, Pack, Packing};
use detector_core::store::{ConditionalWrite, Item, ItemKey, RuleKey, WriteOutcome};
use detector_core::window::key::Key;

use super::mistake::Mutation;
use crate::oracle::TICK_MS;

/// How it fails.
pub(crate) struct Trouble<'t> {
    pub(crate) random: &'t mut fastrand::Rng,
    /// Out of 1,000.
    pub(crate) fail_rate: u32,
    /// Packs are written whatever was written meanwhile.
    pub(crate) is_unconditional: bool,
    /// Who finds that a pack keeps what is written by itself since, and cannot change it, is done all the same.
    pub(crate) is_forgetful: bool,
}

impl<'t> Trouble<'t> {
    pub(crate) fn of(mutation: Mutation, fail_rate: u32, random: &'t mut fastrand::Rng) -> Self {
        Self {
            random,
            fail_rate,
            is_unconditional: mutation == Mutation::NoPackCondition,
            is_forgetful: mutation == Mutation::KeepTheOldOne,
        }
    }

    fn fails(&mut self) -> bool {
        self.random.u32(..1000) < self.fail_rate
    }

    /// What was there, now and then some writes ago.
    fn late<'h, T>(&mut self, history: &'h [T]) -> Option<&'h T> {
        let ago = match self.random.u8(..3) {
            0 if self.fail_rate > 0 => self.random.usize(0..3),
            _ => 0,
        };
        history.len().checked_sub(1 + ago).map(|at| &history[at])
    }
}

/// How an item of the store changed.
#[derive(Debug)]
pub(crate) enum Change {
    Written(ConditionalWrite),
    /// It was left out, since it was over.
    Gone(ItemKey),
}

pub(crate) struct Packs {
    rules: BTreeSet<RuleKey>,
    packing: Packing,
    /// What each was, and is.
    packs: BTreeMap<Key, Vec<Pack>>,
    own: BTreeMap<ItemKey, Vec<Option<Item>>>,
    /// By worker, as it has read or written it last.
    known: Vec<BTreeMap<Key, Pack>>,
    pub(crate) moved: u64,
}

impl Packs {
    pub(crate) fn new(rules: BTreeSet<RuleKey>, workers: usize, seed: u64) -> Self {
        Self {
            rules,
            packing: Packing {
                entry_bytes_max: [120, 200, 4_000][(seed % 3) as usize],
                pack_bytes_max: [300, 32_000][(seed / 3 % 2) as usize],
                longer_ms: 0,
                due_ms: i64::MAX,
                noted_ms: 60 * TICK_MS,
                noted_ms_min: 10 * TICK_MS,
            },
            packs: BTreeMap::new(),
            own: BTreeMap::new(),
            known: vec![BTreeMap::new(); workers],
            moved: 0,
        }
    }

    pub(crate) fn has(&self, key: ItemKey) -> bool {
        self.rules.contains(&key.rule)
    }

    /// A worker that is started anew knows nothing.
    pub(crate) fn forget_known(&mut self, worker: usize) {
        self.known[worker].clear();
    }

    fn pack(&self, group: Key) -> Pack {
        let all = self.packs.get(&group);
        all.and_then(|all| all.last()).cloned().unwrap_or_default()
    }

    fn own(&self, key: ItemKey) -> Option<Item> {
        self.own.get(&key).and_then(|all| all.last()).cloned()?
    }

    fn item(&self, pack: &Pack, key: ItemKey, own: impl FnOnce() -> Option<Item>) -> Option<Item> {
        match pack.find(key.rule) {
            Found::Nothing => None,
            Found::Here(item) => Some(item),
            Found::Outside(last) => Pack::later(last, own()),
            Found::Damaged(damage) => panic!("{key:?}: {damage:?}"),
        }
    }

    /// As all that was written makes it.
    pub(crate) fn stored(&self, key: ItemKey) -> Option<Item> {
        self.item(&self.pack(key.group), key, || self.own(key))
    }

    /// `None`: it failed.
    pub(crate) fn read(
        &mut self,
        keys: &[ItemKey],
        is_consistent: bool,
        (worker, trouble): (usize, &mut Trouble<'_>),
    ) -> Option<Vec<Option<Item>>> {
        let mut read: BTreeMap<Key, Pack> = BTreeMap::new();
        for key in keys {
            if read.contains_key(&key.group) {
                continue;
            }
            let now = self.pack(key.group);
            let all = self.packs.get(&key.group);
            let late = all.and_then(|all| trouble.late(all)).cloned();
            let mut pack = if is_consistent {
                now
            } else {
                late.unwrap_or_default()
            };
            let known = self.known[worker].get(&key.group);
            let known = known.filter(|known| !is_consistent && known.version > pack.version);
            if let Some(known) = known {
                pack = known.clone();
            }
            self.known[worker].insert(key.group, pack.clone());
            read.insert(key.group, pack);
        }
        let mut items = Vec::new();
        for key in keys {
            let all = self.own.get(key).map_or(&[][..], Vec::as_slice);
            let late = trouble.late(all).cloned().flatten();
            let own = if is_consistent { self.own(*key) } else { late };
            let pack = read[&key.group].clone();
            if let (true, Found::Outside(last)) = (is_consistent, pack.find(key.rule))
                && Pack::keeps_an_old_one(last.as_ref(), own.as_ref())
                && !self.forget_last(*key, (worker, trouble))
            {
                return None;
            }
            items.push(self.item(&pack, *key, || own));
        }
        Some(items)
    }

    /// Whether the pack keeps it no more as it was before it was written by itself.
    fn forget_last(&mut self, key: ItemKey, (worker, trouble): (usize, &mut Trouble<'_>)) -> bool {
        let known = self.known[worker].get(&key.group).cloned();
        let Some(known) = known else {
            return trouble.is_forgetful;
        };
        let Some(pack) = known.without_last(&[key.rule], self.packing) else {
            return true;
        };
        let (outcome, _) = self.put(key.group, (&known, pack), (worker, trouble));
        outcome == WriteOutcome::Written || trouble.is_forgetful
    }

    fn put(
        &mut self,
        group: Key,
        (known, pack): (&Pack, Pack),
        (worker, trouble): (usize, &mut Trouble<'_>),
    ) -> (WriteOutcome, bool) {
        self.known[worker].remove(&group);
        if trouble.fails() {
            return (WriteOutcome::Unknown, false);
        }
        if known.version != self.pack(group).version && !trouble.is_unconditional {
            return (WriteOutcome::Conflict, false);
        }
        let all = self.packs.entry(group);
        all.or_insert_with(|| vec![Pack::default()])
            .push(pack.clone());
        if trouble.fails() {
            return (WriteOutcome::Unknown, true);
        }
        self.known[worker].insert(group, pack);
        (WriteOutcome::Written, true)
    }

    /// Writes of one group. What became of each, and what has changed.
    pub(crate) fn write(
        &mut self,
        writes: &[ConditionalWrite],
        (worker, trouble): (usize, &mut Trouble<'_>),
        now: i64,
    ) -> (Vec<WriteOutcome>, Vec<Change>) {
        let group = writes[0].key.group;
        let mut changes = Vec::new();
        let known = match self.known[worker].get(&group) {
            Some(known) => known.clone(),
            None => self.pack(group),
        };
        let all: Vec<&ConditionalWrite> = writes.iter().collect();
        let (pack, fates) = known.with(&all, (self.packing, now));
        if let Some(pack) = pack {
            let gone: Vec<ItemKey> = self
                .rules
                .iter()
                .map(|rule| ItemKey { rule: *rule, group })
                .filter(|key| known.find(key.rule) != Found::Nothing)
                .filter(|key| pack.find(key.rule) == Found::Nothing)
                .collect();
            let (outcome, is_put) = self.put(group, (&known, pack), (worker, trouble));
            if is_put {
                let here = writes.iter().zip(&fates);
                let here = here.filter(|(_, fate)| **fate == Fate::Here);
                changes.extend(here.map(|(write, _)| Change::Written(write.clone())));
                for key in gone {
                    self.delete_over(key, now);
                    changes.push(Change::Gone(key));
                }
            }
            if outcome != WriteOutcome::Written {
                let outcomes = fates.iter().map(|fate| fate.after(outcome));
                return (outcomes.collect(), changes);
            }
        }
        let mut outcomes = Vec::new();
        for (write, fate) in writes.iter().zip(fates) {
            outcomes.push(match fate {
                Fate::Here => WriteOutcome::Written,
                Fate::Conflict => WriteOutcome::Conflict,
                Fate::Outside(condition) => {
                    let (outcome, is_put) = self.put_own(write, condition, trouble);
                    changes.extend(is_put.then(|| Change::Written(write.clone())));
                    let is_done = outcome != WriteOutcome::Written
                        || self.forget_last(write.key, (worker, trouble));
                    if is_done {
                        outcome
                    } else {
                        WriteOutcome::Unknown
                    }
                }
            });
        }
        (outcomes, changes)
    }

    /// Where an item lies is noted for longer than a store takes to delete what is over.
    fn delete_over(&mut self, key: ItemKey, now: i64) {
        if let Some(item) = self.own(key) {
            assert!(self.packing.end_of(&item) <= now, "{key:?} is not over");
            self.own.entry(key).or_default().push(None);
        }
    }

    fn put_own(
        &mut self,
        write: &ConditionalWrite,
        condition: Condition,
        trouble: &mut Trouble<'_>,
    ) -> (WriteOutcome, bool) {
        if trouble.fails() {
            return (WriteOutcome::Unknown, false);
        }
        let version = self.own(write.key).map(|item| item.version);
        let is_true = match condition {
            Condition::Absent => version.is_none(),
            Condition::Version(expected) => version == Some(expected),
            Condition::Before(expected) => version.is_none_or(|version| version < expected),
        };
        if !is_true {
            return (WriteOutcome::Conflict, false);
        }
        self.moved += 1;
        let own = self.own.entry(write.key).or_insert_with(|| vec![None]);
        own.push(Some(write.item.clone()));
        match trouble.fails() {
            true => (WriteOutcome::Unknown, true),
            false => (WriteOutcome::Written, true),
        }
    }

    /// The keys of what may be due before the watermark.
    pub(crate) fn due(&self, rules: &[RuleKey], watermark: i64) -> BTreeSet<ItemKey> {
        let asked: Vec<RuleKey> = rules
            .iter()
            .copied()
            .filter(|rule| self.rules.contains(rule))
            .collect();
        let mut due = BTreeSet::new();
        for (group, packs) in &self.packs {
            let of_pack = packs.last().and_then(|pack| pack.due);
            let of_pack = of_pack.filter(|due| due.at < watermark);
            if let Some(of_pack) = of_pack {
                due.extend(detector_core::store::pack::due_keys(
                    *group,
                    of_pack,
                    asked.iter(),
                ));
            }
        }
        for (key, all) in &self.own {
            let item = all.last().and_then(Option::as_ref);
            let at = item.and_then(|item| item.due);
            if asked.contains(&key.rule) && at.is_some_and(|at| at < watermark) {
                due.insert(*key);
            }
        }
        due
    }

    /// Forgets packs and items that may go at `now`, and tells which items may be others by that.
    pub(crate) fn expire(&mut self, now: i64) -> Vec<ItemKey> {
        let mut touched: BTreeSet<ItemKey> = BTreeSet::new();
        for (group, packs) in &mut self.packs {
            let is_over = |pack: &Pack| pack.version > 0 && pack.ends_at <= now;
            if packs.last().is_some_and(is_over) {
                packs.push(Pack::default());
                let keys = self.rules.iter();
                touched.extend(keys.map(|rule| ItemKey {
                    rule: *rule,
                    group: *group,
                }));
            }
        }
        for (key, all) in &mut self.own {
            let end = |item: &Item| self.packing.end_of(item);
            let item = all.last().and_then(Option::as_ref);
            if item.is_some_and(|item| end(item) <= now) {
                all.push(None);
                touched.insert(*key);
            }
        }
        touched.into_iter().collect()
    }
}
