//! `event_count` with `vedette.spread`: so many events, and the first and the last of them so far apart. It keeps every
//! event, which no type that ships may do.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use detector_rule::{
    Attribute, Draft, Form, Linker, Section, Threshold, Window, WindowKind, WindowParts,
};
use detector_window::groups;
use detector_window::interval::{Interval, Intervals};
use detector_window::key::Key;
use detector_window::kind::{Occurrence, WindowType};
use detector_window::words::{duration, number, within};

pub(crate) const KIND: WindowKind = WindowKind {
    name: "spread",
    form: Form::Attribute(Attribute {
        on: &["event_count"],
        keys: &["over"],
        example: "{over: 5m}",
        read: |section: &mut Section<'_, '_>| {
            let over_ms = section.duration("over", "over: 5m")?;
            Some(Arc::new(Over(over_ms)))
        },
    }),
};

#[derive(Debug)]
struct Over(i64);

impl Draft for Over {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        if self.0 > linker.timespan_ms() {
            linker.problem(
                "`over` is longer than the timespan: no two events of a window are so far apart",
            );
        }
        Arc::new(Spread {
            timespan_ms: linker.timespan_ms(),
            threshold: linker.count(),
            over_ms: self.0,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Spread {
    timespan_ms: i64,
    threshold: Threshold,
    over_ms: i64,
}

impl Window for Spread {
    fn parts(&self) -> WindowParts {
        WindowParts {
            kind: KIND.name,
            judgement: vec![
                ("threshold", self.threshold.to_string()),
                ("over", self.over_ms.to_string()),
            ],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let (within, over) = (within(self.timespan_ms), duration(self.over_ms));
        let events = number(&self.threshold);
        format!("{events} events {within}, spread over {over} or more")
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}

impl WindowType for Spread {
    /// Time and id.
    type State = BTreeSet<(i64, Key)>;
    type Detail = ();
    type Value = ();

    fn is_monotone(&self) -> bool {
        self.threshold.is_monotone()
    }

    fn observe(&self, state: &mut Self::State, occurrence: &Occurrence) {
        state.insert((occurrence.start, occurrence.id));
    }

    fn merge(&self, state: &mut Self::State, other: &Self::State) {
        state.extend(other);
    }

    fn holding(&self, state: &mut Self::State) -> Intervals {
        let ends = |(time, _): &(i64, Key)| [*time, time + self.timespan_ms];
        let changes: BTreeSet<i64> = state.iter().flat_map(ends).collect();
        let stretches = changes.iter().zip(changes.iter().skip(1));
        let holds = |&(from, _): &(&i64, &i64)| {
            let is_in = |time: i64| from - self.timespan_ms < time && time <= *from;
            let times: Vec<i64> = state
                .iter()
                .map(|(t, _)| *t)
                .filter(|t| is_in(*t))
                .collect();
            let (Some(first), Some(last)) = (times.first(), times.last()) else {
                return false;
            };
            self.threshold.holds(times.len() as u64) && last - first >= self.over_ms
        };
        let holding = stretches.filter(holds);
        Intervals::from_unsorted(
            holding
                .map(|(from, to)| Interval::new(*from, *to))
                .collect(),
        )
    }

    fn forget(&self, state: &mut Self::State, before: i64) {
        state.retain(|(time, _)| time + self.timespan_ms > before);
    }

    fn closeness(&self, state: &mut Self::State) -> f64 {
        let holds = !self.holding(state).is_empty();
        if holds { 1.0 } else { 0.5 }
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Self::State) -> usize {
        state.len() * size_of::<(i64, Key)>()
    }
}
