//! Alerts of one attack: which they are, and their story.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use detector_event::time::Timestamp;
use detector_incident::components::components;
use detector_incident::entities::{self, Entity};
use detector_incident::id::IncidentId;
use detector_incident::link::Linking;
use detector_incident::member::Member;
use detector_rule::{CorrelationIx, CorrelationRule, EntityRole, Level, RuleSet};
use detector_store::Announcement;
use detector_window::episode::Episode;

use crate::{Alert, Status};

/// The tag of rules that find secrets: unsecured credentials.
const SECRET_TAG: &str = "attack.t1552";

/// An alert with what it is made of.
#[derive(Debug, Clone)]
pub struct Told<'r> {
    pub alert: Alert,
    /// The place of its rule in the rule set.
    pub at: CorrelationIx,
    pub rule: &'r CorrelationRule,
    pub episode: Episode,
    pub entities: Vec<Entity>,
}

impl<'r> Told<'r> {
    /// Of an episode of the rule at `at`; `latest` is the end of what is known.
    pub fn new(rules: &'r RuleSet, at: CorrelationIx, episode: Episode, latest: Timestamp) -> Self {
        let rule = &rules.correlations[at.0 as usize];
        let alert = Alert::of_episode(rule, &episode, latest);
        Self::of(alert, at, rule, episode)
    }

    /// Of an announcement of the store.
    pub fn of_announcement(rules: &'r RuleSet, announcement: &Announcement) -> Self {
        let rule = &rules.correlations[announcement.rule.0 as usize];
        let alert = Alert::of_announcement(rules, announcement);
        Self::of(alert, announcement.rule, rule, announcement.episode.clone())
    }

    fn of(alert: Alert, at: CorrelationIx, rule: &'r CorrelationRule, episode: Episode) -> Self {
        let entities = entities::of_episode(rule, &episode);
        let mut told = Self {
            alert,
            at,
            rule,
            episode,
            entities,
        };
        told.alert.level = told.level().map(Level::name);
        told
    }

    fn member(&self, linking: &Linking) -> Member {
        Member::new(linking, self.rule, &self.episode, &self.entities)
    }

    /// Whether its rule finds secrets that got out.
    pub fn leaks_secret(&self) -> bool {
        let mut tags = self.rule.meta.tags.iter();
        tags.any(|tag| tag.starts_with(SECRET_TAG))
    }

    /// Whether somebody or something fell to it.
    pub fn has_opened(&self) -> bool {
        self.entities.iter().any(|of| of.role == EntityRole::Opened)
    }

    /// That of its rule; what succeeded is critical.
    pub fn level(&self) -> Option<Level> {
        match self.has_opened() {
            true => Some(Level::Critical),
            false => self.rule.meta.level,
        }
    }
}

/// Gives each of the alerts, which are in the order of reporting, the id of its incident. Of each incident, in the order of
/// their openings: the places of its alerts.
pub fn join(told: &mut [Box<Told<'_>>], linking: &Linking, gap_ms: i64) -> Vec<Vec<usize>> {
    let members: Vec<Member> = told.iter().map(|told| told.member(linking)).collect();
    let mut incidents: Vec<Vec<usize>> = Vec::new();
    // By the place of a first alert, that of its incident.
    let mut places = vec![0; told.len()];
    let evidence = |at: usize| told[at].episode.evidence.iter().map(|(_, id)| &**id);
    let firsts = components(&members, evidence, gap_ms);
    for (at, first) in firsts.into_iter().enumerate() {
        match first == at {
            true => {
                places[at] = incidents.len();
                incidents.push(vec![at]);
            }
            false => incidents[places[first]].push(at),
        }
    }
    for places in &incidents {
        let of = |at: &usize| {
            let alert = &told[*at].alert;
            (
                members[*at].is_over_place,
                alert.opened_at,
                &*alert.alert_id,
            )
        };
        let Some((_, _, first)) = places.iter().map(of).min() else {
            continue;
        };
        let id = IncidentId::of_first(first).into_text();
        for at in &places[1..] {
            told[*at].alert.incident_id = Some(id.clone());
        }
        told[places[0]].alert.incident_id = Some(id);
    }
    incidents
}

/// What of an incident is known without any other alert than this one: its id, where nothing can ever link it. An alert
/// over a place may turn out to belong to somebody, and one of a rule that tells of many to a crowd.
pub fn of_its_own(told: &Told<'_>, linking: &Linking) -> Option<String> {
    let may_link_later = told.rule.entities.iter().any(|of| {
        matches!(
            of.role,
            EntityRole::Actor | EntityRole::Opened | EntityRole::Scope
        ) && of.source == detector_rule::EntitySource::Shown
    });
    let is_known = told.alert.status == Status::Closed || !may_link_later;
    let member = told.member(linking);
    (is_known && member.links.is_empty() && member.crowd.is_none() && !member.is_over_place)
        .then(|| IncidentId::of_first(&told.alert.alert_id).into_text())
}

/// An attack, as far as it is known; its serde form is the JSON Lines contract of `replay run --format incidents`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    pub incident_id: String,
    /// The highest of its alerts; what succeeded is critical.
    pub level: Option<&'static str>,
    #[serde(serialize_with = "crate::alert::rfc3339")]
    pub opened_at: Timestamp,
    /// When the last of its conditions no longer held; `None` where that may not be known yet.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub over_since: Option<Timestamp>,
    /// The folders of its rules.
    pub detectors: Vec<String>,
    pub entities: Entities,
    /// In the order of time.
    pub story: Vec<Chapter>,
    /// The ids of its alerts, in the order of reporting.
    pub alerts: Vec<String>,
}

