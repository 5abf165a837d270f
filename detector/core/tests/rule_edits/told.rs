//! Single edits on a small stream: who is told what, and what is in the store.

use detector_core::engine::{Engine, Mode};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::store::drive::drive;
use detector_core::store::{
    Announcement, Batch, Deltas, Item, MemoryStore, Notice, Plan, Report, StateStore, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::load_rules;

use super::Nobody;

/// 2026-01-01T00:00:00Z.
const ORIGIN_MS: i64 = 1_767_225_600_000;
const LATENESS_MS: i64 = 5_000;

/// So many events in ten seconds, with a quiet period.
fn rules(threshold: u64, quiet: &str) -> Engine {
    let text = format!(
        "title: Failure\nname: failure\nlogsource: {{product: aws, service: cloudtrail}}\n\
         detection: {{it: {{eventName: Failure}}, condition: it}}\n---\n\
         title: Burst\nid: 00000000-0000-4000-9000-000000000001\n\
         correlation: {{type: event_count, rules: [failure], timespan: 10s, condition: {{gte: {threshold}}}}}\n\
         vedette: {{quiet: {quiet}}}\n"
    );
    let file = RuleFile {
        path: "rules.yml".into(),
        text,
    };
    Engine::new(load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn plan(engine: &Engine, since: i64) -> Plan<'_> {
    let times = StoreTimes {
        lateness_ms: LATENESS_MS,
        attempts_max: 3,
    };
    Plan::new(engine.rules(), times).in_force_since(since)
}

#[derive(Default)]
struct World {
    store: MemoryStore,
    told: Vec<Announcement>,
}

impl World {
    fn drive(&mut self, step: detector_core::store::Step<'_>) -> Report {
        let Self { store, told } = self;
        drive(step, store, &mut |a| {
            told.push(a.clone());
            true
        })
    }

    /// Failures at these tenths of a second, by rules that are in force since then.
    fn bring(&mut self, (engine, since): (&Engine, i64), tenths: std::ops::Range<i64>) -> Report {
        self.bring_by((engine, &plan(engine, since)), tenths)
    }

    fn bring_by(
        &mut self,
        (engine, plan): (&Engine, &Plan<'_>),
        tenths: std::ops::Range<i64>,
    ) -> Report {
        let mut worker = engine.worker(Mode::Set);
        let mut deltas = Deltas::default();
        for tenth in tenths {
            let time =
                Timestamp::from_millis(ORIGIN_MS + tenth * 100).expect("a time of this century");
            let record = format!(
                r#"{{"eventVersion":"1.11","eventTime":"{time}","eventSource":"s.amazonaws.com","eventName":"Failure",
                "awsRegion":"eu-west-1","eventID":"failure-{tenth}","sourceIPAddress":"192.0.2.1"}}"#
            );
            worker.record(record.as_bytes(), Some(time), &mut Nobody);
            worker.drain_state(&mut |rule, group, state| {
                deltas.add((rule, group), state, 0, time.millis());
            });
        }
        self.drive(Batch::of_records(plan, deltas, None))
    }

    fn sweep(&mut self, (engine, since): (&Engine, i64), second: i64) -> Report {
        let watermark = ORIGIN_MS + second * 1000;
        self.drive(Batch::sweep(&plan(engine, since), watermark, None))
    }

    /// Openings and ends, each with the place of its id among those told.
    fn told(&self) -> Vec<(usize, Notice, u64)> {
        let place = |a: &Announcement| {
            let mut ids: Vec<_> = Vec::new();
            for told in &self.told {
                if !ids.contains(&told.id) {
                    ids.push(told.id);
                }
            }
            ids.iter().position(|id| *id == a.id).expect("it was told")
        };
        let told = self.told.iter();
        told.map(|a| (place(a), a.notice, a.episode.count))
            .collect()
    }

    fn item(&self) -> Item {
        self.store.items().remove(0).1
    }
}

use Notice::{Closed, Opened};

#[test]
fn a_threshold_that_falls_counts_what_was_there() {
    let (old, new, mut world) = (rules(20, "10s"), rules(10, "10s"), World::default());
    world.bring((&old, 0), 0..12);
    assert_eq!(world.told(), []);
    world.bring((&new, 1), 12..13);
    assert_eq!(world.told(), [(0, Opened, 13)]);
}

#[test]
fn a_threshold_that_rises_counts_what_had_not_reached_the_old_one() {
    let (old, new, mut world) = (rules(20, "10s"), rules(25, "10s"), World::default());
    world.bring((&old, 0), 0..19);
    world.bring((&new, 1), 19..24);
    assert_eq!(world.told(), []);
    world.bring((&new, 1), 24..25);
    assert_eq!(world.told(), [(0, Opened, 25)]);
}

/// The count is over all that the logs hold: batches leave it to the log, and a sweep by other rules unites it.
#[test]
fn what_waits_by_a_lower_threshold_is_not_announced_by_a_higher_one() {
    let (old, new, mut world) = (rules(20, "10s"), rules(60, "10s"), World::default());
    let brought = world.bring_by((&old, &plan(&old, 0).deferring()), 0..50);
    assert_eq!((brought.logged, brought.written), (1, 0));
    world.sweep((&new, 1), 20);
    assert_eq!(world.told(), []);
    // By rules that did not change, it is.
    let mut world = World::default();
    world.bring_by((&old, &plan(&old, 0).deferring()), 0..50);
    world.sweep((&old, 0), 5);
    assert_eq!(world.told(), [(0, Opened, 50)]);
}

/// Whose rules are older leaves to the newer ones what those have written down.
#[test]
fn what_newer_rules_wrote_down_waits_for_them() {
    let (old, new, mut world) = (rules(60, "10s"), rules(20, "10s"), World::default());
    world.bring_by((&new, &plan(&new, 1).deferring()), 0..50);
    let swept = world.sweep((&old, 0), 5);
    assert!(swept.is_outdated && swept.broken_off.is_some(), "{swept:?}");
    world.sweep((&new, 1), 5);
    assert_eq!(world.told(), [(0, Opened, 50)]);
}

/// Of moments that had reached the old one nothing more is known, so nothing is announced of them; what was goes on.
#[test]
fn a_threshold_that_rises_announces_nothing_that_is_not_known() {
    let (old, new, mut world) = (rules(20, "10s"), rules(60, "10s"), World::default());
    world.bring((&old, 0), 0..50);
    world.bring((&new, 1), 50..65);
    // 65 within ten seconds, of which all bear on what had been reached.
    assert_eq!(world.told(), [(0, Opened, 50)]);
    let plan = plan(&new, 1);
    let writer = world.item().writer;
    assert_eq!((writer.absorbed_at, writer.since), (60, 1));
    assert_eq!(plan.meaning_of(CorrelationIx(0)).absorbs_at(), Some(60));
    // From a timespan on all is known.
    world.bring((&new, 1), 200..260);
    let episodes = world.item().episodes;
    assert_eq!(episodes.len(), 2, "{episodes:?}");
    world.sweep((&new, 1), 1_000);
    let ends: Vec<_> = world
        .told()
        .into_iter()
        .filter(|told| told.1 == Closed)
        .collect();
    assert_eq!(ends, [(0, Closed, 0), (1, Closed, 60)]);
}

#[test]
fn what_goes_on_after_an_end_is_told_apart_where_pauses_may_be_longer_now() {
    let (old, new, mut world) = (rules(3, "1s"), rules(3, "1h"), World::default());
    world.bring((&old, 0), 0..3);
    world.sweep((&old, 0), 30);
    assert_eq!(world.told(), [(0, Opened, 3), (0, Closed, 3)]);
    // Under the new rules it would be the same episode.
    world.bring((&new, 1), 600..605);
    world.sweep((&new, 1), 10_000);
    let told: Vec<_> = world.told().iter().map(|told| (told.0, told.1)).collect();
    assert_eq!(told[2..], [(1, Opened), (1, Closed)]);
    assert_eq!(world.told[2].episode.opened_at, ORIGIN_MS + 60_200);
}

#[test]
fn one_that_falls_into_several_ends_once_with_the_last() {
    let (old, new, mut world) = (rules(3, "1h"), rules(3, "1s"), World::default());
    world.bring((&old, 0), 0..3);
    world.bring((&old, 0), 600..604);
    world.sweep((&new, 1), 40);
    assert_eq!(world.told().len(), 1);
    world.bring((&new, 1), 604..606);
    world.sweep((&new, 1), 1_000);
    assert_eq!(world.told(), [(0, Opened, 3), (0, Closed, 6)]);
}

#[test]
fn who_has_older_rules_leaves_an_item_to_the_newer_ones() {
    let (old, new, mut world) = (rules(20, "10s"), rules(40, "10s"), World::default());
    world.bring((&new, 7), 0..30);
    let before = world.store.items();
    let report = world.bring((&old, 3), 30..35);
    assert!(report.is_outdated && report.unreadable.is_empty());
    assert_eq!(report.lowest_failed, Some(0));
    assert_eq!(world.store.items(), before);
    let report = world.bring((&new, 7), 30..40);
    assert!(report.is_complete() && !report.is_outdated, "{report:?}");
    assert_eq!(world.told(), [(0, Opened, 40)]);
    // Brought back, they came into force last.
    let report = world.bring((&old, 9), 40..41);
    assert!(report.is_complete(), "{report:?}");
    let report = world.bring((&new, 7), 41..42);
    assert!(report.is_outdated);
    // The same rules are the same, whoever has them since when.
    assert!(world.bring((&old, 2), 42..43).is_complete());
    assert_eq!(world.item().writer.since, 9);
}

#[test]
fn what_a_newer_program_has_just_written_comes_again_and_what_it_left_behind_is_skipped() {
    let (engine, mut world) = (rules(3, "10s"), World::default());
    world.bring((&engine, 5), 0..2);
    let (key, item) = world.store.items().remove(0);
    let mut newer = item.clone();
    newer.state[0] = u8::MAX;
    newer.writer.edition = detector_core::window::key::Key::from_u128(1);
    let write = detector_core::store::ConditionalWrite {
        key,
        expected: Some(item.version),
        item: newer,
    };
    world.store.write(&[write]).expect("memory answers");
    let report = world.bring((&engine, 4), 2..3);
    assert!(report.is_outdated && !report.is_complete());
    let report = world.bring((&engine, 6), 2..3);
    assert!(report.is_complete() && report.unreadable.contains_key(&key));
}
