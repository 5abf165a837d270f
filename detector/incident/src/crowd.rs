//! Many of whom one rule alerts at once: a botnet is one attack, though each of its addresses has an alert of its own.

use std::sync::Arc;

use detector_rule::{CorrelationRule, EntityRole, EntitySource, Level};
use detector_window::key::Key;

/// A crowd of somebodies has so many. Fewer may meet by chance.
const SOMEBODIES_MIN: usize = 5;

/// A crowd of places of which nobody is known has so many: there is nobody else to tell them apart by.
const PLACES_MIN: usize = 2;

/// Of which crowd an episode may be part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    pub(crate) rule: Arc<str>,
    pub(crate) group: Key,
    /// So many groups of the rule are one.
    pub(crate) groups_min: usize,
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
}

/// Whether all that its alerts say is where.
fn knows_nobody(rule: &CorrelationRule) -> bool {
    let is_scope = |at: usize| {
        let mut entities = rule.entities.iter();
        entities.any(|of| of.source == EntitySource::Group(at) && of.role == EntityRole::Scope)
    };
    let mut entities = rule.entities.iter();
    (0..rule.group_by.len()).all(is_scope)
        && !entities.any(|of| matches!(of.role, EntityRole::Actor | EntityRole::Opened))
}
