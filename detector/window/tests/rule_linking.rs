//! What a sound set of rules becomes.

mod rule_text;

use std::any::Any;

use detector_event::event::LogSource;
use detector_rule::{
    Comparison, CorrelationIx, CorrelationRule, DetectionIx, FieldSource, FieldTag, InputRule,
    Level, Presence, RuleSet, ShownField, ShownSource, Threshold,
};
use detector_window::count::ValueCount;
use detector_window::temporal::{Temporal, TemporalExcept};
use detector_window::{TYPES, load_rules};
use rule_text::file;

fn load(yaml: &str) -> RuleSet {
    rule_text::load(yaml, TYPES)
}

const LOGIN: &str = "title: Failed login\nid: 0f5a3e3c-5a0e-4f0a-9a3f-6d0c7a3f1b11\nname: failed_login\nlevel: medium\n\
tags: [attack.t1110]\nfalsepositives: [typing errors]\nlogsource:\n  product: aws\n  service: cognito\n\
vedette:\n  threat: stolen credentials\n  response: look at the address\ndetection:\n  s:\n    a: 1\n  condition: s\n";
const OTHER: &str = "title: Success\nname: success\nlogsource:\n  product: aws\ndetection:\n  s:\n    b: 1\n  condition: s\n";

fn correlation(body: &str) -> String {
    let indented: String = body.lines().map(|line| format!("  {line}\n")).collect();
    format!("title: Correlation\nname: c\ncorrelation:\n{indented}")
}

fn with(body: &str) -> RuleSet {
    load(&format!("{}---\n{LOGIN}---\n{OTHER}", correlation(body)))
}

fn gte(n: u64) -> Threshold {
    Threshold(vec![(Comparison::Gte, n)])
}

/// The condition of a `temporal` rule.
fn presence(rule: &CorrelationRule) -> Presence {
    let window: &dyn Any = &*rule.window;
    let with_not = window.downcast_ref::<TemporalExcept>();
    let presence = with_not.map(|window| &window.presence);
    let without = || window.downcast_ref::<Temporal>().expect("a temporal rule");
    presence.unwrap_or_else(|| &without().presence).clone()
}

#[test]
fn metadata_and_attributes() {
    let set = load_rules(&[file("rules/a.yml", &format!("# comment\n{LOGIN}"))]).unwrap();
    let rule = &set.detections[0];
    assert_eq!(&*rule.meta.id, "0f5a3e3c-5a0e-4f0a-9a3f-6d0c7a3f1b11");
    assert_eq!(rule.meta.name.as_deref(), Some("failed_login"));
    assert_eq!(rule.meta.level, Some(Level::Medium));
    assert_eq!(rule.meta.tags, ["attack.t1110"]);
    assert_eq!(rule.meta.false_positives, ["typing errors"]);
    assert_eq!(rule.meta.threat.as_deref(), Some("stolen credentials"));
    assert_eq!(rule.meta.response.as_deref(), Some("look at the address"));
    assert_eq!((&*rule.meta.path, rule.meta.line), ("rules/a.yml", 2));
    assert_eq!(rule.sources, [LogSource::Cognito]);
    assert_eq!(
        rule.fields
            .iter()
            .map(|slot| set.fields.path(*slot))
            .collect::<Vec<_>>(),
        ["a"]
    );
}

#[test]
fn temporal_without_a_condition_means_all_rules() {
    let set = with("type: temporal\nrules: [failed_login, success]\ngroup-by: [ip]\ntimespan: 5m");
    let rule = &set.correlations[0];
    assert_eq!(presence(rule), Presence::Count(gte(2)));
    assert_eq!((rule.timespan_ms, rule.quiet_ms), (300_000, 300_000));
}

#[test]
fn temporal_conditions() {
    let meant = |condition: &str| {
        let set = with(&format!(
            "type: temporal\nrules: [failed_login, success]\ntimespan: 5m\ncondition: {condition}"
        ));
        presence(&set.correlations[0])
    };
    let not_second = Presence::Not(Box::new(Presence::Input(1)));
    assert_eq!(
        meant("failed_login and not success"),
        Presence::And(vec![Presence::Input(0), not_second])
    );
    assert_eq!(
        meant("1 of them"),
        Presence::Or(vec![Presence::Input(0), Presence::Input(1)])
    );
    assert_eq!(meant("{gte: 1}"), Presence::Count(gte(1)));
}

