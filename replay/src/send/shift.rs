//! Moves a recording in time: every value that is a moment of the recording moves by the same whole seconds, and keeps
//! its form and precision. Nothing else changes.
//!
//! What is a moment is told by form and range: RFC 3339 and Common Log Format, seconds or milliseconds since 1970 as a
//! number or as text, no earlier or later than the recording's events, give or take [`SLACK_MS`]. So a session that
//! began the day before, or a certificate that expires next year, stays where it is; and so do moments in running text.

use chrono::{DateTime, FixedOffset, TimeDelta};
use detector_core::time::Timestamp;

use crate::rewrite::{Rewrite, Scalar};

/// Log services stamp events some time after they happened.
pub(crate) const SLACK_MS: i64 = 60 * 60 * 1000;

/// Below it, a number means seconds, from it on milliseconds, as in the decoder.
const SECONDS_MAX: i64 = 100_000_000_000;

const CLF: &str = "%d/%b/%Y:%H:%M:%S %z";
const CLF_LENGTH: usize = "09/Oct/2025:07:34:30 +0000".len();
/// Of RFC 3339, what a shift by whole seconds can change: `2024-05-01T12:00:00`.
const TO_THE_SECOND: usize = 19;

/// First and last moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

impl Range {
    pub(crate) fn of(moment: Timestamp) -> Self {
        Self {
            first: moment,
            last: moment,
        }
    }

    pub(crate) fn united(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    pub(crate) fn length_ms(self) -> i64 {
        self.last.millis() - self.first.millis()
    }
}

/// By how much the moments of which stretch move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    from_ms: i64,
    until_ms: i64,
    pub(crate) seconds: i64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "shifted by {seconds:+} s, the recording ({first} to {last}) would not lie between 1973-03-04 and 9999"
)]
pub(crate) struct OutOfTime {
    seconds: i64,
    first: Timestamp,
    last: Timestamp,
}

impl Shift {
    /// # Errors
    /// The recording, before or after, lies where milliseconds cannot be told from seconds, or beyond the year 9999.
    pub(crate) fn new(range: Range, seconds: i64) -> Result<Self, OutOfTime> {
        let Range { first, last } = range;
        let (from_ms, until_ms) = (first.millis() - SLACK_MS, last.millis() + SLACK_MS);
        let is_told = |ms: i64| (SECONDS_MAX..=Timestamp::MAX.millis()).contains(&ms);
        let moved = |ms: i64| {
            seconds
                .checked_mul(1000)
                .and_then(|by| ms.checked_add(by))
                .is_some_and(is_told)
        };
        match is_told(from_ms) && is_told(until_ms) && moved(from_ms) && moved(until_ms) {
            true => Ok(Self {
                from_ms,
                until_ms,
                seconds,
            }),
            false => Err(OutOfTime {
                seconds,
                first,
                last,
            }),
        }
    }

    fn has(&self, ms: i64) -> bool {
        (self.from_ms..=self.until_ms).contains(&ms)
    }

    /// The token of a number, or such a token as text.
    fn number(&self, token: &str) -> Option<String> {
        let whole = token.split_once('.').map_or(token, |(whole, _)| whole);
        let rest = &token[whole.len()..];
        let is_plain = whole.bytes().all(|b| b.is_ascii_digit())
            && !whole.starts_with('0')
            && rest.bytes().skip(1).all(|b| b.is_ascii_digit())
            && rest.len() != 1;
        // Fifteen digits reach to the year 9999 in milliseconds.
        if !is_plain || !(9..=15).contains(&whole.len()) {
            return None;
        }
        let number: i64 = whole.parse().ok()?;
        let (ms, by) = match number < SECONDS_MAX {
            true => (number * 1000, self.seconds),
            false => (number, self.seconds * 1000),
        };
        self.has(ms).then(|| format!("{}{rest}", number + by))
    }

    fn text(&self, text: &str) -> Option<String> {
        let bare = text.trim();
        let moved = match bare.as_bytes() {
            [b'0'..=b'9', ..] if bare.len() == CLF_LENGTH && bare.contains('/') => self.clf(bare),
            [_, _, _, _, b'-', ..] if bare.len() > TO_THE_SECOND => self.rfc3339(bare),
            [b'0'..=b'9', ..] => self.number(bare),
            _ => None,
        }?;
        Some(text.replacen(bare, &moved, 1))
    }

    fn rfc3339(&self, text: &str) -> Option<String> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        let moved = self.moved(moment)?;
        let separator = text.get(10..11)?;
        let rest = text.get(TO_THE_SECOND..)?;
        Some(format!(
            "{}{separator}{}{rest}",
            moved.format("%Y-%m-%d"),
            moved.format("%H:%M:%S")
        ))
    }

    fn clf(&self, text: &str) -> Option<String> {
        let moment = DateTime::parse_from_str(text, CLF).ok()?;
        Some(self.moved(moment)?.format(CLF).to_string())
    }

    fn moved(&self, moment: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        let is_ours = self.has(moment.timestamp_millis());
        is_ours.then(|| moment.checked_add_signed(TimeDelta::try_seconds(self.seconds)?))?
    }
}

