//! What an episode says of whom: the values of its rule's entities.

use std::sync::Arc;

use detector_rule::{CorrelationRule, EntityKind, EntityRole, EntitySource, FieldTag};
use detector_window::episode::Episode;
use detector_window::key::Key;

/// Somebody or something that an episode is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    pub role: EntityRole,
    pub kind: EntityKind,
    /// The field or alias, as the rule calls it.
    pub field: Arc<str>,
    /// As the log has it; where people are hidden, what stands for it.
    pub value: String,
    /// Of its kind and its value in the log: equal where two are the same, whatever stands for them.
    pub key: Key,
    /// When an event first had it, in milliseconds. `None`: the rule groups by it, and the episode never has another value.
    pub seen_at: Option<i64>,
}

/// The entities of an episode, in the order of its rule's; a value that the log does not have is left out.
pub fn of_episode(rule: &CorrelationRule, episode: &Episode) -> Vec<Entity> {
    let mut entities = Vec::new();
    for of in &rule.entities {
        let mut add = |value: &str, seen_at: Option<i64>| {
            if value.is_empty() {
                return;
            }
            let kind = kind_of(of.kind, value);
            entities.push(Entity {
                role: of.role,
                kind,
                field: Arc::clone(&of.field),
                value: value.to_owned(),
                key: Key::of_texts([kind.name(), value]),
                seen_at,
            });
        };
        match of.source {
            EntitySource::Group(place) => {
                if let Some(value) = episode.values.get(place) {
                    add(value, None);
                }
            }
            EntitySource::Shown => {
                let tag = FieldTag::of(&of.field);
                let own = episode.shown.iter().filter(|shown| shown.field == tag);
                own.for_each(|shown| add(&shown.text, Some(shown.time)));
            }
        }
    }
    entities
}

/// Where a log has no name of who acts, it may have an address in the same place.
fn kind_of(kind: EntityKind, value: &str) -> EntityKind {
    let is_name = matches!(
        kind,
        EntityKind::User | EntityKind::Sub | EntityKind::Principal
    );
    match is_name && value.parse::<std::net::IpAddr>().is_ok() {
        true => EntityKind::Address,
        false => kind,
    }
}
