//! Who is told of what: detections by themselves, and correlations that others refer to.

use super::*;

const HOUR: i64 = 3_600_000;

/// The group-by value of each alert, in the order of reporting.
fn groups(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| &*alert.group.0[0].1).collect()
}

fn alone(vedette: &str) -> Engine {
    engine_of(&[detection("login", vedette)])
}

#[test]
fn a_detection_alerts_once_an_hour_for_each_actor() {
    let engine = alone("");
    let role = r#""userIdentity":{"arn":"arn:aws:sts::1:assumed-role/ops/SESSION","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/ops"}}}"#;
    let root = r#""userIdentity":{"arn":"arn:aws:iam::1:root"}"#;
    let events = [
        sent("login", 0, 1, &role.replace("SESSION", "one")),
        sent("login", 1, 2, root),
        sent("login", 2, 3, ""),
        sent("login", 60_000, 4, &role.replace("SESSION", "two")),
        // The first window ends five minutes after the last hit, and the hour begins then.
        sent(
            "login",
            60_000 + 5 * 60_000 + HOUR,
            5,
            &role.replace("SESSION", "three"),
        ),
        sent(
            "login",
            60_000 + 2 * (5 * 60_000 + HOUR) + 1,
            6,
            &role.replace("SESSION", "four"),
        ),
    ];
    let (alerts, tally) = replayed(&engine, &events);
    let ops = "arn:aws:iam::1:role/ops";
    assert_eq!(groups(&alerts), [ops, "arn:aws:iam::1:root", "", ops]);
    assert_eq!(&*alerts[0].group.0[0].0, "actor");
    assert_eq!(alerts[0].distinct, None);
    let counts: Vec<u64> = alerts.iter().map(|alert| alert.count).collect();
    assert_eq!(counts, [3, 1, 1, 1]);
    assert_eq!(told(&alerts), told(&closed(&engine, &events)));
    assert!(tally.missing.iter().flatten().next().is_none());
}

