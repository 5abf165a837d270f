//! Records that cannot be read are kept whole, with why and where they came from, and never hold up their shard.

pub mod piece; // bytes as text

use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::MessageAttributeValue;
use futures::stream::{self, StreamExt};
use tracing::{error, warn};

use crate::config::QuarantinePlace;
use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::fold::BadRecord;
use crate::invocation::Record;
use crate::place::BucketPlace;
use crate::quarantine::piece::Piece;

/// Records on their way at a time.
const REQUESTS_MAX: usize = 16;

/// Attempts for each record, within the time that is left.
const ATTEMPTS_MAX: u32 = 4;

/// Bytes of a reason where a place limits them (an object's metadata: 2 KB in all).
const REASON_BYTES_MAX: usize = 900;

/// Where bad records go.
#[derive(Debug)]
pub struct Quarantine(Place);

#[derive(Debug)]
enum Place {
    Bucket(aws_sdk_s3::Client, BucketPlace),
    Queue(aws_sdk_sqs::Client, String),
    Log,
}

/// What became of the bad records of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined {
    /// The first that is not kept anywhere yet, for a reason that passes: it has to come again.
    pub first_failed: Option<usize>,
    pub kept: u64,
    /// Of these, records that the bucket or queue refuses for good: they went to the log.
    pub refused: u64,
}

enum Outcome {
    Kept,
    Refused,
    Failed(usize),
}

impl Quarantine {
    /// `aws` gives the clients; only the one that is needed is made.
    pub fn new(place: &QuarantinePlace, aws: &aws_config::SdkConfig) -> Self {
        Self(match place {
            QuarantinePlace::Bucket(place) => Place::Bucket(crate::clients::s3(aws), place.clone()),
            QuarantinePlace::Queue(url) => Place::Queue(aws_sdk_sqs::Client::new(aws), url.clone()),
            QuarantinePlace::Log => Place::Log,
        })
    }

    /// Keeps the records that `bad` names.
    pub async fn keep(
        &self,
        records: &[Record],
        bad: &[BadRecord],
        deadline: Deadline,
    ) -> Quarantined {
        let outcomes = bad.iter().filter_map(|bad| {
            let record = records.get(bad.position)?;
            Some(self.keep_one(record, bad, deadline))
        });
        let mut outcomes = stream::iter(outcomes).buffer_unordered(REQUESTS_MAX);
        let mut all = Quarantined::default();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Outcome::Kept => all.kept += 1,
                Outcome::Refused => {
                    all.kept += 1;
                    all.refused += 1;
                }
                Outcome::Failed(at) => {
                    all.first_failed = Some(all.first_failed.map_or(at, |first| first.min(at)));
                }
            }
        }
        all
    }

    async fn keep_one(&self, record: &Record, bad: &BadRecord, deadline: Deadline) -> Outcome {
        let mut attempt = 0;
        loop {
            deadline.pause_before(attempt).await;
            let kept = match &self.0 {
                Place::Bucket(client, place) => {
                    put_object(client, place, record, bad, deadline).await
                }
                Place::Queue(client, url) => send(client, url, record, bad, deadline).await,
                Place::Log => {
                    log(record, bad);
                    Ok(())
                }
            };
            attempt += 1;
            match kept {
                Ok(()) => {
                    warn!(
                        shard = record.shard,
                        sequence_number = record.sequence_number,
                        reason = shown(&bad.reason),
                        "a record could not be read and is in quarantine"
                    );
                    return Outcome::Kept;
                }
                Err(fault) if !fault.passes() => {
                    error!(%fault, place = self.shown_place(), "the quarantine refuses a record: check QUARANTINE and the function's role; the record goes to the log");
                    log(record, bad);
                    return Outcome::Refused;
                }
                Err(fault) if attempt == ATTEMPTS_MAX || deadline.is_over() => {
                    warn!(%fault, place = self.shown_place(), "a bad record could not be kept and comes again");
                    return Outcome::Failed(bad.position);
                }
                Err(_) => {}
            }
        }
    }

    fn shown_place(&self) -> &str {
        match &self.0 {
            Place::Bucket(_, place) => &place.bucket,
            Place::Queue(_, url) => url,
            Place::Log => "log",
        }
    }
}

/// `prefix/2026-11-23/shardId-000000000006/4959….bin`: the same record again takes the same place.
fn object_key(place: &BucketPlace, record: &Record) -> String {
    let day = &record.arrived_at.to_string()[..10];
    format!(
        "{}{day}/{}/{}.bin",
        place.prefix, record.shard, record.sequence_number
    )
}

