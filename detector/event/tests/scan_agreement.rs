//! The two readers of the scan agree: on random JSON, on JSON with a few bytes changed, and on known traps.

use detector_event::field::FieldTable;
use detector_event::scan::{scan_json, scan_thoroughly};
use detector_event::slots::{Slots, Value};
use fastrand::Rng;

fn table() -> FieldTable {
    let mut table = FieldTable::default();
    for path in ["a", "b", "a.b", "a.b.c", "b.a", "c.é", "x\ny", ""] {
        table.slot(path);
    }
    table
}

/// What a scan found, by slot, or nothing where it refuses.
fn found(table: &FieldTable, slots: Option<&Slots<'_>>) -> Option<Vec<Vec<String>>> {
    let slots = slots?;
    // Text of a debug form: equal bits for floats, `-0.0` included.
    let values = |slot| {
        slots
            .values(slot)
            .map(|v: &Value<'_>| format!("{v:?}"))
            .collect()
    };
    Some(table.slots().map(values).collect())
}

fn assert_agree(table: &FieldTable, json: &[u8]) -> bool {
    let mut quick = Slots::new(table);
    let quick_ok = scan_json(json, table, &mut quick).is_ok();
    let mut thorough = Slots::new(table);
    let thorough_ok = std::str::from_utf8(json)
        .is_ok_and(|text| scan_thoroughly(text, table, &mut thorough).is_ok());
    let shown = String::from_utf8_lossy(json);
    assert_eq!(
        found(table, quick_ok.then_some(&quick)),
        found(table, thorough_ok.then_some(&thorough)),
        "{shown}"
    );
    quick_ok
}

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "0.0",
    "1",
    "-1",
    "01",
    "1.",
    ".5",
    "-",
    "+1",
    "1e400",
    "-1e400",
    "1e-400",
    "1E5",
    "1e+5",
    "1e",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "9007199254740993",
    "0.1",
    "1.7976931348623157e308",
    "123456789012345678901234567890",
    "2.2250738585072011e-308",
    "5e-324",
    "NaN",
    "Infinity",
    "tru",
    "nul",
    "\"\"",
    "\"x\"",
    "\"é\"",
    "\"\\n\\t\\\"\\\\\\/\\b\\f\\r\"",
    "\"\\u0041\"",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\\ude00\"",
    "\"\\ud800x\"",
    "\"\\ud83d\\u0041\"",
    "\"\\uD8\"",
    "\"\\u00g0\"",
    "\"\\x\"",
    "\"\u{1}\"",
    "\"\u{7f}\"",
    "\"a\nb\"",
    "\"\u{2028}\"",
    "\"open",
    "[]",
    "{}",
    "[[],[]]",
    "\"a long text that goes past the sixteen and the thirty-two bytes of a vector \\\" x\"",
];
const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "a.b",
    "é",
    "",
    "\\u0061",
    "x\\ny",
    "a\\ud800",
    "userIdentity",
    "a\\",
    "\u{1}",
];
const SPACES: &[&str] = &["", "", "", " ", "\n", "\t\r", "\u{c}", "\u{a0}"];

fn value(rng: &mut Rng, depth: u32, json: &mut String) {
    json.push_str(SPACES[rng.usize(..4)]);
    match rng.u8(..6) {
        0 | 1 if depth > 0 => object(rng, depth - 1, json),
        2 if depth > 0 => {
            json.push('[');
            for at in 0..rng.usize(..4) {
                json.push_str(if at > 0 { "," } else { "" });
                value(rng, depth - 1, json);
            }
            json.push(']');
        }
        // Most scalars are well-formed, so that most documents are.
        _ if rng.u8(..30) > 0 => json.push_str(GOOD[rng.usize(..GOOD.len())]),
        _ => json.push_str(SCALARS[rng.usize(..SCALARS.len())]),
    }
    json.push_str(SPACES[rng.usize(..4)]);
}

const GOOD: &[&str] = &[
    "null",
    "true",
    "-0",
    "-0.0",
    "7",
    "-7",
    "1e5",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "0.1",
    "\"x\"",
    "\"\\\"\\u00e9\\ud83d\\ude00\"",
    "[]",
    "{}",
];

fn object(rng: &mut Rng, depth: u32, json: &mut String) {
    json.push('{');
    for at in 0..rng.usize(..5) {
        json.push_str(if at > 0 { "," } else { "" });
        let key = match rng.u8(..25) {
            0 => KEYS[rng.usize(..KEYS.len())],
            _ => KEYS[rng.usize(..8)],
        };
        json.push_str(&format!("{}\"{key}\":", SPACES[rng.usize(..4)]));
        value(rng, depth, json);
    }
    json.push('}');
}

