//! Vedette's engine: bytes of audit logs and Sigma rules go in, episodes of attacks come out.
//!
//! Values in, values out: no clock, no files, no environment, no async, no AWS type. Modules stand in the order in
//! which a record meets them; each imports only from those above it.
#![warn(clippy::disallowed_methods)]

pub mod time; // milliseconds since the epoch
pub mod field; // dotted paths -> slots
mod quotes; // where strings begin and end
pub mod slots; // the values found, by slot
mod lenient_scan; // the same, where a value cannot be held
mod quick_scan; // the same, where it is as AWS writes it
pub mod scan; // JSON bytes  -> the values of the slots
pub mod event; // one decoded audit entry
pub mod rule; // YAML text   -> RuleSet      (once, at start; the shell reads the files)
pub mod decode; // bytes       -> Event
pub mod matching; // Event       -> hits         (stateless)
pub mod window; // hits        -> episodes     (all the state, bounded and mergeable)
pub mod store; // deltas      -> durable state, announcements
pub mod alert; // Episode     -> Alert        (identity and wire form)
pub mod tally; // what was read, and what rules could not use of it
pub mod engine; // the whole way, wired together
