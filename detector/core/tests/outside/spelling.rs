//! How fields are spelt: of a value in all its spellings one group, and one value that counts.

use super::*;

fn rules(spelling: &str, group: &str, field: &str) -> String {
    format!(
        "title: Seen\nname: seen\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\n\
         logsource: {{product: aws, service: lambda}}\n\
         detection: {{s: {{event: e}}, condition: s}}\n---\n\
         title: Counted\nid: 22222222-2222-4222-8222-222222222222\nlevel: low\n\
         correlation:\n    type: value_count\n    rules: [seen]\n    group-by: [{group}]\n    timespan: 1h\n    condition: {{field: {field}, gte: 1}}\n---\n\
         {spelling}\n"
    )
}

const SPELLING: &str =
    "spelling: {route: [percent, case], host: [dot, case], user: [unicode], source_ip: exact}";

/// The groups, each with its distinct values.
fn groups(rules: &str, field: [&str; 2], values: &[[&str; 2]]) -> Vec<(String, u64)> {
    let engine = engine(&[file("r.yml", rules)]);
    let line = |(at, [group, value]): (usize, &[&str; 2])| {
        serde_json::json!({
            "timestamp": format!("2026-06-01T10:00:{at:02}Z"), "event": "e", "request_id": format!("r{at}"),
            field[0]: group, field[1]: value,
        })
        .to_string()
    };
    let lines: Vec<String> = values.iter().enumerate().map(line).collect();
    let alerts = alerts(&engine, &lines);
    let mut groups: Vec<(String, u64)> = (alerts.iter())
        .map(|alert| {
            (
                alert.group.0[0].1.to_string(),
                alert.distinct.unwrap_or_default(),
            )
        })
        .collect();
    groups.sort();
    groups
}

#[test]
fn spellings_are_one_in_groups_and_in_counts() {
    let rules = rules(SPELLING, "route", "host");
    let found = groups(
        &rules,
        ["route", "host"],
        &[
            ["/Vehicles/%41", "API.example.com."],
            ["/vehicles/a", "api.example.com"],
            ["/vehicles/%61", "www.example.com"],
            ["/vehicles/b", "x"],
        ],
    );
    assert_eq!(
        found,
        [("/vehicles/a".to_owned(), 2), ("/vehicles/b".to_owned(), 1)]
    );
}

#[test]
fn a_callers_address_is_one_however_it_is_written() {
    let values = [
        ["192.0.2.1", "E\u{301}mile"],
        ["::ffff:192.0.2.1", "\u{c9}mile"],
        ["2001:db8::1", "a"],
        ["2001:DB8:0::1", "A"],
    ];
    // By itself the program knows fields of addresses, and no field of the application's that holds names.
    let found = groups(
        &rules("", "source_ip", "user"),
        ["source_ip", "user"],
        &values,
    );
    assert_eq!(
        found,
        [("192.0.2.1".to_owned(), 2), ("2001:db8::1".to_owned(), 2)]
    );
    // What the rules say comes first.
    let found = groups(
        &rules(SPELLING, "source_ip", "user"),
        ["source_ip", "user"],
        &values,
    );
    assert_eq!(found.len(), 4);
    let found = groups(
        &rules(SPELLING, "event", "user"),
        ["event", "user"],
        &[["e", values[0][1]], ["e", values[1][1]]],
    );
    assert_eq!(found, [("e".to_owned(), 1)]);
}

/// What a spelling folds is another group: a rule whose fields it is said of starts anew, and no other.
#[test]
fn a_spelling_belongs_to_the_key_of_the_rules_that_read_the_field() {
    let key = |rules: &str| {
        let engine = engine(&[file("r.yml", rules)]);
        let plan = detector_core::store::Plan::new(engine.rules(), engine.store_times());
        plan.key_of(detector_core::rule::CorrelationIx(0))
    };
    let plain = key(&rules("", "user", "sub"));
    assert_eq!(plain, key(&rules("spelling: {other: case}", "user", "sub")));
    assert_ne!(plain, key(&rules("spelling: {user: case}", "user", "sub")));
    assert_ne!(plain, key(&rules("spelling: {sub: case}", "user", "sub")));
}

#[test]
fn mistakes_are_named() {
    let said = said(&[file(
        "r.yml",
        &rules(
            "spelling:\n  user: [caes]\n  sub: []\n  host: [exact, dot]\n  route: 1",
            "user",
            "sub",
        ),
    )]);
    let said: Vec<&str> = said
        .iter()
        .map(|text| text.split_once(": ").map_or("", |it| it.1))
        .collect();
    assert_eq!(
        said,
        [
            "`caes` says nothing of how `user` is spelt, did you mean `case`?; known are percent, case, unicode, dot, address, and `exact` alone",
            "`spelling.sub` is empty: write what makes no difference, or `exact`",
            "`exact` says nothing of how `host` is spelt; known are percent, case, unicode, dot, address, and `exact` alone",
            "`spelling.route` must be a list of text, not `1`",
        ]
    );
}
