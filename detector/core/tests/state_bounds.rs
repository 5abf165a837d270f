//! Architecture invariant: what a group, and a rule, holds stays within a bound, whatever the input.

use detector_core::engine::{Engine, Mode, Observer, Worker};
use detector_core::rule::RuleFile;
use detector_core::store::drive::drive;
use detector_core::store::item::STATE_BYTES_MAX;
use detector_core::store::{Batch, Deltas, MemoryStore, Plan, StoreTimes};
use detector_core::time::Timestamp;
use detector_core::window::NothingSpilled;
use detector_core::window::load_rules;

const START_MS: i64 = 1_795_435_200_000;
const MINUTE_MS: i64 = 60_000;

struct Nobody;
impl Observer for Nobody {}

/// Detection rules `first`, `second` and `third`, by the event's name, and the correlations.
fn engine(correlations: &[(&str, &str, &str)]) -> Engine {
    let mut text = "lists: {limits: {values: {192.0.2.1: 1000}}}\n---\n".to_owned();
    for name in ["first", "second", "third"] {
        text += &format!(
            "title: {name}\nname: {name}\nlogsource:\n    product: aws\n    service: cloudtrail\ndetection:\n    selection:\n        eventName: {name}\n    condition: selection\n---\n"
        );
    }
    for (number, (kind, input, rest)) in correlations.iter().enumerate() {
        text += &format!(
            "title: {kind} {number}\ncorrelation:\n    type: {kind}\n    rules:\n{input}\n    group-by:\n        - sourceIPAddress\n{rest}\n---\n"
        );
    }
    let path = "bounds.yml".to_owned();
    match load_rules(&[RuleFile {
        path,
        text: text.trim_end_matches("---\n").to_owned(),
    }]) {
        Ok(rules) => Engine::new(rules),
        Err(problems) => panic!("{problems:#?}"),
    }
}

const FIRST: &str = "        - first";
const BOTH: &str = "        - first\n        - second";
const ALL: &str = "        - first\n        - second\n        - third";

fn hit(worker: &mut Worker<'_>, name: &str, address: &str, number: usize, time: i64) {
    let when = Timestamp::from_millis(time).expect("a time of this century");
    let line = format!(
        r#"{{"eventVersion":"1.08","eventSource":"s","point":"{}.{},{}","eventName":"{name}","sourceIPAddress":"{address}","userName":"user-{number}","trace":"{number:0120}","size":{},"eventTime":"{when}","eventID":"00000000-0000-4000-8000-{number:012x}"}}"#,
        number % 80,
        number % 10,
        number / 80 % 170,
        number % 1_000
    );
    worker.record(line.as_bytes(), None, &mut Nobody);
}

fn flooded_bytes(engine: &Engine, hits: usize) -> usize {
    let mut worker = engine.worker(Mode::Set);
    for number in 0..hits {
        let after = 30 * MINUTE_MS * number as i64 / hits as i64;
        // What some words ask for beside it.
        let name = match number % 7 {
            5 => "second",
            6 => "third",
            _ => "first",
        };
        hit(&mut worker, name, "192.0.2.1", number, START_MS + after);
    }
    let mut bytes = 0;
    worker.drain_state(&mut |_, _, state| bytes += state.len());
    bytes
}

const SHARE_OF_WEEKS: &str =
    "ratio: {of: [first], to: [first, second], at_least: 100, factor: 2, weeks: 4, warm_up: 3}";

fn extended(rest: &str, attribute: &str) -> String {
    format!("{rest}\nvedette:\n    {attribute}")
}

