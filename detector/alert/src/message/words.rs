//! Counts, names and times in words.

use detector_event::time::Timestamp;
use detector_incident::entities::Entity;
use detector_rule::{CorrelationInput, CorrelationRule, EntityKind, InputRule, Level};

use super::told::{Change, Message, Occasion};
use crate::incident::Told;
use crate::neutral::{neutral, neutral_lines};

/// A value or an event id, as a person is shown it.
pub(super) const VALUE_CHARS_MAX: usize = 200;
/// A paragraph from a rule file.
pub(super) const PARAGRAPH_CHARS_MAX: usize = 4_000;
/// Up to here events and values are counted one by one; beyond, the ledger may estimate.
const EXACT_MAX: u64 = 256;

/// `42 events`, `about 5,210 user names`
fn some(count: u64, one: &str, many: &str) -> String {
    let about = if count > EXACT_MAX { "about " } else { "" };
    let noun = if count == 1 { one } else { many };
    format!("{about}{} {noun}", grouped(count))
}

/// `1,234,567`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How much, in few words: `26 user names`, `42 events`.
pub(super) fn much(told: &Told<'_>) -> String {
    match told.alert.distinct {
        Some(distinct) => {
            let (one, many) = counted_as(told.rule);
            some(distinct, one, many)
        }
        None => events(told),
    }
}

/// Of a chain, whose count is not of events alone, what else is in it.
pub(super) fn events(told: &Told<'_>) -> String {
    let count = told.alert.count;
    match (child_names(told.rule).join(", "), has_own_events(told.rule)) {
        (children, _) if children.is_empty() => some(count, "event", "events"),
        (children, true) => {
            format!(
                "{}: its events, and as one each the episodes of {children}",
                grouped(count)
            )
        }
        (children, false) => format!("{} of {children}", some(count, "episode", "episodes")),
    }
}

/// What the different values are that a rule counts.
fn counted_as(rule: &CorrelationRule) -> (&'static str, &'static str) {
    let unknown = ("different value", "different values");
    let [field] = rule.counts.as_slice() else {
        return unknown;
    };
    let entity = rule.entities.iter().find(|of| of.field == *field);
    if let Some(entity) = entity {
        return noun(entity.kind);
    }
    match field.rsplit('.').next().unwrap_or_default() {
        "userName" | "username" | "user" => noun(EntityKind::User),
        "sub" | "person" => noun(EntityKind::Sub),
        "ipAddress" | "sourceIPAddress" | "source_ip" | "ip" | "clientIp" => {
            noun(EntityKind::Address)
        }
        "resource_id" => noun(EntityKind::Resource),
        "route" => noun(EntityKind::Route),
        _ => unknown,
    }
}

fn noun(kind: EntityKind) -> (&'static str, &'static str) {
    match kind {
        EntityKind::Address => ("address", "addresses"),
        EntityKind::Network => ("network", "networks"),
        EntityKind::User => ("user name", "user names"),
        EntityKind::Sub => ("user", "users"),
        EntityKind::Principal => ("principal", "principals"),
        EntityKind::Resource => ("resource", "resources"),
        EntityKind::Client => ("client", "clients"),
        EntityKind::Pool => ("pool", "pools"),
        EntityKind::Api => ("API", "APIs"),
        EntityKind::Route => ("route", "routes"),
        EntityKind::Service => ("service", "services"),
        EntityKind::Account => ("account", "accounts"),
    }
}

/// `2 accounts opened`
pub(super) fn opened(count: usize) -> String {
    some(count as u64, "account opened", "accounts opened")
}

/// `3 resources reached`
pub(super) fn reached(count: usize) -> String {
    some(count as u64, "resource reached", "resources reached")
}

/// What opened since the last message, and changed nothing.
pub(super) fn held_back(count: usize) -> String {
    format!(
        "{} since the last message",
        some(count as u64, "more alert", "more alerts")
    )
}

/// `10 or more different values within 10 minutes`, as it is for the alert's group.
pub(super) fn threshold(told: &Told<'_>) -> String {
    let names: Vec<&str> = told
        .rule
        .inputs
        .iter()
        .map(|input| &*input.reference)
        .collect();
    let group: Vec<&str> = told
        .alert
        .group
        .0
        .iter()
        .map(|(_, value)| &**value)
        .collect();
    told.rule.window.fires_at_of(&group, &names)
}

/// The correlations among the rule's inputs; none where it is no chain.
pub(super) fn child_names(rule: &CorrelationRule) -> Vec<&str> {
    let children = rule.inputs.iter().filter(|input| is_child(input));
    children.map(|input| &*input.reference).collect()
}

pub(super) fn has_own_events(rule: &CorrelationRule) -> bool {
    rule.inputs.iter().any(|input| !is_child(input))
}

fn is_child(input: &CorrelationInput) -> bool {
    matches!(input.rule, InputRule::Correlation(_))
}

/// `HIGH`, `HIGH update`, `HIGH over`
pub(super) fn head(message: &Message<'_>) -> String {
    let level = message.level().map_or("alert", Level::name).to_uppercase();
    match message.occasion {
        Occasion::Opened => level,
        Occasion::Changed => format!("{level} update"),
        Occasion::Over => format!("{level} over"),
    }
}

pub(super) fn change(change: &Change) -> String {
    match change {
        Change::Level(level) => format!("the level is {} now", level.name()),
        Change::FirstSuccess => "the first account fell to it".to_owned(),
        Change::Opened(1) => "one more account fell to it".to_owned(),
        Change::Opened(more) => format!("{} more accounts fell to it", grouped(*more as u64)),
        Change::Secret => "a secret got out".to_owned(),
        Change::Tenfold(count) => {
            format!(
                "ten times as much as was told, or more: {}",
                some(*count, "event", "events")
            )
        }
    }
}

/// `user ann`, made harmless.
pub(super) fn entity(entity: &Entity) -> String {
    format!("{} {}", entity.kind.name(), value(&entity.value))
}

/// A missing field is a value where a detection rule alerts by itself.
pub(super) fn value(value: &str) -> String {
    match value {
        "" => "(missing)".to_owned(),
        _ => neutral(value, VALUE_CHARS_MAX),
    }
}

/// What a rule file says is ours; yet one line of it too many must not fill the mail.
pub(super) fn plain(text: &str) -> String {
    neutral_lines(text.trim_end(), PARAGRAPH_CHARS_MAX)
}

/// `2026-05-03 12:02:38 UTC`
pub(super) fn second(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} {} UTC", &text[..10], &text[11..19])
}

/// `12:02:38`
pub(super) fn clock(time: Timestamp) -> String {
    time.to_string()[11..19].to_owned()
}

/// `2026-05-03 12:02 UTC`
pub(super) fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

/// `3 min 20 s`
pub(super) fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
