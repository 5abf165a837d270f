//! A group's stored item and a batch's deltas to its new item, its known episodes and what its parents see of them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::children::{self, ChildEpisode};
use crate::edition::Writer;
use crate::effect::Announcement;
use crate::identity;
use crate::item::{self, Item, STATE_BYTES_MAX};
use crate::key::ItemKey;
use crate::plan::Plan;
use crate::recorded::{EpisodeId, Mark, Notice, RecordedEpisode};
use crate::schedule::{self, is_over, quiet_ms, schedule, span};
use crate::work::{GroupRef, Work};
use detector_rule::CorrelationIx;
use detector_window::Windows;
use detector_window::episode::Episode;
use detector_window::group::United;
use detector_window::interval::Interval;
use detector_window::key::Key;
use detector_window::kind::ChildView;
use detector_window::version::StateError;

/// A group as it is to be stored.
#[derive(Debug)]
pub(crate) struct Evaluated {
    pub(crate) item: Item,
    /// The version it was read with.
    pub(crate) read: Option<u64>,
    pub(crate) is_changed: bool,
    /// It forgot moments that late events may still bear on.
    pub(crate) is_shortened: bool,
    /// It has more episodes of children than it keeps.
    pub(crate) is_crowded: bool,
    /// What no further hit can take back.
    pub(crate) known: Vec<Known>,
    /// The known episodes whose openings no further hit can move.
    opened: Vec<Arc<Episode>>,
    /// The group-by values.
    values: Vec<Box<str>>,
    /// Nothing before this is still to come.
    known_to: i64,
}

/// An episode as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) episode: Arc<Episode>,
    /// Nothing can change it any more, nor what it tells of its children.
    pub(crate) is_final: bool,
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
    let writer = plan.writer(rule);
    let stored_state = stored
        .map(|item| state_for(windows, rule, item, &writer))
        .transpose()?;
    let states: Vec<&[u8]> = (stored_state.iter().map(|state| &**state))
        .chain(work.states.iter().map(Vec::as_slice))
        .collect();
    if states.is_empty() {
        return Ok(None);
    }
    let (children, is_crowded) = with_children(plan, windows, (rule, group), given)?;
    let watermark = given
        .swept_to
        .map(|swept_to| forgettable_to(plan, rule, stored, swept_to));
    let told = children::told(&children);
    let united = windows.unite_told(rule, group, &states, watermark, told)?;
    let facts = plan.facts(rule);
    // What nobody waits for is not worth a write.
    let judges = !facts.is_monotone || facts.has_parents;
    let judged_now = given.watermark.filter(|_| judges);
    let judged_to = stored.map(|item| item.judged_to).max(judged_now);
    let judged_to = judged_to.max(united.forgotten_to).unwrap_or(i64::MIN);
    // What has no parents to be handed the outcome is settled with the judgement, and written once.
    let settled_now = judged_now.filter(|_| !facts.has_parents);
    let settled_to = stored.map(|item| item.settled_to).max(settled_now);
    let held_until = united.episodes.last().map_or(i64::MIN, Episode::held_until);
    let mut item = Item {
        version: 0,
        state: united.state.clone(),
        episodes: stored.map_or_else(Vec::new, |item| item.episodes.clone()),
        children,
        judged_to,
        settled_to: settled_to.unwrap_or(i64::MIN),
        due: None,
        latest: stored
            .map_or(held_until, |item| item.latest.max(held_until))
            .max(work.latest),
        expires_at: None,
        writer: writer.after(stored.map(|item| &item.writer)),
    };
    schedule::forget_children(plan, rule, &mut item, &united);
    let known_to = given.watermark.unwrap_or(i64::MIN).max(judged_to);
    let known = known(plan, rule, (&item, &united), known_to);
    record(plan, (rule, group), &known, &mut item.episodes);
    let is_shortened = forget(plan, windows, (rule, group), (&mut item, &united))?;
    schedule(plan, rule, &mut item, &united.episodes);
    let read = stored.map(|item| item.version);
    item.version = item::next_version(read, item.latest);
    let is_changed = stored.is_none_or(|stored| !item.says_the_same(stored));
    let opened = known.iter().map(|known| &known.episode);
    let opened = opened.filter(|e| e.opened_at < judged_to).cloned();
    Ok(Some(Evaluated {
        is_changed,
        is_shortened,
        is_crowded,
        read,
        opened: opened.collect(),
        known,
        values: united.values,
        known_to,
        item,
    }))
}

