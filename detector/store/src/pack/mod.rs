//! Packs: the items that several rules have of one user or address, as one item of a store.
//!
//! A store that charges by the write, or by the KB begun, keeps small items cheaper together. To the protocol they stay
//! items of their own: each with its version and its condition. A pack has a version besides, and is written as a whole
//! under a condition on it; who loses against another writer of the pack is told of a conflict, and reads again.
//!
//! An item that becomes large moves out. First the pack notes that it lies by itself, and keeps it as it was; whoever
//! writes it next does so in its own place, on the condition that nothing later is there. So each step is one write, any of
//! them may be the last, and the item is never in two places: the later version counts. It does not move back.

mod entry; // one item in a pack
mod limits; // sizes and times

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::edition::Writer;
use crate::effect::{ConditionalWrite, WriteOutcome};
use crate::item::{self, Item};
use crate::key::{ItemKey, RuleKey};
use crate::waiting::packing;
pub use entry::DamagedEntry;
use entry::Entry;
pub use limits::Packing;

/// The name of a rule's entry in a pack: as much of its key as tells rules apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "[u8; 8]", from = "[u8; 8]")]
pub struct EntryName(u64);

/// Bytes of a name.
const NAME_BYTES: usize = 8;

/// The layout of encoded packs that this program writes and reads.
const LAYOUT: u8 = 1;

impl From<EntryName> for [u8; NAME_BYTES] {
    fn from(name: EntryName) -> Self {
        name.0.to_be_bytes()
    }
}

impl From<[u8; NAME_BYTES]> for EntryName {
    fn from(bytes: [u8; NAME_BYTES]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

impl EntryName {
    pub fn of(rule: RuleKey) -> Self {
        Self(rule.0.to_u128() as u64)
    }

    /// One of 64 bits, for [`Due::rules`].
    fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// When something in a pack is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When the first is.
    pub at: i64,
    /// Of which rules something is due at any time: a bit for each, which others may share.
    pub rules: u64,
}

impl Due {
    fn earlier(one: Option<Due>, other: Option<Due>) -> Option<Due> {
        let (Some(one), Some(other)) = (one, other) else {
            return one.or(other);
        };
        Some(Due {
            at: one.at.min(other.at),
            rules: one.rules | other.rules,
        })
    }

    /// Whether an item of the rule may be due, at any time.
    pub fn may_be_of(self, rule: RuleKey) -> bool {
        self.rules & EntryName::of(rule).bit() != 0
    }
}

/// The items of one group of several rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pack {
    /// Grows with every write, and from an expired pack to the next of the same group; 0: there is none.
    pub version: u64,
    /// As they are encoded: one that cannot be read stays as it is.
    pub entries: BTreeMap<EntryName, Vec<u8>>,
    /// When something in it is due.
    pub due: Option<Due>,
    /// When all of it may go, in milliseconds.
    pub ends_at: i64,
    /// Why nothing of what is stored can be read, and so nothing be written.
    pub damage: Option<DamagedEntry>,
}

/// What a pack has of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Here(Item),
    /// The item lies by itself; where it is not there, or of a lower version, it is this.
    Outside(Option<Item>),
    Damaged(DamagedEntry),
}

/// A part of many keys that is about one item of a store: places among all, and keys.
pub type Lot = Vec<(usize, ItemKey)>;

/// The keys by the items of a store that they lie in, but for what is too large for its pack.
pub fn lots(
    keys: impl IntoIterator<Item = ItemKey>,
    is_packed: impl Fn(RuleKey) -> bool,
) -> Vec<Lot> {
    let mut lots: BTreeMap<(Option<RuleKey>, detector_window::key::Key), Lot> = BTreeMap::new();
    for (place, key) in keys.into_iter().enumerate() {
        let own = (!is_packed(key.rule)).then_some(key.rule);
        lots.entry((own, key.group)).or_default().push((place, key));
    }
    lots.into_values().collect()
}

/// What is to become of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is written with the pack.
    Here,
    /// Its condition is false, or the item is to be read again.
    Conflict,
    /// Once the pack is written, it is written by itself.
    Outside(Condition),
}

impl Fate {
    /// What becomes of the write where its pack had to be written first, and was not.
    pub fn after(self, of_pack: WriteOutcome) -> WriteOutcome {
        match self {
            Fate::Conflict => WriteOutcome::Conflict,
            Fate::Here | Fate::Outside(_) => of_pack,
        }
    }
}

/// On what an item that lies by itself is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Absent,
    Version(u64),
    /// Nothing is there but what is of a lower version.
    Before(u64),
}

