//! Rules and an announcement for tests.

use detector_core::rule::{CorrelationIx, FieldTag, RuleFile, RuleSet};
use detector_core::store::{Announcement, EpisodeId, ItemKey, Notice, RuleKey};
use detector_core::time::Timestamp;
use detector_core::window::episode::Episode;
use detector_core::window::interval::Interval;
use detector_core::window::key::Key;
use detector_core::window::load_rules;
use detector_core::window::shown::ShownValue;

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
    entities:
        actor: {address: message.ipAddress}
        tried: {user: message.userName}
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
    aliases: {address: {many_users: message.ipAddress, failed: message.ipAddress}, account: {failed: message.userName}}
    group-by: [address]
    timespan: 1h
vedette:
    show: [account]
    entities:
        actor: {address: address}
        opened: {user: account}
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
        path: "rules/sign_ins/rules.yml".to_owned(),
        text: RULES.to_owned(),
    };
    load_rules(&[file]).unwrap()
}

/// The opening of an episode of the first correlation, of the group with that address.
pub(crate) fn announcement(address: &str) -> Announcement {
    let group = Key::of_texts([address]);
    let time = |text| Timestamp::from_rfc3339(text).unwrap().millis();
    let opened_at = time("2026-05-03T12:02:38Z");
    let field = FieldTag::of("message.userName");
    let shown = ["ann", "bo"].map(|name| ShownValue::new(field, opened_at, name));
    Announcement {
        key: ItemKey {
            rule: RuleKey(Key::from_u128(1)),
            group,
        },
        rule: CorrelationIx(0),
        id: EpisodeId::first_known_as("rule", group, opened_at),
        notice: Notice::Opened,
        episode: Episode {
            group,
            values: vec![address.into()],
            opened_at,
            holding: vec![Interval::new(opened_at, time("2026-05-03T12:17:03Z"))],
            count: 42,
            distinct: Some(26),
            first_event: time("2026-05-03T12:00:01Z"),
            last_event: time("2026-05-03T12:17:03Z"),
            evidence: vec![(opened_at, "e-1".to_owned()), (opened_at, "e-2".to_owned())],
            shown: shown.to_vec(),
        },
    }
}
