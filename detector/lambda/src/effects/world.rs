//! The world of a batch in production: DynamoDB and SNS.

use std::cell::RefCell;
use std::collections::BTreeMap;

use detector_core::alert::message::{Message as Told, SampleEvent};
use detector_core::engine::Engine;
use detector_core::store::{Announcement, Effect, EffectResult, Notice};
use futures::stream::{self, StreamExt};
use tracing::warn;

use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::notices::Claim;
use crate::effects::drive::World;
use crate::publish::Publisher;
use crate::publish::message::Message;

/// Notices looked up in the table at a time.
const REQUESTS_MAX: usize = 32;

/// Where the effects of one batch go.
#[derive(Debug)]
pub struct Outside<'w> {
    store: &'w DynamoStore,
    publisher: &'w Publisher,
    engine: &'w Engine,
    /// Events of the batch, to show.
    samples: &'w BTreeMap<String, SampleEvent>,
    now: fn() -> i64,
    published: RefCell<Published>,
}

/// What was published, for the metrics.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Published {
    /// Messages that SNS did not accept, as often as they were sent.
    pub failures: u64,
    /// Of each opening that was sent, the milliseconds since then.
    pub latencies_ms: Vec<i64>,
}

impl<'w> Outside<'w> {
    /// `now` tells milliseconds since 1970.
    pub fn new(
        store: &'w DynamoStore,
        publisher: &'w Publisher,
        (engine, samples): (&'w Engine, &'w BTreeMap<String, SampleEvent>),
        now: fn() -> i64,
    ) -> Self {
        Self {
            store,
            publisher,
            engine,
            samples,
            now,
            published: RefCell::default(),
        }
    }

    pub fn into_published(self) -> Published {
        self.published.into_inner()
    }

    fn message(&self, told: &Announcement) -> Message {
        let rules = (self.engine.rules(), self.engine.linking());
        let telling = self.publisher.telling();
        let message = Told::of_announcement(rules, told, telling.place.clone());
        // What is over needs no more than its totals.
        let message = match told.notice {
            Notice::Opened => message.with_samples(self.samples),
            Notice::Closed => message,
        };
        Message::new(&message.showing(&telling.personal), told.key)
    }

    /// Sends what no other worker has sent or is about to send; tells of each whether it has been sent by anybody.
    async fn publish(&self, announcements: &[Announcement], deadline: Deadline) -> Vec<bool> {
        let messages: Vec<Message> = announcements.iter().map(|a| self.message(a)).collect();
        let claims = stream::iter(messages.iter().map(|message| self.claim(message, deadline)))
            .buffered(REQUESTS_MAX);
        let claims: Vec<Claim> = claims.collect().await;
        let mut told: Vec<bool> = claims.iter().map(|claim| *claim == Claim::Told).collect();

        let (places, ours): (Vec<usize>, Vec<Message>) = messages
            .into_iter()
            .enumerate()
            .filter(|(place, _)| claims[*place] == Claim::Ours)
            .unzip();
        let accepted = self.publisher.publish(&ours, deadline).await;
        self.count(announcements, &places, &accepted);
        let sent = ours.iter().zip(&accepted).filter(|(_, is_sent)| **is_sent);
        stream::iter(sent.map(|(message, _)| self.note_told(message, deadline)))
            .buffer_unordered(REQUESTS_MAX)
            .collect::<()>()
            .await;
        for (place, is_accepted) in places.into_iter().zip(accepted) {
            told[place] = is_accepted;
        }
        told
    }

    async fn claim(&self, message: &Message, deadline: Deadline) -> Claim {
        // A FIFO topic drops what it knows by itself.
        if self.publisher.drops_repetitions() {
            return Claim::Ours;
        }
        let notice = &message.deduplication_id;
        let claim = self.store.claim(notice, (self.now)(), deadline).await;
        claim.unwrap_or_else(|fault| {
            warn!(%fault, notice, "whether an alert was told of already could not be found out");
            Claim::Anothers
        })
    }

    async fn note_told(&self, message: &Message, deadline: Deadline) {
        if self.publisher.drops_repetitions() {
            return;
        }
        let notice = &message.deduplication_id;
        let noted = self.store.note_told(notice, (self.now)(), deadline).await;
        if let Err(fault) = noted {
            warn!(%fault, notice, "that an alert was told of could not be noted: it may come again");
        }
    }

    fn count(&self, announcements: &[Announcement], places: &[usize], accepted: &[bool]) {
        let now = (self.now)();
        let mut published = self.published.borrow_mut();
        for (place, is_accepted) in places.iter().zip(accepted) {
            let told = &announcements[*place];
            match (is_accepted, told.notice) {
                (true, Notice::Opened) => published.latencies_ms.push(now - told.episode.opened_at),
                (true, Notice::Closed) => {}
                (false, _) => published.failures += 1,
            }
        }
    }
}

impl World for Outside<'_> {
    async fn perform(&self, effect: &Effect, deadline: Deadline) -> EffectResult {
        match effect {
            Effect::Read {
                keys,
                is_consistent,
            } => match self.store.read(keys, *is_consistent, deadline).await {
                Ok(items) => EffectResult::Read(items),
                Err(_) => EffectResult::Failed,
            },
            Effect::Write(writes) => {
                EffectResult::Write(self.store.write(writes, (self.now)(), deadline).await)
            }
            Effect::Publish(announcements) => {
                EffectResult::Publish(self.publish(announcements, deadline).await)
            }
            Effect::Due { rules, watermark } => {
                match self.store.due(rules, *watermark, deadline).await {
                    Ok((keys, is_all)) => EffectResult::Due { keys, is_all },
                    Err(_) => EffectResult::Failed,
                }
            }
            Effect::Park(parts) => EffectResult::Park(self.store.park(parts, deadline).await),
            Effect::Arm(marks) => EffectResult::Arm(self.store.arm(marks, deadline).await),
            Effect::Look { from } => match self.store.look(*from, deadline).await {
                Ok((marks, is_all)) => EffectResult::Look { marks, is_all },
                Err(_) => EffectResult::Failed,
            },
            Effect::Pending => match self.store.pending(deadline).await {
                Ok((marks, is_all)) => EffectResult::Pending { marks, is_all },
                Err(_) => EffectResult::Failed,
            },
            Effect::ReadParked {
                slice,
                place,
                after,
            } => {
                let read = self.store.read_parked((*slice, *place), *after, deadline);
                match read.await {
                    Ok((parts, is_all)) => EffectResult::ReadParked { parts, is_all },
                    Err(_) => EffectResult::Failed,
                }
            }
            Effect::Serve(marks) => match self.store.serve(marks, deadline).await {
                Ok(()) => EffectResult::Serve,
                Err(_) => EffectResult::Failed,
            },
            Effect::Append(parts) => {
                EffectResult::Append(self.store.append(parts, (self.now)(), deadline).await)
            }
            Effect::ReadLog { place } => match self.store.read_log(*place, deadline).await {
                Ok((parts, is_all)) => EffectResult::ReadLog { parts, is_all },
                Err(_) => EffectResult::Failed,
            },
            Effect::DropLog(names) => match self.store.drop_log(names, deadline).await {
                Ok(()) => EffectResult::DropLog,
                Err(_) => EffectResult::Failed,
            },
        }
    }
}
