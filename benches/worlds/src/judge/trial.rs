//! An attack on a world: whether it is found, after how much, and how often it is told.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::anyhow;
use detector_core::engine::LATENESS_MAX_MS;
use detector_core::rule::{CorrelationIx, RuleSet};
use detector_core::window::Windows;

use super::finding::Finding;
use super::incidents;
use super::quiet::{Quiet, evaluate, parents};
use super::states::{Place, States};
use crate::attacks::{Attack, Record};
use crate::lines::Line;
use crate::moment::DAY;

#[derive(Debug, Clone, serde::Serialize)]
pub struct Trial {
    pub attack: Record,
    /// Findings of medium level or above that are there since the attack, by rule.
    pub rules: Vec<String>,
    /// Of a lower level.
    pub low: usize,
    /// Findings that were there and only grew.
    pub swelled: usize,
    /// New ones to which the attack gave less than a tenth of the events: it tipped what was near firing, and is not found.
    pub tipped: usize,
    /// How many incidents these make.
    pub incidents: usize,
    /// The attacker's deeds, and milliseconds from the first of them, until the first finding is told.
    pub after_events: Option<u64>,
    pub after_ms: Option<i64>,
}

impl Trial {
    pub fn is_found(&self) -> bool {
        !self.rules.is_empty()
    }
}

/// The part of a finding's events that must be an attacker's deeds.
const SHARE_MIN: f64 = 0.1;

/// A group of a parent has the key of its child's where both group by the same.
fn ancestors(rules: &RuleSet, place: Place, into: &mut BTreeSet<Place>) {
    for parent in parents(rules, place.0) {
        if into.insert((parent, place.1)) {
            ancestors(rules, (parent, place.1), into);
        }
    }
}

/// Whether a parent sees several groups of this rule as one.
fn unites(rules: &RuleSet, child: u32) -> bool {
    let fields = |rule: u32| rules.correlations[rule as usize].group_by.len();
    parents(rules, child).any(|parent| fields(parent) < fields(child) || unites(rules, parent))
}

/// What is found in the groups that the attack touches, united with those of the world.
fn united(quiet: &Quiet<'_>, lines: &[Line]) -> anyhow::Result<Vec<Finding>> {
    let rules = quiet.engine.rules();
    let attack = States::of_lines(quiet.engine, lines.iter().map(|line| &*line.text));
    let touched: HashSet<u128> = attack.places().map(|(_, group)| group).collect();
    let bears = |place: &&Place| touched.contains(&place.1) || unites(rules, place.0);
    let mut more: BTreeSet<Place> = quiet.children.iter().filter(bears).copied().collect();
    for place in attack.places() {
        ancestors(rules, place, &mut more);
    }
    let children: Vec<Place> = more.iter().copied().collect();
    for place in children {
        ancestors(rules, place, &mut more);
    }
    let attack = attack.sorted();
    let first = evaluate(quiet.engine, attack.united(&quiet.states, &more))?;
    // Parents may group by less than their children: what is known of those that showed is united, too.
    let before = more.len();
    more.extend(first.iter().map(|finding| finding.place));
    if more.len() == before {
        return Ok(first);
    }
    evaluate(quiet.engine, attack.united(&quiet.states, &more))
}

fn overlaps(a: &Finding, b: &Finding) -> bool {
    a.opened_at <= b.quiet_until && b.opened_at <= a.quiet_until
}

/// Tries one attack.
///
/// # Errors
/// The state of the windows cannot be read back.
fn trial(quiet: &Quiet<'_>, attack: &Attack) -> anyhow::Result<Trial> {
    let (lines, record, deeds) = attack.launch(&quiet.world);
    let mut trial = Trial {
        attack: record,
        rules: Vec::new(),
        low: 0,
        swelled: 0,
        tipped: 0,
        incidents: 0,
        after_events: None,
        after_ms: None,
    };
    let rules = quiet.engine.rules();
    let windows = Windows::new(rules);
    let mut new = Vec::new();
    let (start, end) = (trial.attack.start, trial.attack.end + DAY);
    for finding in united(quiet, &lines)? {
        if !finding.pages
            || !(start..=end).contains(&finding.opened_at) && finding.held_until < start
        {
            continue;
        }
        let mut known = quiet
            .findings
            .iter()
            .filter(|known| known.place == finding.place);
        if let Some(known) = known.find(|known| overlaps(known, &finding)) {
            let is_more = finding.count > known.count || finding.opened_at < known.opened_at;
            trial.swelled += usize::from(is_more);
            continue;
        }
        if !finding.matters() {
            trial.low += 1;
            continue;
        }
        let first = deeds.partition_point(|deed| *deed < finding.first_event);
        let last = deeds.partition_point(|deed| *deed <= finding.held_until);
        if (last.saturating_sub(first) as f64) < SHARE_MIN * finding.count as f64 {
            trial.tipped += 1;
            continue;
        }
        let waits = match windows.is_monotone(CorrelationIx(finding.place.0)) {
            true => 0,
            false => {
                let rule = &rules.correlations[finding.place.0 as usize];
                LATENESS_MAX_MS + rule.window.looks_ahead_ms()
            }
        };
        let told_at = finding.opened_at + waits;
        let events = deeds.partition_point(|deed| *deed <= told_at) as u64;
        trial.after_events = Some(trial.after_events.map_or(events, |other| other.min(events)));
        let after = told_at - start;
        trial.after_ms = Some(trial.after_ms.map_or(after, |other| other.min(after)));
        new.push(finding);
    }
    trial.incidents = incidents::count(new.iter());
    trial.rules = new.into_iter().map(|finding| finding.rule).collect();
    trial.rules.sort();
    Ok(trial)
}

/// Tries each attack that a log can show, and lists the others; in their order.
///
/// # Errors
/// As [`trial`].
pub fn trials(quiet: &Quiet<'_>, attacks: &[Attack], threads: usize) -> anyhow::Result<Vec<Trial>> {
    let next = AtomicUsize::new(0);
    let hand = || -> anyhow::Result<Vec<(usize, Trial)>> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(attack) = attacks.get(at) else {
                return Ok(done);
            };
            done.push((at, trial(quiet, attack)?));
        }
    };
    let mut all = Vec::new();
    thread::scope(|scope| {
        let hands: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(hand)).collect();
        for hand in hands {
            all.extend(hand.join().map_err(|_| anyhow!("a trial panicked"))??);
        }
        anyhow::Ok(())
    })?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, trial)| trial).collect())
}
