//! A scenario goes in and is run as `replay run` would, what came of it comes out.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use detector_core::alert::Alert;
use detector_core::engine::{Engine, LATENESS_MAX_MS, Mode};
use detector_core::found::Found;
use detector_core::rule::{CorrelationIx, RuleSet};
use detector_core::tally::Tally;
use detector_core::window::Windows;

use super::comparison::{Difference, compare, rule_of};
use super::expectation::{Attack, Expectation};
use super::judge::judge;
use super::scenario::Scenario;
use crate::input::crew::findings::no_hits;
use crate::input::crew::recording::Recording;
use crate::input::crew::{Crew, Limits};
use crate::input::{self, skipped};
use crate::output::progress::{Progress, Visibility};
use crate::output::quantity::counted;

/// How a scenario went.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Alerts that were right, by their places.
    pub(crate) right: Vec<usize>,
    /// The rules of which an alert is missing.
    pub(crate) missing: Vec<String>,
    pub(crate) unexpected: Vec<usize>,
    /// Why it failed.
    pub(crate) differences: Vec<Difference>,
    /// What differs from the exact numbers, which is no failure.
    pub(crate) changed: Vec<Difference>,
    /// Every alert that the recording gave.
    pub(crate) alerts: Vec<Alert>,
    pub(crate) attacks: Vec<AttackVerdict>,
    pub(crate) events: u64,
    /// From the earliest event to the latest.
    pub(crate) span_ms: i64,
    pub(crate) took: Duration,
    pub(crate) notes: Vec<String>,
    /// An input could not be read to its end.
    pub(crate) is_unread: bool,
}

/// How it went with one attack.
#[derive(Debug)]
pub(crate) struct AttackVerdict {
    pub(crate) name: String,
    /// Every alert of it, by its rule.
    pub(crate) alerts: Vec<(String, Delay)>,
}

/// How long after the beginning of an attack an alert is out.
///
/// The alert is out when the event that completes its condition is known; a condition that later events could undo is
/// judged when none can come any more, [`LATENESS_MAX_MS`] later. How long a log takes to deliver comes on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Delay {
    pub(crate) ms: i64,
    /// Events of the attack until then; `None` where nobody counted them.
    pub(crate) events: Option<usize>,
}

impl AttackVerdict {
    /// The first alert.
    pub(crate) fn first(&self) -> Option<Delay> {
        self.alerts.iter().map(|(_, delay)| *delay).min()
    }
}

impl Verdict {
    pub(crate) fn of(engine: &Engine, scenario: &Scenario) -> anyhow::Result<Self> {
        let began = Instant::now();
        let ran = ran(engine, scenario)?;
        let expectation = &scenario.expectation;
        let alerts: Vec<Alert> = ran
            .found
            .told
            .iter()
            .map(|told| told.alert.clone())
            .collect();
        let tally = &ran.found.tally;
        let judged = judged(engine.rules(), expectation, &ran.found, &alerts);
        let mut differences = judged.differences;
        differences.extend(late(expectation, &judged.attacks));
        differences.extend(out_of_place(expectation, tally));
        differences.extend(unread(expectation, &ran));
        let golden = &scenario.golden;
        let changed = match golden.is_there() {
            true => compare(&golden.alerts, &alerts).differences,
            false => Vec::new(),
        };
        let ends = tally.earliest.zip(tally.latest);
        Ok(Self {
            right: judged.right,
            missing: judged.missing,
            unexpected: judged.unexpected,
            differences,
            changed,
            attacks: judged.attacks,
            events: tally.events.iter().sum(),
            span_ms: ends.map_or(0, |(from, to)| to.millis() - from.millis()),
            took: began.elapsed(),
            notes: notes(scenario, &ran.recording),
            is_unread: !ran.recording.failures.is_empty(),
            alerts,
        })
    }

    pub(crate) fn is_passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// What is no difference, and nothing to be silent about.
fn notes(scenario: &Scenario, recording: &Recording) -> Vec<String> {
    let name = scenario.folder.display();
    let unrecognised = &recording.unrecognised;
    let forms = unrecognised.reasons().into_iter();
    let forms =
        forms.map(|(form, n)| format!("{name}: {} of no known form: {form}", counted(n, "event")));
    let skipped = skipped(&recording.skipped).map(|told| format!("{name}: {told}"));
    forms.chain(skipped).collect()
}

struct Ran<'e> {
    recording: Recording,
    found: Found<'e>,
}

/// One engine run over the folder, on this thread.
fn ran<'e>(engine: &'e Engine, scenario: &Scenario) -> anyhow::Result<Ran<'e>> {
    let plan = input::plan(std::slice::from_ref(&scenario.folder))?;
    let crew = Crew {
        mode: Mode::Set,
        threads: NonZeroUsize::MIN,
        write_hit: no_hits,
        limits: Limits::default(),
    };
    let mut progress = Progress::new(None, Visibility::Hidden);
    let (recording, found) = crew.find(engine, plan, &mut progress)?;
    Ok(Ran { recording, found })
}

