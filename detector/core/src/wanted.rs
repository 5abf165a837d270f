//! The fields that rules want to be there, and whose absence is told of.

use std::collections::BTreeSet;

use crate::tally::Tally;
use detector_event::event::LogSource;
use detector_event::field::SlotId;
use detector_rule::{DetectionIx, DetectionRule, InputRule, RuleSet, ShownSource};

/// By log source, a bit for each slot that had a value in any of its events.
pub(crate) type Seen = [Vec<u64>; LogSource::ALL.len()];

/// By detection rule: the fields that it or its alerts miss, and that never had a value, though there were events that it
/// sees.
pub(crate) fn absent_fields(
    (rules, wanted): (&RuleSet, &[Vec<SlotId>]),
    tally: &Tally,
    seen: &Seen,
) -> Vec<Vec<String>> {
    let absent = |(rule, wanted): (&DetectionRule, &Vec<SlotId>)| {
        let sources = || rule.sources.iter().map(|source| *source as usize);
        if !sources().any(|source| tally.events[source] > 0) {
            return Vec::new();
        }
        let is_seen = |source: usize, slot: usize| seen[source][slot / 64] >> (slot % 64) & 1 == 1;
        let never = |slot: &&SlotId| !sources().any(|source| is_seen(source, slot.index()));
        (wanted.iter().filter(never))
            .map(|slot| rules.fields.path(*slot).to_owned())
            .collect()
    };
    rules.detections.iter().zip(wanted).map(absent).collect()
}

/// By detection rule: the fields of which it asks for some value, in their order, then those that alerts show of its hits.
pub(crate) fn wanted_fields(rules: &RuleSet) -> Vec<Vec<SlotId>> {
    let asked_for = |rule: &DetectionRule| {
        let mut asked_for = BTreeSet::new();
        let root = &rule.condition.root;
        root.each_wanted_field(&mut |slot| _ = asked_for.insert(slot));
        let fields = rule.fields.iter().copied();
        fields.filter(|slot| asked_for.contains(slot)).collect()
    };
    let mut wanted: Vec<Vec<SlotId>> = rules.detections.iter().map(asked_for).collect();
    for input in rules.correlations.iter().flat_map(|rule| &rule.inputs) {
        let InputRule::Detection(DetectionIx(rule)) = input.rule else {
            continue;
        };
        let wanted = &mut wanted[rule as usize];
        for field in &input.show {
            if let ShownSource::Event(slot) = field.source
                && !wanted.contains(&slot)
            {
                wanted.push(slot);
            }
        }
    }
    wanted
}
