//! When people are there: events of users by weekday and hour.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _};

use crate::output::quantity::counted;

/// Days that are told apart: ten years.
const DAYS_MAX: usize = 3_653;

/// Working days that a recording must have before anything is said of hours.
const WORKING_DAYS_MIN: usize = 5;

/// The longest day, in hours, that differs from a night.
const LENGTH_MAX: usize = 14;

/// Part of all events on working days that lies within the hours that are told.
const PART: f64 = 0.95;

#[derive(Debug, Default)]
pub(super) struct Hours {
    /// By weekday, Monday first, and hour, UTC.
    events: [[u64; 24]; 7],
    days: BTreeSet<NaiveDate>,
}

/// From one full hour to another, UTC; beyond midnight where the second is not greater.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Hundredths of all events of Monday to Friday.
    pub(super) percent: u64,
}

impl Hours {
    pub(super) fn note(&mut self, time_ms: Option<i64>) {
        let Some(time) = time_ms.and_then(DateTime::from_timestamp_millis) else {
            return;
        };
        let day = time.date_naive();
        if self.days.len() < DAYS_MAX {
            self.days.insert(day);
        }
        self.events[weekday(day)][time.hour() as usize] += 1;
    }

    /// The shortest span of working days that has nearly all events; or why none is told.
    ///
    /// # Errors
    /// Too few days, or there is no night.
    pub(super) fn span(&self) -> Result<Span, String> {
        let days = self.days.iter().filter(|day| weekday(**day) < 5).count();
        if days < WORKING_DAYS_MIN {
            return Err(format!(
                "the recording has events of users on {}, too few to tell hours (at least {WORKING_DAYS_MIN})",
                counted(days as u64, "working day")
            ));
        }
        let by_hour: Vec<u64> = (0..24)
            .map(|hour| self.events[..5].iter().map(|day| day[hour]).sum())
            .collect();
        let all: u64 = by_hour.iter().sum();
        for length in 1..=LENGTH_MAX {
            let within = |from: usize| {
                let hours = (from..from + length).map(|hour| by_hour[hour % 24]);
                hours.sum::<u64>()
            };
            // Of equals the earliest.
            let from = (0..24).rev().max_by_key(|from| within(*from)).unwrap_or(0);
            let part = within(from) as f64 / all as f64;
            if part >= PART {
                return Ok(Span {
                    from,
                    to: (from + length) % 24,
                    percent: (part * 100.0) as u64,
                });
            }
        }
        Err(format!(
            "users come around the clock: no {LENGTH_MAX} hours have 95 % of their events"
        ))
    }

    /// Hundredths of all events that are on Saturdays and Sundays.
    pub(super) fn weekend_percent(&self) -> u64 {
        let of = |days: &[[u64; 24]]| days.iter().flatten().sum::<u64>();
        of(&self.events[5..]) * 100 / of(&self.events).max(1)
    }
}

/// 0 is Monday.
fn weekday(day: NaiveDate) -> usize {
    day.weekday().num_days_from_monday() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const HOUR_MS: i64 = 3_600_000;

    /// Ten working days from Monday 2026-06-01, an event at each of these hours.
    fn hours(of_a_day: impl Iterator<Item = i64> + Clone) -> Hours {
        let mut hours = Hours::default();
        for day in (0..12).filter(|day| day % 7 < 5) {
            for hour in of_a_day.clone() {
                hours.note(Some(20_605 * DAY_MS + day * DAY_MS + hour * HOUR_MS));
            }
        }
        hours
    }

    #[test]
    fn the_shortest_span_is_told_also_beyond_midnight() {
        let span = |from, to| Span {
            from,
            to,
            percent: 100,
        };
        assert_eq!(hours(8..18).span(), Ok(span(8, 18)));
        assert_eq!(hours(15..24).span(), Ok(span(15, 0)));
        assert_eq!(hours((0..4).chain(20..24)).span(), Ok(span(20, 4)));
        assert_eq!(hours(8..18).weekend_percent(), 0);
    }

    #[test]
    fn without_a_night_or_days_no_hours_are_told() {
        assert!(hours(0..24).span().unwrap_err().contains("clock"));
        let mut few = Hours::default();
        few.note(Some(0));
        few.note(None);
        assert!(few.span().unwrap_err().contains("on 1 working day,"));
    }
}
