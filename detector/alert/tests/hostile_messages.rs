//! Whatever a log says: no line break in a subject, no control character shown as it is, no secret, no link, not too large,
//! and always JSON and a finding as OCSF has it.

#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use boon::{Compiler, SchemaIndex, Schemas};
use detector_alert::incident::{Told, join};
use detector_alert::message::sequence::{Course, Trace};
use detector_alert::message::{Message, Place, SampleEvent};
use detector_event::time::Timestamp;
use detector_incident::GAP_MS;
use detector_incident::link::Linking;
use detector_rule::{CorrelationIx, FieldTag, RuleFile, RuleSet};
use detector_window::episode::Episode;
use detector_window::interval::Interval;
use detector_window::key::Key;
use detector_window::load_rules;
use detector_window::shown::ShownValue;
use proptest::prelude::*;
use serde_json::Value;

const RULES: &str = "
title: Sign-in failed
id: 11111111-1111-4111-8111-111111111111
name: failed
level: low
logsource: {product: aws, service: cognito}
detection: {failed: {message.eventResponse: Fail}, condition: failed}
falsepositives: [A typing mistake]
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
    show: [message.userName, opened]
    entities:
        actor: {address: message.ipAddress}
        tried: {user: message.userName}
    threat: 'T1: stolen credentials'
    response: |
        Block the address:
            aws wafv2 update-ip-set --addresses '[\"ADDRESS/32\"]'
            aws cognito-idp admin-disable-user --user-pool-id POOL --username \"USER\"
---
title: In
id: 33333333-3333-4333-8333-333333333333
name: taken
level: critical
correlation:
    type: event_count
    rules: [failed]
    group-by: [message.userName]
    timespan: 1h
    condition: {gte: 1}
falsepositives: [Its owner]
vedette:
    show: [message.ipAddress]
    entities:
        actor: {address: message.ipAddress}
        opened: {user: message.userName}
    response: 'aws cognito-idp admin-disable-user --username USER'
";

const SECRETS: [&str; 9] = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-123456789012-abcdefghijklmnop",
    "sk_live_abcdefghijklmnopqrstuvwx",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE9",
    "glpat-abcdefghijklmnopqrst",
    "hvs.abcdefghijklmnopqrstuvwx",
];

fn rules() -> RuleSet {
    let file = RuleFile {
        path: "rules/sign_ins/rules.yml".to_owned(),
        text: RULES.replace(
            "show: [message.userName, opened]",
            "show: [message.userName]",
        ),
    };
    load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn told<'r>(
    rules: &'r RuleSet,
    at: u32,
    (value, shown): (&str, &str),
    count: u64,
) -> Box<Told<'r>> {
    let rule = &rules.correlations[at as usize];
    let opened_at = 1_777_809_758_000;
    let field = FieldTag::of(&rule.show[0]);
    let episode = Episode {
        group: Key::of_texts([value]),
        values: vec![value.into()],
        opened_at,
        holding: vec![Interval::new(opened_at, opened_at + 600_000)],
        count,
        distinct: rule
            .meta
            .name
            .as_deref()
            .is_some_and(|name| name == "many_users")
            .then_some(count),
        first_event: opened_at - 60_000,
        last_event: opened_at + 60_000,
        evidence: vec![(opened_at, value.to_owned()), (opened_at, "e-2".to_owned())],
        shown: vec![ShownValue::new(field, opened_at, shown)],
    };
    let latest = Timestamp::from_millis(opened_at + 2 * GAP_MS + 10_000_000).unwrap();
    Box::new(Told::new(rules, CorrelationIx(at), episode, latest))
}

/// All messages of two alerts that have these values everywhere.
fn messages<'r>(rules: &'r RuleSet, one: &str, other: &str, count: u64) -> Vec<Message<'r>> {
    let mut alerts = vec![
        told(rules, 0, (one, other), count),
        told(rules, 1, (other, one), count),
    ];
    let latest = Timestamp::from_millis(1_777_809_758_000 + 100 * GAP_MS).unwrap();
    join(&mut alerts, &Linking::new(rules), GAP_MS);
    let samples = [one, "e-2"].map(|id| {
        let sample = SampleEvent {
            id: id.to_owned(),
            source: "cognito",
            time: latest,
            arrival: Some(latest),
            text: format!("{{\"a\":\"{one}\",\"b\":\"{other}\"}}"),
        };
        (id.to_owned(), sample)
    });
    let course = Course {
        rules,
        alerts: alerts.into_iter().map(|told| *told).collect(),
        traces: vec![Trace::default(); 2],
        delays_ms: vec![0, 1_000],
        before: None,
        place: Place {
            account: (count > 1).then(|| "111122223333".to_owned()),
            region: other.len().is_multiple_of(2).then(|| other.to_owned()),
            stack: None,
        },
        latest,
    };
    course.messages(&BTreeMap::from(samples))
}

fn is_unseen(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Every text in a JSON value.
fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// The published schema of the class.
fn published() -> &'static (Schemas, SchemaIndex) {
    static PUBLISHED: OnceLock<(Schemas, SchemaIndex)> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../vendor/ocsf/detection_finding.schema.json"
        );
        let mut schemas = Schemas::new();
        let index = Compiler::new().compile(path, &mut schemas).unwrap();
        (schemas, index)
    })
}

