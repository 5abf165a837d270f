//! What is stored of one group of one rule.

use serde::{Deserialize, Serialize};

use crate::children::{self, ChildEpisode};
use crate::edition::Writer;
use crate::recorded::{EpisodeId, Mark, Notice, RecordedEpisode};

/// An item larger than this is not written: DynamoDB's limit is 400 KB, names and numbers included.
pub const ITEM_BYTES_MAX: usize = 390_000;

/// A state larger than this, with what is kept of children, forgets its oldest moments before their time.
pub const STATE_BYTES_MAX: usize = 350_000;

/// An episode that is over waits for the end of its children's while the state is no larger, with what is kept of
/// children; beyond, it is closed with what is known of them.
pub const WAITING_BYTES_MAX: usize = 200_000;

/// The durable state of a group. All times are event times in milliseconds, but for `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Grows with every write, and from an expired item to the next of the same key.
    pub version: u64,
    /// As [`detector_window::Windows::unite`] returns it; what it holds is a function of the hits alone.
    pub state: Vec<u8>,
    /// In the order in which they were recorded.
    pub episodes: Vec<RecordedEpisode>,
    /// Of a correlation over correlations: the children's episodes that its own tell of, by their openings.
    pub children: Vec<ChildEpisode>,
    /// What the watermark decides has been judged for the moments before this.
    pub judged_to: i64,
    /// As `judged_to`, and the parents have been handed the outcome.
    pub settled_to: i64,
    /// A sweep whose watermark is after this has something to decide, hand on, announce or close here.
    pub due: Option<i64>,
    /// No hit and no holding moment of this group or of its children is known after this.
    pub latest: i64,
    /// When the item may be forgotten, as an arrival time; `None` while it is due.
    pub expires_at: Option<i64>,
    pub writer: Writer,
}

impl Item {
    /// Whether both say the same, whatever their versions and whoever wrote them.
    pub(crate) fn says_the_same(&self, other: &Item) -> bool {
        let said = |item: &Item| Item {
            version: 0,
            writer: Writer::NOBODY,
            ..item.clone()
        };
        said(self) == said(other)
    }

    /// Marks what was told of the episodes, unless they have been merged meanwhile. The end counts after the opening
    /// alone.
    pub fn mark_told(&mut self, told: &[(EpisodeId, Notice)]) {
        let was_told = |episode: &RecordedEpisode, notice| told.contains(&(episode.id, notice));
        for episode in &mut self.episodes {
            if episode.mark == Mark::Unpublished && was_told(episode, Notice::Opened) {
                episode.mark = Mark::Published;
            }
            if episode.mark == Mark::Published && was_told(episode, Notice::Closed) {
                episode.mark = Mark::Closed;
            }
        }
    }

    pub fn has_unpublished(&self) -> bool {
        self.episodes.iter().any(|e| e.mark == Mark::Unpublished)
    }

    /// Whether it is small enough to wait for the end of its children's episodes.
    pub(crate) fn is_patient(&self) -> bool {
        self.state.len() + children::bytes(&self.children) <= WAITING_BYTES_MAX
    }

    /// The episodes of which something is still to be told.
    pub fn unclosed(&self) -> impl Iterator<Item = &RecordedEpisode> {
        self.episodes.iter().filter(|e| e.is_unclosed())
    }

    /// Bytes it takes in a store, names of attributes included.
    pub fn bytes(&self) -> usize {
        const FIXED: usize = 256;
        let episodes = self.episodes.len() * size_of::<RecordedEpisode>();
        FIXED + self.state.len() + episodes + children::bytes(&self.children)
    }
}

/// An item that has been forgotten and begins again goes on from a higher version, or else a write from before could
/// mistake the new one for the old: it begins at a time that is later than all that the old one knew.
pub(crate) fn next_version(read: Option<u64>, latest: i64) -> u64 {
    match read {
        Some(version) => version + 1,
        None => u64::try_from(latest).unwrap_or(0) + 1,
    }
}

#[cfg(test)]
mod tests {
    use detector_window::interval::Interval;
    use detector_window::key::Key;

    use super::*;

    /// What is in stores must go on meaning the same.
    #[test]
    fn marks_keep_their_encoding() {
        let merged = EpisodeId::first_known_as("rule", Key::from_u128(1), 2);
        let marks = [
            Mark::Unpublished,
            Mark::Published,
            Mark::MergedInto(merged),
            Mark::Closed,
        ];
        for (number, mark) in (0..).zip(marks) {
            let encoded = postcard::to_allocvec(&mark).unwrap();
            assert_eq!(encoded[0], number);
            assert_eq!(postcard::from_bytes::<Mark>(&encoded), Ok(mark));
        }
    }

    #[test]
    fn an_end_is_marked_after_the_opening_alone() {
        let id = EpisodeId::first_known_as("rule", Key::from_u128(1), 2);
        let mut item = Item {
            version: 1,
            state: vec![],
            episodes: vec![RecordedEpisode {
                id,
                span: Interval::new(2, 3),
                mark: Mark::Unpublished,
            }],
            children: vec![],
            judged_to: 0,
            settled_to: 0,
            due: None,
            latest: 0,
            expires_at: None,
            writer: Writer::NOBODY,
        };
        item.mark_told(&[(id, Notice::Closed)]);
        assert_eq!(item.episodes[0].mark, Mark::Unpublished);
        item.mark_told(&[(id, Notice::Closed), (id, Notice::Opened)]);
        assert_eq!(item.episodes[0].mark, Mark::Closed);
    }
}
