//! What a person or a machine is told about an episode.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use detector_event::time::Timestamp;
use detector_rule::{CorrelationRule, FieldTag, Level, RuleSet};
use detector_store::{Announcement, EpisodeId, Notice};
use detector_window::episode::Episode;

/// One episode in its final state; its serde form is the JSON Lines contract of `replay run`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Alert {
    pub alert_id: String,
    /// The incident that it is of; `None` where other alerts decide that, and are not known here.
    pub incident_id: Option<String>,
    /// That of the rule; critical where somebody or something fell to it. Messages and incidents go by this.
    pub level: Option<&'static str>,
    pub rule: AlertRule,
    pub group: GroupValues,
    #[serde(serialize_with = "rfc3339")]
    pub first_event_time: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub opened_at: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub held_until: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub last_event_time: Timestamp,
    pub status: Status,
    pub count: u64,
    /// `None` where the rule counts no distinct values.
    pub distinct: Option<u64>,
    pub shown: ShownValues,
    /// The earliest ones, at most [`EVIDENCE_MAX`](detector_window::ledger::EVIDENCE_MAX).
    pub event_ids: Vec<String>,
}

impl Alert {
    /// The alert of an episode; it is closed when more than its quiet period has passed at `latest`, the end of what is
    /// known: what comes exactly a quiet period later still belongs to it.
    pub fn of_episode(rule: &CorrelationRule, episode: &Episode, latest: Timestamp) -> Self {
        let values = episode.values.iter().map(|value| Arc::from(&**value));
        let is_over = episode.held_until() + rule.quiet_ms < latest.millis();
        Self {
            alert_id: EpisodeId::first_known_as(&rule.meta.id, episode.group, episode.opened_at)
                .into_text(),
            incident_id: None,
            level: rule.meta.level.map(Level::name),
            rule: AlertRule {
                id: Arc::clone(&rule.meta.id),
                name: rule.meta.name.clone(),
                title: Arc::clone(&rule.meta.title),
                level: rule.meta.level.map(Level::name),
            },
            group: GroupValues(rule.group_by.iter().cloned().zip(values).collect()),
            first_event_time: moment(episode.first_event),
            opened_at: moment(episode.opened_at),
            held_until: moment(episode.held_until()),
            last_event_time: moment(episode.last_event),
            status: if is_over {
                Status::Closed
            } else {
                Status::Open
            },
            count: episode.count,
            distinct: episode.distinct,
            shown: ShownValues::of_episode(rule, episode),
            event_ids: episode.evidence.iter().map(|(_, id)| id.clone()).collect(),
        }
    }

    /// The alert of an announcement, under its id. Of an episode that is closed it is the line of a backtest over the
    /// same events, but for the id where late hits moved the opening.
    pub fn of_announcement(rules: &RuleSet, announcement: &Announcement) -> Self {
        let rule = &rules.correlations[announcement.rule.0 as usize];
        Self {
            alert_id: announcement.id.into_text(),
            status: match announcement.notice {
                Notice::Opened => Status::Open,
                Notice::Closed => Status::Closed,
            },
            ..Self::of_episode(rule, &announcement.episode, Timestamp::default())
        }
    }

    /// By `opened_at`, rule id and group.
    pub fn reporting_order(&self, other: &Alert) -> Ordering {
        let by_time = self.opened_at.cmp(&other.opened_at);
        by_time
            .then_with(|| self.rule.id.cmp(&other.rule.id))
            .then_with(|| self.group.cmp(&other.group))
    }
}

/// Windows can end past the last moment that can be written.
fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap_or(Timestamp::MAX)
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct AlertRule {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub title: Arc<str>,
    pub level: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    Closed,
}

/// The group-by fields and their values, in the order of the rule file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupValues(pub Vec<(Arc<str>, Arc<str>)>);

impl Serialize for GroupValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, value) in &self.0 {
            map.serialize_entry(&**field, &**value)?;
        }
        map.end()
    }
}

/// The fields that the rule shows, in the order of its file, and the values that they had in the episode's events: the
/// first ones, at most [`VALUES_MAX`](detector_window::shown::VALUES_MAX) of a field, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownValues(pub Vec<(Arc<str>, Vec<Arc<str>>)>);

impl ShownValues {
    fn of_episode(rule: &CorrelationRule, episode: &Episode) -> Self {
        let values = |name: &Arc<str>| {
            let tag = FieldTag::of(name);
            let own = episode.shown.iter().filter(|shown| shown.field == tag);
            own.map(|shown| Arc::from(&*shown.text)).collect()
        };
        let fields = rule
            .show
            .iter()
            .map(|name| (Arc::clone(name), values(name)));
        Self(fields.collect())
    }

    /// The fields that had a value.
    pub fn known(&self) -> impl Iterator<Item = (&str, &[Arc<str>])> {
        let fields = self.0.iter().filter(|(_, values)| !values.is_empty());
        fields.map(|(field, values)| (&**field, values.as_slice()))
    }
}

impl Serialize for ShownValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, values)| {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            (&**field, values)
        }))
    }
}

pub(crate) fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
