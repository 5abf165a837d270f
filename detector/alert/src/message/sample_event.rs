//! An event of those in evidence, as its log has it: shown once, and stored nowhere.

use detector_event::event::{Body, Event};
use detector_event::time::Timestamp;

/// More of an event is cut.
const BYTES_MAX: usize = 2_048;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleEvent {
    pub id: String,
    /// The log source.
    pub source: &'static str,
    pub time: Timestamp,
    pub arrival: Option<Timestamp>,
    pub text: String,
}

impl SampleEvent {
    /// `None`: it carries no time, and so is in no evidence.
    pub fn of(event: &Event<'_, '_>) -> Option<Self> {
        let text = match event.body {
            Body::Json(bytes) => String::from_utf8_lossy(&bytes[..bytes.len().min(BYTES_MAX)]),
            Body::Text(text) => text.into(),
        };
        Some(Self {
            id: event.id.to_owned(),
            source: event.source.service(),
            time: event.time?,
            arrival: event.arrival,
            text: text[..text.floor_char_boundary(BYTES_MAX)].to_owned(),
        })
    }
}
