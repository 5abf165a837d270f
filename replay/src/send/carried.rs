//! Pieces of an input go in, records come out as a stream would have carried them.
//!
//! Lines and documents are records as they are; payloads of CloudWatch Logs subscriptions travel as gzip; a saved
//! Kinesis record is the data it holds; bare CloudTrail events travel in lists, as CloudTrail writes them.

use std::borrow::Cow;

use detector_core::decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_core::event::{Body, Event, LogSource};
use detector_core::field::FieldTable;
use detector_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::limit::DATA_BYTES_MAX;
use super::shift::Range;
use super::usable::EventTimes;
use crate::rewrite::{deflated, from_base64, inflated, is_gzip};

/// Lists of CloudTrail events go up to here. A shard takes a thousand records and one MiB a second: larger lists make
/// nothing faster, and smaller ones spread over the shards.
const LIST_BYTES_MAX: usize = 64 << 10;

const LIST_BEGIN: &[u8] = b"{\"Records\":[";
const LIST_END: &[u8] = b"]}";

/// A record to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// At most [`DATA_BYTES_MAX`].
    pub(crate) data: Vec<u8>,
    pub(crate) moments: Moments,
}

/// When what a record holds happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moments {
    /// Of its events' times.
    pub(crate) events: Option<Range>,
    /// The latest arrival, or event time where none is recorded: before it, the stream cannot have carried it.
    pub(crate) carried: Option<Timestamp>,
}

/// More bytes than a record may have, with nothing in it that could be divided.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{bytes} bytes as gzip, more than the {DATA_BYTES_MAX} that a record of the stream may have"
)]
pub(crate) struct TooLarge {
    bytes: usize,
}

/// Makes records of the pieces of one input after the other.
pub(crate) struct Carrier<'t> {
    decoder: Decoder<'t>,
    /// Bare CloudTrail events that wait for more.
    list: Vec<u8>,
    list_moments: Moments,
    /// How much recorded time a list may span.
    list_span_max_ms: i64,
    /// What happened later is left out.
    until: Option<Timestamp>,
    /// Of the events that make records.
    pub(crate) times: EventTimes,
}

impl<'t> Carrier<'t> {
    pub(crate) fn new(
        table: &'t FieldTable,
        fields: &'t DecodeFields,
        list_span_max_ms: i64,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            decoder: Decoder::new(table, fields, Limits::default()),
            list: Vec::new(),
            list_moments: Moments::default(),
            list_span_max_ms,
            until,
            times: EventTimes::default(),
        }
    }

    /// Adds a piece; `out` is given the records that are complete.
    ///
    /// # Errors
    /// The piece makes no record, and is left out.
    pub(crate) fn piece(
        &mut self,
        piece: &[u8],
        out: &mut dyn FnMut(Record),
    ) -> Result<(), TooLarge> {
        let Some(piece) = self.cut(piece) else {
            return Ok(());
        };
        let Look {
            moments,
            is_trail,
            times,
            ..
        } = self.look(&piece);
        if is_trail && piece.len() + LIST_BEGIN.len() + LIST_END.len() <= DATA_BYTES_MAX {
            self.add_to_list(piece.trim_ascii(), moments, out);
        } else {
            self.end(out);
            for data in fitting(&carried(&piece))? {
                out(Record { data, moments });
            }
        }
        for time in times {
            self.times.add(time);
        }
        Ok(())
    }

    /// The piece without what happened after the recording's end; `None` where that is all of it. A payload is cut
    /// between its events, anything else is left whole.
    fn cut<'p>(&mut self, piece: &'p [u8]) -> Option<Cow<'p, [u8]>> {
        let piece = Cow::Borrowed(piece);
        let Some(until) = self.until else {
            return Some(piece);
        };
        match self.look(&piece).moments.events {
            Some(range) if range.first > until => None,
            Some(range) if range.last > until => {
                Some(before(&piece, until).map_or(piece, Cow::Owned))
            }
            _ => Some(piece),
        }
    }

    fn look(&mut self, piece: &[u8]) -> Look {
        let mut look = Look::new(piece);
        self.decoder.decode(piece, None, &mut look);
        look
    }

    /// The input has ended.
    pub(crate) fn end(&mut self, out: &mut dyn FnMut(Record)) {
        if self.list.is_empty() {
            return;
        }
        self.list.extend_from_slice(LIST_END);
        out(Record {
            data: std::mem::take(&mut self.list),
            moments: std::mem::take(&mut self.list_moments),
        });
    }

    fn add_to_list(&mut self, event: &[u8], moments: Moments, out: &mut dyn FnMut(Record)) {
        let united = self.list_moments.united(moments);
        let is_long = united
            .events
            .is_some_and(|range| range.length_ms() > self.list_span_max_ms);
        if self.list.len() + 1 + event.len() + LIST_END.len() > LIST_BYTES_MAX || is_long {
            self.end(out);
        }
        match self.list.is_empty() {
            true => self.list.extend_from_slice(LIST_BEGIN),
            false => self.list.push(b','),
        }
        self.list.extend_from_slice(event);
        self.list_moments = self.list_moments.united(moments);
    }
}

