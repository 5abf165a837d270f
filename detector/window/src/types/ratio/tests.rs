use super::values::SidesOfValues;
use super::*;
use crate::kind::{OccurrenceValue, held};
use crate::state::key::Key;
use detector_rule::{Comparison, MILLION, Threshold};

fn ratio(of: &[usize], to: &[usize], at_least: u64) -> Ratio {
    Ratio {
        timespan_ms: 600_000,
        threshold: Threshold(vec![(Comparison::Gte, 1)]),
        parts: RatioParts {
            of: of.to_vec(),
            to: to.to_vec(),
            bounds: vec![(Comparison::Gte, MILLION / 2)],
            at_least,
        },
    }
}

fn hit(input: usize, time: i64, id: u128) -> Occurrence {
    Occurrence::hit(input, time, Key::from_u128(id), OccurrenceValue::None)
}

fn holding(window: &Ratio, hits: &[(usize, i64, u128)]) -> Vec<(i64, i64)> {
    let hits = hits.iter();
    held(window, hits.map(|&(input, time, id)| hit(input, time, id)))
}

#[test]
fn half_is_half_and_too_few_are_too_few() {
    let window = ratio(&[0], &[0, 1], 4);
    let passed = [(1, 0, 1), (1, 1, 2)];
    let failed = [(0, 2, 3), (0, 3, 4)];
    assert_eq!(holding(&window, &[passed, failed].concat()), [(3, 600_000)]);
    assert_eq!(holding(&window, &[&passed[..1], &failed].concat()), []);
    let third = [&passed[..], &failed, &[(1, 4, 5)]].concat();
    // The first that leaves passed.
    assert_eq!(holding(&window, &third), [(3, 4), (600_000, 600_001)]);
}

#[test]
fn an_event_of_two_rules_counts_once_for_each() {
    // Failures are attempts, too.
    let window = ratio(&[0], &[1], 2);
    assert_eq!(
        holding(&window, &[(0, 0, 1), (1, 0, 1), (1, 1, 2)]),
        [(1, 600_000)]
    );
    // The event on both sides is not two.
    let united = ratio(&[0], &[0, 1], 3);
    assert_eq!(holding(&united, &[(0, 0, 1), (1, 0, 1), (1, 1, 2)]), []);
}

#[test]
fn a_flood_is_judged_within_the_stated_error() {
    let mut worst: f64 = 0.0;
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let window = ratio(&[0], &[0, 1], 1_000);
        let share = random.f64();
        let mut state = Numbers::default();
        let mut failed = 0;
        for id in 0..40_000 {
            let input = usize::from(random.f64() >= share);
            failed += 1 - input;
            window.observe(&mut state, &hit(input, id * 15, id as u128));
        }
        assert!(window.is_thinned(&state));
        let counts = {
            state.settle(window.sampling());
            state.weighted(window.sampling())
        };
        let mass = |role: u8| -> i64 {
            let of = counts.iter().filter(|n| n.value as u8 & role != 0);
            of.map(|n| n.mass).sum()
        };
        let found = mass(OF) as f64 / mass(TO) as f64;
        worst = worst.max((found - f64::from(failed as u32) / 40_000.0).abs());
    }
    assert!(worst < 3.0 * 0.016, "{worst}");
}

fn of_values(at_least: u64) -> ValueRatio {
    let Ratio {
        timespan_ms,
        threshold,
        parts,
    } = ratio(&[0], &[0, 1], at_least);
    ValueRatio {
        timespan_ms,
        threshold,
        parts,
    }
}

fn of_user(input: usize, time: i64, user: u64) -> Occurrence {
    let user = OccurrenceValue::Key(Key::of_texts([user.to_string()]));
    Occurrence::hit(input, time, Key::from_u128(time as u128), user)
}

#[test]
fn a_value_counts_once_on_each_side() {
    let window = of_values(2);
    // One user who fails again and again, and one who passes: half of them. The first passes in the end, too.
    let failed = (0..50).map(|at| of_user(0, at, 1));
    let others = [of_user(1, 100, 2), of_user(1, 200, 1)];
    let found = held(&window, failed.clone().chain(others));
    assert_eq!(found, [(100, 600_049)]);
    let third = [of_user(1, 100, 2), of_user(1, 300, 3)];
    let found = held(&window, failed.chain(third));
    assert_eq!(found, [(100, 300)]);
}

#[test]
fn of_many_values_a_sample_is_judged() {
    for (part, holds) in [(40, false), (60, true)] {
        let window = of_values(15_000);
        let hits = (0..20_000).map(|user| {
            let input = usize::from(user % 100 >= part);
            of_user(input, user as i64 * 20, user)
        });
        let mut state = SidesOfValues::default();
        hits.for_each(|hit| window.observe(&mut state, &hit));
        assert_eq!(!window.holding(&mut state).is_empty(), holds, "{part}");
        assert!(window.is_thinned(&state) && window.bytes(&state) < 120_000);
    }
}
