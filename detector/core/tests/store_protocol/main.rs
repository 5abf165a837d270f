//! The store protocol on small streams: what is told when, and what a redelivery, a crash or a damaged item changes.

mod log; // what only sweeps judge
mod parked; // what waits for a child

use std::collections::BTreeSet;

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::store::RuleKey;
use detector_core::store::drive::{drive, perform};
use detector_core::store::{
    Announcement, Batch, ConditionalWrite, Deltas, Effect, EffectResult, EpisodeId, Item, ItemKey,
    Mark, MemoryStore, Notice, Plan, Report, StateStore, Step, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::NothingSpilled;
use detector_core::window::load_rules;

const LATENESS_MS: i64 = 60_000;
/// 2026-01-01T00:00:00Z.
const ORIGIN_MS: i64 = 1_767_225_600_000;
const END_MS: i64 = 4_000_000_000_000;

struct Nobody;
impl Observer for Nobody {}

/// Three failures in ten seconds; a success within ten seconds of such a burst; and no more than two in ten seconds.
const RULES: &str = "
title: Failure
name: failure
logsource: {product: aws, service: cloudtrail}
detection: {it: {eventName: Failure}, condition: it}
---
title: Success
name: success
logsource: {product: aws, service: cloudtrail}
detection: {it: {eventName: Success}, condition: it}
---
title: Burst
name: burst
id: 00000000-0000-4000-9000-000000000001
correlation: {type: event_count, rules: [failure], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 3}}
---
title: Takeover
name: takeover
id: 00000000-0000-4000-9000-000000000002
correlation: {type: temporal_ordered, rules: [burst, success], group-by: [sourceIPAddress], timespan: 10s, generate: true}
---
title: Trickle
name: trickle
id: 00000000-0000-4000-9000-000000000003
correlation: {type: event_count, rules: [success], group-by: [sourceIPAddress], timespan: 10s, condition: {lte: 2}}
";

fn engine() -> Engine {
    let file = RuleFile {
        path: "rules.yml".into(),
        text: RULES.into(),
    };
    Engine::new(load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn plan(engine: &Engine) -> Plan<'_> {
    let times = StoreTimes {
        lateness_ms: LATENESS_MS,
        attempts_max: 3,
    };
    Plan::new(engine.rules(), times)
}

fn record(name: &str, second: i64) -> (String, Timestamp) {
    let time = Timestamp::from_millis(ORIGIN_MS + second * 1000).expect("a time of this century");
    let record = format!(
        r#"{{"eventVersion":"1.11","eventTime":"{time}","eventSource":"s.amazonaws.com","eventName":"{name}",
        "awsRegion":"eu-west-1","eventID":"{name}-{second}","sourceIPAddress":"192.0.2.1"}}"#
    );
    (record, time)
}

fn rules(engine: &Engine) -> Vec<RuleKey> {
    let plan = plan(engine);
    (0..3)
        .map(|rule| plan.key_of(CorrelationIx(rule)))
        .collect()
}

/// Deltas of events given by name and second, each a position of its own.
fn deltas(engine: &Engine, events: &[(&str, i64)]) -> Deltas {
    let mut worker = engine.worker(Mode::Set);
    let mut deltas = Deltas::default();
    for (position, (name, second)) in (0..).zip(events) {
        let (record, time) = record(name, *second);
        worker.record(record.as_bytes(), Some(time), &mut Nobody);
        worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, position, time.millis());
        });
    }
    deltas
}

/// A store, the ids of what was announced as opened, with the rule's place, and what was announced as closed.
#[derive(Default)]
struct World {
    store: MemoryStore,
    told: Vec<(u32, EpisodeId)>,
    closed: Vec<Announcement>,
}

impl World {
    fn drive(&mut self, step: Step<'_>) -> Report {
        let Self {
            store,
            told,
            closed,
        } = self;
        drive(step, store, &mut |a: &Announcement| {
            match a.notice {
                Notice::Opened => told.push((a.rule.0, a.id)),
                Notice::Closed => closed.push(a.clone()),
            }
            true
        })
    }

    fn bring(&mut self, engine: &Engine, events: &[(&str, i64)]) -> Report {
        self.drive(Batch::of_records(
            &plan(engine),
            deltas(engine, events),
            None,
        ))
    }

    fn rules_told(&self) -> Vec<u32> {
        self.told.iter().map(|(rule, _)| *rule).collect()
    }
}

