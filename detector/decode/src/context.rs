//! What is known of a part of a record from what stands around it.

use detector_event::event::LogSource;
use detector_event::time::Timestamp;

use crate::fields::said::Said;

/// How a part may be taken apart when it is not one JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A stream record or file: may hold several lines and documents.
    Record,
    /// What was cut from such: one line, or one document.
    Line,
    /// The message of one log event: one event, whatever its line breaks.
    Message,
    /// An application's words: never an envelope, never another log's event.
    Words,
    /// As `Message`, of a log that writes nothing but JSON objects: all else is damage.
    JsonMessage,
}

/// What the envelopes around a part say of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) shape: Shape,
    pub(crate) depth: u8,
    pub(crate) arrival: Option<Timestamp>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) id: Option<&'c str>,
    pub(crate) account: Option<&'c str>,
    pub(crate) region: Option<&'c str>,
    pub(crate) log_group: Option<&'c str>,
    pub(crate) log_stream: Option<&'c str>,
    /// Not to be unpacked further: it looks like an envelope and is none.
    pub(crate) bare: bool,
    /// What it is, whatever it claims to be.
    pub(crate) holds: Option<LogSource>,
    /// It came as logs come, so that it is of a known form whatever it says.
    pub(crate) is_known: bool,
    /// What a runtime has put around it.
    pub(crate) said: Option<&'c Said<'c>>,
    /// How many wraps of runtimes and loggers were taken off.
    pub(crate) wraps: u8,
    /// When the application says that it happened, where that was looked for already.
    pub(crate) time_said: Option<Timestamp>,
}

impl Context<'_> {
    /// The same, one envelope further in.
    pub(crate) fn inner(self, shape: Shape) -> Self {
        Self {
            shape,
            depth: self.depth.saturating_add(1),
            ..self
        }
    }
}
