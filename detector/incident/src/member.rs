//! What incidents know of an episode.

use detector_rule::CorrelationRule;
use detector_window::episode::Episode;

use crate::crowd::Crowd;
use crate::entities::Entity;
use crate::link::{Linking, Links, groups_by_somebody};

/// An episode, as far as incidents are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// When it held, from the first moment to the last of each time, in milliseconds and in their order.
    pub held: Vec<(i64, i64)>,
    pub links: Links,
    /// Whether its group is nobody who did it or fell to it.
    pub is_over_place: bool,
    /// With whom it is one without a link.
    pub crowd: Option<Crowd>,
}

impl Member {
    /// An episode of the rule, with what it says of whom.
    pub fn new(
        linking: &Linking,
        rule: &CorrelationRule,
        episode: &Episode,
        entities: &[Entity],
    ) -> Self {
        Self {
            held: (episode.holding.iter())
                .map(|of| (of.start, of.end))
                .collect(),
            links: linking.links(rule, episode, entities),
            is_over_place: !groups_by_somebody(rule),
            crowd: Crowd::of(rule, episode.group),
        }
    }

    pub(crate) fn is_near(&self, other: &Self, gap_ms: i64) -> bool {
        let is_near = |one| other.held.iter().any(|of| are_near(one, *of, gap_ms));
        self.held.iter().any(|of| is_near(*of))
    }
}

/// Whether the pause between two times is at most `gap_ms`.
pub(crate) fn are_near(one: (i64, i64), other: (i64, i64), gap_ms: i64) -> bool {
    one.0.saturating_sub(other.1) <= gap_ms && other.0.saturating_sub(one.1) <= gap_ms
}
