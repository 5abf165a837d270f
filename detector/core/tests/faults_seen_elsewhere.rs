//! Faults that were seen in other engines. Each test shows the stream that sets them off and what is right.

use std::time::Instant;

use detector_core::alert::Alert;
use detector_core::engine::{Engine, LATENESS_MAX_MS, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::tally::Tally;
use detector_core::time::Timestamp;
use detector_core::window::NothingSpilled;
use detector_core::window::load_rules;

/// 2026-01-01T00:00:00Z.
const ORIGIN_MS: i64 = 1_767_225_600_000;

const DETECTIONS: &str = "\
title: Sign-in failed
id: 11111111-1111-4111-8111-111111111111
name: failed
status: test
level: low
logsource: {product: aws, service: cloudtrail}
detection:
    selection: {eventName: Failed}
    condition: selection
vedette: {alert: false}
---
title: Sign-in succeeded
id: 22222222-2222-4222-8222-222222222222
name: succeeded
status: test
level: low
logsource: {product: aws, service: cloudtrail}
detection:
    selection: {eventName: Succeeded}
    condition: selection
vedette: {alert: false}
---
title: Password changed
id: 33333333-3333-4333-8333-333333333333
name: changed
status: test
level: low
logsource: {product: aws, service: cloudtrail}
detection:
    selection: {eventName: Changed}
    condition: selection
vedette: {alert: false}
";

fn correlation(kind: &str, rules: &str, condition: &str) -> String {
    format!(
        "---\ntitle: Correlation {kind}\nid: 44444444-4444-4444-8444-{:012x}\nname: c_{kind}\nstatus: test\nlevel: high\n\
         correlation:\n    type: {kind}\n    rules: [{rules}]\n    group-by: [sourceIPAddress]\n    timespan: 10m\n{condition}",
        kind.len() * 31 + rules.len() * 7 + condition.len()
    )
}

fn five_failures() -> String {
    correlation("event_count", "failed", "    condition: {gte: 5}\n")
}

/// One event: its name, seconds after the origin, id, and address.
fn event(name: &str, ms: i64, id: usize, address: Option<&str>) -> String {
    event_of_user(name, ms, id, address, 0)
}

fn event_of_user(name: &str, ms: i64, id: usize, address: Option<&str>, user: usize) -> String {
    let time = moment(ms);
    let address = address
        .map(|a| format!(",\"sourceIPAddress\":\"{a}\""))
        .unwrap_or_default();
    // Spread like real ids: an id in order would make sorting too easy.
    let spread = (id as u32).wrapping_mul(0x9E37_79B9);
    format!(
        "{{\"eventVersion\":\"1.11\",\"eventTime\":\"{time}\",\"eventSource\":\"signin.amazonaws.com\",\
         \"eventName\":\"{name}\",\"eventID\":\"{spread:08x}-0000-4000-8000-{id:012x}\",\"user\":\"user-{user}\"{address}}}"
    )
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millis(ORIGIN_MS + ms).expect("a time of this century")
}

struct Nobody;
impl Observer for Nobody {}

fn run_arrived(correlations: &str, records: &[(String, Option<i64>)]) -> (Vec<Alert>, Tally) {
    run_in(Mode::Set, correlations, records)
}

fn run_in(
    mode: Mode,
    correlations: &str,
    records: &[(String, Option<i64>)],
) -> (Vec<Alert>, Tally) {
    let file = RuleFile {
        path: "rules.yml".into(),
        text: format!("{DETECTIONS}{correlations}"),
    };
    let engine = Engine::new(load_rules(&[file]).expect("the rules are sound"));
    let mut worker = engine.worker(mode);
    for (record, arrival) in records {
        let arrival = arrival.map(moment);
        worker.record(record.as_bytes(), arrival, &mut Nobody);
    }
    worker
        .finish(&mut NothingSpilled)
        .expect("nothing was drained")
}

fn run(correlations: &str, records: Vec<String>) -> (Vec<Alert>, Tally) {
    let records: Vec<_> = records.into_iter().map(|record| (record, None)).collect();
    run_arrived(correlations, &records)
}

const MINUTE: i64 = 60_000;
const ATTACKER: Option<&str> = Some("192.0.2.1");

#[test]
fn newest_first_arrival_does_not_hide_a_burst() {
    let burst = (0..5)
        .rev()
        .map(|i| event("Failed", i * MINUTE, i as usize, ATTACKER))
        .collect();
    let (alerts, _) = run(&five_failures(), burst);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].opened_at.millis(), ORIGIN_MS + 4 * MINUTE);
    assert_eq!(alerts[0].held_until.millis(), ORIGIN_MS + 10 * MINUTE);
}

