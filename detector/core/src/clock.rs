//! The clock of a recording whose order is that of arrival and that does not say when anything arrived.
//!
//! An attacker dates his lines as he likes. So no event moves the clock alone: it stands at the highest time that several
//! events have reached, and goes ahead of it by no more than the clock of an honest sender may.

use detector_event::time::Timestamp;

/// How far a clock may be ahead: an event time later than its arrival by more than this is taken as the arrival.
pub const SKEW_MAX_MS: i64 = 5 * 60 * 1000;

/// So many events, at different times, have to be as late as the clock is.
const WITNESSES: usize = 3;

/// A time so far ahead of the clock at the end is a wrong date, not the last of a slow recording.
const AHEAD_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// The highest times, each once, the highest first.
    times: Vec<Timestamp>,
    /// The latest arrival that was recorded: that is no event's word.
    arrived: Option<Timestamp>,
}

impl Clock {
    /// Notes the time of an event, and returns what the clock shows now.
    pub(crate) fn saw(&mut self, time: Timestamp) -> Timestamp {
        let at = self.times.partition_point(|other| *other > time);
        if self.times.get(at) != Some(&time) {
            self.times.insert(at, time);
            self.times.truncate(WITNESSES);
        }
        self.now().unwrap_or(time)
    }

    pub(crate) fn arrived(&mut self, arrival: Timestamp) {
        self.arrived = self.arrived.max(Some(arrival));
    }

    /// What the clock shows; nothing before the first event.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let highest = self.times.first()?;
        let reached = self.times.last()?;
        let ahead = Timestamp::from_millis(reached.millis().saturating_add(SKEW_MAX_MS));
        let witnessed = ahead.map_or(*highest, |ahead| ahead.min(*highest));
        Some(self.arrived.map_or(witnessed, |it| it.max(witnessed)))
    }

    /// Times of events that are so far ahead of all others that they are wrong.
    pub(crate) fn ahead(&self) -> u64 {
        let limit = self.now().map_or(i64::MAX, |now| now.millis() + AHEAD_MS);
        let ahead = self.times.iter().filter(|time| time.millis() > limit);
        ahead.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms).unwrap()
    }

    #[test]
    fn nobody_moves_it_alone() {
        let mut clock = Clock::default();
        for ms in [1_000, 2_000, 3_000] {
            assert_eq!(clock.saw(at(ms)), at(ms));
        }
        let far = 4_070_908_800_000;
        assert_eq!(clock.saw(at(far)), at(2_000 + SKEW_MAX_MS));
        assert_eq!(clock.saw(at(far)), at(2_000 + SKEW_MAX_MS));
        assert_eq!(clock.saw(at(far + 1)), at(3_000 + SKEW_MAX_MS));
        assert_eq!(clock.saw(at(4_000)), at(4_000 + SKEW_MAX_MS));
        assert_eq!(clock.ahead(), 2);
    }

    #[test]
    fn it_follows_those_that_agree_and_what_was_recorded() {
        let mut clock = Clock::default();
        for hour in 1..6 {
            clock.saw(at(hour * 3_600_000));
        }
        assert_eq!(clock.now(), Some(at(3 * 3_600_000 + SKEW_MAX_MS)));
        assert_eq!(clock.ahead(), 0);
        clock.arrived(at(9 * 3_600_000));
        assert_eq!(clock.now(), Some(at(9 * 3_600_000)));
        assert_eq!(clock.saw(at(0)), at(9 * 3_600_000));
    }
}
