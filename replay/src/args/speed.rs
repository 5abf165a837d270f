//! The pace on the command line, as a multiple of the recording's own.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
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
}
