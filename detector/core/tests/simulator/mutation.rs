//! How requests are performed: with faults, and for the test's own sake with mistakes.

use detector_core::store::{
    Announcement, ConditionalWrite, Effect, EffectResult, EpisodeId, Item, ItemKey, Mark,
    RecordedEpisode, StateStore, WriteOutcome,
};

use detector_core::window::interval::Interval;

use super::scenario::Record;
use super::world::{Job, Recorded, World};
use crate::oracle::generate;

/// A mistake that the simulator must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    None,
    /// Writes succeed whatever was written meanwhile.
    NoVersionCondition,
    /// Episodes are announced before they are recorded.
    PublishBeforeWrite,
    /// A record that is read again has events with other ids.
    ForgetEventIds,
    /// Episodes are marked as announced before they are.
    MarkBeforePublish,
    /// An announcement counts as made whether or not it was accepted.
    TrustThePublisher,
    /// A write counts as made whether or not it was answered.
    TrustTheStore,
    /// The rest of a batch is done when part of it failed.
    IgnoreFailures,
    /// A batch is done when it begins.
    CheckpointFirst,
    /// A batch is done with its first write: what it wrote to a child has not reached the parents.
    CheckpointAfterAWrite,
    /// The watermark is the latest arrival known less the lateness, whatever other shards have still to bring.
    WatermarkOfTheLatest,
    /// A sweep takes an item off the list before its parents have been handed anything.
    SettleFirst,
    /// Recorded episodes are kept in the order of time, not in that in which they were recorded.
    ForgetTheOrder,
}

impl Mutation {
    pub(crate) const ALL: [Mutation; 12] = [
        Mutation::NoVersionCondition,
        Mutation::PublishBeforeWrite,
        Mutation::ForgetEventIds,
        Mutation::MarkBeforePublish,
        Mutation::TrustThePublisher,
        Mutation::TrustTheStore,
        Mutation::IgnoreFailures,
        Mutation::CheckpointFirst,
        Mutation::CheckpointAfterAWrite,
        Mutation::ForgetTheOrder,
        Mutation::WatermarkOfTheLatest,
        Mutation::SettleFirst,
    ];

    /// The bytes of a record as a worker reads them, for the first time or `again`.
    pub(crate) fn sent(self, record: &Record, again: bool, random: &mut fastrand::Rng) -> Vec<u8> {
        if self != Mutation::ForgetEventIds || !again {
            return record.bytes.clone();
        }
        let mut event = record.event.clone();
        event.id = format!("read-{}", random.u64(..));
        generate::json(&event).into_bytes()
    }
}

