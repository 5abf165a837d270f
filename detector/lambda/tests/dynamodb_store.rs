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
use detector_lambda::dynamodb::attributes;
use detector_lambda::dynamodb::bookkeeping::{Progress, SweptTo};
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
            7 => Some(attributes::unreadable_item(&attributes::of_item(
                keys[7],
                &item(7, None),
            ))),
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
    assert_eq!(store.write(&[write], NOW, over).await, [WriteOutcome::Unknown]);
}