/// What became of the expectation.
struct Judged {
    right: Vec<usize>,
    missing: Vec<String>,
    unexpected: Vec<usize>,
    attacks: Vec<AttackVerdict>,
    differences: Vec<Difference>,
}

/// By what matters, or to the millisecond where every alert is listed.
fn judged(
    rules: &RuleSet,
    expectation: &Expectation,
    found: &Found<'_>,
    alerts: &[Alert],
) -> Judged {
    let waits = waits(rules);
    let attack = |name: &String, places: &[usize]| {
        let delays = places.iter().map(|&place| {
            let rule = rule_of(&alerts[place]);
            let waits = waits.iter().any(|waiting| waiting == rule);
            let of = &expectation.attacks[name];
            (rule.to_owned(), delay(of, &alerts[place], waits))
        });
        AttackVerdict {
            name: name.clone(),
            alerts: delays.collect(),
        }
    };
    let Some(wanted) = &expectation.alerts else {
        let judgement = judge(expectation, found);
        let attacks = judgement.of_attacks.iter();
        return Judged {
            attacks: attacks.map(|(name, places)| attack(name, places)).collect(),
            right: judgement.right,
            missing: judgement.missing,
            unexpected: judgement.unexpected,
            differences: judgement.differences,
        };
    };
    let comparison = compare(wanted, alerts);
    let of = |name: &String| -> Vec<usize> {
        let found = comparison.found.iter();
        let own = found.filter(|(at, _)| wanted[*at].attack.as_ref() == Some(name));
        own.map(|(_, place)| *place).collect()
    };
    let attacks = expectation
        .attacks
        .keys()
        .map(|name| attack(name, &of(name)));
    let missing = comparison.missing.iter().map(|at| wanted[*at].rule.clone());
    Judged {
        attacks: attacks.collect(),
        right: comparison.found.iter().map(|(_, place)| *place).collect(),
        missing: missing.collect(),
        unexpected: comparison.unexpected,
        differences: comparison.differences,
    }
}

/// The rules whose conditions later events could undo.
fn waits(rules: &RuleSet) -> Vec<String> {
    let windows = Windows::new(rules);
    let waiting = (0u32..)
        .zip(&rules.correlations)
        .filter(|(at, _)| !windows.is_monotone(CorrelationIx(*at)));
    waiting
        .map(|(_, rule)| {
            rule.meta
                .name
                .as_deref()
                .unwrap_or(&rule.meta.id)
                .to_owned()
        })
        .collect()
}

fn delay(attack: &Attack, alert: &Alert, waits: bool) -> Delay {
    let wait = if waits { LATENESS_MAX_MS } else { 0 };
    let ms = alert.opened_at.millis() + wait - attack.first_event.0.millis();
    let until = attack.events_ms.partition_point(|event| *event <= ms);
    Delay {
        ms,
        events: (!attack.events_ms.is_empty()).then_some(until),
    }
}

fn late(expectation: &Expectation, verdicts: &[AttackVerdict]) -> Vec<Difference> {
    let mut late = Vec::new();
    for verdict in verdicts {
        let attack = &expectation.attacks[&verdict.name];
        let Some(first) = verdict.first() else {
            continue; // its alerts are missing, and said to be
        };
        let mut too_late = |by: String| {
            late.push(Difference::Late {
                attack: verdict.name.clone(),
                by,
            });
        };
        if let (Some(wanted), Some(events)) = (attack.within_events, first.events)
            && events > wanted
        {
            too_late(format!("after {events} of its events, wanted {wanted}"));
        }
        if let Some(wanted) = attack.within_seconds
            && first.ms > wanted * 1000
        {
            let seconds = first.ms as f64 / 1000.0;
            too_late(format!("after {seconds} s, wanted {wanted} s"));
        }
    }
    late
}

/// Attacks that the recording cannot hold.
fn out_of_place(expectation: &Expectation, tally: &Tally) -> Vec<Difference> {
    let ends = tally.earliest.zip(tally.latest);
    let is_outside = |attack: &Attack| {
        let first = attack.first_event.0;
        !ends.is_some_and(|(from, to)| (from..=to).contains(&first))
    };
    let outside = expectation
        .attacks
        .iter()
        .filter(|(_, attack)| is_outside(attack));
    outside
        .map(|(name, attack)| Difference::Recording {
            why: format!(
                "attack {name} begins at {}, when the recording has no events",
                attack.first_event
            ),
        })
        .collect()
}

fn unread(expectation: &Expectation, ran: &Ran<'_>) -> Vec<Difference> {
    let failures = ran.recording.failures.iter().cloned();
    let mut unread: Vec<Difference> = failures.map(|why| Difference::Recording { why }).collect();
    let unreadable = ran.recording.unreadable.total();
    if unreadable != expectation.unreadable {
        unread.push(Difference::Recording {
            why: format!(
                "{unreadable} unreadable records, expected {}",
                expectation.unreadable
            ),
        });
    }
    unread
}
