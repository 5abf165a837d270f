//! When messages about an incident go out: it opens, its picture changes, it is over. What was held back is counted in the
//! next one.

use std::collections::{BTreeMap, BTreeSet};

use detector_event::time::Timestamp;
use detector_incident::GAP_MS;
use detector_rule::{Level, RuleSet};
use detector_window::episode::Episode;
use detector_window::interval::Interval;
use detector_window::key::Key;

use super::sample_event::SampleEvent;
use super::told::{Before, Change, Message, Occasion, Place, accounts};
use crate::incident::{Incident, Told};

/// Of each account that falls to an attack there is a message, up to here; then each time that their number doubles.
const OPENED_ONE_BY_ONE: usize = 3;

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

/// The hits of an alert's group in the order of time: time, event and, where values are counted, value. Empty: nobody knows.
#[derive(Debug, Clone, Default)]
pub struct Trace(Vec<(i64, Key, Option<Key>)>);

impl Trace {
    pub fn add(&mut self, time: i64, event: Key, value: Option<Key>) {
        self.0.push((time, event, value));
    }

    /// Brings hits in order, each once.
    pub fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    fn until(&self, time: i64) -> &[(i64, Key, Option<Key>)] {
        &self.0[..self.0.partition_point(|(at, ..)| *at <= time)]
    }

    /// When there were `factor` times as many events as at `time`, and at each power of that.
    fn multiples(&self, time: i64, factor: u64) -> Vec<i64> {
        let (mut seen, mut times) = (BTreeSet::new(), Vec::new());
        let mut wanted = events(self.until(time)).saturating_mul(factor);
        if wanted == 0 {
            return times;
        }
        for (at, event, _) in &self.0 {
            if seen.insert(event) && seen.len() as u64 == wanted && *at > time {
                times.push(*at);
                wanted = wanted.saturating_mul(factor);
            }
        }
        times
    }
}

fn events(hits: &[(i64, Key, Option<Key>)]) -> u64 {
    let events: BTreeSet<Key> = hits.iter().map(|(_, event, _)| *event).collect();
    events.len() as u64
}

fn values(hits: &[(i64, Key, Option<Key>)]) -> u64 {
    let values: BTreeSet<Key> = hits.iter().filter_map(|(.., value)| *value).collect();
    values.len() as u64
}

/// What was told by now.
#[derive(Debug, Default)]
struct Picture {
    level: Option<Level>,
    opened: usize,
    has_secret: bool,
    /// By alert.
    counts: BTreeMap<usize, u64>,
    messages: u32,
    held_back: usize,
}

impl<'r> Course<'r> {
    /// The messages in the order of time. `samples` are events that are known, by id.
    pub fn messages(&self, samples: &BTreeMap<String, SampleEvent>) -> Vec<Message<'r>> {
        let mut picture = Picture::default();
        let mut messages = Vec::new();
        let mut is_known = vec![false; self.alerts.len()];
        for time in self.moments() {
            let mut more = 0;
            for (at, known) in is_known.iter_mut().enumerate() {
                if !*known && self.out_at(at) <= time {
                    *known = true;
                    more += 1;
                }
            }
            let known = is_known.iter().enumerate().filter(|(_, known)| **known);
            let alerts: Vec<(usize, Told<'r>)> =
                known.map(|(at, _)| (at, self.as_of(at, time))).collect();
            let changes = picture.changes(&alerts);
            if picture.messages > 0 && changes.is_empty() {
                picture.held_back += more;
                continue;
            }
            let occasion = match picture.messages {
                0 => Occasion::Opened,
                _ => Occasion::Changed,
            };
            let changes = if occasion == Occasion::Opened {
                Vec::new()
            } else {
                changes
            };
            picture.tell(&alerts);
            let sent_at = Timestamp::from_millis(time).unwrap_or_default();
            let told = alerts.into_iter().map(|(_, told)| told).collect();
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

    /// All at which the picture may be another one.
    fn moments(&self) -> BTreeSet<i64> {
        let mut moments = BTreeSet::new();
        for (at, told) in self.alerts.iter().enumerate() {
            let out_at = self.out_at(at);
            moments.insert(out_at);
            moments.extend(told.openings().map(|(time, _)| time.millis().max(out_at)));
            moments.extend(self.traces[at].multiples(out_at, TENFOLD));
        }
        moments
    }

    /// An alert as it was known at `time`, when it is out.
    fn as_of(&self, at: usize, time: i64) -> Told<'r> {
        let whole = &self.alerts[at];
        let hits = self.traces[at].until(time);
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
        if let Some((last, ..)) = hits.last() {
            known.count = events(hits).min(episode.count);
            known.distinct = episode.distinct.map(|all| values(hits).min(all));
            known.last_event = (*last).min(episode.last_event);
        }
        let mut told = Told::new(whole.rule, known, Timestamp::default());
        told.alert.incident_id.clone_from(&whole.alert.incident_id);
        told
    }
}

const TENFOLD: u64 = 10;

impl Picture {
    /// What is new against what was told.
    fn changes(&self, alerts: &[(usize, Told<'_>)]) -> Vec<Change> {
        let mut changes = Vec::new();
        let level = alerts.iter().filter_map(|(_, told)| told.level()).max();
        if let Some(level) = level.filter(|level| Some(*level) > self.level) {
            changes.push(Change::Level(level));
        }
        match (self.opened, opened(alerts)) {
            (0, 0) => {}
            (0, _) => changes.push(Change::FirstSuccess),
            (told, now) if now > told && (now <= OPENED_ONE_BY_ONE || now >= 2 * told) => {
                changes.push(Change::Opened(now - told));
            }
            _ => {}
        }
        if !self.has_secret && has_secret(alerts) {
            changes.push(Change::Secret);
        }
        for (at, told) in alerts {
            let count = told.alert.count;
            if self
                .counts
                .get(at)
                .is_some_and(|told| count >= told.saturating_mul(TENFOLD))
            {
                changes.push(Change::Tenfold(count));
            }
        }
        changes
    }

    fn tell(&mut self, alerts: &[(usize, Told<'_>)]) {
        self.level = alerts.iter().filter_map(|(_, told)| told.level()).max();
        self.opened = opened(alerts);
        self.has_secret = has_secret(alerts);
        let counts = alerts
            .iter()
            .map(|(at, told)| (*at, told.alert.count.max(1)));
        self.counts = counts.collect();
    }
}

/// How many accounts fell to it.
fn opened(alerts: &[(usize, Told<'_>)]) -> usize {
    accounts(alerts.iter().flat_map(|(_, told)| &told.entities))
}

fn has_secret(alerts: &[(usize, Told<'_>)]) -> bool {
    alerts.iter().any(|(_, told)| told.leaks_secret())
}