impl Pack {
    pub fn find(&self, rule: RuleKey) -> Found {
        if let Some(damage) = &self.damage {
            return Found::Damaged(damage.clone());
        }
        let Some(bytes) = self.entries.get(&EntryName::of(rule)) else {
            return Found::Nothing;
        };
        match Entry::decoded(bytes) {
            Ok(Entry::Here(item)) => Found::Here(item),
            Ok(Entry::Outside { last, .. }) => Found::Outside(last),
            Err(damage) => Found::Damaged(damage),
        }
    }

    /// Which of the two is the item, of one that lies by itself.
    pub fn later(last: Option<Item>, own: Option<Item>) -> Option<Item> {
        match Pack::keeps_an_old_one(last.as_ref(), own.as_ref()) {
            true => own,
            false => last.or(own),
        }
    }

    /// Whether the pack keeps an item as it was before it was written by itself.
    pub fn keeps_an_old_one(last: Option<&Item>, own: Option<&Item>) -> bool {
        last.zip(own)
            .is_some_and(|(last, own)| last.version < own.version)
    }

    /// The pack with these writes, which are of its group, and what becomes of each; `None` where the pack stays as it is.
    /// What may go at `now`, in milliseconds, is left out.
    #[must_use]
    pub fn with(
        &self,
        writes: &[&ConditionalWrite],
        (packing, now): (Packing, i64),
    ) -> (Option<Pack>, Vec<Fate>) {
        let mut pack = self.clone();
        let fates: Vec<Fate> = writes
            .iter()
            .map(|write| pack.take(write, (packing, now)))
            .collect();
        if pack == *self {
            return (None, fates);
        }
        let is_new = |name: &EntryName, bytes: &Vec<u8>| self.entries.get(name) != Some(bytes);
        pack.entries.retain(|name, bytes| {
            let may_go = || entry::known(bytes).is_ok_and(|it| it.ends_at <= now);
            is_new(name, bytes) || !may_go()
        });
        pack.version = match self.version {
            0 => pack.first_version(writes),
            read => read + 1,
        };
        pack.schedule();
        (Some(pack), fates)
    }

    /// Begins above those of a pack before, whose events were earlier. Where they were not, two that begin differ in what is
    /// in them, or else a write upon the pack before would take this one for it, and what it holds would be lost.
    fn first_version(&self, writes: &[&ConditionalWrite]) -> u64 {
        const HASH_BITS: u32 = 16;
        const TIME_BITS: u32 = 46;
        let latest = writes.iter().map(|write| write.item.latest).max();
        let time = item::next_version(None, latest.unwrap_or(0)).min((1 << TIME_BITS) - 1);
        let mut hasher = DefaultHasher::new();
        self.entries.hash(&mut hasher);
        time << HASH_BITS | hasher.finish() >> (u64::BITS - HASH_BITS)
    }

    fn take(&mut self, write: &ConditionalWrite, (packing, now): (Packing, i64)) -> Fate {
        let rule = write.key.rule;
        let stored = match (self.find(rule), write.expected) {
            (Found::Nothing, None) => None,
            (Found::Here(item), Some(expected)) if item.version == expected => Some(item),
            (Found::Outside(last), expected) => {
                return self.take_outside(write, (last, expected), (packing, now));
            }
            _ => return Fate::Conflict,
        };
        let name = EntryName::of(rule);
        let entry = Entry::Here(write.item.clone()).encoded(packing);
        let is_large = entry.len() > packing.entry_bytes_max;
        self.entries.insert(name, entry);
        if !is_large && self.bytes() <= packing.pack_bytes_max {
            return Fate::Here;
        }
        let ends_at = packing.end_of(&write.item).max(now);
        let noted = Entry::Outside {
            until: ends_at.saturating_add(packing.noted_ms),
            last: stored,
            writer: write.item.writer,
        };
        self.entries.insert(name, noted.encoded(packing));
        Fate::Conflict
    }

