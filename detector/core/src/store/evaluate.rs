//! A group's stored item and a batch's deltas to its new item, its known episodes and what its parents see of them.

use std::sync::Arc;

use crate::rule::CorrelationIx;
use crate::store::effect::Announcement;
use crate::store::identity::{self, EpisodeId};
use crate::store::item::{Item, ItemKey, Mark, RecordedEpisode, STATE_BYTES_MAX};
use crate::store::plan::{Plan, RuleFacts};
use crate::store::work::{GroupRef, Work};
use crate::window::Windows;
use crate::window::episode::Episode;
use crate::window::interval::Interval;
use crate::window::kind::ChildView;
use crate::window::version::StateError;

/// A group as it is to be stored.
#[derive(Debug)]
pub(crate) struct Evaluated {
    pub(crate) item: Item,
    /// The version it was read with.
    pub(crate) read: Option<u64>,
    pub(crate) is_changed: bool,
    /// It forgot moments that late events may still bear on.
    pub(crate) is_shortened: bool,
    /// What no further hit can take back.
    pub(crate) known: Vec<Arc<Episode>>,
    /// The known episodes whose openings no further hit can move.
    pub(crate) opened: Vec<Arc<Episode>>,
}

/// What a group's new item is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'g> {
    pub(crate) stored: Option<&'g Item>,
    pub(crate) work: &'g Work,
    /// Of a sweep.
    pub(crate) watermark: Option<i64>,
    pub(crate) swept_to: Option<i64>,
}

/// Unites, judges as far as the watermark allows and records. `None`: there is no such group, and nothing to add.
pub(crate) fn evaluate(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    given: Given<'_>,
) -> Result<Option<Evaluated>, StateError> {
    let Given { stored, work, .. } = given;
    let stored_state = stored.map(|item| item.state.as_slice());
    let states: Vec<&[u8]> = stored_state
        .into_iter()
        .chain(work.states.iter().map(Vec::as_slice))
        .collect();
    if states.is_empty() {
        return Ok(None);
    }
    // What waits to be announced may not be forgotten.
    let is_told = stored.is_none_or(|item| !item.has_unpublished());
    let watermark = given.swept_to.filter(|_| is_told);
    let united = windows.unite(rule, group, &states, watermark)?;
    let facts = plan.facts(rule);
    let judged_before = stored.map(|item| item.judged_to);
    let judged_to = [judged_before, given.watermark, united.forgotten_to];
    let judged_to = judged_to.into_iter().flatten().max().unwrap_or(i64::MIN);
    let known_to = match facts.is_monotone {
        true => i64::MAX,
        false => judged_to,
    };
    let known: Vec<Arc<Episode>> = united
        .episodes
        .iter()
        .filter_map(|e| clipped(e, known_to))
        .map(Arc::new)
        .collect();
    let mut episodes = stored.map_or_else(Vec::new, |item| item.episodes.clone());
    record(plan, (rule, group), &known, &mut episodes);
    // No current episode can be one that ended in what is forgotten.
    let is_current = |e: &RecordedEpisode| united.forgotten_to.is_none_or(|to| e.span.end > to);
    episodes.retain(|e| is_current(e) || e.mark == Mark::Unpublished);
    let held_until = united.episodes.last().map_or(i64::MIN, Episode::held_until);
    let mut item = Item {
        version: 0,
        state: united.state,
        episodes,
        judged_to,
        settled_to: stored.map_or(i64::MIN, |item| item.settled_to),
        due: None,
        latest: stored
            .map_or(held_until, |item| item.latest.max(held_until))
            .max(work.latest),
        expires_at: None,
    };
    let is_shortened = item.state.len() > STATE_BYTES_MAX;
    if is_shortened {
        item.state = shortened(plan, windows, (rule, group), &item)?;
    }
    schedule(plan, facts, &mut item, &united.episodes);
    let read = stored.map(|item| item.version);
    item.version = next_version(read, item.latest);
    let is_changed = stored.is_none_or(|stored| !item.equals_but_version(stored));
    let is_open = |e: &&Arc<Episode>| e.opened_at < judged_to;
    Ok(Some(Evaluated {
        is_changed,
        is_shortened,
        read,
        opened: known.iter().filter(is_open).cloned().collect(),
        known,
        item,
    }))
}

fn record(
    plan: &Plan<'_>,
    (rule, group): GroupRef,
    known: &[Arc<Episode>],
    episodes: &mut Vec<RecordedEpisode>,
) {
    let rule_id = &plan.rules.correlations[rule.0 as usize].meta.id;
    for episode in known {
        let span = span(episode);
        identity::record(episodes, span, || {
            EpisodeId::first_known_as(rule_id, group, span.start)
        });
    }
}

