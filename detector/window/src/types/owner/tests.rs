use super::*;
use crate::kind::OccurrenceValue;
use detector_rule::{Comparison, Threshold};

const ACCESS: usize = 0;
const GIVEN: usize = 1;
const ENDED: usize = 2;

fn window() -> Owner {
    Owner {
        timespan_ms: 100,
        threshold: Threshold(vec![(Comparison::Gte, 1)]),
        parts: OwnerParts {
            given_by: vec![GIVEN],
            ended_by: vec![ENDED],
            memory_ms: 10_000,
        },
    }
}

fn state(hits: &[(usize, i64, u128)]) -> Ownership {
    let mut state = Ownership::default();
    for &(input, time, value) in hits {
        let hit = Occurrence::hit(
            input,
            time,
            Key::from_u128(time.unsigned_abs().into()),
            OccurrenceValue::Key(Key::from_u128(value)),
        );
        window().observe(&mut state, &hit);
    }
    state
}

fn held(hits: &[(usize, i64, u128)]) -> Vec<(i64, i64)> {
    window().holding(&mut state(hits)).pairs()
}

#[test]
fn who_is_not_the_owner_is_foreign_from_the_first_time_on() {
    assert_eq!(held(&[(GIVEN, 0, 1), (ACCESS, 50, 1)]), []);
    let foreign = [(GIVEN, 0, 1), (ACCESS, 50, 2), (ACCESS, 120, 2)];
    assert_eq!(held(&foreign), [(50, 220)]);
}

#[test]
fn a_transfer_changes_who_is_foreign_at_that_very_moment() {
    let transfer = [(GIVEN, 0, 1), (GIVEN, 1_000, 2)];
    let after = |time, value| held(&[&transfer[..], &[(ACCESS, time, value)]].concat());
    assert_eq!(after(999, 1), []);
    assert_eq!(after(999, 2), [(999, 1_099)]);
    // Of one millisecond nobody knows the order.
    assert_eq!(after(1_000, 1), []);
    assert_eq!(after(1_000, 2), []);
    assert_eq!(after(1_001, 1), [(1_001, 1_101)]);
    assert_eq!(after(1_001, 2), []);
}

#[test]
fn without_a_fact_within_the_memory_the_owner_is_unknown() {
    let known = |hits: &[(usize, i64, u128)]| window().unjudged(&state(hits)) == 0;
    assert!(known(&[(GIVEN, 0, 1), (ACCESS, 10_000, 2)]));
    for unknown in [
        &[(ACCESS, 50, 2)][..],
        &[(ACCESS, 50, 2), (GIVEN, 51, 1)],
        &[(GIVEN, 0, 1), (ACCESS, 10_001, 2)],
        &[(GIVEN, 0, 1), (ENDED, 10, 1), (ACCESS, 50, 1)],
    ] {
        assert!(!known(unknown) && held(unknown).is_empty(), "{unknown:?}");
    }
    let anew = [
        (GIVEN, 0, 1),
        (ENDED, 10, 1),
        (GIVEN, 20, 2),
        (ACCESS, 50, 1),
    ];
    assert_eq!(held(&anew), [(50, 150)]);
}

#[test]
fn a_crowd_of_facts_makes_the_owner_unknown_until_the_next_slice_has_one() {
    let mut hits: Vec<(usize, i64, u128)> = Vec::new();
    hits.extend((0..=FACTS_MAX as i64).map(|time| (GIVEN, time, 1)));
    hits.extend([
        (ACCESS, 80, 2),
        (ACCESS, 180, 2),
        (GIVEN, 200, 1),
        (ACCESS, 250, 2),
    ]);
    assert_eq!(held(&hits), [(250, 350)]);
    assert!(window().is_thinned(&state(&hits)));
}

#[test]
fn of_many_accesses_the_first_and_last_of_each_eighth_stay() {
    let mut hits = vec![(GIVEN, -1, 1)];
    hits.extend((0..100).map(|time| (ACCESS, time, 2)));
    let state = state(&hits);
    let told = (0..100).filter(|time| window().tells(&state, *time, Key::from_u128(2)));
    assert_eq!(told.count(), TIMES_MAX);
    assert_eq!(held(&hits), [(0, 199)]);
}

#[test]
fn what_is_forgotten_leaves_the_latest_owner() {
    let mut state = state(&[
        (GIVEN, 0, 1),
        (GIVEN, 500, 2),
        (ACCESS, 600, 3),
        (GIVEN, 5_000, 4),
    ]);
    window().forget(&mut state, 5_000);
    assert_eq!(state.facts.keys().collect::<Vec<_>>(), [&5, &50]);
    assert!(state.accesses.is_empty());
    window().forget(&mut state, 50_000);
    assert_eq!(state, Ownership::default());
}