#[test]
fn one_future_timestamp_does_not_wipe_a_window() {
    let mut records: Vec<_> = (0..4)
        .map(|i| (event("Failed", i, i as usize, ATTACKER), Some(i)))
        .collect();
    // A clock that is years ahead, then the fifth failure.
    records.push((
        event("Failed", 400 * 24 * 60 * MINUTE, 90, Some("192.0.2.9")),
        Some(5),
    ));
    records.push((event("Failed", 6, 5, ATTACKER), Some(6)));
    let (alerts, tally) = run_arrived(&five_failures(), &records);
    assert_eq!(
        (alerts.len(), tally.skewed_events, tally.too_late_hits),
        (1, 1, 0)
    );
    // Without arrival times the recording is a set, and the stray event stands alone.
    let (alerts, _) = run(
        &five_failures(),
        records.into_iter().map(|(record, _)| record).collect(),
    );
    assert_eq!(alerts.len(), 1);
}

fn unarrived(records: Vec<String>) -> Vec<(String, Option<i64>)> {
    records.into_iter().map(|record| (record, None)).collect()
}

#[test]
fn lines_with_a_wrong_date_make_nothing_late() {
    // In the order of arrival, without arrival times: the first or any other line is dated 1970 or 2099.
    for wrong_ms in [-ORIGIN_MS + 1, 73 * 365 * 24 * 60 * MINUTE] {
        for place in 0..6 {
            let mut records: Vec<_> = (0..5)
                .map(|i| event("Failed", i * MINUTE, i as usize, ATTACKER))
                .collect();
            let wrong = event("Failed", wrong_ms, 90, Some("192.0.2.9"));
            // Twice the same: it is one witness.
            records.insert(place.min(5), wrong.clone());
            records.insert(place.min(5), wrong);
            let (alerts, tally) = run_in(Mode::AsArrived, &five_failures(), &unarrived(records));
            let too_late = tally.too_late_hits;
            assert_eq!(
                alerts.len(),
                1,
                "{wrong_ms} at {place}: {too_late} too late"
            );
            let is_future = wrong_ms > 0;
            assert_eq!(tally.ahead_events, u64::from(is_future), "{place}");
            assert!(too_late <= if is_future { 0 } else { 2 }, "{place}");
        }
    }
    // What is late is late.
    let mut records: Vec<_> = (0..5)
        .map(|i| event("Failed", 60 * MINUTE + i, i as usize, Some("192.0.2.9")))
        .collect();
    records.push(event("Failed", 30 * MINUTE, 9, ATTACKER));
    let (_, tally) = run_in(Mode::AsArrived, &five_failures(), &unarrived(records));
    assert_eq!(tally.too_late_hits, 1);
}

#[test]
fn a_future_event_counts_at_its_arrival() {
    let mut records: Vec<_> = (0..4)
        .map(|i| (event("Failed", i, i as usize, ATTACKER), Some(i)))
        .collect();
    records.push((event("Failed", 60 * MINUTE, 5, ATTACKER), Some(6)));
    let (alerts, tally) = run_arrived(&five_failures(), &records);
    assert_eq!((alerts.len(), tally.skewed_events), (1, 1));
    assert_eq!(alerts[0].opened_at.millis(), ORIGIN_MS + 6);
}

#[test]
fn what_arrives_too_late_is_counted_and_not_used() {
    let late = LATENESS_MAX_MS + 4;
    let records: Vec<_> = (0..5)
        .map(|i| (event("Failed", i, i as usize, ATTACKER), Some(late)))
        .collect();
    let (alerts, tally) = run_arrived(&five_failures(), &records);
    // Four of the five are later than allowed, the last is so exactly.
    assert_eq!((alerts.len(), tally.too_late_hits), (0, 4));
}

#[test]
fn the_same_record_three_times_counts_once() {
    let one = event("Failed", 0, 1, ATTACKER);
    let records = std::iter::repeat_n(one, 7).collect();
    assert_eq!(run(&five_failures(), records).0, []);
}

#[test]
fn a_missing_group_field_makes_no_shared_group() {
    let mut records: Vec<_> = (0..20)
        .map(|i| event("Failed", i, i as usize, None))
        .collect();
    records.extend((20..40).map(|i| {
        event(
            "Failed",
            i,
            i as usize,
            Some("HIDDEN_DUE_TO_SECURITY_REASONS"),
        )
    }));
    let (alerts, tally) = run(&five_failures(), records);
    assert_eq!(alerts, []);
    assert_eq!(tally.missing, [[("sourceIPAddress".to_owned(), 40)]]);
}