/// By role and kind: each value once, in the order of the alerts.
pub type Entities = BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>;

/// What happened at a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chapter {
    #[serde(serialize_with = "crate::alert::rfc3339")]
    pub time: Timestamp,
    pub what: What,
    pub level: Option<&'static str>,
    pub alert_id: String,
    pub title: String,
    /// Of an account that opened: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub count: u64,
    pub distinct: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A rule's condition began to hold.
    Alert,
    /// Somebody fell to it.
    Opened,
}

impl Incident {
    /// Of the alerts of one incident, at least one, in the order of reporting; `latest` is the end of what is known.
    pub fn of(alerts: &[&Told<'_>], latest: Timestamp, gap_ms: i64) -> Self {
        let held_until = alerts.iter().map(|told| told.alert.held_until).max();
        let held_until = held_until.unwrap_or_default();
        let is_closed = alerts
            .iter()
            .all(|told| told.alert.status == Status::Closed);
        let is_over = is_closed && held_until.millis().saturating_add(gap_ms) < latest.millis();
        let detectors: BTreeSet<&str> = alerts.iter().map(|t| t.rule.meta.detector()).collect();
        let opened_at = alerts.iter().map(|told| told.alert.opened_at).min();
        Self {
            incident_id: alerts[0].alert.incident_id.clone().unwrap_or_default(),
            level: alerts
                .iter()
                .filter_map(|told| told.level())
                .max()
                .map(Level::name),
            opened_at: opened_at.unwrap_or_default(),
            over_since: is_over.then_some(held_until),
            detectors: detectors.into_iter().map(str::to_owned).collect(),
            entities: entities_of(alerts),
            story: story(alerts),
            alerts: alerts
                .iter()
                .map(|told| told.alert.alert_id.clone())
                .collect(),
        }
    }
}

/// All values of the alerts' entities, by role and kind.
pub fn entities_of(alerts: &[&Told<'_>]) -> Entities {
    let mut all = Entities::new();
    let mut known = HashSet::new();
    for entity in alerts.iter().flat_map(|told| &told.entities) {
        if known.insert((entity.role, entity.key)) {
            let kinds = all.entry(entity.role.name()).or_default();
            let values = kinds.entry(entity.kind.name()).or_default();
            values.push(entity.value.clone());
        }
    }
    all
}

fn story(alerts: &[&Told<'_>]) -> Vec<Chapter> {
    let mut story = Vec::new();
    for told in alerts {
        let alert = &told.alert;
        let chapter = |time, what, value: Option<&str>| Chapter {
            time,
            what,
            level: told.level().map(Level::name),
            alert_id: alert.alert_id.clone(),
            title: alert.rule.title.to_string(),
            value: value.map(str::to_owned),
            count: alert.count,
            distinct: alert.distinct,
        };
        story.push(chapter(alert.opened_at, What::Alert, None));
        for (time, account) in told.openings() {
            story.push(chapter(time, What::Opened, Some(&account.value)));
        }
    }
    story.sort_by(|one, other| {
        let by_time = (one.time, one.what).cmp(&(other.time, other.what));
        by_time.then_with(|| one.alert_id.cmp(&other.alert_id))
    });
    story
}

fn maybe_rfc3339<S: serde::Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

impl Told<'_> {
    /// Who fell to it, and when that was first seen.
    pub fn openings(&self) -> impl Iterator<Item = (Timestamp, &Entity)> {
        let opened_at = self.episode.opened_at;
        let opened = self
            .entities
            .iter()
            .filter(|of| of.role == EntityRole::Opened);
        opened.map(move |of| {
            let time = of.seen_at.unwrap_or(opened_at).max(opened_at);
            (Timestamp::from_millis(time).unwrap_or_default(), of)
        })
    }
}
