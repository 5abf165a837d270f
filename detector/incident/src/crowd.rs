//! Many of whom one rule alerts at once: a botnet is one attack, though each of its addresses has an alert of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use detector_rule::{CorrelationRule, EntityRole, EntitySource, Level};
use detector_window::key::Key;

use crate::member::Member;

/// A crowd of somebodies has so many. Fewer may meet by chance.
const SOMEBODIES_MIN: usize = 5;

/// A crowd of places of which nobody is known has so many: there is nobody else to tell them apart by.
const PLACES_MIN: usize = 2;

/// Of which crowd an episode may be part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    rule: Arc<str>,
    group: Key,
    /// So many groups of the rule are one.
    groups_min: usize,
}

impl Crowd {
    /// `None`: of none. What a detection rule tells by itself, or is of low level, happens to many at a time.
    pub(crate) fn of(rule: &CorrelationRule, group: Key) -> Option<Self> {
        let groups_min = match knows_nobody(rule) {
            true => PLACES_MIN,
            false if rule.stands_for.is_some() || rule.meta.level < Some(Level::Medium) => {
                return None;
            }
            false => SOMEBODIES_MIN,
        };
        Some(Self {
            rule: Arc::clone(&rule.meta.id),
            group,
            groups_min,
        })
    }
}

/// Whether all that its alerts say is where.
fn knows_nobody(rule: &CorrelationRule) -> bool {
    let is_scope = |at: usize| {
        let mut entities = rule.entities.iter();
        entities.any(|of| of.source == EntitySource::Group(at) && of.role == EntityRole::Scope)
    };
    let mut entities = rule.entities.iter();
    (0..rule.group_by.len()).all(is_scope)
        && rule.stands_for.is_none()
        && !entities.any(|of| matches!(of.role, EntityRole::Actor | EntityRole::Opened))
}

/// Of each crowd: the places of its members. It only grows with what is known.
pub(crate) fn crowds(members: &[Member], gap_ms: i64) -> Vec<Vec<usize>> {
    let mut by_rule: BTreeMap<&str, Vec<(i64, i64, usize)>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(crowd) = &member.crowd {
            let held = member
                .held
                .iter()
                .map(|(start, until)| (*start, *until, at));
            by_rule.entry(&crowd.rule).or_default().extend(held);
        }
    }
    let mut crowds = Vec::new();
    for mut times in by_rule.into_values() {
        times.sort_unstable();
        let mut until = i64::MIN;
        // Times with no longer pause than the gap.
        let mut stretch: Vec<usize> = Vec::new();
        for (start, end, at) in times {
            if start.saturating_sub(until) > gap_ms {
                crowds.extend(crowd(members, std::mem::take(&mut stretch)));
            }
            until = until.max(end);
            stretch.push(at);
        }
        crowds.extend(crowd(members, stretch));
    }
    crowds
}

/// The members, where they are enough.
fn crowd(members: &[Member], at_once: Vec<usize>) -> Option<Vec<usize>> {
    let of = |at: &usize| members[*at].crowd.as_ref();
    let groups: BTreeSet<Key> = at_once.iter().filter_map(of).map(|it| it.group).collect();
    let groups_min = at_once.iter().find_map(of)?.groups_min;
    (groups.len() >= groups_min).then_some(at_once)
}
