//! State that an earlier program wrote is read, and comes to the same as the events that it was made of.
//!
//! `state_versions/version_N*.txt` are what the last program of version N drained for [`RULES`] after [`stream`] and
//! [`flood`]: a line for each group, with the place of its rule, its key and its state. They are not to be made anew.

use std::collections::BTreeMap;

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::time::Timestamp;
use detector_core::window::Windows;
use detector_core::window::key::Key;
use detector_core::window::load_rules;
use detector_core::window::version::StateError;

/// 2026-01-01T00:00:00Z.
const ORIGIN_MS: i64 = 1_767_225_600_000;

struct Nobody;
impl Observer for Nobody {}

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
title: Flood
name: flood
logsource: {product: aws, service: cloudtrail}
detection: {it: {eventName: Flood}, condition: it}
---
title: Events
correlation: {type: event_count, rules: [failure], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 4}}
---
title: Few events
correlation: {type: event_count, rules: [success], group-by: [sourceIPAddress], timespan: 10s, condition: {lte: 2}}
---
title: Values
correlation: {type: value_count, rules: [failure], group-by: [sourceIPAddress], timespan: 10s, condition: {field: user, gte: 3}}
---
title: Any order
correlation: {type: temporal, rules: [failure, success], group-by: [sourceIPAddress], timespan: 3s}
---
title: In order
correlation: {type: temporal_ordered, rules: [failure, success], group-by: [sourceIPAddress], timespan: 3s}
---
title: Sum
correlation: {type: value_sum, rules: [failure], group-by: [sourceIPAddress], timespan: 10s, condition: {field: amount, gt: 200}}
---
title: Median
correlation: {type: value_median, rules: [success], group-by: [sourceIPAddress], timespan: 10s, condition: {field: amount, gt: 50}}
---
title: Flood of events
correlation: {type: event_count, rules: [flood], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 3}}
";

fn engine() -> Engine {
    let file = RuleFile {
        path: "rules.yml".into(),
        text: RULES.into(),
    };
    Engine::new(load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn event(name: &str, number: i64, after_ms: i64) -> String {
    let time = Timestamp::from_millis(ORIGIN_MS + after_ms).expect("a time of this century");
    let id = match number % 4 {
        0 => format!("request-{number}"),
        _ => format!("00000000-0000-4000-8000-{number:012x}"),
    };
    let (ip, user, amount) = (number / 2 % 2, number % 5, number * 37 % 100);
    format!(
        r#"{{"eventVersion":"1.11","eventTime":"{time}","eventSource":"s.amazonaws.com","eventName":"{name}",
        "awsRegion":"eu-west-1","eventID":"{id}","sourceIPAddress":"192.0.2.{ip}","user":"user-{user}","amount":{amount}}}"#
    )
}

/// Failures and successes of two addresses within a minute.
fn stream(numbers: std::ops::Range<i64>) -> Vec<String> {
    let name = |number| {
        if number % 3 == 0 {
            "Success"
        } else {
            "Failure"
        }
    };
    let place = |number: i64| number * number % 7 * 10_000 + number * 7_919 % 9_000;
    numbers
        .map(|number| event(name(number), number, place(number)))
        .collect()
}

/// More than 1,024 hits of a group within a sixteenth of its timespan.
fn flood() -> Vec<String> {
    let hit = |number: i64| event("Flood", number / 2 * 4 + number % 2, number * 600 / 1_100);
    let after = (2_000..2_003).map(|number| event("Flood", number * 4, number * 4));
    (0..1_100).map(hit).chain(after).collect()
}

/// By place of the rule and group.
type States = BTreeMap<(u32, Key), Vec<u8>>;

/// The state of all groups after these events.
fn states(engine: &Engine, events: &[String]) -> States {
    let mut worker = engine.worker(Mode::Set);
    for event in events {
        worker.record(event.as_bytes(), None, &mut Nobody);
    }
    assert_eq!(worker.tally().unreadable, 0);
    let mut states = States::new();
    worker.drain_state(&mut |rule, group, state| {
        states.insert((rule.0, group), state.to_vec());
    });
    states
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn read(lines: &str) -> States {
    let group = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [rule, key, state] = words[..] else {
            panic!("{line}")
        };
        let key = u128::from_str_radix(key, 16).expect("a key");
        let rule = rule.parse().expect("the place of a rule");
        ((rule, Key::from_u128(key)), bytes(state))
    };
    lines.lines().map(group).collect()
}

/// A version, what it wrote, the events that it was made of and some more.
type Written = (u8, States, Vec<String>, Vec<String>);

