//! A window type that only this test knows: what one takes from outside, and that all else then knows it.

mod rule_text;
mod spread_type;

use detector_event::event::{Body, Event, LogSource};
use detector_event::slots::{Slots, Value};
use detector_rule::{CorrelationIx, DetectionIx, RuleSet, WindowKind, check};
use detector_window::count;
use detector_window::episode::Episode;
use detector_window::key::Key;
use detector_window::{NothingSpilled, Windows};
use rule_text::{file, show};

/// The list is all that knows of it.
static TYPES: [WindowKind; 2] = [count::EVENTS, spread_type::KIND];

const MINUTE: i64 = 60_000;

fn rules(spread: &str) -> String {
    format!(
        "title: Failed\nid: 11111111-1111-4111-8111-111111111111\nname: failed\nlevel: low\nlogsource: {{product: aws}}\n\
         detection: {{it: {{a: 1}}, condition: it}}\n---\n\
         title: Slow and steady\nid: 22222222-2222-4222-8222-222222222222\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [failed]\n  \
         group-by: [ip]\n  timespan: 10m\n  condition: {{gte: 3}}\nvedette:\n  spread: {spread}\n"
    )
}

fn load() -> RuleSet {
    rule_text::load(&rules("{over: 5m}"), &TYPES)
}

/// Hits of one group at these minutes.
fn observe(windows: &mut Windows<'_>, rules: &mut RuleSet, minutes: &[i64]) {
    let ip = rules.fields.slot("ip");
    for &minute in minutes {
        let mut slots = Slots::new(&rules.fields);
        slots.push(ip, Value::Text("192.0.2.1".into()));
        let event = Event {
            source: LogSource::CloudTrail,
            time: None,
            id: &format!("event-{minute}"),
            account: None,
            region: None,
            arrival: None,
            slots: &slots,
            body: Body::Text(""),
        };
        windows.observe(DetectionIx(0), &event, minute * MINUTE);
    }
}

/// When each episode held, in minutes, and what it counts.
fn told(episodes: &[Episode]) -> Vec<(i64, i64, u64)> {
    let minutes = |e: &Episode| (e.opened_at / MINUTE, e.held_until() / MINUTE, e.count);
    episodes.iter().map(minutes).collect()
}

#[test]
fn it_fires_is_stored_and_is_put_into_words() {
    let mut names = load();
    let rules = load();
    let mut windows = Windows::new(&rules);
    observe(&mut windows, &mut names, &[0, 1, 2, 40, 43, 46, 44]);
    let mut states: Vec<(Key, Vec<u8>)> = Vec::new();
    windows.drain_encoded(&mut |_, group, state| states.push((group, state.to_vec())));
    let [(group, state)] = &states[..] else {
        panic!("{} groups", states.len())
    };
    let unite = |watermark| {
        let again = [state.as_slice(), state.as_slice()];
        windows.unite(CorrelationIx(0), *group, &again, watermark)
    };
    let united = unite(None).expect("just encoded");
    assert_eq!(told(&united.episodes), [(46, 50, 4)]);
    assert_eq!(&united.state, state);
    let forgotten = unite(Some(80 * MINUTE)).expect("just encoded");
    assert!(forgotten.episodes.is_empty() && forgotten.state.len() < state.len());

    let mut windows = Windows::new(&rules);
    observe(&mut windows, &mut names, &[0, 4, 5]);
    let mut episodes = Vec::new();
    let doubts = windows.finish(&mut NothingSpilled, &mut |_, episode| {
        episodes.push(episode)
    });
    assert_eq!(doubts.expect("nothing was spilled")[0].thinned, 0);
    assert_eq!(told(&episodes), [(5, 10, 3)]);

    let window = &rules.correlations[0].window;
    let words = "3 or more events within 10 minutes, spread over 5 minutes or more";
    assert_eq!(window.fires_at(&["failed"]), words);
    let parts = window.parts();
    assert_eq!((parts.kind, parts.state.len()), ("spread", 0));
    assert_eq!(parts.judgement[0], ("threshold", "gte 3".to_owned()));
}

#[test]
fn what_is_wrong_with_it_is_reported_at_its_line() {
    let said = |spread: &str, types: &'static [WindowKind]| {
        show(&check(&[file("r.yml", &rules(spread))], types))
    };
    let sound = "{over: 5m}";
    assert_eq!(said(sound, &TYPES), "");
    assert_eq!(
        said("{ower: 5m}", &TYPES),
        "r.yml:18: `vedette.spread` has no `over`, as `over: 5m`\n\
         r.yml:18: unknown key `vedette.spread.ower`, did you mean `over`?; known are over"
    );
    assert_eq!(
        said("{over: 15m}", &TYPES),
        "r.yml:18: `over` is longer than the timespan: no two events of a window are so far apart"
    );
    assert_eq!(
        said("5m", &TYPES),
        "r.yml:18: `vedette.spread` must be a mapping, as `{over: 5m}`, not `5m`"
    );
    let unknown = "r.yml:18: unknown key `vedette.spread`; known are quiet, threat, response, prefix, thresholds, show, entities, same_element, alert, allow";
    assert_eq!(said(sound, &TYPES[..1]), unknown);
}
