//! Reading and writing packs: what is asked of the table, and what it costs.

use std::sync::Arc;

use detector_core::store::pack::{self, EntryName, Fate, Found, Lot, Pack, due_keys};
use detector_core::store::{ConditionalWrite, Item, ItemKey, RuleKey, WriteOutcome};
use detector_core::window::key::Key;

use super::packs::{Kept, PACKING};
use super::{Place, Table, Throttled, place_of_pack, units};

impl Table {
    /// A table in which the items of these rules are packed.
    pub(in crate::cost) fn packing(rules: impl IntoIterator<Item = RuleKey>) -> Self {
        let rules = rules.into_iter().map(|rule| (EntryName::of(rule), rule));
        let mut table = Self::default();
        table.packs.rules = Arc::new(rules.collect());
        table
    }

    pub(in crate::cost) fn packs(&self, rule: RuleKey) -> bool {
        self.packs.rules.contains_key(&EntryName::of(rule))
    }

    /// The keys by the items of the table that they lie in, but for those that are too large.
    pub(in crate::cost) fn lots(&self, keys: impl IntoIterator<Item = ItemKey>) -> Vec<Lot> {
        pack::lots(keys, |rule| self.packs(rule))
    }

    fn kept(&self, group: Key) -> Kept {
        self.packs.packs.get(&group).cloned().unwrap_or_default()
    }

    /// Packs are read consistently in any case.
    pub(in crate::cost) fn read_lot(
        &mut self,
        lot: &Lot,
        is_consistent: bool,
        (worker, now_us): (usize, i64),
    ) -> Result<Vec<Option<Item>>, Throttled> {
        let (_, first) = lot[0];
        if !self.packs(first.rule) {
            return Ok(vec![self.read(first, is_consistent, now_us)?]);
        }
        let group = first.group;
        let Kept { pack, bytes } = self.kept(group);
        self.read_units(place_of_pack(group), units::read(bytes), now_us)?;
        self.packs.known.insert((worker, group), pack.version);
        let mut items = Vec::with_capacity(lot.len());
        for (_, key) in lot {
            items.push(match pack.find(key.rule) {
                Found::Here(item) => Some(item),
                Found::Outside(last) => Pack::later(last, self.read(*key, is_consistent, now_us)?),
                Found::Nothing | Found::Damaged(_) => None,
            });
        }
        Ok(items)
    }

    /// Writes what lies in one item of the table.
    pub(in crate::cost) fn write_lot(
        &mut self,
        writes: &[&ConditionalWrite],
        (worker, now_us): (usize, i64),
    ) -> Result<Vec<WriteOutcome>, Throttled> {
        if !self.packs(writes[0].key.rule) {
            return Ok(vec![self.write(writes[0], now_us)?]);
        }
        let group = writes[0].key.group;
        let kept = self.kept(group);
        let now = writes.iter().map(|write| write.item.latest).max();
        let (pack, fates) = kept.pack.with(writes, (PACKING, now.unwrap_or(i64::MIN)));
        if let Some(pack) = pack {
            let known = self.packs.known.get(&(worker, group));
            let is_true = known.is_none_or(|known| *known == kept.pack.version);
            self.put_pack(group, (&kept, pack), is_true, (worker, now_us))?;
            if !is_true {
                return Ok(vec![WriteOutcome::Conflict; writes.len()]);
            }
        }
        let mut outcomes = Vec::with_capacity(writes.len());
        let mut moved = Vec::new();
        for (write, fate) in writes.iter().zip(fates) {
            outcomes.push(match fate {
                Fate::Here => {
                    self.items.insert(write.key, write.item.clone());
                    WriteOutcome::Written
                }
                Fate::Conflict => WriteOutcome::Conflict,
                Fate::Outside(_) => {
                    moved.push(write.key.rule);
                    // What it has not room for is tried again.
                    let written = self.write(write, now_us);
                    written.unwrap_or(WriteOutcome::Unknown)
                }
            });
        }
        let kept = self.kept(group);
        if let Some(pack) = kept.pack.without_last(&moved, PACKING) {
            let _ = self.put_pack(group, (&kept, pack), true, (worker, now_us));
        }
        Ok(outcomes)
    }

    /// Puts a pack, if its condition is true, and takes what it costs in any case.
    fn put_pack(
        &mut self,
        group: Key,
        (old, pack): (&Kept, Pack),
        is_true: bool,
        (worker, now_us): (usize, i64),
    ) -> Result<(), Throttled> {
        let new = Kept::of(pack);
        let cost = units::write(old.bytes, new.bytes);
        let of_index = match is_true {
            true => units::index(old.pack.due.as_ref(), new.pack.due.as_ref()),
            false => 0,
        };
        self.write_units(place_of_pack(group), (cost, of_index), now_us)?;
        if !is_true {
            self.packs.known.remove(&(worker, group));
            return Ok(());
        }
        self.packs.known.insert((worker, group), new.pack.version);
        for name in old.pack.entries.keys() {
            if !new.pack.entries.contains_key(name) {
                let rule = self.packs.rules[name];
                self.items.remove(&ItemKey { rule, group });
            }
        }
        self.packs.keep(group, new);
        Ok(())
    }

