//! The steps of a batch, one effect at a time.
//!
//! Rules go by depth, children first, since what a child shows is a delta of its parents. At each depth: read, unite,
//! write under the version condition; who lost against another writer reads again. Then what is unpublished is
//! announced. At the end, in one pass over all depths, items are marked as announced. A sweep goes this way page by page,
//! and settles the items of a page with its marks.

mod level; // one depth
mod marking; // the last pass
mod asked; // what is parked, and asked about it
mod parking; // what waits for a child's episode
mod stage; // how far a sweep has come
mod sweep; // page by page
mod read_back; // what was parked

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::{Announcement, ConditionalWrite, Effect, EffectResult};
use crate::evaluate::Evaluated;
use crate::item::Item;
use crate::key::ItemKey;
use crate::log::{self, LogName};
use crate::parked::{self, Marks};
use crate::plan::Plan;
use crate::recorded::{EpisodeId, Notice};
use crate::work::{Deltas, GroupRef, Work};
use asked::{Parked, Parking};
use detector_window::Windows;
use stage::Sweep;

/// A batch on its way into the store.
#[derive(Debug)]
pub struct Batch<'r> {
    plan: &'r Plan<'r>,
    windows: Windows<'r>,
    sweep: Option<Sweep>,
    /// The watermark of a sweep that was completed.
    swept_to: Option<i64>,
    depth: usize,
    /// It has come to the first depth: what goes to the log unread is there.
    is_at_depths: bool,
    /// Of this depth, what goes to the log since its item is large.
    logging: BTreeMap<GroupRef, Work>,
    /// By depth.
    work: Vec<BTreeMap<GroupRef, Work>>,
    parking: Parking,
    marks: Marks,
    phase: Phase,
    attempt: u32,
    announcements: Vec<Announcement>,
    /// Items as they are stored after this batch's write, with what is to be marked in them.
    accepted: BTreeMap<GroupRef, (Item, Vec<(EpisodeId, Notice)>)>,
    report: Report,
}

#[derive(Debug)]
enum Phase {
    /// Parts of the log, and the lowest position that contributed.
    Append(Vec<Vec<u8>>, u64),
    ReadLog,
    DropLog(Vec<LogName>),
    Parked(Parked),
    Due,
    Read(Vec<GroupRef>),
    Write(Vec<(GroupRef, Evaluated)>),
    Publish,
    /// What was stored has changed since: read it again before marking.
    ReadToMark(Vec<GroupRef>),
    Mark(Vec<(GroupRef, Item)>),
}

/// What comes next.
#[derive(Debug)]
pub enum Step<'r> {
    /// Perform the effect and [`Batch::resume`]. `attempt` counts from 0; a shell waits before it performs a later one,
    /// longer each time and for a random part.
    Ask {
        batch: Box<Batch<'r>>,
        effect: Effect,
        attempt: u32,
    },
    Done(Report),
}

/// How a batch ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The lowest position that has to come again; whatever stands before it is done.
    pub lowest_failed: Option<u64>,
    /// Why, by item.
    pub failures: BTreeMap<ItemKey, String>,
    /// Why the log, or a sweep as a whole, is not done.
    pub broken_off: Option<&'static str>,
    /// Why, by item, stored state could not be read. It stays as it is, and what the batch brought is lost to these groups:
    /// that it came again would not help, and would hold up all others. A part of the log is here under no rule.
    pub unreadable: BTreeMap<ItemKey, String>,
    /// Some failed because rules or a program have written them that came into force after those of this batch.
    pub is_outdated: bool,
    /// Items that would be too large to store: their state stays as it was, these hits are lost to it.
    pub too_large: Vec<ItemKey>,
    /// Items whose state was too large, and is without its oldest moments now: what comes late for them is not counted.
    pub shortened: BTreeSet<ItemKey>,
    /// Items with more episodes of child correlations than they keep ([`CHILDREN_MAX`](super::children::CHILDREN_MAX)):
    /// their alerts count too few of them.
    pub crowded: BTreeSet<ItemKey>,
    /// Writes that another writer forestalled, and marks that were written again.
    pub conflicts: u64,
    pub written: u64,
    /// Parts of the log that were written.
    pub logged: u64,
    /// Groups whose hits were parked and left there.
    pub parked: u64,
    /// Openings told.
    pub announced: u64,
    /// Ends told.
    pub closed: u64,
}

impl Report {
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty() && self.broken_off.is_none()
    }
}

