//! The store over DynamoDB keeps what the one in memory keeps. Needs a server:
//! `VEDETTE_AWS_ENDPOINT=http://127.0.0.1:5000 cargo test -p detector-lambda --test dynamodb_store -- --ignored`

mod table;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use detector_core::engine::Engine;
use detector_core::rule::{RuleFile, RuleSet};
use detector_core::store::batch::Batch;
use detector_core::store::item::RuleKey;
use detector_core::store::{
    Announcement, ConditionalWrite, Effect, EffectResult, EpisodeId, Item, ItemKey, MemoryStore,
    Notice, Plan, StateStore, StoreTimes, WriteOutcome,
};
use detector_core::time::Timestamp;
use detector_core::window::key::Key;
use detector_lambda::deadline::Deadline;
use detector_lambda::drive::{World, drive};
use detector_lambda::dynamodb::DynamoStore;
use detector_lambda::dynamodb::attributes;
use detector_lambda::dynamodb::bookkeeping::{Progress, SweptTo};
use detector_lambda::fold::fold;
use detector_lambda::invocation::Record;
use table::Faults;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

async fn store() -> (DynamoStore, String) {
    let name = table::create().await;
    let client = table::client(Faults::default(), 0);
    (DynamoStore::new(client, name.clone()), name)
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
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn a_write_asks_for_the_version_it_has_read() {
    let (store, _) = store().await;
    let at = key(1, 2);
    for (expected, version, outcome) in [
        (Some(1), 2, WriteOutcome::Conflict),
        (None, 1, WriteOutcome::Written),
        (None, 1, WriteOutcome::Conflict),
        (Some(1), 2, WriteOutcome::Written),
        (Some(1), 2, WriteOutcome::Conflict),
    ] {
        let write = write(at, expected, item(version, None));
        assert_eq!(store.write(&[write], soon()).await, [outcome]);
    }
    let read = store.read(&[at], soon()).await.unwrap();
    assert_eq!(read, [Some(item(2, None))]);
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn many_items_come_in_the_order_of_their_keys_and_a_damaged_one_harms_no_other() {
    let (store, name) = store().await;
    let keys: Vec<ItemKey> = (0..250).map(|at| key(at % 3, at)).collect();
    let writes = keys.iter().enumerate();
    let writes: Vec<ConditionalWrite> = writes
        .filter(|(at, _)| at % 5 != 0)
        .map(|(at, key)| write(*key, None, item(at as u64, None)))
        .collect();
    let written = store.write(&writes, soon()).await;
    assert!(
        written
            .iter()
            .all(|outcome| *outcome == WriteOutcome::Written)
    );

    let mut damaged = attributes::of_item(keys[7], &item(7, None));
    damaged.insert("episodes".to_owned(), AttributeValue::Bool(true));
    let client = table::client(Faults::default(), 0);
    let put = client.put_item().table_name(name);
    put.set_item(Some(damaged)).send().await.unwrap();

    let read = store.read(&keys, soon()).await.unwrap();
    for (at, found) in read.into_iter().enumerate() {
        let expected = match at {
            7 => Some(attributes::unreadable_item()),
            at => (at % 5 != 0).then(|| item(at as u64, None)),
        };
        assert_eq!(found, expected, "item {at}");
    }
    assert_eq!(store.take_counts().damaged, 1);
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn what_is_due_is_what_memory_says_is_due() {
    let (store, _) = store().await;
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
    store.write(&writes, soon()).await;
    for (rules, watermark) in [(vec![0, 1], 0), (vec![2], 500), (vec![], 9), (vec![7], 900)] {
        let rules: Vec<RuleKey> = rules
            .into_iter()
            .map(|r| RuleKey(Key::from_u128(r)))
            .collect();
        let expected = memory.due(&rules, watermark).unwrap();
        let found = store.due(&rules, watermark, soon()).await.unwrap();
        let found: BTreeSet<ItemKey> = found.into_iter().collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn an_item_that_is_no_longer_due_leaves_the_index() {
    let (store, _) = store().await;
    let at = key(1, 2);
    store
        .write(&[write(at, None, item(1, Some(5)))], soon())
        .await;
    assert_eq!(store.due(&[at.rule], 6, soon()).await.unwrap(), [at]);
    assert_eq!(store.due(&[at.rule], 5, soon()).await.unwrap(), []);
    store
        .write(&[write(at, Some(1), item(2, None))], soon())
        .await;
    assert_eq!(store.due(&[at.rule], 6, soon()).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn progress_and_sweeps_only_go_forward() {
    let (store, _) = store().await;
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
        };
        store.note_swept_to(swept(noted), soon()).await.unwrap();
        let known = store.swept_to(soon()).await.unwrap();
        assert_eq!(known, Some(swept(expected)));
    }
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn without_an_answer_in_time_nothing_is_claimed() {
    let (store, _) = store().await;
    let over = Deadline::after(Duration::ZERO);
    let at = key(1, 2);
    assert!(store.read(&[at], over).await.is_err());
    assert!(store.due(&[at.rule], 0, over).await.is_err());
    let write = write(at, None, item(1, None));
    assert_eq!(store.write(&[write], over).await, [WriteOutcome::Unknown]);
}

const RULES: &str = "
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection: {refused: {decision: deny}, condition: refused}
---
title: Allowed
id: 22222222-2222-4222-8222-222222222222
name: allowed
level: low
logsource: {product: aws, service: lambda}
detection: {allowed: {decision: allow}, condition: allowed}
---
title: Often refused
id: 33333333-3333-4333-8333-333333333333
name: often_refused
level: high
correlation: {type: event_count, rules: [refused], group-by: [sub], timespan: 10m, condition: {gte: 5}}
---
title: Then allowed
id: 44444444-4444-4444-8444-444444444444
level: critical
correlation: {type: temporal, rules: [often_refused, allowed], group-by: [sub], timespan: 1h}
";

fn engine() -> Engine {
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    Engine::new(RuleSet::load(&[file]).unwrap())
}

const ARRIVAL: &str = "2026-05-03T12:10:00Z";

/// Five users, each refused thirty times within five minutes and allowed once.
fn records() -> Vec<Record> {
    let line = |at: usize, decision: &str| {
        let (minute, second) = (at / 5 % 5, at * 7 % 60);
        format!(
            r#"{{"timestamp":"2026-05-03T12:0{minute}:{second:02}.000Z","event":"vehicle.read","request_id":"{decision}-{at}","sub":"user-{}","decision":"{decision}"}}"#,
            at % 5
        )
    };
    let lines = (0..150)
        .map(|at| line(at, "deny"))
        .chain((0..5).map(|at| line(at, "allow")));
    let arrived_at = Timestamp::from_rfc3339(ARRIVAL).unwrap();
    let records = lines.enumerate().map(|(at, line)| Record {
        data: line.into_bytes(),
        arrived_at,
        sequence_number: at.to_string(),
        shard: "shardId-000000000000".to_owned(),
    });
    records.collect()
}

/// What was told of each episode: count and distinct, by id, rule and notice.
type Told = BTreeMap<(EpisodeId, u32, Notice), BTreeSet<u64>>;

/// A store, and a publisher that now and then refuses.
struct Outside<'o> {
    store: &'o DynamoStore,
    told: &'o RefCell<Told>,
    random: &'o RefCell<fastrand::Rng>,
}

impl World for Outside<'_> {
    async fn perform(&self, effect: &Effect, deadline: Deadline) -> EffectResult {
        let answer = match effect {
            Effect::Read(keys) => self
                .store
                .read(keys, deadline)
                .await
                .map(EffectResult::Read),
            Effect::Write(writes) => Ok(EffectResult::Write(
                self.store.write(writes, deadline).await,
            )),
            Effect::Due { rules, watermark } => {
                let due = self.store.due(rules, *watermark, deadline).await;
                due.map(EffectResult::Due)
            }
            Effect::Publish(announcements) => {
                let accept = |told: &Announcement| {
                    let is_accepted = self.random.borrow_mut().u8(..) > 60;
                    if is_accepted {
                        note(&mut self.told.borrow_mut(), told);
                    }
                    is_accepted
                };
                Ok(EffectResult::Publish(
                    announcements.iter().map(accept).collect(),
                ))
            }
        };
        answer.unwrap_or(EffectResult::Failed)
    }
}

fn note(told: &mut Told, announcement: &Announcement) {
    let Announcement {
        id,
        rule,
        notice,
        episode,
        ..
    } = announcement;
    let counts = told.entry((*id, rule.0, *notice)).or_default();
    counts.insert(episode.count);
}

#[tokio::test]
#[ignore = "needs VEDETTE_AWS_ENDPOINT"]
async fn concurrent_writers_over_a_failing_table_lose_and_repeat_nothing() {
    let engine = engine();
    let times = StoreTimes {
        lateness_ms: 900_000,
        attempts_max: 30,
    };
    let plan = Plan::new(engine.rules(), times);
    let watermark = Timestamp::from_rfc3339("2026-05-04T12:00:00Z")
        .unwrap()
        .millis();

    // Undisturbed, in memory, as one batch.
    let memory = MemoryStore::default();
    let mut expected = Told::new();
    let mut publish = |told: &Announcement| {
        note(&mut expected, told);
        true
    };
    let deltas = fold(&engine, &records(), || true).deltas;
    let batch = Batch::of_records(&plan, deltas, None);
    assert!(detector_core::store::drive::drive(batch, &memory, &mut publish).is_complete());
    let sweep = Batch::sweep(&plan, watermark, None);
    assert!(detector_core::store::drive::drive(sweep, &memory, &mut publish).is_complete());
    let closed = |told: &Told| -> Vec<(u32, BTreeSet<u64>)> {
        let closed = told
            .iter()
            .filter(|((_, _, notice), _)| *notice == Notice::Closed);
        let mut closed: Vec<_> = closed
            .map(|((_, rule, _), counts)| (*rule, counts.clone()))
            .collect();
        closed.sort();
        closed
    };
    assert_eq!(closed(&expected).len(), 10);

    for seed in 0..4 {
        let name = table::create().await;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut records = records();
        random.shuffle(&mut records);
        let batches: Vec<Vec<Record>> = records.chunks(13).map(<[_]>::to_vec).collect();
        // Every batch comes twice, at the same time as all others.
        let stores: Vec<DynamoStore> = (0..batches.len() as u64 * 2)
            .map(|worker| {
                let faults = Faults {
                    throttled: 15,
                    unanswered: 10,
                };
                DynamoStore::new(table::client(faults, seed * 1000 + worker), name.clone())
            })
            .collect();
        let told = RefCell::new(Told::new());
        let random = RefCell::new(random);
        let runs = stores
            .iter()
            .zip(batches.iter().cycle())
            .map(|(store, batch)| {
                let outside = Outside {
                    store,
                    told: &told,
                    random: &random,
                };
                let (engine, plan) = (&engine, &plan);
                async move {
                    let mut from = 0;
                    for _ in 0..20 {
                        let deltas = fold(engine, &batch[from..], || true).deltas;
                        let step = Batch::of_records(plan, deltas, None);
                        let report = drive(step, &outside, soon()).await;
                        match report.lowest_failed {
                            None => return,
                            Some(at) => from += at as usize,
                        }
                    }
                    panic!("a batch never ends");
                }
            });
        futures::future::join_all(runs).await;
        let calm = DynamoStore::new(table::client(Faults::default(), 0), name);
        let outside = Outside {
            store: &calm,
            told: &told,
            random: &random,
        };
        let report = drive(Batch::sweep(&plan, watermark, None), &outside, soon()).await;
        assert!(report.is_complete(), "seed {seed}: {report:?}");

        let throttled: u64 = stores
            .iter()
            .map(|store| store.take_counts().throttled)
            .sum();
        assert!(throttled > 10, "seed {seed}: {throttled}");
        let keys: Vec<ItemKey> = memory.items().iter().map(|(key, _)| *key).collect();
        let items = calm.read(&keys, soon()).await.unwrap();
        for ((key, undisturbed), item) in memory.items().iter().zip(items) {
            let item = item.expect("every group is stored");
            assert_eq!(item.state, undisturbed.state, "seed {seed}: {key:?}");
        }
        let told = told.into_inner();
        let ids: BTreeSet<EpisodeId> = told.keys().map(|(id, ..)| *id).collect();
        assert_eq!(ids.len(), 10, "seed {seed}: one id for each episode");
        assert_eq!(closed(&told), closed(&expected), "seed {seed}");
    }
}
