//! Floods into one group: what is counted together, shown and forgotten is a function of the set of hits, too.

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::time::Timestamp;
use detector_core::window::Windows;
use detector_core::window::key::Key;
use detector_core::window::load_rules;

struct Nobody;
impl Observer for Nobody {}

const START_MS: i64 = 1_795_435_200_000;
const TIMESPAN_MS: i64 = 20_000;

/// Correlations over the rules `first` and `second`.
const CORRELATIONS: [(&str, &str); 15] = [
    ("event_count, condition: {gte: 40}", ""),
    ("event_count, condition: {lte: 400}", ""),
    ("value_count, condition: {field: user, gte: 9}", ""),
    ("temporal", ""),
    ("temporal, condition: second and not first", ""),
    ("temporal_ordered", ""),
    ("value_sum, condition: {field: size, gte: 5000}", ""),
    ("value_median, condition: {field: size, gte: 60}", ""),
    (
        "event_count, condition: {gte: 3}",
        "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 10}, ",
    ),
    (
        "value_count, condition: {field: user, gte: 1}",
        "first_seen: {learning: 10s, memory: 30s}, ",
    ),
    (
        "value_count, condition: {field: user, gte: 1}",
        "owner: {given_by: [second], memory: 40s}, ",
    ),
    (
        "value_count, condition: {field: agent, gte: 3}",
        "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 10}, ",
    ),
    (
        "event_count, condition: {gte: 3}",
        "spike: {gte: 1.5, at_least: 3}, ",
    ),
    (
        "temporal, condition: first and not second",
        "absence: {of: [second], after: [first]}, ",
    ),
    (
        "temporal, condition: second and not first",
        "absence: {of: [first], before: [second]}, ",
    ),
];

fn engine() -> Engine {
    let mut text = String::new();
    for name in ["first", "second"] {
        text += &format!(
            "title: {name}\nname: {name}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection: {{it: {{eventName: {name}}}, condition: it}}\n---\n"
        );
    }
    for (number, (kind, attribute)) in CORRELATIONS.iter().enumerate() {
        text += &format!(
            "title: Number {number}\ncorrelation: {{type: {kind}, rules: [first, second], group-by: [], timespan: 20s}}\nvedette: {{{attribute}show: [user, agent]}}\n---\n"
        );
    }
    let file = RuleFile {
        path: "dense.yml".into(),
        text: text.trim_end_matches("---\n").into(),
    };
    Engine::new(load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn events(random: &mut fastrand::Rng) -> Vec<String> {
    let length_ms = random.i64(1_000..8 * TIMESPAN_MS);
    // Evenly, or more and more of them.
    let draws = random.u8(1..4);
    let users = random.u64(2..60);
    let number = random.choice([30, 400, 3_000]).expect("one of three");
    let event = |at: u64| {
        let id = match random.u8(..3) {
            0 => format!("request-{at}"),
            _ => format!("{:08x}-0000-4000-8000-{at:012x}", random.u32(..)),
        };
        let after_ms = (0..draws).map(|_| random.i64(0..length_ms)).max();
        let time = after_ms.and_then(|after_ms| Timestamp::from_millis(START_MS + after_ms));
        let name = if random.u8(..5) == 0 {
            "second"
        } else {
            "first"
        };
        let (user, agent, size) = (random.u64(..users), random.u16(..600), random.u8(..100));
        format!(
            r#"{{"eventVersion":"1.11","eventTime":"{}","eventSource":"s","eventName":"{name}","eventID":"{id}","user":"user-{user}","agent":"agent-{agent}","size":{size}}}"#,
            time.expect("a time of this century")
        )
    };
    (0..number).map(event).collect()
}

/// The states of each rule's one group after the events, drained now and then.
fn states<'e>(
    engine: &Engine,
    events: impl IntoIterator<Item = &'e String>,
    random: &mut fastrand::Rng,
) -> Vec<Vec<Vec<u8>>> {
    let mut states = vec![Vec::new(); CORRELATIONS.len()];
    let mut worker = engine.worker(Mode::Set);
    let mut drain = |worker: &mut detector_core::engine::Worker<'_>| {
        worker.drain_state(&mut |rule, _, state| states[rule.0 as usize].push(state.to_vec()));
    };
    for event in events {
        worker.record(event.as_bytes(), None, &mut Nobody);
        if random.u16(..600) == 0 {
            drain(&mut worker);
        }
    }
    drain(&mut worker);
    states
}

/// The one group of a rule without `group-by`.
fn the_group() -> Key {
    Key::of_texts(Vec::<&str>::new())
}

fn united(
    windows: &Windows<'_>,
    rule: usize,
    states: &[Vec<u8>],
    watermark: Option<i64>,
) -> (Vec<u8>, String) {
    let states: Vec<&[u8]> = states.iter().map(Vec::as_slice).collect();
    let rule = CorrelationIx(u32::try_from(rule).expect("few rules"));
    let united = windows
        .unite(rule, the_group(), &states, watermark)
        .expect("states of this rule");
    (united.state, format!("{:#?}", united.episodes))
}

#[test]
fn floods_unite_to_the_last_byte_whatever_the_order_partition_and_repetition() {
    let engine = engine();
    let windows = Windows::new(engine.rules());
    let mut episodes = 0;
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut events = events(&mut random);
        let whole = states(&engine, &events, &mut random);
        let repeated = random.usize(..events.len());
        events.extend_from_within(..repeated);
        random.shuffle(&mut events);
        let cut = random.usize(..events.len());
        let mut parts = states(&engine, &events[..cut], &mut random);
        for (parts, more) in parts
            .iter_mut()
            .zip(states(&engine, &events[cut..], &mut random))
        {
            parts.extend(more);
            random.shuffle(parts);
        }
        let middle = START_MS + random.i64(0..8 * TIMESPAN_MS);
        for rule in 0..CORRELATIONS.len() {
            for watermark in [None, Some(middle)] {
                let (state, told) = united(&windows, rule, &whole[rule], watermark);
                let (other, told_too) = united(&windows, rule, &parts[rule], watermark);
                let kind = CORRELATIONS[rule];
                assert_eq!(told, told_too, "seed {seed} {kind:?} {watermark:?}");
                assert!(state == other, "seed {seed} {kind:?} {watermark:?}");
                episodes += told.matches("opened_at").count();
                if watermark.is_some() {
                    // What comes once more changes nothing.
                    let mut again = vec![state.clone()];
                    again.extend(parts[rule].iter().filter(|_| random.bool()).cloned());
                    random.shuffle(&mut again);
                    let (after, told_after) = united(&windows, rule, &again, watermark);
                    assert_eq!(told_after, told, "seed {seed} {kind:?} again");
                    assert!(after == state, "seed {seed} {kind:?} again");
                }
            }
        }
    }
    assert!(episodes > 600, "only {episodes} episodes");
}
