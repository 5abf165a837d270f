//! What Rust's runtime, Go's logger and Powertools for .NET put around an application's words, and whose time counts.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Event, LogSource};
use detector_event::field::{FieldTable, SlotId};
use serde_json::{Value, json};

/// When the log event says that it was logged, in ms; the applications below say half a second earlier.
const LOGGED_MS: i64 = 1_777_809_600_500;
const SAID: &str = "2026-05-03T12:00:00.000Z";

/// The source, the time and some fields of each event.
struct Told {
    paths: Vec<SlotId>,
    events: Vec<(LogSource, Option<i64>, Vec<String>)>,
}

impl EventSink for Told {
    fn event(&mut self, event: &Event<'_, '_>) {
        let text = |slot: &SlotId| event.slots.str(*slot).unwrap_or_default().to_owned();
        let fields = self.paths.iter().map(text).collect();
        let time = event.time.map(|time| time.millis());
        self.events.push((event.source, time, fields));
    }

    fn unreadable(&mut self, problem: Unreadable) {
        panic!("{problem:?}");
    }
}

/// What comes of `message` in the log `group`, in a stream with a name as functions' have it.
fn told(group: &str, message: &str, paths: &[&str]) -> (LogSource, i64, Vec<String>) {
    let payload = json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group,
        "logStream": "2026/05/03/fleet[$LATEST]f7164e5f57831345ce9f64b56bf21c21", "subscriptionFilters": [],
        "logEvents": [{"id": "38", "timestamp": LOGGED_MS, "message": message}],
    });
    let mut table = FieldTable::default();
    let slots = paths.iter().map(|path| table.slot(path)).collect();
    let fields = DecodeFields::register(&mut table);
    let mut told = Told {
        paths: slots,
        events: Vec::new(),
    };
    let mut decoder = Decoder::new(&table, &fields, Limits::default());
    decoder.decode(payload.to_string().as_bytes(), None, &mut told);
    let [(source, time, fields)] = <[_; 1]>::try_from(told.events).unwrap();
    (source, time.unwrap(), fields)
}

fn of_function(message: &Value) -> (i64, Vec<String>) {
    let message = match message {
        Value::String(text) => text.clone(),
        object => object.to_string(),
    };
    let paths = ["event", "message", "runtime.request_id"];
    let (source, time, fields) = told("/aws/lambda/fleet", &message, &paths);
    assert_eq!(source, LogSource::Lambda);
    (time, fields)
}

#[test]
fn an_entry_is_read_behind_what_stands_around_it() {
    let entry = json!({"timestamp": SAID, "event": "vehicle.read"});
    let text = entry.to_string();
    let span = json!({"requestId": "q-1", "name": "Lambda runtime invoke"});
    let messages = [
        json!({"level": "INFO", "fields": {"message": text}, "span": span, "spans": [span]}),
        json!({"level": "INFO", "fields": entry, "span": span, "spans": [span]}),
        json!(format!(
            " INFO Lambda runtime invoke{{requestId=\"q-1\"}}: {text}\n"
        )),
        json!(format!(
            "\u{1b}[32m INFO\u{1b}[0m \u{1b}[1mLambda runtime invoke\u{1b}[0m\u{1b}[1m{{\u{1b}[0m\u{1b}[3mrequestId\
             \u{1b}[0m\u{1b}[2m=\u{1b}[0m\"q-1\"\u{1b}[1m}}\u{1b}[0m\u{1b}[2m:\u{1b}[0m {text}\n"
        )),
        json!(format!(
            "timestamp={SAID} level=INFO message={} requestId=q-1\n",
            json!(text)
        )),
        json!({"Timestamp": SAID, "Level": "Information", "FunctionRequestId": "q-1", "Message": entry}),
        json!({"timestamp": SAID, "logLevel": "Information", "functionRequestId": "q-1", "coldStart": false,
               "functionName": "fleet", "message": text}),
    ];
    for message in &messages {
        let (time, fields) = of_function(message);
        assert_eq!(fields, ["vehicle.read", "", "q-1"], "{message}");
        assert_eq!(time, LOGGED_MS - 500, "{message}");
    }
}

#[test]
fn text_is_the_message_and_was_logged_when_the_log_says() {
    let messages = [
        json!(
            "timestamp=2026-05-03T12:00:00.000Z level=ERROR message=\"no \\\"vin\\\"\" requestId=q-1"
        ),
        json!("ERROR Lambda runtime invoke{requestId=\"q-1\"}: no \"vin\""),
        json!({"timestamp": "2026-05-03T12:00:00Z", "level": "ERROR", "message": "no \"vin\"", "logger": "root",
               "requestId": "q-1"}),
    ];
    for message in &messages {
        let (time, fields) = of_function(message);
        assert_eq!(fields, ["", "no \"vin\"", "q-1"], "{message}");
        assert_eq!(time, LOGGED_MS, "{message}");
    }
}

#[test]
fn what_an_application_has_itself_stays_its_own() {
    // Its own entry, with fields of a form within.
    let own = json!({"level": "INFO", "event": "form.sent", "fields": {"event": "vehicle.read"}});
    assert_eq!(of_function(&own).1, ["form.sent", "", ""]);
    // Its own time, where its entry names the request.
    let own =
        json!({"timestamp": SAID, "level": "INFO", "requestId": "q-1", "event": "vehicle.read"});
    assert_eq!(of_function(&own).0, LOGGED_MS - 500);
}

#[test]
fn a_named_log_group_is_not_a_functions_for_the_name_of_a_stream() {
    let entry = json!({"eventTimestamp": "1777809600000", "eventSource": "USER_ACTIVITY", "logLevel": "INFO",
                       "message": {"eventId": "e-1", "userPoolId": "eu-west-1_S"}});
    let group = "/aws/vendedlogs/cognito/fleet";
    let (source, _, fields) = told(group, &entry.to_string(), &["message.eventId"]);
    assert_eq!((source, &*fields[0]), (LogSource::Cognito, "e-1"));
    let (source, ..) = told("/fleet/prod", &entry.to_string(), &["message.eventId"]);
    assert_eq!(source, LogSource::Lambda);
}
