//! The group and the value of a matched event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::event::{Event, is_redacted};
use crate::field::SlotId;
use crate::rule::{CorrelationInput, CorrelationRule, FieldSource};
use crate::slots::Slots;
use crate::window::group_values::GroupTexts;
use crate::window::key::Key;
use crate::window::kind::OccurrenceValue;

/// What a window needs of a hit's event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HitFields {
    pub(crate) group: Key,
    pub(crate) value: OccurrenceValue,
}

impl HitFields {
    /// `None` where a field is missing or redacted; each such field is counted in `missing`.
    pub(crate) fn read(
        rule: &CorrelationRule,
        input: &CorrelationInput,
        event: &Event<'_, '_>,
        missing: &mut BTreeMap<SlotId, u64>,
    ) -> Option<Self> {
        let mut complete = true;
        for slot in input.group_by.iter().chain(&input.value).map(event_slot) {
            if single_text(event.slots, slot).is_none() {
                *missing.entry(slot).or_default() += 1;
                complete = false;
            }
        }
        if !complete {
            return None;
        }
        let texts = |fields: &[FieldSource]| {
            Key::of_texts(
                fields
                    .iter()
                    .filter_map(|f| single_text(event.slots, event_slot(f))),
            )
        };
        let value = match input.value.as_slice() {
            [] => OccurrenceValue::None,
            [field, ..] if rule.window.reads_numbers() => {
                let slot = event_slot(field);
                let Some(number) = event.slots.first(slot).and_then(|value| value.number()) else {
                    *missing.entry(slot).or_default() += 1;
                    return None;
                };
                OccurrenceValue::Number(number)
            }
            fields => OccurrenceValue::Key(texts(fields)),
        };
        Some(Self {
            group: texts(&input.group_by),
            value,
        })
    }
}

/// The group-by values as they are shown.
pub(crate) fn group_texts(input: &CorrelationInput, event: &Event<'_, '_>) -> GroupTexts {
    let text = |field| single_text(event.slots, event_slot(field)).unwrap_or_default();
    GroupTexts::new(input.group_by.iter().map(text))
}

fn event_slot(field: &FieldSource) -> SlotId {
    match field {
        FieldSource::Event(slot) => *slot,
        FieldSource::ChildGroup(_) => {
            unreachable!("a detection rule's fields are those of its events")
        }
    }
}

/// The one value of a field as text.
///
/// `None` where it has none, is null, empty or redacted, or has several (an array): what is no single value names no
/// group. An array of one is its member.
fn single_text<'s>(slots: &'s Slots<'_>, slot: SlotId) -> Option<Cow<'s, str>> {
    let mut values = slots.values(slot);
    let only = values.next()?;
    if values.next().is_some() {
        return None;
    }
    only.text()
        .filter(|text| !text.is_empty() && !is_redacted(text))
}