#[test]
fn traps_are_judged_alike() {
    let table = table();
    for scalar in SCALARS {
        for path in ["a", "other"] {
            for json in [
                format!("{{\"{path}\":{scalar}}}"),
                format!("{{\"{path}\":[{scalar}]}}"),
                format!("{{\"{path}\":{{\"b\":{scalar},\"b\":1}}}}"),
                format!("{{\"{path}\":{scalar}}} x"),
                format!("{{\"{path}\":{scalar}"),
                format!("{{\"{path}\":{scalar},}}"),
                (*scalar).to_owned(),
            ] {
                assert_agree(&table, json.as_bytes());
            }
        }
    }
    for key in KEYS {
        assert_agree(
            &table,
            format!("{{\"{key}\":{{\"{key}\":1}},\"a\":2}}").as_bytes(),
        );
    }
    for space in SPACES {
        assert_agree(
            &table,
            format!("{space}{{{space}\"a\"{space}:{space}1{space}}}{space}").as_bytes(),
        );
    }
}

#[test]
fn random_and_mutated_json_is_judged_alike() {
    let table = table();
    let (mut read, mut cases) = (0, 0);
    for seed in 0..6_000 {
        let mut rng = Rng::with_seed(seed);
        let mut json = String::new();
        object(&mut rng, 4, &mut json);
        read += usize::from(assert_agree(&table, json.as_bytes()));
        for _ in 0..4 {
            assert_agree(&table, &mutated(&mut rng, &json));
            cases += 1;
        }
    }
    assert!(read > 3_000 && cases > 20_000, "{read} of {cases}");
}

fn mutated(rng: &mut Rng, json: &str) -> Vec<u8> {
    let mut mutated = json.to_owned().into_bytes();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..mutated.len());
        match rng.u8(..4) {
            0 => mutated[at] = rng.u8(..),
            1 => _ = mutated.remove(at),
            2 => mutated.insert(
                at,
                *rng.choice(b"{}[]\",:\\0-.eu\x00\xff ").unwrap_or(&b'x'),
            ),
            _ => mutated.truncate(at + 1),
        }
        if mutated.is_empty() {
            break;
        }
    }
    mutated
}

/// As AWS writes it: without white space, and most values are texts.
fn compact(rng: &mut Rng, depth: u32, json: &mut String) {
    const TEXTS: [&str; 6] = ["", "x", "é", "iam.amazonaws.com", "\\\"", "a\":\"b"];
    json.push('{');
    for at in 0..rng.usize(..7) {
        json.push_str(if at > 0 { "," } else { "" });
        json.push_str(&format!("\"{}\":", KEYS[rng.usize(..6)]));
        match rng.u8(..12) {
            0 | 1 if depth > 0 => compact(rng, depth - 1, json),
            2 => json.push_str(GOOD[rng.usize(..GOOD.len())]),
            // Few have what is no text within the quotes.
            _ if rng.u8(..20) > 0 => json.push_str(&format!("\"{}\"", TEXTS[rng.usize(..4)])),
            _ => json.push_str(&format!("\"{}\"", TEXTS[rng.usize(..TEXTS.len())])),
        }
    }
    json.push('}');
}

#[test]
fn entries_as_most_are_written_are_judged_alike() {
    let table = table();
    let mut read = 0;
    for seed in 0..6_000 {
        let mut rng = Rng::with_seed(seed);
        let mut json = String::new();
        compact(&mut rng, 3, &mut json);
        read += usize::from(assert_agree(&table, json.as_bytes()));
        for _ in 0..4 {
            assert_agree(&table, &mutated(&mut rng, &json));
        }
    }
    assert!(read > 4_000, "{read}");
}

#[test]
fn deep_nesting_is_judged_alike() {
    let table = table();
    for depth in [
        1, 100, 126, 127, 128, 129, 254, 255, 256, 1_000, 1_023, 1_024, 1_025, 4_096, 8_190,
        100_000,
    ] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"z\":", "}")] {
            let inner = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for path in ["a", "other"] {
                assert_agree(&table, format!("{{\"{path}\":{inner}}}").as_bytes());
                assert_agree(
                    &table,
                    format!("{{\"{path}\":{}", open.repeat(depth)).as_bytes(),
                );
            }
        }
    }
}
