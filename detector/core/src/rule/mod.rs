//! Sigma rules: YAML text goes in, a checked [`RuleSet`] comes out, or every problem of every file at once.

pub mod model;
mod load_stub;

pub use load_stub::*;
pub use model::*;
