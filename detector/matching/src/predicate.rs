//! The number of a predicate: one test of one field, whichever rules ask for it.

pub(super) type PredicateId = u32;
