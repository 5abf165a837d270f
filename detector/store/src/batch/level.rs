//! One depth: read, unite, write, announce.

use std::collections::BTreeSet;

use crate::batch::{Batch, Phase, Step, item_key};
use crate::children::ChildEpisode;
use crate::effect::{Announcement, WriteOutcome};
use crate::evaluate::{self, Evaluated, Given};
use crate::item::{ITEM_BYTES_MAX, Item};
use crate::log;
use crate::recorded::{EpisodeId, Notice};
use crate::work::{GroupRef, Work};
use detector_window::parents;
use detector_window::version::StateError;

/// Why a group fails that newer rules have written: whoever has those is given its records.
const OUTDATED: &str = "newer rules or a newer program have written it, which go on with it";

impl<'r> Batch<'r> {
    pub(super) fn read_depth(mut self: Box<Self>) -> Step<'r> {
        if let Some(phase) = self.unarmed() {
            return self.ask(Phase::Parked(phase));
        }
        let keys: Vec<GroupRef> = self.work[self.depth].keys().copied().collect();
        if keys.is_empty() {
            self.depth += 1;
            return self.enter_depth();
        }
        self.attempt = 0;
        self.ask(Phase::Read(keys))
    }

    pub(super) fn take_items(
        mut self: Box<Self>,
        keys: Vec<GroupRef>,
        items: Vec<Option<Item>>,
    ) -> Step<'r> {
        if keys.len() != items.len() {
            return self.again(Phase::Read(keys));
        }
        let (keys, items) = self.leave_to_the_log(keys, items);
        let evaluated = keys.iter().zip(&items);
        let evaluated: Vec<_> = evaluated
            .map(|(at, stored)| self.evaluated(*at, stored.as_ref()))
            .collect();
        // Somebody may have mended it meanwhile: what is given up is given up for good.
        if evaluated.iter().any(Result::is_err) && !self.reads_consistently() {
            self.attempt += 1;
            return self.ask(Phase::Read(keys));
        }
        let mut writes = Vec::new();
        for ((at, stored), evaluated) in keys.into_iter().zip(items).zip(evaluated) {
            let plan = self.plan;
            let writer = stored.map(|item| item.writer);
            if writer.is_some_and(|writer| writer.is_newer_than(&plan.writer(at.0))) {
                self.report.is_outdated = true;
                self.fail(at, OUTDATED.to_owned());
                continue;
            }
            match evaluated {
                Ok(None) => {}
                Ok(Some(evaluated)) if !evaluated.is_changed => {
                    let version = evaluated.read;
                    self.accept(at, evaluated, version.unwrap_or_default());
                }
                Ok(Some(evaluated)) if evaluated.item.bytes() > ITEM_BYTES_MAX => {
                    self.report.too_large.push(item_key(plan, at));
                }
                Ok(Some(evaluated)) => {
                    if evaluated.is_shortened {
                        self.report.shortened.insert(item_key(plan, at));
                    }
                    writes.push((at, evaluated));
                }
                Err(error) => {
                    let key = item_key(plan, at);
                    self.report.unreadable.insert(key, error.to_string());
                }
            }
        }
        if writes.is_empty() {
            return self.enter_publishing();
        }
        self.ask(Phase::Write(writes))
    }

    /// Takes out what only sweeps judge and would be united with a large item: that is busy, and would be rewritten by
    /// each batch.
    fn leave_to_the_log(
        &mut self,
        keys: Vec<GroupRef>,
        items: Vec<Option<Item>>,
    ) -> (Vec<GroupRef>, Vec<Option<Item>>) {
        let (plan, work) = (self.plan, &mut self.work[self.depth]);
        let is_sweep = self.sweep.is_some();
        let mut left = Vec::with_capacity(keys.len());
        for (at, item) in keys.into_iter().zip(items) {
            let bytes = item.as_ref().map_or(0, Item::bytes);
            let is_busy = bytes > plan.portions.at_once_bytes_max;
            let may_wait = plan.defers && !is_sweep && is_busy && plan.facts(at.0).can_wait;
            let of_group = work
                .get_mut(&at)
                .filter(|work| may_wait && work.children.is_empty() && !work.states.is_empty());
            if let Some(of_group) = of_group
                && log::can_be_logged(&self.windows, at, of_group)
            {
                self.logging.insert(at, of_group.clone());
            } else {
                left.push((at, item));
            }
        }
        left.into_iter().unzip()
    }

    fn evaluated(
        &self,
        at: GroupRef,
        stored: Option<&Item>,
    ) -> Result<Option<Evaluated>, StateError> {
        let plan = self.plan;
        if self.is_looked_at_in_vain(at, stored) {
            return Ok(None);
        }
        let of_rule = |watermark| plan.facts(at.0).watermark(watermark);
        let given = Given {
            stored,
            work: &self.work[self.depth][&at],
            watermark: self.watermark_at(self.depth).map(of_rule),
            swept_to: self.swept_to.map(of_rule),
        };
        evaluate::evaluate(plan, &self.windows, at, given)
    }

    /// Whether a sweep has nothing to decide of an item, or to bring: a store may list more than is due.
    fn is_looked_at_in_vain(&self, at: GroupRef, stored: Option<&Item>) -> bool {
        let work = &self.work[self.depth][&at];
        let brings = !work.states.is_empty() || !work.children.is_empty();
        let is_later = |watermark| {
            let due = stored.map(|item| item.due);
            due.is_some_and(|due| due.is_none_or(|due| due >= watermark))
        };
        !brings && self.watermark_at(self.depth).is_some_and(is_later)
    }

    pub(super) fn take_outcomes(
        mut self: Box<Self>,
        writes: Vec<(GroupRef, Evaluated)>,
        outcomes: &[WriteOutcome],
    ) -> Step<'r> {
        let mut lost = Vec::new();
        for (place, (at, evaluated)) in writes.into_iter().enumerate() {
            if outcomes.get(place) == Some(&WriteOutcome::Written) {
                self.report.written += 1;
                let version = evaluated.item.version;
                self.accept(at, evaluated, version);
            } else {
                let is_conflict = outcomes.get(place) == Some(&WriteOutcome::Conflict);
                self.report.conflicts += u64::from(is_conflict);
                lost.push(at);
            }
        }
        if lost.is_empty() {
            return self.enter_publishing();
        }
        self.again(Phase::Read(lost))
    }

    /// The group is stored as evaluated: its parents have deltas, what is to be told of it waits to be announced.
    pub(super) fn accept(&mut self, at: GroupRef, evaluated: Evaluated, version: u64) {
        let position = self.work[self.depth][&at].position;
        let announcements = evaluated.announcements(self.plan, at);
        let mut told = Vec::new();
        match self.plan.rules.correlations[at.0.0 as usize].pages {
            true => self.announcements.extend(announcements),
            // Nobody is waiting for it but the parents.
            false => told.extend(announcements.iter().map(|a| (a.id, a.notice))),
        }
        if evaluated.is_crowded {
            self.report.crowded.insert(item_key(self.plan, at));
        }
        if self.plan.facts(at.0).has_parents {
            self.show_parents(at, &evaluated, position);
        }
        let item = Item {
            version,
            ..evaluated.item
        };
        self.accepted.insert(at, (item, told));
    }

    fn show_parents(&mut self, at: GroupRef, evaluated: &Evaluated, position: u64) {
        let rule = at.0;
        let mut added: Vec<(GroupRef, Work)> = Vec::new();
        let work = || Work {
            position,
            latest: evaluated.item.latest,
            ..Work::none()
        };
        evaluated.show_parents(rule, &mut self.windows, &mut |parent, state| {
            let states = vec![state.to_vec()];
            added.push((parent, Work { states, ..work() }));
        });
        for known in evaluated.told_to_parents(self.plan, at) {
            for parent in parents(self.plan.rules, rule, &known.episode) {
                let child = ChildEpisode::new(&parent, &known.episode, known.is_final);
                let children = vec![child];
                let parent = (parent.rule, parent.group);
                added.push((parent, Work { children, ..work() }));
            }
        }
        for (parent, more) in added {
            let depth = self.plan.facts(parent.0).depth;
            let work = self.work[depth].entry(parent).or_insert_with(Work::none);
            work.add(more);
        }
    }

    pub(super) fn enter_publishing(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        if !self.logging.is_empty() {
            let (parts, position) = log::packed(self.plan, &std::mem::take(&mut self.logging));
            return self.ask(Phase::Append(parts, position));
        }
        if self.announcements.is_empty() {
            self.depth += 1;
            return self.enter_depth();
        }
        self.ask(Phase::Publish)
    }

    /// What can be told now, and the ends of episodes whose openings have to be told first.
    pub(super) fn ready_and_held(&self) -> (Vec<Announcement>, Vec<Announcement>) {
        let is_opening = |a: &&Announcement| a.notice == Notice::Opened;
        let openings = self.announcements.iter().filter(is_opening);
        let waiting: BTreeSet<EpisodeId> = openings.map(|a| a.id).collect();
        let is_ready = |a: &Announcement| is_opening(&a) || !waiting.contains(&a.id);
        self.announcements.iter().cloned().partition(is_ready)
    }

    pub(super) fn take_published(mut self: Box<Self>, accepted: &[bool]) -> Step<'r> {
        let (asked, held) = self.ready_and_held();
        let mut left = Vec::new();
        for (place, announcement) in asked.into_iter().enumerate() {
            if accepted.get(place) != Some(&true) {
                left.push(announcement);
                continue;
            }
            match announcement.notice {
                Notice::Opened => self.report.announced += 1,
                Notice::Closed => self.report.closed += 1,
            }
            let at = (announcement.rule, announcement.key.group);
            if let Some((_, told)) = self.accepted.get_mut(&at) {
                told.push((announcement.id, announcement.notice));
            }
        }
        let is_refused = !left.is_empty();
        left.extend(held);
        self.announcements = left;
        if is_refused {
            return self.again(Phase::Publish);
        }
        self.enter_publishing()
    }
}