impl Moments {
    fn united(self, other: Self) -> Self {
        let events = match (self.events, other.events) {
            (Some(a), Some(b)) => Some(a.united(b)),
            (a, b) => a.or(b),
        };
        Self {
            events,
            carried: self.carried.max(other.carried),
        }
    }
}

/// What the decoder sees in a piece.
struct Look {
    piece_bytes: usize,
    moments: Moments,
    /// It is itself one CloudTrail event.
    is_trail: bool,
    times: Vec<Option<Timestamp>>,
}

impl Look {
    fn new(piece: &[u8]) -> Self {
        Self {
            piece_bytes: piece.trim_ascii().len(),
            moments: Moments::default(),
            is_trail: false,
            times: Vec::new(),
        }
    }
}

impl EventSink for Look {
    fn event(&mut self, event: &Event<'_, '_>) {
        let is_whole = matches!(event.body, Body::Json(json) if json.len() == self.piece_bytes);
        self.times.push(event.time);
        self.is_trail = is_whole && event.source == LogSource::CloudTrail;
        self.moments = self.moments.united(Moments {
            events: event.time.map(Range::of),
            carried: event.arrival.or(event.time),
        });
    }

    fn unreadable(&mut self, _problem: Unreadable) {}
}

/// Envelopes of which the stream carried only the content.
#[derive(Deserialize)]
struct Saved<'a> {
    #[serde(borrow)]
    kinesis: Option<SavedData<'a>>,
    #[serde(borrow)]
    awslogs: Option<SavedData<'a>>,
    #[serde(borrow, rename = "Data")]
    data: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "SequenceNumber")]
    sequence_number: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct SavedData<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

impl Saved<'_> {
    fn content(&self) -> Option<Vec<u8>> {
        let within = self.kinesis.as_ref().or(self.awslogs.as_ref());
        let printed = self
            .data
            .as_ref()
            .filter(|_| self.sequence_number.is_some());
        from_base64(within.map(|it| &it.data).or(printed)?)
    }
}

/// A CloudWatch Logs subscription payload.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    message_type: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    owner: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    log_group: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    log_stream: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    subscription_filters: Option<&'a RawValue>,
    #[serde(borrow)]
    log_events: Vec<&'a RawValue>,
}

/// What the stream carried of `piece`.
fn carried(piece: &[u8]) -> Cow<'_, [u8]> {
    let text = piece.trim_ascii();
    if !text.starts_with(b"{") {
        return piece.into();
    }
    if let Ok(saved) = serde_json::from_slice::<Saved<'_>>(text)
        && let Some(content) = saved.content()
    {
        return content.into();
    }
    match payload(text) {
        Some(_) => deflated(text).into(),
        None => text.into(),
    }
}

fn payload(text: &[u8]) -> Option<Payload<'_>> {
    let is_likely = memchr::memmem::find(&text[..text.len().min(1024)], b"_MESSAGE\"").is_some();
    let payload: Payload<'_> = is_likely.then(|| serde_json::from_slice(text).ok())??;
    matches!(&*payload.message_type, "DATA_MESSAGE" | "CONTROL_MESSAGE").then_some(payload)
}

