//! `vedette.travel` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Comparison, Draft, Form, Linker, Section, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::types::words::{in_ms, within};

/// Judges whether somebody was at two places too soon.
#[derive(Debug, Clone)]
pub struct Travel {
    pub timespan_ms: i64,
    pub parts: TravelParts,
}

/// Both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TravelParts {
    /// How far apart two places are at least.
    pub distance_km: u64,
    /// How fast one would have come from one to the other at least.
    pub speed_kmh: u64,
}

/// Milliseconds of an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// Places that are kept of a slice.
pub(super) const PLACES_MAX: usize = 32;

/// The most slices of a timespan, which bounds what is kept.
const SLICES_MAX: i64 = 64;

pub const KIND: WindowKind = WindowKind {
    name: "travel",
    form: Form::Attribute(Attribute {
        on: &["value_count"],
        keys: &["distance", "speed"],
        example: "{distance: 500, speed: 900}",
        read,
    }),
};

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    for (name, example) in [("distance", "distance: 500"), ("speed", "speed: 900")] {
        if !section.has(name) {
            section.missing(name, example);
        }
    }
    // Half around the earth; and what no number of milliseconds would tell apart.
    let distance = section.count_up_to("distance", 20_000, 1);
    let speed = section.count_up_to("speed", 10_000_000, 1);
    Some(Arc::new(TravelParts {
        distance_km: distance?,
        speed_kmh: speed?,
    }))
}

impl TravelParts {
    /// As long as the distance takes at the speed, or the timespan, if that is shorter; at least 1.
    pub(super) fn slice_ms(self, timespan_ms: i64) -> i64 {
        let takes = u128::from(self.distance_km) * HOUR_MS as u128 / u128::from(self.speed_kmh);
        i64::try_from(takes)
            .unwrap_or(i64::MAX)
            .clamp(1, timespan_ms)
    }
}

impl Draft for TravelParts {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let timespan_ms = linker.timespan_ms();
        if linker.count() != Threshold(vec![(Comparison::Gte, 2)]) {
            linker.problem("`vedette.travel` is about two places: write `gte: 2` in the condition");
        }
        if timespan_ms / self.slice_ms(timespan_ms) > SLICES_MAX {
            let hours = timespan_ms as f64 / HOUR_MS as f64;
            let least = (hours * self.speed_kmh as f64 / SLICES_MAX as f64).ceil();
            linker.problem(&format!(
                "the `distance` of `vedette.travel` is short for a timespan of {hours} hours at that speed: write at least {least}, or a shorter timespan"
            ));
        }
        Arc::new(Travel {
            timespan_ms,
            parts: *self,
        })
    }
}

impl Window for Travel {
    fn parts(&self) -> WindowParts {
        let TravelParts {
            distance_km,
            speed_kmh,
        } = self.parts;
        WindowParts {
            kind: KIND.name,
            state: vec![("slice", in_ms(self.parts.slice_ms(self.timespan_ms)))],
            judgement: vec![
                ("distance", format!("{distance_km}km")),
                ("speed", format!("{speed_kmh}km/h")),
            ],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let TravelParts {
            distance_km,
            speed_kmh,
        } = self.parts;
        let within = within(self.timespan_ms);
        format!(
            "two places {within} that are {distance_km} km apart or more, as if at {speed_kmh} km/h or faster"
        )
    }

    fn reads_points(&self) -> bool {
        true
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{PLACES_MAX} places in a part of the timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
