//! Calendars: which moments are working hours, in a zone.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Weekday};
use chrono_tz::Tz;

use detector_event::time::Timestamp;

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// A zone, and in it the hours in which people work.
#[derive(Debug)]
pub struct Calendar {
    pub name: Box<str>,
    pub zone: Tz,
    /// By weekday, Monday first: from and to, in minutes of the day. What ends no later than it begins goes on into the
    /// next day.
    pub(crate) hours: [Vec<(u16, u16)>; 7],
    pub(crate) holidays: BTreeSet<NaiveDate>,
}

/// What a calendar says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarPart {
    /// `mon` to `sun`.
    Weekday,
    /// 0 to 23.
    Hour,
    /// `08:05`.
    Time,
    /// `2026-12-24`.
    Day,
    /// Whether people work then.
    Working,
    /// Whether the day is among the holidays.
    Holiday,
}

/// The parts, as fields are called.
pub(crate) const PARTS: [(&str, CalendarPart); 6] = [
    ("weekday", CalendarPart::Weekday),
    ("hour", CalendarPart::Hour),
    ("time", CalendarPart::Time),
    ("day", CalendarPart::Day),
    ("working", CalendarPart::Working),
    ("holiday", CalendarPart::Holiday),
];

/// The days of the week, as calendars write them.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A part's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Text(String),
    Number(u64),
    Bool(bool),
}

impl Calendar {
    /// What it says of a moment; `None` of one beyond all calendars.
    pub fn says(&self, part: CalendarPart, time: Timestamp) -> Option<Said> {
        let there = DateTime::from_timestamp_millis(time.millis())?
            .with_timezone(&self.zone)
            .naive_local();
        Some(match part {
            CalendarPart::Weekday => Said::Text(WEEKDAYS[at(there.weekday())].to_owned()),
            CalendarPart::Hour => Said::Number(there.hour().into()),
            CalendarPart::Time => Said::Text(there.format("%H:%M").to_string()),
            CalendarPart::Day => Said::Text(there.date().to_string()),
            CalendarPart::Working => Said::Bool(self.is_worked_at(there)),
            CalendarPart::Holiday => Said::Bool(self.holidays.contains(&there.date())),
        })
    }

    fn is_worked_at(&self, there: NaiveDateTime) -> bool {
        let minute = (there.hour() * 60 + there.minute()) as u16;
        let of = |day: NaiveDate| match self.holidays.contains(&day) {
            true => [].iter(),
            false => self.hours[at(day.weekday())].iter(),
        };
        let today = of(there.date()).any(|(from, to)| {
            let to = if to > from { *to } else { DAY_MINUTES };
            (*from..to).contains(&minute)
        });
        let before = there.date().checked_sub_days(Days::new(1));
        today || before.is_some_and(|day| of(day).any(|(from, to)| to <= from && minute < *to))
    }
}

fn at(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}