/// The state of an item, without what it absorbed too early for the reader: of that it says too little.
fn state_for<'i>(
    windows: &Windows<'_>,
    rule: CorrelationIx,
    item: &'i Item,
    reader: &Writer,
) -> Result<Cow<'i, [u8]>, StateError> {
    match item.writer.absorbed_too_early_for(reader) {
        true => Ok(windows.without_absorbed(rule, &item.state)?.into()),
        false => Ok(item.state.as_slice().into()),
    }
}

/// The children that the item keeps with those that were shown, and whether there was no room for one. A complete sweep
/// has told how a child that was over by then ended, and the group may have forgotten that since: who still shows it as
/// open has read it before, and would let the group wait for an end that does not come again.
fn with_children(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    given: Given<'_>,
) -> Result<(Vec<ChildEpisode>, bool), StateError> {
    let mut children = given
        .stored
        .map_or_else(Vec::new, |item| item.children.clone());
    let mut is_crowded = false;
    let mut ends_told_to = None;
    for child in &given.work.children {
        if !child.is_final && !children::is_known(&children, child) {
            let told_to = match ends_told_to {
                Some(told_to) => told_to,
                None => {
                    *ends_told_to.insert(self::ends_told_to(plan, windows, (rule, group), given)?)
                }
            };
            if Some(children::over_at(plan, rule, child)) < told_to {
                continue;
            }
        }
        is_crowded |= !children::take(&mut children, child);
    }
    Ok((children, is_crowded))
}

/// The watermark of a complete sweep, as far as one is known here: by the batch, by the item, or by what its state has
/// forgotten, which only such a sweep allows. A batch may be older than the item that it reads.
fn ends_told_to(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    Given {
        stored, swept_to, ..
    }: Given<'_>,
) -> Result<Option<i64>, StateError> {
    let Some(stored) = stored else {
        return Ok(swept_to);
    };
    let forgotten_to = windows
        .unite(rule, group, &[&stored.state], None)?
        .forgotten_to;
    let forgotten_after = forgotten_to.map(|to| to + quiet_ms(plan, rule) + 1);
    Ok(forgotten_after.max(swept_to).max(Some(stored.settled_to)))
}

/// How far the group may forget. An episode that is over may be forgotten only when that was told; of one that goes on
/// the state remembers the totals.
fn forgettable_to(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    stored: Option<&Item>,
    swept_to: i64,
) -> i64 {
    let unclosed = stored.into_iter().flat_map(Item::unclosed);
    let ends = unclosed.map(|e| e.span.end.saturating_add(quiet_ms(plan, rule)));
    ends.fold(swept_to, i64::min)
}

/// The episodes as far as they are known where nothing before `known_to` is still to come.
fn known(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    (item, united): (&Item, &United),
    known_to: i64,
) -> Vec<Known> {
    let end = match plan.facts(rule).is_monotone {
        true => i64::MAX,
        false => item.judged_to,
    };
    let is_final = |span: Interval| {
        let is_awaiting = || children::awaited(plan, rule, &item.children, span).is_some();
        is_over(plan, rule, span, known_to) && !(item.is_patient() && is_awaiting())
    };
    let as_known = |episode: &Episode| {
        let mut known = identity::after_closed(identity::clipped(episode, end)?, &item.episodes);
        if known.first_event > known.last_event {
            // All its hits are its children's, none of which is known.
            (known.first_event, known.last_event) = (known.opened_at, known.opened_at);
        }
        Some(Known {
            is_final: is_final(span(episode)) || identity::is_closed(&known, &item.episodes),
            episode: Arc::new(known),
        })
    };
    united.episodes.iter().filter_map(as_known).collect()
}

fn record(
    plan: &Plan<'_>,
    (rule, group): GroupRef,
    known: &[Known],
    episodes: &mut Vec<RecordedEpisode>,
) {
    let rule_id = &plan.rules.correlations[rule.0 as usize].meta.id;
    for Known { episode, .. } in known {
        let span = span(episode);
        identity::record(episodes, span, || {
            EpisodeId::first_known_as(rule_id, group, span.start)
        });
    }
}

/// Drops records of what the state has forgotten, and shortens a state that is too large. Returns whether
/// it did that.
fn forget(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    at: GroupRef,
    (item, united): (&mut Item, &United),
) -> Result<bool, StateError> {
    if let Some(forgotten_to) = united.forgotten_to {
        // No current episode can be one that ended in what is forgotten.
        item.episodes
            .retain(|e| e.span.end > forgotten_to || e.is_unclosed());
    }
    let room = STATE_BYTES_MAX.saturating_sub(children::bytes(&item.children));
    let is_too_large = item.state.len() > room;
    if is_too_large {
        item.state = shortened(plan, windows, at, (item, room))?;
    }
    Ok(is_too_large)
}

