//! The state of one group.

pub mod episode;
pub mod group_values; // their texts
pub mod version; // of encoded state
pub(crate) mod version_1; // state as it was
pub(crate) mod body; // what is kept of many hits
pub(crate) mod parents; // who sees a child's episode
pub mod groups; // the groups of one rule
pub(crate) mod names; // that are one in any case
pub(crate) mod hit; // group and value of a matched event

use std::ops::AddAssign;

use serde::de::Error;

use crate::group::body::{Body, GroupTimes};
use crate::group::episode::{Episode, ToldChild};
use crate::group::group_values::GroupTexts;
use crate::group::version::{STATE_VERSION, StateError};
use crate::kind::{Detail, Occurrence, WindowType};
use crate::ledger::shown::EventTexts;
use crate::ledger::{Counted, EncodedShown, HitValues};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;

/// The united state of a group, and its episodes as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct United {
    pub state: Vec<u8>,
    /// The moments before this are forgotten.
    pub forgotten_to: Option<i64>,
    /// The group-by values.
    pub values: Vec<Box<str>>,
    pub episodes: Vec<Episode>,
}

/// What is doubtful of the episodes of some groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Groups that saw more than they keep one by one, so that their moments are estimates.
    pub thinned: u64,
    /// Hits that could not be judged for want of what came before them.
    pub unjudged: u64,
}

impl AddAssign for Doubts {
    fn add_assign(&mut self, other: Self) {
        self.thinned += other.thinned;
        self.unjudged += other.unjudged;
    }
}

type Encoded<W> = (
    GroupTexts,
    Option<Box<Body<W>>>,
    Option<EncodedShown<<W as WindowType>::Value>>,
);

/// Hits that a group holds as they came before it has a body: most groups never see more.
const BODILESS_HITS_MAX: usize = 16;

/// The state of one group.
#[derive(Debug, Clone)]
pub struct Group<W: WindowType> {
    texts: GroupTexts,
    /// Hits that are not in the body yet.
    waiting: Vec<WaitingHit<W::Detail>>,
    /// What they show.
    shown: Option<Box<HitValues<W::Value>>>,
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
        Occurrence::hit(input, self.time, self.id, value)
    }
}

impl<W: WindowType> Group<W> {
    pub(crate) fn new(texts: GroupTexts) -> Self {
        Self {
            texts,
            waiting: Vec::new(),
            shown: None,
            body: None,
        }
    }

    pub(crate) fn texts(&self) -> &GroupTexts {
        &self.texts
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self, window: &W) -> usize {
        let body = self.body.as_ref().map_or(0, |body| {
            size_of::<Body<W>>() + window.bytes(&body.state) + body.ledger.bytes()
        });
        let shown = self.shown.as_ref().map_or(0, |shown| shown.bytes());
        let waiting = self.waiting.capacity() * size_of::<WaitingHit<W::Detail>>();
        self.texts.bytes() + waiting + shown + body
    }

    /// Takes a hit.
    pub(crate) fn observe(
        &mut self,
        hit: &Occurrence,
        texts: EventTexts<'_>,
        window: &W,
        times: GroupTimes,
    ) {
        // The text of an id is kept by the body alone; a UUID's key is its text.
        if !hit.id.is_uuid() || !self.can_wait() {
            let body = self.body(window, times);
            return body.observe(hit, Some(texts), (window, times));
        }
        let detail = W::Detail::pack(hit.input, hit.value);
        self.waiting.push(WaitingHit {
            time: hit.start,
            id: hit.id,
            detail,
        });
        if !texts.shown.is_empty() {
            let shown = self.shown.get_or_insert_default();
            shown.add(hit.start, window.counted(hit), texts.shown);
        }
    }

    fn can_wait(&self) -> bool {
        self.body.is_none() && self.waiting.len() < BODILESS_HITS_MAX
    }

    /// Takes an episode of a child correlation: `occurrences` are what the window type sees of it.
    pub(crate) fn observe_child(
        &mut self,
        occurrences: &[Occurrence],
        child: ToldChild,
        window: &W,
        times: GroupTimes,
    ) {
        let body = self.body(window, times);
        for occurrence in occurrences {
            window.observe(&mut body.state, occurrence);
        }
        body.children.push(child);
    }

    /// Takes episodes of child correlations for what is told of the group's own; they decide nothing.
    pub(crate) fn tell(&mut self, children: Vec<ToldChild>, window: &W, times: GroupTimes) {
        if !children.is_empty() {
            self.body(window, times).children.extend(children);
        }
    }

    /// The body, with the waiting hits in it.
    fn body(&mut self, window: &W, times: GroupTimes) -> &mut Body<W> {
        let body = self.body.get_or_insert_with(|| Box::new(Body::new()));
        for hit in std::mem::take(&mut self.waiting) {
            body.observe(&hit.occurrence(), None, (window, times));
        }
        if let Some(shown) = self.shown.take() {
            body.ledger.show(*shown);
        }
        body
    }

    /// Unites the hits of `other` into this group.
    pub(crate) fn merge(&mut self, other: Group<W>, window: &W, times: GroupTimes) {
        for hit in other.waiting {
            match self.can_wait() {
                true => self.waiting.push(hit),
                false => self
                    .body(window, times)
                    .observe(&hit.occurrence(), None, (window, times)),
            }
        }
        if let Some(theirs) = other.shown {
            match &mut self.body {
                Some(body) => body.ledger.show(*theirs),
                None => self.shown.get_or_insert_default().append(*theirs),
            }
        }
        if let Some(mut theirs) = other.body {
            self.body(window, times).merge(&mut theirs, window, times);
        }
    }

