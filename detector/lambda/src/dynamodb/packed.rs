//! Reading and writing packs: the calls, and what becomes of each item.

use std::collections::BTreeMap;

use detector_core::store::pack::{self, Fate, Found, Pack};
use detector_core::store::{ConditionalWrite, Item, ItemKey, RuleKey, WriteOutcome};
use detector_core::window::key::Key;
use tracing::debug;

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::attributes::{self, PACKING};
use crate::dynamodb::packs::{Stored, named, of_pack, outside_key, pack_key, read_pack};
use crate::dynamodb::requests::Put;
use crate::fault::Fault;

impl DynamoStore {
    /// The items at keys of packed rules. Packs are read consistently in any case: two logs often tell of the same at the
    /// same time, and what a refused write costs is more than what such a read does.
    pub(super) async fn read_packed(
        &self,
        keys: &[ItemKey],
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<BTreeMap<ItemKey, Item>, Fault> {
        self.known_packs.make_room();
        let mut packs: BTreeMap<Key, Stored> = BTreeMap::new();
        for key in keys {
            packs.entry(key.group).or_default();
        }
        let wanted = packs.keys().map(|group| pack_key(*group)).collect();
        for found in self.read_raw(wanted, true, deadline).await? {
            if let Some((group, None)) = named(&found) {
                packs.insert(group, read_pack(found));
            }
        }
        let mut items = BTreeMap::new();
        let mut moved: BTreeMap<Key, Vec<RuleKey>> = BTreeMap::new();
        let mut outside: BTreeMap<ItemKey, Option<Item>> = BTreeMap::new();
        for key in keys {
            match packs[&key.group].pack.find(key.rule) {
                Found::Nothing => {}
                Found::Here(item) => {
                    items.insert(*key, item);
                }
                Found::Outside(last) => {
                    outside.insert(*key, last);
                }
                Found::Damaged(damage) => {
                    items.insert(*key, attributes::damaged(*key, &damage.why, damage.writer));
                }
            }
        }
        for (group, stored) in packs {
            self.known_packs.keep(group, stored);
        }
        let wanted = outside.keys().map(|key| outside_key(*key)).collect();
        let mut own: BTreeMap<ItemKey, Item> = BTreeMap::new();
        for found in self.read_raw(wanted, is_consistent, deadline).await? {
            if let Some((group, Some(rule))) = named(&found) {
                let key = ItemKey { rule, group };
                own.insert(key, attributes::readable(key, &found));
            }
        }
        for (key, last) in outside {
            let own = own.remove(&key);
            // What cannot be read has no version, and is no earlier for that.
            if let Some(damaged) = own.as_ref().filter(|own| own.state.is_empty()) {
                items.insert(key, damaged.clone());
                continue;
            }
            // Whoever wrote it by itself did not come to it.
            if is_consistent && Pack::keeps_an_old_one(last.as_ref(), own.as_ref()) {
                moved.entry(key.group).or_default().push(key.rule);
            }
            let item = Pack::later(last, own);
            items.extend(item.map(|item| (key, item)));
        }
        for (group, rules) in moved {
            if !self.forget_last(group, &rules, deadline).await {
                return Err(Fault::odd_answer("a pack keeps an item as it was"));
            }
        }
        Ok(items)
    }

    /// Writes items of one group that lie in one pack. Outcomes are in the order of `writes`.
    pub(super) async fn write_pack(
        &self,
        group: Key,
        writes: &[&ConditionalWrite],
        (now, deadline): (i64, Deadline),
    ) -> Vec<WriteOutcome> {
        let Some(stored) = self.known_pack(group, deadline).await else {
            return vec![WriteOutcome::Unknown; writes.len()];
        };
        let (pack, fates) = stored.pack.with(writes, (PACKING, now));
        if let Some(pack) = pack {
            let outcome = self.put_pack(group, &stored, pack, deadline).await;
            if outcome != WriteOutcome::Written {
                return fates.iter().map(|fate| fate.after(outcome)).collect();
            }
        }
        let mut outcomes = Vec::with_capacity(writes.len());
        let mut moved = Vec::new();
        for (write, fate) in writes.iter().zip(fates) {
            outcomes.push(match fate {
                Fate::Here => WriteOutcome::Written,
                Fate::Conflict => WriteOutcome::Conflict,
                Fate::Outside(condition) => {
                    let at = outside_key(write.key);
                    let item = attributes::of_item_at(at, &write.item);
                    let put = Put { item, condition };
                    let outcome = self.put_one(&put, write.key.group, deadline).await;
                    if outcome == WriteOutcome::Written {
                        moved.push(write.key.rule);
                    }
                    outcome
                }
            });
        }
        if !self.forget_last(group, &moved, deadline).await {
            for (write, outcome) in writes.iter().zip(&mut outcomes) {
                if moved.contains(&write.key.rule) {
                    *outcome = WriteOutcome::Unknown;
                }
            }
        }
        outcomes
    }

    /// The pack keeps an item that lies by itself as it was until the item is written there. Whether it does no more: who
    /// finds that it does is not done, since the item may be deleted one day, and would be as it was then.
    async fn forget_last(&self, group: Key, moved: &[RuleKey], deadline: Deadline) -> bool {
        if moved.is_empty() {
            return true;
        }
        let Some(stored) = self.known_packs.get(group) else {
            return false;
        };
        let Some(pack) = stored.pack.without_last(moved, PACKING) else {
            return true;
        };
        let outcome = self.put_pack(group, &stored, pack, deadline).await;
        debug!(?group, ?outcome, "an item of a pack lies by itself");
        outcome == WriteOutcome::Written
    }

    /// The pack as it is known, or as it is.
    async fn known_pack(&self, group: Key, deadline: Deadline) -> Option<Stored> {
        if let Some(known) = self.known_packs.get(group) {
            return Some(known);
        }
        let found = self.read_raw(vec![pack_key(group)], true, deadline).await;
        let read = found.ok()?.pop().map(read_pack).unwrap_or_default();
        self.known_packs.keep(group, read.clone());
        Some(read)
    }

    async fn put_pack(
        &self,
        group: Key,
        stored: &Stored,
        pack: Pack,
        deadline: Deadline,
    ) -> WriteOutcome {
        let condition = match stored.pack.version {
            0 => pack::Condition::Absent,
            version => pack::Condition::Version(version),
        };
        let stored = Stored {
            pack,
            others: stored.others.clone(),
        };
        let item = of_pack(group, &stored);
        let outcome = self
            .put_one(&Put { item, condition }, group, deadline)
            .await;
        match outcome {
            WriteOutcome::Written => self.known_packs.keep(group, stored),
            WriteOutcome::Conflict | WriteOutcome::Unknown => self.known_packs.forget(group),
        }
        outcome
    }
}
