//! What waits for a child's episode: hits that a batch parks, and marks that let others know of the episode.

use crate::batch::asked::Parked;
use crate::batch::{Batch, Phase, Step, item_key};
use crate::effect::{Effect, EffectResult};
use crate::parked::Mark;

impl<'r> Batch<'r> {
    pub(super) fn enter_parking(mut self: Box<Self>) -> Step<'r> {
        self.attempt = 0;
        match self.parking.parts.is_empty() {
            true => self.enter_depth(),
            false => self.ask(Phase::Parked(Parked::Park)),
        }
    }

    pub(super) fn asked_of_parked(&self, phase: &Parked) -> Effect {
        match phase {
            Parked::Park => Effect::Park(self.parking.parts.clone()),
            Parked::Look(from) => Effect::Look { from: *from },
            Parked::Arm(marks) => Effect::Arm(marks.clone()),
            Parked::Pending | Parked::Read | Parked::Serve => self.asked_of_read_back(phase),
        }
    }

    pub(super) fn resume_parked(self: Box<Self>, phase: Parked, result: EffectResult) -> Step<'r> {
        match (phase, result) {
            (Parked::Park, EffectResult::Park(stored)) => self.take_parked(&stored),
            (Parked::Look(from), EffectResult::Look { marks, is_all }) => {
                self.take_marks(from, marks, is_all)
            }
            (Parked::Arm(marks), EffectResult::Arm(set)) => self.take_armed(marks, &set),
            (Parked::Pending, EffectResult::Pending { marks, is_all }) => {
                self.take_pending(marks, is_all)
            }
            (Parked::Read, EffectResult::ReadParked { parts, is_all }) => {
                self.take_read_back(&parts, is_all)
            }
            (Parked::Serve, EffectResult::Serve) => self.take_served(),
            (phase, _) => self.again(Phase::Parked(phase)),
        }
    }

    fn take_parked(mut self: Box<Self>, stored: &[bool]) -> Step<'r> {
        let mut stored = stored.iter().chain(std::iter::repeat(&false));
        let slices = self.parking.waiting.values().map(|waiting| waiting.slice);
        let from = slices.min().unwrap_or(i64::MAX);
        let parts = &mut self.parking.parts;
        parts.retain(|_| stored.next() != Some(&true));
        match parts.is_empty() {
            true => {
                self.attempt = 0;
                // After they are parked: who sets a mark later finds them, who has set it before is found.
                self.ask(Phase::Parked(Parked::Look(from)))
            }
            false => self.again(Phase::Parked(Parked::Park)),
        }
    }

    fn take_marks(mut self: Box<Self>, from: i64, marks: Vec<Mark>, is_all: bool) -> Step<'r> {
        self.marks.add(marks);
        let looked_from = self.marks.looked_from.unwrap_or(i64::MAX);
        self.marks.looked_from = Some(looked_from.min(from));
        for (at, waiting) in std::mem::take(&mut self.parking.waiting) {
            let is_marked = self.marks.cover(item_key(self.plan, at), waiting.slice);
            match is_marked || !is_all {
                true => self.take_in([(at, waiting.work)]),
                false => self.report.parked += 1,
            }
        }
        self.enter_depth()
    }

    /// What has to be asked before groups of this depth are read whose children are shown: they are marked first.
    pub(super) fn unarmed(&self) -> Option<Parked> {
        let work = self.work[self.depth].iter();
        let wanted = work.filter_map(|(at, work)| self.plan.mark(*at, work, self.swept_to));
        let unarmed: Vec<Mark> = wanted.filter(|mark| !self.marks.cover_all(mark)).collect();
        let from = unarmed.iter().map(|mark| mark.from).min()?;
        let is_known = self.marks.looked_from.is_some_and(|known| known <= from);
        Some(match is_known {
            true => Parked::Arm(unarmed),
            false => Parked::Look(from),
        })
    }

    fn take_armed(mut self: Box<Self>, marks: Vec<Mark>, set: &[bool]) -> Step<'r> {
        let set = set.iter().chain(std::iter::repeat(&false));
        let (set, left): (Vec<_>, Vec<_>) = marks.into_iter().zip(set).partition(|(_, set)| **set);
        self.marks.add(set.into_iter().map(|(mark, _)| mark));
        match left.is_empty() {
            true => self.enter_depth(),
            false => {
                let left = left.into_iter().map(|(mark, _)| mark).collect();
                self.again(Phase::Parked(Parked::Arm(left)))
            }
        }
    }

    pub(super) fn give_up_parked(mut self: Box<Self>, phase: Parked) -> Step<'r> {
        match phase {
            // It may be parked or not: united with its group it is in any case.
            Parked::Park => self.unite_waiting(),
            Parked::Look(from) => {
                self.marks.looked_from = Some(from);
                self.unite_waiting()
            }
            Parked::Arm(marks) => {
                for mark in marks {
                    if let Some(rule) = self.plan.rule_of(mark.rule) {
                        let at = (rule, mark.group);
                        self.fail(
                            at,
                            "what was parked for it could not be asked for".to_owned(),
                        );
                        self.work[self.depth].remove(&at);
                    }
                }
                self.enter_depth()
            }
            Parked::Pending | Parked::Read => self.break_off("what was parked could not be read"),
            Parked::Serve => self.break_off("what was parked could not be noted as read"),
        }
    }

    fn unite_waiting(mut self: Box<Self>) -> Step<'r> {
        let waiting = std::mem::take(&mut self.parking.waiting);
        self.take_in(waiting.into_iter().map(|(at, waiting)| (at, waiting.work)));
        self.enter_depth()
    }
}