    /// The canonical state, encoded: its version, then its fields, then what they show.
    pub(crate) fn encode(&mut self, window: &W, times: GroupTimes) -> Vec<u8> {
        self.body(window, times).settle(window, times);
        let body = self.body.as_deref();
        let shown = body.map(|body| body.ledger.encoded_shown());
        let fields = (&self.texts, body, shown);
        postcard::to_extend(&fields, vec![STATE_VERSION])
            .expect("a group has nothing that cannot be encoded")
    }

    pub(crate) fn decode(state: &[u8], window: &W, times: GroupTimes) -> Result<Self, StateError> {
        let (texts, body) = match state.split_first().ok_or(StateError::Empty)? {
            (&STATE_VERSION, fields) => {
                let (texts, mut body, shown): Encoded<W> = postcard::from_bytes(fields)?;
                if let (Some(body), Some(shown)) = (&mut body, shown)
                    && !body.ledger.take_shown(shown)
                {
                    return Err(postcard::Error::custom("values of no stretch").into());
                }
                (texts, body)
            }
            (2, fields) => postcard::from_bytes(fields)?,
            (1, fields) => {
                let (texts, body) = version_1::decode(fields, window, times.timespan_ms)?;
                let body = body.map(|kept| Box::new(Body::of(kept, window, times)));
                (texts, body)
            }
            (&version, _) => return Err(StateError::Version(version)),
        };
        Ok(Self {
            texts,
            waiting: Vec::new(),
            shown: None,
            body,
        })
    }

    /// Forgets what no event from `watermark` on can change, nor join to what it makes hold.
    pub(crate) fn forget(&mut self, watermark: i64, window: &W, times: GroupTimes) {
        let end = watermark.saturating_sub(times.quiet_ms).saturating_sub(1);
        self.body(window, times).forget(end, window, times);
    }

    /// Gives up what it absorbed, but for what is past.
    pub(crate) fn give_up_absorbed(&mut self, window: &W) {
        if let Some(body) = &mut self.body {
            let past = body.past.map(|past| past.end);
            window.give_up_absorbed(&mut body.state, past);
        }
    }

    /// What is doubtful of its episodes; to be asked when they are known.
    pub(crate) fn doubts(&self, window: &W) -> Doubts {
        let body = self.body.as_deref();
        body.map_or(Doubts::default(), |body| Doubts {
            thinned: u64::from(window.is_thinned(&body.state)),
            unjudged: window.unjudged(&body.state),
        })
    }

    /// As [`WindowType::closeness`].
    pub(crate) fn closeness(&mut self, window: &W) -> f64 {
        if let Some(body) = &mut self.body {
            return window.closeness(&mut body.state);
        }
        // A body is larger than the waiting hits: the group does not get one for being looked at.
        let mut state = W::State::default();
        for hit in &self.waiting {
            window.observe(&mut state, &hit.occurrence());
        }
        window.closeness(&mut state)
    }

    pub(crate) fn forgotten_to(&self) -> Option<i64> {
        self.body.as_ref()?.past.map(|past| past.end)
    }

    pub(crate) fn episodes(
        &mut self,
        key: Key,
        times: GroupTimes,
        window: &W,
        sink: &mut dyn FnMut(Episode),
    ) {
        let body = self.body(window, times);
        let holding = body.settle(window, times);
        let spans = body.spans(&holding, times);
        for span in spans {
            sink(self.episode(key, span, &holding, (window, times)));
        }
    }

    fn episode(
        &self,
        group: Key,
        span: Interval,
        holding: &Intervals,
        (window, times): (&W, GroupTimes),
    ) -> Episode {
        let (after, before) = (span.start - times.timespan_ms, span.end);
        let body = self.body.as_deref().expect("made before its episodes");
        let mut children: Vec<&ToldChild> = body
            .children
            .iter()
            .filter(|child| child.episode.bears_on((after, before), W::CHILD_VIEW))
            .collect();
        let values: Vec<Key> = children.iter().filter_map(|child| child.value).collect();
        let is_told = |time, value| window.tells(&body.state, time, value);
        let ledger = &body.ledger;
        let summary = ledger.summary((after, before), &values, is_told);
        let (first_event, last_event) = summary.times.unwrap_or((i64::MAX, i64::MIN));
        // Cut out by search: an episode must not cost a look at the intervals of all others.
        let starts_before = |t: i64| holding.as_slice().partition_point(|i| i.start < t);
        let own = &holding.as_slice()[starts_before(span.start)..starts_before(span.end)];
        let mut episode = Episode {
            group,
            values: self.texts.iter().map(Into::into).collect(),
            opened_at: span.start,
            holding: own.to_vec(),
            count: summary.count,
            distinct: W::Value::COUNTED.then_some(summary.distinct),
            first_event,
            last_event,
            evidence: summary.evidence,
            shown: summary.shown,
        };
        children.sort_by_key(|child| (child.episode.opened_at, &child.episode.evidence));
        for child in children {
            episode.include(child);
        }
        episode
    }
}
