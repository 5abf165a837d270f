//! `vedette.baseline` over weeks against a brute-force evaluation: as a set, in parts, and through the store with what
//! is over forgotten. A correlation over it sees what is unusual of two addresses at once.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::store::drive::drive;
use detector_core::store::{Announcement, Batch, Deltas, MemoryStore, Notice, Plan, StoreTimes};
use detector_core::time::Timestamp;
use detector_core::window::key::Key;
use detector_core::window::load_rules;
use detector_core::window::{NothingSpilled, Windows};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const WEEK: i64 = 168 * HOUR;
/// 2026-01-05T00:00:00Z, a Monday.
const ORIGIN: i64 = 1_767_571_200_000;
/// A watermark after everything.
const END: i64 = 4_000_000_000_000;
const LATENESS: i64 = 15 * MINUTE;

struct Nobody;
impl Observer for Nobody {}

#[derive(Debug, Clone)]
struct Rule {
    timespan: i64,
    quiet: i64,
    /// Of more than usual the fewest events of a window, of less the most.
    bound: u64,
    /// In percent.
    factor: u64,
    /// Of less than usual, the fewest that are usual.
    at_least: u64,
    weeks: i64,
    warm_up: usize,
    /// It compares the part that failures have of all events, by `vedette.ratio` with a factor.
    is_of_shares: bool,
    /// Of different users, not of events.
    is_of_values: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: i64,
    id: u128,
    address: u8,
    /// It counts as the whole, and not as the part.
    is_good: bool,
}

impl Event {
    fn user(&self) -> u128 {
        (self.id >> 100) % 5
    }

    /// By what it counts: itself, or its user.
    fn counted(&self, rule: &Rule) -> (i64, u128) {
        match rule.is_of_values {
            true => (0, self.user()),
            false => (self.time, self.id),
        }
    }
}

/// An episode: address, opening, end and number of events; of both addresses at once 0, and the number of episodes.
type Told = (u8, i64, i64, u64);