const BURST: [(&str, i64); 3] = [("Failure", 20), ("Failure", 21), ("Failure", 22)];

#[test]
fn what_hits_cannot_undo_is_told_at_once_along_the_chain() {
    let (engine, mut world) = (engine(), World::default());
    let report = world.bring(&engine, &[&BURST[..], &[("Success", 23)]].concat());
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(world.rules_told(), [0, 1]);
}

#[test]
fn what_hits_can_undo_waits_for_the_watermark() {
    let (engine, mut world) = (engine(), World::default());
    world.bring(&engine, &[("Success", 20)]);
    world.drive(Batch::sweep(&plan(&engine), ORIGIN_MS + 20_000, None));
    assert_eq!(world.told, []);
    world.drive(Batch::sweep(&plan(&engine), ORIGIN_MS + 20_001, None));
    assert_eq!(world.rules_told(), [2]);
    world.drive(Batch::sweep(&plan(&engine), END_MS, None));
    assert_eq!(world.rules_told(), [2]);
}

#[test]
fn a_redelivery_writes_nothing_and_announces_nothing_new() {
    let (engine, mut world) = (engine(), World::default());
    let events = [&BURST[..], &[("Success", 23)]].concat();
    world.bring(&engine, &events);
    let (items, told) = (world.store.items(), world.told.clone());
    let report = world.bring(&engine, &events);
    assert_eq!((report.written, report.announced), (0, 0));
    assert_eq!(world.store.items(), items);
    assert_eq!(world.told, told);
}

#[test]
fn an_episode_that_late_hits_move_and_join_keeps_the_id_it_was_told_under() {
    let (engine, mut world) = (engine(), World::default());
    world.bring(
        &engine,
        &[("Failure", 60), ("Failure", 61), ("Failure", 62)],
    );
    world.bring(&engine, &BURST);
    assert_eq!(world.told.len(), 2);
    let late: Vec<_> = (23..60).map(|second| ("Failure", second)).collect();
    world.bring(&engine, &late);
    assert_eq!(world.told.len(), 2);
    let episodes = &world
        .store
        .items()
        .into_iter()
        .find(|(_, i)| !i.episodes.is_empty())
        .unwrap()
        .1
        .episodes;
    let marks: Vec<_> = episodes.iter().map(|e| (e.id, e.mark)).collect();
    let expected = [
        (world.told[0].1, Mark::Published),
        (world.told[1].1, Mark::MergedInto(world.told[0].1)),
    ];
    assert_eq!(marks, expected);
}

/// Performs the batch's first `effects` and forgets it.
fn crash_after(world: &mut World, mut step: Step<'_>, effects: usize) -> bool {
    for _ in 0..effects {
        let Step::Ask { batch, effect, .. } = step else {
            return false;
        };
        let World {
            store,
            told,
            closed,
        } = &mut *world;
        step = batch.resume(perform(&effect, store, &mut |a: &Announcement| {
            match a.notice {
                Notice::Opened => told.push((a.rule.0, a.id)),
                Notice::Closed => closed.push(a.clone()),
            }
            true
        }));
    }
    matches!(step, Step::Ask { .. })
}

#[test]
fn a_crash_after_any_step_heals_by_redelivery() {
    let engine = engine();
    let plan = plan(&engine);
    let events = [&BURST[..], &[("Success", 23)]].concat();
    let mut whole = World::default();
    whole.bring(&engine, &events);
    let mut effects = 0;
    let mut world = World::default();
    while crash_after(
        &mut world,
        Batch::of_records(&plan, deltas(&engine, &events), None),
        effects,
    ) {
        world.bring(&engine, &events);
        let contents = |world: &World| -> Vec<_> {
            let items = world.store.items().into_iter();
            items.map(|(key, i)| (key, i.state, i.episodes)).collect()
        };
        assert_eq!(contents(&world), contents(&whole), "after {effects} steps");
        world.told.sort();
        world.told.dedup();
        let mut once = whole.told.clone();
        once.sort();
        assert_eq!(world.told, once, "after {effects} steps");
        (effects, world) = (effects + 1, World::default());
    }
    assert!(effects > 5, "only {effects} steps");
}