fn written() -> [Written; 4] {
    let normal = |version, lines| (version, read(lines), stream(0..90), stream(60..150));
    let dense = |version, lines| (version, read(lines), flood(), flood().split_off(1_000));
    [
        normal(1, include_str!("state_versions/version_1.txt")),
        dense(1, include_str!("state_versions/version_1_flood.txt")),
        normal(2, include_str!("state_versions/version_2.txt")),
        dense(2, include_str!("state_versions/version_2_flood.txt")),
    ]
}

/// Watermarks: none; one in the midst of the events.
const WATERMARKS: [Option<i64>; 2] = [None, Some(ORIGIN_MS + 45_000)];

#[test]
fn what_earlier_versions_wrote_is_as_if_its_events_came_now() {
    let engine = engine();
    let windows = Windows::new(engine.rules());
    let mut episodes = [0; 8];
    for (version, old, events, more) in written() {
        let (now, more) = (states(&engine, &events), states(&engine, &more));
        assert!(old.keys().eq(now.keys()));
        for (&(rule, group), state) in &old {
            assert_eq!(state[0], version);
            let mut parts = vec![state.as_slice()];
            let mut parts_now = vec![now[&(rule, group)].as_slice()];
            let more = more.get(&(rule, group)).map(Vec::as_slice);
            for more in [None, Some(state.as_slice()), more] {
                if let Some(more) = more {
                    parts.insert(0, more);
                    parts_now.insert(
                        0,
                        if more[0] == version {
                            parts_now[0]
                        } else {
                            more
                        },
                    );
                }
                for watermark in WATERMARKS {
                    let unite = |parts| windows.unite(CorrelationIx(rule), group, parts, watermark);
                    let read = unite(&parts).expect("state of an earlier version");
                    let expected = unite(&parts_now).expect("state of now");
                    assert_eq!(read.episodes, expected.episodes, "rule {rule}");
                    assert_eq!(read.state, expected.state, "rule {rule}");
                    assert_eq!(read.state[0], 3);
                    episodes[rule as usize] += read.episodes.len();
                }
            }
        }
    }
    assert!(episodes.iter().all(|known| *known > 0), "{episodes:?}");
}

#[test]
fn versions_that_are_not_known_are_refused_with_advice() {
    let engine = engine();
    let windows = Windows::new(engine.rules());
    let (_, old, ..) = &written()[0];
    for (&(rule, group), state) in old {
        let refused = |state: &[u8]| {
            let united = windows.unite(CorrelationIx(rule), group, &[state], None);
            united.expect_err("no state")
        };
        let with_version = |version| [&[version], &state[1..]].concat();
        for (version, said) in [
            (
                0,
                "state has version 0, this program reads 1 to 3: it is damaged, restore or delete its item",
            ),
            (
                4,
                "state has version 4, this program reads 1 to 3: run the newer program that wrote it",
            ),
        ] {
            let error = refused(&with_version(version));
            assert_eq!(error, StateError::Version(version));
            assert_eq!(error.to_string(), said);
        }
        let empty = refused(&[]);
        assert_eq!(
            empty.to_string(),
            "state is empty: restore or delete its item"
        );
    }
}

/// Reads, unites, forgets and evaluates what may be no state; whatever comes of it.
fn try_to_unite(windows: &Windows<'_>, (rule, group): (u32, Key), states: &[&[u8]]) -> bool {
    let unite = |watermark| windows.unite(CorrelationIx(rule), group, states, watermark);
    WATERMARKS.map(unite).iter().all(Result::is_ok)
}

#[test]
fn damaged_state_of_version_1_is_refused_or_read_but_never_a_panic() {
    let engine = engine();
    let windows = Windows::new(engine.rules());
    let mut random = fastrand::Rng::with_seed(1);
    let (mut refused, mut read) = (0, 0);
    for (_, old, events, _) in written().into_iter().take(2) {
        let now = states(&engine, &events);
        for (&at, state) in &old {
            for end in (1..state.len()).step_by(1 + state.len() / 3_000) {
                assert!(!try_to_unite(&windows, at, &[&state[..end]]), "{end}");
            }
            for _ in 0..600 {
                let mut damaged = state.clone();
                for _ in 0..random.usize(1..4) {
                    let place = random.usize(1..damaged.len());
                    damaged[place] = match random.bool() {
                        true => random.u8(..),
                        false => damaged[place] ^ 1 << random.u8(..8),
                    };
                }
                match try_to_unite(&windows, at, &[&now[&at], &damaged]) {
                    true => read += 1,
                    false => refused += 1,
                }
            }
        }
    }
    assert!(
        refused > 500 && read > 500,
        "{refused} refused, {read} read"
    );
}
