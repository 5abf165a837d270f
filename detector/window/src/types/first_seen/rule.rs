//! `vedette.first_seen` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Draft, Form, Linker, Section, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::types::words::{duration, in_ms, number, within};

/// Counts values that are new.
#[derive(Debug, Clone)]
pub struct FirstSeen {
    pub timespan_ms: i64,
    pub threshold: Threshold,
    pub parts: FirstSeenParts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstSeenParts {
    /// How long a group learns before a value counts as new, in milliseconds; at most the memory.
    pub learning_ms: i64,
    /// How long a value is known after it was seen, in milliseconds; at least a timespan.
    pub memory_ms: i64,
    /// The most values of a group that are watched within one memory, at least 1.
    pub values_max: usize,
}

/// Values of a group that are watched within one memory: usually, and at most.
const VALUES_USUAL: u64 = 1_000;
const VALUES_MAX: u64 = 3_000;

pub const KIND: WindowKind = WindowKind {
    name: "first_seen",
    form: Form::Attribute(Attribute {
        on: &["value_count"],
        keys: &["learning", "memory", "values"],
        example: "{learning: 7d, memory: 30d}",
        read,
    }),
};

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let learning = section.duration("learning", "learning: 7d");
    let memory = section.duration("memory", "memory: 30d");
    let values = section.count_up_to("values", VALUES_MAX, VALUES_USUAL);
    let (learning_ms, memory_ms) = (learning?, memory?);
    if learning_ms > memory_ms {
        section.error(
            "`learning` is longer than `memory`: what is learned would be forgotten before it counts",
        );
    }
    Some(Arc::new(FirstSeenParts {
        learning_ms,
        memory_ms,
        values_max: usize::try_from(values?).unwrap_or(usize::MAX),
    }))
}

impl Draft for FirstSeenParts {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        if self.memory_ms < linker.timespan_ms() {
            linker.problem("the `memory` of `vedette.first_seen` is shorter than the timespan: a value would be new again while it is in the window");
        }
        Arc::new(FirstSeen {
            timespan_ms: linker.timespan_ms(),
            threshold: linker.count(),
            parts: *self,
        })
    }
}

impl Window for FirstSeen {
    fn parts(&self) -> WindowParts {
        let FirstSeenParts {
            learning_ms,
            memory_ms,
            values_max,
        } = self.parts;
        WindowParts {
            kind: KIND.name,
            state: vec![
                ("memory", in_ms(memory_ms)),
                ("values", values_max.to_string()),
            ],
            judgement: vec![
                ("threshold", self.threshold.to_string()),
                ("learning", in_ms(learning_ms)),
            ],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let (within, memory) = (within(self.timespan_ms), duration(self.parts.memory_ms));
        let values = number(&self.threshold);
        format!("{values} values {within} not seen for {memory}")
    }

    fn memory_ms(&self) -> i64 {
        self.parts.memory_ms
    }

    fn kept_at_most(&self) -> Option<String> {
        let values = self.parts.values_max;
        Some(format!(
            "{values} values within its memory, the others were not watched"
        ))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
