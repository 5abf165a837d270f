//! `vedette.owner` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Draft, Form, Linker, Reference, Section, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::types::words::{duration, in_ms, number, places, within};

/// Changes of owner that are kept of a slice.
pub const FACTS_MAX: usize = 64;
/// Values whose accesses are kept of a slice.
pub const VALUES_MAX: usize = 256;
/// Accesses by one value that are kept of a slice: the first and the last of each of so many cells.
pub const TIMES_MAX: usize = 2 * CELLS as usize;
pub(super) const CELLS: u128 = 8;

/// Counts values that are not the owner's.
#[derive(Debug, Clone)]
pub struct Owner {
    pub timespan_ms: i64,
    pub threshold: Threshold,
    pub parts: OwnerParts,
}

/// Positions are those of the correlation's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerParts {
    /// Their hits make the value the owner.
    pub given_by: Vec<usize>,
    /// After their hits the owner is not known.
    pub ended_by: Vec<usize>,
    /// How long an owner is known, in milliseconds; at least a timespan.
    pub memory_ms: i64,
}

impl OwnerParts {
    /// Whether hits of an input give an owner or end that; `None` for accesses.
    pub fn owner_from(&self, input: usize) -> Option<bool> {
        match (
            self.given_by.contains(&input),
            self.ended_by.contains(&input),
        ) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

pub const KIND: WindowKind = WindowKind {
    name: "owner",
    form: Form::Attribute(Attribute {
        on: &["value_count"],
        keys: &["given_by", "ended_by", "memory"],
        example: "{given_by: [registered], ended_by: [removed], memory: 365d}",
        read,
    }),
};

#[derive(Debug)]
struct OwnerDraft {
    given_by: Vec<Reference>,
    ended_by: Vec<Reference>,
    memory_ms: i64,
}

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let given_by = section.rules("given_by");
    let ended_by = match section.has("ended_by") {
        true => section.rules("ended_by"),
        false => Some(Vec::new()),
    };
    let memory = section.duration("memory", "memory: 365d");
    Some(Arc::new(OwnerDraft {
        given_by: given_by?,
        ended_by: ended_by?,
        memory_ms: memory?,
    }))
}

impl Draft for OwnerDraft {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        if self.memory_ms < linker.timespan_ms() {
            linker.problem("the `memory` of `vedette.owner` is shorter than the timespan: take the longest time for which nobody registers or transfers anew");
        }
        let parts = OwnerParts {
            given_by: linker.places(&self.given_by),
            ended_by: linker.places(&self.ended_by),
            memory_ms: self.memory_ms,
        };
        for &at in &parts.given_by {
            if parts.ended_by.contains(&at) {
                let rule = &linker.inputs()[at].text;
                let message = format!(
                    "`vedette.owner` has `{rule}` in `given_by` and in `ended_by`: leave it in one of them"
                );
                linker.problem(&message);
            }
        }
        if (0..linker.inputs().len()).all(|at| parts.owner_from(at).is_some()) {
            linker.problem("of the `rules`, `vedette.owner` leaves none whose hits are accesses: add the rule of what owners alone may do");
        }
        Arc::new(Owner {
            timespan_ms: linker.timespan_ms(),
            threshold: linker.count(),
            parts,
        })
    }
}

impl Window for Owner {
    /// Of owners that were forgotten under a shorter memory nothing is known, which makes nobody a stranger.
    fn parts(&self) -> WindowParts {
        let OwnerParts {
            given_by,
            ended_by,
            memory_ms,
        } = &self.parts;
        WindowParts {
            kind: KIND.name,
            state: vec![
                ("given_by", places(given_by)),
                ("ended_by", places(ended_by)),
            ],
            judgement: vec![
                ("threshold", self.threshold.to_string()),
                ("memory", in_ms(*memory_ms)),
            ],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let (within, memory) = (within(self.timespan_ms), duration(self.parts.memory_ms));
        let values = number(&self.threshold);
        format!("{values} values {within} that are not the owner's, as learned over {memory}")
    }

    fn memory_ms(&self) -> i64 {
        self.parts.memory_ms
    }

    /// A hit that ends that the owner is known needs none: whose it was is all the same then.
    fn needs_value(&self, input: usize) -> bool {
        self.parts.owner_from(input) != Some(false)
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!(
            "{FACTS_MAX} changes of owner, {VALUES_MAX} values, or {TIMES_MAX} hits of one value, in a timespan"
        ))
    }

    fn unjudged_since(&self) -> &'static str {
        "no owner was known: add recordings from before, or a snapshot of the owners, to the inputs"
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
