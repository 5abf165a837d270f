//! What a person or a machine is told about an episode.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::time::Timestamp;

/// The most event ids an alert carries as evidence.
pub const EVIDENCE_MAX: usize = 20;

/// One episode in its final state; its serde form is the JSON Lines contract of `replay run`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Alert {
    pub alert_id: String,
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
    /// The earliest ones, at most [`EVIDENCE_MAX`].
    pub event_ids: Vec<String>,
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

fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
