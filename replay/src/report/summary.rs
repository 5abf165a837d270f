//! The counters of a run go in, the closing summary comes out: what was read, what matched, and what a tuner of rules
//! has to know. Sections with nothing to say are left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use detector_core::alert::Alert;
use detector_core::event::LogSource;
use detector_core::rule::{DetectionIx, DetectionRule, InputRule, RuleMeta, RuleSet};
use detector_core::tally::Tally;

use super::table::Paint;
use crate::input::crew::recording::Recording;
use crate::input::skipped;
use crate::output::printable::printable;
use crate::output::quantity::{bytes, count, counted};

/// Everything that a summary tells of.
pub(crate) struct Run<'r> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) recording: &'r Recording,
    pub(crate) alerts: &'r [Alert],
    pub(crate) tally: &'r Tally,
}

/// The closing summary, ending with a line break.
pub(crate) fn summary(run: &Run<'_>, paint: Paint) -> String {
    let mut page = Page {
        text: String::new(),
        paint,
    };
    page.section("read", read(run));
    page.section("events by source", events(run.tally));
    page.section("hits by rule", hits(run));
    page.section("matches that a list allows: they are no hits", allowed(run));
    page.section(
        "allowlist entries that had expired by the end of the recording",
        expired(run),
    );
    page.section("episodes by rule", episodes(run.alerts));
    page.section("hits that no window could use", unused(run.tally));
    page.section(
        "event times ahead of their arrival, taken as of their arrival",
        skewed(run.tally),
    );
    page.section(
        "event times more than a day ahead of all others, which set no clock",
        ahead(run.tally),
    );
    page.section(
        "hits in no group: the field is missing or redacted",
        by_field(run, &run.tally.missing),
    );
    page.section(
        "hits in 64 groups or with 64 values, not in all that they have",
        by_field(run, &run.tally.cut),
    );
    page.section(
        "hits in no group: the field is grouped by its network and is no address",
        by_field(run, &run.tally.no_address),
    );
    page.section("rules whose fields never appeared", unmatched(run));
    page.section(
        "sources without an event: rules for them could not hit",
        without_events(run),
    );
    page.section(
        "detection rules with `alert: false` that no correlation refers to: their hits open no episode",
        unreferred(run.rules),
    );
    page.text
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn section(&mut self, heading: &str, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        match self.paint {
            Paint::Plain => self.text.push_str(heading),
            Paint::Colour => {
                let bold = owo_colors::Style::new().bold();
                let _ = write!(self.text, "{}", bold.style(heading));
            }
        }
        self.text.push('\n');
        for line in lines {
            // Names of rules, fields and files are other people's text.
            let _ = writeln!(self.text, "  {}", printable(&line));
        }
    }
}

fn read(run: &Run<'_>) -> Vec<String> {
    let recording = run.recording;
    let mut lines = vec![format!(
        "{}, {}, {}",
        counted(recording.inputs, "input"),
        bytes(recording.bytes),
        counted(recording.records, "record"),
    )];
    let control = run.tally.control_messages;
    if control > 0 {
        lines.push(format!("{} skipped", counted(control, "control message")));
    }
    lines.extend(skipped(&recording.skipped));
    let unreadable = recording.unreadable.total();
    if unreadable > 0 {
        lines.push(format!("{} unreadable", count(unreadable)));
    }
    let unrecognised = recording.unrecognised.total();
    if unrecognised > 0 {
        let events = counted(unrecognised, "event");
        lines.push(format!("{events} of no known form"));
    }
    let failed = recording.failures.len() as u64;
    if failed > 0 {
        lines.push(format!("{} not read", counted(failed, "input")));
    }
    lines
}

fn events(tally: &Tally) -> Vec<String> {
    let by_source = LogSource::ALL.iter().zip(tally.events);
    by_source
        .filter(|(_, events)| *events > 0)
        .map(|(source, events)| numbered(events, source.service()))
        .collect()
}

fn hits(run: &Run<'_>) -> Vec<String> {
    let by_rule = run.rules.detections.iter().zip(&run.tally.hits);
    by_rule
        .filter(|(_, hits)| **hits > 0)
        .map(|(rule, hits)| numbered(*hits, &label(&rule.meta)))
        .collect()
}

fn allowed(run: &Run<'_>) -> Vec<String> {
    let by_rule = run.rules.detections.iter().zip(&run.tally.allowed);
    let lines = by_rule.flat_map(|(rule, by_list)| {
        let by_list = rule.allow.iter().zip(by_list);
        by_list
            .filter(|(_, matches)| **matches > 0)
            .map(|(allow, matches)| {
                let list = &run.rules.allowlists[allow.list].name;
                numbered(*matches, &format!("{}: {list}", label(&rule.meta)))
            })
    });
    lines.collect()
}

