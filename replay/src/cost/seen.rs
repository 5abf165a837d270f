//! What was seen of the service while it ran.

use detector_core::store::Report;

/// A sweep that ended, or was cut off by the end of what was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep {
    pub(super) took_us: i64,
    /// Groups that were due, as far as it came.
    pub(super) due: u64,
    pub(super) is_complete: bool,
}

/// Counters; times in microseconds where nothing else is said.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// With a hit or without.
    pub(super) events: f64,
    pub(super) invocations: u64,
    /// Of all invocations together.
    pub(super) lambda_us: i64,
    pub(super) batches_us: Vec<i64>,
    /// Of each hit, from its arrival to when its batch was done.
    pub(super) stored_us: Vec<i64>,
    /// Of each opening that was published, from when its condition held.
    pub(super) openings_us: Vec<i64>,
    pub(super) published: u64,
    pub(super) written: u64,
    pub(super) conflicts: u64,
    /// Groups that batches gave up, and how many hits had to come again.
    pub(super) given_up: u64,
    pub(super) repeated: u64,
    pub(super) sweeps: Vec<Sweep>,
    /// Hits that no batch had taken in the end.
    pub(super) waiting: u64,
}

impl Seen {
    pub(super) fn add(&mut self, report: &Report) {
        self.written += report.written;
        self.conflicts += report.conflicts;
        self.given_up += report.failures.len() as u64;
    }
}

/// The value that `part` (0 to 1) of all do not exceed; `None` where there is none.
pub(super) fn percentile(values: &[i64], part: f64) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied()
}
