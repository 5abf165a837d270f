//! Each construct of a rule, with the event that it is slowest at.

use super::row::{Input, Row, through};
use super::worst::{numbered, quoted};

const HEAD: &str = "title: t\nid: 11111111-1111-4111-8111-111111111111\nname: d\nlevel: low\nlogsource: {product: aws, service: lambda}\n";

/// Without it no window sees an event.
const TIME: &str = "2026-05-03T12:00:00Z";

fn detection(selection: &str) -> String {
    format!("{HEAD}detection:\n  s:\n{selection}\n  condition: s\n")
}

fn correlation(text: &str) -> String {
    format!(
        "{}---\ntitle: c\nid: 22222222-2222-4222-8222-222222222222\nname: c\nlevel: high\ncorrelation:\n  rules: [d]\n  timespan: 10m\n{text}",
        detection("    e: x")
    )
}

/// `{"timestamp":…,"e":"x","a":[…],"b":[…]}`, half of the bytes for each list.
fn lists(a: fn(usize) -> String, b: fn(usize) -> String) -> impl Fn(usize) -> Vec<u8> {
    move |bytes| {
        let list = |part: fn(usize) -> String| numbered(bytes / 2, part).join(",");
        let (a, b) = (list(a), list(b));
        format!(r#"{{"timestamp":"{TIME}","e":"x","a":[{a}],"b":[{b}]}}"#).into_bytes()
    }
}

fn text(part: &'static str) -> impl Fn(usize) -> Vec<u8> {
    move |bytes| {
        format!(
            r#"{{"timestamp":"{TIME}","e":"x","a":{}}}"#,
            quoted(&part.repeat(bytes / part.len() + 1))
        )
        .into_bytes()
    }
}

/// Events of one record, each with a number, a second apart.
fn events(event: fn(usize) -> String) -> impl Fn(usize) -> Vec<u8> {
    move |bytes| {
        let line = |n: usize| {
            let (minute, second) = (n / 60 % 60, n % 60);
            format!(
                r#"{{"timestamp":"2026-05-03T12:{minute:02}:{second:02}Z","e":"x",{}}}"#,
                event(n)
            )
        };
        numbered(bytes, line).join("\n").into_bytes()
    }
}

/// Selections, with the kind of event.
fn selections() -> Vec<(&'static str, Input)> {
    let strings: fn(usize) -> String = |n| format!("\"v{n}\"");
    let others: fn(usize) -> String = |n| format!("\"w{n}\"");
    let numbers: fn(usize) -> String = |n| n.to_string();
    let floats: fn(usize) -> String = |n| format!("{n}.5");
    let tails: fn(usize) -> String = |n| format!("\"{}z\"", "y".repeat(n % 40));
    let runs: fn(usize) -> String = |n| format!("\"{}\"", "y".repeat(n % 40));
    let addresses: fn(usize) -> String = |n| format!("\"11.{}.{}.1\"", n / 256 % 256, n % 256);
    let moments: fn(usize) -> String = |_| "\"2026-05-03T12:00:00Z\"".into();
    let many: fn(usize) -> String = |n| format!("[[{n}]]");
    vec![
        ("a|fieldref: b", Box::new(lists(strings, others))),
        ("a|fieldref: b", Box::new(lists(numbers, floats))),
        ("a|fieldref|neq: b", Box::new(lists(strings, others))),
        ("a|fieldref|cased: b", Box::new(lists(strings, others))),
        ("a|fieldref|contains: b", Box::new(lists(strings, others))),
        ("a|fieldref|contains: b", Box::new(lists(runs, tails))),
        ("a|fieldref|startswith: b", Box::new(lists(strings, others))),
        ("a|fieldref|startswith: b", Box::new(lists(runs, tails))),
        ("a|fieldref|endswith: b", Box::new(lists(runs, tails))),
        (
            "a|contains|all: [aab, aac, aad, aae, aaf, aag, aah]",
            Box::new(text("aa")),
        ),
        (
            "a|contains: [ab, aab, aaab, aaaab, aaaaab]",
            Box::new(text("a")),
        ),
        ("a|contains: [a, aa, aaa, aaaa, aaaaa]", Box::new(text("a"))),
        ("a|windash|contains: [' -x', ' -y']", Box::new(text(" -"))),
        (
            "a|base64offset|contains: [secret, hidden]",
            Box::new(text("c2Vj")),
        ),
        (
            "a|wide|base64offset|contains: secret",
            Box::new(text("cwBl")),
        ),
        ("a|re: '(x{1,50}){1,20}y'", Box::new(text("x"))),
        ("a|re: '(a|aa)+$'", Box::new(text("a"))),
        ("a|re: '.*=.*=.*=.*;'", Box::new(text("="))),
        ("a|re|i: '(ab?c?){5,40}z'", Box::new(text("abc"))),
        ("a|re: '^([a-z]+ )*[0-9]$'", Box::new(text("ab "))),
        ("a: '*a*a*a*a*b'", Box::new(text("a"))),
        ("a: '*?a?a?b*'", Box::new(text("a"))),
        ("a: '*aaaaaaaaaaaaaaaaaaaaab*c'", Box::new(text("a"))),
        ("a: ['*e*e*', '?e?e*z']", Box::new(lists(strings, others))),
        ("a|cased: Login", Box::new(lists(strings, others))),
        (
            "a|cidr: [10.0.0.0/8, 192.0.2.0/24, '2001:db8::/32']",
            Box::new(lists(addresses, others)),
        ),
        ("a|gt: 4000000", Box::new(lists(numbers, floats))),
        ("a|lte: -1", Box::new(lists(strings, numbers))),
        ("a|hour: 3", Box::new(lists(moments, others))),
        ("a|exists: false", Box::new(lists(strings, others))),
        ("a: null", Box::new(lists(strings, others))),
        ("a: ''", Box::new(lists(many, others))),
        ("httpRequest.headers.x: y", Box::new(headers)),
        ("a.b.c.d: x", Box::new(nested)),
        ("a|contains: zz", Box::new(object)),
        ("a|re: 'y+z'", Box::new(object)),
        ("a: x", Box::new(deep)),
        ("a: x", Box::new(wide)),
        ("a: y", Box::new(duplicates)),
        ("a: y", Box::new(long_key)),
        ("a: y", Box::new(escaped_key)),
    ]
}

fn headers(bytes: usize) -> Vec<u8> {
    let header = |n: usize| format!(r#"{{"name":"h{n}","value":"v"}}"#);
    let list = numbered(bytes, header).join(",");
    format!(r#"{{"webaclId":"w","timestamp":1777809600000,"httpRequest":{{"requestId":"r","headers":[{list}]}}}}"#).into_bytes()
}

/// Lists within lists, with objects at every level.
fn nested(bytes: usize) -> Vec<u8> {
    let part = |n: usize| format!(r#"[[{{"b":[{{"c":[{{"d":"{n}"}},[]]}}]}}]]"#);
    format!(r#"{{"a":[{}]}}"#, numbered(bytes, part).join(",")).into_bytes()
}

fn deep(bytes: usize) -> Vec<u8> {
    let levels = bytes / 6;
    format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)).into_bytes()
}

fn object(bytes: usize) -> Vec<u8> {
    let member = |n: usize| format!(r#""k{n}":{{"b":"{}"}}"#, "y".repeat(n % 40));
    let members = numbered(bytes, member).join(",");
    format!(r#"{{"a":{{{members}}}}}"#).into_bytes()
}

fn wide(bytes: usize) -> Vec<u8> {
    format!(
        "{{{}}}",
        numbered(bytes, |n| format!("\"k{n}\":1")).join(",")
    )
    .into_bytes()
}

fn duplicates(bytes: usize) -> Vec<u8> {
    format!(
        "{{{}}}",
        numbered(bytes, |_| "\"a\":\"x\"".into()).join(",")
    )
    .into_bytes()
}

fn long_key(bytes: usize) -> Vec<u8> {
    format!(r#"{{"{}":1}}"#, "k.".repeat(bytes / 2)).into_bytes()
}

fn escaped_key(bytes: usize) -> Vec<u8> {
    format!(r#"{{"{}":1}}"#, "\\u0061".repeat(bytes / 6)).into_bytes()
}

/// Correlations, with the kind of event.
fn windows() -> Vec<(&'static str, Input)> {
    let count = "  type: event_count\n  group-by: [a]\n  condition: {gte: 3}\n";
    let values = "  type: value_count\n  group-by: [e]\n  condition: {field: a, gte: 3}\n";
    let shown =
        "  type: event_count\n  group-by: [e]\n  condition: {gte: 3}\nvedette:\n  show: [a]\n";
    let long: fn(usize) -> String = |n| format!(r#""a":"{}{n}""#, "v".repeat(300));
    let few: fn(usize) -> String = |_| r#""a":"v""#.into();
    let other: fn(usize) -> String = |n| format!(r#""a":"v{n}""#);
    let strings: fn(usize) -> String = |n| format!("\"v{n}\"");
    let mut rows: Vec<(&'static str, Input)> = Vec::new();
    for rule in [count, values, shown] {
        rows.push((rule, Box::new(events(few))));
        rows.push((rule, Box::new(events(other))));
        rows.push((rule, Box::new(events(long))));
        rows.push((rule, Box::new(lists(strings, strings))));
        rows.push((rule, Box::new(text("v"))));
    }
    let addresses: fn(usize) -> String = |n| format!("\"11.{}.{}.1\"", n / 256 % 256, n % 256);
    let networks = "  type: event_count\n  group-by: [a]\n  condition: {gte: 3}\nvedette:\n  prefix: {a: {ipv4: 24, ipv6: 64}}\n";
    rows.push((networks, Box::new(lists(addresses, addresses))));
    rows.push((networks, Box::new(lists(strings, strings))));
    let joined = "  type: value_count\n  group-by: [a]\n  condition: {field: b, gte: 3}\n";
    rows.push((joined, Box::new(lists(strings, strings))));
    rows
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, (selection, input)) in selections().into_iter().enumerate() {
        rows.push(Row {
            name: format!("selection {number}: {selection}"),
            input,
            run: Box::new(through(&detection(&format!("    {selection}")))),
        });
    }
    for part in ["foo", "'*a*b*'", "'*aaaaaaab'"] {
        let keyword = detection(&format!("    - {part}"));
        rows.push(Row::new(
            format!("keyword {part} in one text"),
            text("a"),
            through(&keyword),
        ));
        let many = lists(|n| format!("\"a{n}\""), |n| format!("\"b{n}\""));
        rows.push(Row::new(
            format!("keyword {part} in many"),
            many,
            through(&keyword),
        ));
    }
    for (number, (rule, input)) in windows().into_iter().enumerate() {
        rows.push(Row {
            name: format!("window {number}: {rule}"),
            input,
            run: Box::new(through(&correlation(rule))),
        });
    }
    rows
}
