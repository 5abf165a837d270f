use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::packed::inflate::deflate;
use super::*;
use detector_event::event::{Body, LogSource, is_redacted};

/// One event, copied out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) source: LogSource,
    pub(crate) time: Option<i64>,
    arrival: Option<i64>,
    pub(crate) id: String,
    account: Option<String>,
    region: Option<String>,
    pub(crate) body: String,
    pub(crate) fields: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    paths: Vec<(String, SlotId)>,
    pub(crate) events: Vec<Got>,
    pub(crate) unreadable: Vec<(Option<u64>, String)>,
    pub(crate) unrecognised: Vec<Option<&'static str>>,
    control_messages: usize,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        let fields = self
            .paths
            .iter()
            .filter(|(_, slot)| event.slots.is_present(*slot))
            .map(|(path, slot)| {
                let values = event.slots.values(*slot);
                let texts = values.map(|v| v.text().map_or("-".into(), |t| t.into_owned()));
                (path.clone(), texts.collect())
            })
            .collect();
        self.events.push(Got {
            source: event.source,
            time: event.time.map(Timestamp::millis),
            arrival: event.arrival.map(Timestamp::millis),
            id: event.id.to_owned(),
            account: event.account.map(str::to_owned),
            region: event.region.map(str::to_owned),
            body: match event.body {
                Body::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
                Body::Text(text) => text.to_owned(),
            },
            fields,
        });
    }
    fn unreadable(&mut self, problem: Unreadable) {
        self.unreadable.push((problem.offset, problem.reason));
    }
    fn unrecognised(&mut self, form: Unrecognised) {
        self.unrecognised.push(form.name);
    }
    fn control_message(&mut self) {
        self.control_messages += 1;
    }
}

pub(crate) fn decode_fields(record: &[u8], paths: &[&str], limits: Limits) -> Seen {
    let mut table = FieldTable::default();
    let paths = paths
        .iter()
        .map(|p| ((*p).to_owned(), table.slot(p)))
        .collect();
    let fields = DecodeFields::register(&mut table);
    let mut seen = Seen {
        paths,
        ..Seen::default()
    };
    Decoder::new(&table, &fields, limits).decode(record, None, &mut seen);
    seen
}

fn decode(record: impl AsRef<[u8]>) -> Seen {
    decode_fields(record.as_ref(), &["message"], Limits::default())
}

fn one(record: impl AsRef<[u8]>, paths: &[&str]) -> Got {
    let seen = decode_fields(record.as_ref(), paths, Limits::default());
    assert_eq!(seen.unreadable, []);
    assert_eq!(seen.events.len(), 1, "{:?}", seen.events);
    seen.events[0].clone()
}

fn bodies(seen: &Seen) -> Vec<&str> {
    seen.events.iter().map(|e| e.body.as_str()).collect()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

const CALL: &str = r#"{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2024-05-01T12:00:00Z","eventID":"e-1","recipientAccountId":"111111111111","userIdentity":{"accountId":"222222222222"},"awsRegion":"eu-west-1"}"#;
const MAY_DAY: i64 = 1_714_564_800_000;

#[test]
fn a_cloudtrail_event_has_its_origin() {
    let got = one(CALL, &["eventName"]);
    assert_eq!(got.source, LogSource::CloudTrail);
    assert_eq!((got.time, got.id.as_str()), (Some(MAY_DAY), "e-1"));
    assert_eq!(got.account.as_deref(), Some("111111111111"));
    assert_eq!(got.region.as_deref(), Some("eu-west-1"));
    assert_eq!(got.fields["eventName"], ["CreateUser"]);
    let without = CALL.replace("\"recipientAccountId\":\"111111111111\",", "");
    assert_eq!(one(without, &[]).account.as_deref(), Some("222222222222"));
}

fn subscription(group: &str, messages: &[&str]) -> String {
    let events: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(n, m)| serde_json::json!({"id": format!("log-{n}"), "timestamp": 1_714_564_800_000u64 + n as u64, "message": m}))
        .collect();
    serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "333333333333", "logGroup": group,
        "logStream": "s", "logEvents": events})
    .to_string()
}

