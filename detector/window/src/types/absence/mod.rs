//! `temporal` with `vedette.absence`: one thing happened, and another did not beside it.
//!
//! Of three *roles*, `of` names what must not happen. Equal times are in order, and T is the timespan:
//!
//! - `after` alone: a hit of `after` at a counts where no hit of `of` is in [a, a + T). That is certain at a + T, and
//!   holds for a timespan from then on: in [a + T, a + 2T).
//! - `before` alone: a hit of `before` at b counts where no hit of `of` is in (b - T, b]. It holds in [b, b + T).
//! - both: a hit at a and one at b, a ≤ b < a + T, count where no hit of `of` is in [a, b]. They hold in [b, a + T), as
//!   steps in order do.
//!
//! Alerts tell of the hits that count alone. Whether one does depends on nothing after the moments at which it holds, so
//! the watermark judges these moments as they come; a hit of `of` that is late undoes what it takes away.
//!
//! Times are kept by role (`step_times.rs`), each hit as long as a role has no more than 128 in a timespan; of more the
//! first and the last of each 64th part of it. What counts is then off by less than such a part, and alerts tell of those
//! that are kept. That nothing of `of` is within a timespan before or after a hit stays exact: whatever is dropped lies
//! between two that are kept, nearer to each other than a timespan.

mod rule; // in rule files

use serde::{Deserialize, Serialize};

use crate::kind::{Occurrence, WindowType};
use crate::state::cells::Cells;
use crate::state::chains::Step;
use crate::state::interval::{Interval, Intervals};
use crate::state::step_times::{StepTimes, StepsOf};

use rule::{AFTER, BEFORE, KEPT_MAX, OF};
pub use rule::{Absence, AbsenceParts, KIND};

/// When there were hits of each role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Roles([StepTimes; 3]);

impl WindowType for Absence {
    type State = Roles;
    type Detail = u32;
    type Value = u8;

    const TELLS_ALL: bool = false;

    fn is_monotone(&self) -> bool {
        false
    }

    fn delay_ms(&self) -> i64 {
        self.delayed_ms()
    }

    fn observe(&self, state: &mut Roles, occurrence: &Occurrence) {
        let step = Step {
            start: occurrence.start,
            until: occurrence.start,
            step: 0,
        };
        let role = usize::from(self.counted(occurrence));
        state.0[role].take(step, self.steps());
    }

    fn merge(&self, state: &mut Roles, other: &Roles) {
        for (times, theirs) in state.0.iter_mut().zip(&other.0) {
            times.merge(theirs, self.steps());
        }
    }

    fn holding(&self, state: &mut Roles) -> Intervals {
        self.settle(state);
        let last = if self.parts.has_before() {
            BEFORE
        } else {
            AFTER
        };
        let mut moments = Vec::new();
        for step in state.of(last) {
            let time = step.start;
            let Some(beside) = self.beside(state, time, last) else {
                continue;
            };
            // A pair holds until its first hit has left the window.
            let (start, since) = match self.is_pair() {
                true => (time, beside),
                false => {
                    let certain = time.saturating_add(self.delayed_ms());
                    (certain, certain)
                }
            };
            moments.push(Interval::new(start, since.saturating_add(self.timespan_ms)));
        }
        Intervals::from_unsorted(moments)
    }

    fn forget(&self, state: &mut Roles, before: i64) {
        // Hits in the ledger are no older than two and a half timespans, and what is asked of them looks back by one.
        let asked_from = before.saturating_sub(self.timespan_ms.saturating_mul(4));
        for times in &mut state.0 {
            times.forget(asked_from, self.steps());
        }
    }

    fn closeness(&self, state: &mut Roles) -> f64 {
        if !self.holding(state).is_empty() {
            return 1.0;
        }
        let waits = !state.of(AFTER).is_empty() || !state.of(BEFORE).is_empty();
        if waits { 0.5 } else { 0.0 }
    }

    fn is_thinned(&self, state: &Roles) -> bool {
        state.0.iter().any(StepTimes::is_thinned)
    }

    fn counted(&self, occurrence: &Occurrence) -> u8 {
        self.parts.role_of(occurrence.input)
    }

    /// One of a pair that lacks the other may get it.
    fn may_tell(&self, state: &Roles, time: i64, role: u8) -> bool {
        let is_kept = role != OF && state.until(role, time) == Some(time);
        is_kept && (self.is_pair() || self.beside(state, time, role).is_some())
    }

    fn tells(&self, state: &Roles, time: i64, role: u8) -> bool {
        self.may_tell(state, time, role) && self.beside(state, time, role).is_some()
    }

    fn bytes(&self, state: &Roles) -> usize {
        state.0.iter().map(StepTimes::bytes).sum()
    }
}

impl Roles {
    fn of(&self, role: u8) -> &[Step] {
        self.0[usize::from(role)].taken()
    }

    /// The first time from `time` on.
    fn since(&self, role: u8, time: i64) -> Option<i64> {
        let steps = self.of(role);
        let at = steps.partition_point(|step| step.start < time);
        steps.get(at).map(|step| step.start)
    }

    /// The last time up to `time`.
    fn until(&self, role: u8, time: i64) -> Option<i64> {
        let steps = self.of(role);
        let end = steps.partition_point(|step| step.start <= time);
        Some(steps[..end].last()?.start)
    }
}

impl Absence {
    /// Each role is kept by itself.
    fn steps(&self) -> StepsOf {
        StepsOf {
            steps: 1,
            cells: Cells {
                timespan_ms: self.timespan_ms,
                kept_max: KEPT_MAX,
            },
        }
    }

    fn settle(&self, state: &mut Roles) {
        for times in &mut state.0 {
            times.settle(self.steps());
        }
    }

    /// Whether two roles are asked for, of which a hit has to have the other beside it.
    fn is_pair(&self) -> bool {
        self.parts.has_after() && self.parts.has_before()
    }

    /// Of a hit that counts, the nearest one of the other role; itself, where none is asked for. `None`: it does not
    /// count. Needs a settled state.
    fn beside(&self, state: &Roles, time: i64, role: u8) -> Option<i64> {
        let is_after = role == AFTER;
        // What is ruled out, and the other role, on the side that matters.
        let (ruled_out, other) = match is_after {
            true => (state.since(OF, time), state.since(BEFORE, time)),
            false => (state.until(OF, time), state.until(AFTER, time)),
        };
        let apart = |one: i64| one.abs_diff(time);
        let is_near = |one: &i64| apart(*one) < self.timespan_ms.unsigned_abs();
        if !self.is_pair() {
            return ruled_out.filter(is_near).is_none().then_some(time);
        }
        let other = other.filter(is_near)?;
        // Of one time, what is ruled out is between the others.
        let is_free = ruled_out.is_none_or(|out| apart(out) > apart(other));
        is_free.then_some(other)
    }
}

#[cfg(test)]
mod tests;