    /// Puts an item into its pack where there is no other condition and no cost.
    pub(super) fn put_into_pack(&mut self, key: ItemKey, item: Item) {
        let write = ConditionalWrite {
            key,
            expected: self.items.get(&key).map(|item| item.version),
            item,
        };
        let kept = self.kept(key.group);
        let (pack, _) = kept.pack.with(&[&write], (PACKING, i64::MIN));
        if let Some(pack) = pack {
            self.packs.keep(key.group, Kept::of(pack));
        }
        self.items.insert(key, write.item);
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
        let packed: Vec<RuleKey> = rules.iter().copied().filter(|it| self.packs(*it)).collect();
        let mut keys = Vec::new();
        for (group, own) in due {
            match (own, self.packs.packs.get(&group).and_then(|it| it.pack.due)) {
                (Some(rule), _) if packed.contains(&rule) => keys.push(ItemKey { rule, group }),
                (None, Some(due)) => keys.extend(due_keys(group, due, packed.iter())),
                _ => {}
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::used;
    use super::*;
    use detector_core::store::Writer;

    const fn rule(number: u128) -> RuleKey {
        RuleKey(Key::from_u128(number))
    }

    const RULES: [RuleKey; 3] = [rule(1), rule(2), rule(3)];

    fn write(rule: usize, expected: Option<u64>, bytes: usize) -> ConditionalWrite {
        let version = expected.map_or(1, |version| version + 1);
        let mut random = fastrand::Rng::with_seed(version + 10 * rule as u64);
        ConditionalWrite {
            key: ItemKey {
                rule: RULES[rule],
                group: Key::from_u128(7),
            },
            expected,
            item: Item {
                version,
                state: (0..bytes).map(|_| random.u8(..)).collect(),
                episodes: vec![],
                children: vec![],
                judged_to: 0,
                settled_to: 0,
                due: Some(5),
                latest: 0,
                expires_at: None,
                writer: Writer::NOBODY,
            },
        }
    }

    #[test]
    fn items_of_one_group_are_read_and_written_as_one() {
        let mut table = Table::packing(RULES);
        table.limit();
        let all = [0, 1, 2].map(|rule| write(rule, None, 400));
        let lots = table.lots(all.iter().map(|write| write.key));
        assert_eq!(lots.len(), 1);
        let of_lot: Vec<&ConditionalWrite> = all.iter().collect();
        let outcomes = table.write_lot(&of_lot, (1, 0));
        assert_eq!(outcomes, Ok(vec![WriteOutcome::Written; 3]));
        // 1,200 bytes that nothing makes less, and the index.
        assert_eq!((used(&table).write, used(&table).of_index), (3, 1));
        let items = table.read_lot(&lots[0], false, (2, 0)).unwrap();
        assert!(
            items
                .iter()
                .zip(&all)
                .all(|(item, write)| item.as_ref() == Some(&write.item))
        );
        assert_eq!(used(&table).read, 1.0);

        // The second has read it before the first writes again.
        let again = write(0, Some(1), 400);
        assert_eq!(
            table.write_lot(&[&again], (1, 0)),
            Ok(vec![WriteOutcome::Written])
        );
        let other = write(1, Some(1), 400);
        assert_eq!(
            table.write_lot(&[&other], (2, 0)),
            Ok(vec![WriteOutcome::Conflict])
        );
        table.read_lot(&lots[0], true, (2, 0)).unwrap();
        assert_eq!(
            table.write_lot(&[&other], (2, 0)),
            Ok(vec![WriteOutcome::Written])
        );
        assert_eq!(used(&table).write, 3 + 2 + 2 + 2);
        let due = table.due_packs(7, &RULES[1..], (6, 0)).unwrap();
        assert_eq!(due, [other.key, all[2].key]);
        assert_eq!(table.due_packs(7, &RULES, (5, 0)), Ok(vec![]));
    }

    #[test]
    fn what_is_too_large_is_written_by_itself() {
        let mut table = Table::packing(RULES);
        table.limit();
        let (large, small) = (write(0, None, 9_000), write(1, None, 10));
        let both = [&large, &small];
        use WriteOutcome::{Conflict, Written};
        assert_eq!(table.write_lot(&both, (1, 0)), Ok(vec![Conflict, Written]));
        assert_eq!(table.write_lot(&[&large], (1, 0)), Ok(vec![Written]));
        let lot = vec![(0, large.key), (1, small.key)];
        let items = table.read_lot(&lot, true, (1, 0)).unwrap();
        assert_eq!(items, [Some(large.item), Some(small.item)]);
        // The pack, and twice the index; 9,256 bytes of the other.
        assert_eq!(used(&table).write, 1 + 1 + 10 + 1);
        assert_eq!(used(&table).read, 1.0 + 3.0);
    }
}