/// By the time of the recording, not of the day on which it is read.
fn expired(run: &Run<'_>) -> Vec<String> {
    let Some(latest) = run.tally.latest else {
        return Vec::new();
    };
    let lists = run.rules.dated_lists();
    lists
        .flat_map(|list| {
            let expired = list.entries.iter().filter(|e| e.has_expired(latest));
            expired.map(|entry| {
                format!(
                    "{}:{}: {} of {} on {}, owner {}",
                    list.path,
                    entry.line,
                    entry.shown(),
                    list.name,
                    entry.expires,
                    entry.owner
                )
            })
        })
        .collect()
}

fn episodes(alerts: &[Alert]) -> Vec<String> {
    let mut by_rule: BTreeMap<&str, (u64, &Alert)> = BTreeMap::new();
    for alert in alerts {
        by_rule.entry(&alert.rule.id).or_insert((0, alert)).0 += 1;
    }
    by_rule
        .into_values()
        .map(|(episodes, alert)| {
            let reference = alert.rule.name.as_ref().unwrap_or(&alert.rule.id);
            numbered(episodes, &titled(&alert.rule.title, reference))
        })
        .collect()
}

fn unused(tally: &Tally) -> Vec<String> {
    let kinds = [
        (tally.untimed_hits, "without an event time"),
        (tally.too_late_hits, "later than the allowed lateness"),
    ];
    kinds
        .iter()
        .filter(|(hits, _)| *hits > 0)
        .map(|(hits, what)| numbered(*hits, what))
        .collect()
}

fn skewed(tally: &Tally) -> Vec<String> {
    match tally.skewed_events {
        0 => Vec::new(),
        events => vec![numbered(events, "events")],
    }
}

fn ahead(tally: &Tally) -> Vec<String> {
    match tally.ahead_events {
        0 => Vec::new(),
        events => vec![numbered(events, "events")],
    }
}

fn by_field(run: &Run<'_>, counts: &[Vec<(String, u64)>]) -> Vec<String> {
    let by_rule = run.rules.correlations.iter().zip(counts);
    by_rule
        .flat_map(|(rule, fields)| {
            fields
                .iter()
                .filter(|(_, hits)| *hits > 0)
                .map(|(field, hits)| numbered(*hits, &format!("{}: {field}", label(&rule.meta))))
        })
        .collect()
}

/// Rules none of whose events were there, and rules without a hit that read a field which no such event had.
fn unmatched(run: &Run<'_>) -> Vec<String> {
    if run.tally.events.iter().all(|events| *events == 0) {
        return Vec::new();
    }
    let none = Vec::new();
    let rules = run.rules.detections.iter().enumerate();
    rules
        .flat_map(|(ix, rule)| {
            let name = label(&rule.meta);
            if rule.sources.is_empty() {
                return vec![format!("{name}: its log source is none that Vedette reads")];
            }
            let source = sources(rule);
            if !was_seen(rule, run.tally) || run.tally.hits[ix] > 0 {
                return Vec::new();
            }
            match run.tally.absent_fields.get(ix).unwrap_or(&none).as_slice() {
                [] => Vec::new(),
                fields => vec![format!(
                    "{name}: no {source} event has `{}`",
                    fields.join("`, `")
                )],
            }
        })
        .collect()
}

/// One line for each source, however many rules wait for it.
fn without_events(run: &Run<'_>) -> Vec<String> {
    if run.tally.events.iter().all(|events| *events == 0) {
        return Vec::new();
    }
    let rules = &run.rules.detections;
    let unseen = rules
        .iter()
        .filter(|rule| !rule.sources.is_empty() && !was_seen(rule, run.tally));
    let mut by_source: BTreeMap<String, u64> = BTreeMap::new();
    for rule in unseen {
        *by_source.entry(sources(rule)).or_default() += 1;
    }
    by_source
        .iter()
        .map(|(source, rules)| format!("{source}: {}", counted(*rules, "rule")))
        .collect()
}

fn was_seen(rule: &DetectionRule, tally: &Tally) -> bool {
    let mut by_source = LogSource::ALL.iter().zip(tally.events);
    by_source.any(|(source, events)| events > 0 && rule.sources.contains(source))
}

/// `lambda`, `lambda or waf`; nothing for a rule of every source.
fn sources(rule: &DetectionRule) -> String {
    if rule.sources.len() == LogSource::ALL.len() {
        return "readable".into();
    }
    let services: Vec<&str> = rule.sources.iter().map(|s| s.service()).collect();
    services.join(" or ")
}

fn unreferred(rules: &RuleSet) -> Vec<String> {
    let referred = |ix: DetectionIx| {
        let mut inputs = rules.correlations.iter().flat_map(|rule| &rule.inputs);
        inputs.any(|input| input.rule == InputRule::Detection(ix))
    };
    let detections = (0_u32..).map(DetectionIx).zip(&rules.detections);
    // Evidence of a mitigation is counted by `replay threats`.
    let counted = |ix: DetectionIx| rules.threats.as_ref().is_some_and(|list| list.counts(ix.0));
    detections
        .filter(|(ix, _)| !referred(*ix) && !counted(*ix))
        .map(|(_, rule)| label(&rule.meta))
        .collect()
}

