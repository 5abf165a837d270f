//! Vedette's engine: bytes of audit logs and Sigma rules go in, episodes of attacks come out.
//!
//! Values in, values out: no clock, no files, no environment, no async, no AWS type. Modules stand in the order in
//! which a record meets them; each imports only from those above it.
#![warn(clippy::disallowed_methods)]

pub use detector_decode as decode;
pub use detector_event::{event, field, scan, slots, time}; // one decoded audit entry, and its fields
pub use detector_matching as matching;
pub use detector_rule as rule; // YAML text   -> RuleSet      (once, at start; the shell reads the files) // bytes       -> Event // Event       -> hits         (stateless)
pub use detector_store as store;
pub use detector_window as window; // hits        -> episodes     (all the state, bounded and mergeable) // deltas      -> durable state, announcements
pub mod alert; // Episode     -> Alert        (identity and wire form)
pub mod tally; // what was read, and what rules could not use of it
pub mod engine; // the whole way, wired together
