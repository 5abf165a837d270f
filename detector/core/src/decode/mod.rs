//! (to come)

pub mod split;
