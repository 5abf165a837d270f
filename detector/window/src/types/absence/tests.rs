use super::*;
use crate::kind::{OccurrenceValue, held};
use crate::state::key::Key;

const TIMESPAN_MS: i64 = 100;

fn window(after: &[usize], before: &[usize]) -> Absence {
    Absence {
        timespan_ms: TIMESPAN_MS,
        parts: AbsenceParts {
            of: vec![1],
            after: after.to_vec(),
            before: before.to_vec(),
        },
    }
}

/// When it holds after hits: of which input, and when.
fn holding(window: &Absence, hits: &[(usize, i64)]) -> Vec<(i64, i64)> {
    let hit = |&(input, time): &(usize, i64)| {
        let id = Key::from_u128(time as u128);
        Occurrence::hit(input, time, id, OccurrenceValue::None)
    };
    held(window, hits.iter().map(hit))
}

#[test]
fn what_is_not_followed_is_certain_a_timespan_later() {
    let window = window(&[0], &[]);
    let with = |other| holding(&window, &[(0, 1_000), (1, other)]);
    for other in [999, 1_100, 5_000] {
        assert_eq!(with(other), [(1_100, 1_200)], "{other}");
    }
    for other in [1_000, 1_099] {
        assert_eq!(with(other), [], "{other}");
    }
}

#[test]
fn what_is_not_preceded_holds_at_once() {
    let window = window(&[], &[0]);
    let with = |other| holding(&window, &[(0, 1_000), (1, other)]);
    for other in [900, 1_001] {
        assert_eq!(with(other), [(1_000, 1_100)], "{other}");
    }
    for other in [901, 1_000] {
        assert_eq!(with(other), [], "{other}");
    }
}

#[test]
fn what_is_between_undoes_the_nearest_pair() {
    let window = window(&[0], &[2]);
    let pair = [(0, 1_000), (2, 1_060)];
    assert_eq!(holding(&window, &pair), [(1_060, 1_100)]);
    for (other, holds) in [(999, true), (1_061, true), (1_000, false), (1_060, false)] {
        let found = holding(&window, &[pair[0], pair[1], (1, other)]);
        assert_eq!(!found.is_empty(), holds, "{other}");
    }
    // A later beginning counts, whatever came before it.
    let again = [(0, 1_000), (1, 1_010), (0, 1_020), (2, 1_060)];
    assert_eq!(holding(&window, &again), [(1_060, 1_120)]);
    assert_eq!(holding(&window, &[(0, 1_000), (2, 1_100)]), []);
    assert_eq!(holding(&window, &[(2, 1_000), (0, 1_010)]), []);
    assert_eq!(
        holding(&window, &[(0, 1_000), (2, 1_000)]),
        [(1_000, 1_100)]
    );
}

#[test]
fn alerts_tell_of_what_counts() {
    let window = window(&[0], &[2]);
    let mut state = Roles::default();
    for (input, time) in [(0, 1_000), (1, 1_010), (0, 1_020), (2, 1_060), (2, 1_300)] {
        let id = Key::from_u128(time as u128);
        let hit = Occurrence::hit(input, time, id, OccurrenceValue::None);
        window.observe(&mut state, &hit);
    }
    window.holding(&mut state);
    let told = |time, role| window.tells(&state, time, role);
    assert!(told(1_020, AFTER) && told(1_060, BEFORE));
    assert!(!told(1_000, AFTER) && !told(1_010, OF) && !told(1_300, BEFORE));
}
