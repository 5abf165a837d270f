//! Where to look further, and how to silence what is right: commands with the values filled in.

use std::fmt::Write;
use std::net::IpAddr;

use detector_event::event::LogSource;
use detector_rule::{AllowValue, CorrelationRule, DetectionRule, FieldSource, InputRule, RuleSet};

use super::steps::{is_harmless, is_quotable};
use super::told::Message;
use super::words;

/// Logs reach the store late, and what came just before tells how it began.
const MARGIN_MS: i64 = 15 * 60_000;
/// What is silenced is looked at again.
const SILENT_DAYS: i64 = 7;

/// A detection that the lead's rule looks at, itself or by way of others, and the fields that it is grouped by there.
struct Source<'r> {
    detection: &'r DetectionRule,
    fields: Vec<(&'r str, String)>,
}

/// The lines: a query for Logs Insights, and a look-up in CloudTrail where it is CloudTrail's.
pub(super) fn lookup(message: &Message<'_>) -> Vec<String> {
    let Some(source) = source(message) else {
        return Vec::new();
    };
    if message.hides {
        return vec!["People are hidden here: search by the event ids below.".to_owned()];
    }
    let alert = &message.lead().alert;
    let from = (alert.first_event_time.millis() - MARGIN_MS).max(0) / 1000;
    let until = (message.sent_at.millis().max(alert.last_event_time.millis()) + MARGIN_MS) / 1000;
    let mut lines = Vec::new();
    let is_of = |wanted| source.detection.sources.contains(&wanted);
    let log = match source.detection.sources.first() {
        Some(LogSource::Cognito) => "COGNITO_LOG",
        Some(LogSource::CloudTrail) => "TRAIL_LOG",
        Some(LogSource::ApiGateway) => "ACCESS_LOG",
        Some(LogSource::Waf) => "WAF_LOG",
        _ => "APPLICATION_LOG",
    };
    match query(message, &source) {
        Some(query) => {
            lines.push(format!(
                "    aws logs start-query --log-group-name {log} --start-time {from} --end-time {until} --query-string '{query}'"
            ));
            lines.push("    aws logs get-query-results --query-id QUERY_ID".to_owned());
        }
        None => lines.push(
            "A value has characters that must not stand in a command: search by the event ids below.".to_owned(),
        ),
    }
    let event = alert.event_ids.iter().find(|id| is_harmless(id));
    if let (true, Some(event)) = (is_of(LogSource::CloudTrail), event) {
        lines.push("Its first event in CloudTrail:".to_owned());
        lines.push(format!(
            "    aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventId,AttributeValue={event}"
        ));
    }
    lines
}

/// `filter sourceIPAddress = "203.0.113.10" | sort @timestamp | limit 200`. `None`: a value must not stand in it.
fn query(message: &Message<'_>, source: &Source<'_>) -> Option<String> {
    let mut query = String::new();
    for (path, value) in &source.fields {
        if !is_quotable(value) {
            return None;
        }
        let condition = match is_network(value) {
            true => format!("isIpInSubnet({path}, \"{value}\")"),
            false => format!("{path} = \"{value}\""),
        };
        let _ = match query.is_empty() {
            true => write!(query, "filter {condition}"),
            false => write!(query, " and {condition}"),
        };
    }
    let fields: Vec<&str> = message
        .lead()
        .rule
        .show
        .iter()
        .map(|field| &**field)
        .collect();
    let fields: Vec<&str> = fields
        .into_iter()
        .filter(|field| field.contains('.'))
        .collect();
    let columns = match fields.is_empty() {
        true => "fields @timestamp, @message".to_owned(),
        false => format!("fields @timestamp, {}", fields.join(", ")),
    };
    Some(match query.is_empty() {
        true => format!("{columns} | sort @timestamp | limit 200"),
        false => format!("{columns} | {query} | sort @timestamp | limit 200"),
    })
}

fn source<'r>(message: &Message<'r>) -> Option<Source<'r>> {
    let told = message.lead();
    let group = told.alert.group.0.iter();
    let values = group.map(|(_, value)| Some(value.to_string())).collect();
    source_of(message.rules, told.rule, values)
}

/// Of a rule with these values of what it is grouped by, as far as they are known. An input of its own is what it looks at
/// last, such as the success after the failures; else it is what its first child looks at.
fn source_of<'r>(
    rules: &'r RuleSet,
    rule: &'r CorrelationRule,
    values: Vec<Option<String>>,
) -> Option<Source<'r>> {
    let own = rule.inputs.iter().find_map(|input| match input.rule {
        InputRule::Detection(ix) => Some((&rules.detections[ix.0 as usize], input)),
        InputRule::Correlation(_) => None,
    });
    if let Some((detection, input)) = own {
        let fields = input.group_by.iter().zip(values);
        let fields = fields.filter_map(|(field, value)| match field {
            FieldSource::Event(slot) => Some((rules.fields.path(*slot), value?)),
            FieldSource::FirstOf(slots) => Some((rules.fields.path(*slots.first()?), value?)),
            FieldSource::ChildGroup(_) | FieldSource::Nowhere => None,
        });
        return Some(Source {
            detection,
            fields: fields.collect(),
        });
    }
    let (child, input) = rule.inputs.iter().find_map(|input| match input.rule {
        InputRule::Correlation(ix) => Some((&rules.correlations[ix.0 as usize], input)),
        InputRule::Detection(_) => None,
    })?;
    let mut of_child = vec![None; child.group_by.len()];
    for (field, value) in input.group_by.iter().zip(values) {
        if let FieldSource::ChildGroup(place) = field {
            of_child[*place] = value;
        }
    }
    source_of(rules, child, of_child)
}

/// The entry of an allowlist that silences what the lead is about; in its absence, what does.
pub(super) fn silence(message: &Message<'_>) -> Vec<String> {
    let lead = message.lead();
    if message.hides {
        return Vec::new();
    }
    let entry = source(message).and_then(|source| {
        source.detection.allow.iter().find_map(|allow| {
            let list = &message.rules.allowlists[allow.list];
            let is_looked_up = |path: &str| {
                allow
                    .fields
                    .iter()
                    .any(|slot| message.rules.fields.path(*slot) == path)
            };
            let (_, value) = source.fields.iter().find(|(path, _)| is_looked_up(path))?;
            let key = match list.entries.first().map(|entry| &entry.value) {
                Some(AllowValue::Network(_)) => "address",
                _ => "principal",
            };
            is_harmless(value).then(|| (list.name.to_string(), key, value.clone()))
        })
    });
    let until = message.sent_at.millis() + SILENT_DAYS * 86_400_000;
    let until = detector_event::time::Timestamp::from_millis(until).unwrap_or(message.sent_at);
    match entry {
        Some((list, key, value)) => vec![
            format!("If it may do that, list it, in rules/{}/allowlist.yaml:", words::plain(lead.rule.meta.detector())),
            "    allowlist:".to_owned(),
            format!("        {list}:"),
            format!(
                "            - {{{key}: \"{value}\", owner: YOU, reason: WHY, expires: {}}}",
                &until.to_string()[..10]
            ),
        ],
        None => vec![
            "If it is and comes again: a filter takes such events out of the rule, as rules/README.md shows.".to_owned(),
        ],
    }
}

/// Networks, told from paths.
fn is_network(value: &str) -> bool {
    value.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok()
    })
}
