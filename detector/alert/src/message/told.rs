//! All that is told of an incident at once, as values.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use detector_event::time::Timestamp;
use detector_incident::entities::Entity;
use detector_incident::link::Linking;
use detector_rule::{EntityKind, EntityRole, Level, RuleSet};
use detector_store::Announcement;
use detector_window::key::Key;

use super::sample_event::SampleEvent;
use crate::Status;
use crate::incident::{self, Told};
use crate::personal::Personal;

/// Events that a message shows.
const SAMPLES_MAX: usize = 2;

/// Why a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// The incident is new.
    Opened,
    /// Its picture is another one now.
    Changed,
    /// Nothing of it goes on.
    Over,
}

/// What is new in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Level(Level),
    /// Somebody fell to it, the first one.
    FirstSuccess,
    /// More accounts fell to it: how many.
    Opened(usize),
    /// A secret got out.
    Secret,
    /// Ten times as much as was told, or more: how much.
    Tenfold(u64),
}

/// Where the detector stands, as far as the shell knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub account: Option<String>,
    pub region: Option<String>,
    pub stack: Option<String>,
}

/// An earlier incident of the same actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub incident_id: String,
    pub over_since: Timestamp,
    pub title: Arc<str>,
}

/// All that is told at once.
#[derive(Debug, Clone)]
pub struct Message<'r> {
    pub rules: &'r RuleSet,
    /// `None` where other alerts decide that, and are not known.
    pub incident_id: Option<String>,
    /// Its messages are counted from 1.
    pub number: u32,
    pub occasion: Occasion,
    pub changes: Vec<Change>,
    pub sent_at: Timestamp,
    /// As far as they are known, at least one, in the order of reporting.
    pub alerts: Vec<Told<'r>>,
    /// Alerts that opened since the last message, and were not told.
    pub held_back: usize,
    pub before: Option<Before>,
    pub samples: Vec<SampleEvent>,
    pub place: Place,
    /// Values stand for others, so that nothing can be looked up by them.
    pub hides: bool,
}

impl<'r> Message<'r> {
    /// What an announcement of the store is told as: an incident of one alert, since others are not known there.
    pub fn of_announcement(
        (rules, linking): (&'r RuleSet, &Linking),
        announcement: &Announcement,
        place: Place,
    ) -> Self {
        let mut told = Told::of_announcement(rules, announcement);
        told.alert.incident_id = incident::of_its_own(&told, linking);
        let (occasion, number, sent_at) = match told.alert.status {
            Status::Open => (Occasion::Opened, 1, told.alert.last_event_time),
            Status::Closed => (Occasion::Over, 2, told.alert.held_until),
        };
        Self {
            rules,
            incident_id: told.alert.incident_id.clone(),
            number,
            occasion,
            changes: Vec::new(),
            sent_at,
            alerts: vec![told],
            held_back: 0,
            before: None,
            samples: Vec::new(),
            place,
            hides: false,
        }
    }

    /// Shows an event of the alert that says most, and one that another log has, where these are among the known ones.
    #[must_use]
    pub fn with_samples(mut self, known: &BTreeMap<String, SampleEvent>) -> Self {
        let lead = std::iter::once(self.lead()).chain(&self.alerts);
        let events = lead.flat_map(|told| &told.alert.event_ids);
        let mut samples: Vec<SampleEvent> = Vec::new();
        for sample in events.filter_map(|id| known.get(id)) {
            if samples.len() < SAMPLES_MAX && samples.iter().all(|of| of.source != sample.source) {
                samples.push(sample.clone());
            }
        }
        self.samples = samples;
        self
    }

    /// Shows people as `personal` says, in all bodies. Where it hides anything no event is shown: what else of people stands
    /// in a log's line nobody knows.
    #[must_use]
    pub fn showing(mut self, personal: &Personal) -> Self {
        if personal.hides() {
            self.samples.clear();
            for told in &mut self.alerts {
                self.hides |= personal.apply(told);
            }
        }
        self
    }

    /// The highest of its alerts'.
    pub fn level(&self) -> Option<Level> {
        self.alerts.iter().filter_map(Told::level).max()
    }

    /// The alert that says most: of the highest level, and of these the one that opened first.
    pub fn lead(&self) -> &Told<'r> {
        let level = self.level();
        let mut leads = self.alerts.iter().filter(|told| told.level() == level);
        leads.next().unwrap_or(&self.alerts[0])
    }

    /// The alert whose count says most: the lead, or where that counts episodes, one that counts events.
    pub(super) fn counted(&self) -> &Told<'r> {
        let is_plain = |told: &&Told<'_>| told.rule.children().next().is_none();
        let mut plain: Vec<&Told<'r>> = self.alerts.iter().filter(is_plain).collect();
        plain.sort_by_key(|told| std::cmp::Reverse(told.level()));
        let lead = Some(self.lead()).filter(is_plain);
        lead.or(plain.first().copied())
            .unwrap_or_else(|| self.lead())
    }

    /// How many accounts fell to it.
    pub(super) fn accounts(&self) -> usize {
        let mut accounts = Accounts::default();
        let openings = self.alerts.iter().flat_map(Told::openings);
        openings.for_each(|(_, opened)| accounts.add(opened));
        accounts.count()
    }

    /// The identity of the message: of a repetition it is the same.
    pub fn key(&self) -> String {
        let of = self
            .incident_id
            .as_ref()
            .unwrap_or(&self.alerts[0].alert.alert_id);
        format!("{of}-{}", self.number)
    }

    /// `open`, `changed` or `closed`, as attributes and machines have it.
    pub fn status(&self) -> &'static str {
        match self.occasion {
            Occasion::Opened => "open",
            Occasion::Changed => "changed",
            Occasion::Over => "closed",
        }
    }

    /// Its entities of a role, each value once, those of the lead first.
    pub(super) fn entities(&self, role: EntityRole) -> Vec<&Entity> {
        let lead = std::iter::once(self.lead());
        let of_all = lead.chain(&self.alerts).flat_map(|told| &told.entities);
        let mut known = HashSet::new();
        of_all
            .filter(|of| of.role == role && known.insert(of.key))
            .collect()
    }
}

/// Accounts that fell to an attack: one may be there by its name in one log and by its identifier in another.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<EntityKind, HashSet<Key>>);

impl Accounts {
    pub(super) fn add(&mut self, opened: &Entity) {
        self.0.entry(opened.kind).or_default().insert(opened.key);
    }

    pub(super) fn count(&self) -> usize {
        self.0.values().map(HashSet::len).max().unwrap_or_default()
    }
}
