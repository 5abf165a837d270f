//! What an item says of an episode: its id, and how far telling of it has come.

use std::fmt;

use serde::{Deserialize, Serialize};

use detector_window::episode::Episode;
use detector_window::interval::Interval;
use detector_window::key::Key;

/// The id under which an episode is announced: a UUID over the rule's id, the group and the opening as it was first known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EpisodeId(Key);

impl EpisodeId {
    pub fn first_known_as(rule_id: &str, group: Key, opened_at: i64) -> Self {
        let opened_at = opened_at.to_string();
        Self(Key::of_texts([rule_id, &group.in_uuid_form(), &opened_at]).made_uuid())
    }

    /// As it is written everywhere.
    pub fn into_text(self) -> String {
        self.0.in_uuid_form()
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.in_uuid_form())
    }
}

impl fmt::Debug for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An episode that was or is to be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEpisode {
    pub id: EpisodeId,
    /// From `opened_at` to `held_until`, as far as known at the last write.
    pub span: Interval,
    pub mark: Mark,
}

/// How far an episode's announcement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// Recorded; whoever reads this announces it.
    Unpublished,
    Published,
    /// Late hits joined it to an episode that was recorded before it, whose id lives on.
    MergedInto(EpisodeId),
    /// Its end was told, too, to the parents as well.
    Closed,
}

impl RecordedEpisode {
    /// Whether something is still to be told of it.
    pub fn is_unclosed(&self) -> bool {
        matches!(self.mark, Mark::Unpublished | Mark::Published)
    }

    pub(crate) fn overlaps(&self, episode: &Episode) -> bool {
        episode.held_until() > self.span.start && episode.opened_at < self.span.end
    }
}

/// What is told of an episode. Each has both notices, the opening first, repeated under the same id after faults alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// It is known for the first time; its numbers may grow.
    Opened,
    /// Nothing can change it any more.
    Closed,
}
