//! A group's item and its attributes in the table.
//!
//! Primary key: `bucket` (the rule's key and one byte, the group's sixteenth of the rule), `group`. The local index `due`
//! holds the items that have the attribute `due`. `expires` is what DynamoDB's time-to-live reads.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use detector_core::store::pack::Packing;
use detector_core::store::{ChildEpisode, Item, ItemKey, RuleKey, Writer};
use detector_core::window::interval::Interval;
use detector_core::window::key::Key;
use detector_core::window::shown::ShownValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::error;

pub type Attributes = HashMap<String, AttributeValue>;

/// The groups of a rule lie in so many partitions: one partition takes 1,000 writes a second and, with a local index,
/// 10 GB.
pub const BUCKETS: u8 = 16;

/// What an expiry adds to [`Item::expires_at`]: as long as the stream keeps records, so that whatever may still be read
/// again finds its group.
pub const STREAM_RETENTION_MS: i64 = 24 * 3600 * 1000;

/// An item that is due waits for a sweep. One that is still due so long after its last hit is of a rule that is no more.
const DUE_KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// Sizes and times of items, in packs and by themselves.
pub const PACKING: Packing = Packing::kept(STREAM_RETENTION_MS, DUE_KEPT_MS);

/// The layout of the attributes `episodes`, `children`, `children_shown` and `children_held`, their first byte.
const LIST_VERSION: u8 = 1;

/// Why attributes are no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DamagedItem {
    #[error("attribute `{0}` is missing or of another type")]
    Attribute(&'static str),
    #[error("attribute `{0}` cannot be read: {1}")]
    List(&'static str, String),
}

/// Where the item of a group lies.
pub fn key_attributes(key: ItemKey) -> Attributes {
    let group: [u8; 16] = key.group.into();
    primary_key(bucket(key.rule, bucket_of(key.group)), group.to_vec())
}

/// The primary key of anything that lies in the table.
pub fn primary_key(bucket: Vec<u8>, group: Vec<u8>) -> Attributes {
    HashMap::from([
        ("bucket".to_owned(), bytes(bucket)),
        ("group".to_owned(), bytes(group)),
    ])
}

/// The partition key of one sixteenth of a rule's groups.
pub fn bucket(rule: RuleKey, bucket: u8) -> Vec<u8> {
    let rule: [u8; 16] = rule.0.into();
    [&rule[..], &[bucket]].concat()
}

fn bucket_of(group: Key) -> u8 {
    group.lowest_byte() % BUCKETS
}

/// The name of an item, from the primary key that the table or the index tells.
pub fn key_of(attributes: &Attributes) -> Option<ItemKey> {
    let bucket = attributes.get("bucket")?.as_b().ok()?.as_ref();
    let group = attributes.get("group")?.as_b().ok()?.as_ref();
    let (rule, _) = bucket.split_first_chunk::<16>()?;
    let group = <[u8; 16]>::try_from(group).ok()?;
    Some(ItemKey {
        rule: RuleKey(Key::from(*rule)),
        group: Key::from(group),
    })
}

/// All attributes of an item.
pub fn of_item(key: ItemKey, item: &Item) -> Attributes {
    of_item_at(key_attributes(key), item)
}

/// All attributes of an item that lies at a primary key.
pub fn of_item_at(primary_key: Attributes, item: &Item) -> Attributes {
    let mut attributes = primary_key;
    let mut add = |name: &str, value| attributes.insert(name.to_owned(), value);
    add("version", number(item.version));
    add("state", bytes(item.state.clone()));
    add("episodes", bytes(list_bytes(&item.episodes)));
    if !item.children.is_empty() {
        add("children", bytes(list_bytes(&item.children)));
        let shown: Vec<&[ShownValue]> = item.children.iter().map(|c| c.shown.as_slice()).collect();
        if shown.iter().any(|values| !values.is_empty()) {
            add("children_shown", bytes(list_bytes(&shown)));
        }
        let held: Vec<&[Interval]> = item.children.iter().map(|c| c.held.as_slice()).collect();
        if held.iter().any(|stretches| !stretches.is_empty()) {
            add("children_held", bytes(list_bytes(&held)));
        }
    }
    add("judged_to", number(item.judged_to));
    add("settled_to", number(item.settled_to));
    add("latest", number(item.latest));
    if let Some(due) = item.due {
        add("due", number(due));
    }
    if let Some(expires_at) = item.expires_at {
        add("expires_at", number(expires_at));
    }
    add("expires", number(expires(item)));
    let edition: [u8; 16] = item.writer.edition.into();
    add("rules", bytes(edition.to_vec()));
    add("rules_since", number(item.writer.since));
    add("absorbed_at", number(item.writer.absorbed_at));
    attributes
}

/// When DynamoDB may delete the item, in seconds since 1970.
fn expires(item: &Item) -> i64 {
    seconds(PACKING.end_of(item))
}

/// A time in milliseconds in seconds since 1970, rounded up. Time-to-live looks away from what lies more than five years
/// back, so nothing before 1970 matters.
pub fn seconds(at: i64) -> i64 {
    at.max(0) / 1000 + 1
}

/// The item that attributes describe.
///
/// # Errors
/// One of them is missing or damaged.
pub fn item(attributes: &Attributes) -> Result<Item, DamagedItem> {
    let read =
        |name: &'static str| read_number(attributes, name).ok_or(DamagedItem::Attribute(name));
    let blob = |name: &'static str| {
        let value = attributes.get(name).and_then(|value| value.as_b().ok());
        value.ok_or(DamagedItem::Attribute(name))
    };
    let has = |name: &'static str| attributes.contains_key(name);
    let mut children: Vec<ChildEpisode> = match has("children") {
        true => read_list("children", blob("children")?.as_ref())?,
        false => Vec::new(),
    };
    // What an earlier program did not store.
    if has("children_shown") {
        let shown = blob("children_shown")?.as_ref();
        for (child, shown) in with_each("children_shown", &mut children, shown)? {
            child.shown = shown;
        }
    }
    if has("children_held") {
        let held = blob("children_held")?.as_ref();
        for (child, held) in with_each("children_held", &mut children, held)? {
            child.held = held;
        }
    }
    let optional = |name: &'static str| match has(name) {
        true => read(name).map(Some),
        false => Ok(None),
    };
    Ok(Item {
        version: u64::try_from(read("version")?).map_err(|_| DamagedItem::Attribute("version"))?,
        state: blob("state")?.as_ref().to_vec(),
        episodes: read_list("episodes", blob("episodes")?.as_ref())?,
        children,
        judged_to: read("judged_to")?,
        settled_to: read("settled_to")?,
        due: optional("due")?,
        latest: read("latest")?,
        expires_at: optional("expires_at")?,
        writer: writer(attributes).ok_or(DamagedItem::Attribute("rules"))?,
    })
}

