//! Rule sets and streams in which hits wait for a child's episode: many successes, few failures.
//!
//! Random rules seldom refer to a correlation beside a detection, and seldom find the one without the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::generate::{self, GROUP_FIELDS, VALUE_FIELDS};
use crate::oracle::{Correlation, Event, Input, Kind};

/// As of [`looking_back`](super::looking_back).
pub(crate) const REMAINDER: u64 = 2;
const EVENTS_MAX: usize = 30;

pub(crate) fn generate(random: &mut fastrand::Rng) -> (Vec<Correlation>, Vec<Event>) {
    let mut correlations = vec![failures(random)];
    let orders = [
        vec![Input::Correlation(0), Input::Detection(1)],
        vec![Input::Detection(1), Input::Correlation(0)],
    ];
    for _ in 0..random.usize(1..3) {
        let inputs = orders[random.usize(..orders.len())].clone();
        let kind = match random.u8(..3) {
            0 => Kind::Temporal(None),
            _ => Kind::TemporalOrdered,
        };
        correlations.push(correlation(random, kind, inputs));
    }
    if random.u8(..3) == 0 {
        let inputs = vec![Input::Correlation(1)];
        correlations.push(correlation(random, Kind::EventCount, inputs));
    }
    let mut events = Vec::new();
    let mut tick = 0;
    for _ in 0..random.usize(5..EVENTS_MAX) {
        tick += random.i64(0..6);
        events.push(event(random, tick));
    }
    (correlations, events)
}

/// Some are judged at once, some by the watermark alone.
fn failures(random: &mut fastrand::Rng) -> Correlation {
    let threshold = match random.u8(..4) {
        0 => ("eq", 100 * random.i64(1..3)),
        _ => ("gte", 100 * random.i64(1..3)),
    };
    let inputs = vec![Input::Detection(0)];
    Correlation {
        threshold: vec![threshold],
        ..correlation(random, Kind::EventCount, inputs)
    }
}

fn correlation(random: &mut fastrand::Rng, kind: Kind, inputs: Vec<Input>) -> Correlation {
    let timespan = 2 * random.i64(1..8);
    Correlation {
        kind,
        inputs,
        group_by: vec![GROUP_FIELDS[1]],
        show: Vec::new(),
        aliases: BTreeMap::new(),
        prefixes: BTreeMap::new(),
        timespan,
        quiet: [timespan, 2, 20, 40][random.usize(..4)],
        threshold: vec![("gte", 100)],
        generate: random.bool(),
        stands_for: None,
        by_value: None,
    }
}

fn event(random: &mut fastrand::Rng, tick: i64) -> Event {
    let fields = GROUP_FIELDS.into_iter().chain(VALUE_FIELDS);
    let fields = fields.map(|name| (name, format!("{name}-{}", random.u8(..2))));
    let fields = fields.collect();
    Event {
        id: generate::uuid(random),
        tick,
        matches: BTreeSet::from([usize::from(random.u8(..5) > 0)]),
        fields,
    }
}