fn pick<T: Copy>(random: &mut fastrand::Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

fn rule(random: &mut fastrand::Rng) -> Rule {
    let timespan = pick(random, &[15 * MINUTE, HOUR, HOUR, 3 * HOUR, 24 * HOUR]);
    let weeks = random.i64(1..=4);
    Rule {
        timespan,
        quiet: pick(random, &[timespan, MINUTE, 5 * HOUR]),
        bound: random.u64(1..4),
        factor: pick(random, &[100, 150, 200, 300, 50, 70]),
        at_least: random.u64(1..4),
        weeks,
        warm_up: random.usize(1..=weeks as usize),
        is_of_shares: random.u8(..3) == 0,
        is_of_values: false,
    }
}

/// Events that come again at few times of the week, at the edges of slots more often than not.
fn events(random: &mut fastrand::Rng, rule: &Rule) -> Vec<Event> {
    let weeks = random.i64(2..=6);
    let slots: Vec<i64> = (0..2)
        .map(|_| random.i64(0..WEEK / rule.timespan))
        .collect();
    let mut events = Vec::new();
    for week in 0..weeks {
        for slot in &slots {
            for _ in 0..random.u8(..7) {
                let into = match random.u8(..4) {
                    0 => pick(random, &[0, -1, 1, rule.timespan, rule.timespan - 1]),
                    _ => random.i64(-rule.timespan..2 * rule.timespan),
                };
                events.push(Event {
                    time: ORIGIN + week * WEEK + slot * rule.timespan + into,
                    id: random.u128(..),
                    address: random.u8(1..3),
                    is_good: rule.is_of_shares && random.u8(..3) > 0,
                });
            }
        }
        // Some groups are away for so long that they begin anew.
        if random.u8(..12) == 0 {
            let away = (rule.weeks + 1) * WEEK + pick(random, &[0, 1, HOUR]);
            events.iter_mut().for_each(|event| event.time -= away);
        }
    }
    events
}

/// What holds at `t`, by a look at all events of one address.
fn holds_at(t: i64, rule: &Rule, events: &[&Event]) -> bool {
    let times_within = |after: i64, until: i64| {
        let inside = events.iter().filter(|e| after < e.time && e.time <= until);
        inside
            .map(|e| e.counted(rule))
            .collect::<BTreeSet<_>>()
            .len() as u64
    };
    let count = times_within(t - rule.timespan, t);
    let is_of_less = rule.factor < 100;
    let is_met = match is_of_less {
        true => count <= rule.bound,
        false => count >= rule.bound,
    };
    if !is_met || count == 0 {
        return false;
    }
    let memory = (rule.weeks + 1) * WEEK;
    let mut began = i64::MAX;
    for event in events.iter().rev().filter(|e| e.time <= t) {
        if began != i64::MAX && began - event.time > memory {
            break;
        }
        began = event.time;
    }
    let slot = t.div_euclid(rule.timespan) * rule.timespan;
    let known = (1..=rule.weeks).map(|week| slot - week * WEEK);
    let mut usual: Vec<u64> = known
        .filter(|then| then - rule.timespan >= began)
        .map(|then| {
            let of = |start: i64| times_within(start - 1, start + rule.timespan - 1);
            of(then).max(of(then - rule.timespan))
        })
        .collect();
    if rule.is_of_shares {
        return is_unusual_share(t, began, rule, events);
    }
    usual.sort_unstable();
    let twice = match usual.len() {
        n if n < rule.warm_up => return false,
        n if n % 2 == 1 => 2 * usual[n / 2],
        n => usual[n / 2 - 1] + usual[n / 2],
    };
    match is_of_less {
        true => twice >= 2 * rule.at_least && 200 * count <= rule.factor * twice,
        false => 200 * count >= rule.factor * twice,
    }
}

/// The same of the part that failures have: that of the window, and that of the sums of the weeks before.
fn is_unusual_share(t: i64, began: i64, rule: &Rule, events: &[&Event]) -> bool {
    let counts = |after: i64, until: i64| {
        let inside = events.iter().filter(|e| after < e.time && e.time <= until);
        // An event that comes as both is both.
        let ids = |of_all: bool| {
            let some = inside.clone().filter(|e| of_all || !e.is_good);
            some.map(|e| e.counted(rule)).collect::<BTreeSet<_>>().len() as u64
        };
        (ids(false), ids(true))
    };
    let slot = t.div_euclid(rule.timespan) * rule.timespan;
    let known = (1..=rule.weeks).map(|week| slot - week * WEEK);
    let known: Vec<i64> = known.filter(|then| then - rule.timespan >= began).collect();
    let slots = known.iter().flat_map(|then| [*then, then - rule.timespan]);
    let (mut usual_of, mut usual_all) = (0, 0);
    for start in slots {
        let (of, all) = counts(start - 1, start + rule.timespan - 1);
        usual_of += of;
        usual_all += all;
    }
    let (of, all) = counts(t - rule.timespan, t);
    let (ratio, bound) = (100 * of * usual_all, rule.factor * usual_of * all);
    let is_far = match rule.factor < 100 {
        true => ratio <= bound,
        false => ratio >= bound,
    };
    known.len() >= rule.warm_up && all >= rule.at_least && of > 0 && usual_all > 0 && is_far
}

/// Moments with pauses up to the quiet period are an episode.
fn episodes(rule: &Rule, holding: impl IntoIterator<Item = (i64, i64)>) -> Vec<Vec<(i64, i64)>> {
    let mut episodes: Vec<Vec<(i64, i64)>> = Vec::new();
    for (start, end) in holding {
        match episodes.last_mut() {
            Some(last) if start - last[last.len() - 1].1 <= rule.quiet => last.push((start, end)),
            _ => episodes.push(vec![(start, end)]),
        }
    }
    episodes
}

/// From and until when.
fn span(episode: &[(i64, i64)]) -> (i64, i64) {
    (episode[0].0, episode[episode.len() - 1].1)
}

fn expected(rule: &Rule, events: &[Event]) -> Vec<Told> {
    let mut all = Vec::new();
    let mut unusual: Vec<Vec<Vec<(i64, i64)>>> = Vec::new();
    for address in 1..3 {
        let mut own: Vec<&Event> = events.iter().filter(|e| e.address == address).collect();
        own.sort();
        let mut changes: BTreeSet<i64> = BTreeSet::new();
        for event in &own {
            let next_slot = (event.time.div_euclid(rule.timespan) + 1) * rule.timespan;
            changes.extend([event.time, event.time + rule.timespan, next_slot]);
        }
        let changes: Vec<i64> = changes.into_iter().collect();
        let pairs = changes.windows(2).map(|pair| (pair[0], pair[1]));
        let holding = pairs.filter(|(moment, _)| holds_at(*moment, rule, &own));
        let found = episodes(rule, holding);
        for (opened, until) in found.iter().map(|episode| span(episode)) {
            let inside = |e: &&&Event| opened - rule.timespan < e.time && e.time < until;
            let ids: BTreeSet<u128> = own.iter().filter(inside).map(|e| e.id).collect();
            all.push((address, opened, until, ids.len() as u64));
        }
        unusual.push(found);
    }
    all.extend(expected_of_both(rule, &unusual));
    all.sort();
    all
}

/// When the windows of both addresses hold something that was unusual, and of how many of their episodes.
fn expected_of_both(rule: &Rule, unusual: &[Vec<Vec<(i64, i64)>>]) -> Vec<Told> {
    let held = |address: &[Vec<(i64, i64)>], t: i64| {
        let mut held = address.iter().flatten();
        held.any(|(start, end)| *start <= t && t < end + rule.timespan)
    };
    let ends = |(start, end): &(i64, i64)| [*start, end + rule.timespan];
    let changes = unusual.iter().flatten().flatten().flat_map(ends);
    let changes: Vec<i64> = changes.collect::<BTreeSet<i64>>().into_iter().collect();
    let pairs = changes.windows(2).map(|pair| (pair[0], pair[1]));
    let both = pairs.filter(|(moment, _)| unusual.iter().all(|address| held(address, *moment)));
    let told = episodes(rule, both).into_iter().map(|episode| {
        let (opened, until) = span(&episode);
        let bears = |(start, end): &(i64, i64)| *start < until && opened - rule.timespan < *end;
        let children = unusual.iter().flatten();
        let children = children.filter(|child| child.iter().any(bears));
        (0, opened, until, children.count() as u64)
    });
    told.collect()
}

fn engine(rule: &Rule) -> Engine {
    let is_of_less = rule.factor < 100;
    let at_least = match is_of_less {
        true => format!(", at_least: {}", rule.at_least),
        false => String::new(),
    };
    let (rules, attribute) = match rule.is_of_shares {
        true => (
            "base, good",
            format!(
                "ratio: {{of: [base], to: [base, good], at_least: {}, ",
                rule.at_least
            ),
        ),
        false => ("base", "baseline: {".to_owned()),
    };
    let at_least = match rule.is_of_shares {
        true => String::new(),
        false => at_least,
    };
    let (kind, field) = match rule.is_of_values {
        true => ("value_count", "field: userName\n        "),
        false => ("event_count", ""),
    };
    let text = format!(
        "title: Good\nname: good\nlogsource: {{product: aws, service: cloudtrail}}\ndetection: {{it: {{eventName: Good}}, condition: it}}\n---\ntitle: Base\nname: base\nlogsource:\n    product: aws\n    service: cloudtrail\ndetection:\n    selection:\n        \
         eventName: Base\n    condition: selection\n---\ntitle: Unusual\nname: unusual\ncorrelation:\n    type: {kind}\n    rules: \
         [{rules}]\n    group-by: [sourceIPAddress]\n    timespan: {}m\n    condition:\n        {field}{}: {}\nvedette:\n    \
         quiet: {}m\n    {attribute}factor: {}.{:02}, weeks: {}, warm_up: {}{at_least}}}\n---\ntitle: Both at once\ncorrelation:\n    \
         type: value_count\n    rules: [unusual]\n    generate: true\n    timespan: {0}m\n    condition: {{field: \
         sourceIPAddress, gte: 2}}\nvedette:\n    quiet: {3}m\n",
        rule.timespan / MINUTE,
        if is_of_less { "lte" } else { "gte" },
        rule.bound,
        rule.quiet / MINUTE,
        rule.factor / 100,
        rule.factor % 100,
        rule.weeks,
        rule.warm_up
    );
    let path = "generated.yml".to_owned();
    match load_rules(&[RuleFile { path, text }]) {
        Ok(rules) => Engine::new(rules),
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn line(event: &Event) -> String {
    let time = Timestamp::from_millis(event.time).expect("a time of this century");
    // Version 4: the id's bits are its key.
    let id = Key::from_u128(event.id & !(0xf << 76) | 4 << 76).in_uuid_form();
    let address = event.address;
    let name = if event.is_good { "Good" } else { "Base" };
    format!(
        r#"{{"eventVersion":"1.08","eventSource":"s","eventName":"{name}","sourceIPAddress":"192.0.2.{address}","userName":"{}","eventTime":"{time}","eventID":"{id}"}}"#,
        event.user()
    )
}

fn told(alert: &Alert) -> Told {
    let address = alert.group.0.first().map_or(0, |(_, address)| {
        let address = address.to_string();
        let number = address.rsplit('.').next().and_then(|n| n.parse().ok());
        number.expect("an address that was sent")
    });
    (
        address,
        alert.opened_at.millis(),
        alert.held_until.millis(),
        alert.count,
    )
}

type States = BTreeMap<(CorrelationIx, Key), Vec<Vec<u8>>>;

/// The states after the events, drained as it happens on the way.
fn states(engine: &Engine, events: &[Event], random: &mut fastrand::Rng) -> States {
    let mut states = States::new();
    let mut worker = engine.worker(Mode::Set);
    for event in events {
        worker.record(line(event).as_bytes(), None, &mut Nobody);
        if random.u8(..10) == 0 {
            worker.drain_state(&mut |rule, key, state| {
                states.entry((rule, key)).or_default().push(state.to_vec());
            });
        }
    }
    worker.drain_state(&mut |rule, key, state| {
        states.entry((rule, key)).or_default().push(state.to_vec());
    });
    states
}

fn united(engine: &Engine, states: &States) -> Vec<Vec<u8>> {
    let windows = Windows::new(engine.rules());
    let unite = |((rule, key), parts): (&(CorrelationIx, Key), &Vec<Vec<u8>>)| {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let united = windows.unite(*rule, *key, &parts, None);
        united.expect("states of this rule").state
    };
    states.iter().map(unite).collect()
}

/// Batches in the order of arrival, with a sweep now and then; what was announced as closed.
fn stored(engine: &Engine, events: &[Event], random: &mut fastrand::Rng) -> Vec<Told> {
    let times = StoreTimes {
        lateness_ms: LATENESS,
        attempts_max: 3,
    };
    let plan = Plan::new(engine.rules(), times);
    let store = MemoryStore::default();
    let mut arrivals: Vec<(i64, &Event)> = Vec::new();
    for event in events {
        arrivals.push((event.time + random.i64(0..LATENESS), event));
        if random.u8(..5) == 0 {
            // A repetition, however late.
            arrivals.push((event.time + random.i64(0..2 * WEEK), event));
        }
    }
    arrivals.sort();
    let mut closed = Vec::new();
    let mut publish = |announcement: &Announcement| {
        if announcement.notice == Notice::Closed {
            closed.push(told(&Alert::of_announcement(engine.rules(), announcement)));
        }
        true
    };
    let mut swept_to = None;
    let mut next = 0;
    while next < arrivals.len() {
        let batch = &arrivals[next..(next + random.usize(1..8)).min(arrivals.len())];
        next += batch.len();
        let mut worker = engine.worker(Mode::Set);
        for (_, event) in batch {
            worker.record(line(event).as_bytes(), None, &mut Nobody);
        }
        let latest = batch.iter().map(|(_, event)| event.time).max();
        let mut deltas = Deltas::default();
        worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, 0, latest.expect("a batch has events"));
        });
        let report = drive(
            Batch::of_records(&plan, deltas, swept_to),
            &store,
            &mut publish,
        );
        assert!(report.is_complete(), "{report:?}");
        if random.u8(..3) == 0 {
            let arrived = arrivals.get(next).map_or(batch[0].0, |(at, _)| *at);
            let watermark = arrived - LATENESS;
            let report = drive(
                Batch::sweep(&plan, watermark, swept_to),
                &store,
                &mut publish,
            );
            assert!(report.is_complete(), "{report:?}");
            swept_to = swept_to.max(Some(watermark));
            store.expire(watermark + LATENESS);
        }
    }
    let report = drive(Batch::sweep(&plan, END, swept_to), &store, &mut publish);
    assert!(report.is_complete(), "{report:?}");
    closed.sort();
    closed
}

