//! Hits for the windows, without the way that leads to them.

use std::borrow::Cow;
use std::fmt::Write;

use detector_core::event::{Body, Event, LogSource};
use detector_core::field::SlotId;
use detector_core::rule::{DetectionIx, RuleFile, RuleSet};
use detector_core::slots::{Slots, Value};
use detector_core::window::Windows;
use detector_core::window::load_rules;

/// The kinds of correlation that are measured, with the lines of their conditions before the threshold.
pub const KINDS: &[(&str, Option<&str>)] = &[
    ("event_count", Some("")),
    ("value_count", Some("        field: size\n")),
    ("temporal", None),
    ("temporal_ordered", None),
    ("value_sum", Some("        field: size\n")),
    ("value_avg", Some("        field: size\n")),
    ("value_median", Some("        field: size\n")),
];

/// The types that Sigma does not have, as they are measured: name, type, condition, and what stands under `vedette`.
pub const ATTRIBUTES: &[(&str, &str, &str, &str)] = &[
    (
        "ratio",
        "event_count",
        "{gte: 100}",
        "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 100}",
    ),
    (
        "ratio of values",
        "value_count",
        "{field: size, gte: 100}",
        "ratio: {of: [first], to: [first, second], gte: 0.5, at_least: 100}",
    ),
    (
        "spike",
        "event_count",
        "{gte: 100}",
        "spike: {gte: 3, at_least: 100}",
    ),
    (
        "first_seen",
        "value_count",
        "{field: size, gte: 1}",
        "first_seen: {learning: 1m, memory: 1d}",
    ),
    (
        "not followed",
        "temporal",
        "first and not second",
        "absence: {of: [second], after: [first]}",
    ),
    (
        "not preceded",
        "temporal",
        "first and not second",
        "absence: {of: [second], before: [first]}",
    ),
    ("not", "temporal", "first and not second", "quiet: 10m"),
    (
        "thresholds",
        "event_count",
        "{gte: 10}",
        "thresholds: {address: '%limits%'}",
    ),
    (
        "travel",
        "value_count",
        "{field: point, gte: 2}",
        "travel: {distance: 500, speed: 900}",
    ),
    (
        "baseline",
        "event_count",
        "{gte: 100}",
        "baseline: {factor: 3, weeks: 4, warm_up: 3}",
    ),
    (
        "ratio, usual",
        "event_count",
        "{gte: 100}",
        "ratio: {of: [first], to: [first, second], at_least: 100, factor: 2, weeks: 4, warm_up: 3}",
    ),
    (
        "of values, usual",
        "value_count",
        "{field: size, gte: 100}",
        "ratio: {of: [first], to: [first, second], at_least: 100, factor: 2, weeks: 4, warm_up: 3}",
    ),
];

/// Where hits are: some are near each other.
const POINTS: [&str; 4] = ["52.5,13.4", "48.1,11.6", "52.4,13.1", "-33.9,151.2"];

/// Appends a UUID of version 4; those of successive numbers are in no order, as event ids are.
fn write_id(id: &mut String, at: u64) {
    // An odd factor reaches every number once.
    let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (high, low) = (mixed >> 32, at & 0xffff_ffff_ffff);
    write!(id, "{high:08x}-0000-4000-8000-{low:012x}").expect("text takes any text");
}

/// One correlation over two detection rules, and hits of the first.
#[derive(Debug)]
pub struct Hits {
    pub rules: RuleSet,
    address: SlotId,
    size: SlotId,
    point: SlotId,
    groups: Vec<String>,
    ids: Vec<String>,
}

impl Hits {
    /// Up to `hits` hits, in up to `groups` groups, at a threshold of 1,000.
    pub fn new(kind: (&str, Option<&str>), groups: usize, hits: usize) -> Self {
        Self::with_threshold(kind, 1_000, groups, hits)
    }

