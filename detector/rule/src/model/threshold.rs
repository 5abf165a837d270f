//! The condition of a count or a sum: `gte: 10`, or several comparisons that must all be true.

use std::fmt;

use crate::model::{Comparison, Decimal, Threshold};

/// `gt 10, lte 20`
impl<T: fmt::Display> fmt::Display for Threshold<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (comparison, bound)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} {bound}", comparison.name())?;
        }
        Ok(())
    }
}

impl Threshold {
    /// Whether a count meets the condition. A window without any hit (a count of 0) never does.
    pub fn holds(&self, count: u64) -> bool {
        count > 0 && self.are_met(count)
    }

    /// Whether all comparisons are true of a number.
    pub(crate) fn are_met(&self, number: u64) -> bool {
        self.0
            .iter()
            .all(|&(comparison, bound)| comparison.accepts(&number, &bound))
    }

    /// Whether the estimate of a count meets the condition.
    pub fn holds_estimate(&self, number: f64) -> bool {
        self.0
            .iter()
            .all(|&(comparison, bound)| comparison.accepts(&number, &(bound as f64)))
    }

    /// The smallest count from which on all counts are judged alike, at least 1.
    pub fn saturation(&self) -> u64 {
        let from = |&(comparison, bound): &(Comparison, u64)| match comparison {
            Comparison::Gte | Comparison::Lt => bound,
            Comparison::Gt | Comparison::Lte | Comparison::Eq | Comparison::Neq => {
                bound.saturating_add(1)
            }
        };
        self.0.iter().map(from).max().unwrap_or(1).max(1)
    }
}

impl Threshold<Decimal> {
    /// Whether a number computed over at least one hit meets the condition.
    pub fn holds_number(&self, number: f64) -> bool {
        let mut comparisons = self.0.iter();
        comparisons.all(|(comparison, bound)| bound.is_met(*comparison, number))
    }
}

impl<T> Threshold<T> {
    /// Whether once it holds, more hits cannot undo it.
    pub fn is_monotone(&self) -> bool {
        self.0
            .iter()
            .all(|(comparison, _)| matches!(comparison, Comparison::Gt | Comparison::Gte))
    }
}

impl Comparison {
    pub fn accepts<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Lt => left < right,
            Comparison::Lte => left <= right,
            Comparison::Gt => left > right,
            Comparison::Gte => left >= right,
            Comparison::Eq => left == right,
            Comparison::Neq => left != right,
        }
    }
}
