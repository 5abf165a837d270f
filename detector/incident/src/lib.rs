//! Episodes of one attack to one incident: a function of the set of episodes, whatever their order.
#![warn(clippy::disallowed_methods)]

pub mod entities; // what an episode says of whom
mod composition; // which correlations an alert is made of
pub mod link; // by what it finds others
pub mod member; // what incidents know of an episode
mod crowd; // many of whom one rule alerts at once
mod majority; // whose an alert over a place is
pub mod components; // what is connected
pub mod id; // the name of an incident

/// Episodes that a value links are of one incident where the pause between them is no longer than this, in milliseconds.
pub const GAP_MS: i64 = 60 * 60_000;
