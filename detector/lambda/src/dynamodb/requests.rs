//! Single calls to the table, tried again while that helps.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use detector_core::store::{ConditionalWrite, Item, ItemKey, WriteOutcome};
use tracing::{debug, error, warn};

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::attributes::{self, Attributes, bytes, number};
use crate::fault::{Fault, FaultKind};

/// How often a request is made that was refused, throttled or not answered, before the batch hears of it. A batch has
/// hundreds of requests and repeats all of a kind when one is lost, so each tries for itself first.
const ATTEMPTS_MAX: u32 = 6;

impl DynamoStore {
    pub(super) async fn read_chunk(
        &self,
        keys: &[ItemKey],
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<Vec<(ItemKey, Item)>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        let mut left: Vec<Attributes> = keys
            .iter()
            .map(|k| attributes::key_attributes(*k))
            .collect();
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
                    found.extend(items.filter_map(|item| self.readable(&item)));
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

    fn readable(&self, found: &Attributes) -> Option<(ItemKey, Item)> {
        let key = attributes::key_of(found)?;
        let item = attributes::item(found).unwrap_or_else(|damage| {
            error!(?key, %damage, "an item of the state table is damaged: restore or delete it");
            attributes::unreadable_item(found)
        });
        Some((key, item))
    }

    pub(super) async fn write_one(
        &self,
        write: &ConditionalWrite,
        deadline: Deadline,
    ) -> WriteOutcome {
        for attempt in 0..ATTEMPTS_MAX {
            deadline.pause_before(attempt).await;
            match self.put(write, deadline).await {
                Ok(outcome) => return outcome,
                // It had no effect, so it may be repeated without reading again.
                Err(fault) if fault.kind == FaultKind::Throttled && !deadline.is_over() => {}
                Err(fault) if fault.passes() => {
                    debug!(%fault, "a write was not answered");
                    return WriteOutcome::Unknown;
                }
                Err(fault) => {
                    error!(%fault, table = self.table, key = ?write.key, "state could not be written: check the table and the function's role");
                    return WriteOutcome::Unknown;
                }
            }
        }
        WriteOutcome::Unknown
    }

    async fn put(
        &self,
        write: &ConditionalWrite,
        deadline: Deadline,
    ) -> Result<WriteOutcome, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(attributes::of_item(write.key, &write.item)))
            .expression_attribute_names("#version", "version");
        let put = match write.expected {
            None => put.condition_expression("attribute_not_exists(#version)"),
            Some(version) => put
                .condition_expression("#version = :expected")
                .expression_attribute_values(":expected", number(version)),
        };
        let answer = self.bounded(put.send(), deadline).await?;
        match answer {
            Ok(_) => Ok(WriteOutcome::Written),
            Err(error) if is_conflict(&error) => Ok(WriteOutcome::Conflict),
            Err(error) => Err(self.counted(Fault::of(&error))),
        }
    }

    pub(super) async fn due_in(
        &self,
        bucket: Vec<u8>,
        watermark: i64,
        deadline: Deadline,
    ) -> Result<Vec<ItemKey>, Fault> {
        let mut due = Vec::new();
        let mut next: Option<HashMap<_, _>> = None;
        loop {
            let page = self.due_page(&bucket, watermark, next, deadline).await?;
            due.extend(page.items().iter().filter_map(attributes::key_of));
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