#[test]
fn log_events_take_time_id_and_account_from_their_envelope() {
    let seen = decode(subscription(
        "fleet-application",
        &[
            "START\n  at line two\n",
            r#"{"level":"INFO"}"#,
            CALL,
            r#"{"timestamp":"2024-05-01T13:00:00Z"}"#,
        ],
    ));
    assert_eq!(seen.unreadable, []);
    let text = &seen.events[0];
    assert_eq!(text.source, LogSource::Lambda);
    assert_eq!(text.fields["message"], ["START\n  at line two"]);
    assert_eq!((text.id.as_str(), text.time), ("log-0", Some(MAY_DAY)));
    assert_eq!(text.account.as_deref(), Some("333333333333"));
    assert_eq!(seen.events[1].id, "log-1");
    assert_eq!(seen.events[2].id, "e-1");
    assert_eq!(seen.events[2].account.as_deref(), Some("111111111111"));
    assert_eq!(seen.events[3].time, Some(MAY_DAY + 3_600_000));
}

#[test]
fn log_event_times_in_seconds_are_understood() {
    let json = subscription("g", &["x"]).replace("1714564800000", "1714564800");
    assert_eq!(decode(json).events[0].time, Some(MAY_DAY));
}

#[test]
fn control_messages_are_counted_and_carry_nothing() {
    let seen = decode(
        r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE"}]}"#,
    );
    assert_eq!(
        (
            seen.control_messages,
            seen.events.len(),
            seen.unreadable.len()
        ),
        (1, 0, 0)
    );
}

