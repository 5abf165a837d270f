//! The name of an incident.

use std::fmt;

use detector_window::key::Key;

/// A UUID of version 8 (RFC 9562, section 5.8) over the id of the incident's first alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(u128);

impl IncidentId {
    /// Of the incident whose first alert has that id: the one that opened first, and of several the smallest id.
    pub fn of_first(alert_id: &str) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0b11 << 62;
        let bits = Key::of_texts(["incident", alert_id]).to_u128();
        Self(bits & !VERSION & !VARIANT | 0x8 << 76 | 0b10 << 62)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Key::from_u128(self.0).in_uuid_form())
    }
}
