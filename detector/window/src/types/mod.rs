//! The window types, a folder each: how rule files state it (`rule.rs`), what it keeps of its hits and when it holds.

pub mod words; // what they say alike
pub mod count;
pub mod temporal;
pub mod ordered;
pub mod absence; // of one beside another
pub mod aggregate;
pub mod ratio; // which part of them
pub mod spike; // more than just before
pub mod first_seen; // values that are new
pub mod baseline; // what is usual
pub mod owner; // whose it was
pub mod travel; // how far apart

use detector_rule::WindowKind;

/// All of them: what a rule file may name.
pub const TYPES: &[WindowKind] = &[
    count::EVENTS,
    count::VALUES,
    temporal::KIND,
    ordered::KIND,
    absence::KIND,
    aggregate::SUM,
    aggregate::AVERAGE,
    aggregate::PERCENTILE,
    aggregate::MEDIAN,
    ratio::KIND,
    spike::KIND,
    first_seen::KIND,
    baseline::KIND,
    owner::KIND,
    travel::KIND,
];
