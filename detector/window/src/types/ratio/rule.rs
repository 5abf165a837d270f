//! `vedette.ratio` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Comparison, Draft, Form, Linker, MILLION, Reference, Section, Threshold, Window,
    WindowKind, WindowParts,
};

use crate::group::groups;
use crate::state::history::{Calendar, WEEKS_MAX};
use crate::state::sample::KEPT_MAX;
use crate::types::ratio::parts::{RatioParts, UsualParts};
use crate::types::ratio::usual::UsualRatio;
use crate::types::ratio::usual_values::UsualValueRatio;
use crate::types::ratio::values::{VALUES_MAX, ValueRatio};
use crate::types::words::{number, within};

/// Judges which part of the events hits some of the rules.
#[derive(Debug, Clone)]
pub struct Ratio {
    pub timespan_ms: i64,
    /// Of all events of the window.
    pub threshold: Threshold,
    pub parts: RatioParts,
}

pub const KIND: WindowKind = WindowKind {
    name: "ratio",
    form: Form::Attribute(Attribute {
        on: &["event_count", "value_count"],
        keys: &[
            "of", "to", "gte", "lte", "at_least", "factor", "weeks", "warm_up",
        ],
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
    usual: Option<UsualParts>,
}

const USUAL_KEYS: [(&str, &str); 3] = [
    ("factor", "factor: 2"),
    ("weeks", "weeks: 4"),
    ("warm_up", "warm_up: 3"),
];

/// What is said of the usual ratio, if something is.
fn read_usual(section: &mut Section<'_, '_>) -> Option<UsualParts> {
    if !USUAL_KEYS.iter().any(|(key, _)| section.has(key)) {
        return None;
    }
    for (key, example) in USUAL_KEYS {
        if !section.has(key) {
            section.missing(key, example);
        }
    }
    let factor = section.millionths("factor");
    let weeks = section.count_up_to("weeks", WEEKS_MAX, 1)?;
    let warm_up = section.count_up_to("warm_up", WEEKS_MAX, 1)?;
    if warm_up > weeks {
        section.error("`warm_up` is above `weeks`: so many are never known");
    }
    let small = |weeks: u64| u32::try_from(weeks).unwrap_or(u32::MAX);
    Some(UsualParts {
        factor: factor?,
        weeks: small(weeks),
        warm_up: small(warm_up),
    })
}

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let (of, to) = (section.rules("of"), section.rules("to"));
    let mut bounds = Vec::new();
    for (name, comparison) in [("gte", Comparison::Gte), ("lte", Comparison::Lte)] {
        bounds.extend(section.millionths(name).map(|bound| (comparison, bound)));
    }
    let usual = read_usual(section);
    let has_usual = USUAL_KEYS.iter().any(|(key, _)| section.has(key));
    if !section.has("gte") && !section.has("lte") && !has_usual {
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
        usual,
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
        let (timespan_ms, threshold) = (linker.timespan_ms(), linker.count());
        match (self.usual, linker.counts_values()) {
            (None, true) => Arc::new(ValueRatio {
                timespan_ms,
                threshold,
                parts,
            }),
            (None, false) => Arc::new(Ratio {
                timespan_ms,
                threshold,
                parts,
            }),
            (Some(usual), counts_values) => {
                if !Calendar::has_slots_of(timespan_ms) {
                    linker.problem("`vedette.ratio` with a `factor` compares with the same time of past weeks: it needs a timespan from `15m` to `24h` that divides the week, as `1h`");
                }
                match counts_values {
                    true => {
                        let own = ValueRatio {
                            timespan_ms,
                            threshold,
                            parts,
                        };
                        Arc::new(UsualValueRatio { own, usual })
                    }
                    false => Arc::new(UsualRatio {
                        timespan_ms,
                        threshold,
                        parts,
                        usual,
                    }),
                }
            }
        }
    }
}

impl Window for Ratio {
    fn parts(&self) -> WindowParts {
        self.parts.parts(KIND.name, &self.threshold)
    }

    /// `100 or more events within 10 minutes, of which failed are 50 % or more of failed and passed`
    fn fires_at(&self, inputs: &[&str]) -> String {
        let (events, within) = (number(&self.threshold), within(self.timespan_ms));
        let shares = self.parts.shares(inputs);
        format!("{events} events {within}, of which {shares}")
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}

impl Window for UsualRatio {
    fn parts(&self) -> WindowParts {
        let mut parts = self.parts.parts("ratio by the usual", &self.threshold);
        self.usual.add_to(&mut parts);
        parts
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let (events, within) = (number(&self.threshold), within(self.timespan_ms));
        let shares = self.parts.shares(inputs);
        let usual = self.usual.words();
        format!("{events} events {within}, of which {shares}, {usual}")
    }

    fn memory_ms(&self) -> i64 {
        self.usual.calendar(self.timespan_ms).memory_ms()
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}

impl Window for UsualValueRatio {
    fn parts(&self) -> WindowParts {
        let ValueRatio {
            parts, threshold, ..
        } = &self.own;
        let mut parts = parts.parts("ratio of values by the usual", threshold);
        self.usual.add_to(&mut parts);
        parts
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        format!("{}, {}", self.own.fires_at(inputs), self.usual.words())
    }

    fn memory_ms(&self) -> i64 {
        self.calendar().memory_ms()
    }

    fn kept_at_most(&self) -> Option<String> {
        self.own.kept_at_most()
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.own.timespan_ms, quiet_ms)
    }
}

impl Window for ValueRatio {
    fn parts(&self) -> WindowParts {
        self.parts.parts("ratio of values", &self.threshold)
    }

    /// `20 or more different values within 10 minutes, of which those of failed are …`
    fn fires_at(&self, inputs: &[&str]) -> String {
        let (values, within) = (number(&self.threshold), within(self.timespan_ms));
        let shares = self.parts.shares(inputs);
        format!("{values} different values {within}, of which those of {shares}")
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{VALUES_MAX} values in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
