//! What functions write, as it comes through CloudWatch Logs: what a runtime puts around it is taken off, and nothing of
//! it ever becomes another log's event.

use std::collections::BTreeMap;

use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable, Unrecognised};
use detector_event::event::{Event, LogSource};
use detector_event::field::{FieldTable, SlotId};
use serde_json::json;

const PATHS: [&str; 11] = [
    "event",
    "sub",
    "level",
    "message",
    "requestId",
    "service",
    "runtime.request_id",
    "runtime.level",
    "runtime.time",
    "runtime.line",
    "eventName",
];

#[derive(Debug, Default)]
struct Seen {
    events: Vec<Got>,
    unreadable: Vec<String>,
    unrecognised: Vec<Option<&'static str>>,
    slots: Vec<(&'static str, SlotId)>,
}

#[derive(Debug, PartialEq)]
struct Got {
    source: LogSource,
    id: String,
    time: Option<i64>,
    fields: BTreeMap<&'static str, String>,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        let texts = self.slots.iter();
        let fields =
            texts.filter_map(|(path, slot)| Some((*path, event.slots.str(*slot)?.to_owned())));
        self.events.push(Got {
            source: event.source,
            id: event.id.to_owned(),
            time: event.time.map(|time| time.millis()),
            fields: fields.collect(),
        });
    }

    fn unreadable(&mut self, problem: Unreadable) {
        self.unreadable.push(problem.reason);
    }

    fn unrecognised(&mut self, form: Unrecognised) {
        self.unrecognised.push(form.name);
    }
}

fn decoded(record: &str, json_log_groups: &[String]) -> Seen {
    let mut table = FieldTable::default();
    let slots = PATHS.map(|path| (path, table.slot(path))).to_vec();
    let fields = DecodeFields::register(&mut table);
    let mut seen = Seen {
        slots,
        ..Seen::default()
    };
    Decoder::new(&table, &fields, Limits::default())
        .with_json_log_groups(json_log_groups)
        .decode(record.as_bytes(), None, &mut seen);
    seen
}

const LOGGED_MS: i64 = 1_777_809_600_500;

fn payload(group: &str, messages: &[&str]) -> String {
    let events: Vec<_> = (1..)
        .zip(messages)
        .map(|(id, message)| json!({"id": id.to_string(), "timestamp": LOGGED_MS, "message": message}))
        .collect();
    let stream = match group.starts_with("/aws/lambda/") {
        true => "2026/05/03/[$LATEST]a",
        false => "one",
    };
    json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group,
        "logStream": stream, "subscriptionFilters": ["all"], "logEvents": events,
    })
    .to_string()
}

fn function(messages: &[&str]) -> Seen {
    decoded(&payload("/aws/lambda/fleet", messages), &[])
}

fn one(message: &str) -> Got {
    let mut seen = function(&[message]);
    assert_eq!(seen.unreadable, [""; 0], "{message}");
    assert_eq!(seen.events.len(), 1, "{message}: {:?}", seen.events);
    seen.events.remove(0)
}

const LINE: &str = r#"{"event":"vehicle.read","sub":"ann"}"#;
const REQUEST: &str = "79104EXAMPLEB723-1111-2222-3333-444455556666";

