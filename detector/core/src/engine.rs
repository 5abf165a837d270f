//! The whole way of a record: decode, match, window. One [`Engine`] is shared; each thread has a [`Worker`].

use crate::alert::Alert;
use crate::event::Event;
use crate::rule::{DetectionRule, RuleSet};
use crate::time::Timestamp;

/// The compiled rules; shared by all workers, never changed.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
}

/// One thread's share of the work: buffers, window state and counters.
#[derive(Debug)]
pub struct Worker<'e> {
    engine: &'e Engine,
    tally: Tally,
}

/// What was seen, for the closing summary.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub records: u64,
    /// By [`crate::event::LogSource`], in the order of `LogSource::ALL`.
    pub events: [u64; 5],
    /// Subscription control messages, skipped.
    pub control_messages: u64,
    pub unreadable: u64,
    /// Hits by detection rule, in the order of `RuleSet::detections`.
    pub hits: Vec<u64>,
    /// Hits that carry no event time, so that no window can hold them.
    pub untimed_hits: u64,
    /// Hits that arrived later than the allowed lateness.
    pub too_late_hits: u64,
    /// Events whose time was ahead of their arrival by more than the allowed skew.
    pub skewed_events: u64,
    /// Hits kept out of every group of a correlation because a field was missing or redacted:
    /// by correlation (in the order of `RuleSet::correlations`), then by field.
    pub missing: Vec<Vec<(String, u64)>>,
    /// Fields that a rule reads and no event of its sources had: by detection rule.
    pub absent_fields: Vec<Vec<String>>,
}

/// Where a part of a record cannot be read, and why. Never carries the record's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Byte offset of the unreadable part within the record handed in, where it is known.
    pub offset: Option<u64>,
    /// Lowercase, no final stop: `gzip data is cut off after 1024 bytes`.
    pub reason: String,
}

/// Told of what happens inside a record, as it happens.
pub trait Observer {
    fn hit(&mut self, _rule: &DetectionRule, _event: &Event<'_, '_>) {}
    fn unreadable(&mut self, _problem: Unreadable) {}
}

impl Engine {
    pub fn new(rules: RuleSet) -> Self {
        Self { rules }
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    pub fn worker(&self) -> Worker<'_> {
        Worker {
            engine: self,
            tally: Tally::default(),
        }
    }
}

impl<'e> Worker<'e> {
    /// Decodes one record (a stream record, a line or a whole document of a file), matches its events and
    /// updates the windows.
    pub fn record(
        &mut self,
        bytes: &[u8],
        _arrival: Option<Timestamp>,
        observer: &mut dyn Observer,
    ) {
        self.tally.records += 1;
        let reason = match std::str::from_utf8(bytes) {
            Err(_) => "not UTF-8 text",
            Ok(text)
                if text.trim_start().starts_with('{')
                    && serde_json::from_str::<&serde_json::value::RawValue>(text).is_err() =>
            {
                "not well-formed JSON"
            }
            Ok(_) => {
                self.tally.events[3] += 1;
                return;
            }
        };
        self.tally.unreadable += 1;
        observer.unreadable(Unreadable {
            offset: Some(0),
            reason: reason.into(),
        });
    }

    /// What this worker has seen so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Adds another worker's state and counters: the outcome is that of one worker that saw everything.
    pub fn merge(&mut self, other: Worker<'e>) {
        self.tally.records += other.tally.records;
    }

    /// The episodes of everything seen, sorted by `opened_at`, rule id, group.
    pub fn finish(self) -> (Vec<Alert>, Tally) {
        let detections = self.engine.rules.detections.len();
        let mut tally = self.tally;
        tally.hits = vec![0; detections];
        tally.absent_fields = vec![Vec::new(); detections];
        tally.missing = vec![Vec::new(); self.engine.rules.correlations.len()];
        (Vec::new(), tally)
    }
}
