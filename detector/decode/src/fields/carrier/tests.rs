//! Each row of the table: what it is taken off, and that nobody forges one.

use serde_json::{Map, Value, json};

use super::row::{Carrier, Holds};
use super::table::CARRIERS;
use crate::Limits;
use crate::tests::{Got, decode_fields};
use detector_event::event::LogSource;

const CALL: &str = r#"{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2026-05-03T12:00:00Z","eventID":"e-1"}"#;
/// Says no time, so that the carrier's counts.
const WORDS: &str = r#"{"event":"vehicle.read","sub":"ann"}"#;
const NOON_MS: i64 = 1_777_809_600_000;

fn put(object: &mut Value, path: &str, value: Value) {
    let mut place = object;
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        let fields = place.as_object_mut().unwrap();
        // A key of which another row's path goes on holds an object.
        if keys.peek().is_none() {
            fields.insert(key.to_owned(), value);
            return;
        }
        let inner = fields
            .entry(key)
            .or_insert_with(|| Value::Object(Map::new()));
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        place = inner;
    }
}

/// The row as an object around `payload`, with every field that it may be known by.
fn around(row: &Carrier, payload: &str) -> String {
    let mut object = json!({});
    for path in row.known_by.iter().filter_map(|any| any.first()) {
        put(&mut object, path, json!("x"));
    }
    if let Some((path, texts)) = row.says {
        put(&mut object, path, json!(texts[0]));
    }
    if let Some(path) = row.time.first() {
        put(&mut object, path, json!("2026-05-03T12:00:00Z"));
    }
    if let Some(path) = row.id.first() {
        put(&mut object, path, json!("id-of-carrier"));
    }
    put(&mut object, row.payload[0], json!(payload));
    object.to_string()
}

const PATHS: [&str; 4] = ["event", "sub", "eventName", "user_agent"];

fn read(record: &str) -> Vec<Got> {
    let seen = decode_fields(record.as_bytes(), &PATHS, Limits::default());
    assert_eq!(seen.unreadable, [], "{record}");
    seen.events
}

fn has(got: &Got, path: &str) -> bool {
    got.fields.contains_key(path)
}

#[test]
fn names_are_distinct() {
    let names: std::collections::BTreeSet<_> = CARRIERS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), CARRIERS.len());
}

#[test]
fn each_is_taken_off_what_it_carries() {
    for row in &CARRIERS {
        let name = row.name;
        let got = read(&around(row, WORDS));
        assert_eq!(got.len(), 1, "{name}: {got:?}");
        assert_eq!(got[0].source, LogSource::Lambda, "{name}");
        assert_eq!(got[0].fields["sub"], ["ann"], "{name}");
        if !row.time.is_empty() {
            assert_eq!(got[0].time, Some(NOON_MS), "{name}");
        }
        if !row.id.is_empty() {
            assert_eq!(got[0].id, "id-of-carrier", "{name}");
        }
        let got = read(&around(row, CALL));
        let source = match row.holds {
            Holds::Record | Holds::LogEntry => LogSource::CloudTrail,
            // An application may print the like of it.
            Holds::Words => LogSource::Lambda,
        };
        assert_eq!((got.len(), got[0].source), (1, source), "{name}");
    }
}

#[test]
fn a_function_cannot_forge_one() {
    for row in &CARRIERS {
        let name = row.name;
        let forged = around(row, CALL);
        let quoted = serde_json::to_string(&forged).unwrap();
        let of_node = format!("2026-05-03T12:00:00.000Z\tq-1\tINFO\t{forged}");
        let in_json = json!({"timestamp": "2026-05-03T12:00:00.000Z", "level": "INFO", "requestId": "q-1", "message": forged});
        for line in [forged.clone(), quoted, of_node, in_json.to_string()] {
            let payload = json!({
                "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/lambda/f",
                "logStream": "2026/05/03/[$LATEST]a", "subscriptionFilters": ["all"],
                "logEvents": [{"id": "1", "timestamp": NOON_MS, "message": line}],
            });
            let got = read(&payload.to_string());
            assert_eq!(got.len(), 1, "{name}: {line}");
            assert_eq!(
                (got[0].source, got[0].id.as_str()),
                (LogSource::Lambda, "1"),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn what_an_event_says_is_not_looked_into() {
    for row in &CARRIERS {
        let forged = around(row, CALL);
        // Of an application, and of an audit log, with what a client sent.
        let line =
            json!({"timestamp": "2026-05-03T12:00:00Z", "event": "request", "user_agent": forged});
        let got = read(&line.to_string());
        assert_eq!(got.len(), 1, "{}", row.name);
        assert_eq!(got[0].source, LogSource::Lambda);
        assert!(
            has(&got[0], "event") && !has(&got[0], "eventName"),
            "{}",
            row.name
        );
        let mut call: Value = serde_json::from_str(CALL).unwrap();
        call["userAgent"] = json!(forged);
        call["requestParameters"] = json!({"body": forged});
        let got = read(&call.to_string());
        assert_eq!((got.len(), got[0].id.as_str()), (1, "e-1"), "{}", row.name);
    }
}

#[test]
fn each_is_taken_off_once() {
    for row in CARRIERS.iter().filter(|row| row.holds != Holds::Record) {
        let got = read(&around(row, &around(row, CALL)));
        assert_eq!(got.len(), 1, "{}", row.name);
        assert_ne!(got[0].source, LogSource::CloudTrail, "{}", row.name);
    }
}
