//! Single calls to the table, tried again while that helps.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use detector_core::store::pack::Condition;
use detector_core::store::{ConditionalWrite, ItemKey, RuleKey, WriteOutcome};
use detector_core::window::key::Key;
use tracing::{debug, error, warn};

use crate::deadline::Deadline;
use crate::dynamodb::attributes::{self, Attributes, bytes, number};
use crate::dynamodb::{DynamoStore, packs};
use crate::fault::{Fault, FaultKind};

/// How often a request is made that was refused, throttled or not answered, before the batch hears of it. A batch has
/// hundreds of requests and repeats all of a kind when one is lost, so each tries for itself first.
const ATTEMPTS_MAX: u32 = 6;

/// An item to be put, with its primary key, and on what.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) item: Attributes,
    pub(super) condition: Condition,
}

impl DynamoStore {
    pub(super) async fn read_chunk(
        &self,
        keys: &[Attributes],
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<Vec<Attributes>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        let mut left = keys.to_vec();
        let mut attempt = 0;
        while !left.is_empty() {
            deadline.pause_before(attempt).await;
            let asked = KeysAndAttributes::builder()
                .set_keys(Some(left.clone()))
                .consistent_read(is_consistent)
                .build()
                .map_err(|error| Fault::odd_answer(&error.to_string()))?;
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, asked)
                .send();
            match self.call(request, deadline).await {
                Ok(answer) => {
                    let items = answer.responses.unwrap_or_default().into_values().flatten();
                    let before = found.len();
                    found.extend(items);
                    let unprocessed = answer.unprocessed_keys.unwrap_or_default();
                    left = unprocessed.into_values().flat_map(|k| k.keys).collect();
                    // An answer holds at most 16 MB; only one that holds nothing more is a sign of throttling.
                    attempt = if found.len() > before { 0 } else { attempt + 1 };
                }
                Err(fault) if fault.passes() => {
                    attempt += 1;
                    if attempt == ATTEMPTS_MAX || deadline.is_over() {
                        warn!(%fault, "state could not be read");
                        return Err(fault);
                    }
                }
                Err(fault) => {
                    error!(%fault, table = self.table, "state could not be read: check the table and the function's role");
                    return Err(fault);
                }
            }
            if attempt == ATTEMPTS_MAX {
                return Err(Fault::odd_answer("keys stay unprocessed"));
            }
        }
        Ok(found)
    }

    pub(super) async fn write_one(
        &self,
        write: &ConditionalWrite,
        deadline: Deadline,
    ) -> WriteOutcome {
        let put = Put {
            item: attributes::of_item(write.key, &write.item),
            condition: match write.expected {
                None => Condition::Absent,
                Some(version) => Condition::Version(version),
            },
        };
        self.put_one(&put, write.key.group, deadline).await
    }

    /// Puts an item of `group` on its condition.
    pub(super) async fn put_one(&self, put: &Put, group: Key, deadline: Deadline) -> WriteOutcome {
        for attempt in 0..ATTEMPTS_MAX {
            deadline.pause_before(attempt).await;
            match self.put(put, deadline).await {
                Ok(outcome) => return outcome,
                // It had no effect, so it may be repeated without reading again.
                Err(fault) if fault.kind == FaultKind::Throttled && !deadline.is_over() => {}
                Err(fault) if fault.passes() => {
                    debug!(%fault, "a write was not answered");
                    return WriteOutcome::Unknown;
                }
                Err(fault) => {
                    error!(%fault, table = self.table, ?group, "state could not be written: check the table and the function's role");
                    return WriteOutcome::Unknown;
                }
            }
        }
        WriteOutcome::Unknown
    }

    async fn put(&self, put: &Put, deadline: Deadline) -> Result<WriteOutcome, Fault> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(put.item.clone()))
            .expression_attribute_names("#version", "version");
        let request = match put.condition {
            Condition::Absent => request.condition_expression("attribute_not_exists(#version)"),
            Condition::Version(version) => request
                .condition_expression("#version = :expected")
                .expression_attribute_values(":expected", number(version)),
            // One without a version is damaged, and stays.
            Condition::Before(version) => request
                .condition_expression("attribute_not_exists(#bucket) OR #version < :expected")
                .expression_attribute_names("#bucket", "bucket")
                .expression_attribute_values(":expected", number(version)),
        };
        let answer = self.bounded(request.send(), deadline).await?;
        match answer {
            Ok(_) => Ok(WriteOutcome::Written),
            Err(error) if is_conflict(&error) => Ok(WriteOutcome::Conflict),
            Err(error) => Err(self.counted(Fault::of(&error))),
        }
    }

    pub(super) async fn due_in(
        &self,
        bucket: Vec<u8>,
        (packed, watermark): (&[RuleKey], i64),
        deadline: Deadline,
    ) -> Result<Vec<ItemKey>, Fault> {
        let mut due = Vec::new();
        let mut next: Option<HashMap<_, _>> = None;
        loop {
            let page = self.due_page(&bucket, watermark, next, deadline).await?;
            for item in page.items() {
                match attributes::key_of(item) {
                    Some(key) => due.push(key),
                    None => due.extend(packs::due_keys(item, packed)),
                }
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(due);
            }
        }
    }

    pub(super) async fn due_page(
        &self,
        bucket: &[u8],
        watermark: i64,
        from: Option<Attributes>,
        deadline: Deadline,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, Fault> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .consistent_read(true)
            .key_condition_expression("#bucket = :bucket AND #due < :watermark")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_names("#due", "due")
            .expression_attribute_values(":bucket", bytes(bucket.to_vec()))
            .expression_attribute_values(":watermark", number(watermark))
            .set_exclusive_start_key(from);
        let page = self.retried(deadline, || request.clone().send()).await;
        page.inspect_err(|fault| {
            error!(%fault, table = self.table, "what is due could not be read: check the table's index `due` and the function's role");
        })
    }

    /// A small request, tried again while that may help.
    pub(super) async fn retried<T, E, F>(
        &self,
        deadline: Deadline,
        request: impl Fn() -> F,
    ) -> Result<T, Fault>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut attempt = 0;
        loop {
            deadline.pause_before(attempt).await;
            match self.call(request(), deadline).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => {
                    attempt += 1;
                    if !fault.passes() || attempt == ATTEMPTS_MAX || deadline.is_over() {
                        return Err(fault);
                    }
                }
            }
        }
    }

    /// Puts an item on a condition; where that does not hold, others are as far, and there is nothing to do.
    pub(super) async fn put_on_condition(
        &self,
        request: PutItemFluentBuilder,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let put = || async {
            match request.clone().send().await {
                Err(SdkError::ServiceError(error))
                    if matches!(
                        error.err(),
                        PutItemError::ConditionalCheckFailedException(_)
                    ) =>
                {
                    Ok(())
                }
                answer => answer.map(|_| ()),
            }
        };
        self.retried(deadline, put).await
    }

    /// One call, in time, counted.
    pub(super) async fn call<T, E: ProvideErrorMetadata>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        deadline: Deadline,
    ) -> Result<T, Fault> {
        let answer = self.bounded(request, deadline).await?;
        answer.map_err(|error| self.counted(Fault::of(&error)))
    }

    async fn bounded<F: Future>(&self, request: F, deadline: Deadline) -> Result<F::Output, Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(deadline.bound(request).await?)
    }

    fn counted(&self, fault: Fault) -> Fault {
        let is_throttled = fault.kind == FaultKind::Throttled;
        self.throttled
            .fetch_add(u64::from(is_throttled), Ordering::Relaxed);
        fault
    }
}

pub(super) fn is_conflict(error: &SdkError<PutItemError, HttpResponse>) -> bool {
    error
        .as_service_error()
        .is_some_and(PutItemError::is_conditional_check_failed_exception)
}
