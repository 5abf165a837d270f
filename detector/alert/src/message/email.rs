//! The whole of an incident as an e-mail: plain text, short lines first. A person must understand it in ten seconds, on a
//! telephone, in whatever type it shows: nothing stands in columns.

use detector_rule::{EntityRole, Level};

use super::lines::{COLUMNS, lines, wrapped};
use super::lookup;
use super::steps::steps;
use super::told::{Message, Occasion};
use super::words::{self, PARAGRAPH_CHARS_MAX, VALUE_CHARS_MAX, clock, second, span, value};
use crate::incident::Told;
use crate::neutral::neutral;

/// Values of a role that are listed.
const VALUES_SHOWN_MAX: usize = 20;
/// Of what was only tried.
const FEW: usize = 5;
/// Alerts of the story; of more, the first and the last.
const STORY_MAX: usize = 20;

pub(super) fn email(message: &Message<'_>) -> String {
    let lead = message.lead();
    let mut mail = Mail::default();
    let title = words::plain(&lead.alert.rule.title);
    let title = format!("{}: {title}", words::head(message));
    mail.line(&lines(&title, COLUMNS).join("\n"));
    mail.line("");
    who(message, &mut mail);
    how_much(message, &mut mail);
    mail.field("Since", &since(message));
    mail.field("Where", &place(message));
    for change in &message.changes {
        mail.field("Why now", &words::change(change));
    }
    if message.held_back > 0 {
        mail.field("Held back", &words::held_back(message.held_back));
    }
    story(message, &mut mail);
    if let Some(description) = &lead.rule.meta.description {
        mail.section("What it means", &wrapped(&words::plain(description), 2));
    }
    if message.occasion != Occasion::Over {
        mail.section(
            "What to do now",
            &wrapped(&words::plain(&steps(message)), 2),
        );
        mail.section(
            "Look further",
            &wrapped(&lookup::lookup(message).join("\n"), 2),
        );
    }
    mail.section("It may be harmless", &harmless(message));
    for sample in &message.samples {
        let head = format!("{}, {}:", sample.source, second(sample.time));
        let told = sample.told(COLUMNS - 2);
        mail.section("One of its events", &format!("{head}\n{told}"));
    }
    mail.section("Evidence", &evidence(lead));
    mail.section("Reference", &reference(message));
    mail.text
}

#[derive(Default)]
struct Mail {
    text: String,
    /// The name of the last field, which is not said again.
    last: String,
}

impl Mail {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// `Name: value`, its further lines below it.
    fn field(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let named = match self.last == name {
            true => value.to_owned(),
            false => format!("{name}: {value}"),
        };
        for (at, line) in wrapped_lines(&named, COLUMNS - 2).iter().enumerate() {
            match at == 0 && self.last != name {
                true => self.line(line),
                false => self.line(&format!("  {line}")),
            }
        }
        name.clone_into(&mut self.last);
    }

    /// Its title tells itself from the text without bold type.
    fn section(&mut self, title: &str, body: &str) {
        if body.is_empty() {
            return;
        }
        self.line("");
        self.line(&title.to_uppercase());
        for line in body.trim_end().lines() {
            self.line(&format!("  {line}"));
        }
    }
}

