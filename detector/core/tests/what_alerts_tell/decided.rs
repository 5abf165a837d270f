//! Readings that were open, as `rules/README.md` lists them; those of baselines are in `baseline_agrees_with_oracle.rs`.

use super::*;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

fn count(of: &str, condition: &str, vedette: &str) -> Engine {
    let of = format!("{of}, timespan: 1m, condition: {{{condition}}}");
    engine(&[&correlation("counted", &of, vedette)])
}

/// What `replay run` tells of events that arrived at these times, and its counters.
fn arrived(engine: &Engine, events: &[(Sent, i64)]) -> (Vec<Alert>, Tally) {
    let mut worker = engine.worker(Mode::Set);
    for (event, at) in events {
        let at = Timestamp::from_millis(START_MS + at);
        worker.record(event.line.as_bytes(), at, &mut Nobody);
    }
    let finished = worker.finish(&mut NothingSpilled);
    finished.expect("nothing was drained")
}

fn login(at: i64, number: u32, fields: &str) -> Sent {
    sent("login", at, number, fields)
}

#[test]
fn a_count_of_episodes_counts_openings() {
    let burst = correlation(
        "burst",
        "type: event_count, rules: [login], group-by: [ip], timespan: 1m, condition: {gte: 2}",
        "quiet: 1s",
    );
    let bursts = correlation(
        "bursts",
        "type: event_count, rules: [burst], group-by: [], timespan: 1m, condition: {gte: 2}",
        "quiet: 1s",
    );
    let engine = engine(&[&burst, &bursts]);
    let of = |ip: u8, numbers: std::ops::Range<u32>, from: i64| {
        let at = |n: u32| from + i64::from(n % 100) * 20 * SECOND;
        let one = move |n| login(at(n), n, &format!(r#""ip":"192.0.2.{ip}""#));
        numbers.map(one).collect::<Vec<_>>()
    };
    // One burst opens after 20 seconds and goes on; another opens 60 seconds later, or a millisecond sooner.
    for (second, episodes) in [(60 * SECOND, 0), (60 * SECOND - 1, 1)] {
        let events = [of(1, 0..9, 0), of(2, 100..102, second)].concat();
        let found = told_by_both(&engine, &events, "bursts");
        assert_eq!(found.len(), episodes, "{second}");
    }
}

#[test]
fn an_access_in_the_millisecond_of_an_end_is_judged_by_the_owner_before() {
    let rule = correlation(
        "foreign",
        "type: value_count, rules: [login, grant, drop], group-by: [car], timespan: 1m, condition: {field: user, gte: 1}",
        "owner: {given_by: [grant], ended_by: [drop], memory: 1h}",
    );
    let engine = engine(&[&rule]);
    let of = |name, at, n, user| sent(name, at, n, &format!(r#""car":"c","user":"{user}""#));
    for (end, episodes) in [(49_999, 0), (50_000, 1), (50_001, 1)] {
        let events = [
            of("grant", 0, 1, "ann"),
            of("drop", end, 2, "ann"),
            of("login", 50_000, 3, "eve"),
            of("login", 50_000, 4, "ann"),
        ];
        let found = told_by_both(&engine, &events, "foreign");
        assert_eq!(found.len(), episodes, "{end}");
    }
}

#[test]
fn lateness_and_skew_count_wherever_arrivals_are_recorded() {
    let engine = count(
        "type: event_count, rules: [login], group-by: []",
        "gte: 1",
        "quiet: 1m",
    );
    let late = arrived(&engine, &[(login(0, 1, ""), 15 * MINUTE + 1)]);
    assert_eq!((late.0.len(), late.1.too_late_hits), (0, 1));
    let in_time = arrived(&engine, &[(login(0, 1, ""), 15 * MINUTE)]);
    assert_eq!((in_time.0.len(), in_time.1.too_late_hits), (1, 0));
    let (ahead, tally) = arrived(&engine, &[(login(5 * MINUTE + 1, 1, ""), 0)]);
    assert_eq!(told(&ahead), [one("counted", 0, 1, [1])]);
    assert_eq!(tally.skewed_events, 1);
}

#[test]
fn a_repetition_that_is_too_late_is_left_out_and_reported() {
    let engine = count(
        "type: event_count, rules: [login], group-by: []",
        "gte: 1",
        "quiet: 1m",
    );
    let events = [(login(0, 1, ""), SECOND), (login(0, 1, ""), 20 * MINUTE)];
    let (alerts, tally) = arrived(&engine, &events);
    assert_eq!(told(&alerts), [one("counted", 0, 1, [1])]);
    assert_eq!(tally.too_late_hits, 1);
}

/// A clock that is ten minutes ahead: the event counts at its arrival, so that two arrivals are two times.
#[test]
fn an_id_at_two_times_is_one_in_counts_and_two_in_sums() {
    let events = [0, SECOND].map(|at| (login(10 * MINUTE, 1, r#""size":4"#), at));
    let counted = count(
        "type: event_count, rules: [login], group-by: []",
        "gte: 1",
        "quiet: 1m",
    );
    assert_eq!(
        told(&arrived(&counted, &events).0),
        [one("counted", 0, 1, [1])]
    );
    let twice = count(
        "type: event_count, rules: [login], group-by: []",
        "gte: 2",
        "quiet: 1m",
    );
    assert!(arrived(&twice, &events).0.is_empty());
    let sum = "type: value_sum, rules: [login], group-by: []";
    let sum = count(sum, "field: size, gte: 8", "quiet: 1m");
    assert_eq!(
        told(&arrived(&sum, &events).0),
        [one("counted", SECOND, 1, [1])]
    );
}

#[test]
fn the_event_ids_of_a_chain_come_child_by_child_behind_its_own() {
    let child = correlation(
        "child",
        "type: event_count, rules: [login], group-by: [ip], timespan: 1m, condition: {gte: 2}",
        "quiet: 1m",
    );
    let parent = correlation(
        "parent",
        "type: temporal, rules: [child, grant], group-by: [], timespan: 1m",
        "quiet: 1m",
    );
    let engine = engine(&[&child, &parent]);
    let of = |ip: u8, at, n| login(at, n, &format!(r#""ip":"192.0.2.{ip}""#));
    let events = [
        of(1, 0, 1),
        of(2, SECOND, 2),
        of(2, 2 * SECOND, 3),
        of(1, 3 * SECOND, 4),
        sent("grant", 30 * SECOND, 5, ""),
    ];
    let told = told_by_both(&engine, &events, "parent");
    assert_eq!(told, [one("parent", 30 * SECOND, 3, [5, 2, 3, 1, 4])]);
}

#[test]
fn groups_are_told_apart_by_whole_values_and_shown_with_their_beginnings() {
    let engine = count(
        "type: event_count, rules: [login], group-by: [agent]",
        "gte: 1",
        "quiet: 1m",
    );
    let beginning = "x".repeat(1_024);
    let of = |n: u32| login(0, n, &format!(r#""agent":"{beginning}{n}""#));
    let (alerts, _) = replayed(&engine, &[of(1), of(2)]);
    let [one, other] = &alerts[..] else {
        panic!("{alerts:#?}")
    };
    assert_eq!(one.group, other.group);
    assert_eq!(*one.group.0[0].1, *format!("{beginning}…"));
    assert_ne!(one.alert_id, other.alert_id);
}

#[test]
fn empty_text_is_missing_and_numbers_are_told_apart_as_they_are_written() {
    let of = "type: value_count, rules: [login], group-by: []";
    let engine = count(of, "field: user, gte: 1", "quiet: 1m");
    let distinct = |values: &[&str]| {
        let event = |(n, value): (u32, &&str)| login(0, n, &format!(r#""user":{value}"#));
        let events: Vec<Sent> = (1..).zip(values).map(event).collect();
        let (alerts, tally) = replayed(&engine, &events);
        let missing = tally.missing[0].first().map_or(0, |(_, hits)| *hits);
        (alerts.first().and_then(|alert| alert.distinct), missing)
    };
    assert_eq!(distinct(&[r#""""#, "null"]), (None, 2));
    assert_eq!(distinct(&["5", r#""5""#]), (Some(1), 0));
    assert_eq!(distinct(&["5", "5.0"]), (Some(2), 0));
}

#[test]
fn an_allowance_ends_by_the_time_that_the_event_says() {
    let rules = "\
title: login
name: login
logsource: {product: aws, service: cloudtrail}
detection: {it: {eventName: login}, condition: it}
vedette:
    allow: {office: ip}
---
title: any
correlation: {type: event_count, rules: [login], group-by: [], timespan: 1m, condition: {gte: 1}}
---
allowlist:
    office:
        - {address: 192.0.2.0/24, owner: IT, reason: NAT, expires: 2026-04-01}
";
    let file = RuleFile {
        path: "rules.yml".into(),
        text: rules.into(),
    };
    let engine = Engine::new(load_rules(&[file]).unwrap_or_else(|all| panic!("{all:#?}")));
    let day = 24 * 60 * MINUTE;
    let at = |time| login(time, 1, r#""ip":"192.0.2.1""#);
    // Arrived on the last day, by a clock that is ahead; arrived a day later, by one that is right.
    let (alerts, tally) = arrived(&engine, &[(at(day + MINUTE), day - 10 * MINUTE)]);
    assert_eq!((alerts.len(), tally.skewed_events), (1, 1));
    let (alerts, _) = arrived(&engine, &[(at(day - MINUTE), day + MINUTE)]);
    assert!(alerts.is_empty());
}
