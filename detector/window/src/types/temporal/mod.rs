//! `temporal`: which of the referred rules the window holds, in any order.

mod rule; // in rule files
mod present; // which inputs are
mod alternatives; // a condition with `not`
mod except; // what it holds of

use serde::{Deserialize, Deserializer, Serialize};

use crate::group::version_1::Span;
use crate::kind::{Occurrence, WindowType};
use crate::state::interval::{IntervalUnion, Intervals};
use crate::state::key::Key;
use crate::types::temporal::present::while_present;

pub use except::TemporalExcept;
pub use rule::{KIND, Temporal};

/// Of each input, the moments whose window holds it: each interval is at least a timespan long, so there are few.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PresentInputs(Vec<IntervalUnion>);

impl PresentInputs {
    fn input(&mut self, input: usize) -> &mut IntervalUnion {
        if self.0.len() <= input {
            self.0.resize_with(input + 1, IntervalUnion::default);
        }
        &mut self.0[input]
    }
}

impl WindowType for Temporal {
    type State = PresentInputs;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        self.presence.is_monotone()
    }

    fn observe(&self, state: &mut PresentInputs, occurrence: &Occurrence) {
        state
            .input(occurrence.input)
            .add(occurrence.bears_on(self.timespan_ms));
    }

    fn merge(&self, state: &mut PresentInputs, other: &PresentInputs) {
        for (input, theirs) in other.0.iter().enumerate() {
            state.input(input).merge(theirs);
        }
    }

    fn holding(&self, state: &mut PresentInputs) -> Intervals {
        let moments = state.0.iter_mut().map(IntervalUnion::settle);
        while_present(moments, |present| self.presence.holds(present))
    }

    fn forget(&self, state: &mut PresentInputs, before: i64) {
        state
            .0
            .iter_mut()
            .for_each(|moments| moments.forget(before));
    }

    fn closeness(&self, state: &mut PresentInputs) -> f64 {
        if !self.holding(state).is_empty() {
            return 1.0;
        }
        let settled = state.0.iter_mut().map(IntervalUnion::settle);
        let seen = settled.filter(|moments| !moments.is_empty()).count();
        seen as f64 / (self.inputs + 1) as f64
    }

    fn counted(&self, _: &Occurrence) {}

    /// The moments of each input.
    fn see_again<'d, D: Deserializer<'d>>(&self, old: D) -> Result<PresentInputs, D::Error> {
        let mut state = PresentInputs::default();
        for (input, spans) in Vec::<Vec<Span>>::deserialize(old)?.iter().enumerate() {
            for span in spans {
                let occurrence = span.occurrence(input, Key::from_u128(0), self.timespan_ms);
                self.observe(&mut state, &occurrence);
            }
        }
        Ok(state)
    }

    fn bytes(&self, state: &PresentInputs) -> usize {
        state.0.capacity() * size_of::<IntervalUnion>()
            + state.0.iter().map(IntervalUnion::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
