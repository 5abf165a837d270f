//! Many of whom one rule alerts at once: a botnet is one attack, though each of its addresses has an alert of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use detector_rule::{CorrelationRule, EntityRole, Level};
use detector_window::key::Key;

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
        if rule.stands_for.is_some() {
            return None;
        }
        let groups_min = match knows_nobody(rule) {
            true => PLACES_MIN,
            false if rule.meta.level < Some(Level::Medium) => return None,
            false => SOMEBODIES_MIN,
        };
        Some(Self {
            rule: Arc::clone(&rule.meta.id),
            group,
            groups_min,
        })
    }

    /// The id of the rule.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    /// Whether these, which are of one rule and at once, are enough.
    pub(crate) fn is_made_of<'c>(at_once: impl Iterator<Item = &'c Crowd>) -> bool {
        let groups: BTreeMap<Key, usize> = at_once.map(|it| (it.group, it.groups_min)).collect();
        let groups_min = groups.values().next();
        groups_min.is_some_and(|groups_min| groups.len() >= *groups_min)
    }
}

/// Whether all that its alerts say is where.
fn knows_nobody(rule: &CorrelationRule) -> bool {
    let mut entities = rule.entities.iter();
    rule.groups_by_places()
        && !entities.any(|of| matches!(of.role, EntityRole::Actor | EntityRole::Opened))
}
