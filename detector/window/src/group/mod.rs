//! The state of one group.

pub mod episode;
pub mod group_values; // their texts
pub mod version; // of encoded state
pub(crate) mod version_1; // state as it was
pub(crate) mod few; // the hits of a group that has seen few
pub(crate) mod body; // what is kept of many hits
pub mod rule_windows; // the groups of one rule, whatever its type
pub(crate) mod parents; // who sees a child's episode
pub mod groups; // what keeps them
pub(crate) mod names; // that are one in any case
pub(crate) mod point; // on the earth
pub(crate) mod hit; // group and value of a matched event
pub(crate) mod feed; // the same where several correlations ask

use std::ops::AddAssign;

use serde::de::Error;

use crate::group::body::{Body, GroupTimes};
use crate::group::episode::{Episode, ToldChild};
use crate::group::few::Few;
use crate::group::group_values::GroupTexts;
use crate::group::version::{STATE_VERSION, StateError};
use crate::kind::{Detail, Occurrence, WindowType};
use crate::ledger::shown::EventTexts;
use crate::ledger::{Counted, EncodedShown};
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

/// The state of one group.
#[derive(Debug, Clone)]
pub(crate) enum Group<W: WindowType> {
    Few(Few<W::Detail>),
    Many(Box<Many<W>>),
}

/// A group that has seen more than a few hits, whose state was asked for, or that has children.
#[derive(Debug, Clone)]
pub(crate) struct Many<W: WindowType> {
    texts: GroupTexts,
    body: Body<W>,
}

impl<W: WindowType> Group<W> {
    pub(crate) fn new(write_texts: &dyn Fn(&mut Vec<u8>)) -> Self {
        Self::Few(Few::new(write_texts))
    }

    pub(crate) fn texts(&self) -> GroupTexts {
        match self {
            Self::Few(few) => few.texts(),
            Self::Many(many) => many.texts.clone(),
        }
    }

