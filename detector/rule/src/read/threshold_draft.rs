//! The comparisons of a condition (`gte: 10`), of a count or of a number, and whether all can be true at once.

use crate::kind::Compared;
use crate::model::{Comparison, Decimal, Threshold};
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Kind, Node};

/// What a window of this type is compared with: a type counts, or it computes a number.
#[derive(Debug)]
pub(super) enum ThresholdDraft {
    Count(Threshold),
    Number(Threshold<Decimal>),
}

impl ThresholdDraft {
    pub(super) fn new(compared: Compared) -> Self {
        match compared {
            Compared::Number => Self::Number(Threshold(Vec::new())),
            Compared::Count | Compared::Rules | Compared::AllRules => {
                Self::Count(Threshold(Vec::new()))
            }
        }
    }

    /// Adds one comparison, or reports what is wrong with it.
    pub(super) fn read(
        &mut self,
        (at, value): (&Node, &Node),
        comparison: Comparison,
        out: &mut Reporter<'_>,
    ) {
        let name = at.text().unwrap_or_default();
        let shown = value.shown();
        match self {
            Self::Number(Threshold(bounds)) => match Decimal::read(&value.kind) {
                Some(bound) => bounds.push((comparison, bound)),
                None => out.error(
                    at.line,
                    format!("`{name}` must be a number, as 10 or -0.5, not {shown}"),
                ),
            },
            Self::Count(Threshold(bounds)) => {
                // Nothing is below 0, so that a comparison with it says nothing.
                let least = match comparison {
                    Comparison::Gte | Comparison::Lt => 1,
                    _ => 0,
                };
                let bound = match value.kind {
                    Kind::Int(n) => u64::try_from(n).ok().filter(|n| *n >= least),
                    _ => None,
                };
                match bound {
                    Some(bound) => bounds.push((comparison, bound)),
                    None => out.error(
                        at.line,
                        format!("`{name}` must be a whole number from {least} on, not {shown}"),
                    ),
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Count(threshold) => threshold.0.is_empty(),
            Self::Number(threshold) => threshold.0.is_empty(),
        }
    }

    /// Why the comparisons can never all be true.
    pub(super) fn senseless(&self, compared: Compared) -> Option<&'static str> {
        const CONTRADICTION: &str =
            "the comparisons contradict each other, no number satisfies them all";
        match self {
            Self::Count(threshold) => {
                // A window without a hit never holds, so a count begins at 1.
                let counts = compared != Compared::AllRules;
                match counts_between(threshold, u64::from(counts)) {
                    (low, high) if low <= high => None,
                    (_, 0) if counts => {
                        Some("a window without a hit never holds: no count satisfies this")
                    }
                    _ => Some(CONTRADICTION),
                }
            }
            Self::Number(threshold) => (!is_met_by_any(threshold)).then_some(CONTRADICTION),
        }
    }
}

/// The least and the greatest count, from `least` on, that satisfy all but what is excluded one by one.
fn counts_between(threshold: &Threshold, least: u64) -> (u64, u64) {
    let (mut low, mut high) = (least, u64::MAX);
    for (comparison, bound) in &threshold.0 {
        match comparison {
            Comparison::Gte => low = low.max(*bound),
            Comparison::Gt => low = low.max(bound.saturating_add(1)),
            Comparison::Lte => high = high.min(*bound),
            Comparison::Lt => high = high.min(bound.saturating_sub(1)),
            Comparison::Eq => (low, high) = (low.max(*bound), high.min(*bound)),
            Comparison::Neq => {}
        }
    }
    (low, high)
}

/// Whether some number satisfies all: a bound does, or one between two bounds, or one beyond them.
fn is_met_by_any(threshold: &Threshold<Decimal>) -> bool {
    let mut bounds: Vec<f64> = threshold.0.iter().map(|(_, bound)| bound.get()).collect();
    bounds.sort_unstable_by(f64::total_cmp);
    let between = bounds.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0);
    let beyond = [f64::MIN, f64::MAX];
    let mut candidates = bounds.iter().copied().chain(between).chain(beyond);
    candidates.any(|number| {
        let mut comparisons = threshold.0.iter();
        comparisons.all(|(comparison, bound)| bound.is_met(*comparison, number))
    })
}
