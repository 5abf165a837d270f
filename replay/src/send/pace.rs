//! When each record is due, if a recording is sent at a multiple of its own pace.

use std::time::Duration;

use detector_core::time::Timestamp;

/// How fast: `2` sends an hour in half an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Speed(f64);

/// A million: a year in half a minute.
const SPEED_MAX: f64 = 1e6;
/// A thousandth: a minute in sixteen hours.
const SPEED_MIN: f64 = 1e-3;

impl Speed {
    /// Reads the argument.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let speed = text.parse().ok();
        let speed = speed.filter(|speed| (SPEED_MIN..=SPEED_MAX).contains(speed));
        let why = || {
            format!(
                "expected a number from {SPEED_MIN} to {SPEED_MAX}: 1 is the pace of the recording"
            )
        };
        speed.map(Self).ok_or_else(why)
    }

    /// How long `recorded_ms` of the recording take.
    pub(crate) fn takes(self, recorded_ms: i64) -> Duration {
        Duration::from_secs_f64(recorded_ms.max(0) as f64 / 1000.0 / self.0)
    }

    /// How much of the recording passes in `real`.
    pub(crate) fn covers_ms(self, real: Duration) -> i64 {
        (real.as_secs_f64() * 1000.0 * self.0) as i64
    }
}

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

    #[test]
    fn speeds_that_make_no_sense_are_refused() {
        for text in ["0", "-1", "x", "", "inf", "NaN", "1e-4", "1e7"] {
            assert!(Speed::parse(text).is_err(), "{text}");
        }
        assert_eq!(Speed::parse("0.5"), Ok(Speed(0.5)));
    }

    #[test]
    fn an_hour_at_speed_two_takes_half_an_hour() {
        let speed = Speed::parse("2").unwrap();
        assert_eq!(speed.takes(3_600_000), Duration::from_secs(1_800));
        assert_eq!(speed.covers_ms(Duration::from_secs(1)), 2_000);
    }

    proptest! {
        #[test]
        fn dues_keep_order_and_proportion(
            first in 0..2_000_000_000_000i64, gaps in prop::collection::vec(0..90_000_000i64, 1..20), speed in 0.001..1e6f64
        ) {
            let moment = |ms| Timestamp::from_millis(ms).unwrap();
            let pace = Pace { speed: Speed(speed), first: moment(first) };
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
