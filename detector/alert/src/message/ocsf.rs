//! A message for machines: a Detection Finding of the Open Cybersecurity Schema Framework, 1.3.0 (class 2004).
//!
//! It is as `vendor/ocsf` has it, for every message: the tests hold all of them to that.

use serde_json::{Value, json};

use detector_rule::{EntityKind, EntityRole, Level};

use super::told::{Message, Occasion};
use super::words::{PARAGRAPH_CHARS_MAX, plain};
use crate::incident::Told;
use crate::neutral::neutral;

const VERSION: &str = "1.3.0";
const CATEGORY: u32 = 2;
const CLASS: u32 = 2004;
/// Alerts that are told whole; the ids of all are there.
const ALERTS_MAX: usize = 10;
/// A value is cut beyond.
const VALUE_CHARS_MAX: usize = 512;

pub(super) fn finding(message: &Message<'_>) -> Value {
    let lead = message.lead();
    let activity = match message.occasion {
        Occasion::Opened => 1,
        Occasion::Changed => 2,
        Occasion::Over => 3,
    };
    let first = message
        .alerts
        .iter()
        .map(|told| told.alert.first_event_time)
        .min();
    let last = message
        .alerts
        .iter()
        .map(|told| told.alert.last_event_time)
        .max();
    let meta = &lead.rule.meta;
    let id = message.incident_id.as_ref().unwrap_or(&lead.alert.alert_id);
    let mut finding = json!({
        "activity_id": activity,
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + activity,
        "time": message.sent_at.millis(),
        "start_time": first.unwrap_or_default().millis(),
        "end_time": last.unwrap_or_default().millis(),
        "severity_id": severity(message.level()),
        "status_id": match message.occasion { Occasion::Over => 4, _ => 1 },
        "message": message.headline(),
        "metadata": {
            "version": VERSION,
            "uid": message.key(),
            "product": {"name": "Vedette", "vendor_name": "Vedette"},
        },
        "finding_info": {
            "uid": id,
            "title": plain(&lead.alert.rule.title),
            "desc": meta.description.as_deref().map(plain),
            "types": [meta.threat.as_deref().map(plain)],
            "first_seen_time": first.unwrap_or_default().millis(),
            "last_seen_time": last.unwrap_or_default().millis(),
            "analytic": {
                "uid": &*meta.id,
                "name": meta.name.as_deref().map(plain),
                "type_id": 1,
                "category": meta.detector(),
            },
            "attacks": techniques(&meta.tags),
        },
        "observables": observables(message),
        "evidences": message.samples.iter().map(evidence).collect::<Vec<_>>(),
        "remediation": {"desc": meta.response.as_deref().map(plain)},
    });
    let place = &message.place;
    if place.account.is_some() || place.region.is_some() {
        finding["cloud"] = json!({
            "provider": "AWS",
            "account": {"uid": place.account},
            "region": place.region,
        });
        finding["metadata"]["profiles"] = json!(["cloud"]);
    }
    without_nothing(&mut finding);
    finding["unmapped"] = unmapped(message);
    finding
}

/// Takes out what says nothing, innermost first: the class has no attribute that may be null.
fn without_nothing(value: &mut Value) {
    let says_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(without_nothing);
            values.retain(|value| !says_nothing(value));
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(without_nothing);
            fields.retain(|_, value| !says_nothing(value));
        }
        _ => {}
    }
}

fn severity(level: Option<Level>) -> u32 {
    match level {
        None => 0,
        Some(Level::Informational) => 1,
        Some(Level::Low) => 2,
        Some(Level::Medium) => 3,
        Some(Level::High) => 4,
        Some(Level::Critical) => 5,
    }
}

/// `attack.t1110.004` is the sub-technique T1110.004 of the technique T1110.
fn techniques(tags: &[String]) -> Vec<Value> {
    let techniques = tags.iter().filter_map(|tag| {
        let number = tag.strip_prefix("attack.t")?;
        let is_number = number.chars().all(|c| c.is_ascii_digit() || c == '.');
        is_number.then_some(number)
    });
    let attack = |number: &str| match number.split_once('.') {
        Some((technique, _)) => json!({
            "technique": {"uid": format!("T{technique}")},
            "sub_technique": {"uid": format!("T{number}")},
        }),
        None => json!({"technique": {"uid": format!("T{number}")}}),
    };
    techniques.map(attack).collect()
}

fn observables(message: &Message<'_>) -> Vec<Value> {
    let roles = [EntityRole::Actor, EntityRole::Opened, EntityRole::Reached];
    let entities = roles.into_iter().flat_map(|role| message.entities(role));
    let observable = |entity: &detector_incident::entities::Entity| {
        let kind = match entity.kind {
            EntityKind::Address => 2,
            EntityKind::User | EntityKind::Sub | EntityKind::Principal => 4,
            EntityKind::Resource => 10,
            _ => 99,
        };
        let name = format!("{}.{}", entity.role.name(), entity.kind.name());
        let value: String = entity.value.chars().take(VALUE_CHARS_MAX).collect();
        json!({"name": name, "type_id": kind, "value": value})
    };
    entities.into_iter().take(100).map(observable).collect()
}

fn evidence(sample: &super::sample_event::SampleEvent) -> Value {
    let text = neutral(&sample.text, PARAGRAPH_CHARS_MAX);
    json!({"data": {"id": sample.id.chars().take(VALUE_CHARS_MAX).collect::<String>(), "source": sample.source, "text": text}})
}

/// Our own: the alert that says most, as a line of `replay run --format json`, and the incident around it.
fn unmapped(message: &Message<'_>) -> Value {
    let lead = message.lead();
    let meta = &lead.rule.meta;
    let mut line = alert(lead);
    line["incident_id"] = json!(message.incident_id);
    line["status"] = json!(match message.occasion {
        Occasion::Over => "closed",
        _ => "open",
    });
    line["threat"] = json!(meta.threat.as_deref().map(plain));
    line["mitigations"] = json!(
        meta.mitigations
            .iter()
            .map(|of| plain(of))
            .collect::<Vec<_>>()
    );
    line["response"] = json!(meta.response.as_deref().map(plain));
    line["tags"] = json!(meta.tags);
    let of_all: Vec<&Told<'_>> = message.alerts.iter().collect();
    line["incident"] = json!({
        "message": message.number,
        "status": message.status(),
        "level": message.level().map(Level::name),
        "held_back": message.held_back,
        "entities": crate::incident::entities_of(&of_all),
        "alert_ids": of_all.iter().take(100).map(|told| &told.alert.alert_id).collect::<Vec<_>>(),
        "alerts": of_all.iter().take(ALERTS_MAX).map(|told| alert(told)).collect::<Vec<_>>(),
    });
    line
}

/// The JSON of an alert, its values cut.
fn alert(told: &Told<'_>) -> Value {
    let mut value = serde_json::to_value(&told.alert).unwrap_or_default();
    cut(&mut value);
    value
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().nth(VALUE_CHARS_MAX).is_some() => {
            let kept: String = text.chars().take(VALUE_CHARS_MAX).collect();
            *text = format!("{kept}…");
        }
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}