/// A payload with its events up to `until`; `None` where it is no payload.
fn before(piece: &[u8], until: Timestamp) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Entry {
        timestamp: i64,
    }
    let content = carried(piece);
    let plain = match is_gzip(&content) {
        true => inflated(&content)?.into(),
        false => content,
    };
    let mut payload = payload(plain.trim_ascii())?;
    payload.log_events.retain(|event| {
        let entry = serde_json::from_str::<Entry>(event.get());
        entry.is_ok_and(|entry| entry.timestamp <= until.millis())
    });
    Some(serde_json::to_vec(&payload).expect("what was JSON is JSON"))
}

/// `data` in records of a size that the stream takes.
pub(crate) fn fitting(data: &[u8]) -> Result<Vec<Vec<u8>>, TooLarge> {
    if data.len() <= DATA_BYTES_MAX {
        return Ok(vec![data.to_vec()]);
    }
    let (plain, gzip): (Cow<'_, [u8]>, _) = match is_gzip(data) {
        true => (inflated(data).unwrap_or_default().into(), data.to_vec()),
        false => (data.into(), deflated(data)),
    };
    if gzip.len() <= DATA_BYTES_MAX {
        return Ok(vec![gzip]);
    }
    let bytes = gzip.len();
    let Some(whole) = payload(&plain).filter(|payload| payload.log_events.len() > 1) else {
        return Err(TooLarge { bytes });
    };
    let (first, second) = whole.log_events.split_at(whole.log_events.len() / 2);
    let mut records = Vec::new();
    for half in [first, second] {
        let half = Payload {
            message_type: whole.message_type.clone(),
            log_events: half.to_vec(),
            ..whole
        };
        let half = serde_json::to_vec(&half).expect("what was JSON is JSON");
        records.extend(fitting(&deflated(&half))?);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use detector_core::decode::split::{Piece, Splitter};

    use super::*;
    use crate::rewrite::base64;

    fn records_of(input: &[u8]) -> Vec<Record> {
        records_within(input, i64::MAX)
    }

    fn records_within(input: &[u8], span_ms: i64) -> Vec<Record> {
        let mut table = FieldTable::default();
        let fields = DecodeFields::register(&mut table);
        let mut carrier = Carrier::new(&table, &fields, span_ms, None);
        let mut records = Vec::new();
        let mut splitter = Splitter::new(64 << 20);
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Record { bytes, .. } => {
                let taken = carrier.piece(bytes, &mut |record| records.push(record));
                taken.unwrap();
            }
            Piece::TooLarge { .. } => panic!("no piece is too large"),
        };
        splitter.push(input, &mut take);
        splitter.finish(&mut take);
        carrier.end(&mut |record| records.push(record));
        records
    }

    fn data_of(input: &[u8]) -> Vec<String> {
        let text = |record: Record| String::from_utf8(record.data).unwrap();
        records_of(input).into_iter().map(text).collect()
    }

    fn trail(second: u32, padding: usize) -> String {
        format!(
            r#"{{"eventVersion":"1.11","eventTime":"2026-05-12T09:03:{second:02}Z","eventSource":"cognito-idp.amazonaws.com","eventName":"SignUp","eventID":"{second}","p":"{}"}}"#,
            "p".repeat(padding)
        )
    }

    #[test]
    fn lines_and_documents_are_records() {
        let input =
            b"{\"event\":\"a\"}\nSTART RequestId: 1\n{\n  \"event\": \"b\"\n}\n{\"event\":\"c\"}";
        let expected = [
            "{\"event\":\"a\"}",
            "START RequestId: 1",
            "{\n  \"event\": \"b\"\n}",
            "{\"event\":\"c\"}",
        ];
        assert_eq!(data_of(input), expected);
    }

    #[test]
    fn cloudtrail_events_travel_in_lists_that_fit() {
        let (a, b) = (trail(1, 0), trail(2, 0));
        let list = format!(r#"{{"Records":[{a},{b}]}}"#);
        for input in [list.clone(), format!("{a}\n{b}\n"), format!("[{a}, {b}]")] {
            assert_eq!(data_of(input.as_bytes()), [&*list]);
        }
        let many: Vec<_> = (0..50).map(|n| trail(n, 6_000)).collect();
        let records = records_of(format!(r#"{{"Records":[{}]}}"#, many.join(",")).as_bytes());
        assert_eq!(records.len(), 5);
        assert!(records.iter().all(|it| it.data.len() <= LIST_BYTES_MAX));
        let all: Vec<_> = records
            .iter()
            .map(|it| std::str::from_utf8(&it.data[12..it.data.len() - 2]).unwrap())
            .collect();
        assert_eq!(all.join(","), many.join(","));
        let range = records[0].moments.events.unwrap();
        assert_eq!(range.length_ms(), 9_000);
        assert_eq!(records[0].moments.carried, Some(range.last));
        let large = trail(1, 900_000);
        assert_eq!(data_of(format!("{a}\n{large}\n").as_bytes()).len(), 2);
        // Three events within a second each, of sixty.
        let paced: Vec<_> = (0..6).map(|n| trail(n, 0)).collect();
        assert_eq!(records_within(paced.join("\n").as_bytes(), 2_000).len(), 2);
    }

    #[test]
    fn a_saved_event_gives_the_data_of_its_records() {
        let payload = br#"{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","timestamp":1779357894486,"message":"m"}]}"#;
        let gzip = deflated(payload);
        let input = format!(
            r#"{{"Records":[{{"kinesis":{{"data":"{}","approximateArrivalTimestamp":1779357899.5}},"eventSource":"aws:kinesis"}},{{"kinesis":{{"data":"{}"}}}}]}}"#,
            base64(&gzip),
            base64(b"{\"event\":\"a\"}"),
        );
        let records = records_of(input.as_bytes());
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].data, gzip);
        assert_eq!(
            records[0].moments.carried.unwrap().millis(),
            1_779_357_899_500
        );
        assert_eq!(
            records[0].moments.events.unwrap().last.millis(),
            1_779_357_894_486
        );
        assert_eq!(records[1].data, b"{\"event\":\"a\"}");
        let printed = format!(
            r#"{{"Records":[{{"SequenceNumber":"1","Data":"{}","PartitionKey":"k"}}]}}"#,
            base64(&gzip)
        );
        assert_eq!(records_of(printed.as_bytes())[0].data, gzip);
        // A payload travels as gzip, however it was saved.
        let records = records_of(payload);
        assert_eq!(inflated(&records[0].data).unwrap(), payload);
    }

    #[test]
    fn what_is_too_large_is_gzipped_then_divided_then_refused() {
        let text = format!("{{\"event\":\"{}\"}}", "x".repeat(2 << 20));
        assert_eq!(
            inflated(&fitting(text.as_bytes()).unwrap()[0]).unwrap(),
            text.as_bytes()
        );
        let mut rng = fastrand::Rng::with_seed(7);
        let mut noise = |bytes| (0..bytes).map(|_| rng.alphanumeric()).collect::<String>();
        let refused = fitting(format!("{{\"event\":\"{}\"}}", noise(2 << 20)).as_bytes());
        assert!(refused.unwrap_err().to_string().contains("bytes as gzip"));
        let events: Vec<_> = (0..40)
            .map(|n| {
                format!(
                    r#"{{"id":"{n}","timestamp":1,"message":"{}"}}"#,
                    noise(100_000)
                )
            })
            .collect();
        let payload = format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{}]}}"#,
            events.join(",")
        );
        let records = fitting(&deflated(payload.as_bytes())).unwrap();
        assert_eq!(records.len(), 4);
        let mut messages = Vec::new();
        for record in &records {
            assert!(record.len() <= DATA_BYTES_MAX);
            let text = String::from_utf8(inflated(record).unwrap()).unwrap();
            let rest = text.strip_prefix(
                r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":["#,
            );
            messages.push(rest.unwrap().strip_suffix("]}").unwrap().to_owned());
        }
        assert_eq!(messages.join(","), events.join(","));
    }
}
