//! The groups of one correlation rule, whatever its window type.

use std::any::Any;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::window::episode::Episode;
use crate::window::interval::{Interval, Intervals};
use crate::window::key::Key;
use crate::window::kind::{ChildView, Occurrence, OccurrenceValue, WindowType};
use crate::window::ledger::{Counted, Ledger, slice_ms};

/// The group-by values of one hit: the key tells groups apart, the texts are made only for a new group.
pub struct GroupValues<'h> {
    pub key: Key,
    pub texts: &'h dyn Fn() -> Vec<Box<str>>,
}

/// The groups of a rule, with its window type out of sight.
pub trait RuleWindows: std::fmt::Debug + Send {
    /// Takes one hit.
    fn observe(&mut self, group: &GroupValues<'_>, hit: &Occurrence, event_id: &str);

    /// Whether further hits can only make the condition hold at more moments, so that it is judged at once.
    fn is_monotone(&self) -> bool;

    /// How this rule wants to see its child correlations.
    fn child_view(&self) -> ChildView;

    /// Takes an episode of a child correlation: `occurrences` are what the window type sees of it.
    fn observe_child(
        &mut self,
        group: &GroupValues<'_>,
        occurrences: &[Occurrence],
        episode: &Arc<Episode>,
    );

    /// Unites the groups of the same rule from elsewhere.
    fn merge(&mut self, other: Box<dyn RuleWindows>);

    /// Takes the state of every group away, encoded, in the order of keys.
    fn drain_encoded(&mut self, sink: &mut dyn FnMut(Key, &[u8]));

    /// Unites a group's encoded state into that of the group.
    ///
    /// # Errors
    /// The bytes are not a state of this rule's window type.
    fn merge_encoded(&mut self, group: Key, state: &[u8]) -> Result<(), StateError>;

    /// Unites encoded states of one group, apart from those held here. The outcome depends on what they hold alone,
    /// not on their order, number or repetition.
    ///
    /// # Errors
    /// One of them is not a state of this rule's window type.
    fn unite(&self, group: Key, states: &[&[u8]]) -> Result<United, StateError>;

    /// Evaluates one group and forgets it.
    fn drain_group(&mut self, group: Key, sink: &mut dyn FnMut(Episode));

    /// Evaluates every group and forgets it; episodes come in the order of group keys.
    fn drain_episodes(&mut self, sink: &mut dyn FnMut(Episode));

    /// Bytes of all groups, as of their last change.
    fn bytes(&self) -> usize;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// The united state of a group, and its episodes as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct United {
    pub state: Vec<u8>,
    pub episodes: Vec<Episode>,
}

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    #[error("state is empty")]
    Empty,
    #[error(
        "state has version {0}, this program reads up to {STATE_VERSION}: run the newer program"
    )]
    Version(u8),
    #[error("state is damaged: {0}")]
    Damaged(#[from] postcard::Error),
}

/// The first byte of every encoded state. A change of layout takes the next number and goes on reading those before.
const STATE_VERSION: u8 = 1;

/// The state of one group.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
struct Group<W: WindowType> {
    values: Vec<Box<str>>,
    state: W::State,
    ledger: Ledger<W::Value>,
    /// Episodes of child correlations, with the value each shows; derived anew at each evaluation.
    #[serde(skip)]
    children: Vec<(Arc<Episode>, Option<Key>)>,
}

/// All groups of one correlation rule.
#[derive(Debug)]
pub struct Groups<W: WindowType> {
    window: W,
    times: GroupTimes,
    groups: HashMap<Key, Group<W>, foldhash::fast::FixedState>,
    bytes: usize,
}

/// The timespan of a rule and the quiet period that joins holding intervals to episodes, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct GroupTimes {
    pub timespan_ms: i64,
    pub quiet_ms: i64,
}

/// What a group costs beside its state: its place in the map.
const fn place_bytes<W: WindowType>() -> usize {
    size_of::<(Key, Group<W>)>() + 1
}

impl<W: WindowType> Group<W> {
    fn new(values: Vec<Box<str>>) -> Self {
        Self {
            values,
            state: W::State::default(),
            ledger: Ledger::default(),
            children: Vec::new(),
        }
    }

    fn bytes(&self, window: &W) -> usize {
        let values: usize = self
            .values
            .iter()
            .map(|v| v.len() + size_of::<Box<str>>())
            .sum();
        place_bytes::<W>() + values + window.bytes(&self.state) + self.ledger.bytes()
    }

    fn merge(&mut self, other: &Group<W>, window: &W, slice_ms: i64) {
        window.merge(&mut self.state, &other.state);
        self.ledger.merge(&other.ledger, slice_ms);
    }

    /// The canonical state, encoded: its version, then its fields.
    fn encode(&mut self, window: &W, slice_ms: i64) -> Vec<u8> {
        window.holding(&mut self.state);
        self.ledger.settle(slice_ms);
        postcard::to_extend(self, vec![STATE_VERSION])
            .expect("a group has nothing that cannot be encoded")
    }

    fn decode(state: &[u8]) -> Result<Self, StateError> {
        match state.split_first() {
            None => Err(StateError::Empty),
            Some((&STATE_VERSION, fields)) => Ok(postcard::from_bytes(fields)?),
            Some((&version, _)) => Err(StateError::Version(version)),
        }
    }

    fn episodes(&mut self, key: Key, times: GroupTimes, window: &W, sink: &mut dyn FnMut(Episode)) {
        let holding = window.holding(&mut self.state);
        if holding.is_empty() {
            return;
        }
        self.ledger.settle(slice_ms(times.timespan_ms));
        for span in holding.joined_within(times.quiet_ms) {
            sink(self.episode(key, span, &holding, times.timespan_ms));
        }
    }

