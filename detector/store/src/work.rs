//! What waits to be done to each group, and from where in the batch it comes.

use std::collections::BTreeMap;

use crate::children::ChildEpisode;
use detector_rule::CorrelationIx;
use detector_window::key::Key;

/// A group of a rule.
pub(crate) type GroupRef = (CorrelationIx, Key);

/// What a batch found, by rule and group.
///
/// A record's place in its batch is its position: a batch whose records are folded in several runs can be retried from
/// the lowest run that failed.
#[derive(Debug, Default)]
pub struct Deltas(pub(crate) BTreeMap<GroupRef, Work>);

/// What is to be brought into one group.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) states: Vec<Vec<u8>>,
    /// The lowest position that contributed.
    pub(crate) position: u64,
    pub(crate) latest: i64,
    /// What is to be told of the episodes of child correlations.
    pub(crate) children: Vec<ChildEpisode>,
}

impl Work {
    /// Nothing but to look at the group.
    pub(crate) fn none() -> Self {
        Self {
            states: Vec::new(),
            position: u64::MAX,
            latest: i64::MIN,
            children: Vec::new(),
        }
    }

    /// Bytes of its states.
    pub(crate) fn bytes(&self) -> usize {
        self.states.iter().map(Vec::len).sum()
    }

    pub(crate) fn add(&mut self, more: Work) {
        self.states.extend(more.states);
        self.position = self.position.min(more.position);
        self.latest = self.latest.max(more.latest);
        self.children.extend(more.children);
    }
}

impl Deltas {
    /// Takes a drained state; `position` is the lowest of the records it was folded from, `latest` no earlier than any
    /// of their arrivals and event times.
    pub fn add(
        &mut self,
        (rule, group): (CorrelationIx, Key),
        state: &[u8],
        position: u64,
        latest: i64,
    ) {
        let work = self.0.entry((rule, group)).or_insert_with(Work::none);
        work.add(Work {
            states: vec![state.to_vec()],
            position,
            latest,
            children: Vec::new(),
        });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