    pub fn with_threshold(
        (kind, condition): (&str, Option<&str>),
        threshold: u64,
        groups: usize,
        hits: usize,
    ) -> Self {
        let condition = condition.map_or_else(String::new, |field| {
            format!("    condition:\n{field}        gte: {threshold}\n")
        });
        Self::of(kind, &condition, groups, hits)
    }

    /// Of one of [`ATTRIBUTES`].
    pub fn with_attribute(
        (_, kind, condition, attribute): (&str, &str, &str, &str),
        groups: usize,
        hits: usize,
    ) -> Self {
        let rest = format!("    condition: {condition}\nvedette:\n    {attribute}\n");
        Self::of(kind, &rest, groups, hits)
    }

    /// What is usual has slots of a quarter of an hour at least. `rest` is what stands behind the timespan.
    fn of(kind: &str, rest: &str, groups: usize, hits: usize) -> Self {
        let detection = |name: &str| {
            format!(
                "title: {name}\nname: {name}\nlogsource:\n    product: aws\ndetection:\n    selection:\n        eventName: {name}\n    condition: selection\n---\n"
            )
        };
        let timespan = if rest.contains("weeks") { "15m" } else { "10m" };
        let text = format!(
            "lists: {{limits: {{values: {{'2001:db8::0': 1000}}}}}}\n---\n{}{}title: Correlation\nname: correlation\ncorrelation:\n    type: {kind}\n    rules:\n        - first\n        - second\n    group-by:\n        - address\n    timespan: {timespan}\n{rest}",
            detection("first"),
            detection("second"),
        );
        let path = "windows.yml".to_owned();
        let mut rules = load_rules(&[RuleFile { path, text }]).expect("the rules are well formed");
        let [address, size, point] =
            ["address", "size", "point"].map(|field| rules.fields.slot(field));
        Self {
            rules,
            address,
            size,
            point,
            groups: (0..groups).map(|at| format!("2001:db8::{at:x}")).collect(),
            ids: (0..hits as u64)
                .map(|at| {
                    let mut id = String::new();
                    write_id(&mut id, at);
                    id
                })
                .collect(),
        }
    }

    pub fn windows(&self) -> Windows<'_> {
        Windows::new(&self.rules)
    }

    /// Feeds the hits `which`, one every ten milliseconds, over the groups in turns.
    pub fn feed(&self, windows: &mut Windows<'_>, which: std::ops::Range<usize>) {
        let mut slots = Slots::new(&self.rules.fields);
        for at in which {
            slots = self.feed_one(windows, (at, at as i64 * 10), &self.ids[at], slots);
        }
    }

    /// Feeds `hits` hits within half an hour, more than there should be ids in memory.
    pub fn flood(&self, windows: &mut Windows<'_>, hits: usize) {
        const HALF_AN_HOUR_MS: u64 = 30 * 60_000;
        let mut slots = Slots::new(&self.rules.fields);
        let mut id = String::new();
        for at in 0..hits {
            id.clear();
            write_id(&mut id, at as u64);
            let after = HALF_AN_HOUR_MS * at as u64 / hits as u64;
            slots = self.feed_one(windows, (at, after as i64), &id, slots);
        }
    }

    fn feed_one<'s>(
        &'s self,
        windows: &mut Windows<'_>,
        (at, after_ms): (usize, i64),
        id: &str,
        mut slots: Slots<'s>,
    ) -> Slots<'s> {
        let group = &self.groups[at % self.groups.len()];
        slots.push(self.address, Value::Text(Cow::Borrowed(group)));
        slots.push(self.size, Value::Unsigned(at as u64 % 5_000));
        slots.push(
            self.point,
            Value::Text(Cow::Borrowed(POINTS[at % POINTS.len()])),
        );
        let event = Event {
            source: LogSource::CloudTrail,
            time: None,
            id,
            account: None,
            region: None,
            arrival: None,
            slots: &slots,
            body: Body::Text(""),
        };
        windows.observe(DetectionIx(0), &event, 1_795_435_200_000 + after_ms);
        slots.recycle()
    }
}
