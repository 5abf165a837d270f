//! What the targets share: a decoder, and payloads in which hostile text stands between two lines that are good.

use std::sync::LazyLock;

use detector_decode::split::{Piece, RECORD_BYTES_MAX, Splitter};
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Event, LogSource};
use detector_event::field::FieldTable;
use serde_json::json;

/// An event, as far as targets compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub source: LogSource,
    pub id: String,
    pub time_ms: Option<i64>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    events: Vec<Told>,
    unreadable: usize,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        assert!(!event.id.is_empty(), "an event has an id");
        self.events.push(Told {
            source: event.source,
            id: event.id.to_owned(),
            time_ms: event.time.map(|time| time.millis()),
        });
    }

    fn unreadable(&mut self, problem: Unreadable) {
        assert!(!problem.reason.is_empty(), "a reason is given");
        self.unreadable += 1;
    }
}

/// What rules ask for, and decode itself.
static FIELDS: LazyLock<(FieldTable, DecodeFields)> = LazyLock::new(|| {
    let mut table = FieldTable::default();
    for path in [
        "event",
        "message",
        "runtime.line",
        "httpRequest.headers.host",
        "requestParameters.a.b",
    ] {
        table.slot(path);
    }
    let fields = DecodeFields::register(&mut table);
    (table, fields)
});

/// The events of a record.
///
/// # Panics
/// A second look at the record sees something else.
pub fn events(record: &[u8]) -> Vec<Told> {
    let (table, fields) = &*FIELDS;
    let limits = Limits {
        inflated_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(table, fields, limits);
    let [first, second] = [(); 2].map(|()| {
        let mut seen = Seen::default();
        decoder.decode(record, None, &mut seen);
        seen
    });
    assert_eq!(
        first, second,
        "a decoder keeps nothing from one record to the next"
    );
    first.events
}

/// The offsets and lengths of the records that a stream is cut into, fed in chunks of `chunk_bytes`.
pub fn cut(stream: &[u8], chunk_bytes: usize) -> Vec<(u64, usize)> {
    let mut records = Vec::new();
    let mut each = |piece: Piece<'_>| {
        if let Piece::Record { offset, bytes, .. } = piece {
            records.push((offset, bytes.len()));
        }
    };
    let mut splitter = Splitter::new(RECORD_BYTES_MAX);
    for chunk in stream.chunks(chunk_bytes.max(1)) {
        splitter.push(chunk, &mut each);
    }
    splitter.finish(&mut each);
    records
}

const GOOD: &str = r#"{"event":"vehicle.read","timestamp":"2026-05-03T12:00:00Z"}"#;

/// A payload of CloudWatch Logs with `message` between two good lines.
pub fn payload(log_group: &str, message: &str) -> String {
    let event = |id: &str, message: &str| json!({"id": id, "timestamp": 1_777_809_600_000_u64, "message": message});
    json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": log_group, "logStream": "one",
        "subscriptionFilters": ["all"],
        "logEvents": [event("first", GOOD), event("hostile", message), event("last", GOOD)],
    })
    .to_string()
}

/// Of the events of such a payload, those of the message.
///
/// # Panics
/// What stands beside the message is not what it was.
pub fn between(events: &[Told]) -> &[Told] {
    let good = |id: &str| Told {
        source: LogSource::Lambda,
        id: id.to_owned(),
        time_ms: Some(1_777_809_600_000),
    };
    assert_eq!(
        events.first(),
        Some(&good("first")),
        "what stands before is as it was"
    );
    assert_eq!(
        events.last(),
        Some(&good("last")),
        "what stands behind is as it was"
    );
    &events[1..events.len() - 1]
}
