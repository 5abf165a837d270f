//! Packs in the table: the items that several rules have of one user or address are one item here.
//!
//! Primary key: `bucket` (`packs` and one byte, the group's part of all), `group`. `items` has them all, beside the pack's
//! `version`. An item that is too large for its pack lies in the same bucket, under the group and its rule.
//! `due` has the bits of the rules of which something is due behind its point, since the index tells of keys alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use detector_core::store::pack::{self, DamagedEntry, Due, Pack};
use detector_core::store::{ItemKey, RuleKey};
use detector_core::window::key::Key;

use crate::dynamodb::attributes::{Attributes, bytes, number, primary_key, read_number, seconds};

/// Partition keys of packs: one takes 1,000 write units a second and, with a local index, 10 GB. A sweep asks each of them
/// at each depth of the rules.
pub const PACK_BUCKETS: u8 = 128;

/// Begins the partition keys; no rule's bucket is so short.
const BUCKET: &[u8] = b"packs";

/// Digits of the bits behind the point of `due`.
const BITS_DIGITS: usize = 20;

/// With the digits behind the point a number has 38, as many as DynamoDB keeps. It is the year 3,000,000.
const DUE_MAX_MS: i64 = 100_000_000_000_000_000;

/// Packs that are kept as they were read, in bytes.
const KNOWN_BYTES_MAX: usize = 64_000_000;

/// What each takes beside its entries.
const KNOWN_PACK_BYTES: usize = 500;

/// A pack as it was read or written last.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    pub(super) pack: Pack,
    /// Attributes that this program does not know: a newer one's. They stay.
    pub(super) others: Attributes,
}

impl Stored {
    fn bytes(&self) -> usize {
        KNOWN_PACK_BYTES + self.pack.bytes()
    }
}

/// Packs that this process has read or written: a write goes by what was read. One that is not here is read before.
#[derive(Debug, Default)]
pub(super) struct KnownPacks(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    packs: HashMap<Key, Stored>,
    bytes: usize,
}

impl KnownPacks {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, group: Key) -> Option<Stored> {
        self.lock().packs.get(&group).cloned()
    }

    pub(super) fn forget(&self, group: Key) {
        let mut known = self.lock();
        let bytes = known.packs.remove(&group).map(|it| it.bytes());
        known.bytes -= bytes.unwrap_or(0);
    }

    /// Forgets what others have written since, most likely, where much is known: the next to be written are read first.
    pub(super) fn make_room(&self) {
        let mut known = self.lock();
        if known.bytes > KNOWN_BYTES_MAX / 2 {
            *known = Known::default();
        }
    }

    pub(super) fn keep(&self, group: Key, stored: Stored) {
        self.forget(group);
        let mut known = self.lock();
        if known.bytes > KNOWN_BYTES_MAX {
            *known = Known::default();
        }
        known.bytes += stored.bytes();
        known.packs.insert(group, stored);
    }
}

/// Where the pack of a group lies.
pub fn pack_key(group: Key) -> Attributes {
    let group_bytes: [u8; 16] = group.into();
    primary_key(bucket_of(group), group_bytes.to_vec())
}

/// Where an item lies that is too large for its pack.
pub fn outside_key(key: ItemKey) -> Attributes {
    let (group, rule): ([u8; 16], [u8; 16]) = (key.group.into(), key.rule.0.into());
    primary_key(bucket_of(key.group), [group, rule].concat())
}

fn bucket_of(group: Key) -> Vec<u8> {
    bucket(group.lowest_byte() % PACK_BUCKETS)
}

/// The partition key of one part of all packs.
pub(super) fn bucket(part: u8) -> Vec<u8> {
    [BUCKET, &[part]].concat()
}

/// What a primary key in these buckets is of: a group, and where it is no pack's, a rule.
pub(super) fn named(attributes: &Attributes) -> Option<(Key, Option<RuleKey>)> {
    let bucket = attributes.get("bucket")?.as_b().ok()?.as_ref();
    let name = attributes.get("group")?.as_b().ok()?.as_ref();
    let (group, rule) = name.split_first_chunk::<16>()?;
    let is_ours = bucket.len() == BUCKET.len() + 1 && bucket.starts_with(BUCKET);
    let rule = match rule {
        [] => None,
        rule => Some(RuleKey(Key::from(<[u8; 16]>::try_from(rule).ok()?))),
    };
    is_ours.then_some((Key::from(*group), rule))
}

/// All attributes of a pack.
pub(super) fn of_pack(group: Key, stored: &Stored) -> Attributes {
    let Stored { pack, others } = stored;
    let mut attributes = pack_key(group);
    attributes.insert("items".to_owned(), bytes(pack.encoded()));
    attributes.extend(others.clone());
    attributes.insert("version".to_owned(), number(pack.version));
    attributes.insert("expires".to_owned(), number(seconds(pack.ends_at)));
    if let Some(due) = pack.due {
        attributes.insert("due".to_owned(), AttributeValue::N(due_text(due)));
    }
    attributes
}