#[test]
fn counts_and_their_fields() {
    let set = with(
        "type: value_count\nrules: failed_login\ngroup-by: ip\ntimespan: 1h\ncondition: {field: [user, agent], gt: 10, lte: 20}",
    );
    let rule = &set.correlations[0];
    let threshold = Threshold(vec![(Comparison::Gt, 10), (Comparison::Lte, 20)]);
    let window: &dyn Any = &*rule.window;
    let window = window.downcast_ref::<ValueCount>().expect("a value count");
    assert_eq!(window.threshold, threshold);
    let names = |sources: &[FieldSource]| -> Vec<String> {
        let name = |source: &FieldSource| match source {
            FieldSource::Event(slot) => set.fields.path(*slot).to_owned(),
            FieldSource::ChildGroup(n) => format!("child {n}"),
            FieldSource::FirstOf(_) => "actor".to_owned(),
            FieldSource::Nowhere => "nowhere".to_owned(),
        };
        sources.iter().map(name).collect()
    };
    assert_eq!(names(&rule.inputs[0].group_by), ["ip"]);
    assert_eq!(names(&rule.inputs[0].value), ["user", "agent"]);
    assert_eq!(rule.inputs[0].rule, InputRule::Detection(DetectionIx(0)));
}

#[test]
fn chains_come_after_their_children_and_read_their_groups() {
    let parent = "title: Parent\nname: parent\ncorrelation:\n  type: value_count\n  rules: [child]\n  group-by: [address]\n  timespan: 1h\n  condition: {gte: 3, field: user}\n  aliases:\n    address:\n      child: ip\nvedette:\n  quiet: 2h\n";
    let child = "title: Child\nname: child\ncorrelation:\n  type: event_count\n  rules: [failed_login]\n  group-by: [user, ip]\n  timespan: 5m\n  condition: {gte: 5}\n  aliases:\n    user:\n      failed_login: message.userName\n";
    let set = load(&format!("{parent}---\n{child}---\n{LOGIN}"));
    let [child, parent] = &set.correlations[..] else {
        panic!("two correlations")
    };
    assert_eq!(
        (child.meta.name.as_deref(), parent.meta.name.as_deref()),
        (Some("child"), Some("parent"))
    );
    assert_eq!(
        parent.inputs[0].rule,
        InputRule::Correlation(CorrelationIx(0))
    );
    assert_eq!(parent.inputs[0].group_by, [FieldSource::ChildGroup(1)]);
    assert_eq!(parent.inputs[0].value, [FieldSource::ChildGroup(0)]);
    assert_eq!(parent.quiet_ms, 7_200_000);
    let FieldSource::Event(slot) = child.inputs[0].group_by[0] else {
        panic!("an event field")
    };
    assert_eq!(set.fields.path(slot), "message.userName");
}

#[test]
fn shown_fields_are_found_in_events_groups_and_what_children_show() {
    let parent = "title: Parent\nname: parent\ncorrelation:\n  type: temporal\n  rules: [child, failed_login]\n  group-by: []\n  timespan: 1h\n  aliases:\n    opened:\n      failed_login: user\nvedette:\n  show: [ip, agent, opened]\n";
    let child = "title: Child\nname: child\ncorrelation:\n  type: event_count\n  rules: [failed_login]\n  group-by: [ip]\n  timespan: 5m\n  condition: {gte: 5}\nvedette:\n  show: agent\n";
    let mut set = load(&format!("{parent}---\n{child}---\n{LOGIN}"));
    let (ip, agent) = (FieldTag::of("ip"), FieldTag::of("agent"));
    let mut event = |name: &str, field: &str| ShownField {
        tag: FieldTag::of(name),
        source: ShownSource::Event(set.fields.slot(field)),
    };
    let of_events = [
        event("ip", "ip"),
        event("agent", "agent"),
        event("opened", "user"),
    ];
    let child = |tag, source| ShownField { tag, source };
    let of_child = [
        child(ip, ShownSource::ChildGroup(0)),
        child(agent, ShownSource::ChildShown(agent)),
    ];
    let inputs = &set.correlations[1].inputs;
    assert_eq!(inputs[0].show, of_child);
    assert_eq!(inputs[1].show, of_events);
    let names: Vec<&str> = set.correlations[1].show.iter().map(|n| &**n).collect();
    assert_eq!(names, ["ip", "agent", "opened"]);
}
