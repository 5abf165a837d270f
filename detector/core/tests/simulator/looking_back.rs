//! Rule sets and streams in which what alerts tell is asked long after it was learned.
//!
//! Random rules seldom do this: a rule that looks back, an episode that outlasts its pauses, and hits so far apart that
//! each stands alone, so that a group forgets piece by piece while its alert is still to be told.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::generate::{self, GROUP_FIELDS, VALUE_FIELDS};
use crate::oracle::{Correlation, Event, FirstSeen, Input, Kind, Owner};

/// Of so many scenarios in a row, one is of this kind: that whose number leaves the remainder.
pub(crate) const ONE_OF: u64 = 8;
pub(crate) const REMAINDER: u64 = 5;
const LENGTH_TICKS: i64 = 160;

pub(crate) fn generate(random: &mut fastrand::Rng) -> (Vec<Correlation>, Vec<Event>) {
    let group_by: Vec<&'static str> = GROUP_FIELDS[..random.usize(..2)].to_vec();
    let correlations = (0..random.usize(1..4)).map(|_| correlation(random, &group_by));
    let correlations: Vec<Correlation> = correlations.collect();
    let events = (0..random.usize(8..28)).map(|_| event(random)).collect();
    (correlations, events)
}

fn correlation(random: &mut fastrand::Rng, group_by: &[&'static str]) -> Correlation {
    let timespan = 2 * random.i64(1..8);
    let memory = timespan + 2 * random.i64(0..3);
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
        group_by: group_by.to_vec(),
        show: VALUE_FIELDS[..random.usize(..2)].to_vec(),
        aliases: BTreeMap::new(),
        prefixes: BTreeMap::new(),
        timespan,
        quiet: timespan + random.i64(0..2) * 20,
        threshold: vec![[("gte", 1), ("lte", 4)][random.usize(..2)]],
    }
}

fn event(random: &mut fastrand::Rng) -> Event {
    let mut fields = BTreeMap::new();
    for name in GROUP_FIELDS {
        fields.insert(name, "192.0.2.1".to_owned());
    }
    for name in VALUE_FIELDS {
        fields.insert(name, format!("{name}-{}", random.u8(..6)));
    }
    Event {
        id: generate::uuid(random),
        tick: random.i64(0..LENGTH_TICKS),
        matches: BTreeSet::from([random.usize(..2)]),
        fields,
    }
}
