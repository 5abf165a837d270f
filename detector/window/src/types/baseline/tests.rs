use super::*;
use crate::kind::OccurrenceValue;
use crate::state::key::Key;
use crate::state::sample::Numbers;
use detector_rule::{Comparison, Threshold};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

fn window() -> Baseline {
    Baseline {
        timespan_ms: HOUR,
        threshold: Threshold(vec![(Comparison::Gte, 4)]),
        parts: BaselineParts {
            weeks: 4,
            warm_up: 3,
            factor: 3 * MILLION,
            at_least: 0,
        },
    }
}

fn hit(time: i64, number: u128) -> Occurrence {
    Occurrence::hit(0, time, Key::from_u128(number), OccurrenceValue::None)
}

/// So many events, a minute apart, in hours after the beginning of week 0.
fn history(hours: &[(i64, i64)]) -> History<u64> {
    let window = window();
    let mut state = History::<u64>::default();
    for &(hour, count) in hours {
        for nth in 0..count {
            let time = hour * HOUR + nth * MINUTE;
            window.observe(&mut state, &hit(time, time as u128));
        }
    }
    state
}

fn holding(state: &mut History<u64>) -> Vec<(i64, i64)> {
    let holding = window().holding(state);
    let holding = holding.as_slice().iter();
    holding
        .map(|i| (i.start / MINUTE, i.end / MINUTE))
        .collect()
}

const WEEK: i64 = 168;
/// A day into the week.
const DAY: i64 = 24;

fn weeks(counts: &[i64]) -> Vec<(i64, i64)> {
    // The group begins a day before.
    let weeks = (0..).zip(counts);
    let hours = weeks.map(|(week, count)| (week * WEEK + DAY, *count));
    [(0, 1)].into_iter().chain(hours).collect()
}

#[test]
fn three_times_the_median_of_the_weeks_is_too_much() {
    let since = |count: i64| (3 * WEEK + DAY) * 60 + count - 1;
    let until = (3 * WEEK + DAY + 1) * 60;
    assert_eq!(holding(&mut history(&weeks(&[4, 3, 40, 11]))), []);
    assert_eq!(
        holding(&mut history(&weeks(&[4, 3, 40, 12]))),
        [(since(12), until)]
    );
    // Of four weeks the two in the middle.
    let poisoned = weeks(&[2, 400, 4, 5, 14]);
    assert_eq!(
        holding(&mut history(&poisoned)),
        [((4 * WEEK + DAY) * 60 + 13, (4 * WEEK + DAY + 1) * 60)]
    );
}

#[test]
fn fewer_weeks_than_the_warm_up_are_no_ground_for_an_alert() {
    assert_eq!(holding(&mut history(&weeks(&[0, 0, 60]))), []);
    // Where nothing is usual, the least that matters does it.
    assert_eq!(
        holding(&mut history(&weeks(&[0, 0, 0, 4]))),
        [((3 * WEEK + DAY) * 60 + 3, (3 * WEEK + DAY + 1) * 60)]
    );
    assert_eq!(holding(&mut history(&weeks(&[0, 0, 0, 3]))), []);
}

#[test]
fn a_window_over_two_hours_is_compared_with_the_busier_one() {
    // Every week a job runs in the first hour; a window that ends in the second still holds it.
    let mut hours = weeks(&[30, 30, 30, 30]);
    hours.push((3 * WEEK + DAY + 1, 4));
    assert_eq!(holding(&mut history(&hours)), []);
}

#[test]
fn what_is_over_is_a_count() {
    let window = window();
    let hours = weeks(&[4, 3, 40, 12]);
    let mut whole = history(&hours);
    let expected = holding(&mut whole);
    let mut state = history(&hours[..4]);
    window.forget(&mut state, (3 * WEEK) * HOUR);
    assert_eq!(state.past.counts.get(&DAY), Some(&4));
    assert_eq!(state.numbers, Numbers::default());
    // What comes again is known.
    window.merge(&mut state, &history(&hours[2..]));
    window.forget(&mut state, (3 * WEEK) * HOUR);
    assert_eq!(holding(&mut state), expected);
    assert_eq!(state.past.counts.get(&(2 * WEEK + DAY)), Some(&40));
    window.observe(&mut state, &hit(DAY * HOUR, 1));
    let mut other_way = history(&hours[1..]);
    window.merge(&mut other_way, &state);
    window.forget(&mut other_way, (3 * WEEK) * HOUR);
    window.holding(&mut other_way);
    assert_eq!(other_way, state);
    // Five weeks on nothing is compared with it.
    window.forget(&mut state, (8 * WEEK + DAY) * HOUR);
    assert!(state.past.counts.is_empty());
}
