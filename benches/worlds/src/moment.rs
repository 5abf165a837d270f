//! Moments are milliseconds since 1970, UTC.

use chrono::{DateTime, SecondsFormat, Utc};

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
pub const WEEK: i64 = 7 * DAY;

fn date(moment: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment).unwrap_or_default()
}

/// `2026-06-01T00:00:00.000Z`
pub fn iso(moment: i64) -> String {
    date(moment).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2026-06-01T00:00:00Z`
pub fn iso_seconds(moment: i64) -> String {
    date(moment).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `Mon Jun 01 00:00:00 UTC 2026`, as the user-activity export writes it.
pub fn spelled(moment: i64) -> String {
    date(moment).format("%a %b %d %H:%M:%S UTC %Y").to_string()
}

/// `2026-06-01`
pub fn day(moment: i64) -> String {
    date(moment).format("%Y-%m-%d").to_string()
}
