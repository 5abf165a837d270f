//! `event_count` with `vedette.ratio` that says a `factor`: how large a part some rules have, by what is usual.
//!
//! The ratio of the window is compared with that of the same slots of past weeks, as a baseline compares counts: what is
//! usual is the sum of the events of `of` in the two slots that the window touches, over all weeks that are known, divided
//! by that of `to`. (The mean of the weeks' ratios would give a week of ten events as much weight as one of ten thousand.)
//! The condition holds where the window's ratio is at least `factor` times that; with a factor below 1, at most. There must
//! be at least one of `of` in the window, and one of `to` in the weeks. All else is as for a ratio without a factor.

use std::collections::BTreeMap;

use crate::kind::{NEARLY, Occurrence, WindowType};
use crate::state::history::{Calendar, History};
use crate::state::interval::{Interval, Intervals};
use crate::state::moving::{Moving, sweep};
use crate::state::sample::{ONE, Weighted};
use crate::types::ratio::parts::{OF, RatioParts, TO, UsualParts};
use detector_rule::Threshold;

/// Compares a ratio with what is usual.
#[derive(Debug, Clone)]
pub struct UsualRatio {
    pub timespan_ms: i64,
    /// Of all events of the window.
    pub threshold: Threshold,
    pub parts: RatioParts,
    pub usual: UsualParts,
}

impl WindowType for UsualRatio {
    type State = History<[u64; 2]>;
    type Detail = u32;
    type Value = ();

    fn is_monotone(&self) -> bool {
        false
    }

    fn hits_min(&self) -> u64 {
        self.parts.hits_min()
    }

    fn observe(&self, state: &mut Self::State, occurrence: &Occurrence) {
        let role = f64::from(self.parts.role_of(occurrence.input));
        state.add(occurrence.start, occurrence.id, role, self.calendar());
    }

    fn merge(&self, state: &mut Self::State, other: &Self::State) {
        state.merge(other, self.calendar());
    }

    fn holding(&self, state: &mut Self::State) -> Intervals {
        Intervals::from_unsorted(self.judged(state).holding)
    }

    fn forget(&self, state: &mut Self::State, before: i64) {
        state.forget(before, self.calendar());
    }

    fn closeness(&self, state: &mut Self::State) -> f64 {
        let judged = self.judged(state);
        if !judged.holding.is_empty() {
            return 1.0;
        }
        // The denominator is what takes long to come.
        let least = self.parts.at_least as f64 * ONE as f64;
        (judged.most as f64 / least).min(NEARLY)
    }

    fn is_thinned(&self, state: &Self::State) -> bool {
        state.is_thinned()
    }

    fn counted(&self, _: &Occurrence) {}

    fn bytes(&self, state: &Self::State) -> usize {
        state.bytes()
    }
}

impl UsualRatio {
    fn calendar(&self) -> Calendar {
        self.usual.calendar(self.timespan_ms)
    }

    fn judged<'s>(&'s self, state: &'s mut History<[u64; 2]>) -> Judged<'s> {
        let (numbers, counts, present) = state.settled(self.calendar());
        let mut judged = Judged {
            ratio: self,
            counts,
            present,
            all: 0,
            sides: [0; 2],
            usual: None,
            most: 0,
            holding: Vec::new(),
        };
        sweep(&numbers, self.timespan_ms, &mut judged);
        judged
    }
}

/// The events of `of` and of `to` in all weeks that are known; `None`: too few are.
type Sums = Option<[u64; 2]>;

/// The masses of the events in the window, and what is usual.
struct Judged<'s> {
    ratio: &'s UsualRatio,
    counts: BTreeMap<i64, [u64; 2]>,
    present: &'s Intervals,
    all: i64,
    /// Of `of` and of `to`.
    sides: [i64; 2],
    /// The slot that was asked for last, when the group began, and what is usual then.
    usual: Option<((i64, i64), Sums)>,
    /// The most that `to` came to.
    most: i64,
    holding: Vec<Interval>,
}

impl Judged<'_> {
    fn usual(&mut self, slot: i64, moment: i64) -> Sums {
        // A window that holds an event lies where the group is present.
        let asked = (slot, self.present.at(moment)?.start);
        if let Some((known, usual)) = self.usual
            && known == asked
        {
            return usual;
        }
        let UsualRatio { usual, .. } = self.ratio;
        let usual = usual.sums(self.ratio.calendar(), &self.counts, asked);
        self.usual = Some((asked, usual));
        usual
    }
}

impl Moving for Judged<'_> {
    fn change(&mut self, number: &Weighted, _: usize, by: i64) {
        let role = number.value as u8;
        let mass = number.mass * by;
        self.all += mass;
        for (side, bit) in self.sides.iter_mut().zip([OF, TO]) {
            *side += if role & bit != 0 { mass } else { 0 };
        }
    }

    fn rest(&mut self, moments: Interval) {
        let UsualRatio {
            threshold, parts, ..
        } = self.ratio;
        let [of, to] = self.sides.map(i128::from);
        self.most = self.most.max(self.sides[1]);
        let count = self.all as f64 / ONE as f64;
        if to < i128::from(parts.at_least) * i128::from(ONE)
            || !threshold.holds_estimate(count)
            || !parts.accepts(of, to)
        {
            return;
        }
        for (slot, piece) in self.ratio.calendar().pieces(moments) {
            let usual = self.usual(slot, piece.start);
            let sides = [of, to];
            if usual.is_some_and(|usual| self.ratio.usual.is_unusual(sides, usual)) {
                self.holding.push(piece);
            }
        }
    }
}
