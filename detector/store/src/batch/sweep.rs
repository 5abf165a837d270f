//! A sweep, page by page: first what the log holds, then what is due, children first.
//!
//! Each page goes the way of a batch and is settled by itself, so that a sweep that breaks off has done what it has done.
//! At a depth items are judged by the watermark only when all pages of the depths below are settled: then all that their
//! children show is in them. The parents of a page's items are united as in any batch, and judged when it is their turn.

use std::collections::BTreeMap;

use crate::batch::stage::Stage;
use crate::batch::{Batch, Phase, Step};
use crate::effect::Effect;
use crate::key::{ItemKey, RuleKey};
use crate::log::{self, LOG_PLACES, LogError, LogPart};
use crate::parked::Marks;
use crate::work::Work;
use detector_window::key::Key;

/// So many groups of the log are settled before more of it is read, at most about.
const LOG_GROUPS_MAX: usize = 50_000;

impl<'r> Batch<'r> {
    /// The watermark by which items at a depth are judged in this page, if they are.
    pub(super) fn watermark_at(&self, depth: usize) -> Option<i64> {
        let sweep = self.sweep.as_ref()?;
        let is_due = matches!(sweep.stage, Stage::Due { depth: at } if at == depth);
        is_due.then_some(sweep.watermark)
    }

    /// Whether this is a sweep that has come to what is due.
    pub(super) fn is_judging(&self) -> bool {
        let sweep = self.sweep.as_ref();
        sweep.is_some_and(|sweep| matches!(sweep.stage, Stage::Due { .. }))
    }

    /// Whether nothing of this page has failed yet.
    pub(super) fn is_done_so_far(&self) -> bool {
        match &self.sweep {
            Some(sweep) => sweep.failed.is_empty(),
            None => self.report.is_complete(),
        }
    }

    pub(super) fn asked_in_sweep(&self, phase: &Phase) -> Effect {
        let sweep = self.sweep.as_ref().expect("only a sweep asks for it");
        match (phase, &sweep.stage) {
            (Phase::DropLog(names), _) => Effect::DropLog(names.clone()),
            (_, Stage::Log { place, .. }) => Effect::ReadLog { place: *place },
            (_, Stage::Parked(_)) => Effect::Pending,
            (_, Stage::Due { depth }) => {
                let facts = self.plan.facts.iter();
                let rules = facts.filter(|f| f.depth == *depth).map(|f| f.key);
                Effect::Due {
                    rules: rules.collect(),
                    watermark: sweep.watermark,
                }
            }
        }
    }

    pub(super) fn take_log(mut self: Box<Self>, parts: &[LogPart], is_all: bool) -> Step<'r> {
        let sweep = self.sweep.as_mut().expect("only a sweep reads the log");
        let mut left = std::mem::take(&mut sweep.left);
        let mut read = Vec::new();
        for part in parts {
            match log::read(self.plan, &self.windows, part, &mut left) {
                Ok(()) => read.push(part.name),
                Err(LogError::Newer) => {
                    self.report.is_outdated = true;
                    return self.break_off("the log is of rules that came into force later");
                }
                Err(LogError::Version(_)) => {
                    return self.break_off("the log is of a newer program");
                }
                // As with an item: reading it again does not help, and it is not dropped.
                Err(error) => {
                    let at = ItemKey {
                        rule: RuleKey(Key::from_u128(0)),
                        group: part.name.0,
                    };
                    self.report.unreadable.insert(at, error.to_string());
                }
            }
        }
        let sweep = self.sweep.as_mut().expect("as above");
        if let Stage::Log { names, .. } = &mut sweep.stage {
            names.extend(read);
        }
        (sweep.left, sweep.has_more) = (left, !is_all);
        // A busy group has deltas in all places: the more of them are united together, the fewer writes it takes.
        let bytes: usize = sweep.left.values().map(Work::bytes).sum();
        let has_room =
            bytes < self.plan.portions.log_read_bytes && sweep.left.len() < LOG_GROUPS_MAX;
        match is_all && has_room {
            true => self.read_on_in_log(),
            false => self.next_page(),
        }
    }

    pub(super) fn take_due(mut self: Box<Self>, keys: &[ItemKey], is_all: bool) -> Step<'r> {
        let sweep = self.sweep.as_mut().expect("only a sweep asks what is due");
        for key in keys {
            if let Some(rule) = self.plan.rule_of(key.rule) {
                sweep.left.insert((rule, key.group), Work::none());
            }
        }
        sweep.has_more = !is_all;
        self.next_page()
    }

    pub(super) fn next_page(mut self: Box<Self>) -> Step<'r> {
        let sweep = self.sweep.as_mut().expect("only a sweep has pages");
        if sweep.left.is_empty() {
            return self.end_stage();
        }
        let end = sweep.left.keys().nth(self.plan.portions.page_groups);
        let later = match end.copied() {
            Some(end) => sweep.left.split_off(&end),
            None => BTreeMap::new(),
        };
        let page = std::mem::replace(&mut sweep.left, later);
        sweep.page = page.len();
        self.depth = 0;
        self.take_in(page);
        self.enter_depth()
    }

    /// The page is done, or the whole batch where it is no sweep.
    pub(super) fn end_page(mut self: Box<Self>) -> Step<'r> {
        let Some(sweep) = &mut self.sweep else {
            return Step::Done(self.report);
        };
        let failed = std::mem::take(&mut sweep.failed);
        // Where nothing can be done any more, it would go on like this.
        if failed.len() >= sweep.page {
            return self.break_off("of many groups none could be brought up to date");
        }
        self.work.iter_mut().for_each(BTreeMap::clear);
        self.accepted.clear();
        self.marks = Marks::default();
        self.next_page()
    }

    fn end_stage(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        // What is left of a stage is missing in all that follows.
        if !self.report.is_complete() {
            return Step::Done(self.report);
        }
        let depths = self.work.len();
        let sweep = self.sweep.as_mut().expect("only a sweep has stages");
        match &mut sweep.stage {
            Stage::Log { names, .. } if !names.is_empty() => {
                let names = std::mem::take(names);
                self.ask(Phase::DropLog(names))
            }
            Stage::Log { .. } => self.read_on_in_log(),
            Stage::Parked(_) => self.read_on_in_parked(),
            Stage::Due { .. } if sweep.has_more => {
                self.break_off("more is due than one sweep takes")
            }
            Stage::Due { depth } => {
                let next = *depth + 1;
                match next == depths {
                    true => Step::Done(self.report),
                    false => self.read_back(next),
                }
            }
        }
    }

    /// What is left of a place of the log, then the next place, then what is due.
    pub(super) fn read_on_in_log(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        let depths = self.work.len();
        let sweep = self.sweep.as_mut().expect("only a sweep reads the log");
        if let Stage::Log { place, names } = &mut sweep.stage {
            *place += u8::from(!sweep.has_more);
            if *place < LOG_PLACES {
                return self.ask(Phase::ReadLog);
            }
            if !names.is_empty() {
                return self.next_page();
            }
        }
        match depths {
            0 => Step::Done(self.report),
            _ => self.read_back(0),
        }
    }

    pub(super) fn break_off(mut self: Box<Self>, why: &'static str) -> Step<'r> {
        self.report.broken_off = Some(why);
        Step::Done(self.report)
    }
}