#[test]
fn whatever_the_order_the_weeks_that_are_over_decide_what_is_too_much() {
    let (mut episodes, mut of_both, mut of_shares, mut of_values) = (0, 0, 0, 0);
    for seed in 0..800 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rule = rule(&mut random);
        rule.is_of_values = rule.is_of_shares && seed % 2 == 0;
        let events = events(&mut random, &rule);
        let expected = expected(&rule, &events);
        episodes += expected.len();
        of_shares += if rule.is_of_shares { expected.len() } else { 0 };
        of_values += if rule.is_of_values { expected.len() } else { 0 };
        of_both += expected.iter().filter(|told| told.0 == 0).count();
        let engine = engine(&rule);
        let mut shuffled = events.clone();
        shuffled.extend_from_slice(&events[..random.usize(..=events.len())]);
        random.shuffle(&mut shuffled);
        let mut worker = engine.worker(Mode::Set);
        for event in &shuffled {
            worker.record(line(event).as_bytes(), None, &mut Nobody);
        }
        let (alerts, _) = worker
            .finish(&mut NothingSpilled)
            .expect("nothing was drained");
        let mut found: Vec<Told> = alerts.iter().map(told).collect();
        found.sort();
        assert_eq!(
            found, expected,
            "seed {seed}, as a set: {rule:?}\n{events:#?}"
        );
        let whole = states(&engine, &events, &mut random);
        let mut parts = states(&engine, &shuffled[..shuffled.len() / 2], &mut random);
        for (group, more) in states(&engine, &shuffled[shuffled.len() / 3..], &mut random) {
            parts.entry(group).or_default().extend(more);
        }
        assert!(
            united(&engine, &whole) == united(&engine, &parts),
            "seed {seed}: states differ"
        );
        let found = stored(&engine, &events, &mut random);
        assert_eq!(
            found, expected,
            "seed {seed}, stored: {rule:?}\n{events:#?}"
        );
    }
    assert!(episodes > 800, "only {episodes} episodes");
    assert!(of_both > 50, "only {of_both} of both addresses");
    assert!(of_shares > 100, "only {of_shares} of shares");
    assert!(of_values > 50, "only {of_values} of shares of values");
}
