//! The last pass: what was announced is marked so, and a sweep's items are settled.

use crate::batch::{Batch, Phase, Step};
use crate::effect::WriteOutcome;
use crate::item::{self, Item};
use crate::recorded::{EpisodeId, Notice};
use crate::schedule;
use crate::work::GroupRef;

impl<'r> Batch<'r> {
    pub(super) fn enter_marking(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        let accepted = std::mem::take(&mut self.accepted);
        let marks = accepted
            .iter()
            .filter_map(|(at, (item, told))| Some((*at, self.marked(*at, item, told)?)))
            .collect();
        self.accepted = accepted;
        self.mark(marks)
    }

    pub(super) fn mark(self: Box<Self>, marks: Vec<(GroupRef, Item)>) -> Step<'r> {
        if marks.is_empty() {
            return Step::Done(self.report);
        }
        self.ask(Phase::Mark(marks))
    }

    /// The item with its marks; `None` where it has them.
    pub(super) fn marked(
        &self,
        at: GroupRef,
        item: &Item,
        told: &[(EpisodeId, Notice)],
    ) -> Option<Item> {
        let mut marked = item.clone();
        // Only where all depths are done have the parents been handed everything. Until then an end is told once more,
        // and what it was told of is not forgotten.
        let is_complete = self.report.is_complete();
        let is_handed_on = is_complete || !self.plan.facts(at.0).has_parents;
        let told = told.iter().copied();
        let told: Vec<_> = told
            .filter(|(_, notice)| is_handed_on || *notice != Notice::Closed)
            .collect();
        marked.mark_told(&told);
        let settles = self.watermark.filter(|_| is_complete);
        let facts = self.plan.facts(at.0);
        let settled_to = settles.map_or(i64::MIN, |watermark| facts.watermark(watermark));
        // What somebody else has written since need not be for this batch to read, or to mark.
        schedule::settle(self.plan, &self.windows, at, &mut marked, settled_to).ok()?;
        let is_changed = marked.episodes != item.episodes || marked.due != item.due;
        marked.version = item::next_version(Some(item.version), item.latest);
        is_changed.then_some(marked)
    }

    pub(super) fn take_marked(
        mut self: Box<Self>,
        marks: Vec<(GroupRef, Item)>,
        outcomes: &[WriteOutcome],
    ) -> Step<'r> {
        let outcomes = outcomes
            .iter()
            .chain(std::iter::repeat(&WriteOutcome::Unknown));
        let lost: Vec<GroupRef> = marks
            .into_iter()
            .zip(outcomes)
            .filter(|(_, outcome)| **outcome != WriteOutcome::Written)
            .map(|((at, _), _)| at)
            .collect();
        if lost.is_empty() {
            return Step::Done(self.report);
        }
        self.report.conflicts += lost.len() as u64;
        self.again(Phase::ReadToMark(lost))
    }

    pub(super) fn take_to_mark(
        mut self: Box<Self>,
        keys: Vec<GroupRef>,
        items: Vec<Option<Item>>,
    ) -> Step<'r> {
        if keys.len() != items.len() {
            return self.again(Phase::ReadToMark(keys));
        }
        let mut marks = Vec::new();
        for (at, item) in keys.into_iter().zip(items) {
            let own = self.plan.writer(at.0);
            let Some(item) = item.filter(|item| !item.writer.is_newer_than(&own)) else {
                continue;
            };
            let told = self.accepted.get(&at).map_or(&[][..], |(_, told)| told);
            if let Some(marked) = self.marked(at, &item, told) {
                marks.push((at, marked));
            }
            if let Some(known) = self.accepted.get_mut(&at) {
                known.0 = item;
            }
        }
        self.mark(marks)
    }
}