    fn take_outside(
        &mut self,
        write: &ConditionalWrite,
        (last, expected): (Option<Item>, Option<u64>),
        (packing, now): (Packing, i64),
    ) -> Fate {
        let condition = match (expected, last.as_ref().map(|last| last.version)) {
            (None, None) => Condition::Absent,
            (None, Some(_)) => return Fate::Conflict,
            (Some(expected), Some(last)) if expected == last => Condition::Before(expected),
            (Some(expected), _) => Condition::Version(expected),
        };
        let name = EntryName::of(write.key.rule);
        // Of what is over when it is written, too, the note has to outlive the write: it may be deleted at any moment.
        let ends_at = packing.end_of(&write.item).max(now);
        let noted = self.entries.get(&name);
        let noted = noted.and_then(|bytes| entry::known(bytes).ok());
        let is_noted =
            |known: entry::Known| known.ends_at >= ends_at.saturating_add(packing.noted_ms_min);
        if !noted.is_some_and(is_noted) {
            let until = ends_at.saturating_add(packing.noted_ms);
            let writer = write.item.writer;
            let noted = Entry::Outside {
                until,
                last,
                writer,
            };
            self.entries.insert(name, noted.encoded(packing));
        }
        Fate::Outside(condition)
    }

    /// The pack without what it keeps of an item that was written by itself since; `None` where it keeps nothing.
    #[must_use]
    pub fn without_last(&self, rules: &[RuleKey], packing: Packing) -> Option<Pack> {
        let mut pack = self.clone();
        for rule in rules {
            let name = EntryName::of(*rule);
            let entry = self.entries.get(&name).map(|bytes| Entry::decoded(bytes));
            if let Some(Ok(Entry::Outside {
                until,
                last: Some(_),
                writer,
            })) = entry
            {
                let last = None;
                let noted = Entry::Outside {
                    until,
                    last,
                    writer,
                };
                pack.entries.insert(name, noted.encoded(packing));
            }
        }
        let is_changed = pack != *self;
        pack.version += 1;
        pack.schedule();
        is_changed.then_some(pack)
    }

    /// Notes when something in it is due, and when it may go. What is damaged stays as long as the pack would have.
    fn schedule(&mut self) {
        let was = (None, self.ends_at);
        (self.due, self.ends_at) = (None, i64::MIN);
        for (name, bytes) in &self.entries {
            let of_entry = |at| Due {
                at,
                rules: name.bit(),
            };
            let (due, ends_at) = match entry::known(bytes) {
                Ok(known) => (known.due.map(of_entry), known.ends_at),
                Err(_) => was,
            };
            self.due = Due::earlier(self.due, due);
            self.ends_at = self.ends_at.max(ends_at);
        }
    }

    /// Bytes of its entries, with their names, as they are before they are encoded.
    pub fn bytes(&self) -> usize {
        let entries = self.entries.values();
        entries.map(|bytes| NAME_BYTES + bytes.len()).sum()
    }

    /// The latest of who wrote its entries.
    fn writer(&self) -> Writer {
        let known = self.entries.values().filter_map(|it| entry::known(it).ok());
        let writers = known.map(|it| it.writer);
        writers
            .max_by_key(|writer| writer.since)
            .unwrap_or(Writer::NOBODY)
    }

    /// All entries, for a store: the layout and the latest writer, which every layout has in this place, then the entries.
    /// The same hits, values and names stand in those of several rules, so that they are deflated together.
    pub fn encoded(&self) -> Vec<u8> {
        let entries: Vec<(EntryName, &[u8])> = self
            .entries
            .iter()
            .map(|(name, entry)| (*name, entry.as_slice()))
            .collect();
        let entries = postcard::to_allocvec(&entries).expect("plain values");
        let begin = postcard::to_extend(&self.writer(), vec![LAYOUT]).expect("plain values");
        packing::pack(&begin, &entries)
    }

    /// The entries that were encoded.
    ///
    /// # Errors
    /// Why they cannot be read: they are damaged, or of another layout.
    pub fn decoded(bytes: &[u8]) -> Result<BTreeMap<EntryName, Vec<u8>>, DamagedEntry> {
        let (layout, writer, packed) = entry::opened::<Writer>(bytes)?;
        entry::expect_layout(layout, LAYOUT, writer)?;
        let damaged = |why: String| DamagedEntry::of(why, writer);
        let entries =
            packing::unpack(packed).ok_or_else(|| damaged("it cannot be unpacked".to_owned()))?;
        let entries = postcard::from_bytes::<Vec<(EntryName, Vec<u8>)>>(&entries);
        let entries = entries.map_err(|why| damaged(why.to_string()))?;
        Ok(entries.into_iter().collect())
    }
}

/// The asked rules of whose items in a group's pack some may be due.
pub fn due_keys<'r>(
    group: detector_window::key::Key,
    due: Due,
    rules: impl Iterator<Item = &'r RuleKey>,
) -> impl Iterator<Item = ItemKey> {
    let asked = rules.filter(move |rule| due.may_be_of(**rule));
    asked.map(move |rule| ItemKey { rule: *rule, group })
}

#[cfg(test)]
mod tests;
