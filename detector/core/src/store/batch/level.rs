//! One depth: read, unite, write, announce.

use std::sync::Arc;

use crate::store::batch::{Batch, Phase, Step, item_key};
use crate::store::effect::WriteOutcome;
use crate::store::evaluate::{self, Evaluated, Given};
use crate::store::item::{ITEM_BYTES_MAX, Item, ItemKey};
use crate::store::work::{GroupRef, Work};

impl<'r> Batch<'r> {
    pub(super) fn read_depth(mut self: Box<Self>) -> Step<'r> {
        let keys: Vec<GroupRef> = self.work[self.depth].keys().copied().collect();
        if keys.is_empty() {
            self.depth += 1;
            return self.enter_depth();
        }
        self.attempt = 0;
        self.ask(Phase::Read(keys))
    }

    pub(super) fn take_due(mut self: Box<Self>, keys: &[ItemKey]) -> Step<'r> {
        for key in keys {
            if let Some(rule) = self.plan.rule_of(key.rule) {
                let work = self.work[self.depth].entry((rule, key.group));
                work.or_insert_with(Work::none);
            }
        }
        self.read_depth()
    }

    pub(super) fn take_items(
        mut self: Box<Self>,
        keys: Vec<GroupRef>,
        items: Vec<Option<Item>>,
    ) -> Step<'r> {
        if keys.len() != items.len() {
            return self.again(Phase::Read(keys));
        }
        let mut writes = Vec::new();
        for (at, stored) in keys.into_iter().zip(items) {
            let plan = self.plan;
            let given = Given {
                stored: stored.as_ref(),
                work: &self.work[self.depth][&at],
                watermark: self.watermark,
                swept_to: self.swept_to,
            };
            match evaluate::evaluate(plan, &self.windows, at, given) {
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
                Err(error) => self.fail(at, error.to_string()),
            }
        }
        if writes.is_empty() {
            return self.enter_publishing();
        }
        self.ask(Phase::Write(writes))
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

    /// The group is stored as evaluated: its parents have deltas, its unpublished episodes wait to be announced.
    pub(super) fn accept(&mut self, at: GroupRef, evaluated: Evaluated, version: u64) {
        let work = &self.work[self.depth][&at];
        let (position, children) = (work.position, &work.children);
        self.announcements
            .extend(evaluated.announcements(self.plan, at, children));
        if self.plan.facts(at.0).has_parents {
            let mut deltas: Vec<(GroupRef, Vec<u8>)> = Vec::new();
            evaluated.show_parents(at.0, &mut self.windows, &mut |parent, state| {
                deltas.push((parent, state.to_vec()));
            });
            for (parent, state) in deltas {
                let depth = self.plan.facts(parent.0).depth;
                let work = self.work[depth].entry(parent).or_insert_with(Work::none);
                work.add(Work {
                    states: vec![state],
                    position,
                    latest: evaluated.item.latest,
                    children: evaluated.known.iter().map(Arc::clone).collect(),
                });
            }
        }
        let item = Item {
            version,
            ..evaluated.item
        };
        self.accepted.insert(at, (item, Vec::new()));
    }

    pub(super) fn enter_publishing(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        if self.announcements.is_empty() {
            self.depth += 1;
            return self.enter_depth();
        }
        self.ask(Phase::Publish)
    }

    pub(super) fn take_published(mut self: Box<Self>, accepted: &[bool]) -> Step<'r> {
        let mut left = Vec::new();
        let asked = std::mem::take(&mut self.announcements);
        for (place, announcement) in asked.into_iter().enumerate() {
            if accepted.get(place) == Some(&true) {
                self.report.announced += 1;
                let at = (announcement.rule, announcement.key.group);
                if let Some((_, published)) = self.accepted.get_mut(&at) {
                    published.push(announcement.id);
                }
            } else {
                left.push(announcement);
            }
        }
        self.announcements = left;
        if self.announcements.is_empty() {
            self.depth += 1;
            return self.enter_depth();
        }
        self.again(Phase::Publish)
    }
}
