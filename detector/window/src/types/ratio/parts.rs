//! What `vedette.ratio` says of a window.

use std::collections::BTreeMap;

use detector_rule::{Comparison, MILLION, Threshold, WindowParts};

use crate::state::history::Calendar;
use crate::state::sample::KEPT_MAX;
use crate::types::words::{of_million, places};

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

/// How far from the usual the ratio must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualParts {
    /// How many times the usual ratio it takes, in millionths; below one, it takes no more than that.
    pub factor: u64,
    /// How many weeks back it compares with, at least 1.
    pub weeks: u32,
    /// The fewest of them that must be known, from 1 to all.
    pub warm_up: u32,
}

impl UsualParts {
    /// How time is cut, for slots of a length.
    pub(super) fn calendar(&self, slot_ms: i64) -> Calendar {
        Calendar {
            slot_ms,
            weeks: self.weeks,
        }
    }

    /// What `of` and `to` had in all weeks that a group has known before a slot which began then; `None`: they are too
    /// few.
    pub(super) fn sums(
        &self,
        calendar: Calendar,
        counts: &BTreeMap<i64, [u64; 2]>,
        (slot, began): (i64, i64),
    ) -> Option<[u64; 2]> {
        let (mut weeks, mut sums) = (0, [0u64; 2]);
        for slots in calendar.known(slot, began) {
            weeks += 1;
            for counts in slots.iter().filter_map(|slot| counts.get(slot)) {
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum = sum.saturating_add(*count);
                }
            }
        }
        (weeks >= self.warm_up).then_some(sums)
    }

    /// Whether the ratio of a window is as far from what is usual as the rule asks for.
    pub(super) fn is_unusual(&self, [of, to]: [i128; 2], usual: [u64; 2]) -> bool {
        let [usual_of, usual_to] = usual.map(i128::from);
        let ratio = of * usual_to * i128::from(MILLION);
        let bound = usual_of * to * i128::from(self.factor);
        let is_so = match self.factor < MILLION {
            true => ratio <= bound,
            false => ratio >= bound,
        };
        of > 0 && usual_to > 0 && is_so
    }

    /// `twice the usual part`, after what the rule asks for.
    pub(super) fn words(&self) -> String {
        let (factor, weeks) = (of_million(self.factor), self.weeks);
        let most = if factor < 1.0 { "no more than " } else { "" };
        format!("and {most}{factor} times the usual part of {weeks} weeks")
    }

    /// What a rule says of it, beside the rest.
    pub(super) fn add_to(&self, parts: &mut WindowParts) {
        parts.state.push(("weeks", self.weeks.to_string()));
        parts.judgement.extend([
            ("factor", of_million(self.factor).to_string()),
            ("warm_up", self.warm_up.to_string()),
        ]);
    }
}

/// An event hits a rule of `of`, as a bit of its number.
pub(super) const OF: u8 = 1;
/// It hits a rule of `to`.
pub(super) const TO: u8 = 2;

impl RatioParts {
    /// See [`WindowType::hits_min`](crate::kind::WindowType::hits_min): so many events, or values, are as many hits, and no
    /// state is thinned that has no more hits than a sample keeps.
    pub(super) fn hits_min(&self) -> u64 {
        self.at_least.min(KEPT_MAX as u64)
    }

    /// The bits of the hits of an input.
    pub(super) fn role_of(&self, input: usize) -> u8 {
        let bit = |inputs: &[usize], bit: u8| if inputs.contains(&input) { bit } else { 0 };
        bit(&self.of, OF) | bit(&self.to, TO)
    }

    /// What the rule says of its window, but for the type: of a count that has to meet `threshold` as well.
    pub(super) fn parts(&self, kind: &'static str, threshold: &Threshold) -> WindowParts {
        let bounds = self.bounds.iter();
        let bounds = bounds.map(|(by, bound)| (*by, of_million(*bound)));
        WindowParts {
            kind,
            state: vec![("of", places(&self.of)), ("to", places(&self.to))],
            judgement: vec![
                ("threshold", threshold.to_string()),
                ("ratio", Threshold(bounds.collect()).to_string()),
                ("at_least", self.at_least.to_string()),
            ],
            ..WindowParts::default()
        }
    }

    /// `failed are 50 % or more of failed and passed`
    pub(super) fn shares(&self, inputs: &[&str]) -> String {
        let named = |places: &[usize]| {
            let names = places.iter().filter_map(|at| inputs.get(*at).copied());
            names.collect::<Vec<_>>().join(" and ")
        };
        let bounds = self.bounds.iter().map(|(comparison, millionths)| {
            let percent = *millionths as f64 / 10_000.0;
            match comparison {
                Comparison::Lte => format!("{percent} % or less"),
                _ => format!("{percent} % or more"),
            }
        });
        let bounds = bounds.collect::<Vec<_>>().join(" and ");
        let (of, to) = (named(&self.of), named(&self.to));
        match bounds.is_empty() {
            true => format!("{of} are a part of {to}"),
            false => format!("{of} are {bounds} of {to}"),
        }
    }

    /// Whether so many `of` compare with so many `to` as all bounds say.
    pub(super) fn accepts(&self, of: i128, to: i128) -> bool {
        let mut bounds = self.bounds.iter();
        bounds.all(|&(comparison, bound)| {
            comparison.accepts(&(of * i128::from(MILLION)), &(to * i128::from(bound)))
        })
    }
}
