//! All verdicts go in, what they come to comes out: by scenario, by rule and by detector. Its serde form is the JSON of
//! `replay test`.

use std::collections::BTreeMap;
use std::path::Path;

use detector_core::rule::{CorrelationRule, RuleSet};

use super::comparison::{Difference, rule_of};
use super::expectation::Kind;
use super::scenario::Scenario;
use super::spread::Spread;
use super::verdict::{Delay, Verdict};

const DAY_MS: f64 = 86_400_000.0;

/// Everything that a report tells of.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report {
    pub(crate) passed: bool,
    pub(crate) scenarios: Vec<ScenarioScore>,
    pub(crate) detectors: Vec<Score>,
    pub(crate) rules: Vec<Score>,
    pub(crate) quiet: Quiet,
}

#[derive(Debug, serde::Serialize)]
pub(crate) struct ScenarioScore {
    pub(crate) family: String,
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) about: String,
    pub(crate) kind: Kind,
    pub(crate) passed: bool,
    pub(crate) events: u64,
    pub(crate) alerts: usize,
    pub(crate) attacks: BTreeMap<String, Option<Delay>>,
    pub(crate) differences: Vec<Difference>,
    #[serde(skip)]
    pub(crate) took: std::time::Duration,
}

/// How good a rule or a detector is.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Score {
    pub(crate) name: String,
    /// Of a detector: attacks, and how many of them raised an alert of its rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attacks: Option<Attacks>,
    /// Alerts that were expected and came.
    pub(crate) true_positives: usize,
    /// Alerts that nobody expected.
    pub(crate) false_positives: usize,
    /// Alerts that were expected and did not come.
    pub(crate) missed: usize,
    /// `None` where there is nothing to divide by.
    pub(crate) precision: Option<f64>,
    pub(crate) recall: Option<f64>,
    pub(crate) time_to_alert: Option<Spread>,
    /// A day of quiet traffic; `None` where there is none.
    pub(crate) alerts_per_quiet_day: Option<f64>,
    #[serde(skip)]
    delays: Vec<Delay>,
    #[serde(skip)]
    quiet_alerts: usize,
}

#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Attacks {
    pub(crate) found: usize,
    pub(crate) all: usize,
}

/// The quiet recordings together.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Quiet {
    pub(crate) days: f64,
    pub(crate) events: u64,
    pub(crate) alerts: usize,
}

impl Report {
    pub(crate) fn of(rules: &RuleSet, scenarios: &[Scenario], verdicts: &[Verdict]) -> Self {
        let mut by_rule: BTreeMap<&str, Score> = BTreeMap::new();
        let mut by_detector: BTreeMap<String, Score> = BTreeMap::new();
        let detector_of: BTreeMap<&str, String> = rules
            .correlations
            .iter()
            // What alerts to nobody finds nothing by itself.
            .filter(|rule| rule.pages)
            .map(|rule| (name_of(rule), detector_of(rule)))
            .collect();
        for (rule, detector) in &detector_of {
            by_rule.entry(rule).or_default();
            by_detector.entry(detector.clone()).or_default();
        }
        let mut quiet = Quiet::default();
        for (scenario, verdict) in scenarios.iter().zip(verdicts) {
            let detector = |rule: &str| detector_of.get(rule).cloned().unwrap_or_default();
            let mut both = |rule: &str, change: &dyn Fn(&mut Score)| {
                by_rule.get_mut(rule).into_iter().for_each(change);
                by_detector.entry(detector(rule)).and_modify(change);
            };
            add_alerts(scenario, verdict, &mut both);
            let of_family = by_detector.get_mut(&scenario.family);
            of_family
                .into_iter()
                .for_each(|score| add_attacks(verdict, score));
            for attack in &verdict.attacks {
                for (rule, delay) in &attack.alerts {
                    by_rule
                        .get_mut(&**rule)
                        .into_iter()
                        .for_each(|score| score.delays.push(*delay));
                }
            }
            if scenario.expectation.kind == Kind::Quiet {
                quiet.days += verdict.span_ms as f64 / DAY_MS;
                quiet.events += verdict.events;
                quiet.alerts += verdict.alerts.len();
            }
        }
        let finished = |(name, score): (String, Score)| score.finished(name, quiet.days);
        Self {
            passed: verdicts.iter().all(Verdict::is_passed),
            scenarios: scenarios.iter().zip(verdicts).map(scenario_score).collect(),
            detectors: by_detector.into_iter().map(finished).collect(),
            rules: by_rule
                .into_iter()
                .map(|(name, score)| finished((name.to_owned(), score)))
                .collect(),
            quiet,
        }
    }
}

type Change<'c> = dyn FnMut(&str, &dyn Fn(&mut Score)) + 'c;

/// Counts every expected and every actual alert, by its rule and by its detector.
fn add_alerts(scenario: &Scenario, verdict: &Verdict, both: &mut Change<'_>) {
    for at in &verdict.right {
        both(rule_of(&verdict.alerts[*at]), &|score| {
            score.true_positives += 1
        });
    }
    for rule in &verdict.missing {
        both(rule, &|score| score.missed += 1);
    }
    for at in &verdict.unexpected {
        both(rule_of(&verdict.alerts[*at]), &|score| {
            score.false_positives += 1;
        });
    }
    if scenario.expectation.kind == Kind::Quiet {
        for alert in &verdict.alerts {
            both(rule_of(alert), &|score| score.quiet_alerts += 1);
        }
    }
}

fn add_attacks(verdict: &Verdict, score: &mut Score) {
    let attacks = score.attacks.get_or_insert_default();
    for attack in &verdict.attacks {
        attacks.all += 1;
        attacks.found += usize::from(attack.first().is_some());
        score.delays.extend(attack.first());
    }
}

impl Score {
    fn finished(mut self, name: String, quiet_days: f64) -> Self {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        self.name = name;
        self.precision = share(
            self.true_positives,
            self.true_positives + self.false_positives,
        );
        self.recall = match self.attacks {
            Some(attacks) => share(attacks.found, attacks.all),
            None => share(self.true_positives, self.true_positives + self.missed),
        };
        self.time_to_alert = Spread::of(&self.delays);
        self.alerts_per_quiet_day =
            (quiet_days > 0.0).then(|| self.quiet_alerts as f64 / quiet_days);
        self
    }
}

fn scenario_score((scenario, verdict): (&Scenario, &Verdict)) -> ScenarioScore {
    let expectation = &scenario.expectation;
    let attacks = verdict.attacks.iter();
    ScenarioScore {
        family: scenario.family.clone(),
        name: scenario.name.clone(),
        folder: scenario.folder.display().to_string(),
        about: expectation.about.clone(),
        kind: expectation.kind,
        passed: verdict.is_passed(),
        events: verdict.events,
        alerts: verdict.alerts.len(),
        attacks: attacks
            .map(|attack| (attack.name.clone(), attack.first()))
            .collect(),
        differences: verdict.differences.clone(),
        took: verdict.took,
    }
}

fn name_of(rule: &CorrelationRule) -> &str {
    rule.meta.name.as_deref().unwrap_or(&rule.meta.id)
}

/// The folder in which the rule's file lies.
fn detector_of(rule: &CorrelationRule) -> String {
    let folder = Path::new(&*rule.meta.path)
        .parent()
        .and_then(Path::file_name);
    folder.unwrap_or_default().to_string_lossy().into_owned()
}