/// The state of `item` without its oldest moments, as few as make it fit. What comes late for them is not counted. An
/// episode that waits to be announced is kept.
fn shortened(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    item: &Item,
) -> Result<Vec<u8>, StateError> {
    let unpublished = item.episodes.iter().filter(|e| e.mark == Mark::Unpublished);
    let kept_from = unpublished.map(|e| e.span.start).min().unwrap_or(i64::MAX);
    let mut state = item.state.clone();
    let mut kept_ms = plan.facts(rule).retention_ms + plan.times.lateness_ms;
    while state.len() > STATE_BYTES_MAX && kept_ms > 0 {
        let watermark = item.latest.saturating_sub(kept_ms).min(kept_from);
        state = windows
            .unite(rule, group, &[&state], Some(watermark))?
            .state;
        kept_ms /= 2;
    }
    Ok(state)
}

/// An item that has been forgotten and begins again goes on from a higher version, or else a write from before could
/// mistake the new one for the old: it begins at a time that is later than all that the old one knew.
pub(crate) fn next_version(read: Option<u64>, latest: i64) -> u64 {
    match read {
        Some(version) => version + 1,
        None => u64::try_from(latest).unwrap_or(0) + 1,
    }
}

/// Notes that the parents have been handed what was judged before `judged_to`, and when to look again.
pub(crate) fn settle(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    item: &mut Item,
    settled_to: i64,
) -> Result<(), StateError> {
    let united = windows.unite(rule, group, &[&item.state], None)?;
    item.settled_to = item.settled_to.max(settled_to);
    schedule(plan, plan.facts(rule), item, &united.episodes);
    Ok(())
}

/// When the item is due, and when it can be forgotten.
fn schedule(plan: &Plan<'_>, facts: &RuleFacts, item: &mut Item, episodes: &[Episode]) {
    let from = item.settled_to;
    let undecided = if !facts.is_monotone {
        // The first moment not settled at which it holds as things stand.
        let intervals = episodes.iter().flat_map(|e| &e.holding);
        let holds = intervals
            .filter(|i| i.end > from)
            .map(|i| i.start.max(from));
        holds.min()
    } else if facts.openings_are_counted {
        episodes
            .iter()
            .map(|e| e.opened_at)
            .find(|opened| *opened >= from)
    } else {
        None
    };
    // Whoever recorded it announces it, or a redelivery does; the last resort comes after both.
    let unannounced = item.has_unpublished().then_some(item.latest);
    item.due = undecided.into_iter().chain(unannounced).min();
    let kept = facts.retention_ms + plan.times.lateness_ms;
    item.expires_at = item.due.is_none().then(|| item.latest.saturating_add(kept));
}

fn span(episode: &Episode) -> Interval {
    Interval::new(episode.opened_at, episode.held_until())
}

/// The episode before `end`.
fn clipped(episode: &Episode, end: i64) -> Option<Episode> {
    if episode.opened_at >= end {
        return None;
    }
    let mut clipped = episode.clone();
    clipped.holding.retain(|i| i.start < end);
    for interval in &mut clipped.holding {
        interval.end = interval.end.min(end);
    }
    // What is left of it may begin later, where the rest is forgotten.
    (!clipped.holding.is_empty()).then_some(clipped)
}

impl Evaluated {
    /// What waits to be announced: by this batch or by one that did not come to it.
    pub(crate) fn announcements(
        &self,
        plan: &Plan<'_>,
        (rule, group): GroupRef,
        children: &[Arc<Episode>],
    ) -> Vec<Announcement> {
        let mut announcements = Vec::new();
        for recorded in &self.item.episodes {
            if recorded.mark != Mark::Unpublished {
                continue;
            }
            let is_it = |e: &&Arc<Episode>| {
                e.held_until() > recorded.span.start && e.opened_at < recorded.span.end
            };
            let Some(current) = self.known.iter().find(is_it) else {
                continue;
            };
            let key = ItemKey {
                rule: plan.key_of(rule),
                group,
            };
            announcements.push(Announcement {
                key,
                rule,
                id: recorded.id,
                episode: told(plan, rule, current, children),
            });
        }
        announcements
    }

    /// Shows the parents what is known. `sink` is given their deltas.
    pub(crate) fn show_parents(
        &self,
        rule: CorrelationIx,
        scratch: &mut Windows<'_>,
        sink: &mut dyn FnMut(GroupRef, &[u8]),
    ) {
        for episode in &self.known {
            scratch.show_child(rule, episode, ChildView::HoldingIntervals);
        }
        for episode in &self.opened {
            scratch.show_child(rule, episode, ChildView::Episodes);
        }
        scratch.drain_encoded(&mut |parent, group, state| sink((parent, group), state));
    }
}

/// The episode with what its children add to its counts and evidence.
fn told(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    episode: &Episode,
    children: &[Arc<Episode>],
) -> Episode {
    let timespan_ms = plan.rules.correlations[rule.0 as usize].timespan_ms;
    let (after, before) = (episode.opened_at - timespan_ms, episode.held_until());
    let mut told = episode.clone();
    for child in children {
        if child.opened_at < before && child.held_until() > after {
            told.include(child);
        }
    }
    if told.first_event > told.last_event {
        // All its hits are its children's, none of which this batch has seen.
        (told.first_event, told.last_event) = (told.opened_at, told.opened_at);
    }
    told
}
