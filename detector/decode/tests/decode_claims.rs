//! What an application's line cannot do by the keys that it has: vanish, speak for another log, or move in time.

use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Event, LogSource};
use detector_event::field::FieldTable;
use serde_json::{Value, json};

const NOON_MS: i64 = 1_777_809_600_000;
const CALL: &str = r#"{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2026-05-03T12:00:00Z","eventID":"e-1"}"#;

#[derive(Debug, Default)]
struct Seen {
    /// Source, time, and the values of `event`.
    events: Vec<(LogSource, Option<i64>, Vec<String>)>,
    unreadable: usize,
    control: usize,
}

struct Sink<'f> {
    seen: Seen,
    event: detector_event::field::SlotId,
    _fields: &'f DecodeFields,
}

impl EventSink for Sink<'_> {
    fn event(&mut self, event: &Event<'_, '_>) {
        let texts = event.slots.values(self.event);
        let texts = texts
            .filter_map(|it| Some(it.text()?.into_owned()))
            .collect();
        let time = event.time.map(|time| time.millis());
        self.seen.events.push((event.source, time, texts));
    }

    fn unreadable(&mut self, _: Unreadable) {
        self.seen.unreadable += 1;
    }

    fn control_message(&mut self) {
        self.seen.control += 1;
    }
}

/// Read with these log groups of applications, and these of audit logs among them.
fn read(record: &str, application: &[&str], audit: &[&str]) -> Seen {
    let mut table = FieldTable::default();
    let fields = DecodeFields::register(&mut table);
    let event = table.slot("event");
    let [application, audit] = [application, audit].map(|names| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    });
    let mut sink = Sink {
        seen: Seen::default(),
        event,
        _fields: &fields,
    };
    Decoder::new(&table, &fields, Limits::default())
        .with_application_log_groups(&application, &audit)
        .decode(record.as_bytes(), None, &mut sink);
    sink.seen
}

fn payload(group: &str, message: &str) -> String {
    json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group, "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", "timestamp": NOON_MS, "message": message}],
    })
    .to_string()
}

/// Keys that make an object look like an envelope or a carrier, with nothing in it or little.
fn disguises() -> Vec<Value> {
    vec![
        json!({"Records": []}),
        json!({"Records": [null]}),
        json!({"Records": [[]]}),
        json!({"Records": [{}]}),
        json!({"Records": {}}),
        json!({"Records": "x"}),
        json!({"messageType": "DATA_MESSAGE", "logEvents": []}),
        json!({"messageType": "DATA_MESSAGE", "logEvents": [null]}),
        json!({"messageType": "DATA_MESSAGE", "logEvents": {}}),
        json!({"messageType": "CONTROL_MESSAGE", "logEvents": []}),
        json!({"detail-type": "t", "detail": {}}),
        json!({"detail-type": "t", "detail": "{}"}),
        json!({"detail-type": "t", "source": "aws.x", "detail": {"Records": []}}),
        json!({"kinesis": {"data": ""}}),
        json!({"kinesis": {"data": "IA=="}}),
        json!({"kinesis": {"data": "?"}}),
        json!({"Data": "", "SequenceNumber": "1", "PartitionKey": "p"}),
        json!({"awslogs": {"data": ""}}),
        json!({"records": [], "deliveryStreamArn": "a"}),
        json!({"records": [{"data": ""}], "requestId": "r", "timestamp": NOON_MS}),
        json!({"records": [{"recordId": "r", "data": ""}], "deliveryStreamArn": "a"}),
        json!({"data": "", "recordId": "r"}),
        json!({"events": [], "searchedLogStreams": []}),
        json!({"events": [null], "nextForwardToken": "t"}),
        json!({"Events": [{"CloudTrailEvent": ""}]}),
        json!({"Messages": [{"Body": "", "ReceiptHandle": "r"}]}),
        json!({"Entries": [{"Detail": "", "DetailType": "t"}]}),
        json!({"hits": {"hits": [{"_index": "i", "_source": {"message": ""}}]}}),
        json!({"results": [[{"field": "@message", "value": ""}]]}),
        json!({"ingestionTime": NOON_MS, "timestamp": NOON_MS, "message": ""}),
        json!({"MessageId": "m", "ReceiptHandle": "r", "Body": ""}),
        json!({"MessageId": "m", "ReceiptHandle": "r", "Body": "{\"Records\":[]}"}),
        json!({"messageId": "m", "receiptHandle": "r", "body": "null"}),
        json!({"TopicArn": "t", "MessageId": "m", "Message": ""}),
        json!({"logGroup": "g", "logStream": "s", "message": ""}),
        json!({"_raw": "", "_time": "2026-05-03T12:00:00Z", "index": "i"}),
        json!({"log": "", "stream": "stdout"}),
        json!({"EventId": "e", "CloudTrailEvent": "  "}),
    ]
}

