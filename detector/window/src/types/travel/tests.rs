use super::*;
use crate::kind::held;

const BERLIN: &str = "52.5,13.4";
const MUNICH: &str = "48.1,11.6";
const LONDON: &str = "51.5,-0.1";
const MINUTE: i64 = 60_000;

/// 400 km at 800 km/h: slices of half an hour.
fn travel() -> Travel {
    Travel {
        timespan_ms: 240 * MINUTE,
        parts: TravelParts {
            distance_km: 400,
            speed_kmh: 800,
        },
    }
}

fn hit(minute: i64, place: &str) -> Occurrence {
    let point = Point::of_text(place).expect("a point").number();
    let id = Key::of_texts([format!("{minute} {place}")]);
    let value = OccurrenceValue::Number(point.into());
    Occurrence::hit(0, minute * MINUTE, id, value)
}

fn held_minutes(hits: &[(i64, &str)]) -> Vec<(i64, i64)> {
    let hits = hits.iter().map(|(minute, place)| hit(*minute, place));
    let held = held(&travel(), hits);
    held.iter()
        .map(|(from, to)| (from / MINUTE, to / MINUTE))
        .collect()
}

#[test]
fn who_is_far_away_too_soon_travelled_impossibly() {
    // 504 km take 37 minutes and 48 seconds.
    assert_eq!(held_minutes(&[(0, BERLIN), (37, MUNICH)]), [(37, 240)]);
    assert_eq!(held_minutes(&[(0, BERLIN), (38, MUNICH)]), []);
    // 932 km take 69 minutes and 54 seconds.
    assert_eq!(held_minutes(&[(0, LONDON), (69, BERLIN)]), [(69, 240)]);
    assert_eq!(held_minutes(&[(0, LONDON), (70, BERLIN)]), []);
    // Dresden is near.
    assert_eq!(held_minutes(&[(0, BERLIN), (1, "51.1,13.7")]), []);
}

/// Against all pairs, whatever the order and the parts; who goes to and fro within a slice is not missed.
#[test]
fn first_and_last_of_a_slice_are_all_there_is_to_know() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut held_at_all = 0;
    for _ in 0..3_000 {
        let hits: Vec<(i64, &str)> = (0..random.usize(2..14))
            .map(|_| {
                (
                    random.i64(0..500),
                    [BERLIN, MUNICH, LONDON, BERLIN][random.usize(..4)],
                )
            })
            .collect();
        let direction = |place| Point::of_text(place).expect("a point").direction();
        let mut expected = Vec::new();
        for (one, here) in &hits {
            for (other, there) in &hits {
                let km = distance_km(direction(here), direction(there));
                let hours = (one - other).abs() as f64 / 60.0;
                let (first, last) = (one.min(other), one.max(other));
                if km >= 400.0 && km >= hours * 800.0 && last - first < 240 {
                    expected.push(Interval::new(*last, first + 240));
                }
            }
        }
        let expected = Intervals::from_unsorted(expected).pairs();
        held_at_all += expected.len();
        assert_eq!(held_minutes(&hits), expected, "{hits:?}");
        let window = travel();
        let (mut whole, mut part) = (SeenPlaces::default(), SeenPlaces::default());
        for (at, (minute, place)) in hits.iter().enumerate() {
            window.observe(&mut whole, &hit(*minute, place));
            if at % 2 == 0 {
                window.observe(&mut part, &hit(*minute, place));
            }
        }
        window.merge(&mut part, &whole);
        window.merge(&mut part, &whole);
        assert_eq!(part, whole);
        let before = random.i64(0..700) * MINUTE;
        let all = window.holding(&mut whole);
        window.forget(&mut whole, before);
        assert_eq!(
            window.holding(&mut whole).since(before),
            all.since(before),
            "{hits:?}"
        );
    }
    assert!(held_at_all > 1_000, "{held_at_all}");
}

#[test]
fn a_flood_of_places_is_thinned_by_the_set_alone() {
    let window = travel();
    let place = |number: i64| format!("{}.{},{}", number % 50, number % 10, number % 170);
    let hits: Vec<Occurrence> = (0..5_000).map(|n| hit(n % 25, &place(n))).collect();
    let state = |hits: &mut dyn Iterator<Item = &Occurrence>| {
        let mut state = SeenPlaces::default();
        hits.for_each(|hit| window.observe(&mut state, hit));
        state
    };
    let whole = state(&mut hits.iter());
    assert_eq!(whole, state(&mut hits.iter().rev()));
    let mut halves = state(&mut hits[2_000..].iter());
    window.merge(&mut halves, &state(&mut hits[..3_000].iter()));
    assert_eq!(halves, whole);
    assert!(window.is_thinned(&whole));
    assert!(
        whole
            .0
            .values()
            .all(|slice| slice.values.len() <= PLACES_MAX)
    );
    assert!(window.bytes(&whole) < 4_096);
}