#[test]
fn a_bad_log_event_does_not_stop_those_around_it() {
    let seen = decode(
        r#"{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"message":"a"},{"id":1},7,{"message":"b\ud800"},{"message":{"k":1}},{"message":"c"}]}"#,
    );
    assert_eq!(seen.events.len(), 4, "{seen:?}");
    assert_eq!(seen.unreadable.len(), 2);
    assert_eq!(seen.events[2].body, r#"{"k":1}"#);
}

#[test]
fn broken_json_is_text_in_an_application_log_and_damage_in_an_audit_log() {
    let broken = r#"{"level":"INFO","#;
    assert_eq!(
        bodies(&decode(subscription("/aws/lambda/app", &[broken]))),
        [broken]
    );
    let seen = decode(subscription("CloudTrail/logs", &[broken, CALL]));
    assert_eq!((seen.events.len(), seen.unreadable.len()), (1, 1));
    let seen = decode(subscription("own-name", &[r#"{"eventVersion":"1.08","#]));
    assert_eq!((seen.events.len(), seen.unreadable.len()), (0, 1));
    let seen = decode(broken);
    assert_eq!(seen.unreadable[0].1, "not JSON: EOF while parsing a value");
    assert!(seen.events.is_empty());
}

#[test]
fn event_bridge_gives_what_the_detail_lacks() {
    let json = r#"{"version":"0","id":"eb-1","detail-type":"x","source":"s","account":"444444444444","time":"2024-05-01T12:00:00Z","region":"eu-north-1","detail":{"k":1}}"#;
    let got = one(json, &[]);
    assert_eq!(got.body, r#"{"k":1}"#);
    assert_eq!((got.id.as_str(), got.time), ("eb-1", Some(MAY_DAY)));
    assert_eq!(got.account.as_deref(), Some("444444444444"));
    assert_eq!(got.region.as_deref(), Some("eu-north-1"));
    let got = one(json.replace(r#"{"k":1}"#, CALL), &[]);
    assert_eq!(
        (got.source, got.id.as_str()),
        (LogSource::CloudTrail, "e-1")
    );
}

#[test]
fn every_packing_of_a_record_gives_its_event() {
    let packed = b64(CALL);
    let zipped = b64(deflate(CALL.as_bytes()));
    for (record, arrival) in [
        (format!(r#"{{"Records":[{CALL}]}}"#), None),
        (
            format!(
                r#"{{"Records":[{{"kinesis":{{"data":"{packed}","approximateArrivalTimestamp":1480641523.477}},"eventSource":"aws:kinesis","eventName":"aws:kinesis:record","eventVersion":"1.0","awsRegion":"us-east-1"}}]}}"#
            ),
            Some(1_480_641_523_477),
        ),
        (
            format!(
                r#"{{"kinesis":{{"data":"{zipped}","approximateArrivalTimestamp":1480641523.477}}}}"#
            ),
            Some(1_480_641_523_477),
        ),
        (
            format!(
                r#"{{"deliveryStreamArn":"a","records":[{{"recordId":"1","data":"{zipped}","approximateArrivalTimestamp":1507217624302}}]}}"#
            ),
            Some(1_507_217_624_302),
        ),
        (
            format!(
                r#"{{"Records":[{{"SequenceNumber":"1","Data":"{packed}","ApproximateArrivalTimestamp":"2024-05-01T12:00:00+00:00","PartitionKey":"p"}}],"MillisBehindLatest":0}}"#
            ),
            Some(MAY_DAY),
        ),
        (
            format!(r#"{{"Data":"{packed}","ApproximateArrivalTimestamp":1714564800.0}}"#),
            Some(MAY_DAY),
        ),
        (format!("[{CALL}]"), None),
        (format!("  [ {CALL} ]\n"), None),
        (zipped.clone(), None),
        (format!("\"{zipped}\"\n"), None),
        (format!("\u{feff}{CALL}"), None),
    ] {
        let got = one(&record, &[]);
        assert_eq!(
            (got.body.as_str(), got.arrival),
            (CALL, arrival),
            "{record}"
        );
    }
    let filtered = serde_json::json!({"events": [{"logStreamName": "s", "timestamp": 1_714_564_800_000u64,
        "message": "hello", "ingestionTime": 1_714_564_801_000u64, "eventId": "37"}]});
    for json in [filtered.to_string(), filtered["events"][0].to_string()] {
        let got = one(json, &[]);
        assert_eq!(got.body, "hello");
        assert_eq!(
            (got.time, got.arrival),
            (Some(MAY_DAY), Some(MAY_DAY + 1000))
        );
        assert_eq!(got.id, "37");
    }
    assert_eq!(
        decode(r#"{"events":[],"searchedLogStreams":[]}"#)
            .events
            .len(),
        0
    );
    assert_eq!(decode(r#"{"Records":[]}"#).events.len(), 0);
}

#[test]
fn what_only_looks_like_an_envelope_is_an_event() {
    for json in [
        r#"{"Records":{"a":1}}"#,
        r#"{"detail-type":"x","detail":"y"}"#,
        r#"{"awslogs":{"data":7}}"#,
        r#"{"events":[{"a":1}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":{}}"#,
    ] {
        assert_eq!(one(json, &[]).body, json);
    }
    let seen = decode(r#"{"kinesis":{"data":"%%%"}}"#);
    assert_eq!(
        seen.unreadable,
        [(Some(0), "`kinesis.data` is not base64".to_owned())]
    );
}

#[test]
fn lines_and_documents_follow_each_other() {
    let seen =
        decode("{\"a\":1}\nplain text\n\n{\"a\":2} {\"a\":3}\n{\n  \"a\": 4\n}\n[WARN] odd\n");
    assert_eq!(seen.unreadable, []);
    assert_eq!(
        bodies(&seen),
        [
            "{\"a\":1}",
            "plain text",
            "{\"a\":2}",
            "{\"a\":3}",
            "{\n  \"a\": 4\n}",
            "[WARN] odd"
        ]
    );
    assert_eq!(decode(" \n\n").events.len() + decode("").events.len(), 0);
    assert_eq!(bodies(&decode("{user} signed in")), ["{user} signed in"]);
}

#[test]
fn damage_is_placed_within_the_record() {
    let seen = decode("{\"a\":1}\n{\"a\":oops}\n{\"a\":3}");
    assert_eq!(bodies(&seen), ["{\"a\":1}", "{\"a\":3}"]);
    assert_eq!(
        seen.unreadable,
        [(Some(13), "not JSON: expected value".to_owned())]
    );
    let seen = decode(b"good\nb\xffd\nz\0ro\ngood");
    assert_eq!(bodies(&seen), ["good", "good"]);
    assert_eq!(
        seen.unreadable[0],
        (Some(6), "not JSON and not UTF-8 text".to_owned())
    );
    assert_eq!(
        seen.unreadable[1],
        (Some(10), "zero byte in a text line".to_owned())
    );
}

#[test]
fn a_lone_surrogate_does_not_hide_an_event() {
    let got = one(r#"{"message":"x\ud800y","k":"\udc00"}"#, &["message"]);
    assert_eq!(got.fields["message"], ["x\u{fffd}y"]);
}

#[test]
fn damaged_gzip_gives_its_whole_lines() {
    let lines: String = (0..5000)
        .map(|n| format!("{{\"n\":{n},\"x\":\"{}\"}}\n", n * 7919 % 1000))
        .collect();
    let mut zip = deflate(lines.as_bytes());
    zip.truncate(zip.len() / 2);
    let seen = decode(&zip);
    assert!(seen.events.len() > 100);
    assert_eq!(
        seen.unreadable,
        [(
            Some(0),
            format!("gzip data is cut off after {} bytes", zip.len())
        )]
    );
}

#[test]
fn a_bomb_is_one_unreadable_that_names_the_cap() {
    let limits = || Limits {
        inflated_bytes_max: 1000,
        ..Limits::default()
    };
    let bomb = deflate(&b"{\"a\":1}\n".repeat(1000));
    let seen = decode_fields(&bomb, &[], limits());
    assert_eq!(seen.events.len(), 0);
    assert_eq!(
        seen.unreadable,
        [(
            Some(0),
            "gzip data inflates to more than 1000 bytes (inflated_bytes_max)".to_owned()
        )]
    );
    // The cap is for all of a record together.
    let line = b64(deflate(
        format!("{{\"a\":\"{}\"}}", "x".repeat(590)).as_bytes(),
    ));
    let seen = decode_fields(format!("{line}\n{line}\n").as_bytes(), &[], limits());
    assert_eq!((seen.events.len(), seen.unreadable.len()), (1, 1));
}

#[test]
fn nesting_is_bounded() {
    let mut record = b"hello".to_vec();
    for _ in 0..17 {
        record = deflate(&record);
    }
    let seen = decode(&record);
    assert_eq!(
        seen.unreadable[0].1,
        "envelopes are nested deeper than 16 (nesting_max)"
    );
    let deep = format!(
        "{}{}",
        "[{\"a\":".repeat(50_000),
        "{\"detail\":[".repeat(50_000)
    );
    assert_eq!(decode(&deep).events.len(), 0);
    decode("[".repeat(100_000));
    decode(format!("{{\"message\":{}", "[".repeat(100_000)));
    let seen = decode(format!(
        "{{\"a\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    ));
    assert_eq!(seen.events.len(), 1, "what no rule reads may be deep");
}

#[test]
fn waf_headers_are_found_by_name_in_any_case() {
    let json = r#"{"timestamp":1714564800000,"webaclId":"arn:aws:wafv2:ap-southeast-2:111122223333:regional/webacl/a/b","terminatingRuleId":"r","httpRequest":{"headers":[{"name":"Host","value":"h"},{"name":"user-AGENT","value":"curl"},{"name":"host","value":"i"}],"requestId":"rid"}}"#;
    let got = one(
        json,
        &[
            "httpRequest.headers.user-agent",
            "httpRequest.headers.Host",
            "httpRequest.headers.x",
            "httpRequest.headers.name",
        ],
    );
    assert_eq!(got.source, LogSource::Waf);
    assert_eq!(got.fields["httpRequest.headers.user-agent"], ["curl"]);
    assert_eq!(got.fields["httpRequest.headers.Host"], ["h", "i"]);
    assert_eq!(
        got.fields["httpRequest.headers.name"],
        ["Host", "user-AGENT", "host"]
    );
    assert!(!got.fields.contains_key("httpRequest.headers.x"));
    assert_eq!((got.time, got.id.as_str()), (Some(MAY_DAY), "rid"));
    assert_eq!(got.account.as_deref(), Some("111122223333"));
    assert_eq!(got.region.as_deref(), Some("ap-southeast-2"));
}

#[test]
fn a_dash_is_absent_in_access_logs() {
    let json = r#"{"requestId":"r-1","requestTime":"01/May/2024:12:00:00 +0000","httpMethod":"GET","user":"-","status":"200"}"#;
    let got = one(json, &["user", "status"]);
    assert_eq!(
        (got.source, got.id.as_str(), got.time),
        (LogSource::ApiGateway, "r-1", Some(MAY_DAY))
    );
    assert!(!got.fields.contains_key("user"));
    assert_eq!(got.fields["status"], ["200"]);
    let epoch = json.replace(
        "\"httpMethod\"",
        "\"requestTimeEpoch\":\"1714564800123\",\"httpMethod\"",
    );
    assert_eq!(one(epoch, &[]).time, Some(MAY_DAY + 123));
    let nameless = json.replace("r-1", "-");
    assert!(one(nameless, &[]).id.starts_with("content:"));
}

#[test]
fn application_lines_that_share_a_request_are_told_apart() {
    let seen = decode(
        "{\"request_id\":\"r\",\"n\":1}\n{\"request_id\":\"r\",\"n\":2}\n{\"request_id\":\"r\",\"n\":1}\n",
    );
    let [a, b, c] = [0, 1, 2].map(|n| seen.events[n].id.as_str());
    assert!(a.starts_with("content:") && a != b && a == c);
}

#[test]
fn an_event_without_time_takes_its_arrival() {
    let mut table = FieldTable::default();
    let fields = DecodeFields::register(&mut table);
    let mut seen = Seen::default();
    let mut decoder = Decoder::new(&table, &fields, Limits::default());
    decoder.decode(b"{}", Timestamp::from_millis(5), &mut seen);
    decoder.decode(b"{}", None, &mut seen);
    decoder.decode(
        b"{\"timestamp\":\"nonsense\",\"ts\":7000,\"time\":1777809600}",
        None,
        &mut seen,
    );
    let times: Vec<_> = seen.events.iter().map(|e| e.time).collect();
    assert_eq!(times, [Some(5), None, Some(1_777_809_600_000)]);
}

#[test]
fn cognito_user_activity_keeps_its_own_id_and_time() {
    for source in ["USER_ACTIVITY", "USER_AUTH_EVENTS"] {
        let json = format!(
            r#"{{"eventTimestamp":"1714564800000","eventSource":"{source}","logLevel":"INFO","message":{{"eventId":"m-1","eventType":"SignIn","userName":"u","userPoolId":"us-west-2_X","compromisedCredentialDetected":"false"}}}}"#
        );
        for record in [json.clone(), subscription("any", &[&json])] {
            let got = one(
                record,
                &["message.userName", "message.compromisedCredentialDetected"],
            );
            assert_eq!(
                (got.source, got.id.as_str(), got.time),
                (LogSource::Cognito, "m-1", Some(MAY_DAY))
            );
            assert_eq!(got.region.as_deref(), Some("us-west-2"));
            assert_eq!(
                got.fields["message.compromisedCredentialDetected"],
                ["false"]
            );
        }
    }
}

fn cognito(rest: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","eventSource":"cognito-idp.amazonaws.com","eventTime":"2024-05-01T12:00:00Z","eventID":"c",{rest}}}"#
    )
}

#[test]
fn cognito_auth_parameters_may_be_redacted_as_a_whole() {
    let path = "requestParameters.authParameters";
    let got = one(
        cognito(
            r#""eventName":"InitiateAuth","requestParameters":{"authParameters":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        ),
        &[path],
    );
    assert!(is_redacted(&got.fields[path][0]));
    let user = "requestParameters.authParameters.USERNAME";
    let got = one(
        cognito(
            r#""eventName":"InitiateAuth","requestParameters":{"authParameters":{"USERNAME":"HIDDEN_DUE_TO_SECURITY_REASONS"}}"#,
        ),
        &[user, "additionalEventData.sub"],
    );
    assert!(is_redacted(&got.fields[user][0]));
    assert!(!got.fields.contains_key("additionalEventData.sub"));
}

#[test]
fn cognito_srp_shows_the_error_at_the_challenge() {
    let first = one(
        cognito(r#""eventName":"InitiateAuth","errorCode":"","errorMessage":"""#),
        &["errorCode", "errorMessage"],
    );
    assert!(first.fields.is_empty(), "an empty error is none");
    let second = one(
        cognito(r#""eventName":"RespondToAuthChallenge","errorCode":"NotAuthorizedException""#),
        &["errorCode"],
    );
    assert_eq!(second.fields["errorCode"], ["NotAuthorizedException"]);
}

#[test]
fn cognito_hosted_ui_status_is_a_number_in_either_form() {
    let path = "additionalEventData.responseParameters.status";
    for (written, read) in [("200", "200"), ("200.0", "200.0")] {
        let got = one(
            cognito(&format!(
                r#""eventName":"Login_POST","requestParameters":null,"errorCode":"","additionalEventData":{{"responseParameters":{{"status":{written}}}}}"#
            )),
            &[path, "requestParameters", "errorCode"],
        );
        assert_eq!(got.fields[path], [read]);
        assert_eq!(got.fields["requestParameters"], ["-"]);
        assert!(!got.fields.contains_key("errorCode"));
    }
}

#[test]
fn notifications_to_functions_are_not_audit_entries() {
    let json = r#"{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2024-05-01T12:00:00Z","eventName":"ObjectCreated:Put"}"#;
    assert_eq!(one(json, &[]).source, LogSource::Lambda);
}

#[test]
fn too_many_values_are_unreadable_and_not_memory() {
    let json = format!(
        "{{\"message\":[{}0]}}",
        "0,".repeat(detector_event::slots::VALUES_MAX)
    );
    let seen = decode(json);
    assert_eq!(
        seen.unreadable[0].1,
        "not JSON: more than 1048576 values at the fields in use"
    );
}

#[test]
fn one_log_event_id_never_names_two_events() {
    for message in [r#"[{"a":1},{"a":2}]"#, r#"{"Records":[{"a":1},{"a":2}]}"#] {
        let seen = decode(subscription("fleet-application", &[message]));
        let [a, b] = [0, 1].map(|n| seen.events[n].id.as_str());
        assert!(a.starts_with("content:") && b.starts_with("content:") && a != b);
    }
}

#[test]
fn a_function_cannot_be_made_to_speak_for_another_log() {
    let cloudtrail = r#"{"eventVersion":"1.11","eventTime":"2026-05-03T12:00:00Z","eventSource":"a.amazonaws.com","eventName":"B","eventID":"e"}"#;
    let lines = [
        cloudtrail,
        r#"{"event":"x","messageType":"CONTROL_MESSAGE","logEvents":[]}"#,
        r#"{"event":"x","detail-type":"t","detail":{"a":1},"source":"s"}"#,
        r#"{"event":"x","kinesis":{"data":"e30="}}"#,
        r#"{"event":"x","webaclId":"w"}"#,
        r#"{"event":"x","Records":[]}"#,
        "H4sIAAAAAAAA",
        "[{\"a\":1},{\"b\":2}]",
    ];
    let seen = decode(subscription("/aws/lambda/fleet", &lines));
    assert_eq!(seen.events.len(), lines.len());
    assert_eq!((seen.unreadable.len(), seen.control_messages), (0, 0));
    for (event, line) in seen.events.iter().zip(lines) {
        assert_eq!(
            (event.source, event.body.as_str()),
            (LogSource::Lambda, line)
        );
        assert_ne!(event.id, "e");
    }
    // Elsewhere the content says what it is.
    let seen = decode(subscription("cloudtrail-logs", &[cloudtrail]));
    assert_eq!(seen.events[0].source, LogSource::CloudTrail);
}

#[test]
fn an_empty_list_of_records_hides_no_event() {
    assert_eq!(decode(r#"{"Records":[]}"#).events, []);
    assert_eq!(
        decode(r#"{"Records":[],"MillisBehindLatest":0}"#).events,
        []
    );
    let line = r#"{"event":"vehicle.read","Records":[]}"#;
    assert_eq!(decode(line).events.len(), 1);
}

#[test]
fn a_captured_log_event_arrived_when_it_was_ingested_unless_a_stream_says() {
    let json = subscription("g", &["x"]).replace(
        "\"timestamp\"",
        "\"ingestionTime\":1714564801000,\"timestamp\"",
    );
    assert_eq!(decode(&json).events[0].arrival, Some(MAY_DAY + 1_000));
    assert_eq!(decode(subscription("g", &["x"])).events[0].arrival, None);
    let saved = serde_json::json!({"kinesis": {"data": STANDARD.encode(&json),
        "approximateArrivalTimestamp": 1_714_564_802.5}});
    let seen = decode(saved.to_string());
    assert_eq!(seen.events[0].arrival, Some(MAY_DAY + 2_500));
}
