//! The hits of a stretch of time, counted together and no longer kept one by one.

use serde::{Deserialize, Serialize};

use crate::ledger::shown::{ShownValue, take_first};
use crate::state::interval::Interval;
use crate::state::key::Key;
use crate::state::key_set::KeySet;

/// The most event ids an alert carries as evidence.
pub const EVIDENCE_MAX: usize = 20;

/// What is told of the hits in `range`. A function of their set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stretch {
    pub(crate) range: Interval,
    /// First and last event time.
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) ids: KeySet,
    pub(crate) values: KeySet,
    /// The earliest hits, at most [`EVIDENCE_MAX`], sorted: of those with one id the first.
    pub(crate) earliest: Vec<(i64, Key)>,
    /// What they show, as [`take_first`] leaves it. Encoded behind all else.
    #[serde(skip)]
    pub(crate) shown: Vec<ShownValue>,
}

impl Stretch {
    /// Without hits; add at least one.
    pub(crate) fn new(range: Interval) -> Self {
        Self {
            range,
            first: i64::MAX,
            last: i64::MIN,
            ids: KeySet::default(),
            values: KeySet::default(),
            earliest: Vec::new(),
            shown: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, time: i64, id: Key, value: Option<Key>) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.ids.add(id);
        if let Some(value) = value {
            self.values.add(value);
        }
        self.offer_evidence(time, id);
    }

    fn offer_evidence(&mut self, time: i64, id: Key) {
        let Err(at) = self.earliest.binary_search(&(time, id)) else {
            return;
        };
        if at == EVIDENCE_MAX || self.earliest[..at].iter().any(|(_, known)| *known == id) {
            return;
        }
        self.earliest.insert(at, (time, id));
        let is_again = |after: &(i64, Key)| after.1 == id;
        match self.earliest[at + 1..].iter().position(is_again) {
            Some(again) => drop(self.earliest.remove(at + 1 + again)),
            None => self.earliest.truncate(EVIDENCE_MAX),
        }
    }

    /// Takes in the hits of `other`; the range stays.
    pub(crate) fn merge(&mut self, other: &Stretch) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.ids.merge(&other.ids);
        self.values.merge(&other.values);
        for &(time, id) in &other.earliest {
            self.offer_evidence(time, id);
        }
        take_first(&mut self.shown, other.shown.iter().cloned());
    }

    /// Whether its number of hits is an estimate.
    pub(crate) fn is_dense(&self) -> bool {
        self.ids.is_estimated()
    }

    /// Bytes, those on the heap included.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.ids.bytes()
            + self.values.bytes()
            + self.earliest.len() * size_of::<(i64, Key)>()
            + self.shown.iter().map(ShownValue::bytes).sum::<usize>()
    }
}
