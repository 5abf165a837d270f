//! In a sweep: what was parked for groups that are marked now.
//!
//! It is united before the depth of its groups is judged, when all that the depths below show is marked. What is parked
//! stays: other groups may be marked later.

use std::collections::BTreeSet;

use crate::batch::asked::Parked;
use crate::batch::stage::{ReadBack, Stage};
use crate::batch::{Batch, Phase, Step};
use crate::effect::Effect;
use crate::key::{ItemKey, RuleKey};
use crate::log::{LogError, LogPart};
use crate::parked::{self, Mark};
use crate::work::{GroupRef, Work};
use detector_window::key::Key;

impl<'r> Batch<'r> {
    /// What has to be read before a depth is judged, then what is due there.
    pub(super) fn read_back(mut self: Box<Self>, depth: usize) -> Step<'r> {
        let mut facts = self.plan.facts.iter();
        let has_marks = facts.any(|facts| facts.marks && facts.depth == depth);
        let sweep = self.sweep.as_mut().expect("only a sweep judges");
        match has_marks {
            true => {
                sweep.stage = Stage::Parked(ReadBack {
                    depth,
                    ..ReadBack::default()
                });
                self.ask(Phase::Parked(Parked::Pending))
            }
            false => {
                sweep.stage = Stage::Due { depth };
                self.ask(Phase::Due)
            }
        }
    }

    fn stage(&mut self) -> &mut ReadBack {
        match self.sweep.as_mut().map(|sweep| &mut sweep.stage) {
            Some(Stage::Parked(read_back)) => read_back,
            _ => unreachable!("only this stage asks for it"),
        }
    }

    pub(super) fn asked_of_read_back(&self, phase: &Parked) -> Effect {
        let Some(Stage::Parked(read_back)) = self.sweep.as_ref().map(|sweep| &sweep.stage) else {
            unreachable!("only this stage asks for it")
        };
        match (phase, read_back.places.last()) {
            (Parked::Read, Some((slice, place))) => Effect::ReadParked {
                slice: *slice,
                place: *place,
                after: read_back.after,
            },
            (Parked::Serve, _) => Effect::Serve(read_back.marks.clone()),
            _ => Effect::Pending,
        }
    }

    pub(super) fn take_pending(mut self: Box<Self>, marks: Vec<Mark>, is_all: bool) -> Step<'r> {
        self.attempt = 0;
        let plan = self.plan;
        let is_ours = |mark: &Mark| plan.rule_of(mark.rule).is_some();
        let marks: Vec<Mark> = marks.into_iter().filter(is_ours).collect();
        if marks.is_empty() && !is_all {
            return self.break_off("what was parked is asked for by other rules, too often");
        }
        let places: BTreeSet<(i64, u8)> = marks.iter().flat_map(Mark::places).collect();
        let stage = self.stage();
        stage.places = places.into_iter().collect();
        (stage.marks, stage.has_more, stage.after) = (marks, !is_all, None);
        self.read_on_in_parked()
    }

    /// What is left of a place, then the next one; then the marks are served.
    pub(super) fn read_on_in_parked(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        let stage = self.stage();
        match (stage.places.is_empty(), stage.marks.is_empty()) {
            (false, _) => self.ask(Phase::Parked(Parked::Read)),
            (true, false) => self.ask(Phase::Parked(Parked::Serve)),
            (true, true) => self.take_served(),
        }
    }

    pub(super) fn take_read_back(mut self: Box<Self>, parts: &[LogPart], is_all: bool) -> Step<'r> {
        let plan = self.plan;
        let stage = self.stage();
        let slice = stage.places.last().map_or(i64::MIN, |(slice, _)| *slice);
        let here = stage.marks.iter();
        let here = here.filter(|mark| (mark.from..=mark.to).contains(&slice));
        let wanted: BTreeSet<GroupRef> = here
            .filter_map(|mark| Some((plan.rule_of(mark.rule)?, mark.group)))
            .collect();
        match parts.last().filter(|_| !is_all) {
            Some(last) => stage.after = Some(last.name),
            None => {
                stage.after = None;
                stage.places.pop();
            }
        }
        for part in parts {
            match parked::deltas(&part.deltas) {
                Ok(deltas) => {
                    let left = &mut self.sweep.as_mut().expect("as above").left;
                    for (key, work) in deltas {
                        let at = plan.rule_of(key.rule).map(|rule| (rule, key.group));
                        if let Some(at) = at.filter(|at| wanted.contains(at)) {
                            left.entry(at).or_insert_with(Work::none).add(work);
                        }
                    }
                }
                Err(LogError::Version(_)) => {
                    return self.break_off("what was parked is of a newer program");
                }
                Err(error) => {
                    let at = ItemKey {
                        rule: RuleKey(Key::from_u128(0)),
                        group: part.name.0,
                    };
                    self.report.unreadable.insert(at, error.to_string());
                }
            }
        }
        self.next_page()
    }

    pub(super) fn take_served(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        let stage = self.stage();
        let (depth, has_more) = (stage.depth, stage.has_more);
        match has_more {
            true => {
                *stage = ReadBack {
                    depth,
                    ..ReadBack::default()
                };
                self.ask(Phase::Parked(Parked::Pending))
            }
            false => {
                let sweep = self.sweep.as_mut().expect("only a sweep judges");
                sweep.stage = Stage::Due { depth };
                self.ask(Phase::Due)
            }
        }
    }
}
