//! `value_count` with `vedette.travel`: somebody was at two places of which nobody gets from one to the other in the time.
//!
//! A moment holds where two hits of its window are so far apart, and would have taken such a speed. Places are points to a
//! tenth of a degree.
//!
//! Time is cut into slices no longer than the distance takes at the speed. Two hits of a slice that are far enough apart
//! are then always too fast, so of each place its first and last hit in a slice are all there is to know: whoever leaves a
//! place and comes back within a slice was at both ends of that as far away as in the midst. A slice keeps so many places;
//! of more, those of the smallest keys (hashes), which makes the state a function of the set of hits. More places can take
//! others away, so it is judged when the watermark has passed.

mod rule; // in rule files

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::group::point::{Point, distance_km, product, surely_nearer};
use crate::kind::{NEARLY, Occurrence, OccurrenceValue, WindowType};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;
use crate::state::slices::TimeSlices;
use crate::state::watched::Watched;

use rule::{HOUR_MS, PLACES_MAX};
pub use rule::{KIND, Travel, TravelParts};

/// When each place was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenPlaces(BTreeMap<i64, Watched<Stay>>);

/// First and last hit at a place, in milliseconds since the beginning of the slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Stay {
    point: u32,
    first: u64,
    last: u64,
}

impl WindowType for Travel {
    type State = SeenPlaces;
    type Detail = f64;
    type Value = Key;

    fn is_monotone(&self) -> bool {
        false
    }

    fn hits_min(&self) -> u64 {
        2
    }

    fn observe(&self, state: &mut SeenPlaces, occurrence: &Occurrence) {
        let (slice, since_beginning) = self.slices().place(occurrence.start);
        let stay = Stay {
            point: point_of(occurrence),
            first: since_beginning,
            last: since_beginning,
        };
        see(state.0.entry(slice).or_default(), key_of(stay.point), stay);
    }

    fn merge(&self, state: &mut SeenPlaces, other: &SeenPlaces) {
        for (at, slice) in &other.0 {
            let mine = state.0.entry(*at).or_default();
            mine.watch_as(slice);
            for (&place, &stay) in &slice.values {
                see(mine, place, stay);
            }
        }
    }

    fn holding(&self, state: &mut SeenPlaces) -> Intervals {
        let mut directions: BTreeMap<u32, [f64; 3]> = BTreeMap::new();
        let mut hits: Vec<(i64, [f64; 3])> = Vec::new();
        for (&at, slice) in &state.0 {
            for stay in slice.values.values() {
                let direction = directions.entry(stay.point);
                let direction =
                    *direction.or_insert_with(|| Point::of_number(stay.point).direction());
                hits.push((self.slices().time(at, stay.first), direction));
                if stay.last > stay.first {
                    hits.push((self.slices().time(at, stay.last), direction));
                }
            }
        }
        hits.sort_by_key(|(time, _)| *time);
        let near = surely_nearer(self.parts.distance_km as f64);
        let mut intervals = Vec::new();
        for (at, &(time, here)) in hits.iter().enumerate() {
            // Of those that come before it the last holds the longest with it.
            let before = hits[..at].iter().rev();
            let mut before = before.take_while(|(earlier, _)| time - earlier < self.timespan_ms);
            let from = before.find(|(earlier, there)| {
                product(here, *there) < near && self.is_too_far(here, *there, time - earlier)
            });
            intervals
                .extend(from.map(|(earlier, _)| Interval::new(time, earlier + self.timespan_ms)));
        }
        Intervals::from_unsorted(intervals)
    }

    fn forget(&self, state: &mut SeenPlaces, before: i64) {
        let kept_from = self.slices().slice(before.saturating_sub(self.timespan_ms));
        state.0.retain(|slice, _| *slice >= kept_from);
    }

    fn closeness(&self, state: &mut SeenPlaces) -> f64 {
        match (self.holding(state).is_empty(), state.0.is_empty()) {
            (false, _) => 1.0,
            (true, true) => 0.0,
            (true, false) => NEARLY / 2.0,
        }
    }

    fn is_thinned(&self, state: &SeenPlaces) -> bool {
        let mut slices = state.0.values();
        slices.any(|slice| slice.unwatched_from.is_some())
    }

    fn counted(&self, occurrence: &Occurrence) -> Key {
        key_of(point_of(occurrence))
    }

    fn bytes(&self, state: &SeenPlaces) -> usize {
        let stays: usize = state.0.values().map(|slice| slice.values.len()).sum();
        stays * STAY_BYTES
    }
}

/// A stay in a tree whose nodes are three quarters full.
const STAY_BYTES: usize = (size_of::<Key>() + size_of::<Stay>()) * 4 / 3;

impl Travel {
    fn slices(&self) -> TimeSlices {
        TimeSlices(self.parts.slice_ms(self.timespan_ms))
    }

    /// Whether nobody gets from one to the other in the time.
    fn is_too_far(&self, here: [f64; 3], there: [f64; 3], ms: i64) -> bool {
        let km = distance_km(here, there);
        km >= self.parts.distance_km as f64
            && km * HOUR_MS as f64 >= self.parts.speed_kmh as f64 * ms as f64
    }
}

fn point_of(occurrence: &Occurrence) -> u32 {
    match occurrence.value {
        OccurrenceValue::Number(number) => number as u32,
        _ => unreachable!("a place is given as a number"),
    }
}

fn key_of(point: u32) -> Key {
    Key::of_texts([point.to_string()])
}

/// Takes in that somebody was at a place in a slice.
fn see(slice: &mut Watched<Stay>, place: Key, stay: Stay) {
    let take = |known: &mut Stay| {
        known.first = known.first.min(stay.first);
        known.last = known.last.max(stay.last);
    };
    slice.see(place, PLACES_MAX, (|| stay, take));
}

#[cfg(test)]
mod tests;
