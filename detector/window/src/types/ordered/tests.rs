use super::*;
use crate::kind::OccurrenceValue;
use crate::state::key::Key;

const WINDOW: TemporalOrdered = TemporalOrdered {
    timespan_ms: 10,
    steps: 2,
};

fn state(taken: &[(usize, i64, i64)]) -> Steps {
    let mut state = Steps::default();
    for &(input, start, until) in taken {
        let occurrence = Occurrence {
            input,
            start,
            until,
            id: Key::from_u128(0),
            value: OccurrenceValue::None,
        };
        WINDOW.observe(&mut state, &occurrence);
    }
    WINDOW.settle(&mut state);
    state
}

#[test]
fn an_interval_seen_in_parts_leaves_the_trace_of_the_whole() {
    let (parts, whole) = ([(0, 0, 4), (0, 8, 12)], (0, 0, 15));
    let mut seen = state(&parts);
    WINDOW.merge(&mut seen, &state(&[whole, parts[1]]));
    assert_eq!(seen, state(&[whole]));
}

#[test]
fn intervals_absorbed_apart_equal_those_absorbed_as_one() {
    // Holds in 5..35: what the first step does in 5..25 bears on nothing else.
    let order = [(0, 5, 25), (1, 5, 5), (1, 15, 15), (1, 25, 25)];
    let mut apart = state(&[&order[..], &[(0, 10, 20)]].concat());
    assert_eq!(apart.holding.as_slice(), [Interval::new(5, 35)]);
    WINDOW.merge(&mut apart, &state(&[(0, 0, 12)]));
    let as_one = state(&[&[(0, 0, 25)], &order[1..]].concat());
    assert_eq!(apart, as_one);
}

fn rule(steps: usize) -> TemporalOrdered {
    TemporalOrdered {
        timespan_ms: 10_240,
        steps,
    }
}

fn observe(window: &TemporalOrdered, state: &mut Steps, (input, time): (usize, i64)) {
    let occurrence = Occurrence::hit(input, time, Key::from_u128(0), OccurrenceValue::None);
    window.observe(state, &occurrence);
}

fn state_of(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Steps {
    let mut state = Steps::default();
    hits.iter()
        .for_each(|&one| observe(window, &mut state, one));
    window.holding(&mut state);
    state
}

fn encoded(state: &Steps) -> Vec<u8> {
    postcard::to_allocvec(state).expect("steps can be encoded")
}

/// The moments that hold by all hits, none left out.
fn exact(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Intervals {
    let point = |&(step, time): &(usize, i64)| Step {
        start: time,
        until: time,
        step,
    };
    let mut taken: Vec<Step> = hits.iter().map(point).collect();
    taken.sort_unstable();
    chains::find(&taken, window.timespan_ms, window.steps).holding
}

/// The hits in parts, shuffled and some of them repeated, united.
fn in_parts(
    window: &TemporalOrdered,
    hits: &[(usize, i64)],
    random: &mut fastrand::Rng,
) -> (Steps, Vec<Steps>) {
    let mut hits = hits.to_vec();
    hits.extend_from_within(..random.usize(..hits.len()));
    random.shuffle(&mut hits);
    let parts: Vec<Steps> = hits
        .chunks(random.usize(1..=hits.len()).max(hits.len() / 20))
        .map(|part| state_of(window, part))
        .collect();
    let mut united = Steps::default();
    for part in &parts {
        let mut read: Steps = postcard::from_bytes(&encoded(part)).expect("just encoded");
        window.settle(&mut read);
        assert_eq!(&read, part);
        window.merge(&mut united, &read);
    }
    (united, parts)
}

fn flood(
    random: &mut fastrand::Rng,
    step: usize,
    hits: usize,
    span: std::ops::Range<i64>,
) -> Vec<(usize, i64)> {
    (0..hits)
        .map(|_| (step, random.i64(span.clone())))
        .collect()
}

#[test]
fn floods_apart_from_chains_leave_the_same_bytes_after_any_order_partition_and_repetition() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let window = rule(3);
        // No chain: the third step never follows the second.
        let mut hits = flood(&mut random, 0, 4_000, -3_000..30_000);
        hits.extend(flood(&mut random, 2, 3_000, -3_000..10_000));
        hits.extend(flood(&mut random, 1, 3_000, 22_000..30_000));
        // A timespan and more away: chains, not thinned, holding now and then.
        for step in 0..3 {
            hits.extend(flood(&mut random, step, 60, 61_440..200_000));
        }
        let mut whole = state_of(&window, &hits);
        assert!(window.is_thinned(&whole));
        assert!(!whole.holding.is_empty());
        assert_eq!(whole.holding, exact(&window, &hits), "seed {seed}");
        let (mut united, parts) = in_parts(&window, &hits, &mut random);
        assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
        let before = random.i64(-20_000..240_000);
        window.forget(&mut whole, before);
        for part in &parts {
            // What was forgotten comes again, and is forgotten again.
            window.forget(&mut united, before);
            window.merge(&mut united, part);
        }
        window.forget(&mut united, before);
        assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
        let held = exact(&window, &hits).since(before);
        assert_eq!(window.holding(&mut united).since(before), held);
    }
}

#[test]
fn many_points_that_complete_chains_are_absorbed_exactly() {
    for seed in 0..100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let window = rule(2 + seed as usize % 2);
        let mut hits = Vec::new();
        for step in 0..window.steps {
            let count = random.usize(1..900);
            hits.extend(flood(&mut random, step, count, 0..40_000));
        }
        let whole = state_of(&window, &hits);
        assert_eq!(whole.holding, exact(&window, &hits), "seed {seed}");
        let (united, _) = in_parts(&window, &hits, &mut random);
        assert_eq!(encoded(&united), encoded(&whole), "seed {seed}");
    }
}

