//! What an alert tells of an episode at its edges, from YAML and JSON to the alert: in a backtest, and as the service
//! closes it.

mod chains; // a child's episodes within a parent's
mod decided; // readings that rules/README.md lists
mod paging; // who is told of what
mod ends; // floods, and when an episode is closed
mod values; // ties, owners, networks, numbers

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::store::drive::drive;
use detector_core::store::{
    Announcement, Batch, Deltas, MemoryStore, Notice, Plan, Step, StoreTimes,
};
use detector_core::tally::Tally;
use detector_core::time::Timestamp;
use detector_core::window::NothingSpilled;
use detector_core::window::load_rules;

/// 2026-04-01T00:00:00Z.
const START_MS: i64 = 1_775_001_600_000;
/// After everything, in milliseconds after [`START_MS`].
const END: i64 = 100 * 24 * 3_600_000;

struct Nobody;
impl Observer for Nobody {}

/// Detection rules `login`, `grant` and `drop`, which hit events of these names, and correlations.
fn engine(correlations: &[&str]) -> Engine {
    let names = ["login", "grant", "drop"];
    let mut documents = names.map(|name| detection(name, "alert: false")).to_vec();
    documents.extend(correlations.iter().map(|text| (*text).to_owned()));
    engine_of(&documents)
}

/// A detection rule that hits events of its name.
fn detection(name: &str, vedette: &str) -> String {
    format!(
        "title: {name}\nname: {name}\nlogsource: {{product: aws, service: cloudtrail}}\n\
         detection: {{it: {{eventName: {name}}}, condition: it}}\nvedette: {{{vedette}}}\n"
    )
}

fn engine_of(documents: &[String]) -> Engine {
    let file = RuleFile {
        path: "rules.yml".into(),
        text: documents.join("---\n"),
    };
    Engine::new(load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

/// A correlation by the name of its title.
fn correlation(name: &str, of: &str, vedette: &str) -> String {
    format!(
        "title: {name}\nname: {name}\ncorrelation: {{{of}}}\ngenerate: true\nvedette: {{{vedette}}}\n"
    )
}

/// An event, so many milliseconds after the start, with an id made of its number and more fields as JSON.
#[derive(Clone)]
struct Sent {
    at: i64,
    line: String,
}

fn sent(name: &str, at: i64, number: u32, fields: &str) -> Sent {
    let time = Timestamp::from_millis(START_MS + at).expect("a time of this century");
    let more = if fields.is_empty() { "" } else { "," };
    let id = id(number);
    let line = format!(
        r#"{{"eventVersion":"1.11","eventSource":"s.amazonaws.com","eventName":"{name}","eventTime":"{time}","eventID":"{id}"{more}{fields}}}"#
    );
    Sent { at, line }
}

fn id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

/// What `replay run` tells.
fn replayed(engine: &Engine, events: &[Sent]) -> (Vec<Alert>, Tally) {
    let mut worker = engine.worker(Mode::Set);
    for event in events {
        worker.record(event.line.as_bytes(), None, &mut Nobody);
    }
    let finished = worker.finish(&mut NothingSpilled);
    finished.expect("nothing was drained")
}

/// A service that is given events and sweeps.
struct Service<'e> {
    engine: &'e Engine,
    store: MemoryStore,
    swept_to: Option<i64>,
    closed: Vec<Alert>,
}

impl<'e> Service<'e> {
    fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            store: MemoryStore::default(),
            swept_to: None,
            closed: Vec::new(),
        }
    }

    fn step(&mut self, batch: impl for<'p> FnOnce(&'p Plan<'e>, Option<i64>) -> Step<'p>) {
        let times = StoreTimes {
            lateness_ms: 60_000,
            attempts_max: 3,
        };
        let plan = Plan::new(self.engine.rules(), times);
        let mut publish = |announcement: &Announcement| {
            if announcement.notice == Notice::Closed {
                let rules = self.engine.rules();
                self.closed
                    .push(Alert::of_announcement(rules, announcement));
            }
            true
        };
        let report = drive(batch(&plan, self.swept_to), &self.store, &mut publish);
        assert!(report.is_complete(), "{report:?}");
    }

    fn batch(&mut self, events: &[Sent]) {
        let mut worker = self.engine.worker(Mode::Set);
        for event in events {
            worker.record(event.line.as_bytes(), None, &mut Nobody);
        }
        let latest = events.iter().map(|event| event.at).max();
        let latest = START_MS + latest.expect("a batch has events");
        let mut deltas = Deltas::default();
        worker.drain_state(&mut |rule, group, state| {
            deltas.add((rule, group), state, 0, latest);
        });
        self.step(|plan, swept_to| Batch::of_records(plan, deltas, swept_to));
    }

    /// Nothing before this, in milliseconds after the start, is still to come.
    fn sweep(&mut self, watermark: i64) {
        let watermark = START_MS + watermark;
        self.step(|plan, swept_to| Batch::sweep(plan, watermark, swept_to));
        self.swept_to = Some(watermark);
    }
}

/// What the service tells of closed episodes, in the order of a backtest: all events at once, then one by one with a sweep
/// before each. Both tell the same.
fn closed(engine: &Engine, events: &[Sent]) -> Vec<Alert> {
    let mut at_once = Service::new(engine);
    at_once.batch(events);
    at_once.sweep(END);
    let mut one_by_one = Service::new(engine);
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.at);
    for same_time in events.chunk_by(|one, other| one.at == other.at) {
        one_by_one.sweep(same_time[0].at);
        one_by_one.batch(same_time);
    }
    one_by_one.sweep(END);
    let [mut at_once, mut one_by_one] = [at_once.closed, one_by_one.closed];
    at_once.sort_by(Alert::reporting_order);
    one_by_one.sort_by(Alert::reporting_order);
    assert_eq!(at_once, one_by_one);
    at_once
}

/// What a test compares: the rule, the opening in milliseconds after the start, the count and the event ids.
type Told = (String, i64, u64, Vec<String>);

fn told(alerts: &[Alert]) -> Vec<Told> {
    let told = |alert: &Alert| {
        let opened = alert.opened_at.millis() - START_MS;
        let title = alert.rule.title.to_string();
        (title, opened, alert.count, alert.event_ids.clone())
    };
    alerts.iter().map(told).collect()
}

/// What a backtest and the service tell alike of the episodes of one rule.
fn told_by_both(engine: &Engine, events: &[Sent], rule: &str) -> Vec<Told> {
    let (backtest, _) = replayed(engine, events);
    let of_rule = |alerts: &[Alert]| {
        let mut all = told(alerts);
        all.retain(|(title, ..)| title == rule);
        all
    };
    let backtest = of_rule(&backtest);
    assert_eq!(backtest, of_rule(&closed(engine, events)));
    backtest
}

fn one(rule: &str, opened: i64, count: u64, events: impl IntoIterator<Item = u32>) -> Told {
    (rule.to_owned(), opened, count, ids(events))
}
