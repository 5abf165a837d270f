//! Announcements go out through SNS.

pub mod message; // an alert as SNS takes it

#[cfg(test)]
mod sample;

use std::collections::BTreeSet;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use futures::stream::{self, StreamExt};
use tracing::error;

use crate::config::{Telling, Topic};
use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::publish::message::{BYTES_MAX, Message};

/// The most messages that PublishBatch takes.
const ENTRIES_MAX: usize = 10;

/// Calls at a time to a standard topic. A FIFO topic gets one at a time, or messages of a group could overtake.
const CALLS_MAX: usize = 8;

/// The topic that people and machines listen to.
#[derive(Debug)]
pub struct Publisher {
    client: Client,
    topic: Topic,
    telling: Telling,
}

impl Publisher {
    /// `client` should not try again by itself: whoever publishes does.
    pub fn new(client: Client, topic: Topic, telling: Telling) -> Self {
        Self {
            client,
            topic,
            telling,
        }
    }

    /// What messages say of this service, and how they show people.
    pub fn telling(&self) -> &Telling {
        &self.telling
    }

    /// Whether the topic itself drops what comes again.
    pub fn drops_repetitions(&self) -> bool {
        self.topic.is_fifo
    }

    /// Sends the messages; tells of each whether SNS has accepted it. What was not may have been sent all the same.
    pub async fn publish(&self, messages: &[Message], deadline: Deadline) -> Vec<bool> {
        let calls_max = if self.topic.is_fifo { 1 } else { CALLS_MAX };
        let calls = batches(messages).map(|batch| self.publish_batch(batch, deadline));
        let accepted: Vec<Vec<bool>> = stream::iter(calls).buffered(calls_max).collect().await;
        accepted.concat()
    }

    async fn publish_batch(&self, messages: &[Message], deadline: Deadline) -> Vec<bool> {
        let nothing = || vec![false; messages.len()];
        let entries: Result<Vec<PublishBatchRequestEntry>, _> = messages
            .iter()
            .enumerate()
            .map(|(id, message)| message.entry(id, self.topic.is_fifo))
            .collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                error!(%error, "a message could not be built");
                return nothing();
            }
        };
        let request = self
            .client
            .publish_batch()
            .topic_arn(&self.topic.arn)
            .set_publish_batch_request_entries(Some(entries))
            .send();
        let answer = match deadline.bound(request).await {
            Ok(answer) => answer.map_err(|error| Fault::of(&error)),
            Err(over) => Err(Fault::from(over)),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => {
                error!(%fault, topic = self.topic.arn, alerts = messages.len(), "alerts could not be published");
                return nothing();
            }
        };
        for failed in answer.failed() {
            error!(
                code = failed.code(),
                message = failed.message(),
                is_ours = failed.sender_fault(),
                topic = self.topic.arn,
                "SNS refused an alert"
            );
        }
        // Only what is named as accepted is: an answer that forgets an entry has not accepted it.
        let accepted: BTreeSet<&str> = answer.successful().iter().filter_map(|e| e.id()).collect();
        (0..messages.len())
            .map(|id| accepted.contains(id.to_string().as_str()))
            .collect()
    }
}

/// Runs of messages that fit into one call, in their order.
fn batches(messages: &[Message]) -> impl Iterator<Item = &[Message]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |message: &&Message| {
            bytes += message.bytes();
            bytes <= BYTES_MAX
        };
        let count = rest.iter().take(ENTRIES_MAX).take_while(fits).count();
        // A message that is too large for a call goes alone, and is refused.
        let (batch, after) = rest.split_at_checked(count.max(1))?;
        rest = after;
        Some(batch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Message {
        Message {
            body: "x".repeat(bytes),
            subject: String::new(),
            attributes: Vec::new(),
            group_id: String::new(),
            deduplication_id: String::new(),
        }
    }

    fn sizes(bytes: &[usize]) -> Vec<usize> {
        let messages: Vec<Message> = bytes.iter().map(|bytes| message(*bytes)).collect();
        batches(&messages).map(<[_]>::len).collect()
    }

    #[test]
    fn a_batch_has_at_most_ten_messages_and_the_bytes_that_sns_takes() {
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&[1; 23]), [10, 10, 3]);
        assert_eq!(sizes(&[BYTES_MAX, 1, BYTES_MAX - 1, 1]), [1, 2, 1]);
        assert_eq!(sizes(&[BYTES_MAX + 1, 1]), [1, 1]);
    }
}