/// Each line by itself, in lines that fit.
fn wrapped_lines(text: &str, columns: usize) -> Vec<String> {
    let wrapped = text.lines().map(|line| wrapped(line, COLUMNS - columns));
    wrapped
        .flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Who did it, who fell to it, what was reached and tried, and where; of a rule that says none of this, its group.
fn who(message: &Message<'_>, mail: &mut Mail) {
    let mut is_known = false;
    for (role, name) in [
        (EntityRole::Opened, "Opened"),
        (EntityRole::Actor, "Who"),
        (EntityRole::Reached, "Reached"),
        (EntityRole::Tried, "Tried"),
        (EntityRole::Scope, "At"),
    ] {
        let entities = message.entities(role);
        is_known |= !entities.is_empty();
        let mut kinds: Vec<&str> = entities.iter().map(|of| of.kind.name()).collect();
        kinds.dedup();
        for (at, kind) in kinds.iter().enumerate() {
            let of_kind: Vec<String> = entities
                .iter()
                .filter(|of| of.kind.name() == *kind)
                .map(|of| value(&of.value))
                .collect();
            if kinds[..at].contains(kind) {
                continue;
            }
            let listed_max = match role {
                EntityRole::Tried | EntityRole::Scope => FEW,
                _ => VALUES_SHOWN_MAX,
            };
            mail.field(name, &format!("{kind} {}", listed(&of_kind, listed_max)));
        }
    }
    if is_known {
        return;
    }
    let group = message.lead().alert.group.0.iter();
    let group: Vec<String> = group
        .map(|(field, of)| format!("{field} = {}", value(of)))
        .collect();
    match group.is_empty() {
        true => mail.field("Who", "unknown (the rule counts all that the logs hold)"),
        false => mail.field("Who", &group.join("\n")),
    }
    for (field, values) in message.lead().alert.shown.known() {
        let values: Vec<String> = values.iter().map(|of| value(of)).collect();
        mail.field(
            "Shows",
            &format!("{field} = {}", listed(&values, VALUES_SHOWN_MAX)),
        );
    }
}

fn listed(values: &[String], listed_max: usize) -> String {
    let shown = values.len().min(listed_max);
    let more = match values.len() - shown {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", values[..shown].join(", "))
}

fn how_much(message: &Message<'_>, mail: &mut Mail) {
    let told = message.counted();
    let events = words::events(told);
    let much = words::much(told);
    let all = match much == events {
        true => events,
        false => format!("{much} in {events}"),
    };
    let of = match std::ptr::eq(told.rule, message.lead().rule) {
        true => "the rule".to_owned(),
        false => format!("\"{}\"", words::plain(&told.alert.rule.title)),
    };
    let fires_at = words::threshold(told);
    mail.field("How much", &format!("{all}\n{of} fires at {fires_at}"));
    let mut succeeded = Vec::new();
    if message.accounts() > 0 {
        succeeded.push(words::opened(message.accounts()));
    }
    let reached = message.entities(EntityRole::Reached).len();
    if reached > 0 {
        succeeded.push(words::reached(reached));
    }
    if message.alerts.iter().any(Told::leaks_secret) {
        succeeded.push("a secret got out".to_owned());
    }
    if succeeded.is_empty() {
        succeeded.push("nothing that this rule could see".to_owned());
    }
    mail.field("Succeeded", &succeeded.join(", "));
}

fn since(message: &Message<'_>) -> String {
    let first = message
        .alerts
        .iter()
        .map(|told| told.alert.first_event_time)
        .min();
    let opened = message.alerts.iter().map(|told| told.alert.opened_at).min();
    let held = message
        .alerts
        .iter()
        .map(|told| told.alert.held_until)
        .max();
    let last = message
        .alerts
        .iter()
        .map(|told| told.alert.last_event_time)
        .max();
    let state = match (message.occasion, held) {
        (Occasion::Over, Some(held)) => format!("over since {}", second(held)),
        _ => "still under way, as far as known".to_owned(),
    };
    let mut lines = vec![second(opened.unwrap_or_default()), state];
    let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
    match (second(first), second(last)) {
        (from, to) if from == to => {}
        (from, to) if from[..10] == to[..10] => {
            lines.push(format!(
                "events from {} to {} UTC",
                clock(first),
                clock(last)
            ));
        }
        (from, to) => lines.push(format!("events from {from} to {to}")),
    }
    let late = message
        .samples
        .iter()
        .filter_map(|sample| Some(sample.arrival?.millis() - sample.time.millis()));
    if let Some(late) = late.max() {
        lines.push(format!("the log came {} after the event", span(late)));
    }
    lines.join("\n")
}

fn place(message: &Message<'_>) -> String {
    let place = &message.place;
    let known = [
        ("account", &place.account),
        ("region", &place.region),
        ("stack", &place.stack),
    ];
    let known: Vec<String> = known
        .into_iter()
        .filter_map(|(name, of)| Some(format!("{name} {}", value(of.as_deref()?))))
        .collect();
    known.join(", ")
}

/// What happened, in the order of time; nothing where one alert says it all.
fn story(message: &Message<'_>, mail: &mut Mail) {
    let mut chapters: Vec<(i64, String)> = Vec::new();
    for told in &message.alerts {
        let level = told.rule.meta.level.map_or("-", Level::name);
        let title = words::plain(&told.alert.rule.title);
        let at = told.alert.opened_at;
        let much = match words::child_names(told.rule).is_empty() {
            true => format!(", {}", words::much(told)),
            false => String::new(),
        };
        chapters.push((at.millis(), format!("{} {level}: {title}{much}", clock(at))));
        for (at, account) in told.openings() {
            let account = value(&account.value);
            let line = format!("{} {level}: opened {account}", clock(at));
            chapters.push((at.millis(), line));
        }
    }
    if chapters.len() > 1 {
        chapters.sort();
        let more = chapters.len().saturating_sub(STORY_MAX);
        let half = STORY_MAX / 2;
        let mut lines: Vec<String> = chapters.iter().map(|(_, line)| hanging(line)).collect();
        if more > 0 {
            lines.splice(half..half + more, [format!("… {more} more")]);
        }
        mail.section("What happened", &lines.join("\n"));
    }
    if let Some(before) = &message.before {
        let title = words::plain(&before.title);
        let text = format!(
            "{title}, over since {} (incident {})",
            second(before.over_since),
            before.incident_id
        );
        mail.section("What came before", &wrapped(&text, 2));
    }
}

/// A line of a section, its further lines indented.
fn hanging(line: &str) -> String {
    lines(line, COLUMNS - 4).join("\n  ")
}

fn harmless(message: &Message<'_>) -> String {
    let false_positives = message.lead().rule.meta.false_positives.iter();
    let mut lines: Vec<String> = false_positives
        .map(|text| format!("- {}", words::plain(text)))
        .collect();
    if message.occasion != Occasion::Over {
        lines.push(String::new());
        lines.extend(lookup::silence(message));
    }
    wrapped(&lines.join("\n"), 2)
}

fn evidence(told: &Told<'_>) -> String {
    let alert = &told.alert;
    let shown = alert.event_ids.len() as u64;
    // A chain has the ids of its children's events beside its own, and how many those are in all nobody counted.
    let children = words::child_names(told.rule);
    let head = match (children.is_empty(), words::has_own_events(told.rule)) {
        (true, _) if shown < alert.count => {
            format!("the first {shown} of {}:", words::events(told))
        }
        (true, _) => "all event ids:".to_owned(),
        (false, true) => {
            "event ids, its own first, then those of the episodes that it counts:".to_owned()
        }
        (false, false) => "event ids of the episodes that it counts:".to_owned(),
    };
    let ids = alert.event_ids.iter();
    let lines: Vec<String> = ids.map(|id| neutral(id, VALUE_CHARS_MAX)).collect();
    format!("{head}\n{}", lines.join("\n"))
}

fn reference(message: &Message<'_>) -> String {
    let told = message.lead();
    let mut lines = Vec::new();
    if let Some(incident) = &message.incident_id {
        lines.push(format!("incident {incident}, message {}", message.number));
    }
    for told in message.alerts.iter().take(STORY_MAX) {
        lines.push(format!("alert {}", told.alert.alert_id));
    }
    let name = told.alert.rule.name.as_deref().unwrap_or("no name");
    let (name, id) = (words::plain(name), words::plain(&told.alert.rule.id));
    lines.push(format!("rule {name} {id}"));
    if let Some(threat) = &told.rule.meta.threat {
        lines.push(format!("threat {}", words::plain(threat)));
    }
    for mitigation in &told.rule.meta.mitigations {
        lines.push(format!("mitigation {}", words::plain(mitigation)));
    }
    if !told.rule.meta.tags.is_empty() {
        lines.push(words::plain(&told.rule.meta.tags.join(", ")));
    }
    let text: String = lines.join("\n").chars().take(PARAGRAPH_CHARS_MAX).collect();
    let lines: Vec<String> = text.lines().map(hanging).collect();
    lines.join("\n")
}
