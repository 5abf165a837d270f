//! `vedette.spike` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Comparison, Draft, Form, Linker, MILLION, Section, Threshold, Window, WindowKind,
    WindowParts,
};

use crate::group::groups;
use crate::state::sample::KEPT_MAX;
use crate::types::words::{number, of_million, within};

/// Compares a count with that of the window before.
#[derive(Debug, Clone)]
pub struct Spike {
    pub timespan_ms: i64,
    /// Of the window's events, whatever there were before.
    pub threshold: Threshold,
    pub parts: SpikeParts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpikeParts {
    /// Of the window's events by those of the window before, in millionths; all of them must be true.
    pub bounds: Vec<(Comparison, u64)>,
    /// The fewest events of the window before, at least 1.
    pub at_least: u64,
}

pub const KIND: WindowKind = WindowKind {
    name: "spike",
    form: Form::Attribute(Attribute {
        on: &["event_count"],
        keys: &["gte", "lte", "at_least"],
        example: "{gte: 3, at_least: 20}",
        read,
    }),
};

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let mut bounds = Vec::new();
    for (name, comparison) in [("gte", Comparison::Gte), ("lte", Comparison::Lte)] {
        bounds.extend(section.millionths(name).map(|bound| (comparison, bound)));
    }
    if !section.has("gte") && !section.has("lte") {
        section.missing("gte", "gte: 3");
    }
    if let [(_, low), (_, high)] = bounds[..]
        && low > high
    {
        section.error("`gte` is above `lte`: no spike satisfies both");
    }
    if !section.has("at_least") {
        section.missing("at_least", "at_least: 20");
    }
    let at_least = section.count("at_least")?;
    Some(Arc::new(SpikeParts { bounds, at_least }))
}

impl SpikeParts {
    /// The fewest events of a window that are many enough.
    fn least(&self) -> u64 {
        let low = self.bounds.iter().filter(|(by, _)| *by == Comparison::Gte);
        let least = low.map(|(_, bound)| bound.saturating_mul(self.at_least).div_ceil(MILLION));
        least.max().unwrap_or(0)
    }

    /// Whether the condition is true of some such number.
    fn leaves_some(&self, threshold: &Threshold) -> bool {
        let (least, alike_from) = (self.least(), threshold.saturation());
        let edges = [
            least,
            alike_from - 1,
            alike_from,
            alike_from.saturating_add(1),
        ];
        let is_left = |count: &u64| *count >= least && threshold.holds(*count);
        least == 0 || edges.iter().any(is_left)
    }
}

impl Draft for SpikeParts {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let threshold = linker.count();
        if !self.leaves_some(&threshold) {
            let least = self.least();
            linker.problem(&format!(
                "`vedette.spike` can never be true: it asks for {least} events, which the condition rules out"
            ));
        }
        Arc::new(Spike {
            timespan_ms: linker.timespan_ms(),
            threshold,
            parts: self.clone(),
        })
    }
}

impl Spike {
    /// How many windows alerts tell of: where this one may be empty, of the one before as well.
    fn windows(&self) -> i64 {
        let mut bounds = self.parts.bounds.iter();
        match bounds.any(|(by, _)| *by == Comparison::Gte) {
            true => 1,
            false => 2,
        }
    }
}

impl Window for Spike {
    fn parts(&self) -> WindowParts {
        let bounds = self.parts.bounds.iter();
        let bounds = bounds.map(|(by, bound)| (*by, of_million(*bound)));
        WindowParts {
            kind: KIND.name,
            state: vec![("windows", self.windows().to_string())],
            judgement: vec![
                ("threshold", self.threshold.to_string()),
                ("spike", Threshold(bounds.collect()).to_string()),
                ("at_least", self.parts.at_least.to_string()),
            ],
            ..WindowParts::default()
        }
    }

    /// `60 or more events within 10 minutes, and 3 or more times the 20 or more of the 10 minutes before`
    fn fires_at(&self, _: &[&str]) -> String {
        let bounds = self.parts.bounds.iter();
        let bounds = bounds.map(|(by, bound)| (*by, of_million(*bound)));
        let times = number(&Threshold(bounds.collect()));
        let (events, within) = (number(&self.threshold), within(self.timespan_ms));
        let at_least = self.parts.at_least;
        format!(
            "{events} events {within}, and {times} times the events of as long before, which are {at_least} or more"
        )
    }

    fn memory_ms(&self) -> i64 {
        self.timespan_ms
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        let told_ms = self.timespan_ms.saturating_mul(self.windows());
        groups::of(self, told_ms, quiet_ms)
    }
}
