//! An announcement goes in, the entry of an SNS batch comes out: bodies by protocol, subject, attributes, sizes.

use std::collections::HashMap;

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use detector_core::alert::{Alert, Status, text};
use detector_core::rule::CorrelationRule;
use detector_core::store::ItemKey;
use serde::Serialize;

/// What SNS takes as one message, and as one batch of them, in bytes: 262,144. A part is left for what it may count that
/// we do not see.
pub const BYTES_MAX: usize = 256_000;

/// A part of a rule file in the machines' message that is longer is cut where the message is too large.
const CUT_BYTES: usize = 1_000;

/// An alert as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// JSON, by protocol.
    pub body: String,
    pub subject: String,
    /// For filter policies.
    pub attributes: Vec<(&'static str, String)>,
    /// Of a FIFO topic.
    pub group_id: String,
    pub deduplication_id: String,
}

/// What machines get: the fields of a line of `replay run --format json`, and what the rule says besides.
#[derive(Serialize)]
struct MachineBody<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    threat: Option<&'a str>,
    response: Option<&'a str>,
    tags: &'a [String],
    /// Fields that were cut for size.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shortened: &'a [&'static str],
}

/// By protocol; all that is not named gets the default.
#[derive(Serialize)]
struct Bodies<'a> {
    default: &'a str,
    email: &'a str,
    sms: &'a str,
}

impl Message {
    pub fn new(alert: &Alert, rule: &CorrelationRule, key: ItemKey) -> Self {
        let status = match alert.status {
            Status::Open => "open",
            Status::Closed => "closed",
        };
        let level = alert.rule.level;
        let named = [
            ("rule_id", Some(&*alert.rule.id)),
            ("rule_name", alert.rule.name.as_deref()),
            ("level", level),
            ("status", Some(status)),
        ];
        // Empty attributes are refused, with the whole message.
        let attributes = named.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name, cut(value, CUT_BYTES).to_owned()))
        });
        Self {
            body: body(alert, rule),
            subject: text::subject(alert),
            attributes: attributes.collect(),
            group_id: format!("{:?}-{:?}", key.rule.0, key.group),
            deduplication_id: format!("{}-{status}", alert.alert_id),
        }
    }

    /// What it counts against the limits of SNS.
    pub fn bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes: usize = attributes
            .map(|(name, value)| name.len() + value.len() + "String".len())
            .sum();
        self.body.len() + self.subject.len() + attributes
    }

    /// As an entry of a batch; `id` tells it from the others.
    pub fn entry(
        &self,
        id: usize,
        is_fifo: bool,
    ) -> Result<PublishBatchRequestEntry, aws_sdk_sns::error::BuildError> {
        let mut attributes = HashMap::new();
        for (name, value) in &self.attributes {
            attributes.insert((*name).to_owned(), text_attribute(value)?);
        }
        PublishBatchRequestEntry::builder()
            .id(id.to_string())
            .message(&self.body)
            .subject(&self.subject)
            .message_structure("json")
            .set_message_attributes(Some(attributes))
            .set_message_group_id(is_fifo.then(|| self.group_id.clone()))
            .set_message_deduplication_id(is_fifo.then(|| self.deduplication_id.clone()))
            .build()
    }
}

fn text_attribute(value: &str) -> Result<MessageAttributeValue, aws_sdk_sns::error::BuildError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
}

