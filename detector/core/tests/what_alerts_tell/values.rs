//! Ties, owners, networks and numbers.

use detector_core::window::ledger::TIED_MAX;

use super::*;

fn shown(alerts: &[Alert]) -> Vec<Vec<String>> {
    let values = |alert: &Alert| alert.shown.0[0].1.iter().map(ToString::to_string).collect();
    alerts.iter().map(values).collect()
}

/// How many hits were kept out of all groups.
fn number(kept_out: &[(String, u64)]) -> u64 {
    kept_out.iter().map(|(_, hits)| hits).sum()
}

/// Logins of one user, of one millisecond, each with an agent of its own.
fn tied(at: i64, numbers: std::ops::Range<u32>) -> Vec<Sent> {
    let login = |n| {
        sent(
            "login",
            at,
            n,
            &format!(r#""car":"c","user":"eve","agent":"agent-{n:03}""#),
        )
    };
    numbers.map(login).collect()
}

/// Logins by users whom nobody has seen within the hour.
fn new_users() -> Engine {
    let rule = correlation(
        "new",
        "type: value_count, rules: [login], group-by: [], timespan: 30s, condition: {field: user, gte: 1}",
        "first_seen: {learning: 1m, memory: 1h}, show: [agent]",
    );
    engine(&[&rule])
}

#[test]
fn all_first_hits_of_a_new_value_count_that_share_a_millisecond() {
    let engine = new_users();
    let mut events = vec![sent("login", 0, 1, r#""user":"ann""#)];
    events.extend(tied(90_000, 10..14));
    // A millisecond later the value is known.
    events.extend(tied(90_001, 20..22));
    assert_eq!(
        told_by_both(&engine, &events, "new"),
        [one("new", 90_000, 4, 10..14)]
    );
    let (alerts, _) = replayed(&engine, &events);
    assert_eq!(
        shown(&alerts),
        [["agent-010", "agent-011", "agent-012", "agent-013"]]
    );
    assert_eq!(alerts[0].distinct, Some(1));
}

#[test]
fn all_accesses_by_a_stranger_count_that_share_a_millisecond() {
    let rule = correlation(
        "foreign",
        "type: value_count, rules: [login, grant], group-by: [car], timespan: 30s, condition: {field: user, gte: 1}",
        "owner: {given_by: [grant], memory: 1h}, show: [agent]",
    );
    let engine = engine(&[&rule]);
    let mut events = vec![sent("grant", 0, 1, r#""car":"c","user":"ann""#)];
    events.extend(tied(50_000, 10..13));
    events.extend(tied(50_500, 20..22));
    let expected = one("foreign", 50_000, 5, [10, 11, 12, 20, 21]);
    assert_eq!(told_by_both(&engine, &events, "foreign"), [expected]);
    let (alerts, _) = replayed(&engine, &events);
    assert_eq!(shown(&alerts)[0].len(), 5);
}

#[test]
fn of_a_flood_within_a_millisecond_a_group_keeps_a_part() {
    let engine = new_users();
    let mut events = vec![sent("login", 0, 1, r#""user":"ann""#)];
    events.extend(tied(90_000, 10..1_000));
    let expected = one("new", 90_000, TIED_MAX as u64, 10..30);
    assert_eq!(told_by_both(&engine, &events, "new"), [expected]);
    let mut worker = engine.worker(Mode::Set);
    for event in &events {
        worker.record(event.line.as_bytes(), None, &mut Nobody);
    }
    let mut bytes = 0;
    worker.drain_state(&mut |_, _, state| bytes += state.len());
    assert!(bytes < 12_000, "{bytes}");
}

#[test]
fn an_end_needs_no_value_to_end_that_the_owner_is_known() {
    let rule = correlation(
        "foreign",
        "type: value_count, rules: [login, grant, drop], group-by: [car], timespan: 30s, condition: {field: user, gte: 1}",
        "owner: {given_by: [grant], ended_by: [drop], memory: 1h}",
    );
    let engine = engine(&[&rule]);
    let grant = sent("grant", 0, 1, r#""car":"c","user":"ann""#);
    let access = sent("login", 50_000, 3, r#""car":"c","user":"eve""#);
    for (fields, episodes) in [
        (r#""car":"c""#, 0),
        (r#""car":"c","user":"ann""#, 0),
        (r#""car":"c","user":["ann","bob"]"#, 0),
        (r#""car":"another""#, 1),
        (r#""user":"ann""#, 1),
    ] {
        let events = [
            grant.clone(),
            sent("drop", 20_000, 2, fields),
            access.clone(),
        ];
        let found = told_by_both(&engine, &events, "foreign");
        assert_eq!(found.len(), episodes, "{fields}");
        let (_, tally) = replayed(&engine, &events);
        assert_eq!(
            number(&tally.missing[0]),
            u64::from(fields == r#""user":"ann""#),
            "{fields}"
        );
    }
    // Whom it is given to has to be known.
    let events = [sent("grant", 0, 1, r#""car":"c""#), access];
    let (alerts, tally) = replayed(&engine, &events);
    assert!(alerts.is_empty() && number(&tally.missing[0]) == 1);
}

#[test]
fn a_network_in_an_event_is_no_address() {
    let networks = |name: &str, rules: &str, bits: &str| {
        let of = format!(
            "type: event_count, rules: [{rules}], group-by: [ip], timespan: 10s, condition: {{gte: 1}}"
        );
        correlation(name, &of, &format!("prefix: {{ip: {bits}}}"))
    };
    let narrow = networks("narrow", "login", "{ipv4: 24, ipv6: 64}");
    let wide = networks("wide", "narrow", "{ipv4: 16, ipv6: 48}");
    let alike = networks("alike", "narrow", "{ipv4: 24, ipv6: 64}");
    let plain = correlation(
        "plain",
        "type: event_count, rules: [login], group-by: [ip], timespan: 10s, condition: {gte: 1}",
        "quiet: 10s",
    );
    let of_plain = networks("of_plain", "plain", "{ipv4: 24, ipv6: 64}");
    let engine = engine(&[&narrow, &wide, &alike, &plain, &of_plain]);
    let groups = |address: &str| {
        let events = [sent("login", 0, 1, &format!(r#""ip":"{address}""#))];
        let (alerts, tally) = replayed(&engine, &events);
        assert_eq!(told(&alerts), told(&closed(&engine, &events)));
        let group = |alert: &Alert| format!("{}={}", alert.rule.title, alert.group.0[0].1);
        let mut groups: Vec<String> = alerts.iter().map(group).collect();
        groups.sort();
        (groups, number(&tally.no_address[0]))
    };
    for network in ["198.51.100.7/32", "198.51.100.0/24", "2001:db8::/64"] {
        assert_eq!(groups(network), (vec![format!("plain={network}")], 1));
    }
    let all = [
        "alike=198.51.100.0/24",
        "narrow=198.51.100.0/24",
        "of_plain=198.51.100.0/24",
        "plain=198.51.100.7",
        "wide=198.51.0.0/16",
    ];
    assert_eq!(groups("198.51.100.7"), (all.map(str::to_owned).to_vec(), 0));
}

#[test]
fn an_event_counts_once_for_a_network_however_its_addresses_stand() {
    let networks = |condition: &str| {
        let of = format!(
            "type: event_count, rules: [login], group-by: [ip], timespan: 10s, condition: {{gte: {condition}}}"
        );
        let rule = correlation("networks", &of, "prefix: {ip: {ipv4: 24, ipv6: 64}}");
        engine(&[&rule])
    };
    let addresses = r#""ip":["198.51.100.7","no address","203.0.113.1","198.51.100.9"]"#;
    let events = [sent("login", 0, 1, addresses)];
    let (alerts, tally) = replayed(&networks("1"), &events);
    let groups: Vec<&str> = alerts.iter().map(|alert| &*alert.group.0[0].1).collect();
    assert_eq!(groups, ["198.51.100.0/24", "203.0.113.0/24"]);
    assert_eq!(number(&tally.no_address[0]), 0);
    assert!(replayed(&networks("2"), &events).0.is_empty());
}

#[test]
fn thresholds_of_numbers_have_decimals_and_go_below_zero() {
    for (kind, condition, numbers, holds) in [
        ("value_avg", "gte: 2.5", &["2", "3"][..], true),
        ("value_avg", "gt: 2.5", &["2", "3"], false),
        ("value_avg", "lt: 0.5", &["0.25", "0.5"], true),
        ("value_avg", "lte: -1", &["-3", "1.5"], false),
        ("value_sum", "lt: 0", &["2", "-2.5"], true),
        ("value_sum", "lt: 0", &["2.5", "-2.5"], false),
        ("value_sum", "gte: 0", &["2.5", "-2.5"], true),
        ("value_sum", "eq: 0.3", &["0.1", "0.2"], true),
        ("value_sum", "gt: 0.3", &["0.1", "0.2"], false),
        ("value_sum", "neq: 1e3", &["999.5", "0.5"], false),
        ("value_sum", "gt: 0.1, lt: 0.2", &["0.15"], true),
        ("value_median", "gt: .5", &["0.25", "0.5", "0.75"], false),
        ("value_median", "lte: 0.5", &["0.25", "0.5", "0.75"], true),
        (
            "value_percentile",
            "percentile: 50, gte: 0.75",
            &["0.25", "0.75", "0.75"],
            true,
        ),
        (
            "value_percentile",
            "percentile: 50, gte: 0.75",
            &["0.25", "0.5", "0.75"],
            false,
        ),
    ] {
        let of = format!(
            "type: {kind}, rules: [login], group-by: [], timespan: 10s, condition: {{field: size, {condition}}}"
        );
        let engine = engine(&[&correlation("numbers", &of, "quiet: 10s")]);
        // All at once: no window has only some of them.
        let event = |(n, number): (u32, &&str)| sent("login", 0, n, &format!(r#""size":{number}"#));
        let events: Vec<Sent> = (1..).zip(numbers).map(event).collect();
        let (alerts, _) = replayed(&engine, &events);
        assert_eq!(
            !alerts.is_empty(),
            holds,
            "{kind} {condition} of {numbers:?}"
        );
    }
}
