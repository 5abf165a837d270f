//! How far a sweep has come.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::LogName;
use crate::parked::Mark;
use crate::work::{GroupRef, Work};

#[derive(Debug)]
pub(super) struct Sweep {
    /// No event before it is still to come.
    pub(super) watermark: i64,
    pub(super) stage: Stage,
    /// What is still to be looked at in this stage.
    pub(super) left: BTreeMap<GroupRef, Work>,
    /// Groups in the page, and those of them, or of their parents, that failed.
    pub(super) page: usize,
    pub(super) failed: BTreeSet<GroupRef>,
    /// The store has more for this stage than it told.
    pub(super) has_more: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// The parts of the log that are being united: all up to and with a place, since the last ones were.
    Log { place: u8, names: Vec<LogName> },
    /// What was parked for groups that are marked now, before a depth is judged.
    Parked(ReadBack),
    /// What is due at a depth.
    Due { depth: usize },
}

/// How far what was parked is read.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// The depth that comes next.
    pub(super) depth: usize,
    /// The marks that are served.
    pub(super) marks: Vec<Mark>,
    /// There are more than these.
    pub(super) has_more: bool,
    /// The slices and places still to be read, of which the last is being read, after a part.
    pub(super) places: Vec<(i64, u8)>,
    pub(super) after: Option<LogName>,
}

impl Sweep {
    pub(super) fn to(watermark: i64) -> Self {
        Self {
            watermark,
            stage: Stage::Log {
                place: 0,
                names: Vec::new(),
            },
            left: BTreeMap::new(),
            page: 0,
            failed: BTreeSet::new(),
            has_more: false,
        }
    }
}
