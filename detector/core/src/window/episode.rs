//! A stretch of time in which a group's condition holds, short gaps included.

use std::collections::HashSet;

use crate::alert::EVIDENCE_MAX;
use crate::window::interval::Interval;
use crate::window::key::Key;

/// One episode of one group, and what is told of it.
///
/// Its hits are those whose window overlaps it: event times after `opened_at - timespan` and before `held_until`.
/// Of a child correlation's episode, those count that overlap the same stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    pub group: Key,
    pub values: Vec<Box<str>>,
    /// The holding intervals, at least one, with gaps no longer than the quiet period.
    pub holding: Vec<Interval>,
    pub count: u64,
    /// `None` where the rule counts no distinct values.
    pub distinct: Option<u64>,
    pub first_event: i64,
    pub last_event: i64,
    /// The earliest hits, at most [`EVIDENCE_MAX`]: time and event id.
    pub evidence: Vec<(i64, String)>,
}

impl Episode {
    pub fn opened_at(&self) -> i64 {
        self.holding
            .first()
            .expect("an episode holds at least once")
            .start
    }

    pub fn held_until(&self) -> i64 {
        self.holding
            .last()
            .expect("an episode holds at least once")
            .end
    }

    /// Counts the episode of a child correlation in.
    pub fn include(&mut self, child: &Episode) {
        self.count += 1;
        self.first_event = self.first_event.min(child.first_event);
        self.last_event = self.last_event.max(child.last_event);
        self.evidence.extend(child.evidence.iter().cloned());
        self.evidence.sort_unstable();
        let mut seen = HashSet::with_capacity(self.evidence.len());
        self.evidence.retain(|(_, id)| seen.insert(id.clone()));
        self.evidence.truncate(EVIDENCE_MAX);
    }
}