/// The pack that attributes describe.
pub(super) fn read_pack(mut attributes: Attributes) -> Stored {
    let items = attributes.get("items").and_then(|items| items.as_b().ok());
    let items = items.ok_or_else(|| missing("items"));
    let entries = items.and_then(|items| Pack::decoded(items.as_ref()));
    let version = read_number(&attributes, "version").and_then(|it| u64::try_from(it).ok());
    let expires = read_number(&attributes, "expires").unwrap_or(0);
    let mut pack = Pack {
        version: version.unwrap_or(0),
        due: attributes.get("due").and_then(read_due),
        ends_at: expires.saturating_mul(1000),
        ..Pack::default()
    };
    match entries {
        Ok(entries) if version.is_some() => pack.entries = entries,
        Ok(_) => pack.damage = Some(missing("version")),
        Err(damage) => pack.damage = Some(damage),
    }
    for name in ["bucket", "group", "version", "expires", "due", "items"] {
        attributes.remove(name);
    }
    Stored {
        pack,
        others: attributes,
    }
}

fn missing(attribute: &str) -> DamagedEntry {
    let why = format!("attribute `{attribute}` is missing or of another type");
    DamagedEntry { why, writer: None }
}

fn due_text(due: Due) -> String {
    let at = due.at.clamp(0, DUE_MAX_MS);
    format!("{at}.{:0BITS_DIGITS$}", due.rules)
}

/// What cannot be read may be due of any rule, at once.
fn read_due(value: &AttributeValue) -> Option<Due> {
    let text = value.as_n().ok()?;
    let read = || {
        let (at, bits) = text.split_once('.').unwrap_or((text, "0"));
        Some(Due {
            at: at.parse().ok()?,
            rules: format!("{bits:0<BITS_DIGITS$}").parse().ok()?,
        })
    };
    Some(read().unwrap_or(Due {
        at: 0,
        rules: u64::MAX,
    }))
}

/// The keys of what an entry of the index tells of, as far as the rules are asked for.
pub(super) fn due_keys(attributes: &Attributes, rules: &[RuleKey]) -> Vec<ItemKey> {
    let due = attributes.get("due").and_then(read_due);
    match (named(attributes), due) {
        (Some((group, Some(rule))), _) if rules.contains(&rule) => vec![ItemKey { rule, group }],
        (Some((group, None)), Some(due)) => pack::due_keys(group, due, rules.iter()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::attributes::{self, PACKING};
    use detector_core::store::pack::Found;
    use detector_core::store::{ConditionalWrite, Item};

    #[test]
    fn due_comes_back_from_a_number() {
        for (at, rules, text) in [
            (1_790_000_000_123, 1, "1790000000123.00000000000000000001"),
            (0, u64::MAX, "0.18446744073709551615"),
            (7, 10, "7.00000000000000000010"),
        ] {
            let due = Due { at, rules };
            assert_eq!(due_text(due), text);
            // A table leaves zeros at the end out.
            for text in [text, text.trim_end_matches('0')] {
                assert_eq!(read_due(&AttributeValue::N(text.to_owned())), Some(due));
            }
        }
        let digits = |due: Due| due_text(due).len() - 1;
        let rules = u64::MAX;
        assert_eq!(
            digits(Due {
                at: i64::MAX,
                rules
            }),
            38
        );
        let at_once = Some(Due { at: 0, rules });
        assert_eq!(read_due(&AttributeValue::N("1E-9".to_owned())), at_once);
        assert_eq!(read_due(&AttributeValue::Bool(true)), None);
    }

    #[test]
    fn a_pack_comes_back_with_what_a_newer_program_has_added() {
        let group = Key::from_u128(5);
        let rule = RuleKey(Key::from_u128(9));
        let item = Item {
            due: Some(1_790_000_000_000),
            ..attributes::unreadable(None)
        };
        let write = ConditionalWrite {
            key: ItemKey { rule, group },
            expected: None,
            item,
        };
        let pack = Pack::default().with(&[&write], (PACKING, 0)).0.unwrap();
        let stored = Stored {
            others: Attributes::from([("more".to_owned(), AttributeValue::Bool(true))]),
            pack,
        };
        let attributes = of_pack(group, &stored);
        assert_eq!(named(&attributes), Some((group, None)));
        assert_eq!(due_keys(&attributes, &[rule]), [write.key]);
        let again = read_pack(attributes.clone());
        assert_eq!(again.pack.entries, stored.pack.entries);
        assert_eq!(of_pack(group, &again).get("more"), attributes.get("more"));
        for (name, value) in [
            ("items", AttributeValue::Bool(true)),
            ("version", bytes(vec![])),
        ] {
            let mut damaged = attributes.clone();
            damaged.insert(name.to_owned(), value);
            let found = read_pack(damaged).pack.find(rule);
            assert!(matches!(found, Found::Damaged(_)), "{name}: {found:?}");
        }
        let outside = outside_key(write.key);
        assert_eq!(named(&outside), Some((group, Some(rule))));
        assert_eq!(due_keys(&outside, &[rule]), [write.key]);
    }
}