#[test]
fn what_runtimes_write_before_a_line_is_taken_off() {
    let id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
    for (message, level) in [
        (
            format!("2026-05-03T12:00:00.100Z\t{id}\tINFO\t{LINE}\n"),
            Some("INFO"),
        ),
        (
            format!("2026-05-03T12:00:00.100Z\t{id}\tWARN\t{LINE}"),
            Some("WARN"),
        ),
        (
            format!("[INFO]\t2026-05-03T12:00:00.100Z\t{id}\t{LINE}\n"),
            Some("INFO"),
        ),
        (
            format!(
                " INFO Lambda runtime invoke{{requestId=\"{id}\" xrayTraceId=\"Root=1-0;Sampled=0\"}}: {LINE}\n"
            ),
            Some("INFO"),
        ),
        (
            format!(
                "2026-05-03T12:00:00.1Z  WARN Lambda runtime invoke{{requestId=\"{id}\"}}: {LINE}\n"
            ),
            Some("WARN"),
        ),
        (
            format!(
                "{{\"level\":\"INFO\",\"fields\":{{\"message\":{}}},\"span\":{{\"requestId\":\"{id}\",\"name\":\"Lambda runtime invoke\"}}}}",
                json!(LINE)
            ),
            Some("INFO"),
        ),
        (
            format!(
                "{{\"level\":\"INFO\",\"fields\":{LINE},\"span\":{{\"requestId\":\"{id}\"}},\"spans\":[{{\"requestId\":\"{id}\"}}]}}"
            ),
            Some("INFO"),
        ),
        (
            format!("I, [2026-05-03T12:00:00.100000 #8]  INFO {id} -- : {LINE}"),
            Some("INFO"),
        ),
        (
            format!(
                "{{\"timestamp\":\"2026-05-03T12:00:00.100Z\",\"level\":\"INFO\",\"requestId\":\"{id}\",\"message\":{LINE}}}"
            ),
            Some("INFO"),
        ),
        (
            format!(
                "{{\"timestamp\":\"2026-05-03T12:00:00.100Z\",\"level\":\"INFO\",\"requestId\":\"{id}\",\"message\":{}}}",
                json!(LINE)
            ),
            Some("INFO"),
        ),
        (
            format!(
                "{{\"timestamp\":\"2026-05-03T12:00:00.100Z\",\"level\":\"INFO\",\"AWSRequestId\":\"{id}\",\"message\":{}}}",
                json!(LINE)
            ),
            Some("INFO"),
        ),
    ] {
        let got = one(&message);
        assert_eq!(got.source, LogSource::Lambda);
        assert_eq!(got.id, "1", "{message}");
        assert_eq!(got.fields["event"], "vehicle.read", "{message}");
        assert_eq!(
            got.fields.get("runtime.request_id").map(String::as_str),
            Some(id),
            "{message}"
        );
        assert_eq!(
            got.fields.get("runtime.level").map(String::as_str),
            level,
            "{message}"
        );
        assert_eq!(got.fields["runtime.line"], message.trim(), "{message}");
        assert!(!got.fields.contains_key("message"), "{message}");
    }
}

#[test]
fn text_behind_what_a_runtime_writes_is_the_message() {
    let line =
        format!("2026-05-03T12:00:00.100Z\t{REQUEST}\tERROR\tno such vehicle\n    at handler");
    let got = one(&line);
    assert_eq!(got.fields["message"], "no such vehicle\n    at handler");
    assert_eq!(got.fields["runtime.level"], "ERROR");
    assert_eq!(got.fields["runtime.line"], line);
}

#[test]
fn the_applications_own_keys_win() {
    let own = r#"{"event":"vehicle.read","level":"audit","requestId":"mine","message":"said","timestamp":"2026-05-03T12:00:00Z"}"#;
    let got = one(&format!("2026-05-03T12:00:01.000Z\t{REQUEST}\tINFO\t{own}"));
    for (path, text) in [
        ("level", "audit"),
        ("requestId", "mine"),
        ("message", "said"),
    ] {
        assert_eq!(got.fields[path], text);
    }
    assert_eq!(got.fields["runtime.level"], "INFO");
    assert_eq!(got.time, Some(1_777_809_600_000));
    // Beside its own keys, text in an application's message is text.
    let beside = format!(
        r#"{{"event":"a","level":"INFO","time":1777809600,"message":{}}}"#,
        json!(LINE)
    );
    let got = one(&beside);
    assert_eq!(
        (got.fields["event"].as_str(), got.fields["message"].as_str()),
        ("a", LINE)
    );
}

#[test]
fn several_lines_in_one_log_event_are_several_events() {
    let seen = function(&[&format!("{LINE}\n{}\n{LINE}\n", LINE.replace("ann", "bob"))]);
    let ids: Vec<_> = seen.events.iter().map(|got| got.id.as_str()).collect();
    assert_eq!(ids, ["1", "1#2", "1#3"]);
    assert_eq!(seen.events[1].fields["sub"], "bob");
    // A line break in prose makes no event of what follows it.
    let got = one(&format!("request failed:\n{LINE}"));
    assert!(!got.fields.contains_key("event"));
}

