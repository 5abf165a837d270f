//! `vedette.ratio` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Comparison, Draft, Form, Linker, MILLION, Reference, Section, Threshold, Window,
    WindowKind, WindowParts,
};

use crate::group::groups;
use crate::state::sample::KEPT_MAX;
use crate::types::words::{number, of_million, places, within};

/// Judges which part of the events hits some of the rules.
#[derive(Debug, Clone)]
pub struct Ratio {
    pub timespan_ms: i64,
    /// Of all events of the window.
    pub threshold: Threshold,
    pub parts: RatioParts,
}

/// Positions are those of the correlation's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatioParts {
    pub of: Vec<usize>,
    pub to: Vec<usize>,
    /// In millionths, all of which must be true.
    pub bounds: Vec<(Comparison, u64)>,
    /// The fewest events of the rules `to`, at least 1.
    pub at_least: u64,
}

pub const KIND: WindowKind = WindowKind {
    name: "ratio",
    form: Form::Attribute(Attribute {
        on: "event_count",
        keys: &["of", "to", "gte", "lte", "at_least"],
        example: "{of: [failed], to: [failed, passed], gte: 0.5, at_least: 100}",
        read,
    }),
};

#[derive(Debug)]
struct RatioDraft {
    of: Vec<Reference>,
    to: Vec<Reference>,
    bounds: Vec<(Comparison, u64)>,
    at_least: u64,
}

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let (of, to) = (section.rules("of"), section.rules("to"));
    let mut bounds = Vec::new();
    for (name, comparison) in [("gte", Comparison::Gte), ("lte", Comparison::Lte)] {
        bounds.extend(section.millionths(name).map(|bound| (comparison, bound)));
    }
    if !section.has("gte") && !section.has("lte") {
        section.missing("gte", "gte: 0.5");
    }
    if let [(_, low), (_, high)] = bounds[..]
        && low > high
    {
        section.error("`gte` is above `lte`: no ratio satisfies both");
        return None;
    }
    if !section.has("at_least") {
        section.missing("at_least", "at_least: 100");
    }
    let at_least = section.count("at_least");
    Some(Arc::new(RatioDraft {
        of: of?,
        to: to?,
        bounds,
        at_least: at_least?,
    }))
}

impl Draft for RatioDraft {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let parts = RatioParts {
            of: linker.places(&self.of),
            to: linker.places(&self.to),
            bounds: self.bounds.clone(),
            at_least: self.at_least,
        };
        let is_a_part = parts.of.iter().all(|at| parts.to.contains(at));
        let is_more = |&(comparison, bound)| comparison == Comparison::Gte && bound > MILLION;
        if is_a_part && parts.bounds.iter().any(is_more) {
            linker.problem("`vedette.ratio` can never be true: `gte` is above 1, but all rules of `of` are in `to`");
        }
        for at in 0..linker.inputs().len() {
            if !parts.of.contains(&at) && !parts.to.contains(&at) {
                let rule = &linker.inputs()[at].text;
                let message = format!(
                    "`vedette.ratio` has `{rule}` neither in `of` nor in `to`: add it, or remove it from `rules`"
                );
                linker.problem_of_input(at, message);
            }
        }
        Arc::new(Ratio {
            timespan_ms: linker.timespan_ms(),
            threshold: linker.count(),
            parts,
        })
    }
}

impl Window for Ratio {
    fn parts(&self) -> WindowParts {
        let RatioParts {
            of,
            to,
            bounds,
            at_least,
        } = &self.parts;
        let bounds = bounds.iter().map(|(by, bound)| (*by, of_million(*bound)));
        let bounds = bounds.collect();
        WindowParts {
            kind: KIND.name,
            state: vec![("of", places(of)), ("to", places(to))],
            judgement: vec![
                ("threshold", self.threshold.to_string()),
                ("ratio", Threshold(bounds).to_string()),
                ("at_least", at_least.to_string()),
            ],
            ..WindowParts::default()
        }
    }

    /// `100 or more events within 10 minutes, of which failed are 50 % or more of failed and passed`
    fn fires_at(&self, inputs: &[&str]) -> String {
        let named = |places: &[usize]| {
            let names = places.iter().filter_map(|at| inputs.get(*at).copied());
            names.collect::<Vec<_>>().join(" and ")
        };
        let bounds = self.parts.bounds.iter().map(|(comparison, millionths)| {
            let percent = *millionths as f64 / 10_000.0;
            match comparison {
                Comparison::Lte => format!("{percent} % or less"),
                _ => format!("{percent} % or more"),
            }
        });
        let bounds = bounds.collect::<Vec<_>>().join(" and ");
        let (of, to) = (named(&self.parts.of), named(&self.parts.to));
        let (events, within) = (number(&self.threshold), within(self.timespan_ms));
        format!("{events} events {within}, of which {of} are {bounds} of {to}")
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
