//! The store over DynamoDB keeps what the one in memory keeps. Against an AWS on this machine, whose address is in
//! `VEDETTE_AWS_ENDPOINT`; without it nothing is tested here.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use detector_core::store::RuleKey;
use detector_core::store::log::LOG_PLACES;
use detector_core::store::{
    ConditionalWrite, Item, ItemKey, LogName, MemoryStore, StateStore, WriteOutcome, Writer,
};
use detector_core::window::key::Key;
use detector_lambda::deadline::Deadline;
use detector_lambda::dynamodb::DynamoStore;
use detector_lambda::dynamodb::bookkeeping::{Progress, SweptTo};
use detector_lambda::dynamodb::{attributes, packs};
use table::Faults;

/// By the wall clock, in milliseconds: what is written is not over.
const NOW: i64 = 1_790_000_000_000;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// A store and its table's name, where there is a server.
async fn store() -> Option<(DynamoStore, String)> {
    let client = table::client(Faults::default(), 0)?;
    let name = table::create(&client).await;
    Some((DynamoStore::new(client, name.clone()), name))
}

fn key(rule: u128, group: u128) -> ItemKey {
    ItemKey {
        rule: RuleKey(Key::from_u128(rule)),
        group: Key::from_u128(group),
    }
}

fn item(version: u64, due: Option<i64>) -> Item {
    Item {
        version,
        state: vec![2, 1, 0],
        episodes: vec![],
        children: vec![],
        judged_to: i64::MIN,
        settled_to: -7,
        due,
        latest: 1_790_000_000_000,
        expires_at: due.is_none().then_some(1_790_000_000_000),
        writer: Writer::NOBODY,
    }
}

fn write(key: ItemKey, expected: Option<u64>, item: Item) -> ConditionalWrite {
    ConditionalWrite {
        key,
        expected,
        item,
    }
}

#[tokio::test]
async fn a_write_asks_for_the_version_it_has_read() {
    let Some((store, _)) = store().await else {
        return;
    };
    let at = key(1, 2);
    for (expected, version, outcome) in [
        (Some(1), 2, WriteOutcome::Conflict),
        (None, 1, WriteOutcome::Written),
        (None, 1, WriteOutcome::Conflict),
        (Some(1), 2, WriteOutcome::Written),
        (Some(1), 2, WriteOutcome::Conflict),
    ] {
        let write = write(at, expected, item(version, None));
        assert_eq!(store.write(&[write], NOW, soon()).await, [outcome]);
    }
    let read = store.read(&[at], true, soon()).await.unwrap();
    assert_eq!(read, [Some(item(2, None))]);
}

#[tokio::test]
async fn many_items_come_in_the_order_of_their_keys_and_a_damaged_one_harms_no_other() {
    let Some((store, name)) = store().await else {
        return;
    };
    let keys: Vec<ItemKey> = (0..250).map(|at| key(at % 3, at)).collect();
    let writes = keys.iter().enumerate();
    let writes: Vec<ConditionalWrite> = writes
        .filter(|(at, _)| at % 5 != 0)
        .map(|(at, key)| write(*key, None, item(at as u64, None)))
        .collect();
    let written = store.write(&writes, NOW, soon()).await;
    assert!(
        written
            .iter()
            .all(|outcome| *outcome == WriteOutcome::Written)
    );

    let mut damaged = attributes::of_item(keys[7], &item(7, None));
    damaged.insert("episodes".to_owned(), AttributeValue::Bool(true));
    let client = table::client(Faults::default(), 0).unwrap();
    let put = client.put_item().table_name(name);
    put.set_item(Some(damaged)).send().await.unwrap();

    let read = store.read(&keys, true, soon()).await.unwrap();
    for (at, found) in read.into_iter().enumerate() {
        let expected = match at {
            7 => {
                let whole = attributes::of_item(keys[7], &item(7, None));
                Some(attributes::unreadable(attributes::writer(&whole)))
            }
            at => (at % 5 != 0).then(|| item(at as u64, None)),
        };
        assert_eq!(found, expected, "item {at}");
    }
}

