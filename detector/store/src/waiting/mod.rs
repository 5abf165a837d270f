//! What is written down and not united with its group at once.

pub mod log; // deltas that wait for a sweep
pub mod parked; // hits that decide nothing unless a child correlation holds
pub(crate) mod packing; // how parts are packed
