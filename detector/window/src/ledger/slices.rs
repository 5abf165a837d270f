//! How a ledger divides time: a timespan has four slices.

const SLICES_PER_TIMESPAN: i64 = 4;

/// How a ledger divides time.
#[derive(Debug, Clone, Copy)]
pub struct Slices {
    /// The length of a slice, in milliseconds.
    pub ms: i64,
    /// Whether all hits are kept one by one until they are past, since more hits can take some of them away.
    pub singly: bool,
}

/// The length of a slice for a timespan, in milliseconds.
pub fn slice_ms(timespan_ms: i64) -> i64 {
    (timespan_ms / SLICES_PER_TIMESPAN).max(1)
}

/// The start of the slice that `time` is in.
pub(crate) fn slice_start(time: i64, slice_ms: i64) -> i64 {
    time.div_euclid(slice_ms) * slice_ms
}

/// The first start of a slice that is not before `time`.
pub(super) fn next_slice(time: i64, slice_ms: i64) -> i64 {
    slice_start(time + slice_ms - 1, slice_ms)
}
