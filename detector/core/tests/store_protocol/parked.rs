//! Hits of rules that wait for a child's episode are parked, and found when there is one.

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::store::drive::drive;
use detector_core::store::{
    Batch, Deltas, MemoryStore, Notice, Plan, Report, StateStore, Step, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::load_rules;

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
correlation: {type: event_count, rules: [refused], group-by: [sub], timespan: 10m, condition: {gte: 3}}
---
title: Both
id: 44444444-4444-4444-8444-444444444444
level: critical
correlation: {type: temporal, rules: [often_refused, allowed], group-by: [sub], timespan: 30m}
---
title: Either
id: 55555555-5555-4555-8555-555555555555
level: critical
correlation: {type: temporal, rules: [often_refused, allowed], group-by: [sub], timespan: 30m, condition: {gte: 1}}
";

/// Of the rules above, in the order in which they stand.
const BOTH: u32 = 1;

const END_MS: i64 = 4_000_000_000_000;

struct Nobody;
impl Observer for Nobody {}

fn engine() -> Engine {
    let both = RULES.rsplit_once("---").expect("several rules").0;
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: both.to_owned(),
    };
    Engine::new(load_rules(&[file]).expect("sound rules"))
}

fn plan(engine: &Engine) -> Plan<'_> {
    let times = StoreTimes {
        lateness_ms: 900_000,
        attempts_max: 3,
    };
    Plan::new(engine.rules(), times)
}

fn millis(time: &str) -> i64 {
    let at = Timestamp::from_rfc3339(&format!("2026-05-03T{time}:00Z"));
    at.expect("a time").millis()
}

/// One event a user and a minute, each with its decision.
fn deltas(engine: &Engine, events: &[(&str, &str, &str)]) -> Deltas {
    let mut worker = engine.worker(Mode::Set);
    for (minute, sub, decision) in events {
        let line = format!(
            r#"{{"timestamp":"2026-05-03T{minute}:00.000Z","event":"v","request_id":"{minute}{sub}","sub":"{sub}","decision":"{decision}"}}"#
        );
        let arrival = Timestamp::from_rfc3339("2026-05-03T12:09:00Z");
        worker.record(line.as_bytes(), arrival, &mut Nobody);
    }
    let mut deltas = Deltas::default();
    worker.drain_state(&mut |rule, group, state| deltas.add((rule, group), state, 0, 0));
    deltas
}

const REFUSED: [(&str, &str, &str); 3] = [
    ("12:05", "ann", "deny"),
    ("12:06", "ann", "deny"),
    ("12:07", "ann", "deny"),
];

/// Drives a batch or sweep; tells of which rules episodes opened, and of those that closed how many hits they had.
fn driven(store: &MemoryStore, step: Step<'_>) -> (Report, Vec<u32>, Vec<(u32, u64)>) {
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    let report = drive(step, store, &mut |told| {
        match told.notice {
            Notice::Opened => opened.push(told.rule.0),
            Notice::Closed => closed.push((told.rule.0, told.episode.count)),
        }
        true
    });
    assert!(report.is_complete(), "{report:?}");
    closed.sort_unstable();
    (report, opened, closed)
}

#[test]
fn hits_of_groups_without_a_child_leave_no_item() {
    let engine = engine();
    let plan = plan(&engine).parking(i64::MIN);
    let store = MemoryStore::default();
    let deltas = deltas(
        &engine,
        &[("12:08", "ann", "allow"), ("12:08", "bob", "allow")],
    );
    let (report, ..) = driven(&store, Batch::of_records(&plan, deltas, None));
    assert_eq!((report.parked, report.written), (2, 0));
    driven(&store, Batch::sweep(&plan, END_MS, None));
    assert_eq!((store.items().len(), store.parked().len()), (0, 1));
}

