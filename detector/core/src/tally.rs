//! What was read, and what rules could not use of it.

use detector_event::event::LogSource;
use detector_event::time::Timestamp;
use detector_window::Doubts;

/// What was seen, for the closing summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub records: u64,
    /// By log source, in the order of [`LogSource::ALL`].
    pub events: [u64; LogSource::ALL.len()],
    /// Subscription control messages, skipped.
    pub control_messages: u64,
    /// Records, or parts of one, that could not be read.
    pub unreadable: u64,
    /// Events of no form that is known, judged by their form alone; rules see them all the same.
    pub unrecognised: u64,
    /// Hits by detection rule, in the order of [`RuleSet::detections`](detector_rule::RuleSet::detections).
    pub hits: Vec<u64>,
    /// Matches that are no hits because a list allows them: by detection rule, in the order of
    /// [`RuleSet::detections`](detector_rule::RuleSet::detections), then by its [`DetectionRule::allow`](detector_rule::DetectionRule::allow).
    pub allowed: Vec<Vec<u64>>,
    /// Hits that carry no event time, so that no window can hold them.
    pub untimed_hits: u64,
    /// Hits that arrived later after their event time than the engine takes.
    pub too_late_hits: u64,
    /// Events whose time was ahead of their arrival by more than [`SKEW_MAX_MS`](crate::engine::SKEW_MAX_MS).
    pub skewed_events: u64,
    /// Events, of a recording in the order of arrival, whose times are so far ahead of all others that they are wrong.
    /// Known at the end.
    pub ahead_events: u64,
    /// Hits kept out of every group because a field was missing or redacted: by correlation rule (in the order of
    /// [`RuleSet::correlations`](detector_rule::RuleSet::correlations)), field and number.
    pub missing: Vec<Vec<(String, u64)>>,
    /// The same because a field that is grouped by its network was no address.
    pub no_address: Vec<Vec<(String, u64)>>,
    /// Hits that are not in all groups, or not there with all values, that they have: a field has more than
    /// [`VALUES_PER_HIT_MAX`](detector_window::VALUES_PER_HIT_MAX). Otherwise as [`Tally::missing`].
    pub cut: Vec<Vec<(String, u64)>>,
    /// Fields that a rule wants to be there (see [`Expr::each_wanted_field`](detector_rule::Expr::each_wanted_field)) and
    /// that no event of its log sources had, though there were such events: by detection rule, in the order of [`RuleSet::detections`](detector_rule::RuleSet::detections). Known at the end.
    pub absent_fields: Vec<Vec<String>>,
    /// Groups that were forgotten for want of room, by correlation rule: empty where none were.
    pub evicted: Vec<u64>,
    /// What is doubtful, by correlation rule. Known at the end.
    pub doubts: Vec<Doubts>,
    /// The earliest event time.
    pub earliest: Option<Timestamp>,
    /// The latest event time or arrival.
    pub latest: Option<Timestamp>,
}

impl Tally {
    /// Adds forgotten groups, by correlation rule.
    pub(crate) fn add_evicted(&mut self, evicted: &[u64]) {
        self.evicted
            .resize(self.evicted.len().max(evicted.len()), 0);
        for (mine, more) in self.evicted.iter_mut().zip(evicted) {
            *mine += more;
        }
    }

    /// Adds what another worker saw, but for what is known at the end.
    pub(crate) fn add(&mut self, other: &Tally) {
        self.add_evicted(&other.evicted);
        self.records += other.records;
        self.control_messages += other.control_messages;
        self.unreadable += other.unreadable;
        self.unrecognised += other.unrecognised;
        self.untimed_hits += other.untimed_hits;
        self.too_late_hits += other.too_late_hits;
        self.skewed_events += other.skewed_events;
        self.earliest = self.earliest.into_iter().chain(other.earliest).min();
        self.latest = self.latest.max(other.latest);
        let mine = self.allowed.iter_mut().flatten();
        let numbers = self
            .hits
            .iter_mut()
            .zip(&other.hits)
            .chain(self.events.iter_mut().zip(&other.events))
            .chain(mine.zip(other.allowed.iter().flatten()));
        numbers.for_each(|(mine, theirs)| *mine += theirs);
    }
}