    fn episode(
        &self,
        group: Key,
        span: Interval,
        holding: &Intervals,
        timespan_ms: i64,
    ) -> Episode {
        let (after, before) = (span.start - timespan_ms, span.end);
        let overlaps = |child: &Episode| child.opened_at() < before && child.held_until() > after;
        let children: Vec<_> = self
            .children
            .iter()
            .filter(|(child, _)| overlaps(child))
            .collect();
        let values: Vec<Key> = children.iter().filter_map(|(_, value)| *value).collect();
        let summary = self.ledger.summary(after, before, &values);
        let (first_event, last_event) = summary.times.unwrap_or((i64::MAX, i64::MIN));
        let within = |i: &&Interval| span.start <= i.start && i.end <= span.end;
        let mut episode = Episode {
            group,
            values: self.values.clone(),
            holding: holding.as_slice().iter().filter(within).copied().collect(),
            count: summary.count,
            distinct: W::Value::COUNTED.then_some(summary.distinct),
            first_event,
            last_event,
            evidence: summary.evidence,
        };
        for (child, _) in children {
            episode.include(child);
        }
        episode
    }
}

impl<W: WindowType> Groups<W> {
    pub fn new(window: W, times: GroupTimes) -> Self {
        Self {
            window,
            times,
            groups: HashMap::default(),
            bytes: 0,
        }
    }

    fn sorted(&mut self) -> Vec<(Key, Group<W>)> {
        self.bytes = 0;
        let mut groups: Vec<_> = self.groups.drain().collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    /// Changes one group and keeps the account of bytes.
    fn change(&mut self, group: &GroupValues<'_>, change: impl FnOnce(&mut Group<W>, &W)) {
        let entry = self.groups.entry(group.key);
        let (before, state) = match entry {
            hashbrown::hash_map::Entry::Occupied(entry) => {
                let state = entry.into_mut();
                (state.bytes(&self.window), state)
            }
            hashbrown::hash_map::Entry::Vacant(entry) => {
                (0, entry.insert(Group::new((group.texts)())))
            }
        };
        change(state, &self.window);
        self.bytes = self.bytes + state.bytes(&self.window) - before;
    }
}

impl<W: WindowType> RuleWindows for Groups<W> {
    fn observe(&mut self, group: &GroupValues<'_>, hit: &Occurrence, event_id: &str) {
        let slice = slice_ms(self.times.timespan_ms);
        self.change(group, |state, window| {
            window.observe(&mut state.state, hit);
            state
                .ledger
                .add(hit.start, (hit.id, event_id), window.counted(hit), slice);
        });
    }

    fn is_monotone(&self) -> bool {
        self.window.is_monotone()
    }

    fn child_view(&self) -> ChildView {
        W::CHILD_VIEW
    }

    fn observe_child(
        &mut self,
        group: &GroupValues<'_>,
        occurrences: &[Occurrence],
        episode: &Arc<Episode>,
    ) {
        self.change(group, |state, window| {
            for occurrence in occurrences {
                window.observe(&mut state.state, occurrence);
            }
            let value = occurrences
                .iter()
                .find_map(|occurrence| match occurrence.value {
                    OccurrenceValue::Key(value) => Some(value),
                    _ => None,
                });
            state.children.push((Arc::clone(episode), value));
        });
    }

    fn merge(&mut self, other: Box<dyn RuleWindows>) {
        let other = other
            .into_any()
            .downcast::<Self>()
            .expect("both are the groups of one rule");
        let slice = slice_ms(self.times.timespan_ms);
        for (key, theirs) in { *other }.sorted() {
            let texts = || theirs.values.clone();
            self.change(&GroupValues { key, texts: &texts }, |state, window| {
                state.merge(&theirs, window, slice)
            });
        }
    }

    fn drain_encoded(&mut self, sink: &mut dyn FnMut(Key, &[u8])) {
        let slice = slice_ms(self.times.timespan_ms);
        for (key, mut group) in self.sorted() {
            sink(key, &group.encode(&self.window, slice));
        }
    }

    fn merge_encoded(&mut self, key: Key, state: &[u8]) -> Result<(), StateError> {
        let theirs = Group::<W>::decode(state)?;
        let slice = slice_ms(self.times.timespan_ms);
        let texts = || theirs.values.clone();
        self.change(&GroupValues { key, texts: &texts }, |state, window| {
            state.merge(&theirs, window, slice)
        });
        Ok(())
    }

    fn unite(&self, key: Key, states: &[&[u8]]) -> Result<United, StateError> {
        let slice = slice_ms(self.times.timespan_ms);
        let (first, rest) = states.split_first().ok_or(StateError::Empty)?;
        let mut group = Group::<W>::decode(first)?;
        for state in rest {
            group.merge(&Group::decode(state)?, &self.window, slice);
        }
        let state = group.encode(&self.window, slice);
        let mut episodes = Vec::new();
        group.episodes(key, self.times, &self.window, &mut |episode| {
            episodes.push(episode)
        });
        Ok(United { state, episodes })
    }

    fn drain_group(&mut self, key: Key, sink: &mut dyn FnMut(Episode)) {
        if let Some(mut group) = self.groups.remove(&key) {
            self.bytes -= group.bytes(&self.window);
            group.episodes(key, self.times, &self.window, sink);
        }
    }

    fn drain_episodes(&mut self, sink: &mut dyn FnMut(Episode)) {
        for (key, mut group) in self.sorted() {
            group.episodes(key, self.times, &self.window, sink);
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
