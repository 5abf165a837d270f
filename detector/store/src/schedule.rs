//! When a sweep looks at an item, and when the item can be forgotten.

use crate::children;
use crate::item::Item;
use crate::plan::{Plan, RuleFacts};
use crate::recorded::{Mark, RecordedEpisode};
use crate::work::GroupRef;
use detector_rule::CorrelationIx;
use detector_window::Windows;
use detector_window::episode::Episode;
use detector_window::group::United;
use detector_window::interval::Interval;
use detector_window::version::StateError;

/// Notes that the parents have been handed what was judged before `settled_to`, and when to look again.
pub(crate) fn settle(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    item: &mut Item,
    settled_to: i64,
) -> Result<(), StateError> {
    let united = windows.unite(rule, group, &[&item.state], None)?;
    item.settled_to = item.settled_to.max(settled_to);
    schedule(plan, rule, item, &united.episodes);
    Ok(())
}

/// When the item is due, and when it can be forgotten. `episodes` are those of its state.
pub(crate) fn schedule(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    item: &mut Item,
    episodes: &[Episode],
) {
    let facts = plan.facts(rule);
    let undecided = undecided(facts, item.settled_to, episodes);
    // Whoever recorded it announces it, or a redelivery does; the last resort comes after both.
    let unannounced = item.has_unpublished().then_some(item.latest);
    let ends = item
        .episodes
        .iter()
        .filter_map(|recorded| match recorded.mark {
            Mark::Unpublished | Mark::Published => {
                Some(closes_at(plan, rule, item, recorded, episodes))
            }
            Mark::Closed | Mark::MergedInto(_) => None,
        });
    let decided = undecided.into_iter().chain(ends);
    let decided = decided.map(|at| at.saturating_add(facts.lag_ms));
    item.due = decided.chain(unannounced).min();
    let kept = facts.retention_ms + plan.times.lateness_ms;
    item.expires_at = item.due.is_none().then(|| item.latest.saturating_add(kept));
}

/// Forgets the children of what the state has forgotten: no end waits for these.
pub(crate) fn forget_children(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    item: &mut Item,
    united: &United,
) {
    if let Some(forgotten_to) = united.forgotten_to {
        let recorded = item.episodes.iter().map(|e| e.span);
        let all = recorded.chain(united.episodes.iter().map(span));
        children::forget(plan, rule, &mut item.children, (forgotten_to, all));
    }
}

/// The first moment, from `from` on, about which the watermark decides.
fn undecided(facts: &RuleFacts, from: i64, episodes: &[Episode]) -> Option<i64> {
    if !facts.is_monotone {
        // The first moment not settled at which it holds as things stand.
        let intervals = episodes.iter().flat_map(|e| &e.holding);
        let holds = intervals
            .filter(|i| i.end > from)
            .map(|i| i.start.max(from));
        return holds.min();
    }
    let mut openings = episodes.iter().map(|e| e.opened_at);
    openings.find(|opened| facts.openings_are_counted && *opened >= from)
}

/// The last moment that the watermark has to pass before the end can be told, as things stand.
fn closes_at(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    item: &Item,
    recorded: &RecordedEpisode,
    episodes: &[Episode],
) -> i64 {
    let current = episodes.iter().rfind(|e| recorded.overlaps(e));
    let span = current.map_or(recorded.span, span);
    let over_at = span.end.saturating_add(quiet_ms(plan, rule));
    let awaited = match item.is_patient() {
        true => children::awaited(plan, rule, &item.children, span),
        false => None,
    };
    awaited.map_or(over_at, |awaited| awaited.max(over_at))
}

/// Whether an episode with this span is over, for all that `known_to` says: nothing before it is still to come.
pub(crate) fn is_over(plan: &Plan<'_>, rule: CorrelationIx, span: Interval, known_to: i64) -> bool {
    span.end.saturating_add(quiet_ms(plan, rule)) < known_to
}

pub(crate) fn quiet_ms(plan: &Plan<'_>, rule: CorrelationIx) -> i64 {
    plan.rules.correlations[rule.0 as usize].quiet_ms
}

pub(crate) fn span(episode: &Episode) -> Interval {
    Interval::new(episode.opened_at, episode.held_until())
}