#[test]
fn where_a_child_holds_a_hit_is_told_of_at_once() {
    let engine = engine();
    let plan = plan(&engine).parking(i64::MIN);
    let store = MemoryStore::default();
    let refused = deltas(&engine, &REFUSED);
    driven(&store, Batch::of_records(&plan, refused, None));
    let allowed = [("12:08", "ann", "allow"), ("12:08", "bob", "allow")];
    let allowed = deltas(&engine, &allowed);
    let (report, opened, _) = driven(&store, Batch::of_records(&plan, allowed, None));
    assert_eq!((report.parked, opened), (1, vec![BOTH]));
}

#[test]
fn what_was_parked_before_the_child_is_found_by_the_next_sweep() {
    let engine = engine();
    let plan = plan(&engine).parking(i64::MIN);
    let store = MemoryStore::default();
    // One of another hour, one of the same, and one of somebody else.
    let allowed = [
        ("11:56", "ann", "allow"),
        ("12:01", "ann", "allow"),
        ("12:02", "bob", "allow"),
    ];
    for one in allowed {
        let step = Batch::of_records(&plan, deltas(&engine, &[one]), None);
        assert_eq!(driven(&store, step).0.parked, 1);
    }
    let refused = deltas(&engine, &REFUSED);
    let (_, opened, _) = driven(&store, Batch::of_records(&plan, refused, None));
    assert_eq!((opened, store.pending().unwrap().len()), (vec![], 1));
    let soon = Batch::sweep(&plan, millis("12:05"), None);
    let (_, opened, closed) = driven(&store, soon);
    assert_eq!((opened, closed), (vec![BOTH], vec![]));
    assert!(store.pending().unwrap().is_empty());
    let (_, _, closed) = driven(&store, Batch::sweep(&plan, END_MS, None));
    // Two hits, and the child's episode.
    assert_eq!(closed, [(BOTH, 3)]);
}

#[test]
fn what_an_earlier_release_may_have_shown_is_waited_for() {
    let engine = engine();
    // A timespan, as long a pause and a part of one.
    let first = millis("12:08") - (30 + 30) * 60_000 - 30 * 60_000 / 4;
    for (parks_from, parked) in [(first, 1), (first + 1, 0)] {
        let plan = plan(&engine).parking(parks_from);
        let store = MemoryStore::default();
        let deltas = deltas(&engine, &[("12:08", "ann", "allow")]);
        let (report, ..) = driven(&store, Batch::of_records(&plan, deltas, None));
        assert_eq!((report.parked, report.written), (parked, 1 - parked));
    }
}

#[test]
fn a_rule_that_may_hold_without_a_child_parks_nothing() {
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    let engine = Engine::new(load_rules(&[file]).expect("sound rules"));
    let plan = plan(&engine).parking(i64::MIN);
    let store = MemoryStore::default();
    let deltas = deltas(&engine, &[("12:08", "ann", "allow")]);
    let (report, opened, _) = driven(&store, Batch::of_records(&plan, deltas, None));
    assert_eq!((report.parked, report.written > 0), (1, true));
    assert_eq!(opened, [2]);
}

#[test]
fn what_cannot_be_read_of_it_is_told_and_holds_nothing_up() {
    let engine = engine();
    let plan = plan(&engine).parking(i64::MIN);
    let store = MemoryStore::default();
    let allowed = deltas(&engine, &[("12:01", "ann", "allow")]);
    driven(&store, Batch::of_records(&plan, allowed, None));
    let mut damaged = store.parked()[0].1.clone();
    for deltas in [vec![], vec![255; 9], damaged.deltas[..20].to_vec()] {
        damaged.deltas = deltas;
        store.park(std::slice::from_ref(&damaged)).unwrap();
    }
    let refused = deltas(&engine, &REFUSED);
    driven(&store, Batch::of_records(&plan, refused, None));
    let (report, opened, _) = driven(&store, Batch::sweep(&plan, millis("12:05"), None));
    assert_eq!((report.unreadable.len(), opened), (3, vec![BOTH]));
}