/// Who wrote the item.
pub fn writer(attributes: &Attributes) -> Option<Writer> {
    let edition = attributes.get("rules")?.as_b().ok()?.as_ref();
    Some(Writer {
        edition: Key::from(<[u8; 16]>::try_from(edition).ok()?),
        since: read_number(attributes, "rules_since")?,
        absorbed_at: u64::try_from(read_number(attributes, "absorbed_at")?).ok()?,
    })
}

/// Child episodes, each with its entry in a list that is stored apart.
fn with_each<'c, T: DeserializeOwned>(
    name: &'static str,
    children: &'c mut [ChildEpisode],
    list: &[u8],
) -> Result<impl Iterator<Item = (&'c mut ChildEpisode, T)>, DamagedItem> {
    let entries: Vec<T> = read_list(name, list)?;
    if entries.len() != children.len() {
        let why = format!(
            "it has {} entries for {} children",
            entries.len(),
            children.len()
        );
        return Err(DamagedItem::List(name, why));
    }
    Ok(children.iter_mut().zip(entries))
}

/// The item that was found, or what takes its place where it is damaged.
pub fn readable(key: ItemKey, found: &Attributes) -> Item {
    item(found).unwrap_or_else(|damage| damaged(key, &damage.to_string(), writer(found)))
}

/// Says that an item is damaged, and what takes its place.
pub fn damaged(key: ItemKey, damage: &str, writer: Option<Writer>) -> Item {
    error!(
        ?key,
        damage, "an item of the state table is damaged: restore or delete it"
    );
    unreadable(writer)
}

/// What takes the place of an item that cannot be read: no state is empty, so the batch reports this group, goes on with
/// the others, and overwrites nothing. Who wrote it is told as far as that can be read: a newer program may have.
pub fn unreadable(writer: Option<Writer>) -> Item {
    Item {
        version: 0,
        state: Vec::new(),
        episodes: Vec::new(),
        children: Vec::new(),
        judged_to: i64::MIN,
        settled_to: i64::MIN,
        due: None,
        latest: i64::MIN,
        expires_at: None,
        writer: writer.unwrap_or(Writer::NOBODY),
    }
}

pub fn read_number(attributes: &Attributes, name: &str) -> Option<i64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

fn list_bytes<T: Serialize>(list: &[T]) -> Vec<u8> {
    let encoded = postcard::to_allocvec(list).expect("a list of plain values");
    [&[LIST_VERSION][..], &encoded].concat()
}

