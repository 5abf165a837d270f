//! Episodes go in, what people and machines are told about them comes out: identity, form and words, alike for all shells.
//!
//! What a log says is hostile: it is shown to people harmless and without secrets. Nothing here sends, decides or keeps.
#![warn(clippy::disallowed_methods)]

mod alert; // Episode -> Alert, and its JSON
pub mod incident; // alerts of one attack
pub mod plain_json; // JSON that hides nothing
pub mod neutral; // hostile text made harmless
mod secret; // what must not be shown
pub mod personal; // what people are shown of people
pub mod message; // an incident in words

pub use alert::{Alert, AlertRule, GroupValues, ShownValues, Status};
