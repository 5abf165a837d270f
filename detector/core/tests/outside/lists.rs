//! Lists of values, and networks that many people share.

use super::*;

use detector_core::store::drive::drive;
use detector_core::store::{Announcement, Batch, Deltas, MemoryStore, Plan};

const RULE: &str = "\
title: From an exit
id: 11111111-1111-4111-8111-111111111111
level: low
logsource: {product: aws, service: lambda}
detection:
    exit: {ip|cidr|expand: '%exits%'}
    shared: {ip|cidr|expand: '%carriers%'}
    condition: exit and not shared
vedette: {alert: {group-by: [user]}}
---
lists:
    exits: {file: lists/exits.csv, column: network}
---
shared_networks:
    carriers:
        - {address: 203.0.113.0/25, owner: a, reason: b, expires: 2026-06-01}
";
const VALUES: &str = "name,network\nfirst,203.0.113.0/24\n\"second, one\",2001:db8::7\n";

fn files(values: &str) -> [RuleFile; 2] {
    [
        file("rules/r.yml", RULE),
        file("rules/lists/exits.csv", values),
    ]
}

fn line(at: &str, ip: &str, user: &str) -> String {
    format!(
        r#"{{"timestamp":"{at}","event":"e","request_id":"{at}{ip}","ip":"{ip}","user":"{user}"}}"#
    )
}

#[test]
fn a_list_makes_a_hit_and_what_is_shared_ends_with_its_day() {
    let engine = engine(&files(VALUES));
    let lines = [
        line("2026-06-01T23:59:59Z", "203.0.113.7", "within"),
        line("2026-06-02T00:00:00Z", "203.0.113.7", "after"),
        line("2026-06-01T10:00:00Z", "::ffff:203.0.113.200", "mapped"),
        line("2026-06-01T10:00:00Z", "2001:DB8:0::7", "six"),
        line("2026-06-01T10:00:00Z", "203.0.114.1", "elsewhere"),
    ];
    let alerts = alerts(&engine, &lines);
    let mut users: Vec<&str> = alerts.iter().map(|alert| &*alert.group.0[0].1).collect();
    users.sort_unstable();
    assert_eq!(users, ["after", "mapped", "six"]);
}

#[test]
fn a_shell_is_told_which_files_lists_are_in() {
    let rules = &files("")[..1];
    assert_eq!(
        detector_core::rule::list_files(rules),
        ["rules/lists/exits.csv"]
    );
    let missing = said(rules);
    assert!(
        missing.iter().any(|text| text
            == "rules/r.yml:12: there is no file `rules/lists/exits.csv`: put it there, one value a line"),
        "{missing:?}"
    );
}

#[test]
fn a_line_that_is_no_network_is_named() {
    let said = said(&files(
        "name,network\na,10.0.0.0/8\nb,somewhere\nc,10.0.0.1/8\n",
    ));
    assert_eq!(
        said,
        [
            "rules/lists/exits.csv:3: `somewhere` is not a network, write one like `10.0.0.0/8` or `2001:db8::/32`",
            "rules/lists/exits.csv:4: `10.0.0.1/8` names an address within its network, try `10.0.0.0/8`",
        ]
    );
}

/// Lists decide what is a hit, and are no part of what state means: hits that were folded stay, and a record that comes
/// again when the list has lost its value, or has others, tells nothing new.
#[test]
fn a_redelivery_after_a_reload_changes_nothing() {
    let lines = [
        line("2026-06-01T10:00:00Z", "203.0.113.200", "a"),
        line("2026-06-01T10:00:01Z", "203.0.113.201", "a"),
    ];
    let store = MemoryStore::default();
    let mut told = 0;
    for values in [
        VALUES,
        "name,network\na,203.0.113.201\n",
        "name,network\na,192.0.2.1\n",
        VALUES,
    ] {
        let engine = engine(&files(values));
        let mut worker = engine.worker(Mode::Set);
        for line in &lines {
            worker.record(line.as_bytes(), None, &mut Nobody);
        }
        let mut deltas = Deltas::default();
        worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, 0, 1_800_000_000_000);
        });
        let plan = Plan::new(engine.rules(), engine.store_times());
        let batch = Batch::of_records(&plan, deltas, None);
        let report = drive(batch, &store, &mut |_: &Announcement| {
            told += 1;
            true
        });
        assert!(report.is_complete(), "{report:?}");
    }
    assert_eq!(told, 1);
}

#[test]
fn a_setting_is_a_list_that_may_be_empty_and_what_is_wrong_with_one_is_told() {
    let with = |settings: &str| {
        let rule = RULE.split("---\nlists:").next().unwrap();
        let rule = rule
            .replace(" and not shared", "")
            .replace("    shared: {ip|cidr|expand: '%carriers%'}\n", "");
        [
            file("rules/r.yml", &rule),
            file("rules/vedette.yaml", settings),
        ]
    };
    let filled = with("settings:\n  exits: {about: ways out, values: [203.0.113.0/24]}\n");
    let lines = [line("2026-06-01T10:00:00Z", "203.0.113.7", "u")];
    assert_eq!(alerts(&engine(&filled), &lines).len(), 1);
    let empty = with("settings:\n  exits: {about: ways out, values: []}\n");
    assert_eq!(alerts(&engine(&empty), &lines).len(), 0);
    for (settings, expected) in [
        (
            "  exits: {about: a, values: []}\n",
            ":2: warning: the setting `exits` is empty",
        ),
        (
            "  exits: {abuot: a, values: [10.0.0.0/8]}\n",
            ":2: unknown key `abuot`, did you mean `about`?",
        ),
        (
            "  exits: {values: [10.0.0.0/8]}\n",
            ":2: the setting `exits` has no `about`",
        ),
        (
            "  exits: {about: a}\n",
            ":2: the setting `exits` has either `values` or a `file`",
        ),
        (
            "  exits: {about: a, values: x}\n",
            ":2: the `values` of the setting `exits` are a list",
        ),
        (
            "  exits: [10.0.0.0/8]\n",
            ":2: the setting `exits` is what it is about",
        ),
        (
            "  exits: {about: a, values: [10.0.0.0/8]}\nlists:\n  exits: [10.0.0.0/8]\n",
            "the list `exits` is also at",
        ),
        (
            "  exits: {about: a, values: [10.0.0.0/8]}\n  idle: {about: a, values: [b]}\n",
            ":3: warning: no rule looks into the list `idle`",
        ),
    ] {
        let said = said(&with(&format!("settings:\n{settings}")));
        assert!(
            said.iter().any(|text| text.contains(expected)),
            "{expected}: {said:?}"
        );
    }
}
