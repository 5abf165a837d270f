//! A random rule set and stream, and what must come of it.

use std::collections::BTreeMap;

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer, Worker};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::store::drive::drive;
use detector_core::store::{
    Announcement, Batch, Deltas, EpisodeId, Item, ItemKey, Mark, MemoryStore, Notice, Plan,
    StateStore, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::interval::Interval;
use detector_core::window::key::Key;
use detector_core::window::load_rules;
use detector_core::window::{SpillError, Spilled, Windows};

use crate::oracle::compare::{as_episode, expected, expected_alerts};
use crate::oracle::generate;
use crate::oracle::{Correlation, Event, Input, TICK_MS, millis};
use crate::simulator::{looking_back, success_after};

/// How much later than its time an event of a scenario arrives at most.
const DELAY_TICKS_MAX: i64 = 12;
pub(crate) const LATENESS_MS: i64 = DELAY_TICKS_MAX * TICK_MS;
/// A watermark after everything.
pub(crate) const END_MS: i64 = 4_000_000_000_000;
/// More than the engine's lateness of 15 minutes, and than its skew of 5.
const TOO_LATE_TICKS: i64 = 15 * 60 * 2 + 1;
const SKEWED_TICKS: i64 = 5 * 60 * 2 + 1;

struct Nobody;
impl Observer for Nobody {}

/// One stream record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) event: Event,
    pub(crate) bytes: Vec<u8>,
    pub(crate) arrival: i64,
}

/// Rules, records and the outcome of one undisturbed pass.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) engine: Engine,
    pub(crate) correlations: Vec<Correlation>,
    pub(crate) records: Vec<Record>,
    /// The oracle's episodes.
    pub(crate) expected: Vec<String>,
    /// Those of which somebody is told.
    pub(crate) expected_alerts: Vec<String>,
    /// By item, the state that must be in the store at the end.
    pub(crate) states: BTreeMap<ItemKey, Vec<u8>>,
    /// By item, the episodes that must have been announced.
    pub(crate) spans: BTreeMap<ItemKey, Vec<Interval>>,
}

fn engine(correlations: &[Correlation]) -> Engine {
    let file = RuleFile {
        path: "generated.yml".into(),
        text: generate::yaml(correlations),
    };
    Engine::new(load_rules(&[file]).expect("generated rules are valid"))
}

/// Records in the order of their arrival, and the events as they must be counted.
fn stream(random: &mut fastrand::Rng, events: Vec<Event>) -> (Vec<Record>, Vec<Event>) {
    let mut records = Vec::new();
    let mut counted = Vec::new();
    for event in events {
        let (mut sent, mut seen) = (event.clone(), Some(event.clone()));
        let mut arrivals = vec![event.tick + random.i64(0..=DELAY_TICKS_MAX)];
        match random.u8(..20) {
            0 => {
                sent.tick -= TOO_LATE_TICKS + DELAY_TICKS_MAX;
                seen = None;
            }
            1 => {
                let arrival = arrivals[0];
                sent.tick = arrival + SKEWED_TICKS;
                seen = Some(Event {
                    tick: arrival,
                    ..event
                });
            }
            2 => arrivals = vec![event.tick - random.i64(0..20)],
            3..=5 => arrivals.push(event.tick + random.i64(0..=DELAY_TICKS_MAX)),
            _ => {}
        }
        counted.extend(seen);
        let bytes = generate::json(&sent).into_bytes();
        records.extend(arrivals.into_iter().map(|arrival| Record {
            event: sent.clone(),
            bytes: bytes.clone(),
            arrival: millis(arrival),
        }));
    }
    records.sort_by_key(|record| record.arrival);
    (records, counted)
}

impl Scenario {
    pub(crate) fn generate(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let (correlations, events) = match seed % looking_back::ONE_OF {
            looking_back::REMAINDER => looking_back::generate(&mut random),
            success_after::REMAINDER => success_after::generate(&mut random),
            _ => {
                let correlations = generate::correlations(&mut random);
                (correlations, generate::events(&mut random))
            }
        };
        let (records, counted) = stream(&mut random, events);
        let engine = engine(&correlations);
        let expected_alerts = expected_alerts(&counted, &correlations);
        let expected = expected(&counted, &correlations);
        let mut scenario = Self {
            engine,
            correlations,
            records,
            expected,
            expected_alerts,
            states: BTreeMap::new(),
            spans: BTreeMap::new(),
        };
        scenario.pass_undisturbed(seed);
        scenario
    }

    /// Whether somebody is told of the item's episodes.
    pub(crate) fn pages(&self, plan: &Plan<'_>, key: ItemKey) -> bool {
        let rule = plan.rule_of(key.rule);
        rule.is_some_and(|rule| self.engine.rules().correlations[rule.0 as usize].pages)
    }