/// Brings the events into an empty store that takes nothing at `refused`.
fn bring_refusing(engine: &Engine, events: &[(&str, i64)], refused: ItemKey) -> Report {
    let plan = plan(engine);
    let store = MemoryStore::default();
    let mut step = Batch::of_records(&plan, deltas(engine, events), None);
    loop {
        let (batch, effect) = match step {
            Step::Done(report) => return report,
            Step::Ask { batch, effect, .. } => (batch, effect),
        };
        let result = match effect {
            Effect::Write(mut writes) => {
                writes.retain(|write| write.key != refused);
                store.write(&writes).expect("memory answers");
                EffectResult::Failed
            }
            effect => perform(&effect, &store, &mut |_| true),
        };
        step = batch.resume(result);
    }
}

#[test]
fn the_lowest_position_that_failed_comes_again() {
    let engine = engine();
    let plan = plan(&engine);
    let events = [
        ("Failure", 20),
        ("Success", 21),
        ("Failure", 22),
        ("Success", 23),
    ];
    let mut done = World::default();
    done.bring(&engine, &events);
    for (key, _) in done.store.items() {
        let report = bring_refusing(&engine, &events, key);
        // Failures alone begin with the first event; the other rules take successes.
        let takes_failures = plan.rule_of(key.rule) == Some(CorrelationIx(0));
        assert_eq!(report.lowest_failed, Some(u64::from(!takes_failures)));
        assert_eq!(report.failures.keys().collect::<Vec<_>>(), [&key]);
    }
}

#[test]
fn an_item_that_cannot_be_read_is_reported_and_neither_overwritten_nor_waited_for() {
    let (engine, mut world) = (engine(), World::default());
    world.bring(&engine, &BURST);
    let burst = plan(&engine).key_of(CorrelationIx(0));
    let mut items = world.store.items().into_iter();
    let (key, item) = items.find(|(key, _)| key.rule == burst).unwrap();
    assert!(item.due.is_some(), "a sweep does not look at it");
    let damaged = Item {
        state: vec![200, 1, 2],
        ..item.clone()
    };
    let write = ConditionalWrite {
        key,
        expected: Some(item.version),
        item: damaged.clone(),
    };
    world.store.write(&[write]).unwrap();
    let brought = world.bring(&engine, &[("Failure", 23), ("Success", 24)]);
    let swept = world.sweep(&engine, 100, None);
    for report in [&brought, &swept] {
        assert_eq!((report.lowest_failed, report.is_complete()), (None, true));
        assert_eq!(report.unreadable.keys().collect::<Vec<_>>(), [&key]);
        assert!(
            report.unreadable[&key].contains("version 200"),
            "{report:?}"
        );
    }
    assert_eq!(world.store.read(&[key]), Ok(vec![Some(damaged)]));
    // Others go on beside it.
    assert_eq!(world.rules_told(), [0, 1, 2]);
}

/// The lines that a backtest of the same events prints, but for the ids, by rule.
fn backtest(engine: &Engine, events: &[(&str, i64)]) -> Vec<serde_json::Value> {
    let mut worker = engine.worker(Mode::Set);
    for (name, second) in events {
        let (record, time) = record(name, *second);
        worker.record(record.as_bytes(), Some(time), &mut Nobody);
    }
    let (alerts, _) = worker
        .finish(&mut NothingSpilled)
        .expect("nothing was drained");
    let mut lines: Vec<_> = alerts.iter().map(line).collect();
    lines.sort_by_key(|line| line["rule"]["name"].to_string());
    lines
}

/// An alert as JSON, closed and without its id.
fn line(alert: &Alert) -> serde_json::Value {
    let mut line = serde_json::to_value(alert).expect("an alert is JSON");
    line["status"] = "closed".into();
    line["alert_id"].take();
    line["incident_id"].take();
    line
}

impl World {
    /// What was announced as closed, as [`backtest`] gives it.
    fn closed_lines(&self, engine: &Engine) -> Vec<serde_json::Value> {
        let alerts = self
            .closed
            .iter()
            .map(|a| Alert::of_announcement(engine.rules(), a));
        let mut lines: Vec<_> = alerts.map(|alert| line(&alert)).collect();
        lines.sort_by_key(|line| line["rule"]["name"].to_string());
        lines
    }

    fn sweep(&mut self, engine: &Engine, second: i64, swept_to: Option<i64>) -> Report {
        let at = |second| ORIGIN_MS + second * 1000;
        self.drive(Batch::sweep(&plan(engine), at(second), swept_to.map(at)))
    }
}

