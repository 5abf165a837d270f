//! Workers that write at once to a DynamoDB that throttles and loses answers. Against an AWS on this machine, whose
//! address is in `VEDETTE_AWS_ENDPOINT`; without it nothing is tested here.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod table;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use detector_core::engine::Engine;
use detector_core::rule::RuleFile;
use detector_core::store::batch::Batch;
use detector_core::store::{
    Announcement, Effect, EffectResult, EpisodeId, ItemKey, MemoryStore, Notice, Plan, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::load_rules;
use detector_lambda::deadline::Deadline;
use detector_lambda::dynamodb::DynamoStore;
use detector_lambda::effects::drive::{World, drive};
use detector_lambda::fold::fold;
use detector_lambda::invocation::Record;
use table::Faults;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
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
generate: true
---
title: Mostly refused
id: 55555555-5555-4555-8555-555555555555
level: high
correlation: {type: event_count, rules: [refused, allowed], group-by: [sub], timespan: 10m, condition: {gte: 10}}
vedette: {ratio: {of: [allowed], to: [refused], lte: 0.2, at_least: 10}}
";

fn engine() -> Engine {
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    Engine::new(load_rules(&[file]).unwrap())
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
    store: DynamoStore,
    told: &'o RefCell<Told>,
    random: &'o RefCell<fastrand::Rng>,
}

impl World for Outside<'_> {
    async fn perform(&self, effect: &Effect, deadline: Deadline) -> EffectResult {
        let answer = match effect {
            Effect::Read {
                keys,
                is_consistent,
            } => self
                .store
                .read(keys, *is_consistent, deadline)
                .await
                .map(EffectResult::Read),
            Effect::Write(writes) => Ok(EffectResult::Write(
                self.store.write(writes, 0, deadline).await,
            )),
            Effect::Due { rules, watermark } => {
                let due = self.store.due(rules, *watermark, deadline).await;
                due.map(|(keys, is_all)| EffectResult::Due { keys, is_all })
            }
            Effect::Append(parts) => Ok(EffectResult::Append(
                self.store.append(parts, 0, deadline).await,
            )),
            Effect::ReadLog { place } => {
                let read = self.store.read_log(*place, deadline).await;
                read.map(|(parts, is_all)| EffectResult::ReadLog { parts, is_all })
            }
            Effect::DropLog(names) => {
                let dropped = self.store.drop_log(names, deadline).await;
                dropped.map(|()| EffectResult::DropLog)
            }
            Effect::Park(parts) => Ok(EffectResult::Park(self.store.park(parts, deadline).await)),
            Effect::Arm(marks) => Ok(EffectResult::Arm(self.store.arm(marks, deadline).await)),
            Effect::Look { from } => {
                let marks = self.store.look(*from, deadline).await;
                marks.map(|(marks, is_all)| EffectResult::Look { marks, is_all })
            }
            Effect::Pending => {
                let marks = self.store.pending(deadline).await;
                marks.map(|(marks, is_all)| EffectResult::Pending { marks, is_all })
            }
            Effect::ReadParked {
                slice,
                place,
                after,
            } => {
                let at = (*slice, *place);
                let read = self.store.read_parked(at, *after, deadline).await;
                read.map(|(parts, is_all)| EffectResult::ReadParked { parts, is_all })
            }
            Effect::Serve(marks) => {
                let served = self.store.serve(marks, deadline).await;
                served.map(|()| EffectResult::Serve)
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

/// What memory comes to as one batch, undisturbed.
fn undisturbed(engine: &Engine, plan: &Plan<'_>) -> (MemoryStore, Told) {
    let memory = MemoryStore::default();
    let mut told = Told::new();
    let mut publish = |it: &Announcement| {
        note(&mut told, it);
        true
    };
    let deltas = fold(engine, &records(), || true).deltas;
    for batch in [
        Batch::of_records(plan, deltas, None),
        Batch::sweep(plan, watermark(), None),
    ] {
        let report = detector_core::store::drive::drive(batch, &memory, &mut publish);
        assert!(report.is_complete());
    }
    (memory, told)
}

/// When everything can be closed.
fn watermark() -> i64 {
    let at = Timestamp::from_rfc3339("2026-05-04T12:00:00Z");
    at.unwrap().millis()
}

fn closed(told: &Told) -> Vec<(u32, BTreeSet<u64>)> {
    let mut closed: Vec<_> = told
        .iter()
        .filter(|((_, _, notice), _)| *notice == Notice::Closed)
        .map(|((_, rule, _), counts)| (*rule, counts.clone()))
        .collect();
    closed.sort();
    closed
}

/// A worker at its batch, which comes again from the lowest record that failed.
async fn work(engine: &Engine, plan: &Plan<'_>, batch: &[Record], outside: &Outside<'_>) {
    let mut from = 0;
    for _ in 0..20 {
        let deltas = fold(engine, &batch[from..], || true).deltas;
        let step = Batch::of_records(plan, deltas, None);
        match drive(step, outside, soon()).await.lowest_failed {
            None => return,
            Some(at) => from += at as usize,
        }
    }
    panic!("a batch never ends");
}

#[tokio::test]
async fn concurrent_writers_over_a_failing_table_lose_and_repeat_nothing() {
    let Some(calm) = table::client(Faults::default(), 0) else {
        return;
    };
    let engine = engine();
    let times = StoreTimes {
        lateness_ms: 900_000,
        attempts_max: 30,
    };
    let plan = Plan::new(engine.rules(), times);
    let deferring = Plan::new(engine.rules(), times).deferring();
    let parking = Plan::new(engine.rules(), times).parking(i64::MIN);
    let (memory, expected) = undisturbed(&engine, &plan);
    assert_eq!(closed(&expected).len(), 15);

    for seed in 0..4 {
        let name = table::create(&calm).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut records = records();
        random.shuffle(&mut records);
        let batches: Vec<&[Record]> = records.chunks(13).collect();
        let (told, random) = (RefCell::default(), RefCell::new(random));
        let worker = |client| {
            let store = DynamoStore::new(client, name.clone());
            store.pack(plan.packed());
            Outside {
                store,
                told: &told,
                random: &random,
            }
        };
        let faults = Faults {
            throttled: 15,
            unanswered: 10,
        };
        // Every batch comes twice, at the same time as all others.
        let workers: Vec<_> = (0..batches.len() as u64 * 2)
            .map(|at| worker(table::client(faults, seed * 1000 + at).unwrap()))
            .collect();
        let runs =
            workers
                .iter()
                .zip(batches.iter().cycle())
                .enumerate()
                .map(|(at, (worker, batch))| {
                    let plan = [&deferring, &plan, &parking][at % 3];
                    work(&engine, plan, batch, worker)
                });
        futures::future::join_all(runs).await;
        let calm = worker(calm.clone());
        let sweep = Batch::sweep(&plan, watermark(), None);
        let report = drive(sweep, &calm, soon()).await;
        assert!(report.is_complete(), "seed {seed}: {report:?}");

        let counts = workers.iter().map(|worker| worker.store.take_counts());
        let throttled: u64 = counts.map(|counts| counts.throttled).sum();
        assert!(throttled > 10, "seed {seed}: {throttled}");
        let keys: Vec<ItemKey> = memory.items().iter().map(|(key, _)| *key).collect();
        let items = calm.store.read(&keys, true, soon()).await.unwrap();
        for ((key, undisturbed), item) in memory.items().iter().zip(items) {
            let item = item.expect("every group is stored");
            assert_eq!(item.state, undisturbed.state, "seed {seed}: {key:?}");
        }
        let told = told.borrow();
        let ids: BTreeSet<EpisodeId> = told.keys().map(|(id, ..)| *id).collect();
        assert_eq!(ids.len(), 15, "seed {seed}: one id for each episode");
        assert_eq!(closed(&told), closed(&expected), "seed {seed}");
    }
}
