//! Calls of models and access logs of CloudFront: told by their content, with their own time and id, in every form in
//! which they come.

use detector_decode::split::{Piece, RECORD_BYTES_MAX, Splitter};
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Event, LogSource};
use detector_event::field::{FieldTable, SlotId};

/// Of each event: source, time, id, account, region, and the value of a field.
type Told = (
    LogSource,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

struct Seen {
    asked: SlotId,
    events: Vec<Told>,
    unreadable: usize,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        let value = event.slots.first(self.asked);
        self.events.push((
            event.source,
            event.time.map(|time| time.to_string()),
            event.id.to_owned(),
            event.account.map(str::to_owned),
            event.region.map(str::to_owned),
            value.and_then(|value| value.text().map(|text| text.into_owned())),
        ));
    }

    fn unreadable(&mut self, _: Unreadable) {
        self.unreadable += 1;
    }
}

/// A file, cut as `replay` cuts it, with the values of that field.
fn read(file: &str, field: &str) -> Seen {
    let mut table = FieldTable::default();
    let asked = table.slot(field);
    let fields = DecodeFields::register(&mut table);
    let mut decoder = Decoder::new(&table, &fields, Limits::default());
    let mut seen = Seen {
        asked,
        events: Vec::new(),
        unreadable: 0,
    };
    let mut splitter = Splitter::new(RECORD_BYTES_MAX);
    let mut each = |piece: Piece<'_>| match piece {
        Piece::Record { bytes, .. } => decoder.decode(bytes, None, &mut seen),
        Piece::TooLarge { .. } => panic!("too large"),
    };
    for chunk in file.as_bytes().chunks(7) {
        splitter.push(chunk, &mut each);
    }
    splitter.finish(&mut each);
    seen
}

const CALL: &str = r#"{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-09-05T20:00:01Z","accountId":"111122223333","identity":{"arn":"arn:aws:sts::111122223333:assumed-role/a/b"},"region":"eu-west-1","requestId":"r-1","operation":"Converse","modelId":"m","requestMetadata":{"sub":"ann"},"output":{"outputBodyJson":{"stopReason":"guardrail_intervened"}}}"#;

#[test]
fn a_call_of_a_model_has_its_own_time_id_account_and_region() {
    let field = "output.outputBodyJson.stopReason";
    let payload = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "999", "logGroup": "/aws/bedrock/modelinvocations", "logStream": "s",
        "subscriptionFilters": [], "logEvents": [{"id": "1", "timestamp": 1, "message": CALL}]});
    for file in [CALL.to_owned(), payload.to_string()] {
        let seen = read(&file, field);
        let some = |text: &str| Some(text.to_owned());
        let expected = (
            LogSource::Bedrock,
            some("2026-09-05T20:00:01.000Z"),
            "r-1".to_owned(),
            some("111122223333"),
            some("eu-west-1"),
            some("guardrail_intervened"),
        );
        assert_eq!(seen.events, [expected], "{file}");
    }
    // Members of a streamed answer are all looked at.
    let streamed = CALL.replace(
        r#"{"stopReason":"guardrail_intervened"}"#,
        r#"[{"type":"a"},{"amazon-bedrock-guardrailAction":"INTERVENED"}]"#,
    );
    let seen = read(
        &streamed,
        "output.outputBodyJson.amazon-bedrock-guardrailAction",
    );
    assert_eq!(seen.events[0].5.as_deref(), Some("INTERVENED"));
    // What a function writes stays its word.
    let forged = payload
        .to_string()
        .replace("/aws/bedrock/modelinvocations", "/aws/lambda/f");
    assert_eq!(read(&forged, field).events[0].0, LogSource::Lambda);
}

const NAMES: [&str; 12] = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "x-edge-request-id",
];
const ROW: [&str; 12] = [
    "2026-05-03",
    "12:00:01",
    "FRA60-P1",
    "1045619",
    "203.0.113.7",
    "GET",
    "d1.example.net",
    "/app/\"main\".js",
    "200",
    "-",
    "Mozilla/5.0%20(X11),%20like",
    "edge-1",
];

#[test]
fn an_access_log_of_cloudfront_reads_in_all_three_forms() {
    let object: serde_json::Map<String, serde_json::Value> = NAMES
        .iter()
        .zip(ROW)
        .map(|(name, cell)| ((*name).to_owned(), cell.into()))
        .collect();
    let json = serde_json::to_string(&object).unwrap();
    let w3c = format!(
        "#Version: 1.0\n#Fields: {}\n{}\n",
        NAMES.join(" "),
        ROW.join("\t")
    );
    let crlf = w3c.replace('\n', "\r\n");
    let quoted = ROW.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    let csv = format!("{}\n{}\n", NAMES.join(","), quoted.join(","));
    for file in [json, w3c, crlf, csv] {
        let seen = read(&file, "cs-uri-stem");
        assert_eq!(seen.events.len(), 1, "{file}");
        let (source, time, id, .., stem) = &seen.events[0];
        assert_eq!(*source, LogSource::CloudFront, "{file}");
        assert_eq!(time.as_deref(), Some("2026-05-03T12:00:01.000Z"), "{file}");
        assert_eq!(
            (id.as_str(), stem.as_deref()),
            ("edge-1", Some(ROW[7])),
            "{file}"
        );
        // What is not there is a dash.
        assert_eq!(read(&file, "cs(Referer)").events[0].5, None, "{file}");
        assert_eq!(
            read(&file, "sc-status").events[0].5.as_deref(),
            Some("200"),
            "{file}"
        );
    }
}

#[test]
fn later_columns_are_left_out_and_damage_stays_where_it_is() {
    let heading = "#Version: 1.0\n#Fields: date time x-edge-location\n";
    let rows = "2026-05-03\t12:00:00\tFRA\t10\tx\n\n2026-05-03\t12:0\n2026-05-03\t12:00:02\tFRA\n";
    let seen = read(&format!("{heading}{rows}"), "date");
    let edges = seen
        .events
        .iter()
        .filter(|it| it.0 == LogSource::CloudFront);
    let times: Vec<_> = edges.map(|it| it.1.as_deref().unwrap()).collect();
    assert_eq!(
        times,
        ["2026-05-03T12:00:00.000Z", "2026-05-03T12:00:02.000Z"]
    );
    assert_eq!(seen.events.len(), 3, "the cut row is a line of text");
    // A heading further down opens no table: a client could write one.
    let late = format!("{{\"event\":\"a\"}}\n{{\"event\":\"b\"}}\n{heading}{{\"event\":\"c\"}}\n");
    let seen = read(&late, "event");
    assert_eq!(seen.events.last().unwrap().5.as_deref(), Some("c"));
    assert!(seen.events.iter().all(|it| it.0 == LogSource::Lambda));
}
