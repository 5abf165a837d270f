//! What is stored of one group of one rule.

use serde::{Deserialize, Serialize};

use crate::store::identity::EpisodeId;
use crate::window::interval::Interval;
use crate::window::key::Key;

/// An item larger than this is not written: DynamoDB's limit is 400 KB, names and numbers included.
pub const ITEM_BYTES_MAX: usize = 390_000;

/// A state larger than this forgets its oldest moments before their time.
pub const STATE_BYTES_MAX: usize = 350_000;

/// A correlation rule as far as its state depends on it: a rule whose window, grouping or inputs are edited is
/// another, and starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleKey(pub Key);

/// The name of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemKey {
    pub rule: RuleKey,
    pub group: Key,
}

/// The durable state of a group. All times are event times in milliseconds, but for `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Grows with every write, and from an expired item to the next of the same key.
    pub version: u64,
    /// As [`crate::window::Windows::unite`] returns it; what it holds is a function of the hits alone.
    pub state: Vec<u8>,
    /// In the order in which they were recorded.
    pub episodes: Vec<RecordedEpisode>,
    /// What the watermark decides has been judged for the moments before this.
    pub judged_to: i64,
    /// As `judged_to`, and the parents have been handed the outcome.
    pub settled_to: i64,
    /// A sweep whose watermark is after this has something to decide, hand on or announce here.
    pub due: Option<i64>,
    /// No hit and no holding moment of this group or of its children is known after this.
    pub latest: i64,
    /// When the item may be forgotten, as an arrival time; `None` while it is due.
    pub expires_at: Option<i64>,
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
}

impl Item {
    /// Whether both say the same, whatever their versions.
    pub(crate) fn equals_but_version(&self, other: &Item) -> bool {
        Item {
            version: 0,
            ..self.clone()
        } == Item {
            version: 0,
            ..other.clone()
        }
    }

    /// Marks the episodes in `ids` as published, unless they have been merged meanwhile.
    pub fn mark_published(&mut self, ids: &[EpisodeId]) {
        for episode in &mut self.episodes {
            if episode.mark == Mark::Unpublished && ids.contains(&episode.id) {
                episode.mark = Mark::Published;
            }
        }
    }

    pub fn has_unpublished(&self) -> bool {
        self.episodes.iter().any(|e| e.mark == Mark::Unpublished)
    }

    /// Bytes it takes in a store, names of attributes included.
    pub fn bytes(&self) -> usize {
        const FIXED: usize = 256;
        FIXED + self.state.len() + self.episodes.len() * size_of::<RecordedEpisode>()
    }
}