fn numbered(number: u64, what: &str) -> String {
    format!("{:>9}  {what}", count(number))
}

/// `Credential stuffing (stuffing)`
fn label(rule: &RuleMeta) -> String {
    titled(&rule.title, rule.name.as_ref().unwrap_or(&rule.id))
}

fn titled(title: &str, reference: &str) -> String {
    match title == reference {
        true => title.into(),
        false => format!("{title} ({reference})"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use detector_core::rule::{Comparison, CorrelationInput, CorrelationRule, RuleFile, Threshold};
    use detector_core::window::count::EventCount;
    use detector_core::window::load_rules;

    use super::*;

    const RULES: &str = "\
title: Registration rejected
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c11
name: rejected
logsource:
  product: aws
  service: lambda
detection:
  selection:
    outcome: rejected
  condition: selection
level: low
vedette: {alert: false}
---
title: Blocked
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c12
name: blocked
logsource:
  product: aws
  service: waf
detection:
  selection:
    action: BLOCK
  condition: selection
level: low
vedette: {alert: false}
";

    /// Two detection rules and a correlation over the first.
    fn rules() -> RuleSet {
        let file = RuleFile {
            path: "r.yml".into(),
            text: RULES.into(),
        };
        let mut rules = load_rules(&[file]).unwrap();
        let mut meta = rules.detections[0].meta.clone();
        meta.title = "Flood".into();
        meta.name = Some("flood".into());
        rules.correlations.push(CorrelationRule {
            meta,
            inputs: vec![CorrelationInput {
                rule: InputRule::Detection(DetectionIx(0)),
                reference: "rejected".into(),
                group_by: Vec::new(),
                value: Vec::new(),
                show: Vec::new(),
            }],
            group_by: vec!["source_ip".into()],
            prefixes: vec![None],
            value_prefixes: Vec::new(),
            timespan_ms: 60_000,
            quiet_ms: 60_000,
            window: Arc::new(EventCount::new(
                60_000,
                Threshold(vec![(Comparison::Gte, 2)]),
            )),
            show: Vec::new(),
            entities: Vec::new(),
            counts: Vec::new(),
            stands_for: None,
            pages: true,
            parents: Vec::new(),
        });
        rules
    }

    fn text(recording: &Recording, tally: &Tally) -> String {
        let rules = rules();
        let run = Run {
            rules: &rules,
            recording,
            alerts: &[],
            tally,
        };
        summary(&run, Paint::Plain)
    }

    #[test]
    fn everything_that_there_is_to_say() {
        let recording = Recording {
            inputs: 3,
            bytes: 2_048,
            records: 5_001,
            skipped: vec!["docs/notes.md".into()],
            ..Recording::default()
        };
        let tally = Tally {
            events: [0, 0, 0, 5_000, 0, 0, 0],
            control_messages: 1,
            hits: vec![40, 0],
            untimed_hits: 3,
            too_late_hits: 4,
            skewed_events: 5,
            missing: vec![vec![("source_ip".into(), 7), ("sub".into(), 0)]],
            no_address: vec![vec![("source_ip".into(), 6)]],
            cut: vec![vec![("source_ip".into(), 2)]],
            absent_fields: vec![vec!["owner_sub".into()], vec!["action".into()]],
            ..Tally::default()
        };
        let expected = "\
read
  3 inputs, 2.0 KiB, 5,001 records
  1 control message skipped
  1 file skipped, not the name of a log: docs/notes.md

events by source
      5,000  lambda

hits by rule
         40  Registration rejected (rejected)

hits that no window could use
          3  without an event time
          4  later than the allowed lateness

event times ahead of their arrival, taken as of their arrival
          5  events

hits in no group: the field is missing or redacted
          7  Flood (flood): source_ip

hits in 64 groups or with 64 values, not in all that they have
          2  Flood (flood): source_ip

hits in no group: the field is grouped by its network and is no address
          6  Flood (flood): source_ip

sources without an event: rules for them could not hit
  waf: 1 rule

detection rules with `alert: false` that no correlation refers to: their hits open no episode
  Blocked (blocked)
";
        assert_eq!(text(&recording, &tally), expected);
    }

    #[test]
    fn fields_that_never_appeared_are_told_of_rules_without_a_hit() {
        let of = |hits| {
            let tally = Tally {
                events: [0, 0, 0, 5_000, 0, 0, 0],
                hits: vec![hits, 0],
                absent_fields: vec![vec!["owner_sub".into()], Vec::new()],
                ..Tally::default()
            };
            let text = text(&Recording::default(), &tally);
            text.contains("Registration rejected (rejected): no lambda event has `owner_sub`\n")
        };
        assert_eq!([of(0), of(1)], [true, false]);
    }

    #[test]
    fn sections_with_nothing_to_say_are_left_out() {
        let expected = "\
read
  0 inputs, 0 B, 0 records

detection rules with `alert: false` that no correlation refers to: their hits open no episode
  Blocked (blocked)
";
        assert_eq!(text(&Recording::default(), &Tally::default()), expected);
    }
}