    /// The window as it judges this group.
    pub(crate) fn window<'w>(&self, window: &'w W) -> &'w W {
        window.of_group(|| match self {
            Self::Few(few) => few.text_bytes(),
            Self::Many(many) => many.texts.as_bytes(),
        })
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self, window: &W) -> usize {
        match self {
            Self::Few(few) => few.heap_bytes(),
            Self::Many(many) => {
                let Many { texts, body } = &**many;
                let body = window.bytes(&body.state) + body.ledger.bytes();
                size_of::<Many<W>>() + texts.bytes() + body
            }
        }
    }

    /// Takes a hit.
    pub(crate) fn observe(
        &mut self,
        hit: &Occurrence,
        texts: EventTexts<'_>,
        window: &W,
        times: GroupTimes,
    ) {
        match self {
            // The text of an id is kept by the body alone; a UUID's key is its text.
            Self::Few(few) if hit.id.is_uuid() && few.has_room(texts.shown.len()) => {
                few.push(hit, texts.shown);
            }
            _ => {
                let body = self.body(window, times);
                body.observe(hit, Some(texts), (window, times));
            }
        }
    }

    /// Whether its condition can hold.
    pub(crate) fn can_hold(&self, window: &W) -> bool {
        match self {
            Self::Few(few) => window.hits_min() <= u64::from(few.len()),
            Self::Many(_) => true,
        }
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

    /// The body, with all hits in it.
    fn body(&mut self, window: &W, times: GroupTimes) -> &mut Body<W> {
        if let Self::Few(few) = self {
            let mut body = Body::new();
            each(few, &mut |hit, told| {
                body.observe(hit, Some(told), (window, times));
            });
            let texts = few.texts();
            *self = Self::Many(Box::new(Many { texts, body }));
        }
        match self {
            Self::Many(many) => &mut many.body,
            Self::Few(_) => unreachable!("made into many"),
        }
    }

    /// The times of the first and the last hit that are kept; `None` where there are none.
    pub(crate) fn times(&mut self, window: &W, times: GroupTimes) -> Option<(i64, i64)> {
        self.body(window, times).ledger.times()
    }

    /// Unites the hits of `other` into this group.
    pub(crate) fn merge(&mut self, other: Group<W>, window: &W, times: GroupTimes) {
        match other {
            Self::Few(few) => each(&few, &mut |hit, told| {
                self.observe(hit, told, window, times)
            }),
            Self::Many(mut many) => {
                let body = self.body(window, times);
                body.merge(&mut many.body, window, times);
            }
        }
    }

    /// What encoded states of one group are together.
    pub(crate) fn united(
        states: &[&[u8]],
        window: &W,
        times: GroupTimes,
    ) -> Result<Self, StateError> {
        let decoded = states
            .iter()
            .map(|state| Self::decode(state, window, times));
        let mut groups = decoded.collect::<Result<Vec<_>, _>>()?;
        // Pair by pair: what is large is not gone through for each that is small.
        while groups.len() > 1 {
            let mut pairs = Vec::with_capacity(groups.len().div_ceil(2));
            let mut left = groups.into_iter();
            while let Some(mut group) = left.next() {
                if let Some(other) = left.next() {
                    group.merge(other, group.window(window), times);
                }
                pairs.push(group);
            }
            groups = pairs;
        }
        groups.pop().ok_or(StateError::Empty)
    }

    /// The canonical state, encoded: its version, then its fields, then what they show.
    pub(crate) fn encode(&mut self, window: &W, times: GroupTimes) -> Vec<u8> {
        self.body(window, times).settle(window, times);
        let Self::Many(many) = self else {
            unreachable!("made by asking for its body")
        };
        let Many { texts, body } = &**many;
        let shown = Some(body.ledger.encoded_shown());
        postcard::to_extend(&(texts, Some(body), shown), vec![STATE_VERSION])
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
        Ok(match body {
            Some(body) => Self::Many(Box::new(Many { texts, body: *body })),
            None => Self::new(&|bytes| bytes.extend_from_slice(texts.as_bytes())),
        })
    }

    /// Forgets what no event from `watermark` on can change, nor join to what it makes hold.
    pub(crate) fn forget(&mut self, watermark: i64, window: &W, times: GroupTimes) {
        let end = watermark.saturating_sub(times.quiet_ms).saturating_sub(1);
        self.body(window, times).forget(end, window, times);
    }

    /// Gives up what it absorbed, but for what is past.
    pub(crate) fn give_up_absorbed(&mut self, window: &W) {
        // Few hits are as they came.
        if let Self::Many(many) = self {
            let past = many.body.past.map(|past| past.end);
            window.give_up_absorbed(&mut many.body.state, past);
        }
    }

    /// What is doubtful of its episodes; to be asked when they are known.
    pub(crate) fn doubts(&self, window: &W) -> Doubts {
        match self {
            Self::Few(_) => Doubts::default(),
            Self::Many(many) => Doubts {
                thinned: u64::from(window.is_thinned(&many.body.state)),
                unjudged: window.unjudged(&many.body.state),
            },
        }
    }

    /// As [`WindowType::closeness`].
    pub(crate) fn closeness(&mut self, window: &W) -> f64 {
        match self {
            Self::Many(many) => window.closeness(&mut many.body.state),
            // A body is larger than few hits: the group does not get one for being looked at.
            Self::Few(few) => {
                let mut state = W::State::default();
                each(few, &mut |hit, _| window.observe(&mut state, hit));
                window.closeness(&mut state)
            }
        }
    }

    pub(crate) fn forgotten_to(&self) -> Option<i64> {
        match self {
            Self::Few(_) => None,
            Self::Many(many) => many.body.past.map(|past| past.end),
        }
    }

    pub(crate) fn episodes(
        &mut self,
        key: Key,
        times: GroupTimes,
        window: &W,
        sink: &mut dyn FnMut(Episode),
    ) {
        if !self.can_hold(window) {
            return;
        }
        let body = self.body(window, times);
        let holding = body.settle(window, times);
        let spans = body.spans(&holding, times);
        let Self::Many(many) = self else {
            unreachable!("made by asking for its body")
        };
        for span in spans {
            sink(many.episode(key, span, &holding, (window, times)));
        }
    }
}

/// Tells of each hit, and what is told of it.
fn each<D: Detail>(few: &Few<D>, see: &mut dyn FnMut(&Occurrence, EventTexts<'_>)) {
    for (hit, shown) in few.hits() {
        // An id that is a UUID needs no text.
        let told = EventTexts {
            id: "",
            shown: &shown,
        };
        see(&hit, told);
    }
}

impl<W: WindowType> Many<W> {
    fn episode(
        &self,
        group: Key,
        span: Interval,
        holding: &Intervals,
        (window, times): (&W, GroupTimes),
    ) -> Episode {
        let after = span.start - times.timespan_ms;
        let before = span.end - window.delay_ms();
        let body = &self.body;
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