    pub(crate) fn plan(&self, attempts_max: u32) -> Plan<'_> {
        let times = StoreTimes {
            lateness_ms: LATENESS_MS,
            attempts_max,
        };
        Plan::new(self.engine.rules(), times)
    }

    /// Everything in one batch and one sweep.
    fn pass_undisturbed(&mut self, seed: u64) {
        let store = MemoryStore::default();
        let mut opened: Vec<EpisodeId> = Vec::new();
        let mut closed: Vec<String> = Vec::new();
        {
            let plan = self.plan(3);
            let mut fold = Fold::new(self);
            for (at, record) in self.records.iter().enumerate() {
                fold.record(&record.bytes, record.arrival, at as u64);
            }
            let mut publish = |a: &Announcement| {
                let alert = Alert::of_announcement(self.engine.rules(), a);
                match a.notice {
                    Notice::Opened => opened.push(a.id),
                    Notice::Closed => closed.push(as_episode(&alert, &self.correlations)),
                }
                true
            };
            for step in [
                Batch::of_records(&plan, fold.finish(), None),
                Batch::sweep(&plan, END_MS, None),
            ] {
                let report = drive(step, &store, &mut publish);
                assert!(report.is_complete(), "scenario {seed}: {report:?}");
            }
            assert_eq!(store.due(&[], END_MS), Ok(vec![]));
        }
        let items = store.items();
        let found = self.episodes(&items);
        assert!(
            found == self.expected,
            "scenario {seed}, undisturbed: found\n{}\nexpected\n{}",
            found.join("\n"),
            self.expected.join("\n")
        );
        let plan = self.plan(1);
        let told = items.iter().filter(|(key, _)| self.pages(&plan, *key));
        let recorded = told.flat_map(|(_, item)| &item.episodes);
        let mut recorded: Vec<EpisodeId> = recorded.map(|e| e.id).collect();
        for (key, item) in items {
            let live = item
                .episodes
                .iter()
                .filter(|e| !matches!(e.mark, Mark::MergedInto(_)));
            let mut spans: Vec<Interval> = live.map(|e| e.span).collect();
            spans.sort();
            if !spans.is_empty() {
                self.spans.insert(key, spans);
            }
            self.states.insert(key, item.state);
        }
        let live: usize = self.spans.values().map(Vec::len).sum();
        assert_eq!(live, self.expected.len(), "scenario {seed}");
        // More than are live only where an episode of children, known at the end, made one of two.
        recorded.sort();
        opened.sort();
        assert_eq!(opened, recorded, "scenario {seed}");
        let has_children = (self.correlations.iter().flat_map(|it| &it.inputs))
            .any(|input| matches!(input, Input::Correlation(_)));
        assert!(opened.len() == live || has_children, "scenario {seed}");
        closed.sort();
        assert_eq!(closed, self.expected_alerts, "scenario {seed}");
    }

    /// The episodes that the items' states amount to, in the oracle's form.
    pub(crate) fn episodes(&self, items: &[(ItemKey, Item)]) -> Vec<String> {
        let plan = self.plan(1);
        let mut states: Vec<(CorrelationIx, Key, &[u8])> = items
            .iter()
            .filter_map(|(key, item)| {
                Some((plan.rule_of(key.rule)?, key.group, item.state.as_slice()))
            })
            .collect();
        states.sort();
        let rules = self.engine.rules();
        let mut found = Vec::new();
        Windows::new(rules)
            .finish(&mut Stored(states, 0), &mut |rule, episode| {
                let rule = &rules.correlations[rule.0 as usize];
                let alert = Alert::of_episode(rule, &episode, Timestamp::MAX);
                found.push(as_episode(&alert, &self.correlations));
            })
            .expect("states that were united read back");
        found.sort();
        found
    }
}

struct Stored<'s>(Vec<(CorrelationIx, Key, &'s [u8])>, usize);

impl Spilled for Stored<'_> {
    fn next(&mut self, rule: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError> {
        let next = self.0.get(self.1).filter(|(at, _, _)| *at == rule);
        self.1 += usize::from(next.is_some());
        Ok(next.map(|(_, key, state)| (*key, *state)))
    }
}

/// Records to deltas, in runs.
pub(crate) struct Fold<'s> {
    worker: Worker<'s>,
    deltas: Deltas,
    first: Option<u64>,
}

impl<'s> Fold<'s> {
    pub(crate) fn new(scenario: &'s Scenario) -> Self {
        Self {
            worker: scenario.engine.worker(Mode::Set),
            deltas: Deltas::default(),
            first: None,
        }
    }

    pub(crate) fn record(&mut self, bytes: &[u8], arrival: i64, position: u64) {
        self.first.get_or_insert(position);
        let arrival = Timestamp::from_millis(arrival);
        self.worker.record(bytes, arrival, &mut Nobody);
    }

    pub(crate) fn end_run(&mut self) {
        let Some(position) = self.first.take() else {
            return;
        };
        let latest = self.worker.tally().latest.unwrap_or_default().millis();
        let deltas = &mut self.deltas;
        self.worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, position, latest);
        });
    }

    pub(crate) fn finish(mut self) -> Deltas {
        self.end_run();
        self.deltas
    }
}
