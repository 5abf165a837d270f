//! Moments as logs and tools write them.
//!
//! What has no zone is UTC: AWS's tools leave it out where they mean it, and a log that means another is wrong anyway.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::text::raw;
use detector_event::slots::Value;
use detector_event::time::Timestamp;

/// 2000-01-01 and 2100-01-01: what lies outside was meant as something else (a duration, a counter, a default).
const EARLIEST_MS: i64 = 946_684_800_000;
const LATEST_MS: i64 = 4_102_444_800_000;

/// The moment that `value` stands for: text in any form that is read here, or a number since the epoch.
pub(crate) fn moment(value: Option<&Value<'_>>) -> Option<Timestamp> {
    match value? {
        Value::Unsigned(number) => of_integer(*number),
        Value::Float(number) => of_float(*number),
        Value::Text(text) => of_text(text),
        Value::Signed(_) | Value::Null | Value::Bool(_) | Value::Container => None,
    }
}

/// As [`moment`], where it can be when something was logged.
pub(crate) fn logged_at(value: Option<&Value<'_>>) -> Option<Timestamp> {
    moment(value).filter(|time| (EARLIEST_MS..LATEST_MS).contains(&time.millis()))
}

/// As [`moment`], of text.
pub(crate) fn of_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text);
    if let Some(time) = Timestamp::from_rfc3339(text) {
        return Some(time);
    }
    if text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+'))
    {
        let is_compact = text.len() == COMPACT_DATE_BYTES && text.starts_with("20");
        return match text.parse() {
            Ok(_) if is_compact => of_iso(text),
            Ok(number) => of_integer(number),
            Err(_) => of_float(text.parse().ok()?),
        };
    }
    of_iso(text).or_else(|| of_words(text))
}

/// `20260503`: no number since the epoch that a log would write.
const COMPACT_DATE_BYTES: usize = 8;

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch, told by their size.
fn of_integer(number: u64) -> Option<Timestamp> {
    let ms = match number {
        0..100_000_000_000 => number * 1_000,
        100_000_000_000..100_000_000_000_000 => number,
        100_000_000_000_000..100_000_000_000_000_000 => number / 1_000,
        _ => number / 1_000_000,
    };
    Timestamp::from_millis(i64::try_from(ms).ok()?)
}

fn of_float(number: f64) -> Option<Timestamp> {
    const SECONDS_END: f64 = 1e11;
    const MILLISECONDS_END: f64 = 1e14;
    match number {
        n if n < MILLISECONDS_END => Timestamp::from_epoch(number),
        n if n < u64::MAX as f64 => of_integer(number as u64),
        _ => None,
    }
    .filter(|_| number >= SECONDS_END || number >= 0.0)
}

/// As [`moment`], of JSON text.
pub(crate) fn raw_moment(json: Option<&str>) -> Option<Timestamp> {
    let text = raw::string(json);
    of_text(text.as_deref().or(json)?)
}

fn of_iso(text: &str) -> Option<Timestamp> {
    let (time, rest) = at_start(text)?;
    rest.trim().is_empty().then_some(time)
}

/// Forms with the names of months.
fn of_words(text: &str) -> Option<Timestamp> {
    if let Some(time) = Timestamp::from_clf(text) {
        return Some(time);
    }
    if let Ok(time) = DateTime::parse_from_rfc2822(text) {
        return Timestamp::from_millis(time.timestamp_millis());
    }
    const FORMS: [&str; 4] = [
        "%a %b %d %H:%M:%S UTC %Y",
        "%a %b %d %H:%M:%S %Y",
        "%b %d, %Y %I:%M:%S %p",
        "%d/%b/%Y:%H:%M:%S",
    ];
    let naive = FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Timestamp::from_millis(naive.and_utc().timestamp_millis())
}

/// The date and time that `text` begins with, as ISO 8601 has it or nearly, and what follows them.
///
/// `T`, `t`, a space or `_` between the two; seconds may be missing, a fraction follows `.` or `,`; the zone is `Z`,
/// `UTC`, `GMT`, an offset with or without a colon, or missing; dates have `-` or `/`, or are written without either.
pub(crate) fn at_start(text: &str) -> Option<(Timestamp, &str)> {
    let mut cursor = Cursor { rest: text };
    let year = cursor.digits(4)?;
    let separator = cursor.one_of(b"-/");
    let month = cursor.digits(2)?;
    if cursor.one_of(b"-/") != separator {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year as i32, month, cursor.digits(2)?)?;
    cursor.one_of(b"Tt _")?;
    let hour = cursor.digits(2)?;
    let colon = cursor.one_of(b":");
    let minute = cursor.digits(2)?;
    let has_seconds = match colon {
        Some(_) => cursor.one_of(b":").is_some(),
        None => separator.is_none() && cursor.rest.starts_with(|c: char| c.is_ascii_digit()),
    };
    let second = if has_seconds { cursor.digits(2)? } else { 0 };
    let milli = if has_seconds { cursor.fraction()? } else { 0 };
    // A leap second is the last moment of its minute.
    let moment = date.and_hms_milli_opt(hour, minute, second.min(59), milli)?;
    let offset_ms = cursor.zone()?;
    let ms = moment.and_utc().timestamp_millis() - offset_ms;
    Some((Timestamp::from_millis(ms)?, cursor.rest))
}

struct Cursor<'t> {
    rest: &'t str,
}

