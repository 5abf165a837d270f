//! What a batch parks, and what it asks of the store about that.

use std::collections::BTreeMap;

use crate::parked::{Mark, ParkedPart, Waiting};
use crate::work::GroupRef;

/// What a batch parks, until it knows which groups are marked.
#[derive(Debug, Default)]
pub(super) struct Parking {
    pub(super) parts: Vec<ParkedPart>,
    pub(super) waiting: BTreeMap<GroupRef, Waiting>,
}

#[derive(Debug)]
pub(super) enum Parked {
    Park,
    /// At the marks that end in this slice or later.
    Look(i64),
    Arm(Vec<Mark>),
    /// In a sweep, which marks nobody has served.
    Pending,
    Read,
    Serve,
}
