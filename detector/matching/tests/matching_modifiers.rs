//! Every modifier and kind of value, at its edges.

mod matching_bench;

use matching_bench::{hits, hits_from, load, rule, selects, text_hits};

use detector_event::event::LogSource;

/// Each line: a selection, an event, and whether they match.
fn table(cases: &[(&str, &str, bool)]) {
    for (selection, json, expected) in cases {
        assert_eq!(selects(selection, json), *expected, "{selection} on {json}");
    }
}

#[test]
fn plain_text_ignores_case_and_stands_alone() {
    table(&[
        ("a: ConsoleLogin", r#"{"a":"consolelogin"}"#, true),
        ("a: consolelogin", r#"{"a":"ConsoleLogin"}"#, true),
        ("a: ÄRGER", r#"{"a":"ärger"}"#, true),
        ("a: login", r#"{"a":"ConsoleLogin"}"#, false),
        ("a: login", r#"{"b":"login"}"#, false),
        ("a: ''", r#"{"a":""}"#, true),
        ("a: ''", r#"{"a":" "}"#, false),
        ("a: ''", r#"{"a":null}"#, false),
        ("a: ''", r#"{}"#, false),
        ("a|cased: Login", r#"{"a":"login"}"#, false),
        ("a|cased: Login", r#"{"a":"Login"}"#, true),
        ("A: x", r#"{"a":"x"}"#, false),
    ]);
}

#[test]
fn places_within_text() {
    table(&[
        ("a|contains: min", r#"{"a":"ADMIN"}"#, true),
        ("a|startswith: ad", r#"{"a":"ADMIN"}"#, true),
        ("a|startswith: dm", r#"{"a":"ADMIN"}"#, false),
        ("a|endswith: IN", r#"{"a":"admin"}"#, true),
        ("a|endswith: mi", r#"{"a":"admin"}"#, false),
        ("a|contains|cased: min", r#"{"a":"ADMIN"}"#, false),
        ("a|contains: ''", r#"{"a":""}"#, true),
        ("a|contains: ''", r#"{"a":null}"#, false),
        ("a|contains|all: [ad, in]", r#"{"a":"admin"}"#, true),
        ("a|contains|all: [ad, ax]", r#"{"a":"admin"}"#, false),
        ("a|contains: 40", r#"{"a":403}"#, true),
        ("a|startswith: 40", r#"{"a":"403"}"#, true),
    ]);
}

#[test]
fn wildcards_and_their_escapes() {
    table(&[
        ("a: ad*", r#"{"a":"Admin"}"#, true),
        ("a: '*min'", r#"{"a":"Admin"}"#, true),
        ("a: '*dmi*'", r#"{"a":"Admin"}"#, true),
        ("a: a*m*n", r#"{"a":"Admin"}"#, true),
        ("a: a*m*x", r#"{"a":"Admin"}"#, false),
        ("a: adm?n", r#"{"a":"Admin"}"#, true),
        ("a: adm?", r#"{"a":"Admin"}"#, false),
        ("a: '?'", r#"{"a":"ä"}"#, true),
        ("a: a*c", "{\"a\":\"a\\nb\\nc\"}", true),
        (r"a: 'a\*'", r#"{"a":"a*"}"#, true),
        (r"a: 'a\*'", r#"{"a":"ab"}"#, false),
        (r"a: 'a\\*'", r#"{"a":"a\\b"}"#, true),
        (r"a: 'C:\Win'", r#"{"a":"c:\\win"}"#, true),
        ("a: '*'", r#"{"a":""}"#, true),
        ("a: '*'", r#"{"a":null}"#, false),
        ("a: '*'", r#"{}"#, false),
        ("a|startswith: a?c", r#"{"a":"abcd"}"#, true),
        ("a|endswith: b?d", r#"{"a":"abcd"}"#, true),
        ("a|contains: b*d", r#"{"a":"abcde"}"#, true),
    ]);
}

#[test]
fn numbers_are_equal_however_written() {
    table(&[
        ("a: 200", r#"{"a":200}"#, true),
        ("a: 200", r#"{"a":200.0}"#, true),
        ("a: 200", r#"{"a":"200"}"#, true),
        ("a: 200", r#"{"a":"2000"}"#, false),
        ("a: 200.0", r#"{"a":200}"#, true),
        ("a: '200'", r#"{"a":200}"#, true),
        ("a: 9007199254740993", r#"{"a":9007199254740992}"#, false),
        ("a: 9007199254740993", r#"{"a":9007199254740993}"#, true),
        ("a|gt: 5", r#"{"a":5.5}"#, true),
        ("a|gt: 5", r#"{"a":5}"#, false),
        ("a|gte: 5", r#"{"a":"5"}"#, true),
        ("a|lt: 5", r#"{"a":"abc"}"#, false),
        ("a|lt: 5", r#"{"a":null}"#, false),
        ("a|lte: '5'", r#"{"a":5}"#, true),
        ("a|lt: -1.5", r#"{"a":-2}"#, true),
    ]);
}

#[test]
fn booleans_null_and_existence() {
    table(&[
        ("a: true", r#"{"a":true}"#, true),
        ("a: true", r#"{"a":"True"}"#, true),
        ("a: true", r#"{"a":false}"#, false),
        ("a: true", r#"{"a":1}"#, false),
        ("a: 'true'", r#"{"a":true}"#, true),
        ("a: null", r#"{}"#, true),
        ("a: null", r#"{"a":null}"#, true),
        ("a: null", r#"{"a":""}"#, false),
        ("a: null", r#"{"a":{}}"#, false),
        ("a|exists: true", r#"{"a":0}"#, true),
        ("a|exists: true", r#"{"a":null}"#, true),
        ("a|exists: true", r#"{"a":[]}"#, true),
        ("a|exists: true", r#"{}"#, false),
        ("a|exists: false", r#"{}"#, true),
        ("a|exists: false", r#"{"a":{"b":1}}"#, false),
    ]);
}

#[test]
fn different_needs_something_to_differ() {
    table(&[
        ("a|neq: x", r#"{"a":"y"}"#, true),
        ("a|neq: x", r#"{"a":"X"}"#, false),
        ("a|neq: x", r#"{}"#, false),
        ("a|neq: x", r#"{"a":null}"#, true),
        ("a|neq: 5", r#"{"a":"5"}"#, false),
        ("a|neq: [x, y]", r#"{"a":"y"}"#, false),
        ("a|neq: [x, y]", r#"{"a":"z"}"#, true),
        ("a|neq: x", r#"{"a":["x","y"]}"#, false),
        ("a|contains|neq: x", r#"{"a":"abc"}"#, true),
    ]);
}

#[test]
fn nested_fields_and_arrays() {
    table(&[
        ("a.b: x", r#"{"a":{"b":"x"}}"#, true),
        ("a.b: x", r#"{"a.b":"x"}"#, true),
        ("a.b: x", r#"{"a":[{"b":"y"},{"b":"x"}]}"#, true),
        ("a: x", r#"{"a":["y","x"]}"#, true),
        ("a|all: [x, y]", r#"{"a":["y","x"]}"#, true),
        ("a|all: [x, z]", r#"{"a":["y","x"]}"#, false),
        ("a|gt: 5", r#"{"a":[1,9]}"#, true),
        ("a: x", r#"{"a":{"b":"x"}}"#, false),
    ]);
}

#[test]
fn an_object_is_its_text() {
    let spaced = "{\"a\": { \"b\" : \"x y\",\n \"c\":[1, {\"d\\\"\": true}] }}";
    table(&[
        (
            "a|contains: Suspended",
            r#"{"a":{"v":{"Status":"suspended"}}}"#,
            true,
        ),
        ("a|contains: status", r#"{"a":{"v":{"Status":"x"}}}"#, true),
        ("a: '*suspended*'", r#"{"a":{"v":"Suspended"}}"#, true),
        (
            "a|contains|cased: suspended",
            r#"{"a":{"v":"Suspended"}}"#,
            false,
        ),
        (
            "a|contains|all: [one, two]",
            r#"{"a":{"b":"one","c":"two"}}"#,
            true,
        ),
        ("a|contains|all: [one, two]", r#"{"a":{"b":"one"}}"#, false),
        ("a|re: '\"b\":\"x y\"'", spaced, true),
        (r#"a|contains: '"b":"x y","c":[1,'"#, spaced, true),
        (r#"a|contains: '"d\"":true'"#, spaced, true),
        ("a|startswith: '{\"b\"'", spaced, true),
        ("a|endswith: '}]}'", spaced, true),
        (
            "a.b|contains: Failure",
            r#"{"a":[{"b":{"c":1}},{"b":{"d":"Failure"}}]}"#,
            true,
        ),
        (
            "a|contains: Failure",
            r#"{"a":[{"b":1},{"d":"Failure"}]}"#,
            true,
        ),
        ("a|contains: x", r#"{"a":[]}"#, false),
        ("a: '*'", r#"{"a":{}}"#, true),
        ("a: '*'", r#"{"a":[]}"#, false),
        ("a|contains|neq: Failure", r#"{"a":{"d":"Failure"}}"#, false),
        ("a|contains|neq: Failure", r#"{"a":{"d":"Success"}}"#, true),
        ("a|gt: 5", r#"{"a":{"b":9}}"#, false),
        ("a|cidr: 10.0.0.0/8", r#"{"a":{"b":"10.1.1.1"}}"#, false),
        ("a|fieldref: b", r#"{"a":{"c":1},"b":{"c":1}}"#, false),
    ]);
}

#[test]
fn regular_expressions_keep_case_unless_told() {
    table(&[
        ("a|re: ^ab+$", r#"{"a":"abb"}"#, true),
        ("a|re: ^ab+$", r#"{"a":"ABB"}"#, false),
        ("a|re|i: ^ab+$", r#"{"a":"ABB"}"#, true),
        ("a|re: ^b$", "{\"a\":\"a\\nb\"}", false),
        ("a|re|m: ^b$", "{\"a\":\"a\\nb\"}", true),
        ("a|re: a.b", "{\"a\":\"a\\nb\"}", false),
        ("a|re|s: a.b", "{\"a\":\"a\\nb\"}", true),
        ("a|re: ^40[13]$", r#"{"a":403}"#, true),
        ("a|re: x", r#"{}"#, false),
        ("a|re|neq: ^a", r#"{"a":"b"}"#, true),
    ]);
}

#[test]
fn networks_of_both_versions() {
    table(&[
        ("a|cidr: 10.0.0.0/8", r#"{"a":"10.255.255.255"}"#, true),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"11.0.0.0"}"#, false),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"ec2.amazonaws.com"}"#, false),
        ("a|cidr: 2001:db8::/32", r#"{"a":"2001:DB8:ffff::1"}"#, true),
        ("a|cidr: 2001:db8::/32", r#"{"a":"2001:db9::1"}"#, false),
        (
            "a|cidr: [192.0.2.0/24, 198.51.100.0/24]",
            r#"{"a":"198.51.100.7"}"#,
            true,
        ),
        ("a|cidr|neq: 10.0.0.0/8", r#"{"a":"192.0.2.1"}"#, true),
        ("a|cidr: 0.0.0.0/0", r#"{"a":"192.0.2.1"}"#, true),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"::ffff:10.1.2.3"}"#, true),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"::FFFF:0a01:203"}"#, true),
        ("a|cidr: ::ffff:10.0.0.0/104", r#"{"a":"10.1.2.3"}"#, true),
        ("a|cidr: ::/0", r#"{"a":"::ffff:10.1.2.3"}"#, false),
    ]);
}

#[test]
fn encoded_text() {
    // "x" + secret + "y" in all three alignments.
    for whole in ["Zm9vYmFy", "eGZvb2Jhcnk=", "eHhmb29iYXJ5"] {
        assert!(
            selects(
                "a|base64offset|contains: foobar",
                &format!(r#"{{"a":"{whole}"}}"#)
            ),
            "{whole}"
        );
    }
    table(&[
        ("a|base64: foobar", r#"{"a":"Zm9vYmFy"}"#, true),
        ("a|base64|contains: foobar", r#"{"a":"--Zm9vYmFy--"}"#, true),
        (
            "a|base64offset|contains: foobar",
            r#"{"a":"Zm9vYmF6"}"#,
            false,
        ),
        ("a|wide|base64: cmd", r#"{"a":"YwBtAGQA"}"#, true),
        ("a|utf16le|base64: cmd", r#"{"a":"YwBtAGQA"}"#, true),
        ("a|utf16be|base64: cmd", r#"{"a":"AGMAbQBk"}"#, true),
        ("a|utf16|base64: cmd", r#"{"a":"//5jAG0AZAA="}"#, true),
        ("a|windash|contains: ' -f '", r#"{"a":"rm /f x"}"#, true),
        ("a|windash|contains: ' -f '", r#"{"a":"rm – f x"}"#, false),
        ("a|windash|contains: ' /f '", r#"{"a":"rm —F x"}"#, true),
    ]);
}

#[test]
fn other_fields() {
    table(&[
        ("a|fieldref: b", r#"{"a":"X","b":"x"}"#, true),
        ("a|fieldref|cased: b", r#"{"a":"X","b":"x"}"#, false),
        ("a|fieldref: b", r#"{"a":200,"b":200.0}"#, true),
        ("a|fieldref: b", r#"{"a":200,"b":"200"}"#, true),
        ("a|fieldref: b", r#"{"a":"x"}"#, false),
        ("a|fieldref: b", r#"{"a":null,"b":null}"#, false),
        (
            "a|fieldref: b.c",
            r#"{"a":"x","b":[{"c":"y"},{"c":"x"}]}"#,
            true,
        ),
        ("a|fieldref|contains: b", r#"{"a":"abc","b":"B"}"#, true),
        ("a|fieldref|startswith: b", r#"{"a":"abc","b":"b"}"#, false),
        ("a|fieldref|endswith: b", r#"{"a":"abc","b":"bc"}"#, true),
        ("a|fieldref|neq: b", r#"{"a":"x","b":"y"}"#, true),
        ("a|fieldref|neq: b", r#"{"a":"x","b":"x"}"#, false),
    ]);
}

#[test]
fn parts_of_a_time_in_utc() {
    table(&[
        ("a|hour: 23", r#"{"a":"2024-05-01T01:30:00+02:00"}"#, true),
        ("a|hour|gte: 20", r#"{"a":"2024-05-01T23:30:00Z"}"#, true),
        ("a|minute: 30", r#"{"a":1714606200000}"#, true),
        ("a|minute: 30", r#"{"a":1714606200}"#, true),
        ("a|minute: 30", r#"{"a":"1714606200000"}"#, true),
        ("a|day: 1", r#"{"a":"2024-05-01T23:30:00Z"}"#, true),
        ("a|week: 18", r#"{"a":"2024-05-01T23:30:00Z"}"#, true),
        ("a|month: 5", r#"{"a":"2024-05-01T23:30:00Z"}"#, true),
        ("a|year: 2024", r#"{"a":"2024-05-01T23:30:00Z"}"#, true),
        ("a|year: 2024", r#"{"a":"yesterday"}"#, false),
    ]);
}

#[test]
fn words_without_a_field() {
    table(&[
        ("- evil", r#"{"a":{"b":["x","so EVIL"]}}"#, true),
        ("- evil", r#"{"evil":"x"}"#, false),
        ("- ev*l", r#"{"a":"so eviiil!"}"#, true),
        ("- 4711", r#"{"a":"id 4711"}"#, true),
        (
            "'|all':\n  - one\n  - two",
            r#"{"a":"one","b":"two"}"#,
            true,
        ),
        ("'|all':\n  - one\n  - two", r#"{"a":"one"}"#, false),
        ("'|re': e.il$", r#"{"a":"evil"}"#, true),
        ("'|re': e.il$", r#"{"a":"evils"}"#, false),
        ("- evil\n- a: x", r#"{"a":"x"}"#, true),
        ("- 4711", r#"{"a":[{"b":4711}]}"#, true),
        ("- '711'", r#"{"a":-4711}"#, true),
        ("- 2.5", r#"{"a":2.5}"#, true),
        ("- 'false'", r#"{"a":false}"#, true),
        ("- 'null'", r#"{"a":null}"#, false),
        ("'|re': ^47", r#"{"a":4711}"#, true),
    ]);
    let mut set = load(&rule("words:\n  - connection refused\ncondition: words"));
    assert_eq!(text_hits(&mut set, "ERROR Connection REFUSED by db"), [0]);
    assert_eq!(text_hits(&mut set, "all is well"), [0u32; 0]);
}

#[test]
fn conditions() {
    let verdict = |condition: &str, json: &str| {
        let searches =
            "sel_a:\n  a: 1\nsel_b:\n  b: 1\nsel_c:\n  c: 1\nother:\n  - d: 1\n  - e: 1\n";
        !hits(
            &load(&rule(&format!("{searches}condition: {condition}"))),
            json,
        )
        .is_empty()
    };
    assert!(verdict("sel_a and not sel_b", r#"{"a":1}"#));
    assert!(!verdict("sel_a and not sel_b", r#"{"a":1,"b":1}"#));
    assert!(verdict("1 of sel_*", r#"{"c":1}"#));
    assert!(verdict("any of sel_*", r#"{"c":1}"#));
    assert!(!verdict("2 of sel_*", r#"{"c":1}"#));
    assert!(verdict("2 of sel_*", r#"{"c":1,"a":1}"#));
    assert!(verdict("all of sel_*", r#"{"a":1,"b":1,"c":1}"#));
    assert!(!verdict("all of them", r#"{"a":1,"b":1,"c":1}"#));
    assert!(verdict("all of them", r#"{"a":1,"b":1,"c":1,"e":1}"#));
    assert!(verdict("not 1 of sel_*", r#"{"e":1}"#));
    assert!(verdict("[sel_a, sel_b]", r#"{"b":1}"#));
    assert!(verdict("sel_a or sel_b and sel_c", r#"{"a":1}"#));
    assert!(!verdict("(sel_a or sel_b) and sel_c", r#"{"a":1}"#));
}

#[test]
fn rules_see_their_log_source_only() {
    let set = load(
        "title: One\nlogsource:\n  product: aws\n  service: cognito\ndetection:\n  s:\n    a: 1\n  condition: s\n---\n\
         title: All\nlogsource:\n  product: aws\ndetection:\n  s:\n    a: 1\n  condition: s\n",
    );
    assert_eq!(hits_from(&set, r#"{"a":1}"#, LogSource::Cognito), [0, 1]);
    assert_eq!(hits_from(&set, r#"{"a":1}"#, LogSource::Waf), [1]);
}

#[test]
fn long_lists_are_compared_as_short_ones_are() {
    let list = |texts: &[&str], others: usize| {
        let mut all: Vec<_> = (0..others)
            .map(|n| format!("\"other{n}.{}\"", n * 7))
            .collect();
        all.extend(texts.iter().map(|text| (*text).to_owned()));
        all.join(",")
    };
    let (text, number) = ([r#""Ada Lovelace""#], ["200"]);
    for (modifier, those, expected) in [
        ("", [r#""ada lovelace""#], true),
        ("", [r#""ada lovelac""#], false),
        ("|cased", [r#""ada lovelace""#], false),
        ("|startswith", [r#""ada""#], true),
        ("|startswith", [r#""love""#], false),
        ("|endswith", [r#""LACE""#], true),
        ("|endswith", [r#""Love""#], false),
        ("|contains", [r#""LOVE""#], true),
        ("|contains", [r#""lovely""#], false),
        ("|contains", [r#""""#], true),
        ("|startswith", [r#""""#], true),
    ] {
        for (these_others, those_others) in [(0, 0), (3, 5), (100, 0), (1, 200), (90, 90)] {
            let those = list(&those, those_others).replace("other", "one");
            let json = format!(r#"{{"a":[{}],"b":[{those}]}}"#, list(&text, these_others));
            let selection = format!("a|fieldref{modifier}: b");
            assert_eq!(
                selects(&selection, &json),
                expected,
                "{selection} on {json}"
            );
        }
    }
    let json = format!(
        r#"{{"a":[{}],"b":[{}]}}"#,
        list(&number, 90),
        list(&["200.0"], 90).replace("other", "one")
    );
    assert!(selects("a|fieldref: b", &json));
}

#[test]
fn of_long_lists_any_beginning_end_or_part_is_found() {
    // Compared with the plain definition, on lists that are full of prefixes of each other.
    let word = |mut n: usize| {
        let mut word = String::new();
        while n > 0 {
            word.push(['a', 'b', 'c'][n % 3]);
            n /= 3;
        }
        word
    };
    let list = |from: usize, step: usize, below: usize| -> Vec<String> {
        (0..12)
            .map(|n| word((from + n * step) % below + 1))
            .collect()
    };
    let (mut hits, mut misses) = (0, 0);
    for round in 0..60 {
        let these = list(round * 131, 37, 9_000);
        let those = list(round * 17 + 5_000, 11, 40 + round * round * 3);
        let json = serde_json::json!({"a": these, "b": those}).to_string();
        let any =
            |holds: fn(&str, &str) -> bool| these.iter().any(|a| those.iter().any(|b| holds(a, b)));
        for (modifier, expected) in [
            ("", any(|a, b| a == b)),
            ("|startswith", any(|a, b| a.starts_with(b))),
            ("|endswith", any(|a, b| a.ends_with(b))),
            ("|contains", any(|a, b| a.contains(b))),
        ] {
            assert_eq!(
                selects(&format!("a|fieldref{modifier}: b"), &json),
                expected,
                "{modifier} on {json}"
            );
            *if expected { &mut hits } else { &mut misses } += 1;
        }
    }
    assert!(hits > 20 && misses > 20, "{hits} {misses}");
}

#[test]
fn several_tests_of_one_element() {
    let of_one = |json: &str| {
        let detection = rule(
            "open:\n  items.port: 22\n  items.ranges.cidr|contains: 0.0.0.0/0\n  name: x\ncondition: open",
        );
        let same = format!("{detection}vedette: {{same_element: [items]}}\n");
        [detection, same].map(|yaml| !hits(&load(&yaml), json).is_empty())
    };
    for (json, expected) in [
        (
            r#"{"name":"x","items":[{"port":22,"ranges":[{"cidr":"0.0.0.0/0"}]}]}"#,
            [true, true],
        ),
        (
            r#"{"name":"x","items":[{"port":22},{"ranges":[{"cidr":"0.0.0.0/0"}]}]}"#,
            [true, false],
        ),
        (
            r#"{"name":"x","items":[{"port":443},{"port":22,"ranges":{"cidr":["10.0.0.0/8","0.0.0.0/0"]}}]}"#,
            [true, true],
        ),
        (
            r#"{"name":"x","items":{"port":22,"ranges":[{"cidr":"0.0.0.0/0"}]}}"#,
            [true, true],
        ),
        (
            r#"{"name":"y","items":[{"port":22,"ranges":[{"cidr":"0.0.0.0/0"}]}]}"#,
            [false, false],
        ),
        (
            r#"{"name":"x","items":[[{"port":22}],[{"ranges":[{"cidr":"0.0.0.0/0"}]}]]}"#,
            [true, false],
        ),
        (r#"{"name":"x","items":[]}"#, [false, false]),
        (r#"{"name":"x","items":[22,"0.0.0.0/0"]}"#, [false, false]),
    ] {
        assert_eq!(of_one(json), expected, "{json}");
    }
}
