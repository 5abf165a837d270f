//! `event_count` and `value_count`: how many distinct event ids or values the window holds.

use crate::state::coverage::Coverage;
use crate::state::interval::Intervals;
use crate::state::key::Key;
use crate::types::kind::{ChildView, Occurrence, OccurrenceValue, WindowType};
use detector_rule::Threshold;

/// Counts event ids.
#[derive(Debug)]
pub struct EventCount {
    pub timespan_ms: i64,
    pub threshold: Threshold,
}

/// Counts distinct values; occurrences without one are not counted.
#[derive(Debug)]
pub struct ValueCount {
    pub timespan_ms: i64,
    pub threshold: Threshold,
}

impl WindowType for EventCount {
    type State = Coverage;
    type Detail = ();
    type Value = ();

    const CHILD_VIEW: ChildView = ChildView::Episodes;

    fn is_monotone(&self) -> bool {
        self.threshold.is_monotone()
    }

    fn observe(&self, state: &mut Coverage, occurrence: &Occurrence) {
        state.add(
            occurrence.id,
            occurrence.bears_on(self.timespan_ms),
            self.threshold.saturation(),
        );
    }

    fn merge(&self, state: &mut Coverage, other: &Coverage) {
        state.merge(other, self.threshold.saturation());
    }

    fn holding(&self, state: &mut Coverage) -> Intervals {
        holding(state, &self.threshold)
    }

    fn counted(&self, _: &Occurrence) {}

    fn forget(&self, state: &mut Coverage, before: i64) {
        state.forget(before, self.threshold.saturation());
    }

    fn closeness(&self, state: &mut Coverage) -> f64 {
        closeness(state, &self.threshold)
    }

    fn bytes(&self, state: &Coverage) -> usize {
        state.bytes()
    }
}

impl WindowType for ValueCount {
    type State = Coverage;
    type Detail = Key;
    type Value = Key;

    fn is_monotone(&self) -> bool {
        self.threshold.is_monotone()
    }

    fn observe(&self, state: &mut Coverage, occurrence: &Occurrence) {
        let value = self.counted(occurrence);
        state.add(
            value,
            occurrence.bears_on(self.timespan_ms),
            self.threshold.saturation(),
        );
    }

    fn merge(&self, state: &mut Coverage, other: &Coverage) {
        state.merge(other, self.threshold.saturation());
    }

    fn holding(&self, state: &mut Coverage) -> Intervals {
        holding(state, &self.threshold)
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        match occurrence.value {
            OccurrenceValue::Key(key) => key,
            _ => unreachable!("value_count is given the key of a value"),
        }
    }

    fn forget(&self, state: &mut Coverage, before: i64) {
        state.forget(before, self.threshold.saturation());
    }

    fn closeness(&self, state: &mut Coverage) -> f64 {
        closeness(state, &self.threshold)
    }

    fn bytes(&self, state: &Coverage) -> usize {
        state.bytes()
    }
}

/// The highest count so far of the count from which on all are judged alike.
fn closeness(state: &mut Coverage, threshold: &Threshold) -> f64 {
    let saturation = threshold.saturation();
    state.settle(saturation);
    state.peak(saturation) as f64 / saturation as f64
}

fn holding(state: &mut Coverage, threshold: &Threshold) -> Intervals {
    let saturation = threshold.saturation();
    state.settle(saturation);
    if threshold.is_monotone() {
        return state.saturated().clone();
    }
    state.moments_where(saturation, |count| threshold.holds(count))
}
