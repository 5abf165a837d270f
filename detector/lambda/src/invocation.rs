//! What Lambda hands in, and the answer it gets.

use aws_lambda_events::encodings::Base64Data;
use aws_lambda_events::streams::KinesisEventResponse;
use detector_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The events of both kinds, in one shape: six megabytes are read once, without first asking which kind they are.
#[derive(Debug, Default, Deserialize)]
pub struct Payload {
    #[serde(rename = "Records", default)]
    records: Option<Vec<EventRecord>>,
    #[serde(default)]
    source: Option<String>,
    #[serde(rename = "detail-type", default)]
    detail_type: Option<String>,
    #[serde(default)]
    time: Option<String>,
}

/// A record as Lambda hands it in. The shape of aws_lambda_events is not used: of a time as `1545084650.98` it makes 98
/// milliseconds, and it refuses more than three digits, and with them the batch.
#[derive(Debug, Deserialize)]
struct EventRecord {
    kinesis: EventData,
    #[serde(rename = "eventSource", default)]
    source: String,
    #[serde(rename = "eventID", default)]
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventData {
    data: Base64Data,
    #[serde(default)]
    sequence_number: String,
    /// In seconds since 1970.
    approximate_arrival_timestamp: f64,
}

/// What is to be done.
#[derive(Debug)]
pub enum Invocation {
    Batch(Vec<Record>),
    /// The moment for which the schedule was due.
    Sweep(Timestamp),
}

/// A record of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub data: Vec<u8>,
    /// When it reached the stream.
    pub arrived_at: Timestamp,
    pub sequence_number: String,
    /// `shardId-000000000000`.
    pub shard: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Batch(KinesisEventResponse),
    Sweep(SweepAnswer),
}

/// What a sweep did; times are RFC 3339.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct SweepAnswer {
    /// No event before it is still to come; `None` where that could not be found out.
    pub watermark: Option<String>,
    /// Whether all that was due before the watermark has been decided.
    pub complete: bool,
    pub shards: usize,
    /// Shards with records that are not done yet.
    pub shards_behind: usize,
    pub written: u64,
    pub announced: u64,
    /// Groups that could not be brought up to date; the next sweep tries again.
    pub failures: usize,
}

/// Why an invocation is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownInvocation {
    #[error(
        "neither a Kinesis event nor a scheduled event (source `{source_name}`, detail-type `{detail_type}`): let \
         the event source mapping of the stream and an EventBridge schedule rule invoke this function, nothing else"
    )]
    Kind {
        source_name: String,
        detail_type: String,
    },
    #[error("the scheduled event has no readable `time`: {0:?}")]
    Time(Option<String>),
    #[error("record {0} is not from Kinesis: eventSource is `{1}`")]
    Source(usize, String),
    #[error("record {0} has no {1}")]
    Record(usize, &'static str),
}

/// How much of what is unknown an error shows.
const SHOWN_CHARS_MAX: usize = 100;

