//! What a group keeps of its hits once they are more than a few.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::group::episode::ToldChild;
use crate::kind::{Occurrence, WindowType};
use crate::ledger::shown::EventTexts;
use crate::ledger::{Ledger, Ongoing, Slices, slice_ms, slice_start};
use crate::state::interval::{Interval, Intervals};

/// The timespan of a rule and the quiet period that joins holding intervals to episodes, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct GroupTimes {
    pub timespan_ms: i64,
    pub quiet_ms: i64,
}

impl GroupTimes {
    fn slice_ms(self) -> i64 {
        slice_ms(self.timespan_ms)
    }

    /// The part of an episode whose hits bear on no other. The next one opens when more than a quiet period has passed,
    /// and looks back a timespan.
    fn of_none_other(self, episode: Interval) -> Interval {
        let next_looks_back = (self.timespan_ms - self.quiet_ms).max(0);
        Interval::new(episode.start, episode.end - next_looks_back)
    }

    fn slices<W: WindowType>(self) -> Slices {
        Slices {
            ms: self.slice_ms(),
            // Some that are there may be told of no more when more is known.
            singly: !W::TELLS_ALL,
        }
    }
}

/// What is kept of the hits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Body<W: WindowType> {
    pub(crate) state: W::State,
    pub(crate) ledger: Ledger<W::Value>,
    pub(crate) past: Option<Past>,
    /// Episodes of child correlations; derived anew at each evaluation.
    #[serde(skip)]
    pub(crate) children: Vec<ToldChild>,
}

/// What is left of moments that nothing further bears on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    /// The moments before this are forgotten.
    pub(crate) end: i64,
    /// When the episode opened that goes on from before `end`.
    ongoing: Option<i64>,
}

impl Past {
    /// Hits before this are past.
    fn edge(self, times: GroupTimes) -> i64 {
        slice_start(self.end - times.timespan_ms, times.slice_ms())
    }
}

impl<W: WindowType> Body<W> {
    pub(crate) fn new() -> Self {
        Self {
            state: W::State::default(),
            ledger: Ledger::default(),
            past: None,
            children: Vec::new(),
        }
    }

    pub(crate) fn of(
        (state, ledger): (W::State, Ledger<W::Value>),
        window: &W,
        times: GroupTimes,
    ) -> Self {
        let mut body = Self {
            state,
            ledger,
            ..Self::new()
        };
        body.make_room(window, times);
        body
    }

    pub(crate) fn observe(
        &mut self,
        hit: &Occurrence,
        texts: Option<EventTexts<'_>>,
        (window, times): (&W, GroupTimes),
    ) {
        window.observe(&mut self.state, hit);
        self.ledger
            .add(hit.start, hit.id, window.counted(hit), texts);
        if self.ledger.is_unsettled() {
            self.make_room(window, times);
        }
    }

    /// Brings state and ledger to their canonical form. What holds is not asked where it decides of nothing that is kept.
    fn make_room(&mut self, window: &W, times: GroupTimes) {
        if window.is_monotone() || !W::TELLS_ALL {
            self.settle(window, times);
            return;
        }
        window.settle(&mut self.state);
        self.ledger.settle(&[], times.slices::<W>());
    }

    /// Brings state and ledger to their canonical form, and returns the moments at which the condition holds.
    pub(crate) fn settle(&mut self, window: &W, times: GroupTimes) -> Intervals {
        let mut holding = window.holding(&mut self.state);
        if let Some(past) = self.past {
            holding = holding.since(past.end);
        }
        // What can be undone is no ground to count hits together.
        let mut lasting = Vec::new();
        if window.is_monotone() {
            let spans = self.spans(&holding, times).into_iter();
            lasting.extend(spans.map(|span| times.of_none_other(span)));
        }
        if !W::TELLS_ALL {
            let edge = self.past.map(|past| past.edge(times));
            leave_telling(&mut self.ledger, (window, &self.state), edge);
        }
        self.ledger.settle(&lasting, times.slices::<W>());
        holding
    }

    /// The episodes, from their openings to their ends.
    pub(crate) fn spans(&self, holding: &Intervals, times: GroupTimes) -> Vec<Interval> {
        let mut spans = holding.joined_within(times.quiet_ms);
        let ongoing = self.past.and_then(|past| past.ongoing);
        if let (Some(first), Some(opened_at), Some(past)) = (spans.first_mut(), ongoing, self.past)
        {
            // By other rules it may have gone on for what is none by these.
            if first.start.saturating_sub(past.end) <= times.quiet_ms {
                first.start = opened_at;
            }
        }
        spans
    }

    /// Forgets what bears on moments before `end` alone.
    pub(crate) fn forget(&mut self, end: i64, window: &W, times: GroupTimes) {
        if self.past.is_some_and(|past| past.end >= end) {
            return;
        }
        let holding = self.settle(window, times);
        let goes_on = |span: &&Interval| span.start < end && end < span.end;
        let spans = self.spans(&holding, times);
        let ongoing = spans.iter().find(goes_on).map(|span| span.start);
        let past = Past { end, ongoing };
        if !W::TELLS_ALL {
            // What becomes past is known.
            let (state, edge) = (&self.state, past.edge(times));
            self.ledger
                .leave_told(|time, value| edge <= time || window.tells(state, time, value));
        }
        self.forget_with(past, window, times);
        self.make_room(window, times);
    }

    fn forget_with(&mut self, past: Past, window: &W, times: GroupTimes) {
        let ongoing = past.ongoing.map(|opened_at| Ongoing {
            opened_at,
            after: opened_at - times.timespan_ms,
        });
        window.forget(&mut self.state, past.end);
        let slices = times.slices::<W>();
        self.ledger.settle(&[], slices);
        self.ledger
            .forget(past.end - times.timespan_ms, ongoing, slices);
        self.past = Some(past);
    }

    /// Unites. Who has forgotten more knows which episode goes on.
    pub(crate) fn merge(&mut self, other: &mut Body<W>, window: &W, times: GroupTimes) {
        let end = |body: &Body<W>| body.past.map(|past| past.end);
        let past = match end(self).cmp(&end(other)) {
            Ordering::Less => other.past,
            Ordering::Greater => self.past,
            // Who knows fewer hits may take an episode for one that opened later.
            Ordering::Equal => self.past.map(|past| Past {
                ongoing: past
                    .ongoing
                    .into_iter()
                    .chain(other.past.and_then(|p| p.ongoing))
                    .min(),
                ..past
            }),
        };
        window.merge(&mut self.state, &other.state);
        if !W::TELLS_ALL {
            // What the parts do not know of each other decides of what is told.
            window.holding(&mut self.state);
            let edge = past.map(|past| past.edge(times));
            for ledger in [&mut self.ledger, &mut other.ledger] {
                leave_telling(ledger, (window, &self.state), edge);
            }
        }
        if let Some(past) = past {
            for body in [&mut *self, other] {
                if end(body) < Some(past.end) {
                    body.ledger.drop_texts_before(past.edge(times));
                    body.forget_with(past, window, times);
                }
            }
            window.forget(&mut self.state, past.end);
        }
        self.ledger.merge(&other.ledger);
        if let Some(past) = past {
            self.forget_with(past, window, times);
        }
    }
}

/// Leaves the hits that alerts may tell of. Those before the edge of the past were counted when they became past.
fn leave_telling<W: WindowType>(
    ledger: &mut Ledger<W::Value>,
    (window, state): (&W, &W::State),
    edge: Option<i64>,
) {
    ledger.leave_told(|time, value| {
        edge.is_none_or(|edge| edge <= time) && window.may_tell(state, time, value)
    });
}