impl World<'_> {
    /// Performs a request. It may fail before or after it took effect, wholly or in part.
    pub(crate) fn perform(&mut self, effect: &Effect, job: Job) -> EffectResult {
        if self.fails() && self.fails() {
            // Nothing took effect.
            return self.failed(effect);
        }
        let result = match effect {
            Effect::Read(keys) => self.store.read(keys).map(EffectResult::Read),
            Effect::Due { rules, watermark } => {
                self.store.due(rules, *watermark).map(EffectResult::Due)
            }
            Effect::Write(writes) => {
                let outcomes = writes.iter().map(|write| self.write(write, job)).collect();
                Ok(EffectResult::Write(outcomes))
            }
            Effect::Publish(announcements) => {
                if self.mutation == Mutation::MarkBeforePublish {
                    self.mark(announcements);
                }
                let accepted = announcements.iter().map(|a| self.publish(a)).collect();
                Ok(EffectResult::Publish(accepted))
            }
        };
        if self.fails() && self.fails() {
            // It took effect, and the answer is lost.
            return self.failed(effect);
        }
        result.expect("memory answers")
    }

    pub(crate) fn fails(&mut self) -> bool {
        self.random.u32(..1000) < self.fail_rate
    }

    fn failed(&mut self, effect: &Effect) -> EffectResult {
        self.seen.failed_requests += 1;
        match (self.mutation, effect) {
            (Mutation::TrustThePublisher, Effect::Publish(all)) => {
                EffectResult::Publish(vec![true; all.len()])
            }
            (Mutation::TrustTheStore, Effect::Write(all)) => {
                EffectResult::Write(vec![WriteOutcome::Written; all.len()])
            }
            _ => EffectResult::Failed,
        }
    }

    fn write(&mut self, write: &ConditionalWrite, job: Job) -> WriteOutcome {
        let unknown = match self.mutation {
            Mutation::TrustTheStore => WriteOutcome::Written,
            _ => WriteOutcome::Unknown,
        };
        if self.fails() {
            return unknown;
        }
        let mut write = write.clone();
        if self.mutation == Mutation::NoVersionCondition {
            write.expected = self.stored(write.key).map(|item| item.version);
        }
        if self.mutation == Mutation::PublishBeforeWrite {
            self.publish_recorded(&write);
            if self.fails() {
                return unknown;
            }
        }
        if self.mutation == Mutation::SettleFirst && matches!(job, Job::Sweep { .. }) {
            write.item.due = None;
        }
        if self.mutation == Mutation::ForgetTheOrder {
            write.item.episodes.sort_by_key(|episode| episode.span);
        }
        let (key, episodes) = (write.key, write.item.episodes.clone());
        let outcome = self.store.write(&[write]).expect("memory answers")[0];
        if outcome == WriteOutcome::Written {
            self.record(key, episodes);
            if self.mutation == Mutation::CheckpointAfterAWrite {
                self.checkpoint(job);
            }
        }
        if self.fails() { unknown } else { outcome }
    }

    fn record(&mut self, key: ItemKey, episodes: Vec<RecordedEpisode>) {
        for episode in episodes {
            let number = self.recorded.len();
            let recorded = self.recorded.entry(episode.id).or_insert(Recorded {
                number,
                key,
                episode: episode.clone(),
            });
            let begins_anew =
                episode.mark == Mark::Unpublished && recorded.episode.mark != Mark::Unpublished;
            if begins_anew || recorded.key != key {
                let violation = format!("{} was recorded anew", episode.id);
                self.violations.push(violation);
            }
            recorded.episode = episode;
        }
    }

    fn stored(&self, key: ItemKey) -> Option<Item> {
        self.store.read(&[key]).expect("memory answers").remove(0)
    }

    fn publish(&mut self, announcement: &Announcement) -> bool {
        let trusted = self.mutation == Mutation::TrustThePublisher;
        if self.fails() {
            return trusted;
        }
        let (key, id, episode) = (announcement.key, announcement.id, &announcement.episode);
        let span = Interval::new(episode.opened_at, episode.held_until());
        self.tell(key, id, span);
        !self.fails() || trusted
    }

    fn tell(&mut self, key: ItemKey, id: EpisodeId, span: Interval) {
        if !self.recorded.contains_key(&id) {
            let violation = format!("{id} was announced before it was recorded");
            self.violations.push(violation);
        }
        self.published.push((key, id, span));
    }

    fn publish_recorded(&mut self, write: &ConditionalWrite) {
        for recorded in &write.item.episodes {
            if recorded.mark == Mark::Unpublished {
                self.tell(write.key, recorded.id, recorded.span);
            }
        }
    }

    fn mark(&mut self, announcements: &[Announcement]) {
        for announcement in announcements {
            let Some(read) = self.stored(announcement.key) else {
                continue;
            };
            let mut item = read.clone();
            item.mark_published(&[announcement.id]);
            item.version += 1;
            let write = ConditionalWrite {
                key: announcement.key,
                expected: Some(read.version),
                item,
            };
            let episodes = write.item.episodes.clone();
            let outcome = self.store.write(&[write]).expect("memory answers")[0];
            if outcome == WriteOutcome::Written {
                self.record(announcement.key, episodes);
            }
        }
    }
}
