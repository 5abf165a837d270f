//! What people and programs are told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::incidents;
use super::quiet::Quiet;
use super::trial::Trial;
use crate::moment::{HOUR, MINUTE, SECOND};

/// A world without attack, in numbers.
#[derive(Debug, serde::Serialize)]
pub struct Told {
    pub users: u64,
    pub days: f64,
    pub events: u64,
    pub unreadable: u64,
    /// Alerts a day, by level.
    pub by_level: BTreeMap<String, f64>,
    /// Of medium level and above, without those of what was announced.
    pub per_day: f64,
    /// How many incidents these make.
    pub incidents_per_day: f64,
    /// Alerts in all, by level, rule and cause, most first.
    pub by_rule_and_cause: Vec<Row>,
    pub attacks: Vec<Trial>,
}

#[derive(Debug, serde::Serialize)]
pub struct Row {
    pub level: String,
    pub rule: String,
    pub cause: String,
    pub is_announced: bool,
    pub alerts: u64,
}

impl Told {
    pub fn of(quiet: &Quiet<'_>, attacks: Vec<Trial>) -> Self {
        let days = quiet.world.days();
        let mut rows: BTreeMap<(String, String, String, bool), u64> = BTreeMap::new();
        let (mut by_level, mut mattering) = (BTreeMap::new(), 0.0);
        for (finding, blamed) in quiet.findings.iter().zip(&quiet.blamed) {
            if !finding.pages {
                continue;
            }
            let level = finding.level_name().to_owned();
            *by_level.entry(level.clone()).or_insert(0.0) += 1.0 / days;
            if finding.matters() && !blamed.is_announced {
                mattering += 1.0 / days;
            }
            let row = (
                level,
                finding.rule.clone(),
                blamed.kind.clone(),
                blamed.is_announced,
            );
            *rows.entry(row).or_default() += 1;
        }
        let both = quiet.findings.iter().zip(&quiet.blamed);
        let mattering_ones =
            both.filter(|(finding, blamed)| finding.matters() && !blamed.is_announced);
        let mattering_ones = mattering_ones.map(|(finding, _)| finding);
        let row = |((level, rule, cause, is_announced), alerts)| Row {
            level,
            rule,
            cause,
            is_announced,
            alerts,
        };
        let mut by_rule_and_cause: Vec<Row> = rows.into_iter().map(row).collect();
        by_rule_and_cause.sort_by_key(|row| std::cmp::Reverse(row.alerts));
        Self {
            users: quiet.world.users,
            days,
            events: quiet.counted.events,
            unreadable: quiet.counted.unreadable,
            by_level,
            per_day: mattering,
            incidents_per_day: incidents::count(mattering_ones) as f64 / days,
            by_rule_and_cause,
            attacks,
        }
    }

    /// How many attacks are found.
    pub fn found(&self) -> usize {
        self.attacks.iter().filter(|trial| trial.is_found()).count()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} users, {} days, {} events ({} unreadable)",
            self.users, self.days, self.events, self.unreadable
        );
        let _ = writeln!(
            out,
            "\nalerts a day without any attack: {:.2} of medium level and above, but for what was announced; {:.2} incidents",
            self.per_day, self.incidents_per_day
        );
        for (level, per_day) in &self.by_level {
            let _ = writeln!(out, "{per_day:>10.2}  {level}");
        }
        let _ = writeln!(out, "\nalerts in all, by rule and cause");
        for row in &self.by_rule_and_cause {
            let announced = if row.is_announced { " (announced)" } else { "" };
            let _ = writeln!(
                out,
                "{:>10}  {:<14}{:<44}{}{announced}",
                row.alerts, row.level, row.rule, row.cause
            );
        }
        if !self.attacks.is_empty() {
            self.attacks_text(&mut out);
        }
        out
    }

    fn attacks_text(&self, out: &mut String) {
        let visible: Vec<&Trial> = self
            .attacks
            .iter()
            .filter(|trial| trial.attack.is_visible)
            .collect();
        let found: Vec<&Trial> = visible
            .iter()
            .copied()
            .filter(|trial| trial.is_found())
            .collect();
        let _ = writeln!(
            out,
            "\nattacks found: {} of {} that logs can show ({} cannot be seen in any)",
            found.len(),
            visible.len(),
            self.attacks.len() - visible.len()
        );
        for threat in ["t1", "t2", "t3", "t4", "t6", "t7", "t8"] {
            let of_it = |trials: &[&Trial]| {
                trials
                    .iter()
                    .filter(|trial| trial.attack.name.starts_with(threat))
                    .count()
            };
            let _ = writeln!(
                out,
                "{:>10}  of {:>3}  {threat}",
                of_it(&found),
                of_it(&visible)
            );
        }
        let mut events: Vec<u64> = found
            .iter()
            .filter_map(|trial| trial.after_events)
            .collect();
        let sorted = |of: &dyn Fn(&Trial) -> usize| {
            let mut numbers: Vec<usize> = found.iter().map(|trial| of(trial)).collect();
            numbers.sort_unstable();
            numbers
        };
        let alerts = sorted(&|trial| trial.rules.len());
        let incidents = sorted(&|trial| trial.incidents);
        events.sort_unstable();
        let _ = writeln!(
            out,
            "events until found: median {}, worst {}",
            middle(&events),
            events.last().copied().unwrap_or_default()
        );
        let _ = writeln!(
            out,
            "alerts for one attack: median {}, worst {}",
            middle(&alerts),
            alerts.last().copied().unwrap_or_default()
        );
        let _ = writeln!(
            out,
            "incidents of one attack: median {}, worst {}; {} attacks are more than one",
            middle(&incidents),
            incidents.last().copied().unwrap_or_default(),
            incidents.iter().filter(|number| **number > 1).count()
        );
        let _ = writeln!(
            out,
            "\n    events   found after      alerts  incidents  swelled  tipped   low  attack"
        );
        self.attacks.iter().for_each(|trial| row(trial, out));
    }
}

/// Rules of one attack that are shown.
const RULES_SHOWN: usize = 4;

fn row(trial: &Trial, out: &mut String) {
    let after = match (trial.attack.is_visible, trial.after_events, trial.after_ms) {
        (false, ..) => "not in any log".to_owned(),
        (true, Some(events), Some(ms)) => format!("{events} in {}", length(ms)),
        _ => "-".to_owned(),
    };
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in &trial.rules {
        *rules.entry(rule).or_default() += 1;
    }
    let shown = rules.iter().take(RULES_SHOWN);
    let rules: Vec<String> = shown
        .map(|(rule, count)| format!("{rule} {count}"))
        .collect();
    let _ = writeln!(
        out,
        "{:>10}   {:<17}{:>5}{:>11}{:>9}{:>8}{:>6}  {:<32} {}",
        trial.attack.events,
        after,
        trial.rules.len(),
        trial.incidents,
        trial.swelled,
        trial.tipped,
        trial.low,
        trial.attack.name,
        rules.join(", ")
    );
}

fn middle<T: Copy + Default>(sorted: &[T]) -> T {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn length(ms: i64) -> String {
    match ms {
        ms if ms >= HOUR => format!("{}h{:02}m", ms / HOUR, ms % HOUR / MINUTE),
        ms if ms >= MINUTE => format!("{}m{:02}s", ms / MINUTE, ms % MINUTE / SECOND),
        ms => format!("{:.1}s", ms as f64 / SECOND as f64),
    }
}
