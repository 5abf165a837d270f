//! Requests to the stream: a batch goes out until all of it is taken, and only what failed goes out again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};

use super::batch::{Batch, Entry};
use crate::service::{Backoff, Refusal};

/// What the stream has taken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) records: u64,
    /// Of data, as sent.
    pub(crate) bytes: u64,
    /// Records that went out once more, each time counted.
    pub(crate) retries: u64,
}

pub(crate) struct Stream<'n> {
    client: Client,
    name: &'n str,
    backoff: Backoff,
    pub(crate) taken: Taken,
    /// Records taken, for whoever is told of an interruption.
    pub(crate) told: Arc<AtomicU64>,
}

impl<'n> Stream<'n> {
    pub(crate) fn new(client: Client, name: &'n str, random: fastrand::Rng) -> Self {
        Self {
            client,
            name,
            backoff: Backoff::new(random),
            taken: Taken::default(),
            told: Arc::default(),
        }
    }

    /// Sends a batch, and waits where the stream is at its limit.
    ///
    /// # Errors
    /// The stream refuses for good, or took nothing in many tries.
    pub(crate) async fn put(&mut self, mut batch: Batch) -> anyhow::Result<()> {
        while !batch.is_empty() {
            let answer = self
                .client
                .put_records()
                .stream_name(self.name)
                .set_records(Some(batch.entries().iter().map(request_entry).collect()))
                .send()
                .await;
            let problem = match answer {
                Ok(answer) => {
                    let failed: Vec<_> = answer.records().iter().map(has_failed).collect();
                    let (records, bytes) = batch.keep_failed(&failed);
                    self.taken.records += records;
                    self.taken.bytes += bytes;
                    self.told.store(self.taken.records, Ordering::Relaxed);
                    if records > 0 {
                        self.backoff.reset();
                    }
                    answer.records().iter().find_map(described)
                }
                Err(error) => {
                    let refusal = Refusal::of(&error);
                    if !refusal.is_passing() {
                        return Err(self.explained(refusal));
                    }
                    Some(refusal.to_string())
                }
            };
            if batch.is_empty() {
                break;
            }
            self.taken.retries += batch.entries().len() as u64;
            let Some(wait) = self.backoff.next() else {
                let problem = problem.unwrap_or_else(|| "no reason given".into());
                return Err(anyhow!(problem))
                    .with_context(|| format!("stream `{}` takes nothing any more", self.name));
            };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn explained(&self, refusal: Refusal) -> anyhow::Error {
        let is_missing = refusal.is("ResourceNotFoundException");
        let error = anyhow!(refusal);
        match is_missing {
            true => error.context(format!(
                "no stream `{}` in this account and region (see AWS_PROFILE, AWS_REGION)",
                self.name
            )),
            false => error.context(format!("cannot send to stream `{}`", self.name)),
        }
    }
}

fn request_entry(entry: &Entry) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry::builder()
        .data(Blob::new(entry.data.clone()))
        .partition_key(&entry.key)
        .build()
        .expect("data and partition key are set")
}

fn has_failed(result: &PutRecordsResultEntry) -> bool {
    result.error_code().is_some()
}

fn described(result: &PutRecordsResultEntry) -> Option<String> {
    let message = result.error_message().unwrap_or_default();
    Some(format!("{}: {message}", result.error_code()?))
}
