//! The name of an incident.

use std::fmt;

use detector_window::key::Key;

/// A UUID over the id of the incident's first alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(Key);

impl IncidentId {
    /// Of the incident whose first alert has that id: of those that are not over a place, or of all where there are only
    /// such, the one that opened first, and of several the smallest id.
    pub fn of_first(alert_id: &str) -> Self {
        Self(Key::of_texts(["incident", alert_id]).made_uuid())
    }

    /// As it is written everywhere.
    pub fn into_text(self) -> String {
        self.0.in_uuid_form()
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.into_text())
    }
}
