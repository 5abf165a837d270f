//! What a recording must show and what it showed go in, what matters of the difference comes out: which incident, by which
//! rules at least, at which level, and that nothing else pages. Numbers are of no account here: they are in the golden file.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::alert::incident::{Incident, Told};
use detector_core::found::Found;

use super::comparison::{Difference, group_of, rule_of};
use super::expectation::{Attack, Expectation, Page, rank};

/// Which alert is which attack's.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// By attack: the places of the alerts of its incidents, those of the rules that must find it first.
    pub(crate) of_attacks: BTreeMap<String, Vec<usize>>,
    /// Alerts that were right: of an attack's incident, or listed.
    pub(crate) right: Vec<usize>,
    /// The rules whose alerts are missing.
    pub(crate) missing: Vec<String>,
    pub(crate) unexpected: Vec<usize>,
    pub(crate) differences: Vec<Difference>,
}

pub(crate) fn judge(expectation: &Expectation, found: &Found<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let incidents = found.incidents();
    let mut incident_of = vec![0; found.told.len()];
    for (incident, places) in found.incidents.iter().enumerate() {
        places.iter().for_each(|at| incident_of[*at] = incident);
    }
    let mut claimed: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (name, attack) in &expectation.attacks {
        let mut of_attack = BTreeSet::new();
        let mut named = Vec::new();
        for page in &attack.found_by {
            let alerts: Vec<usize> = (0..found.told.len())
                .filter(|at| {
                    is_it(page, &found.told[*at]) && is_in_time(expectation, name, &found.told[*at])
                })
                .collect();
            if alerts.is_empty() {
                judgement.missing.push(page.rule.clone());
                judgement.differences.push(Difference::NotFound {
                    attack: name.clone(),
                    by: page.to_string(),
                });
            }
            of_attack.extend(alerts.iter().map(|at| incident_of[*at]));
            named.extend(alerts);
        }
        for incident in &of_attack {
            claimed.entry(*incident).or_default().push(name);
        }
        judgement
            .differences
            .extend(differences(name, attack, &of_attack, &incidents));
        let all = of_attack
            .iter()
            .flat_map(|incident| &found.incidents[*incident])
            .copied();
        let known: BTreeSet<usize> = named.iter().copied().collect();
        named.extend(all.filter(|at| !known.contains(at)));
        judgement.of_attacks.insert(name.clone(), named);
    }
    for (at, told) in found.told.iter().enumerate() {
        let is_listed = expectation.pages.iter().any(|page| is_it(page, told));
        match is_listed || claimed.contains_key(&incident_of[at]) {
            true => judgement.right.push(at),
            false => {
                judgement.unexpected.push(at);
                judgement
                    .differences
                    .push(Difference::Unexpected { alert: shown(told) });
            }
        }
    }
    for page in &expectation.pages {
        if !found.told.iter().any(|told| is_it(page, told)) {
            judgement.missing.push(page.rule.clone());
            judgement.differences.push(Difference::Missing {
                alert: page.to_string(),
            });
        }
    }
    judgement
}

/// In how many incidents, and at which level.
fn differences(
    name: &str,
    attack: &Attack,
    of_attack: &BTreeSet<usize>,
    incidents: &[Incident],
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let most = attack.incidents.unwrap_or(1);
    if of_attack.len() > most {
        differences.push(Difference::Divided {
            attack: name.to_owned(),
            incidents: of_attack.len(),
            most,
        });
    }
    let level = of_attack
        .iter()
        .filter_map(|at| incidents[*at].level)
        .max_by_key(|level| rank(level));
    if let (Some(wanted), Some(level)) = (&attack.level, level)
        && rank(level) < rank(wanted)
    {
        differences.push(Difference::Level {
            attack: name.to_owned(),
            level: level.to_owned(),
            wanted: wanted.clone(),
        });
    }
    differences
}

fn is_it(page: &Page, told: &Told<'_>) -> bool {
    page.rule == rule_of(&told.alert)
        && page
            .group
            .as_ref()
            .is_none_or(|group| *group == group_of(&told.alert.group))
}

/// Of attacks that are told apart by their time alone, an alert is of the last one that had begun when it opened.
fn is_in_time(expectation: &Expectation, name: &str, told: &Told<'_>) -> bool {
    let begun = expectation.attacks.iter().filter(|(_, attack)| {
        attack.found_by.iter().any(|page| is_it(page, told))
            && attack.first_event.0 <= told.alert.opened_at
    });
    let last = begun.max_by_key(|(_, attack)| attack.first_event);
    last.is_some_and(|(last, _)| last == name)
}

fn shown(told: &Told<'_>) -> String {
    super::comparison::shown(
        rule_of(&told.alert),
        &group_of(&told.alert.group),
        &told.alert.opened_at,
    )
}
