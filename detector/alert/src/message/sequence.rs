//! When messages about an incident go out: it opens, its picture changes, it is over. What was held back is counted in the
//! next one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use detector_event::time::Timestamp;
use detector_incident::GAP_MS;
use detector_incident::entities::Entity;
use detector_rule::{Level, RuleSet};
use detector_window::episode::Episode;
use detector_window::interval::Interval;
use detector_window::key::Key;

use super::sample_event::SampleEvent;
use super::told::{Accounts, Before, Change, Message, Occasion, Place};
use crate::incident::{Incident, Told};

/// Of each account that falls to an attack there is a message, up to here; then each time that their number doubles.
const OPENED_ONE_BY_ONE: usize = 3;
/// An alert is told again when it has so many times as many events as were told.
const TENFOLD: u64 = 10;

/// An incident as it came about.
#[derive(Debug)]
pub struct Course<'r> {
    pub rules: &'r RuleSet,
    /// In the order of reporting, in their final state.
    pub alerts: Vec<Told<'r>>,
    /// Of each alert.
    pub traces: Vec<Trace>,
    /// Of each alert: how long after a moment it is known whether its condition held.
    pub delays_ms: Vec<i64>,
    pub before: Option<Before>,
    pub place: Place,
    /// The end of what is known.
    pub latest: Timestamp,
}

/// How the hits of an alert's group became more. Empty: nobody knows.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    hits: Vec<(i64, Key, Option<Key>)>,
    /// When each event and, where values are counted, each value was first there, in the order of time.
    events: Vec<i64>,
    values: Vec<i64>,
}

impl Trace {
    /// A hit: time, event and, where values are counted, value; in any order.
    pub fn add(&mut self, time: i64, event: Key, value: Option<Key>) {
        self.hits.push((time, event, value));
    }

    /// Makes of the hits that were added, each once, what a course asks for.
    pub fn sort(&mut self) {
        self.hits.sort_unstable();
        let (mut events, mut values) = (HashSet::new(), HashSet::new());
        for (time, event, value) in self.hits.drain(..) {
            if events.insert(event) {
                self.events.push(time);
            }
            if value.is_some_and(|value| values.insert(value)) {
                self.values.push(time);
            }
        }
    }

    /// When there were `factor` times as many events as at `time`, and at each power of that.
    fn multiples(&self, time: i64, factor: u64) -> impl Iterator<Item = i64> {
        let first = until(&self.events, time).saturating_mul(factor);
        let wanted = std::iter::successors(Some(first), move |events| events.checked_mul(factor));
        wanted.map_while(|events| self.reached(events))
    }

    /// When there were so many events.
    fn reached(&self, events: u64) -> Option<i64> {
        let last = usize::try_from(events).ok()?.checked_sub(1)?;
        self.events.get(last).copied()
    }
}

/// How many of the times are not after `time`.
fn until(times: &[i64], time: i64) -> u64 {
    times.partition_point(|at| *at <= time) as u64
}

/// What becomes known at a moment.
#[derive(Debug, Default)]
struct News<'c> {
    /// Alerts.
    out: Vec<usize>,
    opened: Vec<&'c Entity>,
}

/// What is known, and what of it was told.
#[derive(Debug, Default)]
struct Picture {
    /// Alerts.
    out: BTreeSet<usize>,
    level: Option<Level>,
    accounts: Accounts,
    has_secret: bool,
    told_level: Option<Level>,
    told_accounts: usize,
    told_secret: bool,
    /// Of alerts that were told: when there will be ten times as many events as then.
    tenfold_at: BTreeMap<usize, i64>,
    messages: u32,
    held_back: usize,
}

