//! What people and machines are told of an incident, and when.

mod lines; // prose in lines that fit
mod sample_event; // events that are shown
mod told; // what is told, as values
mod words; // counts, names and times
mod steps; // what to do, with the values filled in
mod lookup; // where to look, and how to silence it
mod headline; // one line for a lock screen
mod email; // the whole of it
mod ocsf; // for machines
mod chat; // for chat clients
pub mod sequence; // when a message goes out

pub use headline::HEADLINE_CHARS_MAX;
pub use sample_event::SampleEvent;
pub use told::{Before, Change, Message, Occasion, Place};

impl Message<'_> {
    /// `HIGH: Credential stuffing over many user names - 203.0.113.10 - 26 user names`
    pub fn headline(&self) -> String {
        headline::headline(self)
    }

    /// A text message: one part, in ASCII.
    pub fn sms(&self) -> String {
        headline::sms(self)
    }

    /// The body of an e-mail: plain text, prose in lines of 50 characters.
    pub fn email(&self) -> String {
        email::email(self)
    }

    /// A Detection Finding of OCSF, with the alerts under `unmapped`.
    pub fn ocsf(&self) -> serde_json::Value {
        ocsf::finding(self)
    }

    /// A custom notification of chat clients.
    pub fn chat(&self) -> serde_json::Value {
        chat::notification(self)
    }
}
