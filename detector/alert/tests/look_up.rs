//! What a message says of where to look: the values of the group under the fields that have them.

use std::collections::BTreeMap;

use detector_alert::incident::Told;
use detector_alert::message::Place;
use detector_alert::message::sequence::{Course, Trace};
use detector_event::time::Timestamp;
use detector_rule::{CorrelationIx, RuleFile};
use detector_window::episode::Episode;
use detector_window::interval::Interval;
use detector_window::key::Key;
use detector_window::load_rules;

const RULES: &str = "
title: Sign-in failed
id: 11111111-1111-4111-8111-111111111111
name: failed
level: low
logsource: {product: aws, service: cognito}
detection: {failed: {message.eventResponse: Fail}, condition: failed}
falsepositives: [A typing mistake]
---
title: Guesses at one user from one address
id: 22222222-2222-4222-8222-222222222222
name: guesses
level: medium
correlation:
    type: event_count
    rules: [failed]
    group-by: [message.ipAddress, message.userName]
    timespan: 10m
    condition: {gte: 10}
falsepositives: [Somebody who forgot]
---
title: Guesses at one user again and again
id: 33333333-3333-4333-8333-333333333333
name: again
level: high
correlation:
    type: event_count
    rules: [guesses]
    aliases: {user: {guesses: message.userName}}
    group-by: [user]
    timespan: 1d
    condition: {gte: 3}
falsepositives: [Somebody who forgot]
";

#[test]
fn a_value_is_looked_up_under_its_own_field_also_by_way_of_another_rule() {
    let file = RuleFile {
        path: "rules/sign_ins/rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    let rules = load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let opened_at = 1_777_809_758_000;
    let episode = Episode {
        group: Key::of_texts(["ann"]),
        values: vec!["ann".into()],
        opened_at,
        holding: vec![Interval::new(opened_at, opened_at + 600_000)],
        count: 3,
        distinct: None,
        first_event: opened_at,
        last_event: opened_at,
        evidence: Vec::new(),
        shown: Vec::new(),
    };
    let again = CorrelationIx(1);
    assert_eq!(
        &*rules.correlations[1].meta.title,
        "Guesses at one user again and again"
    );
    let course = Course {
        rules: &rules,
        alerts: vec![Told::new(&rules, again, episode, Timestamp::default())],
        traces: vec![Trace::default()],
        delays_ms: vec![0],
        before: None,
        place: Place::default(),
        latest: Timestamp::default(),
    };
    let email = course.messages(&BTreeMap::new())[0].email();
    assert!(
        email.contains("filter message.userName = \"ann\" | sort"),
        "{email}"
    );
    assert!(!email.contains("message.ipAddress = "), "{email}");
}
