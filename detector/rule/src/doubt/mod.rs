//! What is odd about a condition that is well formed.

pub(crate) mod exclusion; // tests that exclude each other
pub(crate) mod contradiction; // what can never be