/// The state of `item` without its oldest moments, as few as make it fit into `room`. What comes late for them is not
/// counted. An episode that waits to be announced is kept, and while that leaves room enough one that waits to be
/// closed.
fn shortened(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    (item, room): (&Item, usize),
) -> Result<Vec<u8>, StateError> {
    let end_of_first = |is_kept: &dyn Fn(&RecordedEpisode) -> bool| {
        let kept = item.episodes.iter().filter(|e| is_kept(e));
        let end = kept.map(|e| e.span.end).min();
        end.map_or(i64::MAX, |end| end.saturating_add(quiet_ms(plan, rule)))
    };
    let mut state = item.state.clone();
    for kept_from in [
        end_of_first(&RecordedEpisode::is_unclosed),
        end_of_first(&|e| e.mark == Mark::Unpublished),
    ] {
        let mut kept_ms = plan.facts(rule).retention_ms + plan.times.lateness_ms;
        while state.len() > room && kept_ms > 0 {
            let watermark = item.latest.saturating_sub(kept_ms).min(kept_from);
            let united = windows.unite(rule, group, &[&state], Some(watermark))?;
            state = united.state;
            kept_ms /= 2;
        }
    }
    Ok(state)
}

impl Evaluated {
    /// What waits to be told: by this batch or by one that did not come to it.
    pub(crate) fn announcements(
        &self,
        plan: &Plan<'_>,
        (rule, group): GroupRef,
    ) -> Vec<Announcement> {
        let mut announcements = Vec::new();
        for recorded in self.item.unclosed() {
            // Where a quiet period is shorter now, one that was recorded can have become several: it ends with the last.
            let mut known = self.known.iter();
            let current = known.rfind(|e| recorded.overlaps(&e.episode));
            let (episode, is_final) = match current {
                Some(known) => (Episode::clone(&known.episode), known.is_final),
                None if self.is_over(plan, rule, recorded) => (self.bare(group, recorded), true),
                None => continue,
            };
            let opens = recorded.mark == Mark::Unpublished;
            let opening = opens.then_some(Notice::Opened);
            let end = is_final.then_some(Notice::Closed);
            for notice in opening.into_iter().chain(end) {
                announcements.push(Announcement {
                    key: ItemKey {
                        rule: plan.key_of(rule),
                        group,
                    },
                    rule,
                    id: recorded.id,
                    notice,
                    episode: episode.clone(),
                });
            }
        }
        announcements
    }

    /// What parents tell of: what is known, and the ends of what the state has given up.
    pub(crate) fn told_to_parents(&self, plan: &Plan<'_>, (rule, group): GroupRef) -> Vec<Known> {
        let is_known =
            |recorded: &&RecordedEpisode| self.known.iter().any(|e| recorded.overlaps(&e.episode));
        let given_up = self.item.unclosed().filter(|recorded| !is_known(recorded));
        let over = given_up.filter(|recorded| self.is_over(plan, rule, recorded));
        let over = over.map(|recorded| Known {
            episode: Arc::new(self.bare(group, recorded)),
            is_final: true,
        });
        self.known.iter().cloned().chain(over).collect()
    }

    fn is_over(&self, plan: &Plan<'_>, rule: CorrelationIx, recorded: &RecordedEpisode) -> bool {
        is_over(plan, rule, recorded.span, self.known_to)
    }

    /// An episode that a state too large, or a threshold that rose, has given up: its span is all that is left of it.
    fn bare(&self, group: Key, recorded: &RecordedEpisode) -> Episode {
        let start = recorded.span.start;
        Episode {
            group,
            values: self.values.clone(),
            opened_at: start,
            holding: vec![recorded.span],
            count: 0,
            distinct: None,
            first_event: start,
            last_event: start,
            evidence: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// Shows the parents what is known. `sink` is given their deltas.
    pub(crate) fn show_parents(
        &self,
        rule: CorrelationIx,
        scratch: &mut Windows<'_>,
        sink: &mut dyn FnMut(GroupRef, &[u8]),
    ) {
        for known in &self.known {
            scratch.show_child(rule, &known.episode, ChildView::HoldingIntervals);
        }
        for episode in &self.opened {
            scratch.show_child(rule, episode, ChildView::Episodes);
        }
        scratch.drain_encoded(&mut |parent, group, state| sink((parent, group), state));
    }
}
