//! Thresholds that a list has for values of a group.

use super::*;

const RULES: &str = "\
title: Asked
name: asked
level: low
logsource: {product: aws, service: lambda}
detection: {it: {event: asked}, condition: it}
---
title: Asked often
name: often
level: low
correlation:
    type: event_count
    rules: [asked]
    group-by: [client, ip]
    timespan: 10m
    condition: {gte: 3}
vedette:
    thresholds: {client: '%limits%'}
---
lists:
    limits: {file: limits.csv, column: id, number: most}
";
const LIMITS: &str = "id,most,name\nWeb,5,site\nbatch,2,jobs\n";

fn files(rules: &str, limits: &str) -> [RuleFile; 2] {
    [file("rules/r.yml", rules), file("rules/limits.csv", limits)]
}

/// So many lines of a client from an address, a second apart.
fn lines(client: &str, ip: &str, count: usize) -> Vec<String> {
    let line = |at| {
        format!(
            r#"{{"timestamp":"2026-06-01T10:00:{at:02}Z","event":"asked","request_id":"{client}{ip}{at}","client":"{client}","ip":"{ip}"}}"#
        )
    };
    (0..count).map(line).collect()
}

/// With how many lines each of these alerts first.
fn fires_at(files: &[RuleFile], client: &str, ip: &str) -> usize {
    let engine = engine(files);
    let fires = |count: &usize| !alerts(&engine, &lines(client, ip, *count)).is_empty();
    (1..20).find(fires).unwrap_or(20)
}

#[test]
fn each_client_has_the_number_of_the_list_or_that_of_the_condition() {
    let files = files(RULES, LIMITS);
    for (client, at) in [("web", 5), ("WEB", 5), ("batch", 2), ("other", 3)] {
        assert_eq!(fires_at(&files, client, "192.0.2.1"), at, "{client}");
    }
}

#[test]
fn the_smallest_network_says_the_number() {
    let rules = RULES.replace("{client: '%limits%'}", "{ip|cidr: '%limits%'}");
    let limits = "id,most\n192.0.2.0/24,5\n192.0.2.8,2\n2001:db8::/32,4\n";
    let files = files(&rules, limits);
    for (ip, at) in [
        ("192.0.2.1", 5),
        ("192.0.2.8", 2),
        ("198.51.100.1", 3),
        ("2001:db8::1", 4),
        ("nowhere", 3),
    ] {
        assert_eq!(fires_at(&files, "web", ip), at, "{ip}");
    }
}

#[test]
fn alerts_say_the_number_of_their_group() {
    let engine = engine(&files(RULES, LIMITS));
    let window = &engine.rules().correlations[0].window;
    assert_eq!(
        window.fires_at(&[]),
        "3 or more events within 10 minutes, or as many as `limits` says of the `client`"
    );
    let of = |client| window.fires_at_of(&[client, "192.0.2.1"], &[]);
    assert_eq!(of("web"), "5 or more events within 10 minutes");
    assert_eq!(of("other"), "3 or more events within 10 minutes");
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (from, to, limits, expected) in [
        (
            "'%limits%'",
            "limits",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` asks for one list by its name, as `{client: '%client_limits%'}`, not `limits`",
        ),
        (
            "'%limits%'",
            "'%limit%'",
            LIMITS,
            "rules/r.yml:17: there is no list `limit`, did you mean `limits`?",
        ),
        (
            "{client: '%limits%'}",
            "'%limits%'",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` maps one field that is grouped by to a list with numbers",
        ),
        (
            "{client: '%limits%'}",
            "{client: '%limits%', ip: '%limits%'}",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` maps one field",
        ),
        (
            "{client: '%limits%'}",
            "{user: '%limits%'}",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` looks up `user`, which is not grouped by: name one of client, ip",
        ),
        (
            "{client: '%limits%'}",
            "{client|re: '%limits%'}",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` knows no modifier `re`",
        ),
        (
            "[client, ip]",
            "[]",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` looks up `client`, and all events are one group: write `group-by: [client]`",
        ),
        (
            "{gte: 3}",
            "{gte: 3, lte: 9}",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` puts a number in place of that of the condition, which has several comparisons",
        ),
        (
            "event_count",
            "temporal",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` stands on `event_count` and `value_count`, not on `temporal`",
        ),
        (
            "'%limits%'}",
            "'%limits%'}\n    spike: {gte: 2, at_least: 9}",
            LIMITS,
            "rules/r.yml:17: `vedette.thresholds` and `vedette.spike` do not go together",
        ),
        (
            ", number: most",
            "",
            LIMITS,
            "rules/r.yml:17: `limits` has no numbers: write one for each value",
        ),
        (
            "number: most",
            "number: mots",
            LIMITS,
            "rules/r.yml:20: rules/limits.csv:1: no column is called `mots`, did you mean `most`?",
        ),
        (
            "{file: limits.csv, column: id, number: most}",
            "{values: {web: many}}",
            "",
            "rules/r.yml:20: the number of a value is a whole number from 1 to 4294967295, not `many`",
        ),
        (
            "{file: limits.csv, column: id, number: most}",
            "{values: [web]}",
            "",
            "rules/r.yml:20: the `values` of the list `limits` have a number each",
        ),
        (
            "{file: limits.csv, column: id, number: most}",
            "{file: limits.csv, values: {a: 1}}",
            LIMITS,
            "rules/r.yml:20: the list `limits` has either `values` or a `file`",
        ),
        (
            "{file: limits.csv, column: id, number: most}",
            "{values: {a: 1, a: 2}}",
            LIMITS,
            "rules/r.yml:17: no list `limits` was read: mend `rules/r.yml` first, which may have it",
        ),
        (
            "",
            "",
            "id,most\nweb,5\nweb,0\n",
            "rules/r.yml:20: rules/limits.csv:3: the number of a value is a whole number",
        ),
        (
            "",
            "",
            "id,most\nweb,5\nWEB,6\n",
            "rules/limits.csv:3: `WEB` has another number further up",
        ),
        (
            "client: '%limits%'",
            "ip|cidr: '%limits%'",
            LIMITS,
            "rules/limits.csv:2: `Web` is not a network",
        ),
    ] {
        let said = said(&files(&RULES.replacen(from, to, 1), limits));
        let is_said = said.iter().any(|text| text.starts_with(expected));
        assert!(is_said, "{expected}\n{said:#?}");
    }
}
