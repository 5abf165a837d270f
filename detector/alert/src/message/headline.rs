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

/// Where there is no room for all of it, a UUID is cut first, then the title: who, and how much, tell what to do.
fn line(message: &Message<'_>, chars_max: usize) -> String {
    let head = format!("{}: ", words::head(message));
    let title = ascii(&words::plain(&message.lead().alert.rule.title));
    let how_much = how_much(message);
    let tail_of = |who: &str| {
        let parts = [who, &*how_much].into_iter();
        let told = parts.filter(|part| !part.is_empty());
        told.map(|part| format!(" - {}", ascii(part)))
            .collect::<String>()
    };
    let who = who(message);
    let mut tail = tail_of(&who);
    if head.len() + title.len() + tail.len() > chars_max {
        tail = tail_of(&begun(&who));
    }
    let room = chars_max
        .saturating_sub(head.len() + tail.len())
        .max(TITLE_CHARS_MIN);
    clipped(&format!("{head}{}{tail}", clipped(&title, room)), chars_max)
}

/// Of a UUID its first part, by which a person knows it again.
fn begun(who: &str) -> String {
    let is_part = |(at, c): (usize, char)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    match who.split_at_checked(36) {
        Some((id, more)) if id.chars().enumerate().all(is_part) => format!("{}...{more}", &id[..8]),
        _ => who.to_owned(),
    }
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
        // What a chain counts says less than its title.
        0 if !words::child_names(message.counted().rule).is_empty() => String::new(),
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
