//! `replay test`: what passes, what fails and why, in every format.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::fs;
use std::process::Command;

use serde_json::Value;

const RULES: &str = "\
title: Access denied
name: denied
logsource: {product: aws, service: lambda}
detection:
  denied: {decision: deny}
  condition: denied
---
title: Probing
name: probing
correlation:
  type: event_count
  rules: [denied]
  group-by: [sub]
  timespan: 1m
  condition: {gte: 3}
";

const EXPECTED: &str = "\
about: a probes and b does not
kind: attack
attacks:
  a:
    first_event: 2026-05-03T12:00:00.000Z
    events_ms: [0, 10000, 20000, 30000]
    within_events: 3
alerts:
  - rule: probing
    group: {sub: a}
    opened_at: 2026-05-03T12:00:20.000Z
    held_until: 2026-05-03T12:01:10.000Z
    count: 4
";

struct Desk(tempfile::TempDir);

struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Desk {
    /// One recording, in which `a` is refused four times and `b` once.
    fn new(expected: &str) -> Self {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.file("rules/probing/rule.yml", RULES);
        desk.file("fixtures/probing/attack/expected.yaml", expected);
        let line = |sub: &str, second: u32| {
            format!(
                "{{\"timestamp\":\"2026-05-03T12:00:{second:02}Z\",\"decision\":\"deny\",\"sub\":\"{sub}\",\"request_id\":\"{sub}{second}\"}}\n"
            )
        };
        let lines: String = [("b", 5), ("a", 0), ("a", 10), ("a", 30), ("a", 20)]
            .map(|(sub, second)| line(sub, second))
            .concat();
        desk.file("fixtures/probing/attack/log.ndjson", &lines);
        desk
    }

    fn file(&self, name: &str, content: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn test(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.arg("test").args(args).current_dir(self.0.path());
        let output = command.output().unwrap();
        Ended {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn a_recording_that_is_as_expected_passes() {
    let desk = Desk::new(EXPECTED);
    let ended = desk.test(&[]);
    assert_eq!((ended.status, &*ended.err), (0, ""), "{}", ended.out);
    assert!(
        ended.out.contains("1 recording with an attack"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("5 events: all as expected"),
        "{}",
        ended.out
    );

    assert!(!ended.out.contains("not listed"), "{}", ended.out);

    let report: Value = serde_json::from_str(&desk.test(&["--format", "json"]).out).unwrap();
    let rule = &report["rules"][0];
    let numbers = [
        "true_positives",
        "false_positives",
        "missed",
        "precision",
        "recall",
    ];
    let numbers = numbers.map(|key| rule[key].as_f64().unwrap());
    assert_eq!(numbers, [1.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(rule["time_to_alert"]["worst_events"], 3);
    assert_eq!(rule["time_to_alert"]["worst_seconds"], 20.0);
    assert_eq!(report["detectors"][0]["attacks"]["found"], 1);

    let table = desk.test(&["--format", "markdown", "fixtures/probing"]).out;
    assert!(
        table.contains("| probing | 1 of 1 | 100 % | 100 % | 3, 3 | 20s, 20s |"),
        "{table}"
    );
}

#[test]
fn a_recording_brings_lists_of_its_own() {
    let expected = "about: a is listed\nkind: near_miss\nalerts: []\n";
    let desk = Desk::new(expected);
    let list = |user: &str| {
        format!(
            "allowlist:\n  jobs:\n    - {{principal: {user}, owner: o, reason: r, expires: 2026-12-31}}\n"
        )
    };
    let rules = RULES.replacen("---", "vedette:\n  allow: {jobs: sub}\n---", 1);
    desk.file("rules/probing/rule.yml", &rules);
    desk.file(
        "rules/probing/lists.yaml",
        &list("c").replace("{principal", "{example: true, principal"),
    );
    assert_eq!(desk.test(&[]).status, 1);
    let own = "fixtures/probing/attack/allowlist.yaml";
    desk.file(own, &list("a"));
    let ended = desk.test(&[]);
    assert_eq!((ended.status, &*ended.err), (0, ""), "{}", ended.out);
    // Also in place of a list that is no example.
    desk.file("rules/probing/lists.yaml", &list("c"));
    assert_eq!(desk.test(&[]).status, 0);
    desk.file(own, &list("a").replace("jobs", "joobs"));
    let ended = desk.test(&[]);
    assert_eq!(ended.status, 2);
    let said = "attack/allowlist.yaml:2: the rules have no list `joobs`";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn rules_that_the_recordings_say_nothing_about_are_counted_and_not_listed() {
    let desk = Desk::new(EXPECTED);
    let idle = RULES.replace("robing", "robing_at_night");
    let (_, idle) = idle.split_once("---\n").unwrap();
    desk.file("rules/night/rule.yml", &idle.replace("gte: 3", "gte: 300"));
    let ended = desk.test(&[]);
    assert_eq!((ended.status, &*ended.err), (0, ""), "{}", ended.out);
    for what in ["detector", "rule"] {
        let line = format!("not listed: 1 {what} that should not alert here, and did not\n");
        assert!(ended.out.contains(&line), "{}", ended.out);
    }
    assert!(!ended.out.contains("night"), "{}", ended.out);
    // A day on which nothing may fire is about all of them.
    let quiet = "about: nothing happens\nkind: quiet\nalerts: []\n";
    desk.file("fixtures/quiet/day/expected.yaml", quiet);
    let line =
        |hour| format!("{{\"timestamp\":\"2026-05-04T{hour}:00:00Z\",\"request_id\":\"r\"}}\n");
    desk.file(
        "fixtures/quiet/day/log.ndjson",
        &["00", "23"].map(line).concat(),
    );
    let all = desk.test(&[]).out;
    assert!(
        all.contains("night") && !all.contains("not listed"),
        "{all}"
    );
}

#[test]
fn each_difference_fails_and_is_named() {
    let missing = format!(
        "{EXPECTED}  - rule: probing\n    group: {{sub: c}}\n    opened_at: 2026-05-03T12:00:40Z\n"
    );
    let unexpected = EXPECTED.split("alerts:").next().unwrap().to_owned() + "alerts: []\n";
    let changed = |from: &str, to: &str| EXPECTED.replacen(from, to, 1);
    for (expected, said) in [
        (
            missing,
            "    missing: probing sub=c at 2026-05-03T12:00:40.000Z",
        ),
        (
            unexpected,
            "    unexpected: probing sub=a at 2026-05-03T12:00:20.000Z",
        ),
        (changed("count: 4", "count: 5"), ": count is 4, expected 5"),
        (
            changed(
                "held_until: 2026-05-03T12:01:10",
                "held_until: 2026-05-03T12:01:11",
            ),
            ": held_until is \"2026-05-03T12:01:10.000Z\", expected \"2026-05-03T12:01:11.000Z\"",
        ),
        (
            changed(
                "opened_at: 2026-05-03T12:00:20",
                "opened_at: 2026-05-03T12:00:10",
            ),
            ": opened_at is \"2026-05-03T12:00:20.000Z\"",
        ),
        (
            changed("within_events: 3", "within_events: 2"),
            "    attack a found too late: after 3 of its events, wanted 2",
        ),
        (
            changed("within_events: 3", "within_seconds: 19"),
            "    attack a found too late: after 20 s, wanted 19 s",
        ),
        (
            changed("first_event: 2026", "first_event: 2025"),
            "    attack a begins at 2025-05-03T12:00:00.000Z, when the recording has no events",
        ),
        (
            changed("attacks:", "unreadable: 1\nattacks:"),
            "    0 unreadable records, expected 1",
        ),
    ] {
        let desk = Desk::new(&expected);
        let ended = desk.test(&[]);
        assert_eq!(ended.status, 1, "{expected}{}", ended.err);
        let heading = "FAILED fixtures/probing/attack: a probes and b does not\n";
        assert!(ended.out.starts_with(heading), "{}", ended.out);
        assert!(ended.out.contains(said), "no `{said}` in\n{}", ended.out);
        let junit = desk.test(&["--format", "junit"]);
        assert!(junit.out.contains("failures=\"1\""), "{}", junit.out);
        assert!(junit.err.contains(said), "{}", junit.err);
    }
}

#[test]
fn scores_tell_misses_from_false_alerts() {
    let expected = EXPECTED.replacen("sub: a", "sub: c", 1);
    let report = Desk::new(&expected).test(&["--format", "json"]).out;
    let report: Value = serde_json::from_str(&report).unwrap();
    let rule = &report["rules"][0];
    let of_rule = ["true_positives", "false_positives", "missed"].map(|key| rule[key].as_u64());
    assert_eq!(of_rule, [Some(0), Some(1), Some(1)]);
    assert_eq!(
        (&rule["precision"], &rule["recall"]),
        (&Value::from(0.0), &Value::from(0.0))
    );
    assert_eq!(report["detectors"][0]["attacks"]["found"], 0);
    assert_eq!(report["passed"], false);
}

#[test]
fn junit_names_family_and_recording() {
    let out = Desk::new(EXPECTED).test(&["--format", "junit"]).out;
    for part in [
        "<testsuite name=\"probing\" tests=\"1\"",
        "name=\"attack\" classname=\"probing\"",
    ] {
        assert!(out.contains(part), "no `{part}` in\n{out}");
    }
}

#[test]
fn what_cannot_be_tested_is_told_by_its_status() {
    let desk = Desk::new(EXPECTED);
    let ended = desk.test(&["rules"]);
    assert_eq!(ended.status, 2);
    assert!(
        ended
            .err
            .contains("no folder with an expected.yaml in `rules`"),
        "{}",
        ended.err
    );
    desk.file(
        "fixtures/probing/attack/expected.yaml",
        &EXPECTED.replace("probing", "prodding"),
    );
    let ended = desk.test(&[]);
    assert_eq!(ended.status, 2);
    assert!(
        ended
            .err
            .contains("no correlation rule has the name `prodding`"),
        "{}",
        ended.err
    );
    desk.file("fixtures/probing/attack/expected.yaml", EXPECTED);
    fs::write(
        desk.0.path().join("fixtures/probing/attack/torn.gz"),
        [0x1f, 0x8b, 8, 0, 0],
    )
    .unwrap();
    assert_eq!(desk.test(&[]).status, 3);
    desk.file("rules/probing/rule.yml", "title: broken\n");
    assert_eq!(desk.test(&[]).status, 2);
}

/// What matters of the recording, and nothing to the millisecond.
const JUDGED: &str = "\
about: a probes and b does not
kind: attack
attacks:
  a:
    first_event: 2026-05-03T12:00:00.000Z
    events_ms: [0, 10000, 20000, 30000]
    within_events: 3
    level: low
    found_by:
      - {rule: probing, group: {sub: a}}
";

const EXACT: &str = "fixtures/probing/attack/exact.yaml";

#[test]
fn what_matters_is_judged_and_numbers_are_told() {
    let desk = Desk::new(JUDGED);
    desk.file(
        "rules/probing/rule.yml",
        &RULES.replace("name: probing\n", "name: probing\nlevel: medium\n"),
    );
    let ended = desk.test(&[]);
    assert_eq!((ended.status, &*ended.err), (0, ""), "{}", ended.out);

    // Other numbers are no failure, unless that is asked for.
    let numbers = "alerts:\n  - rule: probing\n    group: {sub: a}\n    opened_at: 2026-05-03T12:00:21.000Z\n    count: 4\n";
    desk.file(EXACT, numbers);
    let ended = desk.test(&[]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(
        ended
            .err
            .contains("changed: fixtures/probing/attack: probing sub=a"),
        "{}",
        ended.err
    );
    assert_eq!(desk.test(&["--exact"]).status, 1);

    let accepted = desk.test(&["--accept", "--exact"]);
    assert_eq!(accepted.status, 0, "{}", accepted.err);
    let (told, wrote) = accepted.err.split_once("wrote `").unwrap();
    assert!(
        told.contains("opened_at is \"2026-05-03T12:00:20.000Z\""),
        "{told}"
    );
    assert!(wrote.contains("exact.yaml"), "{wrote}");
    let again = desk.test(&["--accept", "--exact"]);
    assert_eq!((again.status, &*again.err), (0, ""));
}

#[test]
fn what_is_not_found_in_time_at_its_level_or_in_one_incident_fails_and_so_does_what_else_pages() {
    for (from, to, said) in [
        (
            "{sub: a}",
            "{sub: c}",
            "attack a not found by probing sub=c",
        ),
        (
            "level: low",
            "level: high",
            "attack a is told as medium, wanted high or more",
        ),
        (
            "within_events: 3",
            "within_events: 2",
            "attack a found too late: after 3 of its events, wanted 2",
        ),
        (
            "kind: attack",
            "kind: attack\npages: [{rule: probing, group: {sub: b}}]",
            "missing: probing sub=b",
        ),
    ] {
        let desk = Desk::new(&JUDGED.replacen(from, to, 1));
        desk.file(
            "rules/probing/rule.yml",
            &RULES.replace("name: probing\n", "name: probing\nlevel: medium\n"),
        );
        let ended = desk.test(&[]);
        assert_eq!(ended.status, 1, "{to}: {}", ended.out);
        assert!(ended.out.contains(said), "{to}: {}", ended.out);
    }
    // Nothing of an attack may be left over, nor may one be two.
    let lines: String = ["a", "c"].iter().flat_map(|sub| (0..5).map(move |at| (*sub, at)))
        .map(|(sub, at)| format!("{{\"timestamp\":\"2026-05-03T12:00:{at:02}Z\",\"decision\":\"deny\",\"sub\":\"{sub}\",\"request_id\":\"{sub}{at}\"}}\n"))
        .collect();
    let desk = Desk::new(JUDGED);
    desk.file("fixtures/probing/attack/log.ndjson", &lines);
    assert!(desk.test(&[]).out.contains("unexpected: probing sub=c at"));
    let both = JUDGED.replace(
        "      - {rule",
        "      - {rule: probing, group: {sub: c}}\n      - {rule",
    );
    desk.file("fixtures/probing/attack/expected.yaml", &both);
    assert!(
        desk.test(&[])
            .out
            .contains("attack a is 2 incidents, at most 1 were expected")
    );
    desk.file(
        "fixtures/probing/attack/expected.yaml",
        &format!("{both}    incidents: 2\n").replace("    level: low\n", ""),
    );
    assert_eq!(desk.test(&[]).status, 0);
}