fn check_finding(finding: &Value) {
    let (schemas, index) = published();
    if let Err(error) = schemas.validate(finding, *index) {
        panic!("{error:#}\n{finding}");
    }
    let own = &finding["unmapped"];
    assert!(own["alert_id"].is_string() && own["incident"].is_object());
}

fn check(message: &Message<'_>, secrets: &[&str]) {
    let (headline, sms, email) = (message.headline(), message.sms(), message.email());
    for (line, max) in [(&headline, 100), (&sms, 140)] {
        assert!(
            line.len() <= max && line.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{line:?}"
        );
    }
    assert!(!email.chars().any(is_unseen), "{email:?}");
    assert!(email.len() < 60_000, "{}", email.len());
    let (chat, finding) = (message.chat(), message.ocsf());
    check_finding(&finding);
    assert!(finding.to_string().len() < 200_000 && chat.to_string().len() < 20_000);
    let mut shown = Vec::new();
    texts(&chat, &mut shown);
    assert!(
        !shown.iter().any(|text| text.chars().any(is_unseen)),
        "{chat}"
    );
    assert!(
        chat["content"]["description"]
            .as_str()
            .is_some_and(|text| text.len() <= 8_000 && !text.is_empty())
    );
    for shown in [&headline, &sms, &email, &chat.to_string()] {
        assert!(!shown.contains("://"), "{shown}");
        for secret in secrets {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    // Nobody can write a section, or another header.
    assert!(
        email.matches("\nEVIDENCE\n").count() == 1
            && email.matches("\nWHAT TO DO NOW\n").count() <= 1,
        "{email}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn hostile_values_do_no_harm(
        one in "\\PC{0,40}|([a-z.@/]|\\s|\\x00|\\x1b\\[31m|\u{202e}|\u{200b}|\"|'|\\\\|\\$\\(id\\)|`|https?://|www\\.|\nEVIDENCE\n){0,60}",
        other in "\\PC{0,200}|[a-z0-9.@:/-]{0,40}|([\\x00-\\x1f]|\u{85}|\u{2028}){0,20}",
        secret in 0usize..9,
        count in prop_oneof![Just(1u64), 10..500u64, Just(u64::MAX)],
    ) {
        let rules = rules();
        let with_secret = format!("{one} {} {other}", SECRETS[secret]);
        for (one, other) in [(&one, &other), (&with_secret, &one), (&other, &with_secret)] {
            let messages = messages(&rules, one, other, count);
            prop_assert!(!messages.is_empty());
            for message in &messages {
                check(message, &SECRETS[secret..=secret]);
                let hidden = message.clone().showing(&"hash".parse().unwrap());
                check(&hidden, &SECRETS);
                let masked = message.clone().showing(&"mask".parse().unwrap());
                check(&masked, &SECRETS);
            }
        }
    }
}

#[test]
fn a_message_goes_out_when_the_picture_changes_and_when_it_is_over() {
    let rules = rules();
    let messages = messages(&rules, "203.0.113.10", "203.0.113.10", 42);
    let headlines: Vec<String> = messages.iter().map(Message::headline).collect();
    assert_eq!(
        headlines,
        [
            "HIGH: Many users from one address - 203.0.113.10 - 42 user names",
            "CRITICAL update: In - 203.0.113.10 - 1 account opened",
            "CRITICAL over: In - 203.0.113.10 - 1 account opened",
        ]
    );
    assert!(
        messages[1]
            .email()
            .contains("Why now: the level is critical now\n  the first account fell to it\n")
    );
}

#[test]
fn people_are_shown_as_asked_for() {
    let rules = rules();
    let all = messages(&rules, "203.0.113.10", "ann", 42);
    let mut first = all[0].clone();
    assert_eq!(first.samples.len(), 1);
    // An event's id, and where it was logged, are nobody's.
    first.place = Place::default();
    let alerts = first.alerts.iter_mut();
    alerts.for_each(|told| told.alert.event_ids.clear());
    let shown = first.showing(
        &"user=hash,address=mask,message.userName=hash"
            .parse()
            .unwrap(),
    );
    for body in [
        shown.email(),
        shown.ocsf().to_string(),
        shown.chat().to_string(),
        shown.sms(),
    ] {
        assert!(
            !body.contains("203.0.113.10") && !body.contains("\"ann\""),
            "{body}"
        );
    }
    assert!(
        shown.email().contains("address 203.0.113.*"),
        "{}",
        shown.email()
    );
}

#[test]
fn those_who_are_shown_alike_are_counted_apart() {
    let rules = rules();
    let mut message = messages(&rules, "203.0.113.10", "ann", 42).remove(1);
    let mut other = message.alerts[1].clone();
    other.alert.group.0[0].1 = "amy".into();
    other.entities = messages(&rules, "203.0.113.10", "amy", 42)[1].alerts[1]
        .entities
        .clone();
    message.alerts.push(other);
    let counted = |message: &Message<'_>| message.headline().contains("2 accounts opened");
    assert!(counted(&message), "{}", message.headline());
    let masked = message.showing(&"user=mask".parse().unwrap());
    assert!(counted(&masked), "{}", masked.headline());
    assert!(masked.email().contains("a***, a***"), "{}", masked.email());
}
