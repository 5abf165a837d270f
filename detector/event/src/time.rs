//! Event time: whole milliseconds since the Unix epoch, always given, never read from a clock.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat};

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
///
/// Kept within the years 1970 to 9999 (see [`Timestamp::MAX`]), so that adding any window length cannot overflow.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 9999-12-31T23:59:59.999Z, the last moment RFC 3339 can write.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// `None` outside 1970..=9999.
    pub fn from_millis(ms: i64) -> Option<Self> {
        (0..=Self::MAX.0).contains(&ms).then_some(Self(ms))
    }

    /// Reads RFC 3339 (`2024-05-01T12:00:00Z`, any offset, any fraction; below a millisecond is cut off).
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        if let Some(moment) = Self::in_usual_form(text) {
            return Some(moment);
        }
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        Self::from_millis(parsed.timestamp_millis())
    }

    /// `2024-05-01T12:00:00Z` and `2024-05-01T12:00:00.000Z`, as nearly all logs write it; `None` where it is anything else.
    fn in_usual_form(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (whole, fraction) = bytes.split_first_chunk::<19>()?;
        let mut is_sound = true;
        let mut number = |digits: &[u8]| {
            digits.iter().fold(0, |sum: u32, byte| {
                is_sound &= byte.is_ascii_digit();
                sum * 10 + u32::from(byte & 0xf)
            })
        };
        let [year, month, day] = [0..4, 5..7, 8..10].map(|at| number(&whole[at]));
        let [hour, minute, second] = [11..13, 14..16, 17..19].map(|at| number(&whole[at]));
        let milli = match fraction {
            b"Z" => 0,
            [b'.', digits @ .., b'Z'] if digits.len() == 3 => number(digits),
            _ => return None,
        };
        let separators = [4, 7, 10, 13, 16].map(|at| whole[at]);
        if !is_sound || separators != *b"--T::" {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let moment = date.and_hms_milli_opt(hour, minute, second, milli)?;
        Self::from_millis(moment.and_utc().timestamp_millis())
    }

    /// Reads seconds or milliseconds since the epoch: below 100 000 000 000 (the year 5138 in seconds, March 1973 in
    /// milliseconds) they are seconds, with any fraction.
    pub fn from_epoch(number: f64) -> Option<Self> {
        const SECONDS_MAX: f64 = 100_000_000_000.0;
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        let ms = if number < SECONDS_MAX {
            // A fraction such as .477 has no exact binary form: cutting it off could lose a millisecond.
            (number * 1000.0).round()
        } else {
            number.floor()
        };
        (ms <= Self::MAX.0 as f64).then_some(Self(ms as i64))
    }

    /// Reads the Common Log Format: `09/Oct/2025:07:34:30 +0000`.
    pub fn from_clf(text: &str) -> Option<Self> {
        let parsed = DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z").ok()?;
        Self::from_millis(parsed.timestamp_millis())
    }

    pub fn millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2024-05-01T12:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_numbers_are_seconds_or_milliseconds() {
        let read = |n| Timestamp::from_epoch(n).map(Timestamp::millis);
        assert_eq!(read(1_737_735_732.0), Some(1_737_735_732_000));
        assert_eq!(read(1_480_641_523.477), Some(1_480_641_523_477));
        assert_eq!(read(1_583_425_836_114.0), Some(1_583_425_836_114));
        assert_eq!(read(99_999_999_999.0), Some(99_999_999_999_000));
        assert_eq!(read(100_000_000_000.0), Some(100_000_000_000));
        assert_eq!(read(0.0), Some(0));
        for out in [-1.0, f64::NAN, f64::INFINITY, 253_402_300_800_000.0, 1e300] {
            assert_eq!(read(out), None, "{out}");
        }
    }

    #[test]
    fn the_usual_form_is_read_as_any_other_moment() {
        let thoroughly = |text: &str| {
            let parsed = DateTime::parse_from_rfc3339(text).ok()?;
            Timestamp::from_millis(parsed.timestamp_millis())
        };
        let mut read = 0;
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..200_000 {
            let [year, month, day] = [rng.u32(1960..2110), rng.u32(..14), rng.u32(..33)];
            let [hour, minute, second] = [25, 61, 62].map(|end| rng.u32(..end));
            let mut text =
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            if rng.bool() {
                let (end, digits) = (text.len() - 1, rng.usize(..6));
                text.insert_str(end, &format!(".{}", &"304958"[..digits]));
            }
            if rng.u8(..4) == 0 {
                let at = rng.usize(..text.len());
                let other = ["0", "9", "-", ":", "T", "t", "z", " ", "+", "/", "\u{e9}"];
                text.replace_range(at..=at, other[rng.usize(..other.len())]);
            }
            assert_eq!(Timestamp::from_rfc3339(&text), thoroughly(&text), "{text}");
            read += usize::from(Timestamp::in_usual_form(&text).is_some());
        }
        assert!(read > 50_000, "{read}");
    }

    #[test]
    fn common_log_format() {
        let read = |t| Timestamp::from_clf(t).map(|t| t.to_string());
        assert_eq!(
            read("09/Oct/2025:07:34:30 +0000").as_deref(),
            Some("2025-10-09T07:34:30.000Z")
        );
        assert_eq!(
            read("09/Oct/2025:09:34:30 +0200").as_deref(),
            Some("2025-10-09T07:34:30.000Z")
        );
        assert_eq!(read("-"), None);
        assert_eq!(read("09/Oct/2025"), None);
    }
}