/// The bodies in one JSON object, cut down where it would be too large.
fn body(alert: &Alert, rule: &CorrelationRule) -> String {
    let email = text::email(alert, rule);
    let sms = text::sms(alert);
    let meta = &rule.meta;
    let whole = MachineBody {
        alert,
        threat: meta.threat.as_deref(),
        response: meta.response.as_deref(),
        tags: &meta.tags,
        shortened: &[],
    };
    let bodies = |machine: &MachineBody<'_>, email: &str| {
        let default = ascii_json(machine);
        ascii_json(&Bodies {
            default: &default,
            email,
            sms: &sms,
        })
    };
    let full = bodies(&whole, &email);
    // Subject and attributes come on top.
    let max = BYTES_MAX - 8_000;
    if full.len() <= max {
        return full;
    }
    // A rule file may say much, so that goes first; what the alert itself says has bounds of its own.
    let short = MachineBody {
        threat: whole.threat.map(|text| cut(text, CUT_BYTES)),
        response: whole.response.map(|text| cut(text, CUT_BYTES)),
        tags: &[],
        shortened: &["threat", "response", "tags"],
        ..whole
    };
    let told =
        "This alert is too large for an e-mail. Its full text is what the other subscribers got.\n";
    let note = format!("{}\n\n{told}", text::subject(alert));
    let cut_down = bodies(&short, &note);
    if cut_down.len() <= max {
        return cut_down;
    }
    let mut least = alert.clone();
    least.event_ids.clear();
    least.shown.0.clear();
    for (_, value) in &mut least.group.0 {
        *value = cut(value, CUT_BYTES).into();
    }
    least.rule.title = cut(&alert.rule.title, CUT_BYTES).into();
    let least = MachineBody {
        alert: &least,
        shortened: &[
            "threat",
            "response",
            "tags",
            "event_ids",
            "shown",
            "group",
            "rule",
        ],
        ..short
    };
    bodies(&least, &note)
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// JSON in which everything but printable ASCII is escaped: it says the same, and no control, bidirectional or invisible
/// character reaches what shows it as it is.
fn ascii_json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("strings, numbers and lists");
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use detector_core::store::RuleKey;
    use detector_core::window::key::Key;
    use serde_json::Value;

    use super::*;
    use crate::publish::sample::{alert, rules};

    fn message(address: &str, edit: impl Fn(&mut CorrelationRule)) -> Message {
        let mut rules = rules();
        edit(&mut rules.correlations[0]);
        let alert = alert(&rules, address);
        let key = ItemKey {
            rule: RuleKey(Key::from_u128(1)),
            group: Key::from_u128(2),
        };
        Message::new(&alert, &rules.correlations[0], key)
    }

    fn default_of(message: &Message) -> Value {
        let bodies: Value = serde_json::from_str(&message.body).unwrap();
        serde_json::from_str(bodies["default"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn machines_get_the_line_of_replay_and_then_some() {
        let message = message("203.0.113.10", |_| {});
        let rules = rules();
        let line = serde_json::to_string(&alert(&rules, "203.0.113.10")).unwrap();
        let bodies: Value = serde_json::from_str(&message.body).unwrap();
        let default = bodies["default"].as_str().unwrap();
        assert!(
            default.starts_with(line.strip_suffix('}').unwrap()),
            "{default}"
        );
        let added = &default[line.len() - 1..];
        assert_eq!(
            added,
            r#","threat":"T1: stolen credentials","response":"Block the address.\nReset the passwords.","tags":["attack.t1110.004"]}"#
        );
        assert!(bodies["email"].as_str().unwrap().contains("What to do now"));
        assert!(bodies["sms"].as_str().unwrap().len() <= 140);
        assert_eq!(bodies.as_object().unwrap().len(), 3);
    }

    #[test]
    fn attributes_are_for_filter_policies_and_identifiers_for_fifo_topics() {
        let message = message("203.0.113.10", |_| {});
        let expected = [
            ("rule_id", "22222222-2222-4222-8222-222222222222".to_owned()),
            ("rule_name", "many_users".to_owned()),
            ("level", "high".to_owned()),
            ("status", "open".to_owned()),
        ];
        assert_eq!(message.attributes, expected);
        assert_eq!(
            message.deduplication_id,
            "7e57d004-2b97-8e7a-b45f-5387367791cd-open"
        );
        assert!(message.group_id.len() <= 128);
        let entry = message.entry(3, false).unwrap();
        assert_eq!((entry.id(), entry.message_group_id()), ("3", None));
        let entry = message.entry(3, true).unwrap();
        assert_eq!(entry.message_group_id(), Some(message.group_id.as_str()));
    }

    #[test]
    fn values_reach_machines_unchanged_but_in_ascii() {
        let hostile = "\u{202e}é\u{7f}\n\u{1f600}\"";
        let message = message(hostile, |_| {});
        assert!(message.body.bytes().all(|b| (b' '..=b'~').contains(&b)));
        assert_eq!(
            default_of(&message)["group"]["message.ipAddress"],
            Value::from(hostile)
        );
    }

    #[test]
    fn what_is_too_large_is_cut_down_and_says_so() {
        let long = message("203.0.113.10", |rule| {
            rule.meta.response = Some("r".repeat(900_000));
        });
        assert!(long.bytes() <= BYTES_MAX, "{}", long.bytes());
        let body = default_of(&long);
        assert_eq!(body["response"].as_str().unwrap().len(), CUT_BYTES);
        assert_eq!(body["shortened"][1], "response");
        assert_eq!(body["event_ids"][0], "e-1");
        let longest = message(&"\u{1f600}".repeat(50_000), |rule| {
            rule.meta.title = "t".repeat(900_000).into();
        });
        assert!(longest.bytes() <= BYTES_MAX, "{}", longest.bytes());
        assert_eq!(default_of(&longest)["count"], 42);
    }
}