#[test]
fn a_group_does_not_grow_with_the_flood_that_fills_it() {
    let field = "        field: size";
    const THRESHOLD: u64 = 1_000;
    let gte = format!("    timespan: 5m\n    condition:\n        gte: {THRESHOLD}");
    let of_field = |field: &str| {
        format!("    timespan: 5m\n    condition:\n{field}\n        gte: {THRESHOLD}")
    };
    for (kind, input, rest) in [
        ("event_count", FIRST, gte.clone()),
        ("value_count", FIRST, of_field("        field: userName")),
        ("temporal", BOTH, "    timespan: 5m".to_owned()),
        (
            "temporal",
            BOTH,
            "    timespan: 5m\n    condition: first and not second".to_owned(),
        ),
        (
            "temporal",
            BOTH,
            extended(
                "    timespan: 5m\n    condition: first and not second",
                "absence: {of: [second], after: [first]}",
            ),
        ),
        (
            "temporal",
            BOTH,
            extended(
                "    timespan: 5m\n    condition: first and not second",
                "absence: {of: [second], before: [first]}",
            ),
        ),
        (
            "temporal",
            ALL,
            extended(
                "    timespan: 5m\n    condition: first and third and not second",
                "absence: {of: [second], after: [first], before: [third]}",
            ),
        ),
        ("temporal_ordered", BOTH, "    timespan: 5m".to_owned()),
        (
            "event_count",
            FIRST,
            extended(
                &gte.replace("1000", "10"),
                "thresholds: {sourceIPAddress: '%limits%'}",
            ),
        ),
        (
            "value_count",
            FIRST,
            extended(
                "    timespan: 12h\n    condition:\n        field: point\n        gte: 2",
                "travel: {distance: 500, speed: 900}",
            ),
        ),
        (
            "event_count",
            BOTH,
            extended(&gte.replace("5m", "15m"), SHARE_OF_WEEKS),
        ),
        (
            "value_count",
            BOTH,
            extended(
                &of_field("        field: userName").replace("5m", "15m"),
                SHARE_OF_WEEKS,
            ),
        ),
        (
            "event_count",
            FIRST,
            extended(
                &gte.replace("5m", "15m").replace("gte", "lte"),
                "baseline: {factor: 0.5, weeks: 4, warm_up: 3, at_least: 20}",
            ),
        ),
        ("value_sum", FIRST, of_field(field)),
        ("value_avg", FIRST, of_field(field)),
        ("value_median", FIRST, of_field(field)),
        (
            "event_count",
            BOTH,
            extended(
                &gte,
                "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 100}",
            ),
        ),
        (
            "value_count",
            BOTH,
            extended(
                &of_field("        field: userName"),
                "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 100}",
            ),
        ),
        (
            "event_count",
            FIRST,
            extended(&gte, "spike: {gte: 2, at_least: 100}"),
        ),
        (
            "value_count",
            FIRST,
            extended(
                &of_field("        field: userName"),
                "first_seen: {learning: 1m, memory: 1d}",
            ),
        ),
        (
            "value_count",
            BOTH,
            extended(
                &of_field("        field: userName"),
                "owner: {given_by: [second], memory: 1d}",
            ),
        ),
        (
            "event_count",
            FIRST,
            extended(
                &gte.replace("5m", "15m"),
                "baseline: {factor: 2, weeks: 4, warm_up: 3}",
            ),
        ),
    ] {
        let of_rest = |rest: &str| {
            let engine = engine(&[(kind, input, rest)]);
            [2_000, 50_000, 150_000].map(|hits| flooded_bytes(&engine, hits))
        };
        let [some, more, many] = of_rest(&rest);
        let shows = match rest.contains("vedette") {
            true => format!("{rest}\n    show: [userName, trace]"),
            false => extended(&rest, "show: [userName, trace]"),
        };
        let [_, _, shown] = of_rest(&shows);
        println!("{kind}: {some} {more} {many}, shown {shown}");
        assert!(
            many < shown && shown < many + 300_000,
            "{kind}: {many}, {shown}"
        );
        let counts = matches!(kind, "event_count" | "value_count") && !rest.contains("vedette");
        assert!(!counts || many < 64_000, "{kind} at {THRESHOLD}: {many}");
        assert!(many < STATE_BYTES_MAX, "{kind} at {THRESHOLD}: {many}");
        assert!(
            many < more * 5 / 4,
            "{kind} at {THRESHOLD}: {more}, then {many}"
        );
    }
}

/// Who is near to firing stays, and no rule pays for another.
#[test]
fn over_its_budget_a_rule_forgets_its_own_groups_farthest_from_firing() {
    let rest = "    timespan: 5m\n    condition:\n        gte: 10";
    let engine = engine(&[
        ("event_count", FIRST, rest),
        ("event_count", "        - second", rest),
    ]);
    let mut worker = engine.worker(Mode::Set);
    let mut number = 0;
    let mut send = |worker: &mut Worker<'_>, name: &str, address: &str| {
        number += 1;
        hit(worker, name, address, number, START_MS + number as i64);
    };
    for _ in 0..9 {
        send(&mut worker, "first", "192.0.2.1");
        send(&mut worker, "second", "192.0.2.2");
    }
    for at in 0..5_000 {
        send(
            &mut worker,
            "first",
            &format!("10.0.{}.{}", at / 250, at % 250),
        );
        worker.evict(500_000);
        assert!(worker.state_bytes() < 2 * 500_000);
    }
    let evicted = worker.tally().evicted.clone();
    assert!(evicted[0] > 1_000 && evicted[1] == 0, "{evicted:?}");
    for name in ["first", "second"] {
        let address = if name == "first" {
            "192.0.2.1"
        } else {
            "192.0.2.2"
        };
        send(&mut worker, name, address);
    }
    let (alerts, _) = worker
        .finish(&mut NothingSpilled)
        .expect("nothing was drained");
    assert_eq!(alerts.len(), 2);
}

/// Just below its threshold for longer than an item can hold: the oldest moments go, and it is said.
#[test]
fn a_state_that_no_item_holds_forgets_its_oldest_moments_and_says_so() {
    let rest = "    timespan: 1m\n    condition:\n        gte: 1000";
    let engine = engine(&[("event_count", FIRST, rest)]);
    let times = StoreTimes {
        lateness_ms: 15 * MINUTE_MS,
        attempts_max: 3,
    };
    let plan = Plan::new(engine.rules(), times);
    let store = MemoryStore::default();
    let mut shortened = 0;
    let mut announced = 0;
    for minute in 0..40 {
        let mut worker = engine.worker(Mode::Set);
        // In the last minute it fires after all.
        let hits = if minute == 39 { 1_000 } else { 990 };
        let begin = START_MS + minute * MINUTE_MS;
        for at in 0..hits {
            let number = minute as usize * 1_000 + at;
            hit(
                &mut worker,
                "first",
                "192.0.2.1",
                number,
                begin + at as i64 * 60,
            );
        }
        let mut deltas = Deltas::default();
        worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, 0, begin + MINUTE_MS);
        });
        let report = drive(Batch::of_records(&plan, deltas, None), &store, &mut |_| {
            announced += 1;
            true
        });
        assert!(
            report.is_complete() && report.too_large.is_empty(),
            "{report:?}"
        );
        shortened += report.shortened.len();
        for (_, item) in store.items() {
            assert!(item.state.len() <= STATE_BYTES_MAX, "{}", item.state.len());
        }
    }
    assert!(shortened > 0, "it never was too large");
    assert_eq!(announced, 1);
}
