//! An episode, as it is looked at here.

use detector_core::engine::Engine;
use detector_core::incident::entities;
use detector_core::incident::member::Member;
use detector_core::rule::{CorrelationIx, CorrelationRule};
use detector_core::window::episode::Episode;

use super::states::Place;

pub use detector_core::rule::Level;

#[derive(Debug, Clone)]
pub struct Finding {
    pub(super) place: Place,
    pub rule: String,
    pub level: Option<Level>,
    /// Whether somebody is told.
    pub pages: bool,
    pub opened_at: i64,
    pub held_until: i64,
    /// Until when it would go on with what comes next.
    pub quiet_until: i64,
    pub first_event: i64,
    pub count: u64,
    /// By what it is of an incident with others.
    pub(super) member: Member,
    /// The ids of its earliest events.
    pub(super) evidence: Vec<String>,
    /// Values of the group, and those that it shows.
    pub values: Vec<String>,
}

pub(super) fn name(rule: &CorrelationRule) -> String {
    rule.meta
        .name
        .as_deref()
        .unwrap_or(&rule.meta.title)
        .to_owned()
}

impl Finding {
    pub(super) fn of(engine: &Engine, rule: CorrelationIx, episode: &Episode) -> Self {
        let of = &engine.rules().correlations[rule.0 as usize];
        let values = episode.values.iter().map(|value| value.to_string());
        let shown = episode.shown.iter().map(|shown| shown.text.to_string());
        Self {
            place: (rule.0, episode.group.to_u128()),
            rule: name(of),
            level: of.meta.level,
            pages: of.pages,
            opened_at: episode.opened_at,
            held_until: episode.held_until(),
            quiet_until: episode.held_until() + of.quiet_ms,
            first_event: episode.first_event,
            count: episode.count,
            member: Member::new(
                engine.linking(),
                of,
                episode,
                &entities::of_episode(of, episode),
            ),
            evidence: (episode.evidence.iter())
                .map(|(_, id)| id.clone())
                .collect(),
            values: values.chain(shown).collect(),
        }
    }

    /// Whether it is told, and of medium level or above.
    pub fn matters(&self) -> bool {
        self.pages && self.level.is_none_or(|level| level >= Level::Medium)
    }

    pub fn level_name(&self) -> &'static str {
        self.level.map_or("none", Level::name)
    }
}
