//! An alert in words: subject, e-mail and text message. A person must understand it in ten seconds.

use std::sync::Arc;

use crate::{Alert, Status};
use detector_event::time::Timestamp;
use detector_rule::{CorrelationInput, CorrelationRule, InputRule};

use crate::neutral::{neutral, neutral_lines};

/// SNS takes at most 100 characters of ASCII.
pub const SUBJECT_CHARS_MAX: usize = 100;
/// A text message of more than 140 bytes is split, and paid for in parts.
const SMS_CHARS_MAX: usize = 140;
/// A group-by value or an event id, as a person is shown it.
const VALUE_CHARS_MAX: usize = 200;
/// A paragraph from a rule file.
const PARAGRAPH_CHARS_MAX: usize = 4_000;

/// `HIGH: Credential stuffing over many user names - 203.0.113.10`
pub fn subject(alert: &Alert) -> String {
    one_line(alert, SUBJECT_CHARS_MAX)
}

/// The same and when it began.
pub fn sms(alert: &Alert) -> String {
    let since = format!(", since {}", minute(alert.opened_at));
    let line = one_line(alert, SMS_CHARS_MAX - since.len());
    line + &since
}

fn one_line(alert: &Alert, chars_max: usize) -> String {
    let title = neutral_lines(&alert.rule.title, VALUE_CHARS_MAX);
    let line = match group_values(alert).as_str() {
        "" => format!("{}: {title}", head(alert)),
        who => format!("{}: {title} - {who}", head(alert)),
    };
    // Dots without a letter after them are no host name; all else is broken by now.
    let ascii: String = line
        .chars()
        .map(|c| match c {
            ' '..='~' => c,
            '\n' => ' ',
            _ => '?',
        })
        .collect();
    match ascii.len() > chars_max {
        true => format!("{}...", &ascii[..chars_max - 3]),
        false => ascii,
    }
}

fn head(alert: &Alert) -> String {
    let level = alert.rule.level.unwrap_or("alert").to_uppercase();
    match alert.status {
        Status::Open => level,
        Status::Closed => format!("{level} over"),
    }
}

fn group_values(alert: &Alert) -> String {
    let values = alert.group.0.iter();
    let values: Vec<String> = values.map(|(_, value)| group_value(value)).collect();
    values.join(", ")
}

/// A missing field is a value where a detection rule alerts by itself.
fn group_value(value: &str) -> String {
    match value {
        "" => "(missing)".to_owned(),
        _ => neutral(value, VALUE_CHARS_MAX),
    }
}

/// The body of an e-mail: plain text, short lines first.
pub fn email(alert: &Alert, rule: &CorrelationRule) -> String {
    let mut mail = Mail::default();
    mail.line(&format!("{}: {}", head(alert), plain(&alert.rule.title)));
    mail.line("");
    mail.field("Who", &who(alert));
    if alert.shown.known().next().is_some() {
        mail.field("Shows", &shows(alert));
    }
    mail.field("How much", &how_much(alert, rule));
    mail.field("Since", &since(alert));
    if let Some(description) = &rule.meta.description {
        mail.section("What it means", &plain(description));
    }
    let unknown = "The rule does not say: add `response` under `vedette:` in its file.";
    let response = rule.meta.response.as_deref().unwrap_or(unknown);
    mail.section("What to do now", &plain(response));
    if !rule.meta.false_positives.is_empty() {
        let harmless = rule.meta.false_positives.iter();
        let harmless: Vec<String> = harmless.map(|text| format!("- {}", plain(text))).collect();
        mail.section("It may be harmless", &harmless.join("\n"));
    }
    mail.section("Evidence", &evidence(alert, rule));
    mail.section("Reference", &reference(alert, rule));
    mail.text
}

#[derive(Default)]
struct Mail {
    text: String,
}

impl Mail {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn field(&mut self, name: &str, value: &str) {
        let value = value.replace('\n', "\n          ");
        self.line(&format!("{name:<10}{value}"));
    }

    fn section(&mut self, title: &str, body: &str) {
        self.line("");
        self.line(title);
        for line in body.trim_end().lines() {
            self.line(&format!("  {line}"));
        }
    }
}