#[test]
fn what_a_detection_says_of_its_alerts_counts() {
    let login = |at, number, ip: &str| {
        sent(
            "login",
            at,
            number,
            &format!(r#""ip":"{ip}","agent":"a{number}""#),
        )
    };
    let events = [
        login(0, 1, "192.0.2.1"),
        login(1, 2, "192.0.2.2"),
        login(420_000, 3, "192.0.2.1"),
    ];
    let of = |vedette: &str| {
        let engine = alone(vedette);
        let (alerts, _) = replayed(&engine, &events);
        assert_eq!(told(&alerts), told(&closed(&engine, &events)));
        alerts
    };
    assert!(of("alert: false").is_empty());
    assert_eq!(groups(&of("alert: true")), [""]);
    let alerts = of("alert: {group-by: [ip], quiet: 1m, show: [agent]}");
    assert_eq!(groups(&alerts), ["192.0.2.1", "192.0.2.2", "192.0.2.1"]);
    assert_eq!(&*alerts[2].shown.0[0].1[0], "a3");
    assert_eq!(of("alert: {group-by: []}").len(), 1);
}

#[test]
fn who_is_referred_to_is_silent_unless_somebody_asks() {
    let of = |login: &str, child: &str, parent: &str| {
        let count = |name: &str, rules: &str, generate: &str| {
            format!(
                "title: {name}\nname: {name}\ncorrelation: {{type: event_count, rules: [{rules}], group-by: [], timespan: 10s, condition: {{gte: 1}}}}\n{generate}"
            )
        };
        let engine = engine_of(&[
            detection("login", login),
            count("child", "login", child),
            count("parent", "child", parent),
        ]);
        let events = [sent("login", 0, 1, "")];
        let (alerts, _) = replayed(&engine, &events);
        assert_eq!(told(&alerts), told(&closed(&engine, &events)));
        let mut titles: Vec<String> = alerts.iter().map(|a| a.rule.title.to_string()).collect();
        titles.sort();
        titles
    };
    assert_eq!(of("", "", ""), ["parent"]);
    assert_eq!(of("", "", "generate: true\n"), ["child", "parent"]);
    assert_eq!(of("", "generate: true\n", ""), ["parent"]);
    assert_eq!(of("alert: true", "", ""), ["login", "parent"]);
    assert_eq!(
        of("alert: {}", "", "generate: true\n"),
        ["child", "login", "parent"]
    );
}

#[test]
fn an_array_stands_for_each_of_its_values() {
    let by_bucket = correlation(
        "by_bucket",
        "type: event_count, rules: [login], group-by: [bucket, zone], timespan: 10s, condition: {gte: 2}",
        "quiet: 10s",
    );
    let values = correlation(
        "values",
        "type: value_count, rules: [login], group-by: [], timespan: 10s, condition: {field: bucket, gte: 3}",
        "quiet: 10s",
    );
    let engine = engine(&[&by_bucket, &values]);
    let events = [
        sent("login", 0, 1, r#""bucket":["a","b","a",""],"zone":"z""#),
        sent(
            "login",
            1,
            2,
            r#""bucket":[{"name":"x"},"b","c"],"zone":["z","y"]"#,
        ),
    ];
    assert_eq!(
        told_by_both(&engine, &events, "by_bucket"),
        [("by_bucket".to_owned(), 1, 2, ids([1, 2]))]
    );
    assert_eq!(
        told_by_both(&engine, &events, "values"),
        [("values".to_owned(), 1, 2, ids([1, 2]))]
    );
    let (alerts, _) = replayed(&engine, &events);
    let distinct: Vec<_> = alerts.iter().map(|alert| alert.distinct).collect();
    assert_eq!(distinct, [None, Some(3)]);
}

#[test]
fn of_too_many_values_the_first_count_and_that_is_said() {
    let many = |n: usize| {
        let values: Vec<String> = (0..n).map(|at| format!(r#""v{at}""#)).collect();
        sent(
            "login",
            0,
            1,
            &format!(r#""bucket":[{}]"#, values.join(",")),
        )
    };
    let values = correlation(
        "values",
        "type: value_count, rules: [login], group-by: [], timespan: 10s, condition: {field: bucket, gte: 1}",
        "quiet: 10s",
    );
    let engine = engine(&[&values]);
    for (n, distinct, cut) in [(64, 64, 0), (65, 64, 1), (1_000, 64, 1)] {
        let (alerts, tally) = replayed(&engine, &[many(n)]);
        assert_eq!(alerts[0].distinct, Some(distinct));
        let said: u64 = tally.cut[0].iter().map(|(_, hits)| hits).sum();
        assert_eq!(said, cut, "{n}");
    }
}

#[test]
fn users_of_iam_and_cognito_are_one_in_any_case() {
    let of = |field: &str| {
        let by = format!(
            "type: event_count, rules: [login], group-by: [{field}], timespan: 10s, condition: {{gte: 2}}"
        );
        let engine = engine(&[&correlation("by", &by, "quiet: 10s")]);
        let mut path: Vec<&str> = field.split('.').collect();
        let last = path.pop().unwrap_or_default();
        let user = |name: &str| {
            let inner = format!(r#""{last}":"{name}""#);
            path.iter()
                .rev()
                .fold(inner, |inner, part| format!(r#""{part}":{{{inner}}}"#))
        };
        let events = [
            sent("login", 0, 1, &user("Ädä")),
            sent("login", 1, 2, &user("äDÄ")),
        ];
        let (alerts, _) = replayed(&engine, &events);
        assert_eq!(told(&alerts), told(&closed(&engine, &events)));
        groups(&alerts)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for field in detector_core::window::NAMES {
        assert_eq!(of(field), ["ädä"], "{field}");
    }
    assert_eq!(of("user"), [""; 0]);
}
