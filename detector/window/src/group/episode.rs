//! A stretch of time in which a group's condition holds, short gaps included.

use std::collections::HashSet;
use std::sync::Arc;

use crate::kind::ChildView;
use crate::ledger::shown::{ShownValue, take_first};
use crate::ledger::stretch::EVIDENCE_MAX;
use crate::state::interval::Interval;
use crate::state::key::Key;

/// One episode of one group, and what is told of it.
///
/// Its hits are those whose window overlaps it: event times after `opened_at - timespan` and before `held_until`.
/// Of a child correlation's episodes, those count of which the rule sees something in the same stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    pub group: Key,
    pub values: Vec<Box<str>>,
    /// The first moment at which the condition held.
    pub opened_at: i64,
    /// The holding intervals, at least one, with gaps no longer than the quiet period; of an episode whose past has been
    /// forgotten, those that are left.
    pub holding: Vec<Interval>,
    pub count: u64,
    /// `None` where the rule counts no distinct values.
    pub distinct: Option<u64>,
    pub first_event: i64,
    pub last_event: i64,
    /// The earliest hits, then those of child episodes, at most [`EVIDENCE_MAX`]: time and event id.
    pub evidence: Vec<(i64, String)>,
    /// Values of the fields that the rule shows: those that came first, at most
    /// [`VALUES_MAX`](crate::ledger::shown::VALUES_MAX) of a field, by field and first time.
    pub shown: Vec<ShownValue>,
}

impl Episode {
    pub fn held_until(&self) -> i64 {
        self.holding
            .last()
            .expect("an episode holds at least once")
            .end
    }

    /// Whether it bears on an episode of a parent that holds before `before` and whose first window begins after `after`:
    /// with what the parent sees of it, its opening or the moments at which it held. A pause bears on nothing.
    pub(super) fn bears_on(&self, (after, before): (i64, i64), view: ChildView) -> bool {
        match view {
            ChildView::Episodes => after < self.opened_at && self.opened_at < before,
            ChildView::HoldingIntervals => {
                let mut held = self.holding.iter();
                held.any(|held| after < held.end && held.start < before)
            }
        }
    }

    /// Counts the episode of a child correlation in: as one, its hits after those that are the group's own.
    pub(crate) fn include(&mut self, child: &ToldChild) {
        take_first(&mut self.shown, child.shown.iter().cloned());
        let child = &child.episode;
        self.count += 1;
        self.first_event = self.first_event.min(child.first_event);
        self.last_event = self.last_event.max(child.last_event);
        let known: HashSet<String> = self.evidence.iter().map(|(_, id)| id.clone()).collect();
        let more = child.evidence.iter().filter(|(_, id)| !known.contains(id));
        self.evidence.extend(more.cloned());
        self.evidence.truncate(EVIDENCE_MAX);
    }
}

/// What a group is told of an episode of a child correlation.
#[derive(Debug, Clone)]
pub struct ToldChild {
    pub episode: Arc<Episode>,
    /// What it has in the field that is counted.
    pub value: Option<Key>,
    /// What it has of the fields that the group's own alerts show.
    pub shown: Vec<ShownValue>,
}