impl<'r> Batch<'r> {
    /// Brings in what the records of a batch added.
    ///
    /// `swept_to` is the watermark of the last sweep known to be complete, or less: nothing new comes before it and
    /// all before it is decided, so groups forget what bears on nothing else.
    pub fn of_records(plan: &'r Plan<'r>, mut deltas: Deltas, swept_to: Option<i64>) -> Step<'r> {
        let mut batch = Self::new(plan, None, swept_to);
        let (parts, position) = log::take_out(plan, &batch.windows, &mut deltas);
        (batch.parking.parts, batch.parking.waiting) =
            parked::take_out(plan, &batch.windows, &mut deltas);
        batch.take_in(deltas.0);
        match parts.is_empty() {
            true => batch.enter_parking(),
            false => batch.ask(Phase::Append(parts, position)),
        }
    }

    /// Unites what the log holds, then decides what the watermark decides: conditions that hits could have undone, openings
    /// that they could have moved, and which episodes are over. Also announces what was left unannounced.
    ///
    /// The shell promises that no event before `watermark` is still to come, from any shard, but for repetitions, and that
    /// the deltas of all others are in the store or in its log. `swept_to` is as for [`Batch::of_records`]; when this sweep
    /// is complete, its watermark is the next. One that breaks off has done what it has done: the next goes on from there.
    pub fn sweep(plan: &'r Plan<'r>, watermark: i64, swept_to: Option<i64>) -> Step<'r> {
        Self::new(plan, Some(Sweep::to(watermark)), swept_to).ask(Phase::ReadLog)
    }

    fn new(plan: &'r Plan<'r>, sweep: Option<Sweep>, swept_to: Option<i64>) -> Box<Self> {
        Box::new(Self {
            plan,
            windows: Windows::new(plan.rules),
            sweep,
            swept_to,
            depth: 0,
            is_at_depths: false,
            logging: BTreeMap::new(),
            work: vec![BTreeMap::new(); plan.depths()],
            parking: Parking::default(),
            marks: Marks::default(),
            phase: Phase::Publish,
            attempt: 0,
            announcements: Vec::new(),
            accepted: BTreeMap::new(),
            report: Report::default(),
        })
    }

    fn take_in(&mut self, groups: impl IntoIterator<Item = (GroupRef, Work)>) {
        for (at, work) in groups {
            self.work[self.plan.facts(at.0).depth].insert(at, work);
        }
    }

    /// Goes on with what became of the effect asked for. An answer to something else counts as none.
    pub fn resume(mut self: Box<Self>, result: EffectResult) -> Step<'r> {
        let phase = std::mem::replace(&mut self.phase, Phase::Publish);
        match (phase, result) {
            (Phase::Append(parts, position), EffectResult::Append(stored)) => {
                self.take_appended((parts, position), &stored)
            }
            (Phase::ReadLog, EffectResult::ReadLog { parts, is_all }) => {
                self.take_log(&parts, is_all)
            }
            (Phase::DropLog(_), EffectResult::DropLog) => self.read_on_in_log(),
            (Phase::Due, EffectResult::Due { keys, is_all }) => self.take_due(&keys, is_all),
            (phase @ (Phase::Append(..) | Phase::ReadLog | Phase::DropLog(_) | Phase::Due), _) => {
                self.again(phase)
            }
            (Phase::Parked(phase), result) => self.resume_parked(phase, result),
            (Phase::Read(keys), EffectResult::Read(items)) => self.take_items(keys, items),
            (Phase::Read(keys), _) => self.again(Phase::Read(keys)),
            (Phase::Write(writes), EffectResult::Write(outcomes)) => {
                self.take_outcomes(writes, &outcomes)
            }
            (Phase::Write(writes), _) => self.take_outcomes(writes, &[]),
            (Phase::Publish, EffectResult::Publish(accepted)) => self.take_published(&accepted),
            (Phase::Publish, _) => self.take_published(&[]),
            (Phase::ReadToMark(keys), EffectResult::Read(items)) => self.take_to_mark(keys, items),
            (Phase::ReadToMark(keys), _) => self.again(Phase::ReadToMark(keys)),
            (Phase::Mark(marks), EffectResult::Write(outcomes)) => {
                self.take_marked(marks, &outcomes)
            }
            (Phase::Mark(marks), _) => self.take_marked(marks, &[]),
        }
    }

    /// The next depth that has work.
    fn enter_depth(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        self.is_at_depths = true;
        if self.depth == self.work.len() {
            return self.enter_marking();
        }
        self.read_depth()
    }

    fn take_appended(
        mut self: Box<Self>,
        (parts, position): (Vec<Vec<u8>>, u64),
        stored: &[bool],
    ) -> Step<'r> {
        let stored = stored.iter().chain(std::iter::repeat(&false));
        let before = parts.len();
        let left = parts
            .into_iter()
            .zip(stored)
            .filter(|(_, stored)| !**stored);
        let left: Vec<Vec<u8>> = left.map(|(part, _)| part).collect();
        self.report.logged += (before - left.len()) as u64;
        match left.is_empty() {
            true => self.after_log(),
            false => self.again(Phase::Append(left, position)),
        }
    }

    fn after_log(self: Box<Self>) -> Step<'r> {
        match self.is_at_depths {
            true => self.enter_publishing(),
            false => self.enter_parking(),
        }
    }

    /// Asks once more, unless that was tried often enough.
    fn again(mut self: Box<Self>, phase: Phase) -> Step<'r> {
        self.attempt += 1;
        if self.attempt < self.plan.times.attempts_max {
            return self.ask(phase);
        }
        match phase {
            Phase::Append(_, position) => {
                self.report.broken_off = Some("the log could not be written");
                let lowest = self.report.lowest_failed.unwrap_or(u64::MAX);
                self.report.lowest_failed = Some(lowest.min(position));
                self.after_log()
            }
            Phase::Parked(phase) => self.give_up_parked(phase),
            Phase::ReadLog => self.break_off("the log could not be read"),
            Phase::DropLog(_) => self.break_off("the log could not be dropped"),
            Phase::Due => self.break_off("what is due could not be read"),
            Phase::Read(keys) => {
                self.fail_all(keys, "the store refused or lost every attempt");
                self.enter_publishing()
            }
            Phase::ReadToMark(keys) => {
                self.fail_all(keys, "announced, but could not be marked");
                self.end_page()
            }
            Phase::Publish => {
                let keys: BTreeSet<GroupRef> = std::mem::take(&mut self.announcements)
                    .into_iter()
                    .map(|a| (a.rule, a.key.group))
                    .collect();
                self.fail_all(keys, "could not be announced");
                self.depth += 1;
                self.enter_depth()
            }
            Phase::Write(_) | Phase::Mark(_) => unreachable!("a write is tried again by reading"),
        }
    }

    fn fail_all(&mut self, keys: impl IntoIterator<Item = GroupRef>, why: &str) {
        keys.into_iter()
            .for_each(|at| self.fail(at, why.to_owned()));
    }

    fn fail(&mut self, at: GroupRef, why: String) {
        let work = &self.work[self.plan.facts(at.0).depth];
        let position = work.get(&at).map_or(u64::MAX, |work| work.position);
        let lowest = self.report.lowest_failed.unwrap_or(u64::MAX).min(position);
        self.report.lowest_failed = Some(lowest);
        self.report.failures.insert(item_key(self.plan, at), why);
        if let Some(sweep) = &mut self.sweep {
            sweep.failed.insert(at);
        }
    }

    fn read_of(&self, keys: &[GroupRef], is_consistent: bool) -> Effect {
        Effect::Read {
            keys: keys.iter().map(|at| item_key(self.plan, *at)).collect(),
            is_consistent,
        }
    }

    /// Whether items have to be read as they are. Who adds to an item that was there a moment ago is refused by its version,
    /// and who has nothing to add needs no more than that it was there. A sweep that judges has to see all that was added.
    fn reads_consistently(&self) -> bool {
        self.attempt > 0 || self.is_judging()
    }

    fn ask(mut self: Box<Self>, phase: Phase) -> Step<'r> {
        let effect = match &phase {
            Phase::Append(parts, _) => Effect::Append(parts.clone()),
            Phase::ReadLog | Phase::DropLog(_) | Phase::Due => self.asked_in_sweep(&phase),
            Phase::Parked(phase) => self.asked_of_parked(phase),
            Phase::Read(keys) => self.read_of(keys, self.reads_consistently()),
            Phase::ReadToMark(keys) => self.read_of(keys, true),
            Phase::Write(writes) => Effect::Write(
                writes
                    .iter()
                    .map(|(at, evaluated)| ConditionalWrite {
                        key: item_key(self.plan, *at),
                        expected: evaluated.read,
                        item: evaluated.item.clone(),
                    })
                    .collect(),
            ),
            Phase::Mark(marks) => Effect::Write(
                marks
                    .iter()
                    .map(|(at, item)| ConditionalWrite {
                        key: item_key(self.plan, *at),
                        expected: self.accepted.get(at).map(|(read, _)| read.version),
                        item: item.clone(),
                    })
                    .collect(),
            ),
            Phase::Publish => {
                let (ready, _) = self.ready_and_held();
                Effect::Publish(ready)
            }
        };
        let attempt = self.attempt;
        self.phase = phase;
        Step::Ask {
            batch: self,
            effect,
            attempt,
        }
    }
}

fn item_key(plan: &Plan<'_>, (rule, group): GroupRef) -> ItemKey {
    ItemKey {
        rule: plan.key_of(rule),
        group,
    }
}
