//! What a persona is told, from the one table: one function each.

use detector_core::rule::{Persona, Question};

use super::evidence::Evidence;
use super::proof::State;
use super::table::{Material, MitigationRow, QuestionRow, Table, ThreatRow};
use crate::output::quantity::{count, counted, duration};
use crate::test::score::Score;

/// The questions of the list, each with its answer.
pub(super) fn of_list(table: &Table, material: &Material<'_>) -> Vec<QuestionRow> {
    let row = |question: &Question| QuestionRow {
        persona: question.persona.name(),
        ask: question.ask.clone(),
        answer: answer(question, table, material),
    };
    material.list.questions.iter().map(row).collect()
}

/// The answer, in sentences.
fn answer(question: &Question, table: &Table, material: &Material<'_>) -> String {
    let named = question.threats.iter();
    let threats: Vec<&ThreatRow> = named.filter_map(|id| table.threat(&id.text)).collect();
    let sentences = match question.persona {
        Persona::Adversary => adversary(&threats, table),
        Persona::Defender => defender(&threats, table, material),
        Persona::BusinessOwner => business_owner(&threats, table, material),
        Persona::Developer => developer(&threats, table, material),
    };
    sentences.join(" ")
}

/// Whether it goes unseen, and what is let through.
fn adversary(threats: &[&ThreatRow], table: &Table) -> Vec<String> {
    let mut told = Vec::new();
    for threat in threats {
        told.push(match threat.state {
            State::Proven => format!("{}: not unseen: {}.", threat.id, found(threat)),
            State::Accepted => format!(
                "{}: yes: no proven detector, which {} accepted.",
                threat.id,
                threat.accepted.as_ref().map_or("somebody", |a| &*a.by)
            ),
            State::Unproven | State::Undetected => format!(
                "{}: yes: no proven detector ({}).",
                threat.id,
                threat.why.join("; ")
            ),
        });
        let unseen = threat.unseen.iter();
        told.extend(
            unseen.map(|text| format!("What no log shows: {}.", text.trim_end_matches('.'))),
        );
    }
    let leaks = table.mitigations_of(threats);
    let leaks = leaks.filter(|m| m.evidence == Some(Evidence::Leaks));
    told.extend(leaks.map(|m| {
        format!(
            "{} leaks: it was missing {}, and seen {}.",
            titled(m),
            times(m.missing),
            times(m.seen)
        )
    }));
    told.extend(without_logs(table));
    told
}

/// Whether what is built holds, and how good the detectors are.
fn defender(threats: &[&ThreatRow], table: &Table, material: &Material<'_>) -> Vec<String> {
    let mut told: Vec<String> = table
        .mitigations_of(threats)
        .map(|m| format!("{}: {}.", titled(m), standing(m)))
        .collect();
    let rates = material.tested.report.rules.iter();
    let rates: Vec<&Score> = rates.collect();
    for threat in threats {
        let of_it = rates
            .iter()
            .filter(|score| threat.rules.contains(&score.name));
        let (mut right, mut wrong) = (0, 0);
        for score in of_it {
            right += score.true_positives;
            wrong += score.false_positives;
        }
        let of_alerts = match right + wrong {
            0 => "no alert".to_owned(),
            all => format!("{right} of {all} alerts are right"),
        };
        told.push(format!(
            "Detectors of {}: {}, {of_alerts}.",
            threat.id,
            attacks(threat)
        ));
    }
    told.push(quiet(material));
    told.extend(without_logs(table));
    told
}

/// What users notice of it.
fn business_owner(threats: &[&ThreatRow], table: &Table, material: &Material<'_>) -> Vec<String> {
    let silent: usize = threats.iter().map(|threat| threat.near_misses.silent).sum();
    let all: usize = threats.iter().map(|threat| threat.near_misses.all).sum();
    let mut told = vec![
        quiet(material),
        format!(
            "{} of {} recordings of people who only look like attackers stay without an alert that should not be.",
            count(silent as u64),
            count(all as u64)
        ),
        "Detection changes nothing for a user; mitigations do.".to_owned(),
    ];
    let mitigations = table.mitigations_of(threats);
    let seen = mitigations.filter(|m| m.seen.is_some_and(|seen| seen > 0));
    told.extend(seen.map(|m| {
        format!(
            "{} acted on {} of {}.",
            titled(m),
            count(m.seen.unwrap_or_default()),
            counted(m.of, "event")
        )
    }));
    told.extend(without_logs(table));
    told
}