impl<'r> Course<'r> {
    /// The messages in the order of time. `samples` are events that are known, by id.
    pub fn messages(&self, samples: &BTreeMap<String, SampleEvent>) -> Vec<Message<'r>> {
        let mut picture = Picture::default();
        let mut messages = Vec::new();
        for (time, news) in self.moments() {
            picture.learn(&news, &self.alerts);
            let changes = self.changes(&picture, time);
            let occasion = match (picture.messages, changes.is_empty()) {
                (0, _) => Occasion::Opened,
                (_, false) => Occasion::Changed,
                (_, true) => {
                    picture.held_back += news.out.len();
                    continue;
                }
            };
            let changes = match occasion {
                Occasion::Changed => changes,
                _ => Vec::new(),
            };
            self.tell(&mut picture, time);
            let sent_at = Timestamp::from_millis(time).unwrap_or_default();
            let told = picture.out.iter().map(|at| self.as_of(*at, time)).collect();
            messages.push(self.message((occasion, changes, sent_at), told, &mut picture, samples));
        }
        messages.extend(self.over(&mut picture));
        messages
    }

    fn over(&self, picture: &mut Picture) -> Option<Message<'r>> {
        let all: Vec<&Told<'_>> = self.alerts.iter().collect();
        let over_since = Incident::of(&all, self.latest, GAP_MS).over_since?;
        let sent_at = over_since.millis().saturating_add(GAP_MS + 1);
        let sent_at = Timestamp::from_millis(sent_at).unwrap_or(over_since);
        let why = (Occasion::Over, Vec::new(), sent_at);
        Some(self.message(why, self.alerts.clone(), picture, &BTreeMap::new()))
    }

    fn message(
        &self,
        (occasion, changes, sent_at): (Occasion, Vec<Change>, Timestamp),
        alerts: Vec<Told<'r>>,
        picture: &mut Picture,
        samples: &BTreeMap<String, SampleEvent>,
    ) -> Message<'r> {
        picture.messages += 1;
        let message = Message {
            rules: self.rules,
            incident_id: alerts[0].alert.incident_id.clone(),
            number: picture.messages,
            occasion,
            changes,
            sent_at,
            alerts,
            held_back: std::mem::take(&mut picture.held_back),
            before: self.before.clone(),
            samples: Vec::new(),
            place: self.place.clone(),
            hides: false,
        };
        message.with_samples(samples)
    }

    /// When an alert is known.
    fn out_at(&self, at: usize) -> i64 {
        self.alerts[at]
            .episode
            .opened_at
            .saturating_add(self.delays_ms[at])
    }

    /// All at which the picture may be another one. An alert is out before anybody falls to it.
    fn moments(&self) -> BTreeMap<i64, News<'_>> {
        let mut moments: BTreeMap<i64, News<'_>> = BTreeMap::new();
        for (at, told) in self.alerts.iter().enumerate() {
            let out_at = self.out_at(at);
            moments.entry(out_at).or_default().out.push(at);
            for (time, account) in told.openings() {
                let known_at = time.millis().max(out_at);
                moments.entry(known_at).or_default().opened.push(account);
            }
            for time in self.traces[at].multiples(out_at, TENFOLD) {
                moments.entry(time).or_default();
            }
        }
        moments
    }

    /// What is new against what was told.
    fn changes(&self, picture: &Picture, time: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some(level) = picture.level.filter(|_| picture.level > picture.told_level) {
            changes.push(Change::Level(level));
        }
        match (picture.told_accounts, picture.accounts.count()) {
            (0, 0) => {}
            (0, _) => changes.push(Change::FirstSuccess),
            (told, now) if now > told && (now <= OPENED_ONE_BY_ONE || now >= 2 * told) => {
                changes.push(Change::Opened(now - told));
            }
            _ => {}
        }
        if picture.has_secret && !picture.told_secret {
            changes.push(Change::Secret);
        }
        let tenfold = picture.tenfold_at.iter().filter(|(_, due)| **due <= time);
        changes.extend(tenfold.map(|(at, _)| Change::Tenfold(self.count(*at, time))));
        changes
    }

    /// Takes all that is known for told.
    fn tell(&self, picture: &mut Picture, time: i64) {
        picture.told_level = picture.level;
        picture.told_accounts = picture.accounts.count();
        picture.told_secret = picture.has_secret;
        let due = |at: &usize| {
            let tenfold = self.count(*at, time).max(1).checked_mul(TENFOLD)?;
            let is_reached = tenfold <= self.alerts[*at].episode.count;
            let due = self.traces[*at].reached(tenfold).filter(|_| is_reached)?;
            Some((*at, due))
        };
        picture.tenfold_at = picture.out.iter().filter_map(due).collect();
    }

    /// Events of an alert by `time`, as far as they are known.
    fn count(&self, at: usize, time: i64) -> u64 {
        let all = self.alerts[at].episode.count;
        match until(&self.traces[at].events, time) {
            0 => all,
            events => events.min(all),
        }
    }

    /// An alert as it was known at `time`, when it is out.
    fn as_of(&self, at: usize, time: i64) -> Told<'r> {
        let whole = &self.alerts[at];
        let episode = &whole.episode;
        let mut known = Episode {
            shown: episode
                .shown
                .iter()
                .filter(|shown| shown.time <= time)
                .cloned()
                .collect(),
            evidence: episode
                .evidence
                .iter()
                .filter(|(at, _)| *at <= time)
                .cloned()
                .collect(),
            last_event: episode.last_event.min(time),
            ..episode.clone()
        };
        known.holding.retain(|held| held.start <= time);
        for held in &mut known.holding {
            *held = Interval::new(held.start, held.end.min(time.saturating_add(1)));
        }
        let trace = &self.traces[at];
        if let Some(last) = until(&trace.events, time).checked_sub(1) {
            let values = until(&trace.values, time);
            known.count = self.count(at, time);
            known.distinct = episode.distinct.map(|all| values.min(all));
            known.last_event = trace.events[last as usize].min(episode.last_event);
        }
        let mut told = Told::new(self.rules, whole.at, known, Timestamp::default());
        told.alert.incident_id.clone_from(&whole.alert.incident_id);
        told
    }
}

impl Picture {
    /// `alerts` are those of the course.
    fn learn(&mut self, news: &News<'_>, alerts: &[Told<'_>]) {
        for &at in &news.out {
            self.out.insert(at);
            self.level = self.level.max(alerts[at].rule.meta.level);
            self.has_secret |= alerts[at].leaks_secret();
        }
        for account in &news.opened {
            self.accounts.add(account);
            self.level = Some(Level::Critical);
        }
    }
}
