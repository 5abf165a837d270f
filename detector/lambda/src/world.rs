//! The world of a batch in production: DynamoDB and SNS.

use std::cell::RefCell;

use detector_core::alert::Alert;
use detector_core::rule::RuleSet;
use detector_core::store::{Announcement, Effect, EffectResult, Notice};

use crate::deadline::Deadline;
use crate::drive::World;
use crate::dynamodb::DynamoStore;
use crate::publish::Publisher;
use crate::publish::message::Message;

/// Where the effects of one batch go.
#[derive(Debug)]
pub struct Outside<'w> {
    store: &'w DynamoStore,
    publisher: &'w Publisher,
    rules: &'w RuleSet,
    now: fn() -> i64,
    published: RefCell<Published>,
}

/// What was published, for the metrics.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Published {
    /// Messages that SNS did not accept, as often as they were sent.
    pub failures: u64,
    /// Of each alert of an open episode, the milliseconds since it opened.
    pub latencies_ms: Vec<i64>,
}

impl<'w> Outside<'w> {
    /// `now` tells milliseconds since 1970.
    pub fn new(
        store: &'w DynamoStore,
        publisher: &'w Publisher,
        rules: &'w RuleSet,
        now: fn() -> i64,
    ) -> Self {
        Self {
            store,
            publisher,
            rules,
            now,
            published: RefCell::default(),
        }
    }

    pub fn into_published(self) -> Published {
        self.published.into_inner()
    }

    fn message(&self, told: &Announcement) -> Message {
        let rule = &self.rules.correlations[told.rule.0 as usize];
        let alert = Alert::of_announcement(self.rules, told);
        Message::new(&alert, rule, told.key)
    }

    async fn publish(&self, announcements: &[Announcement], deadline: Deadline) -> Vec<bool> {
        let messages: Vec<Message> = announcements.iter().map(|a| self.message(a)).collect();
        let accepted = self.publisher.publish(&messages, deadline).await;
        let now = (self.now)();
        let mut published = self.published.borrow_mut();
        for (told, is_accepted) in announcements.iter().zip(&accepted) {
            match (is_accepted, told.notice) {
                (true, Notice::Opened) => published.latencies_ms.push(now - told.episode.opened_at),
                (true, Notice::Closed) => {}
                (false, _) => published.failures += 1,
            }
        }
        accepted
    }
}

impl World for Outside<'_> {
    async fn perform(&self, effect: &Effect, deadline: Deadline) -> EffectResult {
        match effect {
            Effect::Read(keys) => match self.store.read(keys, deadline).await {
                Ok(items) => EffectResult::Read(items),
                Err(_) => EffectResult::Failed,
            },
            Effect::Write(writes) => EffectResult::Write(self.store.write(writes, deadline).await),
            Effect::Publish(announcements) => {
                EffectResult::Publish(self.publish(announcements, deadline).await)
            }
            Effect::Due { rules, watermark } => {
                match self.store.due(rules, *watermark, deadline).await {
                    Ok(keys) => EffectResult::Due(keys),
                    Err(_) => EffectResult::Failed,
                }
            }
        }
    }
}
