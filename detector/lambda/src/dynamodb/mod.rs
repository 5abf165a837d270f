//! The state of groups in DynamoDB: the effects of a batch go in, their results come out.

pub mod attributes; // an item as the table has it
pub mod bookkeeping; // what is known of shards and sweeps
pub mod notices; // what has been told
mod log; // deltas that wait for a sweep
mod parked; // hits that wait for a child's episode
mod requests; // one call each

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use detector_core::store::RuleKey;
use detector_core::store::{ConditionalWrite, Item, ItemKey, WriteOutcome};
use futures::stream::{self, StreamExt};

use crate::deadline::Deadline;
use crate::dynamodb::attributes::BUCKETS;
use crate::fault::Fault;

/// Requests to the table at a time. A partition takes 1,000 writes a second, and a page of a sweep lies in many.
const REQUESTS_MAX: usize = 128;

/// Keys of what is due that are taken at a time: about as many as a sweep settles within its minute.
const DUE_MAX: usize = 200_000;

/// The most keys that BatchGetItem takes.
const KEYS_MAX: usize = 100;

/// One table, one item per rule and group.
#[derive(Debug)]
pub struct DynamoStore {
    client: Client,
    table: String,
    /// Tells this process from any other.
    worker: String,
    calls: AtomicU64,
    throttled: AtomicU64,
}

/// What was asked of the table since it was last told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    pub calls: u64,
    /// Calls that DynamoDB refused for now.
    pub throttled: u64,
}

impl DynamoStore {
    /// `client` should not try again by itself: the store does, within the time it is given.
    pub fn new(client: Client, table: String) -> Self {
        Self {
            client,
            table,
            worker: format!("{:032x}", fastrand::u128(..)),
            calls: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
        }
    }

    /// The counters, which begin anew.
    pub fn take_counts(&self) -> StoreCounts {
        StoreCounts {
            calls: self.calls.swap(0, Ordering::Relaxed),
            throttled: self.throttled.swap(0, Ordering::Relaxed),
        }
    }

    /// The items at `keys`, in their order. One that is damaged comes as an item without state.
    ///
    /// # Errors
    /// Some of them could not be read in time.
    pub async fn read(
        &self,
        keys: &[ItemKey],
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<Vec<Option<Item>>, Fault> {
        let chunks = keys.chunks(KEYS_MAX);
        let chunks = chunks.map(|keys| self.read_chunk(keys, is_consistent, deadline));
        let mut answers = stream::iter(chunks).buffer_unordered(REQUESTS_MAX);
        let mut found = BTreeMap::new();
        while let Some(items) = answers.next().await {
            found.extend(items?);
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    /// Writes each item whose condition is true. What was not answered in time has an unknown outcome.
    pub async fn write(
        &self,
        writes: &[ConditionalWrite],
        deadline: Deadline,
    ) -> Vec<WriteOutcome> {
        stream::iter(writes.iter().map(|write| self.write_one(write, deadline)))
            .buffered(REQUESTS_MAX)
            .collect()
            .await
    }

    /// The keys of items of `rules` that are due before `watermark`, read consistently, and whether these are all.
    ///
    /// # Errors
    /// Some of them could not be read in time.
    pub async fn due(
        &self,
        rules: &[RuleKey],
        watermark: i64,
        deadline: Deadline,
    ) -> Result<(Vec<ItemKey>, bool), Fault> {
        let buckets = rules
            .iter()
            .flat_map(|rule| (0..BUCKETS).map(|bucket| attributes::bucket(*rule, bucket)));
        let mut answers =
            stream::iter(buckets.map(|bucket| self.due_in(bucket, watermark, deadline)))
                .buffer_unordered(REQUESTS_MAX);
        let mut due = Vec::new();
        while let Some(keys) = answers.next().await {
            due.extend(keys?);
            if due.len() >= DUE_MAX {
                return Ok((due, false));
            }
        }
        Ok((due, true))
    }
}