#[test]
fn temporal_needs_all_its_rules() {
    let rules = correlation("temporal", "failed, succeeded", "");
    let mut records: Vec<_> = (0..20)
        .map(|i| event("Failed", i, i as usize, ATTACKER))
        .collect();
    assert_eq!(run(&rules, records.clone()).0, []);
    records.push(event("Succeeded", 10 * MINUTE, 90, ATTACKER));
    let (alerts, _) = run(&rules, records);
    assert_eq!(alerts.len(), 1);
    // The failure at 0 has left at 10 min, the one at 19 ms leaves last.
    assert_eq!(alerts[0].opened_at.millis(), ORIGIN_MS + 10 * MINUTE);
    assert_eq!(alerts[0].held_until.millis(), ORIGIN_MS + 10 * MINUTE + 19);
}

#[test]
fn order_is_judged_in_milliseconds() {
    let rules = correlation("temporal_ordered", "failed, succeeded", "");
    let at = |failed, succeeded| {
        run(
            &rules,
            vec![
                event("Failed", failed, 1, ATTACKER),
                event("Succeeded", succeeded, 2, ATTACKER),
            ],
        )
        .0
        .len()
    };
    assert_eq!(
        at(501, 500),
        0,
        "half a second apart within one second, in the wrong order"
    );
    assert_eq!(at(500, 501), 1);
    assert_eq!(at(500, 500), 1, "equal times count as in order");
}

#[test]
fn distinct_counts_are_not_recomputed_for_every_event() {
    let rules = correlation(
        "value_count",
        "failed",
        "    condition: {field: user, gte: 1000000}\n",
    );
    let count = correlation("event_count", "failed", "    condition: {gte: 1000000}\n");
    let records: Vec<_> = (0..20_000)
        .map(|i| event_of_user("Failed", i as i64, i, ATTACKER, i))
        .collect();
    let timed = |rules: &str| {
        let started = Instant::now();
        assert_eq!(run(rules, records.clone()).0, []);
        started.elapsed()
    };
    let (few, values) = (timed(&count), timed(&rules));
    // Quadratic work is 10,000 times more here, not a few times.
    assert!(
        values < few * 4,
        "20,000 distinct values took {values:?}, a plain count {few:?}"
    );
}

#[test]
fn ordered_steps_do_not_backtrack() {
    let rules = correlation("temporal_ordered", "failed, succeeded, changed", "");
    // Many first and second steps and never a third; then, an hour on, the third.
    let mut records: Vec<_> = (0..3_000)
        .map(|i| event(["Failed", "Succeeded"][i % 2], i as i64, i, ATTACKER))
        .collect();
    records.push(event("Changed", 60 * MINUTE, 5_000, ATTACKER));
    let started = Instant::now();
    assert_eq!(run(&rules, records).0, []);
    assert!(
        started.elapsed().as_millis() < 2_000,
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_attack_split_over_two_workers_is_seen() {
    let file = RuleFile {
        path: "rules.yml".into(),
        text: format!("{DETECTIONS}{}", five_failures()),
    };
    let engine = Engine::new(load_rules(&[file]).unwrap());
    let mut workers = [engine.worker(Mode::Set), engine.worker(Mode::Set)];
    for i in 0..5 {
        workers[i % 2].record(
            event("Failed", i as i64, i, ATTACKER).as_bytes(),
            None,
            &mut Nobody,
        );
    }
    let [mut one, other] = workers;
    one.merge(other);
    assert_eq!(one.finish(&mut NothingSpilled).unwrap().0.len(), 1);
}

#[test]
fn a_noisy_rule_evicts_nobody_else() {
    let noisy = correlation(
        "value_count",
        "succeeded",
        "    condition: {field: user, gte: 3}\n",
    );
    let rules = format!("{}{noisy}", five_failures());
    let mut records: Vec<_> = (0..4)
        .map(|i| event("Failed", i, i as usize, ATTACKER))
        .collect();
    for i in 0..50_000 {
        let address = format!("198.51.{}.{}", i / 256 % 256, i % 256);
        records.push(event_of_user(
            "Succeeded",
            10 + i as i64 % 100,
            1_000 + i,
            Some(&address),
            i,
        ));
    }
    records.push(event("Failed", 200, 5, ATTACKER));
    let (alerts, _) = run(&rules, records);
    assert!(
        alerts
            .iter()
            .any(|alert| alert.rule.name.as_deref() == Some("c_event_count"))
    );
}
