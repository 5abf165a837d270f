use super::*;
use crate::kind::{OccurrenceValue, held};
use crate::state::key::Key;
use detector_rule::Threshold;

fn spike(comparison: Comparison, bound: u64) -> Spike {
    Spike {
        timespan_ms: 1_000,
        threshold: Threshold(vec![(Comparison::Lte, 100)]),
        parts: SpikeParts {
            bounds: vec![(comparison, bound)],
            at_least: 2,
        },
    }
}

fn holding(window: &Spike, times: &[i64]) -> Vec<(i64, i64)> {
    let hit = |time: &i64| {
        let id = Key::from_u128(*time as u128);
        Occurrence::hit(0, *time, id, OccurrenceValue::None)
    };
    held(window, times.iter().map(hit))
}

#[test]
fn a_window_is_compared_with_the_one_before() {
    let window = spike(Comparison::Gte, 2 * MILLION);
    let times = [0, 10, 1_500, 1_501, 1_502, 1_503];
    assert_eq!(holding(&window, &times), [(1_503, 2_000)]);
    // Too few before.
    assert_eq!(holding(&window, &times[1..]), []);
    assert_eq!(holding(&window, &times[..5]), []);
}

#[test]
fn silence_is_less_than_there_was() {
    let window = spike(Comparison::Lte, MILLION / 2);
    assert_eq!(holding(&window, &[0, 10]), [(1_010, 2_000)]);
    // What leaves the window comes to the one before.
    assert_eq!(holding(&window, &[0, 10, 1_000]), [(1_010, 2_010)]);
    assert_eq!(holding(&window, &[0, 10, 1_000, 1_001]), [(2_000, 3_000)]);
}
