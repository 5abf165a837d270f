//! How far the stream is done: the moment before which no record is still to come.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::ShardIteratorType;
use detector_core::time::Timestamp;
use futures::stream::{self, StreamExt, TryStreamExt};
use tracing::debug;

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::bookkeeping::Progress;
use crate::fault::Fault;

/// Shards looked at at a time.
const SHARDS_MAX: usize = 16;

/// Kinesis may answer with no record although there are some: so often the next part is asked for.
const PARTS_MAX: u32 = 20;

/// Between two parts: a shard answers five times a second, and its worker asks it, too.
const PART_PAUSE: Duration = Duration::from_millis(500);

/// What is not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// No record that is not done arrived before it, in milliseconds. As far as is known by `now`.
    pub arrivals_to: i64,
    pub shards: usize,
    /// Shards with records that are not done.
    pub shards_behind: usize,
}

/// The mapping gives a record up when it next reads it: so much later, in milliseconds, it has.
const GIVEN_UP_WITHIN_MS: i64 = 600_000;

/// Looks at all shards of `stream`. `now` must not be later than the present: what arrives after the look counts as
/// arriving after `now`. Records older than `age_max_ms`, and the time that giving them up takes, are not waited for.
///
/// # Errors
/// Kinesis or the table did not answer, or refused.
pub async fn unread(
    kinesis: &Client,
    store: &DynamoStore,
    stream: &str,
    now: Timestamp,
    age_max_ms: Option<i64>,
    deadline: Deadline,
) -> Result<Unread, Fault> {
    let shards = list(kinesis, stream, deadline).await?;
    let given_up_before = age_max_ms.map(|age| now.millis() - age - GIVEN_UP_WITHIN_MS);
    let looks = shards.iter().map(|shard| async move {
        let progress = store.progress(stream, shard, deadline).await?;
        let from = From {
            done: progress.as_ref(),
            given_up_before,
        };
        let look = first_unread(kinesis, stream, shard, from, deadline);
        let arrival = look.await?;
        debug!(shard, ?progress, first_unread = ?arrival, "shard");
        Ok::<_, Fault>(arrival)
    });
    let arrivals: Vec<Option<i64>> = stream::iter(looks)
        .buffer_unordered(SHARDS_MAX)
        .try_collect()
        .await?;
    Ok(together(&arrivals, now.millis()))
}

fn together(first_unread: &[Option<i64>], now: i64) -> Unread {
    let behind = first_unread.iter().flatten();
    Unread {
        arrivals_to: behind.clone().min().map_or(now, |first| now.min(*first)),
        shards: first_unread.len(),
        shards_behind: behind.count(),
    }
}

/// All shards: those that are closed may still hold what nobody has read.
async fn list(kinesis: &Client, stream: &str, deadline: Deadline) -> Result<Vec<String>, Fault> {
    let mut shards = Vec::new();
    let mut next: Option<String> = None;
    loop {
        // The stream is named in the first request only.
        let name = next.is_none().then(|| stream.to_owned());
        let request = kinesis
            .list_shards()
            .set_stream_name(name)
            .set_next_token(next)
            .send();
        let page = deadline.bound(request).await?;
        let page = page.map_err(|error| Fault::of(&error))?;
        shards.extend(
            page.shards()
                .iter()
                .map(|shard| shard.shard_id().to_owned()),
        );
        next = page.next_token;
        if next.is_none() {
            return Ok(shards);
        }
    }
}

/// When the first record of the shard arrived that is not done; `None` where all are.
async fn first_unread(
    kinesis: &Client,
    stream: &str,
    shard: &str,
    from: From<'_>,
    deadline: Deadline,
) -> Result<Option<i64>, Fault> {
    let Some(mut iterator) = iterator(kinesis, stream, shard, from, deadline).await? else {
        return Ok(None);
    };
    for part in 0..PARTS_MAX {
        if part > 0 {
            deadline.bound(tokio::time::sleep(PART_PAUSE)).await?;
        }
        let request = kinesis
            .get_records()
            .shard_iterator(iterator)
            .limit(1)
            .send();
        let answer = deadline.bound(request).await?;
        let answer = answer.map_err(|error| Fault::of(&error))?;
        match judge(answer)? {
            Look::Done => return Ok(None),
            Look::Unread(arrival) => return Ok(Some(arrival)),
            Look::Further(next) => iterator = next,
        }
    }
    // It holds something, somewhere after what is done or given up.
    let done = from.done.map(|done| done.arrived_at);
    match done.max(from.given_up_before) {
        Some(passed) => Ok(Some(passed)),
        None => Err(Fault::odd_answer(
            "a shard of which nothing is done has no record in sight",
        )),
    }
}

