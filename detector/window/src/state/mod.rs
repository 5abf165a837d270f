//! What states are made of: sets of moments, identities, estimates and samples. Each unites in any order to the same.

pub(crate) mod relative; // times in encoded state
pub mod interval; // sets of moments
pub mod key; // 128-bit identities
pub mod key_set; // how many were seen
pub mod sketch; // estimates of large counts
pub mod sample; // numbers, however many
pub mod coverage; // state under every count
pub(crate) mod chains; // steps in order
pub(crate) mod cells; // steps, too many to keep
pub(crate) mod step_times; // steps where nothing is absorbed
pub(crate) mod moving; // the window over them
pub(crate) mod slices; // of time
pub(crate) mod history; // of past weeks
pub(crate) mod watched; // values, however many
