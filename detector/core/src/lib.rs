//! Vedette's engine: bytes of audit logs and Sigma rules go in, episodes of attacks come out.
//!
//! Values in, values out: no clock, no files, no environment, no async, no AWS type. The layers are crates, of which
//! each imports from those above it in this table alone; here they have their names, so that a shell imports this crate
//! and no other.
//!
//! | layer | in | out |
//! |---|---|---|
//! | [`event`], [`time`], [`field`], [`slots`], [`scan`] | JSON text | one audit entry, and the fields that rules read |
//! | [`decode`] | bytes | events |
//! | [`rule`] | YAML text | a rule set, once, at start; the shell reads the files |
//! | [`matching`] | event | hits; stateless |
//! | [`window`] | hits | episodes; all the state, bounded and mergeable |
//! | [`incident`] | episodes | which of them are one attack |
//! | [`store`] | deltas | durable state, announcements |
//! | [`alert`] | episode | what people and machines are told |
#![warn(clippy::disallowed_methods)]

pub use detector_alert as alert;
pub use detector_decode as decode;
pub use detector_event::{event, field, scan, slots, time};
pub use detector_incident as incident;
pub use detector_matching as matching;
pub use detector_rule as rule;
pub use detector_store as store;
pub use detector_window as window;

pub mod tally; // what was read, and what rules could not use of it
mod wanted; // fields that rules miss
pub mod places; // where addresses are
mod derived; // fields that no log has
mod clock; // when what does not say so arrived
pub mod found; // alerts, and which are one attack
pub mod engine; // the whole way, wired together
