//! `vedette.baseline` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Draft, Form, Linker, MILLION, Section, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::state::history::{Calendar, WEEKS_MAX};
use crate::state::sample::KEPT_MAX;
use crate::types::words::{number, of_million, within};

pub use crate::state::history::WEEK_MS;

/// Compares a count with what is usual.
#[derive(Debug, Clone)]
pub struct Baseline {
    pub timespan_ms: i64,
    /// Of the window's events, whatever is usual.
    pub threshold: Threshold,
    pub parts: BaselineParts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineParts {
    /// How many weeks back it compares with, at least 1.
    pub weeks: u32,
    /// The fewest of them that must be known, from 1 to all.
    pub warm_up: u32,
    /// How many times the usual count it takes, in millionths; below one, it takes no more than that.
    pub factor: u64,
    /// The fewest usual events for which too few are judged; 0 where the factor asks for more.
    pub at_least: u64,
}

impl BaselineParts {
    /// Whether it asks for less than usual.
    pub(super) fn asks_for_less(&self) -> bool {
        self.factor < MILLION
    }

    /// How long an event is compared with, in milliseconds.
    pub fn memory_ms(&self) -> i64 {
        self.calendar(WEEK_MS).memory_ms()
    }

    /// How time is cut, for slots of a length.
    pub(super) fn calendar(&self, slot_ms: i64) -> Calendar {
        Calendar {
            slot_ms,
            weeks: self.weeks,
        }
    }
}

pub const KIND: WindowKind = WindowKind {
    name: "baseline",
    form: Form::Attribute(Attribute {
        on: &["event_count"],
        keys: &["factor", "weeks", "warm_up", "at_least"],
        example: "{factor: 3, weeks: 4, warm_up: 3}",
        read,
    }),
};

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    for (name, example) in [
        ("factor", "factor: 3"),
        ("weeks", "weeks: 4"),
        ("warm_up", "warm_up: 3"),
    ] {
        if !section.has(name) {
            section.missing(name, example);
        }
    }
    let factor = section.millionths("factor");
    let weeks = section.count_up_to("weeks", WEEKS_MAX, 1);
    let warm_up = section.count_up_to("warm_up", WEEKS_MAX, 1);
    let (factor, weeks, warm_up) = (factor?, weeks?, warm_up?);
    let at_least = section.count("at_least");
    match (factor < MILLION, section.has("at_least")) {
        (true, false) => section.error("`factor` is below 1, which is for less than usual: add `at_least`, the fewest usual events for which too few matter"),
        (false, true) => section.error("`at_least` is for a `factor` below 1: of more than usual, the condition says the fewest events that matter"),
        _ => {}
    }
    if warm_up > weeks {
        section.error("`warm_up` is above `weeks`: so many are never known");
    }
    let small = |weeks: u64| u32::try_from(weeks).unwrap_or(u32::MAX);
    Some(Arc::new(BaselineParts {
        weeks: small(weeks),
        warm_up: small(warm_up),
        factor,
        at_least: at_least.unwrap_or(0),
    }))
}

impl Draft for BaselineParts {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let (timespan_ms, threshold) = (linker.timespan_ms(), linker.count());
        if !Calendar::has_slots_of(timespan_ms) {
            linker.problem("`vedette.baseline` compares with the same time of past weeks: it needs a timespan from `15m` to `24h` that divides the week, as `1h`");
        }
        if !threshold.is_monotone() && !self.asks_for_less() {
            linker.problem("`vedette.baseline` is for more than usual: its condition takes `gte` or `gt`, the fewest events that matter");
        }
        Arc::new(Baseline {
            timespan_ms,
            threshold,
            parts: *self,
        })
    }
}

impl Window for Baseline {
    fn parts(&self) -> WindowParts {
        let BaselineParts {
            weeks,
            warm_up,
            factor,
            at_least,
        } = self.parts;
        let mut judgement = vec![
            ("threshold", self.threshold.to_string()),
            ("warm_up", warm_up.to_string()),
            ("factor", of_million(factor).to_string()),
        ];
        if self.parts.asks_for_less() {
            judgement.push(("at_least", at_least.to_string()));
        }
        WindowParts {
            kind: KIND.name,
            state: vec![("weeks", weeks.to_string())],
            judgement,
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let (factor, weeks) = (self.parts.factor as f64 / MILLION as f64, self.parts.weeks);
        let (events, within) = (number(&self.threshold), within(self.timespan_ms));
        if self.parts.asks_for_less() {
            let at_least = self.parts.at_least;
            return format!(
                "{events} events {within}, and no more than {factor} times the usual of {weeks} weeks, which is {at_least} or more"
            );
        }
        format!("{events} events {within}, and {factor} times the usual of {weeks} weeks")
    }

    fn memory_ms(&self) -> i64 {
        self.parts.memory_ms()
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
