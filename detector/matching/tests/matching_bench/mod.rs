//! A rule and an event in, the verdict out: what all matching tests share.
#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../window/tests/rule_text/mod.rs"]
pub(crate) mod rule_text; // text to rules
pub(crate) mod plain; // the evaluator without an index
pub(crate) mod random_rule; // rules and events at random

use detector_event::event::{Body, Event, LogSource};
use detector_event::scan::scan_json;
use detector_event::slots::{Slots, Value};
use detector_matching::Matcher;
use detector_rule::{DetectionIx, RuleSet};

pub(crate) use rule_text::rule;

/// Rules over events alone.
pub(crate) fn load(yaml: &str) -> RuleSet {
    rule_text::load(yaml, &[])
}

/// Places of the rules that a JSON event matches.
pub(crate) fn hits(set: &RuleSet, json: &str) -> Vec<u32> {
    hits_from(set, json, LogSource::CloudTrail)
}

pub(crate) fn hits_from(set: &RuleSet, json: &str, source: LogSource) -> Vec<u32> {
    let mut slots = Slots::new(&set.fields);
    scan_json(json.as_bytes(), &set.fields, &mut slots).expect("the event is a JSON object");
    run(set, &slots, Body::Json(json.as_bytes()), source)
}

pub(crate) fn text_hits(set: &mut RuleSet, line: &str) -> Vec<u32> {
    let message = set.fields.slot("message");
    let mut slots = Slots::new(&set.fields);
    slots.push(message, Value::Text(line.into()));
    run(set, &slots, Body::Text(line), LogSource::Lambda)
}

fn run(set: &RuleSet, slots: &Slots<'_>, body: Body<'_>, source: LogSource) -> Vec<u32> {
    let matcher = Matcher::new(set);
    let mut scratch = matcher.scratch();
    let event = Event {
        source,
        time: None,
        id: "e",
        account: None,
        region: None,
        arrival: None,
        slots,
        body,
    };
    let mut once = Vec::new();
    matcher.matches(&event, &set.fields, &mut scratch, &mut |DetectionIx(ix)| {
        once.push(ix)
    });
    let mut again = Vec::new();
    matcher.matches(&event, &set.fields, &mut scratch, &mut |DetectionIx(ix)| {
        again.push(ix)
    });
    assert_eq!(once, again, "nothing of an event stays in the scratch");
    once
}

/// Whether one selection of one rule matches an event.
pub(crate) fn selects(selection: &str, json: &str) -> bool {
    let indented: String = selection
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    let yaml = rule(&format!("selection:\n{indented}condition: selection"));
    !hits(&load(&yaml), json).is_empty()
}