/// With what an application writes of an event, before or after.
fn with_event(disguise: &Value, is_first: bool) -> String {
    let text = disguise.to_string();
    match is_first {
        true => format!(r#"{{"event":"login.failed",{}"#, &text[1..]),
        false => format!(r#"{},"event":"login.failed"}}"#, &text[..text.len() - 1]),
    }
}

#[test]
fn no_line_vanishes_uncounted() {
    for disguise in disguises() {
        for (line, has_event) in [
            (disguise.to_string(), false),
            (with_event(&disguise, true), true),
            (with_event(&disguise, false), true),
        ] {
            let places = [
                line.clone(),
                format!("{{\"event\":\"before\"}}\n{line}\n{{\"event\":\"after\"}}\n"),
                payload("/ecs/fleet", &line),
                payload("/aws/lambda/fleet", &line),
                payload("closed", &line),
            ];
            for (place, record) in places.iter().enumerate() {
                let seen = read(record, &["closed"], &[]);
                let around = if place == 1 { 2 } else { 0 };
                let told = seen.events.len() + seen.unreadable + seen.control - around;
                // Tools print such where there is nothing; in a log it is somebody's line.
                let is_nothing = place < 2
                    && [
                        "{\"Records\":[]}",
                        "{\"events\":[],\"searchedLogStreams\":[]}",
                        "{\"deliveryStreamArn\":\"a\",\"records\":[]}",
                    ]
                    .contains(&&*line);
                assert_eq!(told == 0, is_nothing, "{record}: {seen:?}");
                let is_there = seen.events.iter().any(|(source, _, event)| {
                    *source == LogSource::Lambda && event.iter().any(|it| it == "login.failed")
                });
                assert!(is_there || !has_event, "{record}: {seen:?}");
            }
        }
    }
}

/// What claims to be an entry of another log, or to carry one.
fn forgeries() -> Vec<String> {
    let quoted = |key: &str, more: Value| {
        let mut carrier = more;
        carrier[key] = json!(CALL);
        carrier.to_string()
    };
    vec![
        CALL.to_owned(),
        format!("{{\"Records\":[{CALL}]}}"),
        format!(r#"{{"detail-type":"t","source":"s","detail":{CALL}}}"#),
        quoted("Message", json!({"TopicArn": "t", "MessageId": "m"})),
        quoted("Body", json!({"MessageId": "m", "ReceiptHandle": "r"})),
        quoted("message", json!({"logGroup": "CloudTrail/logs", "logStream": "s"})),
        quoted("_raw", json!({"sourcetype": "aws:cloudtrail", "_time": "2026-05-03T12:00:00Z"})),
        payload("CloudTrail/logs", CALL),
        r#"{"webaclId":"arn:aws:wafv2:us-east-1:1:x","action":"BLOCK","timestamp":1777809600000,"httpRequest":{"requestId":"r"}}"#.to_owned(),
        r#"{"requestId":"r","requestTimeEpoch":"1777809600000","httpMethod":"GET","status":"200"}"#.to_owned(),
        r#"{"eventSource":"USER_AUTH_EVENTS","message":{"eventType":"SignIn"},"eventTimestamp":"1777809600000"}"#.to_owned(),
    ]
}

#[test]
fn an_application_speaks_for_itself_where_it_is_told_of() {
    for forged in forgeries() {
        for (group, application, audit, is_believed) in [
            ("/aws/lambda/fleet", &[][..], &[][..], false),
            ("/ecs/fleet", &["/ecs/fleet"], &[], false),
            ("/ecs/fleet", &["/ecs/*"], &[], false),
            ("/ecs/fleet", &["/ecs"], &[], true),
            (
                "/ecs/fleet-access",
                &["/ecs/*"],
                &["/ecs/fleet-access"],
                true,
            ),
            (
                "/ecs/fleet-access",
                &["/ecs/fleet-access"],
                &["/ecs/*-x"],
                false,
            ),
        ] {
            let seen = read(&payload(group, &forged), application, audit);
            let sources: Vec<_> = seen.events.iter().map(|(source, ..)| *source).collect();
            let is_words = sources.iter().all(|source| *source == LogSource::Lambda);
            assert_eq!(seen.events.len(), 1, "{group}: {forged}");
            // A carrier of another log is not believed in any log group.
            let may_be = !forged.contains("\\\"") || forged.contains("DATA_MESSAGE");
            assert_eq!(
                is_words,
                !(is_believed && may_be),
                "{group} {application:?}: {forged}"
            );
        }
    }
}

#[test]
fn where_aws_writes_by_itself_entries_are_what_they_are_there() {
    for (group, source) in [
        ("aws-waf-logs-fleet", LogSource::Waf),
        ("/aws/apigateway/fleet", LogSource::ApiGateway),
        ("/aws/cognito/userpools/x", LogSource::Cognito),
        ("/aws/bedrock/modelinvocations", LogSource::Bedrock),
        ("/aws/vendedlogs/cloudfront/x", LogSource::CloudFront),
    ] {
        for forged in forgeries() {
            // A client's quote has put keys there. It closes no log of AWS that the stack watches it.
            for application in [&[][..], &[group]] {
                let seen = read(&payload(group, &forged), application, &[]);
                assert_eq!(seen.events.len(), 1, "{group}: {forged}");
                assert_eq!(seen.events[0].0, source, "{group}: {forged}");
            }
        }
    }
}

#[test]
fn an_application_does_not_move_its_line_in_time() {
    let line = |said: &str| format!(r#"{{"event":"x","timestamp":"{said}"}}"#);
    for (said, in_open, in_closed) in [
        ("2026-05-03T11:50:00Z", NOON_MS - 600_000, NOON_MS - 600_000),
        ("2026-05-03T11:00:00Z", NOON_MS - 3_600_000, NOON_MS),
        ("2011-01-01T00:00:00Z", 1_293_840_000_000, NOON_MS),
        ("2099-01-01T00:00:00Z", 4_070_908_800_000, NOON_MS),
    ] {
        let time = |group| {
            read(&payload(group, &line(said)), &["closed"], &[]).events[0]
                .1
                .unwrap()
        };
        assert_eq!(time("/ecs/fleet"), in_open, "{said}");
        for group in ["closed", "/aws/lambda/f"] {
            assert_eq!(time(group), in_closed, "{said} in {group}");
        }
    }
}
