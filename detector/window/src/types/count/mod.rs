//! `event_count` and `value_count`: how many distinct event ids or values the window holds.

mod rule; // in rule files

use serde::{Deserialize, Deserializer};

use crate::group::version_1::{Span, intervals};
use crate::kind::{ChildView, Occurrence, WindowType};
use crate::state::coverage::Coverage;
use crate::state::interval::Intervals;
use crate::state::key::OldKey;

pub use rule::{Count, Countable, EVENTS, EventCount, VALUES, ValueCount};

impl<V: Countable> WindowType for Count<V> {
    type State = Coverage;
    type Detail = V;
    type Value = V;

    const CHILD_VIEW: ChildView = <V as Countable>::CHILD_VIEW;

    fn of_group<'t>(&self, texts: impl FnOnce() -> &'t [u8]) -> &Self {
        let by_value = self.by_value.as_ref();
        let window = by_value.and_then(|by_value| by_value.of_kept(texts()));
        window.unwrap_or(self)
    }

    fn is_monotone(&self) -> bool {
        self.threshold.is_monotone()
    }

    fn hits_min(&self) -> u64 {
        match self.threshold.is_monotone() {
            true => self.threshold.saturation(),
            false => 1,
        }
    }

    fn observe(&self, state: &mut Coverage, occurrence: &Occurrence) {
        state.add(
            self.counted(occurrence).of_event(occurrence.id),
            occurrence.bears_on(self.timespan_ms),
            self.absorbs_at,
        );
    }

    fn merge(&self, state: &mut Coverage, other: &Coverage) {
        state.merge(other, self.absorbs_at);
    }

    fn holding(&self, state: &mut Coverage) -> Intervals {
        state.settle(self.absorbs_at);
        if self.threshold.is_monotone() && self.threshold.saturation() == self.absorbs_at {
            return state.saturated().clone();
        }
        state.moments_where(self.absorbs_at, |count| self.threshold.holds(count))
    }

    fn forget(&self, state: &mut Coverage, before: i64) {
        state.forget(before, self.absorbs_at);
    }

    fn give_up_absorbed(&self, state: &mut Coverage, past: Option<i64>) {
        state.give_up_saturated(past);
    }

    /// The highest count so far of the count from which on all are judged alike.
    fn closeness(&self, state: &mut Coverage) -> f64 {
        state.settle(self.absorbs_at);
        let peak = state.peak(self.absorbs_at) as f64;
        (peak / self.threshold.saturation() as f64).min(1.0)
    }

    fn counted(&self, occurrence: &Occurrence) -> V {
        V::pack(occurrence.input, occurrence.value)
    }

    /// Saturated moments, pieces, and how many of them were settled.
    fn see_again<'d, D: Deserializer<'d>>(&self, old: D) -> Result<Coverage, D::Error> {
        type Old = (Vec<Span>, Vec<(Span, OldKey)>, usize);
        let (saturated, pieces, _) = Old::deserialize(old)?;
        let mut state = Coverage::default();
        state.saturate(&intervals(saturated), self.absorbs_at);
        for (span, key) in pieces {
            let piece = span.occurrence(0, key.into(), self.timespan_ms);
            self.observe(&mut state, &piece);
        }
        Ok(state)
    }

    fn bytes(&self, state: &Coverage) -> usize {
        state.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{OccurrenceValue, held};
    use crate::state::key::Key;
    use detector_rule::{Comparison, Threshold};

    #[test]
    fn fewer_hits_than_it_takes_never_hold() {
        use Comparison::{Eq, Gt, Gte, Lt, Neq};
        for comparisons in [
            vec![(Gte, 3)],
            vec![(Gt, 3)],
            vec![(Gte, 2), (Gt, 3)],
            vec![(Gte, 1)],
            vec![(Lt, 3)],
            vec![(Eq, 3)],
            vec![(Gte, 3), (Neq, 4)],
        ] {
            let window = EventCount::new(10, Threshold(comparisons.clone()));
            for count in 1..window.hits_min() {
                let hit = |n| Occurrence::hit(0, 5, Key::from_u128(n), OccurrenceValue::None);
                let held = held(&window, (0..u128::from(count)).map(hit));
                assert_eq!(held, [], "{count} of {comparisons:?}");
            }
        }
        let window = EventCount::new(10, Threshold(vec![(Gt, 3)]));
        assert_eq!(window.hits_min(), 4);
    }
}
