//! Which events a service would not use as they are sent: those that come too late, and those from the future.

use std::collections::BTreeMap;
use std::time::Duration;

use detector_core::engine::{LATENESS_MAX_MS, SKEW_MAX_MS};
use detector_core::time::Timestamp;

use super::pace::Pace;

/// How many events happened in which second: a number for each second of the recording, however large it is.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct EventTimes {
    by_second: BTreeMap<i64, u64>,
    /// Events that carry no time.
    untimed: u64,
}

/// How events go out: `shift_seconds` are added to their times, and the first record leaves at `starts_ms` (since 1970).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    pub(crate) starts_ms: i64,
    pub(crate) shift_seconds: i64,
    pub(crate) pace: Option<Pace>,
}

/// What becomes of the events, by the lateness and the clocks that a service allows where nothing else is configured.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usable {
    pub(crate) events: u64,
    pub(crate) too_late: u64,
    /// The service takes their arrival for their time.
    pub(crate) ahead: u64,
    pub(crate) untimed: u64,
}

impl EventTimes {
    pub(crate) fn add(&mut self, event: Option<Timestamp>) {
        match event {
            Some(time) => {
                *self
                    .by_second
                    .entry(time.millis().div_euclid(1000))
                    .or_default() += 1
            }
            None => self.untimed += 1,
        }
    }

    /// To the second: no more is known of when a record arrives.
    pub(crate) fn usable(&self, departure: Departure) -> Usable {
        let mut usable = Usable {
            events: self.untimed,
            untimed: self.untimed,
            ..Usable::default()
        };
        for (second, events) in &self.by_second {
            usable.events += events;
            // Whatever the part of the second: those of the recording's last one happen now.
            let first_ms = second.saturating_mul(1000);
            if departure.behind_ms(first_ms.saturating_add(999)) > LATENESS_MAX_MS {
                usable.too_late += events;
            } else if departure.behind_ms(first_ms) < -SKEW_MAX_MS {
                usable.ahead += events;
            }
        }
        usable
    }
}

impl Departure {
    /// How long before its record is sent the event seems to have happened.
    fn behind_ms(self, ms: i64) -> i64 {
        let due = self
            .pace
            .map_or(Duration::ZERO, |pace| pace.due(Timestamp::from_millis(ms)));
        let sent_ms = self
            .starts_ms
            .saturating_add(i64::try_from(due.as_millis()).unwrap_or(i64::MAX));
        let seems_ms = ms.saturating_add(self.shift_seconds.saturating_mul(1000));
        sent_ms.saturating_sub(seems_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Speed;

    const START: i64 = 1_779_357_600;

    /// An event each minute of two hours.
    fn two_hours() -> EventTimes {
        let mut times = EventTimes::default();
        for minute in 0..=120 {
            times.add(Timestamp::from_millis((START + minute * 60) * 1000));
        }
        times
    }

    fn ending_now(speed: Option<&str>) -> Departure {
        let first = Timestamp::from_millis(START * 1000).unwrap();
        let pace = speed.map(|speed| Pace {
            speed: Speed::parse(speed).unwrap(),
            first,
        });
        let takes = pace.map_or(Duration::ZERO, |pace| pace.speed.takes(7_200_000));
        Departure {
            starts_ms: 1_790_000_000_000,
            shift_seconds: 1_790_000_000 + takes.as_secs() as i64 - (START + 7_200),
            pace,
        }
    }

    fn too_late(speed: Option<&str>) -> u64 {
        two_hours().usable(ending_now(speed)).too_late
    }

    #[test]
    fn at_once_only_the_last_quarter_of_an_hour_counts() {
        assert_eq!(too_late(None), 121 - 16);
        let usable = two_hours().usable(ending_now(None));
        assert_eq!((usable.events, usable.ahead, usable.untimed), (121, 0, 0));
    }

    #[test]
    fn at_its_own_pace_all_counts_and_faster_not_the_beginning() {
        assert_eq!(too_late(Some("1")), 0);
        assert_eq!(too_late(Some("0.5")), 0);
        // At twice the pace, an event is late by half of what is left of the recording.
        assert_eq!(too_late(Some("2")), 121 - 31);
        assert_eq!(too_late(Some("60")), 121 - 16);
    }

    #[test]
    fn as_recorded_long_ago_nothing_counts_and_of_the_future_neither() {
        let at = |shift_seconds| Departure {
            starts_ms: 1_790_000_000_000,
            shift_seconds,
            pace: None,
        };
        assert_eq!(two_hours().usable(at(0)).too_late, 121);
        let usable = two_hours().usable(at(1_790_000_000 - START));
        assert_eq!((usable.too_late, usable.ahead), (0, 115));
    }

    #[test]
    fn an_event_without_a_time_is_told_by_itself() {
        let mut times = two_hours();
        times.add(None);
        let usable = times.usable(ending_now(None));
        assert_eq!((usable.events, usable.untimed), (122, 1));
    }
}