fn read_list<T: DeserializeOwned>(name: &'static str, bytes: &[u8]) -> Result<Vec<T>, DamagedItem> {
    let damaged = |why: String| DamagedItem::List(name, why);
    match bytes.split_first() {
        Some((&LIST_VERSION, rest)) => {
            postcard::from_bytes(rest).map_err(|error| damaged(error.to_string()))
        }
        Some((version, _)) => Err(damaged(format!(
            "it has version {version}, this program reads {LIST_VERSION}"
        ))),
        None => Err(damaged("it is empty".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use detector_core::rule::FieldTag;
    use detector_core::store::{EpisodeId, Mark, RecordedEpisode};

    use super::*;

    fn sample() -> (ItemKey, Item) {
        let key = ItemKey {
            rule: RuleKey(Key::from_u128(0xabc << 100)),
            group: Key::from_u128(0x1f),
        };
        let id = |at| EpisodeId::first_known_as("rule", key.group, at);
        let episode = |at, mark| RecordedEpisode {
            id: id(at),
            span: Interval::new(at, at + 10),
            mark,
        };
        let item = Item {
            version: u64::MAX / 2,
            state: vec![2, 0, 255],
            episodes: vec![
                episode(1, Mark::Published),
                episode(20, Mark::MergedInto(id(1))),
            ],
            children: vec![ChildEpisode {
                span: Interval::new(3, 9),
                input: 1,
                group: Key::from_u128(5),
                value: Some(Key::from_u128(6)),
                first_event: 3,
                last_event: 8,
                evidence: vec![(3, "e-1".to_owned())],
                is_final: true,
                shown: vec![ShownValue::new(FieldTag::of("user"), 3, "ann")],
                held: vec![Interval::new(3, 4), Interval::new(7, 9)],
            }],
            judged_to: i64::MIN,
            settled_to: -5,
            due: Some(1_790_000_000_123),
            latest: 1_790_000_000_999,
            expires_at: None,
            writer: Writer {
                edition: Key::from_u128(0xe << 120),
                since: 1_790_000_000_000,
                absorbed_at: 20,
            },
        };
        (key, item)
    }

    #[test]
    fn an_item_comes_back_as_it_was() {
        let (key, due) = sample();
        let settled = Item {
            children: Vec::new(),
            due: None,
            expires_at: Some(1_790_000_600_001),
            ..due.clone()
        };
        for stored in [due.clone(), settled] {
            let attributes = of_item(key, &stored);
            assert_eq!(item(&attributes), Ok(stored));
            assert_eq!(key_of(&attributes), Some(key));
        }
        let mut shows_nothing = due.clone();
        shows_nothing.children[0].shown.clear();
        shows_nothing.children[0].held.clear();
        let mut attributes = of_item(key, &shows_nothing);
        assert!(!attributes.contains_key("children_shown"));
        assert!(!attributes.contains_key("children_held"));
        assert_eq!(item(&attributes), Ok(shows_nothing));
        for name in ["children_shown", "children_held"] {
            let of_another = of_item(key, &due).remove(name).unwrap();
            attributes.insert(name.to_owned(), of_another);
        }
        assert_eq!(item(&attributes), Ok(due));
        attributes.remove("children");
        let error = item(&attributes).unwrap_err().to_string();
        assert_eq!(
            error,
            "attribute `children_shown` cannot be read: it has 1 entries for 0 children"
        );
    }

    #[test]
    fn groups_lie_in_sixteen_buckets_of_their_rule() {
        let (key, _) = sample();
        let attributes = key_attributes(key);
        let bucket = attributes["bucket"].as_b().unwrap().as_ref();
        assert_eq!((bucket.len(), bucket[16]), (17, 0x1f % 16));
        assert_eq!(attributes.len(), 2);
    }

    #[test]
    fn what_is_due_is_kept_for_a_month_and_all_else_for_a_day_longer_than_it_may_matter() {
        let (_, due) = sample();
        assert_eq!(expires(&due), (due.latest + DUE_KEPT_MS) / 1000 + 1);
        let settled = Item {
            due: None,
            expires_at: Some(1_000_000),
            ..due.clone()
        };
        assert_eq!(expires(&settled), 1000 + 86_400 + 1);
        let timeless = Item {
            latest: i64::MIN,
            ..due
        };
        assert_eq!(expires(&timeless), 1);
    }

    #[test]
    fn damage_names_the_attribute() {
        let (key, stored) = sample();
        let whole = of_item(key, &stored);
        for name in [
            "version",
            "state",
            "episodes",
            "judged_to",
            "settled_to",
            "latest",
        ] {
            let mut damaged = whole.clone();
            damaged.remove(name);
            assert_eq!(item(&damaged), Err(DamagedItem::Attribute(name)));
        }
        let mut damaged = whole.clone();
        damaged.insert("due".to_owned(), AttributeValue::S("soon".to_owned()));
        assert_eq!(item(&damaged), Err(DamagedItem::Attribute("due")));
        for name in ["episodes", "children"] {
            for list in [vec![], vec![9, 1], vec![LIST_VERSION, 200]] {
                let mut damaged = whole.clone();
                damaged.insert(name.to_owned(), bytes(list));
                let told = item(&damaged).unwrap_err().to_string();
                assert!(told.contains(name), "{told}");
            }
        }
    }
}
