//! A message goes in, the entry of an SNS batch comes out: bodies by protocol, subject, attributes, sizes.

use std::collections::HashMap;

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use detector_core::alert::message::{Message as Told, Occasion};
use detector_core::rule::Level;
use detector_core::store::ItemKey;
use serde::Serialize;
use serde_json::{Value, json};

/// What SNS takes as one message, and as one batch of them, in bytes: 262,144. A part is left for what it may count that
/// we do not see.
pub const BYTES_MAX: usize = 256_000;

/// A name from a rule file is cut as an attribute.
const CUT_BYTES: usize = 1_000;

/// A message as it is sent.
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

/// By protocol; all that is not named gets the default: queues, functions and streams the finding.
#[derive(Serialize)]
struct Bodies<'a> {
    default: &'a str,
    email: &'a str,
    sms: &'a str,
    /// Chat clients subscribe so.
    https: &'a str,
}

impl Message {
    pub fn new(told: &Told<'_>, key: ItemKey) -> Self {
        let lead = &told.lead().alert;
        let status = match told.occasion {
            Occasion::Opened | Occasion::Changed => "open",
            Occasion::Over => "closed",
        };
        let named = [
            ("rule_id", Some(&*lead.rule.id)),
            ("rule_name", lead.rule.name.as_deref()),
            ("level", told.level().map(Level::name)),
            ("status", Some(status)),
            ("detector", Some(told.lead().rule.meta.detector())),
            ("account", told.place.account.as_deref()),
            ("incident", told.incident_id.as_deref()),
        ];
        // Empty attributes are refused, with the whole message.
        let attributes = named.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name, cut(value, CUT_BYTES).to_owned()))
        });
        Self {
            body: body(told),
            subject: told.headline(),
            attributes: attributes.collect(),
            group_id: format!("{:?}-{:?}", key.rule.0, key.group),
            deduplication_id: format!("{}-{status}", lead.alert_id),
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

/// The bodies in one JSON object, cut down where it would be too large: first what only shows, then what a rule file says.
fn body(told: &Told<'_>) -> String {
    // Subject and attributes come on top.
    let max = BYTES_MAX - 8_000;
    let sms = told.sms();
    let bodies = |finding: &Value, email: &str, chat: &str| {
        ascii_json(&Bodies {
            default: &ascii_json(finding),
            email,
            sms: &sms,
            https: chat,
        })
    };
    let full = bodies(&told.ocsf(), &told.email(), &ascii_json(&told.chat()));
    if full.len() <= max {
        return full;
    }
    let mut short = told.clone();
    short.samples.clear();
    short.alerts = vec![told.lead().clone()];
    let note = format!(
        "{}\n\nThis message is too large for an e-mail. Its text is what the other subscribers got.\n",
        told.headline()
    );
    let chat = ascii_json(&told.chat());
    let mut finding = short.ocsf();
    for part in ["alerts", "entities", "alert_ids"] {
        finding["unmapped"]["incident"][part] = json!(null);
    }
    finding["unmapped"]["shortened"] = json!(["incident"]);
    let shorter = bodies(&finding, &note, &chat);
    if shorter.len() <= max {
        return shorter;
    }
    for part in ["event_ids", "shown", "response", "tags"] {
        finding["unmapped"][part] = json!(null);
    }
    if let Some(fields) = finding.as_object_mut() {
        fields.retain(|field, _| field != "remediation" && field != "observables");
    }
    finding["unmapped"]["shortened"] =
        json!(["incident", "event_ids", "shown", "response", "tags"]);
    bodies(&finding, &note, "{}")
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
    use detector_core::alert::message::Place;
    use detector_core::incident::link::Linking;
    use detector_core::rule::CorrelationRule;
    use detector_core::store::RuleKey;
    use detector_core::window::key::Key;

    use super::*;
    use crate::publish::sample::{announcement, rules};

    fn message(address: &str, edit: impl Fn(&mut CorrelationRule)) -> Message {
        let mut rules = rules();
        edit(&mut rules.correlations[0]);
        let announcement = announcement(address);
        let place = Place {
            account: Some("111122223333".to_owned()),
            ..Place::default()
        };
        let told = Told::of_announcement((&rules, &Linking::new(&rules)), &announcement, place);
        let key = ItemKey {
            rule: RuleKey(Key::from_u128(1)),
            group: Key::from_u128(2),
        };
        Message::new(&told, key)
    }

    fn body_of(message: &Message, protocol: &str) -> Value {
        let bodies: Value = serde_json::from_str(&message.body).unwrap();
        serde_json::from_str(bodies[protocol].as_str().unwrap()).unwrap()
    }

    #[test]
    fn each_protocol_has_its_body() {
        let message = message("203.0.113.10", |_| {});
        let bodies: Value = serde_json::from_str(&message.body).unwrap();
        assert!(bodies["email"].as_str().unwrap().contains("WHAT TO DO NOW"));
        assert!(bodies["sms"].as_str().unwrap().len() <= 140);
        assert_eq!(bodies.as_object().unwrap().len(), 4);
        let finding = body_of(&message, "default");
        assert_eq!(finding["class_uid"], 2004);
        assert_eq!(finding["unmapped"]["count"], 42);
        assert_eq!(finding["unmapped"]["threat"], "T1: stolen credentials");
        assert_eq!(body_of(&message, "https")["source"], "custom");
    }

    #[test]
    fn attributes_are_for_filter_policies_and_identifiers_for_fifo_topics() {
        let message = message("203.0.113.10", |_| {});
        let expected = [
            ("rule_id", "22222222-2222-4222-8222-222222222222".to_owned()),
            ("rule_name", "many_users".to_owned()),
            ("level", "high".to_owned()),
            ("status", "open".to_owned()),
            ("detector", "sign_ins".to_owned()),
            ("account", "111122223333".to_owned()),
        ];
        assert_eq!(message.attributes, expected);
        assert!(message.deduplication_id.ends_with("-open"));
        assert!(message.group_id.len() <= 128);
        let entry = message.entry(3, false).unwrap();
        assert_eq!((entry.id(), entry.message_group_id()), ("3", None));
        let entry = message.entry(3, true).unwrap();
        assert_eq!(entry.message_group_id(), Some(message.group_id.as_str()));
    }

    #[test]
    fn an_incident_is_named_where_nothing_else_can_belong_to_it() {
        // What is no address links nothing, nothing is made of it, and what is of low level is no crowd.
        let alone = message("somewhere", |rule| {
            rule.parents.clear();
            rule.meta.level = Some(Level::Low);
        });
        assert!(alone.attributes.iter().any(|(name, _)| *name == "incident"));
        assert!(body_of(&alone, "default")["unmapped"]["incident_id"].is_string());
        let linked = message("203.0.113.10", |_| {});
        assert!(
            linked
                .attributes
                .iter()
                .all(|(name, _)| *name != "incident")
        );
        assert!(body_of(&linked, "default")["unmapped"]["incident_id"].is_null());
    }

    #[test]
    fn values_reach_machines_unchanged_but_in_ascii() {
        let hostile = "\u{202e}é\u{7f}\n\u{1f600}\"";
        let message = message(hostile, |_| {});
        assert!(message.body.bytes().all(|b| (b' '..=b'~').contains(&b)));
        assert_eq!(
            body_of(&message, "default")["unmapped"]["group"]["message.ipAddress"],
            Value::from(hostile)
        );
    }

    #[test]
    fn what_is_too_large_is_cut_down_and_says_so() {
        let long = message("203.0.113.10", |rule| {
            rule.meta.response = Some("r".repeat(900_000));
            rule.meta.tags = vec!["\u{1f600}".repeat(4_000); 20];
        });
        assert!(long.bytes() <= BYTES_MAX, "{}", long.bytes());
        assert_eq!(
            body_of(&long, "default")["unmapped"]["shortened"][0],
            "incident"
        );
        let longest = message(&"\u{1f600}".repeat(50_000), |rule| {
            rule.meta.title = "t".repeat(900_000).into();
        });
        assert!(longest.bytes() <= BYTES_MAX, "{}", longest.bytes());
        assert_eq!(body_of(&longest, "default")["unmapped"]["count"], 42);
        for cut in [long, longest] {
            // The class has no attribute that may be null.
            let finding = body_of(&cut, "default");
            let mut fields = finding.as_object().unwrap().iter();
            assert_eq!(fields.find(|(_, value)| value.is_null()), None);
        }
    }
}
