//! Time, cut into slices of one length.

/// Slices as long as this, in milliseconds; above 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeSlices(pub(crate) i64);

impl TimeSlices {
    pub(crate) fn slice(self, time: i64) -> i64 {
        time.div_euclid(self.0)
    }

    /// The slice of a moment, and the time since its beginning.
    pub(crate) fn place(self, time: i64) -> (i64, u64) {
        (self.slice(time), time.rem_euclid(self.0).unsigned_abs())
    }

    /// The moment at a place.
    pub(crate) fn time(self, slice: i64, since_beginning: u64) -> i64 {
        let beginning = slice.saturating_mul(self.0);
        beginning.saturating_add_unsigned(since_beginning)
    }
}
