//! One line for a lock screen, and a text message: level, what, who, how much.

use std::collections::HashSet;

use detector_rule::EntityRole;

use super::told::Message;
use super::words;
use crate::neutral::neutral;

/// SNS takes at most 100 characters of ASCII.
pub const HEADLINE_CHARS_MAX: usize = 100;
/// A text message of more than 140 bytes is split, and paid for in parts.
const SMS_CHARS_MAX: usize = 140;
/// Of a value; an IPv6 address fits.
const WHO_CHARS_MAX: usize = 39;
/// A title that is cut further says nothing.
const TITLE_CHARS_MIN: usize = 24;

pub(super) fn headline(message: &Message<'_>) -> String {
    line(message, HEADLINE_CHARS_MAX)
}

/// The same, and since when.
pub(super) fn sms(message: &Message<'_>) -> String {
    let since = format!(", since {}", words::minute(message.lead().alert.opened_at));
    line(message, SMS_CHARS_MAX - since.len()) + &since
}

/// The title is cut first: who, and how much, tell what to do.
fn line(message: &Message<'_>, chars_max: usize) -> String {
    let head = format!("{}: ", words::head(message));
    let mut tail = String::new();
    for part in [who(message), how_much(message)] {
        if !part.is_empty() {
            tail.push_str(" - ");
            tail.push_str(&ascii(&part));
        }
    }
    let room = chars_max
        .saturating_sub(head.len() + tail.len())
        .max(TITLE_CHARS_MIN);
    let title = ascii(&words::plain(&message.lead().alert.rule.title));
    clipped(&format!("{head}{}{tail}", clipped(&title, room)), chars_max)
}

/// Who did it; who fell to it, where nobody knows that; or where it took place.
fn who(message: &Message<'_>) -> String {
    let lead = message.lead();
    let roles = [
        EntityRole::Actor,
        EntityRole::Opened,
        EntityRole::Tried,
        EntityRole::Scope,
    ];
    // A group is one, and is what the rule is about.
    let group: Vec<&str> = (lead.alert.group.0.iter())
        .map(|(_, value)| &**value)
        .collect();
    let of = |role| lead.entities.iter().filter(move |of| of.role == role);
    let values: Vec<&str> = match roles.into_iter().find(|role| of(*role).next().is_some()) {
        // Of one kind: an account and its address are not two.
        Some(role) => {
            let kind = of(role).next().map(|of| of.kind);
            let mut known = HashSet::new();
            let of_kind = of(role).filter(|of| Some(of.kind) == kind && known.insert(of.key));
            of_kind.map(|of| &*of.value).collect()
        }
        None => group.clone(),
    };
    let first = values
        .iter()
        .find(|value| group.contains(value))
        .or(values.first());
    match (first, values.len()) {
        (None, _) => String::new(),
        (Some(first), 1) => shown(first),
        (Some(first), _) if group.contains(first) => shown(first),
        (Some(first), more) => format!("{} +{}", shown(first), more - 1),
    }
}

fn shown(value: &str) -> String {
    match value {
        "" => "(missing)".to_owned(),
        _ => clipped(&ascii(&neutral(value, WHO_CHARS_MAX)), WHO_CHARS_MAX),
    }
}

fn how_much(message: &Message<'_>) -> String {
    let reached = message.entities(EntityRole::Reached).len();
    match message.accounts() {
        0 if reached > 0 => words::reached(reached),
        0 => words::much(message.counted()),
        opened => words::opened(opened),
    }
}

/// What does not print in ASCII shows as a question mark.
fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        ' '..='~' => c,
        '\n' => ' ',
        _ => '?',
    };
    text.chars().map(plain).collect()
}

fn clipped(ascii: &str, chars_max: usize) -> String {
    match ascii.len() > chars_max {
        true => format!("{}...", &ascii[..chars_max.saturating_sub(3)]),
        false => ascii.to_owned(),
    }
}