fn who(alert: &Alert) -> String {
    if alert.group.0.is_empty() {
        return "all together (the rule has one group)".to_owned();
    }
    let lines: Vec<String> = alert
        .group
        .0
        .iter()
        .map(|(field, value)| format!("{field} = {}", group_value(value)))
        .collect();
    lines.join("\n")
}

/// A line for each field with the values that it had in the events.
fn shows(alert: &Alert) -> String {
    let line = |(field, values): (&str, &[Arc<str>])| {
        let values = values.iter();
        let values: Vec<String> = values.map(|v| neutral(v, VALUE_CHARS_MAX)).collect();
        format!("{field} = {}", values.join(", "))
    };
    alert.shown.known().map(line).collect::<Vec<_>>().join("\n")
}

fn how_much(alert: &Alert, rule: &CorrelationRule) -> String {
    let events = counted(alert.count, rule);
    let distinct = match alert.distinct {
        Some(distinct) => format!(" with {distinct} different values"),
        None => String::new(),
    };
    format!("{events}{distinct}\nthe rule fires at {}", condition(rule))
}

/// `42 events`; of a chain, whose count is not of events alone, what else is in it.
fn counted(count: u64, rule: &CorrelationRule) -> String {
    let plural = if count == 1 { "" } else { "s" };
    match (child_names(rule).join(", "), has_own_events(rule)) {
        (children, _) if children.is_empty() => format!("{count} event{plural}"),
        (children, true) => {
            format!("{count}: its events, and as one each the episodes of {children}")
        }
        (children, false) => format!("{count} episode{plural} of {children}"),
    }
}

/// The correlations among the rule's inputs; none where it is no chain.
fn child_names(rule: &CorrelationRule) -> Vec<&str> {
    let children = rule.inputs.iter().filter(|input| is_child(input));
    children.map(|input| &*input.reference).collect()
}

fn has_own_events(rule: &CorrelationRule) -> bool {
    rule.inputs.iter().any(|input| !is_child(input))
}

fn is_child(input: &CorrelationInput) -> bool {
    matches!(input.rule, InputRule::Correlation(_))
}

/// `10 or more different values within 10 minutes`
fn condition(rule: &CorrelationRule) -> String {
    let names: Vec<&str> = rule.inputs.iter().map(|input| &*input.reference).collect();
    rule.window.fires_at(&names)
}

fn since(alert: &Alert) -> String {
    let held = match alert.status {
        Status::Open => "still under way, as far as known".to_owned(),
        Status::Closed => format!("over since {}", second(alert.held_until)),
    };
    format!(
        "{} ({held})\nevents from {} to {}",
        second(alert.opened_at),
        second(alert.first_event_time),
        second(alert.last_event_time)
    )
}

