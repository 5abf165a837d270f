//! The log: deltas that wait for a sweep, as items of the same table.
//!
//! A part lies under the partition key `log` and its place, under a name that is drawn at random. It is no rule's: its
//! partition key is shorter than a bucket's.

use aws_sdk_dynamodb::types::AttributeValue;
use detector_core::store::{LogName, LogPart};
use detector_core::window::key::Key;
use futures::stream::{self, StreamExt, TryStreamExt};
use tracing::{error, warn};

use crate::deadline::Deadline;
use crate::dynamodb::attributes::{Attributes, bytes, number, primary_key};
use crate::dynamodb::{DynamoStore, REQUESTS_MAX};
use crate::fault::Fault;

/// The name of these parts in the function's log.
const WHAT: &str = "the log";

/// Begins the partition keys; the place is the byte after it.
const BUCKET: &[u8] = b"log";

/// A part that no sweep has taken for so long is left by a table without sweeps, in seconds.
const KEPT_S: i64 = 30 * 24 * 3600;

/// Bytes of a place that are read at a time, at most about.
const READ_BYTES_MAX: usize = 16_000_000;

impl DynamoStore {
    /// Stores parts, each under a new name, and tells of each whether it is there. `now` is in milliseconds.
    pub async fn append(&self, parts: &[Vec<u8>], now: i64, deadline: Deadline) -> Vec<bool> {
        let puts = parts
            .iter()
            .map(|part| self.append_one(part, now, deadline));
        stream::iter(puts).buffered(REQUESTS_MAX).collect().await
    }

    async fn append_one(&self, part: &[u8], now: i64, deadline: Deadline) -> bool {
        let name = LogName(Key::from_u128(fastrand::u128(..)));
        let mut item = key(name);
        item.insert("deltas".to_owned(), bytes(part.to_vec()));
        item.insert("expires".to_owned(), number(now / 1000 + KEPT_S));
        self.put_part(item, WHAT, deadline).await
    }

    /// Stores a part of `what`, and tells whether it is there.
    pub(super) async fn put_part(&self, item: Attributes, what: &str, deadline: Deadline) -> bool {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        let put = self.retried(deadline, || request.clone().send()).await;
        if let Err(fault) = &put {
            warn!(%fault, "{what} could not be written");
        }
        put.is_ok()
    }

    /// The parts in a place, read consistently, and whether these are all.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn read_log(
        &self,
        place: u8,
        deadline: Deadline,
    ) -> Result<(Vec<LogPart>, bool), Fault> {
        self.read_parts(bucket(place), None, WHAT, deadline).await
    }

    /// The parts of `what` under a partition key, those after the one of a key, read consistently, and whether these are
    /// all.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub(super) async fn read_parts(
        &self,
        bucket: Vec<u8>,
        after: Option<Attributes>,
        what: &str,
        deadline: Deadline,
    ) -> Result<(Vec<LogPart>, bool), Fault> {
        let (mut parts, mut read, mut next) = (Vec::new(), 0, after);
        loop {
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#bucket = :bucket")
                .expression_attribute_names("#bucket", "bucket")
                .expression_attribute_values(":bucket", bytes(bucket.clone()))
                .set_exclusive_start_key(next);
            let page = self.retried(deadline, || request.clone().send()).await;
            let page = page.inspect_err(|fault| {
                error!(%fault, table = self.table, "{what} could not be read: check the table and the function's role");
            })?;
            for part in page.items().iter().filter_map(part) {
                read += part.deltas.len();
                parts.push(part);
            }
            next = page.last_evaluated_key;
            if next.is_none() || read > READ_BYTES_MAX {
                return Ok((parts, next.is_none()));
            }
        }
    }

    /// Drops parts.
    ///
    /// # Errors
    /// The table did not answer, or refused; some may be gone.
    pub async fn drop_log(&self, names: &[LogName], deadline: Deadline) -> Result<(), Fault> {
        let drops = names.iter().map(|name| async move {
            let request = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(key(*name)));
            self.retried(deadline, || request.clone().send()).await
        });
        let mut drops = stream::iter(drops).buffer_unordered(REQUESTS_MAX);
        while drops.try_next().await?.is_some() {}
        Ok(())
    }
}

fn bucket(place: u8) -> Vec<u8> {
    [BUCKET, &[place]].concat()
}

fn key(name: LogName) -> Attributes {
    let group: [u8; 16] = name.0.into();
    primary_key(bucket(name.place()), group.to_vec())
}

/// One without deltas is damaged, and comes as such.
fn part(item: &Attributes) -> Option<LogPart> {
    let name = item.get("group")?.as_b().ok()?.as_ref();
    let deltas = item.get("deltas").map(AttributeValue::as_b);
    Some(LogPart {
        name: LogName(Key::from(<[u8; 16]>::try_from(name).ok()?)),
        deltas: match deltas {
            Some(Ok(deltas)) => deltas.as_ref().to_vec(),
            _ => Vec::new(),
        },
    })
}
