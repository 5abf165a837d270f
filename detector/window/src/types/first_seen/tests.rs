use super::*;
use crate::kind::OccurrenceValue;
use detector_rule::{Comparison, Threshold};

fn window(values_max: usize) -> FirstSeen {
    FirstSeen {
        timespan_ms: 10,
        threshold: Threshold(vec![(Comparison::Gte, 1)]),
        parts: FirstSeenParts {
            learning_ms: 100,
            memory_ms: 1_000,
            values_max,
        },
    }
}

fn hit(time: i64, value: u128) -> Occurrence {
    Occurrence::hit(
        0,
        time,
        Key::from_u128(time.unsigned_abs().into()),
        OccurrenceValue::Key(Key::from_u128(value)),
    )
}

fn seen(window: &FirstSeen, hits: &[(i64, u128)]) -> SeenValues {
    let mut state = SeenValues::default();
    for &(time, value) in hits {
        window.observe(&mut state, &hit(time, value));
    }
    state
}

fn holding(state: &mut SeenValues) -> Vec<(i64, i64)> {
    window(10).holding(state).pairs()
}

fn held(hits: &[(i64, u128)]) -> Vec<(i64, i64)> {
    holding(&mut seen(&window(10), hits))
}

#[test]
fn what_comes_while_the_group_learns_is_known() {
    assert_eq!(held(&[(0, 1), (99, 2), (500, 1), (500, 2)]), []);
    assert_eq!(held(&[(0, 1), (100, 2)]), [(100, 110)]);
    // A late event makes the learning begin earlier.
    assert_eq!(held(&[(0, 1), (99, 2), (-1, 1)]), [(99, 109)]);
}

#[test]
fn a_value_is_known_for_the_memory_and_not_a_millisecond_longer() {
    let learned = [(0, 1), (900, 9), (1_800, 9)];
    assert_eq!(held(&[&learned[..], &[(1_000, 1)]].concat())[1..], []);
    assert_eq!(
        held(&[&learned[..], &[(1_001, 1)]].concat()),
        [(900, 910), (1_001, 1_011)]
    );
    // The sight in between may be in the slice before the last.
    assert_eq!(
        held(&[&learned[..], &[(999, 1), (1_999, 1), (2_999, 1)]].concat()),
        [(900, 910)]
    );
}

#[test]
fn a_group_that_was_away_for_longer_than_the_memory_learns_anew() {
    assert_eq!(held(&[(0, 1), (1_000, 2)]), [(1_000, 1_010)]);
    assert_eq!(held(&[(0, 1), (1_001, 2), (1_100, 3)]), []);
    assert_eq!(held(&[(0, 1), (1_001, 2), (1_101, 3)]), [(1_101, 1_111)]);
}

#[test]
fn more_values_than_are_watched_are_neither_remembered_nor_new() {
    let window = window(3);
    let hits: Vec<(i64, u128)> = (0..50).map(|n| (n * 7, (n as u128 * 31) % 50)).collect();
    let mut whole = seen(&window, &hits);
    window.holding(&mut whole);
    assert!(window.is_thinned(&whole));
    let slice = &whole.slices[&0];
    assert_eq!(slice.unwatched_from, Some(Key::from_u128(3)));
    let watched: Vec<u128> = slice.values.keys().map(|key| key.to_u128()).collect();
    assert_eq!(watched, [0, 1, 2]);
    // Whatever the order and the parts.
    let mut parts = seen(&window, &hits[20..]);
    window.merge(&mut parts, &seen(&window, &hits[..30]));
    window.holding(&mut parts);
    assert_eq!(parts, whole);
    // Whether they were known before, nobody knows.
    window.observe(&mut whole, &hit(1_500, 2));
    window.observe(&mut whole, &hit(1_500, 3));
    window.holding(&mut whole);
    let is_known = |value| window.tells(&whole, 1_500, Key::from_u128(value));
    assert!(!is_known(2) && !is_known(3));
}

#[test]
fn what_is_forgotten_is_not_new_when_it_comes_back() {
    let window = window(10);
    let hits = [(0, 1), (200, 2), (1_100, 1), (2_050, 3), (2_050, 1)];
    let mut state = seen(&window, &hits);
    window.forget(&mut state, 2_000);
    assert_eq!(holding(&mut state).last(), Some(&(2_050, 2_060)));
    window.forget(&mut state, 3_000);
    assert!(state.slices.keys().all(|slice| *slice >= 1));
    // The group has been there all the while: it does not learn again.
    window.observe(&mut state, &hit(3_000, 4));
    window.observe(&mut state, &hit(3_900, 5));
    window.observe(&mut state, &hit(3_900, 4));
    assert_eq!(holding(&mut state)[2..], [(3_000, 3_010), (3_900, 3_910)]);
}