#[test]
fn an_end_is_told_once_when_the_quiet_period_has_passed_and_as_a_backtest_tells_it() {
    let (engine, mut world) = (engine(), World::default());
    let events = [&BURST[..], &[("Failure", 25)]].concat();
    world.bring(&engine, &events);
    // It holds until the third to last failure, of second 21, leaves, and is over a quiet period after that.
    let over_at = 21 + 10 + 10;
    world.sweep(&engine, over_at, None);
    assert_eq!(world.closed, []);
    for second in [over_at + 1, over_at + 2] {
        world.sweep(&engine, second, None);
        assert_eq!(world.closed_lines(&engine), backtest(&engine, &events));
    }
    assert_eq!(world.closed[0].id, world.told[0].1);
    assert_eq!(world.store.due(&rules(&engine), END_MS), Ok(vec![]));
}

#[test]
fn what_is_forgotten_of_an_episode_that_goes_on_is_told_at_its_end() {
    let (engine, mut world) = (engine(), World::default());
    // No more than a state counts exactly of what it has forgotten.
    let events: Vec<_> = (0..250).map(|second| ("Failure", second)).collect();
    let mut swept_to = None;
    for part in events.chunks(50) {
        let deltas = deltas(&engine, part);
        let swept_at = swept_to.map(|second: i64| ORIGIN_MS + second * 1000);
        world.drive(Batch::of_records(&plan(&engine), deltas, swept_at));
        let second = part[0].1;
        world.sweep(&engine, second, swept_to);
        swept_to = Some(second);
    }
    let (_, item) = world.store.items().remove(0);
    let whole = {
        let mut world = World::default();
        world.bring(&engine, &events);
        world.store.items().remove(0).1
    };
    assert_ne!(item.state, whole.state, "nothing was forgotten");
    assert_eq!((world.told.len(), world.closed.len()), (1, 0));
    world.sweep(&engine, 1_000, swept_to);
    assert_eq!(world.closed_lines(&engine), backtest(&engine, &events));
}

/// The burst goes on for longer than the takeover that it is a step of.
#[test]
fn an_end_waits_for_those_of_the_children_it_tells_of() {
    let (engine, mut world) = (engine(), World::default());
    let mut events = vec![("Success", 23)];
    events.extend((20..200).map(|second| ("Failure", second)));
    world.bring(&engine, &events);
    world.sweep(&engine, 100, None);
    let rules_closed = |world: &World| -> Vec<u32> {
        let mut rules: Vec<_> = world.closed.iter().map(|a| a.rule.0).collect();
        rules.sort_unstable();
        rules
    };
    assert_eq!(rules_closed(&world), [2]);
    world.sweep(&engine, 300, None);
    assert_eq!(rules_closed(&world), [0, 1, 2]);
    let found = world.closed_lines(&engine);
    assert_eq!(found, backtest(&engine, &events));
    let takeover = found.iter().find(|l| l["rule"]["name"] == "takeover");
    let last = &takeover.expect("it was closed")["last_event_time"];
    assert_eq!(last, "2026-01-01T00:03:19.000Z");
    assert_eq!(world.store.due(&rules(&engine), END_MS), Ok(vec![]));
}

/// One sweep after another breaks off after each of its steps.
#[test]
fn a_crash_before_an_end_is_marked_tells_it_again_under_its_id() {
    let engine = engine();
    let plan = plan(&engine);
    let events = [&BURST[..], &[("Success", 23)]].concat();
    for effects in 0.. {
        let mut world = World::default();
        world.bring(&engine, &events);
        let is_broken = crash_after(&mut world, Batch::sweep(&plan, END_MS, None), effects);
        world.drive(Batch::sweep(&plan, END_MS, None));
        let ids = |rule: u32| -> BTreeSet<EpisodeId> {
            let told = world.closed.iter().filter(|a| a.rule.0 == rule);
            told.map(|a| a.id).collect()
        };
        assert!((0..3).all(|rule| ids(rule).len() == 1), "after {effects}");
        assert!(
            world
                .store
                .items()
                .iter()
                .all(|(_, item)| item.unclosed().next().is_none())
        );
        let mut lines = world.closed_lines(&engine);
        lines.dedup();
        assert_eq!(lines, backtest(&engine, &events), "after {effects} steps");
        if !is_broken {
            assert!(effects > 5, "only {effects} steps");
            break;
        }
    }
}
