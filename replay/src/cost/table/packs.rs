//! Packs, as `detector/lambda` lays them out: the items that several rules have of one user or address are one item of the
//! table. What is written is what the function writes; where, when and at what price is the model's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use detector_core::store::pack::{Due, EntryName, Pack, Packing};
use detector_core::store::{ItemKey, RuleKey};
use detector_core::window::key::Key;

/// Partition keys of packs, as in `detector/lambda`.
pub(in crate::cost) const PACK_BUCKETS: u8 = 128;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// As in `detector/lambda`.
pub(super) const PACKING: Packing = Packing::kept(DAY_MS, 30 * DAY_MS);

/// What a pack takes beside its entries: its keys, version, when it is due and when it goes, and their names.
const PACK_BYTES: u64 = 6 + 6 + 5 + 16 + 5 + 7 + 8 + 3 + 18 + 7 + 6;

/// What lies in packs, and what is known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Packs {
    /// The rules whose items are packed.
    pub(super) rules: Arc<BTreeMap<EntryName, RuleKey>>,
    pub(super) packs: BTreeMap<Key, Kept>,
    /// By bucket: packs, and items that lie by themselves, with their rule.
    pub(super) due: BTreeMap<u8, BTreeSet<(i64, Key, Option<RuleKey>)>>,
    /// The version of a pack as a worker has read or written it last.
    pub(super) known: BTreeMap<(usize, Key), u64>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) pack: Pack,
    pub(super) bytes: u64,
}

impl Kept {
    pub(super) fn of(pack: Pack) -> Self {
        let bytes = PACK_BYTES + pack.encoded().len() as u64;
        Self { pack, bytes }
    }
}

impl Packs {
    /// Of an item that lies by itself.
    pub(super) fn note_due(&mut self, key: ItemKey, old: Option<i64>, new: Option<i64>) {
        self.change_due((key.group, Some(key.rule)), old, new);
    }

    pub(super) fn keep(&mut self, group: Key, kept: Kept) {
        let new = kept.pack.due.map(|due: Due| due.at);
        let old = self.packs.insert(group, kept);
        let old = old.and_then(|old| old.pack.due).map(|due| due.at);
        self.change_due((group, None), old, new);
    }

    fn change_due(
        &mut self,
        (group, rule): (Key, Option<RuleKey>),
        old: Option<i64>,
        new: Option<i64>,
    ) {
        let due = self.due.entry(bucket_of(group)).or_default();
        if let Some(at) = old {
            due.remove(&(at, group, rule));
        }
        if let Some(at) = new {
            due.insert((at, group, rule));
        }
    }
}

pub(super) fn bucket_of(group: Key) -> u8 {
    group.lowest_byte() % PACK_BUCKETS
}
