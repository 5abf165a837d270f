//! What all workers of the function know together: how far each shard is done, and how far sweeps have come.
//!
//! It lies in the table beside the state, under a partition key that no rule has.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::attributes::{Attributes, number, primary_key, read_number};
use crate::fault::Fault;

/// The partition key: no rule's bucket is so short.
const BUCKET: &[u8] = b"bookkeeping";

/// Items that nobody writes any more go after so long, in seconds: those of shards that are no more.
const KEPT_S: i64 = 30 * 24 * 3600;

/// Sequence numbers are compared as text, so they are written with leading zeros to this length. Kinesis writes 56
/// digits today.
const DIGITS: usize = 80;

/// How far a shard is done: this record and all before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub sequence_number: String,
    /// When that record reached the stream, in milliseconds.
    pub arrived_at: i64,
}

/// How far sweeps have come, by the last that was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweptTo {
    /// All before it is decided.
    pub watermark: i64,
    /// All records that arrived before it were done.
    pub arrivals_to: i64,
    /// Sweeps unite what is in the log: batches may leave deltas there.
    pub unites_the_log: bool,
    /// Sweeps look at packs: what is in them is decided as far as this.
    pub sees_packs: bool,
    /// Since when, by the wall clock in milliseconds, sweeps serve marks: whoever sweeps then marks groups in its batches,
    /// too. `None`: they do not.
    pub marks_since: Option<i64>,
}

impl SweptTo {
    /// Before this nothing new comes and everything is decided, with events up to `lateness_ms` late. A lateness that
    /// was raised after the sweep makes it less.
    pub fn with_lateness(self, lateness_ms: i64) -> i64 {
        let kept = self.arrivals_to.saturating_sub(lateness_ms);
        self.watermark.min(kept)
    }
}

impl DynamoStore {
    /// Notes that a shard is done as far as `progress`, unless it is known to be done farther.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn note_progress(
        &self,
        stream: &str,
        shard: &str,
        progress: &Progress,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let done = padded(&progress.sequence_number);
        let mut item = key(&shard_key(stream, shard));
        item.insert("done".to_owned(), AttributeValue::S(done.clone()));
        item.insert(
            "sequence_number".to_owned(),
            AttributeValue::S(progress.sequence_number.clone()),
        );
        item.insert("arrived_at".to_owned(), number(progress.arrived_at));
        let expires = progress.arrived_at / 1000 + KEPT_S;
        self.raise(item, "done", AttributeValue::S(done), expires, deadline)
            .await
    }

    /// How far a shard is done; `None` where nothing is known.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn progress(
        &self,
        stream: &str,
        shard: &str,
        deadline: Deadline,
    ) -> Result<Option<Progress>, Fault> {
        let found = self.bookkept(&shard_key(stream, shard), deadline).await?;
        Ok(found.as_ref().and_then(read_progress))
    }

    /// Notes that a sweep was complete, unless a later one was.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn note_swept_to(&self, swept: SweptTo, deadline: Deadline) -> Result<(), Fault> {
        let mut item = key(SWEPT_TO);
        item.insert("watermark".to_owned(), number(swept.watermark));
        item.insert("arrivals_to".to_owned(), number(swept.arrivals_to));
        let unites = AttributeValue::Bool(swept.unites_the_log);
        item.insert("unites_the_log".to_owned(), unites);
        let sees_packs = AttributeValue::Bool(swept.sees_packs);
        item.insert("sees_packs".to_owned(), sees_packs);
        if let Some(since) = swept.marks_since {
            item.insert("marks_since".to_owned(), number(since));
        }
        let expires = swept.arrivals_to / 1000 + KEPT_S;
        let watermark = number(swept.watermark);
        self.raise(item, "watermark", watermark, expires, deadline)
            .await
    }

    /// How far sweeps have come; `None` before the first.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn swept_to(&self, deadline: Deadline) -> Result<Option<SweptTo>, Fault> {
        let found = self.bookkept(SWEPT_TO, deadline).await?;
        // A release that knows of something not says nothing of it.
        let says =
            |item: &Attributes, name| matches!(item.get(name), Some(AttributeValue::Bool(true)));
        Ok(found.and_then(|item| {
            Some(SweptTo {
                watermark: read_number(&item, "watermark")?,
                arrivals_to: read_number(&item, "arrivals_to")?,
                unites_the_log: says(&item, "unites_the_log"),
                sees_packs: says(&item, "sees_packs"),
                marks_since: read_number(&item, "marks_since"),
            })
        }))
    }

    async fn bookkept(&self, name: &str, deadline: Deadline) -> Result<Option<Attributes>, Fault> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(name)))
            .consistent_read(true);
        let answer = self.retried(deadline, || request.clone().send()).await?;
        Ok(answer.item)
    }

    /// Puts the item if its attribute `by` is not there yet or lower than `value`.
    async fn raise(
        &self,
        mut item: Attributes,
        by: &str,
        value: AttributeValue,
        expires: i64,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        item.insert("expires".to_owned(), number(expires));
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#by) OR #by < :value")
            .expression_attribute_names("#by", by)
            .expression_attribute_values(":value", value);
        self.put_on_condition(request, deadline).await
    }
}

const SWEPT_TO: &str = "swept_to";

fn shard_key(stream: &str, shard: &str) -> String {
    format!("shard/{stream}/{shard}")
}

fn key(name: &str) -> Attributes {
    primary_key(BUCKET.to_vec(), name.as_bytes().to_vec())
}

fn padded(sequence_number: &str) -> String {
    format!("{sequence_number:0>DIGITS$}")
}

fn read_progress(item: &Attributes) -> Option<Progress> {
    Some(Progress {
        sequence_number: item.get("sequence_number")?.as_s().ok()?.clone(),
        arrived_at: read_number(item, "arrived_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_of_any_length_are_in_order_as_text() {
        let real = "49590338271490256608559692538361571095921575989136588898";
        let numbers = ["1", "2", "10", "99", real];
        let texts: Vec<String> = numbers.iter().map(|n| padded(n)).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert!(texts.iter().all(|text| text.len() == DIGITS));
    }

    #[test]
    fn a_lateness_that_was_changed_never_makes_more_of_a_sweep() {
        let swept = SweptTo {
            watermark: 900,
            arrivals_to: 1000,
            unites_the_log: true,
            sees_packs: true,
            marks_since: None,
        };
        assert_eq!(swept.with_lateness(100), 900);
        assert_eq!(swept.with_lateness(300), 700);
        assert_eq!(swept.with_lateness(10), 900);
    }
}