#[test]
fn a_message_that_was_divided_is_one_again() {
    let filler = "x".repeat(300_000);
    let whole = format!(r#"{{"event":"vehicle.read","sub":"ann","filler":"{filler}"}}"#);
    for begin in ["", "2026-05-03T12:00:00.100Z\tq-1\tINFO\t"] {
        let whole = format!("{begin}{whole}");
        let (first, rest) = whole.split_at(262_118);
        let seen = function(&["{\"event\":\"before\"}", first, rest, LINE]);
        let told: Vec<_> = seen
            .events
            .iter()
            .map(|got| (got.id.as_str(), got.fields["event"].as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("1", "before"),
                ("2", "vehicle.read"),
                ("4", "vehicle.read")
            ]
        );
        assert_eq!(seen.events[1].fields["sub"], "ann");
        // In another payload, nothing is known of the rest.
        let seen = function(&[first]);
        assert_eq!(
            seen.unrecognised,
            [Some(
                "JSON that is cut off at the size limit of a log event"
            )]
        );
    }
}

#[test]
fn a_log_of_json_alone_has_nothing_else() {
    let mine = ["/app/audit".to_owned()];
    for (group, is_json_alone) in [
        ("/aws/apigateway/fleet", true),
        ("aws-waf-logs-fleet", true),
        ("aws-cloudtrail-logs-111122223333", true),
        ("/aws/cognito/userpools/eu-west-1_a", true),
        ("/app/audit/1", true),
        ("/aws/apigateway/welcome", false),
        ("/app/other", false),
        ("/aws/lambda/fleet", false),
    ] {
        for line in [
            "{\"requestId\":\"a\",\"ip\":-}",
            "203.0.113.5 - - \"GET /\" 200",
        ] {
            let seen = decoded(&payload(group, &[line, LINE]), &mine);
            assert_eq!(
                seen.unreadable.len(),
                usize::from(is_json_alone),
                "{group} {line}"
            );
            assert_eq!(
                seen.events.len(),
                2 - usize::from(is_json_alone),
                "{group} {line}"
            );
        }
    }
}

#[test]
fn ids_do_not_depend_on_what_else_came_with_a_line() {
    let line = r#"{"event":"vehicle.read","timestamp":"2026-05-03T12:00:00Z"}"#;
    let later = line.replace("12:00:00", "12:00:01");
    let id = |text: &str, at: usize| decoded(text, &[]).events[at].id.clone();
    let alone = id(line, 0);
    assert!(alone.starts_with("content:"));
    assert_eq!(id(&format!("{later}\n{line}\n"), 1), alone);
    assert_eq!(id(&format!("[{later},{line}]"), 1), alone);
    assert_ne!(id(&later, 0), alone);
    for none in ["null", "-", "REDACTED", ""] {
        let line = format!(
            r#"{{"webaclId":"a","httpRequest":{{"requestId":"{none}"}},"timestamp":1777809600000}}"#
        );
        assert!(id(&line, 0).starts_with("content:"), "{none}");
    }
}

#[test]
fn what_no_log_writes_is_told_whatever_rules_ask_for() {
    for (text, name) in [
        (
            r#"{"class_uid":6003,"metadata":{},"time":1777809600000}"#,
            Some("OCSF"),
        ),
        (
            "2 111122223333 eni-0a 203.0.113.7 10.0.0.1 443 5000 6 1 40 1 2 REJECT OK",
            Some("VPC flow log"),
        ),
        (r#"{"colour":"red"}"#, None),
        ("hello", None),
    ] {
        let seen = decoded(text, &[]);
        assert_eq!(seen.unrecognised, [name], "{text}");
        assert_eq!(seen.events.len(), 1, "rules see it all the same");
    }
    for text in [LINE, "started", "START RequestId: a Version: $LATEST"] {
        assert_eq!(function(&[text]).unrecognised, [], "{text}");
    }
}