impl Cursor<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        self.rest = is_number.then_some(rest)?;
        digits.parse().ok()
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let first = *self.rest.as_bytes().first()?;
        let taken = bytes.contains(&first).then_some(first)?;
        self.rest = &self.rest[1..];
        Some(taken)
    }

    /// Milliseconds; 0 where there is no fraction.
    fn fraction(&mut self) -> Option<u32> {
        let has_digits = self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        if !has_digits || self.one_of(b".,").is_none() {
            return Some(0);
        }
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let count = self.rest.bytes().take_while(|byte| is_digit(byte)).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let first: String = digits.chars().chain("000".chars()).take(3).collect();
        first.parse().ok()
    }

    /// How far ahead of UTC, in milliseconds. What is no zone is left where it is.
    fn zone(&mut self) -> Option<i64> {
        let before = self.rest;
        let spaceless = self.rest.strip_prefix(' ').unwrap_or(self.rest);
        for name in ["UTC", "GMT", "Z", "z"] {
            let rest = spaceless.strip_prefix(name);
            let rest = rest.filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
            if let Some(rest) = rest.filter(|_| name.len() > 1 || spaceless.len() == before.len()) {
                self.rest = rest;
                return Some(0);
            }
        }
        self.rest = spaceless;
        if let Some(sign) = self.one_of(b"+-")
            && let Some(hours) = self.digits(2)
        {
            self.one_of(b":");
            let minutes = self.digits(2).unwrap_or(0);
            let ahead = i64::from(hours * 60 + minutes) * 60_000;
            return (hours < 24 && minutes < 60).then_some(if sign == b'+' {
                ahead
            } else {
                -ahead
            });
        }
        self.rest = before;
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_777_809_600_000;

    fn read(text: &str) -> Option<i64> {
        of_text(text).map(Timestamp::millis)
    }

    #[test]
    fn forms_that_logs_have_are_the_same_moment() {
        for text in [
            "2026-05-03T12:00:00Z",
            "2026-05-03t12:00:00z",
            "2026-05-03T14:00:00+02:00",
            "2026-05-03T12:00:00+0000",
            "2026-05-03T10:00:00-02",
            "2026-05-03 12:00:00",
            "2026-05-03 12:00:00 UTC",
            "2026-05-03 12:00:00.000 GMT",
            "2026-05-03 14:00:00 +0200",
            "2026/05/03 12:00:00",
            "2026-05-03T12:00Z",
            "2026-05-03T12:00",
            "20260503T120000Z",
            "20260503 1200",
            "[2026-05-03T12:00:00Z]",
            " 03/May/2026:12:00:00 +0000",
            "[03/May/2026:14:00:00 +0200]",
            "Sun, 03 May 2026 12:00:00 GMT",
            "Sun May 03 12:00:00 UTC 2026",
            "May 03, 2026 12:00:00 PM",
            "1777809600",
            "1777809600000",
            "1777809600000000",
            "1777809600000000000",
            "1.7778096e9",
        ] {
            assert_eq!(read(text), Some(NOON), "{text}");
        }
        for text in [
            "2026-05-03T12:00:00,123Z",
            "2026-05-03 12:00:00,123+0000",
            "2026-05-03 12:00:00.123456 UTC",
            "2026-05-03T12:00:00.1234567Z",
            "2026-05-03T12:00:00.123",
            "1777809600.123",
            "1777809600123456789",
        ] {
            assert_eq!(read(text), Some(NOON + 123), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "-",
            "12:00",
            "2026-13-03T12:00:00Z",
            "2026-05-03",
            "20260503",
            "2026-05-03T12",
            "2026-05/03 12:00",
            "2026-05-03T12:00:00Zulu",
            "2026-05-03T12:00:00+99:00",
            "noon",
            "1e99",
            "2026-05-03T12:00:00 or later",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn small_numbers_are_moments_but_not_of_logs() {
        for value in [
            Value::Float(12.5),
            Value::Unsigned(0),
            Value::Text("42".into()),
        ] {
            assert!(moment(Some(&value)).is_some());
            assert_eq!(logged_at(Some(&value)), None);
        }
        assert_eq!(moment(Some(&Value::Float(-1.0))), None);
        assert_eq!(moment(Some(&Value::Signed(-1))), None);
        assert_eq!(
            moment(Some(&Value::Unsigned(NOON as u64 * 1_000))).map(Timestamp::millis),
            Some(NOON)
        );
        assert_eq!(
            moment(Some(&Value::Float(NOON as f64 / 1e3 + 0.123))).map(Timestamp::millis),
            Some(NOON + 123)
        );
    }

    #[test]
    fn a_moment_at_the_start_tells_what_follows() {
        let rest = |text| at_start(text).map(|(_, rest)| rest);
        assert_eq!(rest("2026-05-03T12:00:00.100Z\tq"), Some("\tq"));
        assert_eq!(rest("2026-05-03 12:00:00 INFO x"), Some(" INFO x"));
        assert_eq!(rest("2026-05-03 12:00:00 Zoe"), Some(" Zoe"));
        assert_eq!(rest("2026-05-03T12:00:00.000000+00:00 s m"), Some(" s m"));
        assert_eq!(rest("2026-05-03 12:00:00,100 - root"), Some(" - root"));
        assert_eq!(rest("2026/05/03/[$LATEST]ab"), None);
        assert_eq!(rest("é"), None);
    }
}
