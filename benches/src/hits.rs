//! Hits for the windows, without the way that leads to them.

use std::borrow::Cow;

use detector_core::event::{Body, Event, LogSource};
use detector_core::field::SlotId;
use detector_core::rule::{DetectionIx, RuleFile, RuleSet};
use detector_core::slots::{Slots, Value};
use detector_core::window::Windows;

/// The kinds of correlation that are measured, with their conditions at a threshold of 1,000.
pub const KINDS: &[(&str, &str)] = &[
    ("event_count", "        gte: 1000"),
    ("value_count", "        field: size\n        gte: 1000"),
    ("temporal", ""),
    ("temporal_ordered", ""),
    ("value_sum", "        field: size\n        gte: 1000"),
    ("value_avg", "        field: size\n        gte: 1000"),
    ("value_median", "        field: size\n        gte: 1000"),
];

/// One correlation over two detection rules, and hits of the first.
#[derive(Debug)]
pub struct Hits {
    pub rules: RuleSet,
    address: SlotId,
    size: SlotId,
    groups: Vec<String>,
    ids: Vec<String>,
}

impl Hits {
    /// Up to `hits` hits, in up to `groups` groups.
    pub fn new((kind, condition): (&str, &str), groups: usize, hits: usize) -> Self {
        let detection = |name: &str| {
            format!(
                "title: {name}\nname: {name}\nlogsource:\n    product: aws\ndetection:\n    selection:\n        eventName: {name}\n    condition: selection\n---\n"
            )
        };
        let condition = match condition {
            "" => String::new(),
            some => format!("    condition:\n{some}\n"),
        };
        let text = format!(
            "{}{}title: Correlation\nname: correlation\ncorrelation:\n    type: {kind}\n    rules:\n        - first\n        - second\n    group-by:\n        - address\n    timespan: 10m\n{condition}",
            detection("first"),
            detection("second"),
        );
        let path = "windows.yml".to_owned();
        let mut rules =
            RuleSet::load(&[RuleFile { path, text }]).expect("the rules are well formed");
        let (address, size) = (rules.fields.slot("address"), rules.fields.slot("size"));
        Self {
            rules,
            address,
            size,
            groups: (0..groups).map(|at| format!("2001:db8::{at:x}")).collect(),
            ids: (0..hits)
                .map(|at| format!("00000000-0000-4000-8000-{at:012x}"))
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
            let group = &self.groups[at % self.groups.len()];
            slots.push(self.address, Value::Text(Cow::Borrowed(group)));
            slots.push(self.size, Value::Unsigned(at as u64 % 5_000));
            let event = Event {
                source: LogSource::CloudTrail,
                time: None,
                id: &self.ids[at],
                account: None,
                region: None,
                arrival: None,
                slots: &slots,
                body: Body::Text(""),
            };
            windows.observe(DetectionIx(0), &event, 1_795_435_200_000 + at as i64 * 10);
            slots = slots.recycle();
        }
    }
}
