//! A custom notification of Amazon Q Developer in chat applications (AWS Chatbot), version 1.0.

use serde_json::{Value, json};

use detector_rule::{EntityRole, Level};

use super::steps::steps;
use super::told::{Message, Occasion};
use super::words::{self, plain};

/// What such clients take of a title and of a text.
const TITLE_CHARS_MAX: usize = 250;
const TEXT_CHARS_MAX: usize = 3_000;
/// Steps that are shown, and of each.
const STEPS_MAX: usize = 5;
const STEP_CHARS_MAX: usize = 250;

pub(super) fn notification(message: &Message<'_>) -> Value {
    let lead = message.lead();
    let meta = &lead.rule.meta;
    let title = clipped(&markdown(&message.headline()), TITLE_CHARS_MAX);
    let level = message.level().map_or("none", Level::name);
    let next_steps = match message.occasion {
        Occasion::Over => Vec::new(),
        _ => next_steps(message),
    };
    json!({
        "version": "1.0",
        "source": "custom",
        "id": message.key(),
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": clipped(&description(message), TEXT_CHARS_MAX),
            "nextSteps": next_steps,
            "keywords": [level, plain(meta.detector())],
        },
        "metadata": {
            // All of an incident is one thread.
            "threadId": message.incident_id.as_ref().unwrap_or(&lead.alert.alert_id),
            "summary": title,
            "eventType": message.status(),
            "additionalContext": {
                "level": level,
                "rule": plain(lead.alert.rule.name.as_deref().unwrap_or_default()),
            },
        },
    })
}

fn description(message: &Message<'_>) -> String {
    let lead = message.lead();
    let mut lines = Vec::new();
    for (role, name) in [
        (EntityRole::Opened, "Opened"),
        (EntityRole::Actor, "Who"),
        (EntityRole::Reached, "Reached"),
        (EntityRole::Scope, "At"),
    ] {
        let values: Vec<String> = message
            .entities(role)
            .into_iter()
            .take(5)
            .map(words::entity)
            .collect();
        if !values.is_empty() {
            lines.push(format!("*{name}* {}", markdown(&values.join(", "))));
        }
    }
    lines.push(format!("*How much* {}", markdown(&words::events(lead))));
    lines.push(format!("*Since* {}", words::second(lead.alert.opened_at)));
    for change in &message.changes {
        lines.push(format!("*Why now* {}", words::change(change)));
    }
    if message.held_back > 0 {
        lines.push(format!(
            "*Held back* {}",
            words::held_back(message.held_back)
        ));
    }
    if let Some(description) = &lead.rule.meta.description {
        lines.push(plain(description));
    }
    lines.join("\n")
}

/// The prose of the steps, without their commands: these are in the e-mail.
fn next_steps(message: &Message<'_>) -> Vec<String> {
    let steps = steps(message);
    let prose = steps
        .lines()
        .filter(|line| !line.starts_with("  ") && !line.trim().is_empty());
    let prose: Vec<&str> = prose.map(str::trim).collect();
    let sentences = prose.join(" ");
    let sentences = sentences.split_inclusive(". ").map(str::trim);
    sentences
        .take(STEPS_MAX)
        .map(|step| clipped(&plain(step), STEP_CHARS_MAX))
        .collect()
}

/// What a log says is no markup: no mention, no emphasis, no link.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("(at)"),
            '[' => out.push('('),
            ']' => out.push(')'),
            '`' | '*' | '~' | '|' => out.push('\''),
            c => out.push(c),
        }
    }
    out
}

fn clipped(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max.saturating_sub(3)) {
        Some((end, _)) if text.chars().count() > chars_max => format!("{}...", &text[..end]),
        _ => text.to_owned(),
    }
}
