//! Fields that a rule wants and that no event had are named; those that it only excludes are not.

#[path = "../../window/tests/rule_text/mod.rs"]
mod rule_text;

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::window::NothingSpilled;
use detector_core::window::TYPES;
use rule_text::{load, rule};

struct Silent;
impl Observer for Silent {}

/// The absent fields of one rule after one event of an application log.
fn absent(detection: &str) -> Vec<String> {
    absent_of(&rule(detection))
}

fn absent_of(rules: &str) -> Vec<String> {
    let engine = Engine::new(load(rules, TYPES));
    let mut worker = engine.worker(Mode::Set);
    worker.record(
        br#"{"timestamp":"2026-05-16T10:00:00Z","event":"vehicle.read","request_id":"r"}"#,
        None,
        &mut Silent,
    );
    let (_, tally) = worker
        .finish(&mut NothingSpilled)
        .expect("nothing is spilled");
    tally.absent_fields.concat()
}

#[test]
fn fields_under_not_may_be_absent() {
    let with = |search: &str, condition: &str| {
        absent(&format!(
            "words:\n  - vehicle\nother:\n  {search}\ncondition: {condition}"
        ))
    };
    let none: [&str; 0] = [];
    assert_eq!(with("gone: 1", "words and other"), ["gone"]);
    assert_eq!(with("gone: 1", "words and not other"), none);
    assert_eq!(with("gone|exists: true", "words and not other"), none);
    assert_eq!(with("gone|exists: false", "words and other"), none);
    assert_eq!(with("gone: null", "words and other"), none);
    // Asked to be there after all.
    assert_eq!(with("gone|exists: false", "words and not other"), ["gone"]);
    assert_eq!(with("gone: null", "words and not other"), ["gone"]);
    assert_eq!(with("gone: 1", "words and not (not other)"), ["gone"]);
    assert_eq!(with("gone|neq: 1", "words and other"), ["gone"]);
    assert_eq!(
        with("gone: 1\n  missing: null", "other or not other"),
        ["gone", "missing"]
    );
}

#[test]
fn fields_that_alerts_would_show_are_missed() {
    let detection = rule("it: {event: vehicle.read}\ncondition: it");
    let alert = "title: Alert\ncorrelation: {type: event_count, rules: [RULE], group-by: [], timespan: 1m, condition: {gte: 1}}\nvedette: {show: [request_id, rout, event]}";
    let name = detection.lines().find_map(|l| l.strip_prefix("title: "));
    let alert = alert.replace("RULE", name.expect("rules have titles"));
    assert_eq!(absent_of(&format!("{detection}\n---\n{alert}")), ["rout"]);
}