#[tokio::test]
async fn what_is_due_is_what_memory_says_is_due() {
    let Some((store, _)) = store().await else {
        return;
    };
    let memory = MemoryStore::default();
    let mut random = fastrand::Rng::with_seed(1);
    let writes: Vec<ConditionalWrite> = (0..200)
        .map(|group| {
            let due = random.bool().then(|| random.i64(-500..500));
            let bits = u128::from(random.u64(..)) << 64 | group;
            write(key(random.u128(0..3), bits), None, item(1, due))
        })
        .collect();
    memory.write(&writes).unwrap();
    store.write(&writes, NOW, soon()).await;
    for (rules, watermark) in [(vec![0, 1], 0), (vec![2], 500), (vec![], 9), (vec![7], 900)] {
        let rules: Vec<RuleKey> = rules
            .into_iter()
            .map(|r| RuleKey(Key::from_u128(r)))
            .collect();
        let expected = memory.due(&rules, watermark).unwrap();
        let (found, is_all) = store.due(&rules, watermark, soon()).await.unwrap();
        assert!(is_all);
        let found: BTreeSet<ItemKey> = found.into_iter().collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn an_item_that_is_no_longer_due_leaves_the_index() {
    let Some((store, _)) = store().await else {
        return;
    };
    let at = key(1, 2);
    store
        .write(&[write(at, None, item(1, Some(5)))], NOW, soon())
        .await;
    assert_eq!(store.due(&[at.rule], 6, soon()).await.unwrap().0, [at]);
    assert_eq!(store.due(&[at.rule], 5, soon()).await.unwrap().0, []);
    store
        .write(&[write(at, Some(1), item(2, None))], NOW, soon())
        .await;
    assert_eq!(store.due(&[at.rule], 6, soon()).await.unwrap().0, []);
}

/// A worker to which the items of these rules lie in packs.
fn packing(name: &str) -> DynamoStore {
    let client = table::client(Faults::default(), 0).unwrap();
    let store = DynamoStore::new(client, name.to_owned());
    store.pack((1..=4).map(|rule| RuleKey(Key::from_u128(rule))));
    store
}

/// What the table has, by name.
async fn physical(name: &str) -> Vec<attributes::Attributes> {
    let client = table::client(Faults::default(), 0).unwrap();
    let scan = client.scan().table_name(name).consistent_read(true);
    scan.send().await.unwrap().items.unwrap_or_default()
}

#[tokio::test]
async fn items_of_a_pack_are_one_of_the_table_and_have_conditions_of_their_own() {
    let Some((_, name)) = store().await else {
        return;
    };
    let (one, other) = (packing(&name), packing(&name));
    let all: Vec<ItemKey> = (1..=5).map(|rule| key(rule, 7)).collect();
    let writes: Vec<ConditionalWrite> = all
        .iter()
        .map(|key| write(*key, None, item(1, Some(90))))
        .collect();
    assert_eq!(
        one.write(&writes, NOW, soon()).await,
        [WriteOutcome::Written; 5]
    );
    // The fifth rule is none of theirs.
    assert_eq!(physical(&name).await.len(), 2);
    let writes = [
        write(all[0], Some(1), item(2, None)),
        write(all[1], Some(5), item(6, None)),
        write(all[2], None, item(1, None)),
        write(all[4], Some(1), item(2, None)),
    ];
    use WriteOutcome::{Conflict, Written};
    let outcomes = other.write(&writes, NOW, soon()).await;
    assert_eq!(outcomes, [Written, Conflict, Conflict, Written]);
    // What the first has read is over: it is told of a conflict, and then reads.
    let again = [write(all[3], Some(1), item(2, Some(70)))];
    assert_eq!(one.write(&again, NOW, soon()).await, [Conflict]);
    assert_eq!(one.write(&again, NOW, soon()).await, [Written]);
    let expected = [
        (2, None),
        (1, Some(90)),
        (1, Some(90)),
        (2, Some(70)),
        (2, None),
    ];
    let expected = expected.map(|(version, due)| Some(item(version, due)));
    for is_consistent in [true, false] {
        let read = other.read(&all, is_consistent, soon()).await.unwrap();
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn a_pack_hides_nothing_that_is_due() {
    let Some((_, name)) = store().await else {
        return;
    };
    let (store, memory) = (packing(&name), MemoryStore::default());
    let mut random = fastrand::Rng::with_seed(3);
    let writes: Vec<ConditionalWrite> = (0..200)
        .map(|at| {
            let due = random.bool().then(|| random.i64(1..1_000));
            write(key(at % 5, at / 8), None, item(1, due))
        })
        .collect();
    memory.write(&writes).unwrap();
    store.write(&writes, NOW, soon()).await;
    for (rules, watermark) in [
        (vec![0, 1], 500),
        (vec![2, 3, 4], 100),
        (vec![], 9),
        (vec![4], 1_000),
    ] {
        let rules: Vec<RuleKey> = rules
            .into_iter()
            .map(|rule| RuleKey(Key::from_u128(rule)))
            .collect();
        let expected = memory.due(&rules, watermark).unwrap();
        let (found, is_all) = store.due(&rules, watermark, soon()).await.unwrap();
        assert!(is_all);
        let found: BTreeSet<ItemKey> = found.into_iter().collect();
        assert!(expected.iter().all(|key| found.contains(key)));
        let later = memory.due(&rules, i64::MAX).unwrap();
        let groups: BTreeSet<Key> = writes
            .iter()
            .filter(|write| write.item.due.is_some_and(|due| due < watermark))
            .map(|write| write.key.group)
            .collect();
        let may_be = |key: &ItemKey| later.contains(key) && groups.contains(&key.group);
        assert!(found.iter().all(may_be));
    }
}

#[tokio::test]
async fn an_item_that_is_too_large_for_its_pack_lies_beside_it() {
    let Some((_, name)) = store().await else {
        return;
    };
    let store = packing(&name);
    let (at, neighbour) = (key(1, 7), key(2, 7));
    let large = |version, due| Item {
        state: vec![3; 9_000],
        ..item(version, due)
    };
    use WriteOutcome::{Conflict, Written};
    let write_both = |expected, version| {
        [
            write(at, expected, large(version, Some(50))),
            write(neighbour, expected, item(version, None)),
        ]
    };
    let writes = write_both(None, 1);
    assert_eq!(store.write(&writes, NOW, soon()).await, [Conflict, Written]);
    assert_eq!(store.read(&[at], true, soon()).await.unwrap(), [None]);
    assert_eq!(store.write(&writes, NOW, soon()).await, [Written, Conflict]);
    assert_eq!(physical(&name).await.len(), 2);
    let read = store.read(&[at, neighbour], true, soon()).await.unwrap();
    assert_eq!(read, [Some(large(1, Some(50))), Some(item(1, None))]);
    assert_eq!(store.due(&[at.rule], 51, soon()).await.unwrap().0, [at]);
    assert_eq!(
        store.due(&[neighbour.rule], 51, soon()).await.unwrap().0,
        []
    );
    // It stays there, and its condition is its own.
    let other = packing(&name);
    let small = |expected, version| [write(at, Some(expected), item(version, None))];
    assert_eq!(other.write(&small(1, 2), NOW, soon()).await, [Written]);
    assert_eq!(store.write(&small(1, 2), NOW, soon()).await, [Conflict]);
    assert_eq!(store.due(&[at.rule], 51, soon()).await.unwrap().0, []);
    let read = store.read(&[at], true, soon()).await.unwrap();
    assert_eq!(read, [Some(item(2, None))]);

    // One that was small keeps what it was until it is written beside the pack.
    let grown = [write(neighbour, Some(1), large(2, None))];
    assert_eq!(store.write(&grown, NOW, soon()).await, [Conflict]);
    let read = other.read(&[neighbour], true, soon()).await.unwrap();
    assert_eq!(read, [Some(item(1, None))]);
    assert_eq!(other.write(&grown, NOW, soon()).await, [Written]);
    assert_eq!(store.write(&grown, NOW, soon()).await, [Conflict]);
    let read = store.read(&[neighbour], true, soon()).await.unwrap();
    assert_eq!(read, [Some(large(2, None))]);
}

#[tokio::test]
async fn a_damaged_pack_is_not_overwritten_and_harms_no_other() {
    let Some((_, name)) = store().await else {
        return;
    };
    let store = packing(&name);
    let keys = [key(1, 7), key(2, 7), key(1, 8)];
    let writes = keys.map(|key| write(key, None, item(1, None)));
    store.write(&writes, NOW, soon()).await;
    let damaged = {
        let mut items = physical(&name).await;
        items.retain(|item| packs::pack_key(keys[0].group)["group"] == item["group"]);
        items[0].insert("items".to_owned(), AttributeValue::Bool(true));
        items.remove(0)
    };
    let client = table::client(Faults::default(), 0).unwrap();
    let put = client.put_item().table_name(&name);
    put.set_item(Some(damaged.clone())).send().await.unwrap();
    let unreadable = attributes::unreadable(None);
    let read = store.read(&keys, true, soon()).await.unwrap();
    let expected = [
        Some(unreadable.clone()),
        Some(unreadable),
        Some(item(1, None)),
    ];
    assert_eq!(read, expected);
    let writes = keys.map(|key| write(key, Some(1), item(2, None)));
    use WriteOutcome::{Conflict, Written};
    let outcomes = store.write(&writes, NOW, soon()).await;
    assert_eq!(outcomes, [Conflict, Conflict, Written]);
    assert!(physical(&name).await.contains(&damaged));
}

#[tokio::test]
async fn the_log_keeps_what_was_appended_until_it_is_dropped() {
    let Some((store, _)) = store().await else {
        return;
    };
    let written: BTreeSet<Vec<u8>> = (0..40u8).map(|n| vec![n; 100_000]).collect();
    let parts: Vec<Vec<u8>> = written.iter().cloned().collect();
    assert_eq!(store.append(&parts, 0, soon()).await, [true; 40]);
    let mut found = Vec::new();
    for place in 0..LOG_PLACES {
        let (parts, is_all) = store.read_log(place, soon()).await.unwrap();
        assert!(is_all && parts.iter().all(|part| part.name.place() == place));
        found.extend(parts);
    }
    let read: BTreeSet<Vec<u8>> = found.iter().map(|part| part.deltas.clone()).collect();
    assert_eq!((read == written, found.len()), (true, 40));
    let names: Vec<LogName> = found.iter().map(|part| part.name).collect();
    for _ in 0..2 {
        store.drop_log(&names, soon()).await.unwrap();
    }
    for place in 0..LOG_PLACES {
        assert_eq!(store.read_log(place, soon()).await.unwrap(), (vec![], true));
    }
}

#[tokio::test]
async fn progress_and_sweeps_only_go_forward() {
    let Some((store, _)) = store().await else {
        return;
    };
    let progress = |number: &str| Progress {
        sequence_number: number.to_owned(),
        arrived_at: 1_790_000_000_000,
    };
    let known = || store.progress("records", "shardId-0", soon());
    assert_eq!(known().await.unwrap(), None);
    for (noted, expected) in [("9", "9"), ("10", "10"), ("2", "10"), ("10", "10")] {
        let progress = progress(noted);
        let note = store.note_progress("records", "shardId-0", &progress, soon());
        note.await.unwrap();
        assert_eq!(known().await.unwrap().unwrap().sequence_number, expected);
    }
    assert_eq!(
        store.progress("other", "shardId-0", soon()).await.unwrap(),
        None
    );

    assert_eq!(store.swept_to(soon()).await.unwrap(), None);
    for (noted, expected) in [(-5, -5), (7, 7), (3, 7)] {
        let swept = |watermark| SweptTo {
            watermark,
            arrivals_to: 100,
            unites_the_log: true,
            sees_packs: true,
            marks_since: Some(watermark),
        };
        store.note_swept_to(swept(noted), soon()).await.unwrap();
        let known = store.swept_to(soon()).await.unwrap();
        assert_eq!(known, Some(swept(expected)));
    }
}

#[tokio::test]
async fn without_an_answer_in_time_nothing_is_claimed() {
    let Some((store, _)) = store().await else {
        return;
    };
    let over = Deadline::after(Duration::ZERO);
    let at = key(1, 2);
    assert!(store.read(&[at], true, over).await.is_err());
    assert!(store.due(&[at.rule], 0, over).await.is_err());
    let write = write(at, None, item(1, None));
    assert_eq!(
        store.write(&[write], NOW, over).await,
        [WriteOutcome::Unknown]
    );
}