fn evidence(alert: &Alert, rule: &CorrelationRule) -> String {
    let shown = alert.event_ids.len() as u64;
    // A chain has the ids of its children's events beside its own, and how many those are in all nobody counted.
    let head = match (child_names(rule).is_empty(), has_own_events(rule)) {
        (true, _) if shown < alert.count => {
            format!("the first {shown} of {} event ids:", alert.count)
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

fn reference(alert: &Alert, rule: &CorrelationRule) -> String {
    let mut lines = vec![format!("alert {}", alert.alert_id)];
    let name = alert.rule.name.as_deref().unwrap_or("no name");
    lines.push(format!("rule {} ({})", plain(name), plain(&alert.rule.id)));
    if let Some(threat) = &rule.meta.threat {
        lines.push(format!("threat {}", plain(threat)));
    }
    let mitigations = rule.meta.mitigations.iter();
    lines.extend(mitigations.map(|mitigation| format!("mitigation {}", plain(mitigation))));
    if !rule.meta.tags.is_empty() {
        lines.push(plain(&rule.meta.tags.join(", ")));
    }
    lines.join("\n")
}

/// What a rule file says is ours; yet one line of it too many must not fill the mail.
fn plain(text: &str) -> String {
    neutral_lines(text.trim_end(), PARAGRAPH_CHARS_MAX)
}

/// `2026-05-03 12:02:38 UTC`
fn second(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} {} UTC", &text[..10], &text[11..19])
}

/// `2026-05-03 12:02 UTC`
fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{alert, rules};

    #[test]
    fn an_email_says_who_what_how_much_and_what_to_do() {
        let rules = rules();
        let mail = email(&alert(&rules, "203.0.113.10"), &rules.correlations[0]);
        let expected = "\
HIGH: Many users from one address

Who       message.ipAddress = 203.0.113.10
Shows     message.userName = ann, bo
How much  42 events with 26 different values
          the rule fires at 10 or more different values within 10 minutes
Since     2026-05-03 12:02:38 UTC (still under way, as far as known)
          events from 2026-05-03 12:00:01 to 2026-05-03 12:17:03 UTC

What it means
  Leaked credentials are tried.

What to do now
  Block the address.
  Reset the passwords.

It may be harmless
  - A large office

Evidence
  the first 2 of 42 event ids:
  e-1
  e-2

Reference
  alert 7e57d004-2b97-8e7a-b45f-5387367791cd
  rule many_users (22222222-2222-4222-8222-222222222222)
  threat T1: stolen credentials
  attack.t1110.004
";
        let expected = expected.replace("12:00:01 to", "12:00:01 UTC to");
        assert_eq!(mail, expected);
    }

    #[test]
    fn what_a_chain_counts_and_what_it_shows_as_evidence_are_told_apart() {
        let rules = rules();
        let mut alert = alert(&rules, "203.0.113.10");
        alert.count = 3;
        alert.distinct = None;
        alert.event_ids = (1..=20).map(|n| format!("e-{n}")).collect();
        let mail = |name: &str| {
            let rule = rules
                .correlations
                .iter()
                .find(|r| r.meta.name.as_deref() == Some(name));
            email(&alert, rule.unwrap())
        };
        let taken = mail("taken");
        let counted = "How much  3: its events, and as one each the episodes of many_users\n";
        assert!(taken.contains(counted), "{taken}");
        let head = "event ids, its own first, then those of the episodes that it counts:\n  e-1\n";
        assert!(taken.contains(head), "{taken}");
        let again = mail("again");
        assert!(
            again.contains("How much  3 episodes of many_users\n"),
            "{again}"
        );
        assert!(
            again.contains("event ids of the episodes that it counts:\n"),
            "{again}"
        );
        for mail in [taken, again] {
            assert!(
                !mail.contains("3 events") && !mail.contains("all event ids"),
                "{mail}"
            );
        }
    }

    #[test]
    fn a_subject_is_a_short_line_of_ascii() {
        let rules = rules();
        let hostile = "é\r\nBcc: x@evil.example https://evil.example password=hunter2";
        for value in ["203.0.113.10", hostile, &"x".repeat(1024)] {
            let alert = alert(&rules, value);
            for (line, max) in [(subject(&alert), 100), (sms(&alert), 140)] {
                assert!(line.len() <= max, "{line}");
                assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)), "{line}");
                assert!(!line.contains("hunter2") && !line.contains("://"), "{line}");
                assert!(!line.contains("evil.example"), "{line}");
            }
        }
        let plain = alert(&rules, "203.0.113.10");
        assert_eq!(
            subject(&plain),
            "HIGH: Many users from one address - 203.0.113.10"
        );
        assert_eq!(
            sms(&plain),
            "HIGH: Many users from one address - 203.0.113.10, since 2026-05-03 12:02 UTC"
        );
    }

    #[test]
    fn an_attacker_cannot_write_into_the_mail() {
        let rules = rules();
        let hostile = "x\n\nWhat to do now\n  Call https://evil.example AKIAIOSFODNN7EXAMPLE";
        let mut alert = alert(&rules, hostile);
        alert.event_ids.push("id\u{202e}\nEvidence".to_owned());
        alert.shown.0[0].1.push(hostile.into());
        let mail = email(&alert, &rules.correlations[0]);
        assert_eq!(mail.matches("\nWhat to do now\n").count(), 1);
        assert_eq!(mail.matches("\nEvidence\n").count(), 1);
        for forbidden in ["https://", "evil.example", "OSFODNN7EXAMPLE", "\u{202e}"] {
            assert!(!mail.contains(forbidden), "{forbidden}");
        }
    }
}
