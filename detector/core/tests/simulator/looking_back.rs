//! Rule sets and streams in which what alerts tell is asked long after it was learned.
//!
//! Random rules seldom do this: a rule that looks back, an episode that outlasts its pauses, and hits so far apart that
//! each stands alone, so that a group forgets piece by piece while its alert is still to be told.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::generate::{self, VALUE_FIELDS};
use crate::oracle::{Correlation, Event, FirstSeen, Input, Kind, Owner};

/// Of so many scenarios in a row, one is of this kind: that whose number leaves the remainder.
pub(crate) const ONE_OF: u64 = 8;
pub(crate) const REMAINDER: u64 = 5;
/// Hits come in groups of few, this many times.
const BURSTS: i64 = 6;

pub(crate) fn generate(random: &mut fastrand::Rng) -> (Vec<Correlation>, Vec<Event>) {
    let timespan = 2 * random.i64(2..8);
    let correlations = (0..random.usize(1..3)).map(|_| correlation(random, timespan));
    let correlations: Vec<Correlation> = correlations.collect();
    let mut events = Vec::new();
    let mut tick = 0;
    for _ in 0..BURSTS {
        for _ in 0..random.usize(2..5) {
            events.push(event(random, tick));
            tick += random.i64(1..4);
        }
        // Long enough for the memory to end, and mostly shorter than the pauses of an episode.
        tick += timespan + random.i64(-2..8);
    }
    (correlations, events)
}

fn correlation(random: &mut fastrand::Rng, timespan: i64) -> Correlation {
    let memory = timespan + 2 * random.i64(0..2);
    let fields = VALUE_FIELDS[..1].to_vec();
    let kind = match random.u8(..4) {
        0 => Kind::Owner(Owner {
            fields,
            given_by: vec![1],
            ended_by: vec![],
            memory,
        }),
        _ => Kind::FirstSeen(FirstSeen {
            fields,
            learning: 2,
            memory,
            values: 1_000,
        }),
    };
    Correlation {
        kind,
        inputs: vec![Input::Detection(0), Input::Detection(1)],
        group_by: vec![],
        show: VALUE_FIELDS[..random.usize(..2)].to_vec(),
        aliases: BTreeMap::new(),
        prefixes: BTreeMap::new(),
        timespan,
        quiet: timespan + 2 * random.i64(0..5),
        threshold: vec![("gte", 100)],
        generate: true,
        stands_for: None,
        by_value: None,
    }
}

fn event(random: &mut fastrand::Rng, tick: i64) -> Event {
    let values = VALUE_FIELDS.map(|name| (name, format!("{name}-{}", random.u8(..6))));
    Event {
        id: generate::uuid(random),
        tick,
        matches: BTreeSet::from([random.usize(..2)]),
        fields: BTreeMap::from(values),
    }
}