/// The moments that hold by all hits, less a cell at the beginning and at the end of each chain of two.
fn less_a_cell(window: &TemporalOrdered, hits: &[(usize, i64)]) -> Intervals {
    let cell = window.timespan_ms / 512;
    let mut firsts: Vec<i64> = hits.iter().filter(|h| h.0 == 0).map(|h| h.1).collect();
    firsts.sort_unstable();
    let seconds = hits.iter().filter(|h| h.0 == 1).map(|h| h.1);
    let chain = |second: i64| {
        let first = firsts[firsts.partition_point(|f| *f <= second).checked_sub(1)?];
        let (start, end) = (second + cell, first + window.timespan_ms - cell);
        (start < end).then_some(Interval::new(start, end))
    };
    Intervals::from_unsorted(seconds.filter_map(chain).collect())
}

fn lies_within(part: &Intervals, whole: &Intervals) -> bool {
    part.as_slice().iter().all(|i| whole.covers(i.start, i.end))
}

#[test]
fn floods_that_complete_chains_hold_within_a_cell_of_the_truth_in_any_order() {
    let mut thinned = 0;
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let window = rule(2);
        let mut hits = flood(&mut random, 0, 5_000, 0..15_000);
        let (seconds, from) = (random.usize(1..2_500), random.i64(-9_000..24_000));
        hits.extend(flood(&mut random, 1, seconds, from..from + 12_000));
        let (truth, least) = (exact(&window, &hits), less_a_cell(&window, &hits));
        let (mut united, parts) = in_parts(&window, &hits, &mut random);
        thinned += usize::from(window.is_thinned(&united));
        let mut as_it_came = state_of(&window, &hits);
        for state in [&united, &as_it_came] {
            assert!(lies_within(&state.holding, &truth), "seed {seed}: invented");
            assert!(lies_within(&least, &state.holding), "seed {seed}: missed");
        }
        // Whatever comes again changes nothing, and uniting has no direction.
        let before = encoded(&united);
        for part in &parts {
            window.merge(&mut united, part);
            assert_eq!(encoded(&united), before, "seed {seed}");
        }
        let ours = united.clone();
        window.merge(&mut united, &as_it_came);
        window.merge(&mut as_it_came, &ours);
        assert_eq!(encoded(&united), encoded(&as_it_came), "seed {seed}");
        // Nor does what was forgotten, once forgotten again.
        let before = random.i64(-9_000..30_000);
        window.forget(&mut united, before);
        let forgotten = encoded(&united);
        for part in &parts {
            window.merge(&mut united, part);
            window.forget(&mut united, before);
            assert_eq!(encoded(&united), forgotten, "seed {seed}");
        }
    }
    assert!(thinned > 80, "{thinned} floods are too few");
}

#[test]
fn a_point_that_was_thinned_out_finds_no_chain_when_it_comes_again() {
    let window = rule(2);
    let later = (0..1_100).map(|i| (0, 100 + 9 * i));
    let flood: Vec<_> = [(0, 0), (0, 10)].into_iter().chain(later).collect();
    let again = state_of(&window, &[(0, 5)]);
    let mut state = state_of(&window, &flood);
    window.merge(&mut state, &again);
    window.merge(&mut state, &state_of(&window, &[(1, 7)]));
    assert_eq!(state.holding.as_slice(), [Interval::new(7, 10_240)]);
    let before = state.clone();
    window.merge(&mut state, &again);
    assert_eq!(state, before);
}

#[test]
fn up_to_the_limit_of_a_slice_all_points_are_kept() {
    let points = |count: i64| (0..count).map(|i| (0, i * 5)).collect::<Vec<_>>();
    let window = rule(2);
    let full = state_of(&window, &points(1_024));
    assert!(!window.is_thinned(&full) && full.taken.len() == 1_024);
    let over = state_of(&window, &points(1_025));
    assert!(window.is_thinned(&over));
    // Cells are 20 ms long: 257 of them have points, the last has one.
    assert_eq!(over.taken.len(), 2 * 256 + 1);
}

#[test]
fn a_flood_of_one_step_leaves_a_flat_state() {
    let window = TemporalOrdered {
        timespan_ms: 300_000,
        steps: 3,
    };
    let mut random = fastrand::Rng::with_seed(5);
    for count in [100, 10_000, 1_000_000] {
        let mut state = state_of(&window, &flood(&mut random, 0, count, 0..1_800_000));
        let (encoded, bytes) = (encoded(&state).len(), window.bytes(&state));
        println!("{count} hits: {encoded} bytes encoded, {bytes} in memory");
        assert!(encoded < 50_000 && bytes < 1_000_000);
        assert!((window.closeness(&mut state) - 1.0 / 3.0).abs() < 1e-9);
        window.forget(&mut state, 3_000_000);
        assert!(state.taken.is_empty() && state.thinned.is_empty());
    }
}

#[test]
fn closeness_is_the_share_of_steps_in_order_within_a_timespan() {
    let window = rule(3);
    let close = |hits: &[(usize, i64)]| window.closeness(&mut state_of(&window, hits));
    assert_eq!(close(&[]), 0.0);
    assert_eq!(close(&[(1, 0), (2, 1)]), 0.0);
    assert_eq!(close(&[(0, 0), (2, 1)]), 1.0 / 3.0);
    assert_eq!(close(&[(0, 0), (1, 10_240)]), 1.0 / 3.0);
    assert_eq!(close(&[(0, 0), (1, 10_239)]), 2.0 / 3.0);
    assert_eq!(close(&[(0, 0), (1, 1), (2, 2)]), 1.0);
}
