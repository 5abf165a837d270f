//! A rule and an alert for tests.

use std::sync::Arc;

use detector_alert::{Alert, AlertRule, GroupValues, ShownValues, Status};
use detector_event::time::Timestamp;
use detector_rule::{Level, RuleFile, RuleSet};
use detector_window::load_rules;

const RULES: &str = "
title: Sign-in failed
id: 11111111-1111-4111-8111-111111111111
name: failed
level: low
logsource: {product: aws, service: cognito}
detection: {failed: {message.eventResponse: Fail}, condition: failed}
---
title: Many users from one address
id: 22222222-2222-4222-8222-222222222222
name: many_users
level: high
description: Leaked credentials are tried.
tags: [attack.t1110.004]
correlation:
    type: value_count
    rules: [failed]
    group-by: [message.ipAddress]
    timespan: 10m
    condition: {field: message.userName, gte: 10}
falsepositives: [A large office]
vedette:
    show: [message.userName]
    threat: 'T1: stolen credentials'
    response: |
        Block the address.
        Reset the passwords.
---
title: Signed in after that
id: 33333333-3333-4333-8333-333333333333
name: taken
level: critical
correlation:
    type: temporal_ordered
    rules: [many_users, failed]
    aliases: {address: {many_users: message.ipAddress, failed: message.ipAddress}}
    group-by: [address]
    timespan: 1h
---
title: Many users again and again
id: 44444444-4444-4444-8444-444444444444
name: again
level: high
correlation:
    type: event_count
    rules: [many_users]
    group-by: [message.ipAddress]
    timespan: 1d
    condition: {gte: 3}
";

pub(crate) fn rules() -> RuleSet {
    let file = RuleFile {
        path: "rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    load_rules(&[file]).unwrap()
}

/// An alert of the correlation rule, of the group with that address.
pub(crate) fn alert(rules: &RuleSet, address: &str) -> Alert {
    let meta = &rules.correlations[0].meta;
    let time = |text| Timestamp::from_rfc3339(text).unwrap();
    Alert {
        alert_id: "7e57d004-2b97-8e7a-b45f-5387367791cd".to_owned(),
        incident_id: None,
        rule: AlertRule {
            id: Arc::clone(&meta.id),
            name: meta.name.clone(),
            title: Arc::clone(&meta.title),
            level: meta.level.map(Level::name),
        },
        group: GroupValues(vec![("message.ipAddress".into(), address.into())]),
        first_event_time: time("2026-05-03T12:00:01Z"),
        opened_at: time("2026-05-03T12:02:38Z"),
        held_until: time("2026-05-03T12:17:03Z"),
        last_event_time: time("2026-05-03T12:17:03Z"),
        status: Status::Open,
        count: 42,
        distinct: Some(26),
        shown: ShownValues(vec![(
            "message.userName".into(),
            vec!["ann".into(), "bo".into()],
        )]),
        event_ids: vec!["e-1".to_owned(), "e-2".to_owned()],
    }
}
