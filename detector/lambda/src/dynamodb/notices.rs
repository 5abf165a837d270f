//! Which notices have been told, and which are being told right now.
//!
//! Workers that see an episode begin at the same moment would each tell of it, under the same id, and page somebody twice.
//! So a worker first puts its name on a notice. One that dies with its name on it holds it up for [`CLAIMED_MS`].

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::attributes::{Attributes, BUCKETS, number, primary_key};
use crate::dynamodb::requests::is_conflict;
use crate::fault::Fault;

/// Longer than a call to SNS may take.
const CLAIMED_MS: i64 = 8_000;

/// What was told is remembered twice as long as a record can come again, in seconds.
const KEPT_S: i64 = 2 * 24 * 3600;

/// Begins the partition keys; with the byte after it, it is shorter than a rule's.
const BUCKET: &[u8] = b"notices";

/// Whose it is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    Ours,
    /// Another worker is at it, or died at it.
    Anothers,
    Told,
}

impl DynamoStore {
    /// Takes a notice, if nobody has told of it and nobody else is about to. `notice` is its name, the same for every
    /// worker; `now` is in milliseconds.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn claim(&self, notice: &str, now: i64, deadline: Deadline) -> Result<Claim, Fault> {
        let request = self
            .put_notice(notice, now, Some(now + CLAIMED_MS))
            .condition_expression(
                "attribute_not_exists(#bucket) OR (attribute_exists(#until) AND (#worker = :us OR #until < :now))",
            )
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#worker", "worker")
            .expression_attribute_values(":us", AttributeValue::S(self.worker.clone()))
            .expression_attribute_values(":now", number(now));
        let put = || async {
            match request.clone().send().await {
                Ok(_) => Ok(true),
                Err(error) if is_conflict(&error) => Ok(false),
                Err(error) => Err(error),
            }
        };
        if self.retried(deadline, put).await? {
            return Ok(Claim::Ours);
        }
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(notice)))
            .consistent_read(true);
        let found = self.retried(deadline, || request.clone().send()).await?;
        Ok(match found.item {
            Some(item) if !item.contains_key("until") => Claim::Told,
            _ => Claim::Anothers,
        })
    }

    /// Notes that SNS has taken the notice.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn note_told(&self, notice: &str, now: i64, deadline: Deadline) -> Result<(), Fault> {
        let request = self.put_notice(notice, now, None);
        let put = || request.clone().send();
        self.retried(deadline, put).await.map(|_| ())
    }

    fn put_notice(&self, notice: &str, now: i64, until: Option<i64>) -> PutItemFluentBuilder {
        let mut item = key(notice);
        item.insert("worker".to_owned(), AttributeValue::S(self.worker.clone()));
        item.insert("expires".to_owned(), number(now / 1000 + KEPT_S));
        if let Some(until) = until {
            item.insert("until".to_owned(), number(until));
        }
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
    }
}

fn key(notice: &str) -> Attributes {
    let spread = notice.bytes().fold(0, u8::wrapping_add) % BUCKETS;
    primary_key([BUCKET, &[spread]].concat(), notice.as_bytes().to_vec())
}