/// What is missing in the code, and in its log lines.
fn developer(threats: &[&ThreatRow], table: &Table, material: &Material<'_>) -> Vec<String> {
    let mut told: Vec<String> = table
        .mitigations_of(threats)
        .map(|m| format!("{}, owned by {}: {}.", titled(m), m.owner, standing(m)))
        .collect();
    for threat in threats {
        told.push(format!(
            "{} is {}: {}.",
            threat.id,
            threat.state.name(),
            attacks(threat)
        ));
    }
    told.extend(absent(threats, material));
    told.extend(without_logs(table));
    told
}

/// Fields that the detectors of these threats read and that no event of the logs has.
fn absent(threats: &[&ThreatRow], material: &Material<'_>) -> Option<String> {
    let rules = material.engine.rules();
    let tally = material.logs?;
    let of_threats = rules.correlations.iter().filter(|rule| {
        let named = rule.meta.name.as_deref().unwrap_or(&rule.meta.id);
        let mut names = threats.iter().flat_map(|threat| &threat.rules);
        names.any(|name| name == named)
    });
    let mut fields: Vec<&str> = Vec::new();
    for input in of_threats.flat_map(|rule| &rule.inputs) {
        let detection = match input.rule {
            detector_core::rule::InputRule::Detection(ix) => ix.0 as usize,
            detector_core::rule::InputRule::Correlation(_) => continue,
        };
        for field in tally.absent_fields.get(detection).into_iter().flatten() {
            if !fields.contains(&&**field) {
                fields.push(field);
            }
        }
    }
    (!fields.is_empty()).then(|| {
        format!(
            "Detectors read what no line of these logs has: {}.",
            fields.join(", ")
        )
    })
}

fn quiet(material: &Material<'_>) -> String {
    let quiet = &material.tested.report.quiet;
    match quiet.events {
        0 => {
            "No recording of quiet traffic says how often people are called for nothing.".to_owned()
        }
        events => format!(
            "{} in {:.1} days of quiet traffic ({}).",
            counted(quiet.alerts as u64, "alert"),
            quiet.days,
            counted(events, "event")
        ),
    }
}

fn attacks(threat: &ThreatRow) -> String {
    format!(
        "{} of {} found",
        threat.attacks.found,
        counted(threat.attacks.all as u64, "recorded attack")
    )
}

/// `27 of 27 recorded attacks found, the slowest after 20 events (6h15m)`
pub(super) fn found(threat: &ThreatRow) -> String {
    let events = threat
        .worst_events
        .map(|events| counted(events as u64, "event"));
    let time = threat
        .worst_seconds
        .map(|seconds| duration((seconds * 1000.0) as i64));
    let slowest = match (events, time) {
        (Some(events), Some(time)) => {
            format!(", the slowest after {events}, the latest after {time}")
        }
        (None, Some(time)) => format!(", the latest after {time}"),
        _ => String::new(),
    };
    format!("{}{slowest}", attacks(threat))
}

/// `M7 Ownership verified before every access`
pub(super) fn titled(mitigation: &MitigationRow) -> String {
    format!("{} {}", mitigation.id, mitigation.title)
}

/// How it is with a mitigation: by the logs, or else by what somebody says.
pub(super) fn standing(mitigation: &MitigationRow) -> String {
    let state = mitigation.state;
    let (seen, missing) = (times(mitigation.seen), times(mitigation.missing));
    match mitigation.evidence {
        None => format!("{state}, as its owner says"),
        Some(Evidence::AtWork) if mitigation.is_ahead() => format!(
            "{state} in the list, and yet seen {seen}: write `state: built`, or find out what acted"
        ),
        Some(Evidence::AtWork) if mitigation.seen == Some(0) => {
            format!(
                "at work: never missing in {}",
                counted(mitigation.of, "event")
            )
        }
        Some(Evidence::AtWork) => format!("at work: seen {seen}"),
        Some(Evidence::Leaks) => format!("leaks: missing {missing}, seen {seen}"),
        Some(Evidence::NotSeen) if !mitigation.is_built() => {
            format!(
                "{state}, and not seen in {}",
                counted(mitigation.of, "event")
            )
        }
        Some(Evidence::NotSeen) => format!(
            "{state}, but not seen in {}: nothing called for it, or it is not there; a test that it has to stop tells",
            counted(mitigation.of, "event")
        ),
        Some(Evidence::NoLog) => format!("{state}, and these logs have nothing that would show it"),
        Some(Evidence::Word) => format!("{state}, without evidence: no rule shows it"),
    }
}

fn times(number: Option<u64>) -> String {
    counted(number.unwrap_or_default(), "time")
}

fn without_logs(table: &Table) -> Option<String> {
    let told = "What mitigations do is not looked at: give logs by --logs.";
    (!table.has_logs).then(|| told.to_owned())
}
