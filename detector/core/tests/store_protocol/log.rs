//! What only sweeps judge waits in the log of the store, for the sweeps of those whose rules it is.

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::store::drive::drive;
use detector_core::store::log::LOG_PLACES;
use detector_core::store::{
    Batch, Deltas, LogName, MemoryStore, Notice, Plan, Portions, Report, StateStore, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::load_rules;

const ALLOWED_AND_REFUSED: &str = "
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection: {refused: {decision: deny}, condition: refused}
---
title: Often refused
id: 33333333-3333-4333-8333-333333333333
level: high
correlation: {type: event_count, rules: [refused], group-by: [sub], timespan: 10m, condition: {gte: 3}}
";

const MOSTLY_REFUSED: &str = "
---
title: Allowed
id: 22222222-2222-4222-8222-222222222222
name: allowed
level: low
logsource: {product: aws, service: lambda}
detection: {allowed: {decision: allow}, condition: allowed}
---
title: Mostly refused
id: 55555555-5555-4555-8555-555555555555
level: high
correlation: {type: event_count, rules: [refused, allowed], group-by: [sub], timespan: 10m, condition: {gte: 4}}
vedette: {entities: {scope: {client: sub}}, ratio: {of: [allowed], to: [refused], lte: 0.2, at_least: 4}}
";

const END_MS: i64 = 4_000_000_000_000;

struct Nobody;
impl Observer for Nobody {}

fn engine(text: &str) -> Engine {
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: text.to_owned(),
    };
    Engine::new(load_rules(&[file]).expect("sound rules"))
}

fn both() -> Engine {
    engine(&[ALLOWED_AND_REFUSED, MOSTLY_REFUSED].concat())
}

fn plan(engine: &Engine, since: i64) -> Plan<'_> {
    let times = StoreTimes {
        lateness_ms: 900_000,
        attempts_max: 3,
    };
    Plan::new(engine.rules(), times).in_force_since(since)
}

/// Refusals of one user, within a minute.
fn deltas(engine: &Engine, refusals: std::ops::Range<u32>) -> Deltas {
    let mut worker = engine.worker(Mode::Set);
    for at in refusals {
        let line = format!(
            r#"{{"timestamp":"2026-05-03T12:00:{at:02}.000Z","event":"v","request_id":"r{at}","sub":"ann","decision":"deny"}}"#
        );
        let arrival = Timestamp::from_rfc3339("2026-05-03T12:01:00Z");
        worker.record(line.as_bytes(), arrival, &mut Nobody);
    }
    let mut deltas = Deltas::default();
    worker.drain_state(&mut |rule, group, state| deltas.add((rule, group), state, 0, 0));
    deltas
}

/// Drives a batch or sweep; tells of which rules episodes opened, too.
fn driven(store: &MemoryStore, step: detector_core::store::Step<'_>) -> (Report, Vec<u32>) {
    let mut opened = Vec::new();
    let report = drive(step, store, &mut |told| {
        if told.notice == Notice::Opened {
            opened.push(told.rule.0);
        }
        true
    });
    (report, opened)
}

fn log(store: &MemoryStore) -> Vec<LogName> {
    let places = (0..LOG_PLACES).flat_map(|place| store.read_log(place).expect("memory answers"));
    places.map(|part| part.name).collect()
}

#[test]
fn a_batch_writes_no_item_of_what_only_sweeps_judge_and_the_sweep_finds_it() {
    let engine = both();
    let plan = plan(&engine, 0).deferring();
    let store = MemoryStore::default();
    for refusals in [0..2, 2..3, 3..5] {
        let step = Batch::of_records(&plan, deltas(&engine, refusals), None);
        assert!(driven(&store, step).0.is_complete());
    }
    // Of what is judged at once alone: three refusals are in one batch after the other.
    assert_eq!((store.items().len(), log(&store).len()), (1, 3));
    let (report, opened) = driven(&store, Batch::sweep(&plan, END_MS, None));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(
        (opened, store.items().len(), log(&store)),
        (vec![1], 2, vec![])
    );
}

/// Of one user it is united at once while its item is small.
#[test]
fn what_only_sweeps_judge_of_one_user_goes_to_the_log_where_its_item_is_large() {
    let of_user = MOSTLY_REFUSED.replace("entities: {scope: {client: sub}}, ", "");
    let engine = engine(&[ALLOWED_AND_REFUSED, &of_user].concat());
    for (at_once_bytes_max, expected) in [(1_000_000, (2, 0)), (100, (2, 2))] {
        let portions = Portions {
            at_once_bytes_max,
            ..Portions::default()
        };
        let plan = plan(&engine, 0).deferring().in_portions(portions);
        let store = MemoryStore::default();
        for refusals in [0..2, 2..3, 3..5] {
            let step = Batch::of_records(&plan, deltas(&engine, refusals), None);
            assert!(driven(&store, step).0.is_complete());
        }
        assert_eq!((store.items().len(), log(&store).len()), expected);
        let (report, opened) = driven(&store, Batch::sweep(&plan, END_MS, None));
        assert!(report.is_complete(), "{report:?}");
        assert_eq!((opened, log(&store)), (vec![1], vec![]));
    }
}

#[test]
fn what_newer_rules_have_left_there_waits_for_them() {
    let (newer, older) = (both(), engine(ALLOWED_AND_REFUSED));
    let (ours, theirs) = (plan(&newer, 10).deferring(), plan(&older, 9));
    let store = MemoryStore::default();
    driven(&store, Batch::of_records(&ours, deltas(&newer, 0..5), None));
    let left = log(&store);

    let (report, _) = driven(&store, Batch::sweep(&theirs, END_MS, None));
    assert!(report.is_outdated && !report.is_complete(), "{report:?}");
    assert_eq!(log(&store), left);

    let (report, opened) = driven(&store, Batch::sweep(&ours, END_MS, None));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((opened, log(&store)), (vec![1], vec![]));
}

#[test]
fn what_belongs_to_rules_that_are_no_more_goes() {
    let (older, newer) = (both(), engine(ALLOWED_AND_REFUSED));
    let store = MemoryStore::default();
    let before = plan(&older, 9).deferring();
    driven(
        &store,
        Batch::of_records(&before, deltas(&older, 0..5), None),
    );
    let (report, opened) = driven(&store, Batch::sweep(&plan(&newer, 10), END_MS, None));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((opened, log(&store)), (vec![], vec![]));
}

#[test]
fn what_cannot_be_read_is_told_and_stays() {
    let engine = both();
    let plan = plan(&engine, 0).deferring();
    for (part, is_damaged) in [
        (vec![], true),
        (vec![1, 255, 255], true),
        (vec![9, 1], false),
    ] {
        let store = MemoryStore::default();
        let batch = Batch::of_records(&plan, deltas(&engine, 0..5), None);
        driven(&store, batch);
        let place = log(&store)[0].place();
        store.append(&[part]).expect("memory answers");
        let (report, opened) = driven(&store, Batch::sweep(&plan, END_MS, None));
        // That of a newer program is for it to unite, and nothing is judged without it.
        let expected = (is_damaged, usize::from(is_damaged), is_damaged);
        let found = (report.is_complete(), report.unreadable.len(), opened == [1]);
        assert_eq!(found, expected, "{report:?}");
        let left = log(&store);
        assert!(
            left.iter().any(|name| name.place() == place + 1),
            "{left:?}"
        );
    }
}
