use detector_rule::Presence;

use super::alternatives::Alternatives;
use super::except::TemporalExcept;
use crate::kind::{Occurrence, OccurrenceValue, held};
use crate::state::key::Key;

const TIMESPAN_MS: i64 = 100;

fn not(part: Presence) -> Presence {
    Presence::Not(Box::new(part))
}

/// When a condition over three rules holds, after hits: of which, and when.
fn holding(presence: Presence, hits: &[(usize, i64)]) -> Vec<(i64, i64)> {
    let window = TemporalExcept {
        timespan_ms: TIMESPAN_MS,
        inputs: 3,
        ways: Alternatives::of(&presence).expect("few ways"),
        presence,
    };
    let hit = |&(input, time): &(usize, i64)| {
        let id = Key::from_u128(time as u128);
        Occurrence::hit(input, time, id, OccurrenceValue::None)
    };
    held(&window, hits.iter().map(hit))
}

fn first_not_second() -> Presence {
    Presence::And(vec![Presence::Input(0), not(Presence::Input(1))])
}

#[test]
fn what_is_ruled_out_is_so_on_both_sides() {
    let around = |other| holding(first_not_second(), &[(0, 1_000), (1, other)]);
    let whole = vec![(1_000, 1_100)];
    for (other, expected) in [(900, &whole), (1_100, &whole), (5_000, &whole)] {
        assert_eq!(&around(other), expected, "{other}");
    }
    for other in [901, 1_000, 1_099] {
        assert_eq!(around(other), [], "{other}");
    }
}

#[test]
fn each_hit_is_judged_by_itself() {
    // The second counts, though windows of it hold the first, which does not, and what rules that out.
    let hits = [(1, 950), (0, 1_000), (0, 1_050), (1, 1_160)];
    assert_eq!(holding(first_not_second(), &hits), [(1_050, 1_150)]);
}

#[test]
fn what_is_ruled_out_may_be_a_condition_itself() {
    let (a, b, c) = (Presence::Input(0), Presence::Input(1), Presence::Input(2));
    let not_both = |hits: &[_]| {
        let both = Presence::And(vec![b.clone(), c.clone()]);
        holding(Presence::And(vec![a.clone(), not(both)]), hits)
    };
    // One before and one after, in no window together.
    assert_eq!(
        not_both(&[(1, 920), (0, 1_000), (2, 1_080)]),
        [(1_000, 1_100)]
    );
    assert_eq!(not_both(&[(1, 920), (0, 1_000), (2, 1_010)]), []);

    let not_alone = |hits: &[_]| {
        let alone = Presence::And(vec![b.clone(), not(c.clone())]);
        holding(Presence::And(vec![a.clone(), not(alone)]), hits)
    };
    assert_eq!(not_alone(&[(0, 1_000), (1, 1_050)]), []);
    assert_eq!(
        not_alone(&[(0, 1_000), (1, 1_050), (2, 1_140)]),
        [(1_000, 1_100)]
    );
}

#[test]
fn a_negation_twice_is_none() {
    let twice = not(not(Presence::Input(0)));
    assert_eq!(holding(twice, &[(0, 1_000)]), [(1_000, 1_100)]);
}

#[test]
fn too_many_ways_are_none() {
    let either = |at: usize| {
        Presence::Or(vec![
            Presence::Input(2 * at),
            not(Presence::Input(2 * at + 1)),
        ])
    };
    let of = |number: usize| Alternatives::of(&Presence::And((0..number).map(either).collect()));
    // 2^6 ways, each of which rules out three of six on average.
    assert_eq!(of(6).map(|ways| ways.iter().count()), Some(64));
    assert_eq!(of(7), None);
    // Few at each depth, and too many in all.
    let nested = |inner| {
        let not_inner = Presence::Or(vec![Presence::Input(0), not(inner)]);
        Presence::And(
            [1, 3, 5]
                .into_iter()
                .map(|at| {
                    let other = not(Presence::Input(at + 1));
                    Presence::Or(vec![Presence::Input(at), other])
                })
                .chain([not_inner])
                .collect(),
        )
    };
    let deep = (0..3).fold(Presence::Input(0), |inner, _| nested(inner));
    assert_eq!(Alternatives::of(&deep), None);
}
