//! When each record is due, if a recording is sent at a multiple of its own pace.

use std::time::Duration;

use detector_core::time::Timestamp;

use crate::args::Speed;

/// When a record is due, counted from the start of sending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) speed: Speed,
    /// The time of the recording's first record.
    pub(crate) first: Timestamp,
}

impl Pace {
    /// A record without a time is due at once.
    pub(crate) fn due(self, carried: Option<Timestamp>) -> Duration {
        let since_first = carried.map_or(0, |it| it.millis() - self.first.millis());
        self.speed.takes(since_first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn dues_keep_order_and_proportion(
            first in 0..2_000_000_000_000i64, gaps in prop::collection::vec(0..90_000_000i64, 1..20), speed in 0.001..1e6f64
        ) {
            let moment = |ms| Timestamp::from_millis(ms).unwrap();
            let pace = Pace { speed: Speed::parse(&speed.to_string()).unwrap(), first: moment(first) };
            prop_assert_eq!(pace.due(None), Duration::ZERO);
            prop_assert_eq!(pace.due(Some(moment(first))), Duration::ZERO);
            let (mut at, mut before) = (first, Duration::ZERO);
            for gap in gaps {
                at += gap;
                let due = pace.due(Some(moment(at)));
                let expected = (at - first) as f64 / 1000.0 / speed;
                prop_assert!((due.as_secs_f64() - expected).abs() <= 1e-6 * expected.max(1.0));
                prop_assert!(due >= before);
                before = due;
            }
        }
    }
}