impl Rewrite for Shift {
    fn scalar(&mut self, _key: &str, value: Scalar<'_>) -> Option<String> {
        match value {
            Scalar::Number(token) => self.number(token),
            Scalar::Text(text) => self.text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite;

    fn range(first: &str, last: &str) -> Range {
        let read = |text| Timestamp::from_rfc3339(text).unwrap();
        Range {
            first: read(first),
            last: read(last),
        }
    }

    fn day() -> Range {
        range("2026-05-21T10:00:00Z", "2026-05-21T12:00:00Z")
    }

    fn shifted(text: &str, seconds: i64) -> String {
        let mut shift = Shift::new(day(), seconds).unwrap();
        match rewrite::record(text.as_bytes(), &mut shift) {
            Some(changed) => String::from_utf8(changed).unwrap(),
            None => text.to_owned(),
        }
    }

    #[test]
    fn moments_of_the_recording_move_and_keep_their_form() {
        for (before, after) in [
            (r#""2026-05-21T10:08:40Z""#, r#""2026-05-21T10:08:42Z""#),
            (
                r#"" 2026-05-21T10:08:40.3560+00:00""#,
                r#"" 2026-05-21T10:08:42.3560+00:00""#,
            ),
            (
                r#""2026-05-21t13:59:59.9+02:00""#,
                r#""2026-05-21t14:00:01.9+02:00""#,
            ),
            (
                r#""2026-05-21 23:59:59+12:00""#,
                r#""2026-05-22 00:00:01+12:00""#,
            ),
            (
                r#""21/May/2026:11:00:59 +0000""#,
                r#""21/May/2026:11:01:01 +0000""#,
            ),
            ("1779357894486", "1779357896486"),
            ("1779357894", "1779357896"),
            ("1779357894.4860", "1779357896.4860"),
            (r#""1779357894486""#, r#""1779357896486""#),
        ] {
            let of = |value| format!(r#"{{"b": {value} ,"a":[{value}, 7],"é":"\u00e9"}}"#);
            assert_eq!(shifted(&of(before), 2), of(after));
            assert_eq!(shifted(&of(after), -2), of(before));
        }
    }

    #[test]
    fn nothing_else_changes() {
        let text = r#"{"iat":1779270000,"exp":"2027-05-21T10:00:00Z","day":"2026-05-21","n":-1779357894,
            "id":"38000000000001779358120356000000000000000000000000000359","z":"01779357894","f":1.779357894e9,
            "g":1779357894., "m":"at 2026-05-21T10:08:40Z the pump failed","t":true,"k":{"2026-05-21T10:08:40Z":1},
            "s":"10:08:40","v":"1779357894486x"}"#;
        assert_eq!(shifted(text, 86_400), text);
        assert_eq!(shifted("[INFO] 1779357894486", 5), "[INFO] 1779357894486");
        assert_eq!(shifted("1779357894486 started", 5), "1779357894486 started");
    }

    #[test]
    fn a_recording_moves_only_to_where_its_moments_can_be_told() {
        assert!(Shift::new(day(), -1_600_000_000).is_ok());
        assert!(Shift::new(day(), -1_700_000_000).is_err());
        assert!(Shift::new(day(), 300_000_000_000).is_err());
        let error = Shift::new(day(), i64::MIN).unwrap_err();
        assert!(error.to_string().contains("2026-05-21T10:00:00.000Z"));
    }

    /// Text as records have it: moments within the recording and far from it, nested as they come.
    fn value() -> impl Strategy<Value = String> {
        let within = 1_779_357_600_000i64..1_779_364_800_000;
        let leaf = prop_oneof![
            within.clone().prop_map(|ms| ms.to_string()),
            within.clone().prop_map(|ms| (ms / 1000).to_string()),
            within.clone().prop_map(|ms| format!("\"{ms}\"")),
            (within.clone(), 0..4usize).prop_map(|(ms, form)| {
                let moment = DateTime::from_timestamp_millis(ms).unwrap();
                let format = [
                    "%FT%TZ",
                    "%FT%T%.3fZ",
                    "%F %T%.6f+00:00",
                    "%d/%b/%Y:%T +0000",
                ];
                format!("\"{}\"", moment.format(format[form]))
            }),
            Just("1600000000000".to_owned()),
            Just("\"2020-01-01T00:00:00Z\"".to_owned()),
            "[a-z \\\\\"é]{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|all| format!("[{}]", all.join(", "))),
                prop::collection::vec(("[a-c]{1,3}", inner.clone()), 1..4).prop_map(|all| {
                    let fields: Vec<_> = all.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                    format!("{{{}}}", fields.join(","))
                }),
                inner.prop_map(|text| {
                    let document = format!("{{\"a\":{text}}}");
                    serde_json::to_string(&document).unwrap()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_it_was(value in value(), seconds in -30_000_000i64..30_000_000) {
            let before = format!("{{\"v\":{value}}}");
            let (first, last) = (day().first.millis() + seconds * 1000, day().last.millis() + seconds * 1000);
            let there = shifted(&before, seconds);
            let moved = Range {
                first: Timestamp::from_millis(first).unwrap(),
                last: Timestamp::from_millis(last).unwrap(),
            };
            let mut back = Shift::new(moved, -seconds).unwrap();
            let after = rewrite::record(there.as_bytes(), &mut back).unwrap_or(there.into_bytes());
            prop_assert_eq!(String::from_utf8(after).unwrap(), before);
        }
    }
}
