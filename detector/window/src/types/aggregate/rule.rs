//! `value_sum`, `value_avg`, `value_percentile` and `value_median` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Compared, Decimal, Fields, Form, Linker, Takes, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::state::sample::KEPT_MAX;
use crate::types::words::{number, within};

/// Judges a number computed over the values in the window.
#[derive(Debug, Clone)]
pub struct Aggregate {
    pub timespan_ms: i64,
    pub threshold: Threshold<Decimal>,
    pub function: AggregateFunction,
}

/// How the number is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    Sum,
    Average,
    /// Nearest rank: the smallest value with at least this percentage of values up to it. 0 is the minimum.
    Percentile(u8),
    /// The middle value, or the mean of the two middle ones.
    Median,
}

pub const SUM: WindowKind = WindowKind {
    name: "value_sum",
    form: Form::Type {
        takes: NUMBER,
        link: |linker| linked(linker, |_| AggregateFunction::Sum),
    },
};

pub const AVERAGE: WindowKind = WindowKind {
    name: "value_avg",
    form: Form::Type {
        takes: NUMBER,
        link: |linker| linked(linker, |_| AggregateFunction::Average),
    },
};

pub const PERCENTILE: WindowKind = WindowKind {
    name: "value_percentile",
    form: Form::Type {
        takes: Takes {
            rank: true,
            ..NUMBER
        },
        link: |linker| linked(linker, AggregateFunction::Percentile),
    },
};

pub const MEDIAN: WindowKind = WindowKind {
    name: "value_median",
    form: Form::Type {
        takes: NUMBER,
        link: |linker| linked(linker, |_| AggregateFunction::Median),
    },
};

const NUMBER: Takes = Takes {
    compared: Compared::Number,
    fields: Fields::One,
    rank: false,
};

fn linked(linker: &Linker<'_>, function: fn(u8) -> AggregateFunction) -> Arc<dyn Window> {
    let (threshold, rank) = linker.number();
    Arc::new(Aggregate {
        timespan_ms: linker.timespan_ms(),
        threshold,
        function: function(rank),
    })
}

impl Window for Aggregate {
    fn parts(&self) -> WindowParts {
        let kind = match self.function {
            AggregateFunction::Sum => SUM,
            AggregateFunction::Average => AVERAGE,
            AggregateFunction::Percentile(_) => PERCENTILE,
            AggregateFunction::Median => MEDIAN,
        };
        let mut judgement = vec![("threshold", self.threshold.to_string())];
        if let AggregateFunction::Percentile(rank) = self.function {
            judgement.push(("percentile", rank.to_string()));
        }
        WindowParts {
            kind: kind.name,
            judgement,
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let what = match self.function {
            AggregateFunction::Sum => "a sum".to_owned(),
            AggregateFunction::Average => "an average".to_owned(),
            AggregateFunction::Percentile(rank) => format!("a percentile {rank}"),
            AggregateFunction::Median => "a median".to_owned(),
        };
        let within = within(self.timespan_ms);
        format!("{what} of {} {within}", number(&self.threshold))
    }

    fn reads_numbers(&self) -> bool {
        true
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} numbers in an eighth of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
