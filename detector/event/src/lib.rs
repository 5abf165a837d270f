//! What a record says: JSON text goes in, the values of the fields that rules read come out, beside time, id and source.
//!
//! Modules stand in the order in which they build on each other. No clock, no files, no environment, no async.
#![warn(clippy::disallowed_methods)]

pub mod time; // milliseconds since the epoch
mod keys; // keys of an object -> nodes
pub mod field; // dotted paths -> slots
pub mod quotes; // where strings begin and end
pub mod slots; // the values found, by slot
mod lenient_scan; // the same, where a value cannot be held
mod quick_scan; // the same, where it is as AWS writes it
pub mod scan; // JSON bytes  -> the values of the slots
pub mod event; // one decoded audit entry

pub use lenient_scan::each_object;