async fn put_object(
    client: &aws_sdk_s3::Client,
    place: &BucketPlace,
    record: &Record,
    bad: &BadRecord,
    deadline: Deadline,
) -> Result<(), Fault> {
    let request = client
        .put_object()
        .bucket(&place.bucket)
        .key(object_key(place, record))
        .content_type("application/octet-stream")
        .metadata("reason", shown(&bad.reason))
        .metadata("arrived-at", record.arrived_at.to_string())
        .metadata("shard", &record.shard)
        .metadata("sequence-number", &record.sequence_number)
        .body(ByteStream::from(record.data.clone()))
        .send();
    let answer = deadline.bound(request).await?;
    answer.map(|_| ()).map_err(|error| Fault::of(&error))
}

async fn send(
    client: &aws_sdk_sqs::Client,
    url: &str,
    record: &Record,
    bad: &BadRecord,
    deadline: Deadline,
) -> Result<(), Fault> {
    let pieces = piece::for_queue(&record.data);
    for (at, piece) in pieces.iter().enumerate() {
        let mut request = client
            .send_message()
            .queue_url(url)
            .message_body(&piece.text);
        for (name, value) in described(record, bad, piece, at..pieces.len()) {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| Fault::odd_answer(&error.to_string()))?;
            request = request.message_attributes(name, value);
        }
        let answer = deadline.bound(request.send()).await?;
        answer.map_err(|error| Fault::of(&error))?;
    }
    Ok(())
}

/// What stands beside a piece; `place` is its number, from 0, and how many there are.
fn described(
    record: &Record,
    bad: &BadRecord,
    piece: &Piece,
    place: Range<usize>,
) -> [(&'static str, String); 6] {
    [
        ("reason", shown(&bad.reason)),
        ("shard", record.shard.clone()),
        ("sequence_number", record.sequence_number.clone()),
        ("arrived_at", record.arrived_at.to_string()),
        ("encoding", piece.encoding.name().to_owned()),
        ("piece", format!("{}/{}", place.start + 1, place.end)),
    ]
}

/// The last resort: lines of the log that hold the record in base64.
fn log(record: &Record, bad: &BadRecord) {
    let pieces = piece::in_base64(&record.data);
    for (at, piece) in pieces.iter().enumerate() {
        warn!(
            target: "quarantine",
            shard = record.shard,
            sequence_number = record.sequence_number,
            arrived_at = %record.arrived_at,
            reason = shown(&bad.reason),
            piece = format!("{}/{}", at + 1, pieces.len()),
            base64 = piece.text,
            "bad record"
        );
    }
}

/// A reason in printable ASCII, cut.
fn shown(reason: &str) -> String {
    let ascii = reason.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    ascii.take(REASON_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use detector_core::time::Timestamp;

    use super::*;

    fn record() -> Record {
        Record {
            data: b"\xff".to_vec(),
            arrived_at: Timestamp::from_rfc3339("2026-11-23T23:59:59.999Z").unwrap(),
            sequence_number: "4959".to_owned(),
            shard: "shardId-000000000006".to_owned(),
        }
    }

    #[test]
    fn a_record_that_comes_again_takes_the_same_place() {
        let place = BucketPlace::parse("s3://bucket/bad/").unwrap();
        assert_eq!(
            object_key(&place, &record()),
            "bad/2026-11-23/shardId-000000000006/4959.bin"
        );
    }

    #[test]
    fn a_piece_says_which_of_how_many_it_is() {
        let bad = BadRecord {
            position: 0,
            reason: "é\n".repeat(1000),
        };
        let piece = &piece::for_queue(&[0xff])[0];
        let described = described(&record(), &bad, piece, 1..3);
        assert_eq!(described[5], ("piece", "2/3".to_owned()));
        assert_eq!(described[4], ("encoding", "base64".to_owned()));
        assert_eq!(described[0].1, "??".repeat(450));
    }

    #[tokio::test]
    async fn the_log_takes_everything() {
        let bad = BadRecord {
            position: 0,
            reason: "gzip".to_owned(),
        };
        let deadline = Deadline::after(std::time::Duration::from_secs(1));
        let kept = Quarantine(Place::Log)
            .keep(&[record()], &[bad], deadline)
            .await;
        let expected = Quarantined {
            kept: 1,
            ..Quarantined::default()
        };
        assert_eq!(kept, expected);
    }
}
