//! The state of one group.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::window::episode::Episode;
use crate::window::group_values::GroupTexts;
use crate::window::interval::{Interval, Intervals};
use crate::window::key::Key;
use crate::window::kind::{Detail, Occurrence, OccurrenceValue, WindowType};
use crate::window::ledger::{Counted, Ledger, slice_ms};

/// The timespan of a rule and the quiet period that joins holding intervals to episodes, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct GroupTimes {
    pub timespan_ms: i64,
    pub quiet_ms: i64,
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

/// Hits that a group holds as they came before it has a body: most groups never see more.
const BODILESS_HITS_MAX: usize = 16;

/// The state of one group.
#[derive(Debug, Clone)]
pub struct Group<W: WindowType> {
    texts: GroupTexts,
    /// Hits that are not in the body yet.
    waiting: Vec<WaitingHit<W::Detail>>,
    body: Option<Box<Body<W>>>,
}

#[derive(Debug, Clone, Copy)]
struct WaitingHit<D> {
    time: i64,
    id: Key,
    detail: D,
}

impl<D: Detail> WaitingHit<D> {
    fn occurrence(self) -> Occurrence {
        let (input, value) = self.detail.unpack();
        Occurrence {
            input,
            start: self.time,
            until: self.time,
            id: self.id,
            value,
        }
    }
}

/// What is kept of the hits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
struct Body<W: WindowType> {
    state: W::State,
    ledger: Ledger<W::Value>,
    /// Episodes of child correlations, with the value each shows; derived anew at each evaluation.
    #[serde(skip)]
    children: Vec<(Arc<Episode>, Option<Key>)>,
}

impl<W: WindowType> Body<W> {
    fn new() -> Self {
        Self {
            state: W::State::default(),
            ledger: Ledger::default(),
            children: Vec::new(),
        }
    }

    fn observe(&mut self, hit: &Occurrence, event_id: Option<&str>, window: &W, slice_ms: i64) {
        window.observe(&mut self.state, hit);
        self.ledger
            .add(hit.start, (hit.id, event_id), window.counted(hit), slice_ms);
    }
}

impl<W: WindowType> Group<W> {
    pub(super) fn new(texts: GroupTexts) -> Self {
        Self {
            texts,
            waiting: Vec::new(),
            body: None,
        }
    }

    pub(super) fn texts(&self) -> &GroupTexts {
        &self.texts
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self, window: &W) -> usize {
        let body = self.body.as_ref().map_or(0, |body| {
            size_of::<Body<W>>() + window.bytes(&body.state) + body.ledger.bytes()
        });
        self.texts.bytes() + self.waiting.capacity() * size_of::<WaitingHit<W::Detail>>() + body
    }

    /// Takes a hit.
    pub(super) fn observe(&mut self, hit: &Occurrence, event_id: &str, window: &W, slice_ms: i64) {
        // The text of an id is kept by the body alone; a UUID's key is its text.
        if !hit.id.is_uuid() || !self.can_wait() {
            let body = self.body(window, slice_ms);
            return body.observe(hit, Some(event_id), window, slice_ms);
        }
        let detail = W::Detail::pack(hit.input, hit.value);
        self.waiting.push(WaitingHit {
            time: hit.start,
            id: hit.id,
            detail,
        });
    }

    fn can_wait(&self) -> bool {
        self.body.is_none() && self.waiting.len() < BODILESS_HITS_MAX
    }

    /// Takes an episode of a child correlation: `occurrences` are what the window type sees of it.
    pub(super) fn observe_child(
        &mut self,
        occurrences: &[Occurrence],
        episode: &Arc<Episode>,
        window: &W,
        slice_ms: i64,
    ) {
        let body = self.body(window, slice_ms);
        for occurrence in occurrences {
            window.observe(&mut body.state, occurrence);
        }
        let value = occurrences
            .iter()
            .find_map(|occurrence| match occurrence.value {
                OccurrenceValue::Key(value) => Some(value),
                _ => None,
            });
        body.children.push((Arc::clone(episode), value));
    }

    /// The body, with the waiting hits in it.
    fn body(&mut self, window: &W, slice_ms: i64) -> &mut Body<W> {
        let body = self.body.get_or_insert_with(|| Box::new(Body::new()));
        for hit in std::mem::take(&mut self.waiting) {
            body.observe(&hit.occurrence(), None, window, slice_ms);
        }
        body
    }

    /// Unites the hits of `other` into this group.
    pub(super) fn merge(&mut self, other: Group<W>, window: &W, slice_ms: i64) {
        for hit in other.waiting {
            match self.can_wait() {
                true => self.waiting.push(hit),
                false => {
                    self.body(window, slice_ms)
                        .observe(&hit.occurrence(), None, window, slice_ms)
                }
            }
        }
        if let Some(theirs) = other.body {
            let body = self.body(window, slice_ms);
            window.merge(&mut body.state, &theirs.state);
            body.ledger.merge(&theirs.ledger, slice_ms);
        }
    }

    /// The canonical state, encoded: its version, then its fields.
    pub(super) fn encode(&mut self, window: &W, slice_ms: i64) -> Vec<u8> {
        let body = self.body(window, slice_ms);
        window.holding(&mut body.state);
        body.ledger.settle(slice_ms);
        let fields = (&self.texts, self.body.as_deref());
        postcard::to_extend(&fields, vec![STATE_VERSION])
            .expect("a group has nothing that cannot be encoded")
    }

    pub(super) fn decode(state: &[u8]) -> Result<Self, StateError> {
        match state.split_first() {
            None => Err(StateError::Empty),
            Some((&STATE_VERSION, fields)) => {
                let (texts, body) = postcard::from_bytes(fields)?;
                Ok(Self {
                    texts,
                    waiting: Vec::new(),
                    body,
                })
            }
            Some((&version, _)) => Err(StateError::Version(version)),
        }
    }

    pub(super) fn episodes(
        &mut self,
        key: Key,
        times: GroupTimes,
        window: &W,
        sink: &mut dyn FnMut(Episode),
    ) {
        let slice_ms = slice_ms(times.timespan_ms);
        let body = self.body(window, slice_ms);
        let holding = window.holding(&mut body.state);
        body.ledger.settle(slice_ms);
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
        let body = self.body.as_deref().expect("made before its episodes");
        let mut children: Vec<_> = body
            .children
            .iter()
            .filter(|(child, _)| overlaps(child))
            .collect();
        let values: Vec<Key> = children.iter().filter_map(|(_, value)| *value).collect();
        let summary = body.ledger.summary(after, before, &values);
        let (first_event, last_event) = summary.times.unwrap_or((i64::MAX, i64::MIN));
        // Cut out by search: an episode must not cost a look at the intervals of all others.
        let starts_before = |t: i64| holding.as_slice().partition_point(|i| i.start < t);
        let own = &holding.as_slice()[starts_before(span.start)..starts_before(span.end)];
        let mut episode = Episode {
            group,
            values: self.texts.iter().map(Into::into).collect(),
            holding: own.to_vec(),
            count: summary.count,
            distinct: W::Value::COUNTED.then_some(summary.distinct),
            first_event,
            last_event,
            evidence: summary.evidence,
        };
        children.sort_by_key(|(child, _)| (child.opened_at(), &child.evidence));
        for (child, _) in children {
            episode.include(child);
        }
        episode
    }
}