/// After what a shard is looked at.
#[derive(Debug, Clone, Copy)]
struct From<'p> {
    done: Option<&'p Progress>,
    /// What arrived before is done or given up.
    given_up_before: Option<i64>,
}

enum Look {
    Done,
    Unread(i64),
    Further(String),
}

fn judge(answer: GetRecordsOutput) -> Result<Look, Fault> {
    if let Some(record) = answer.records().first() {
        let arrival = record
            .approximate_arrival_timestamp()
            .and_then(|at| at.to_millis().ok())
            .ok_or_else(|| Fault::odd_answer("a record without arrival time"))?;
        return Ok(Look::Unread(arrival));
    }
    let is_at_end = answer
        .millis_behind_latest()
        .is_none_or(|behind| behind == 0);
    match answer.next_shard_iterator {
        Some(next) if !is_at_end => Ok(Look::Further(next)),
        // At its tip, or closed and read to its end.
        _ => Ok(Look::Done),
    }
}

/// Where the shard is to be read on; `None` where the shard is no more, with all its records.
async fn iterator(
    kinesis: &Client,
    stream: &str,
    shard: &str,
    from: From<'_>,
    deadline: Deadline,
) -> Result<Option<String>, Fault> {
    let request = kinesis
        .get_shard_iterator()
        .stream_name(stream)
        .shard_id(shard);
    let from_start = match from.given_up_before {
        None => request
            .clone()
            .shard_iterator_type(ShardIteratorType::TrimHorizon),
        Some(before) => request
            .clone()
            .shard_iterator_type(ShardIteratorType::AtTimestamp)
            .timestamp(DateTime::from_millis(before)),
    };
    let request = match from.done {
        Some(done) if Some(done.arrived_at) >= from.given_up_before => request
            .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
            .starting_sequence_number(&done.sequence_number),
        _ => from_start.clone(),
    };
    let mut answer = deadline.bound(request.send()).await?;
    // A sequence number of another stream that had the same name.
    let is_foreign = answer.as_ref().is_err_and(|error| {
        error
            .as_service_error()
            .is_some_and(|e| e.is_invalid_argument_exception())
    });
    if is_foreign {
        answer = deadline.bound(from_start.send()).await?;
    }
    match answer {
        Ok(answer) => match answer.shard_iterator {
            Some(iterator) => Ok(Some(iterator)),
            None => Err(Fault::odd_answer("no shard iterator")),
        },
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_resource_not_found_exception()) =>
        {
            Ok(None)
        }
        Err(error) => Err(Fault::of(&error)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kinesis::primitives::Blob;
    use aws_sdk_kinesis::types::Record;

    use super::*;

    #[test]
    fn the_shard_farthest_behind_decides() {
        let unread = |arrivals: &[Option<i64>]| together(arrivals, 1000).arrivals_to;
        assert_eq!(unread(&[]), 1000);
        assert_eq!(unread(&[None, None]), 1000);
        assert_eq!(unread(&[None, Some(700), Some(900)]), 700);
        assert_eq!(unread(&[Some(2000)]), 1000);
        assert_eq!(together(&[None, Some(7)], 1000).shards_behind, 1);
    }

    #[test]
    fn an_answer_without_records_is_the_end_only_where_it_says_so() {
        let answer = |next: Option<&str>, behind: Option<i64>| {
            GetRecordsOutput::builder()
                .set_records(Some(vec![]))
                .set_next_shard_iterator(next.map(str::to_owned))
                .set_millis_behind_latest(behind)
                .build()
                .unwrap()
        };
        assert!(matches!(judge(answer(Some("i"), Some(0))), Ok(Look::Done)));
        assert!(matches!(judge(answer(None, Some(5000))), Ok(Look::Done)));
        let further = judge(answer(Some("i"), Some(5000)));
        assert!(matches!(further, Ok(Look::Further(next)) if next == "i"));
        let record = Record::builder()
            .sequence_number("1")
            .data(Blob::new("x"))
            .partition_key("p")
            .approximate_arrival_timestamp(DateTime::from_millis(1234))
            .build()
            .unwrap();
        let found = GetRecordsOutput::builder().records(record).build().unwrap();
        assert!(matches!(judge(found), Ok(Look::Unread(1234))));
    }
}