impl Payload {
    /// Tells which kind it is.
    ///
    /// # Errors
    /// It is neither.
    pub fn into_invocation(self) -> Result<Invocation, UnknownInvocation> {
        if let Some(records) = self.records {
            let records = records.into_iter().enumerate();
            return records
                .map(|(at, record)| Record::read(at, record))
                .collect::<Result<_, _>>()
                .map(Invocation::Batch);
        }
        let source = self.source.unwrap_or_default();
        let detail_type = self.detail_type.unwrap_or_default();
        if source != "aws.events" || detail_type != "Scheduled Event" {
            return Err(UnknownInvocation::Kind {
                source_name: shown(&source),
                detail_type: shown(&detail_type),
            });
        }
        let time = self.time.as_deref().and_then(Timestamp::from_rfc3339);
        time.map(Invocation::Sweep)
            .ok_or_else(|| UnknownInvocation::Time(self.time.as_deref().map(shown)))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

impl Record {
    fn read(at: usize, record: EventRecord) -> Result<Self, UnknownInvocation> {
        if record.source != "aws:kinesis" {
            return Err(UnknownInvocation::Source(at, shown(&record.source)));
        }
        // `shardId-000000000006:49590338271490256608559692538361571095921575989136588898`
        let shard = record.id.split_once(':');
        let (shard, _) = shard.ok_or(UnknownInvocation::Record(at, "shard in its `eventID`"))?;
        let kinesis = record.kinesis;
        if kinesis.sequence_number.is_empty() {
            return Err(UnknownInvocation::Record(at, "`sequenceNumber`"));
        }
        let arrived_at = from_seconds(kinesis.approximate_arrival_timestamp);
        Ok(Self {
            data: kinesis.data.0,
            arrived_at: arrived_at.ok_or(UnknownInvocation::Record(at, "readable arrival time"))?,
            sequence_number: kinesis.sequence_number,
            shard: shard.to_owned(),
        })
    }
}

/// To the nearest millisecond, which is what AWS means.
fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let millis = (seconds * 1000.0).round();
    // Beyond these a float has no whole milliseconds any more.
    let is_time = (0.0..9.0e15).contains(&millis);
    is_time
        .then_some(millis as i64)
        .and_then(Timestamp::from_millis)
}

/// The answer to a batch of which everything from `failed` on has to come again.
pub fn batch_answer(failed: Option<&Record>) -> Answer {
    let mut answer = KinesisEventResponse::default();
    if let Some(record) = failed {
        answer.add_failure(record.sequence_number.as_str());
    }
    Answer::Batch(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Invocation, UnknownInvocation> {
        let payload: Payload = serde_json::from_str(json).unwrap();
        payload.into_invocation()
    }

    const RECORD: &str = r#"{"Records":[{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"1",
        "sequenceNumber":"4959","data":"SGVsbG8=","approximateArrivalTimestamp":1545084650.987},
        "eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:4959",
        "eventName":"aws:kinesis:record","awsRegion":"eu-west-1","invokeIdentityArn":"arn:aws:iam::1:role/r",
        "eventSourceARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/records"}]}"#;

    #[test]
    fn a_kinesis_event_is_a_batch() {
        let Ok(Invocation::Batch(records)) = read(RECORD) else {
            panic!("no batch");
        };
        let expected = Record {
            data: b"Hello".to_vec(),
            arrived_at: Timestamp::from_millis(1_545_084_650_987).unwrap(),
            sequence_number: "4959".to_owned(),
            shard: "shardId-000000000006".to_owned(),
        };
        assert_eq!(records, [expected]);
    }

    #[test]
    fn arrival_times_are_read_to_the_millisecond() {
        for (text, millis) in [
            ("1545084650.98", 1_545_084_650_980),
            ("1545084650.9", 1_545_084_650_900),
            ("1545084650.098", 1_545_084_650_098),
            ("1545084650", 1_545_084_650_000),
            ("1545084650.9870001", 1_545_084_650_987),
            ("1.545084650987E9", 1_545_084_650_987),
        ] {
            let Ok(Invocation::Batch(records)) = read(&RECORD.replace("1545084650.987", text))
            else {
                panic!("no batch");
            };
            assert_eq!(records[0].arrived_at.millis(), millis, "{text}");
        }
        for text in ["-1", "1e300"] {
            assert!(read(&RECORD.replace("1545084650.987", text)).is_err());
        }
    }

    #[test]
    fn a_scheduled_event_is_a_sweep() {
        let event = r#"{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events",
            "account":"111122223333","time":"2026-11-23T12:00:00Z","region":"eu-west-1","resources":[],"detail":{}}"#;
        let Ok(Invocation::Sweep(at)) = read(event) else {
            panic!("no sweep");
        };
        assert_eq!(at.to_string(), "2026-11-23T12:00:00.000Z");
    }

    #[test]
    fn all_else_is_refused_with_what_it_is() {
        let said = |json: &str| read(json).unwrap_err().to_string();
        assert!(said(r#"{"source":"aws.s3","detail-type":"Object Created"}"#).contains("`aws.s3`"));
        assert!(said("{}").contains("neither"));
        let untimed = r#"{"source":"aws.events","detail-type":"Scheduled Event","time":"now"}"#;
        assert!(said(untimed).contains("now"));
        assert!(said(&RECORD.replace("aws:kinesis\"", "aws:sqs\"")).contains("aws:sqs"));
        assert!(said(&RECORD.replace("shardId-000000000006:", "")).contains("shard"));
    }

    #[test]
    fn the_answer_names_the_record_that_failed() {
        let Ok(Invocation::Batch(records)) = read(RECORD) else {
            panic!("no batch");
        };
        let json = |failed| serde_json::to_string(&batch_answer(failed)).unwrap();
        assert_eq!(json(None), r#"{"batchItemFailures":[]}"#);
        assert_eq!(
            json(records.first()),
            r#"{"batchItemFailures":[{"itemIdentifier":"4959"}]}"#
        );
    }
}
