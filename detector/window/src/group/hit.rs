//! The group and the value of a matched event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::group::group_values::GroupTexts;
use crate::kind::OccurrenceValue;
use crate::state::key::Key;
use detector_event::event::{Event, is_redacted};
use detector_event::field::SlotId;
use detector_event::slots::Slots;
use detector_rule::{
    CorrelationInput, CorrelationRule, FieldSource, FieldTag, ShownField, ShownSource,
};

/// What a window needs of a hit's event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HitFields {
    pub(crate) group: Key,
    pub(crate) value: OccurrenceValue,
}

/// Hits that belong to no group, by the field that is to blame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptOut {
    /// The field is missing, redacted or has several values.
    pub missing: BTreeMap<SlotId, u64>,
    /// The field is grouped by its network, and is no address.
    pub no_address: BTreeMap<SlotId, u64>,
}

impl KeptOut {
    pub(crate) fn add(&mut self, other: &KeptOut) {
        let pairs = [
            (&mut self.missing, &other.missing),
            (&mut self.no_address, &other.no_address),
        ];
        for (mine, theirs) in pairs {
            for (field, hits) in theirs {
                *mine.entry(*field).or_default() += hits;
            }
        }
    }
}

/// What the condition looks at in the hits of an input: asked of the window once, not of each hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueOf {
    /// Nothing but that they came.
    None,
    Key,
    Number,
    /// Their value does not matter, and there need not be one.
    Anything,
}

impl ValueOf {
    pub(crate) fn hits(rule: &CorrelationRule, input: usize) -> Self {
        if rule.inputs[input].value.is_empty() {
            Self::None
        } else if !rule.window.needs_value(input) {
            Self::Anything
        } else if rule.window.reads_numbers() {
            Self::Number
        } else {
            Self::Key
        }
    }
}

impl HitFields {
    /// Of a hit of one of the rule's inputs. `None` where a field keeps the hit out of every group; each such field is
    /// counted in `kept_out`.
    pub(crate) fn read(
        (rule, input): (&CorrelationRule, &CorrelationInput),
        reads: ValueOf,
        event: &Event<'_, '_>,
        kept_out: &mut KeptOut,
    ) -> Option<Self> {
        let values = match reads {
            ValueOf::None | ValueOf::Anything => &[],
            ValueOf::Key | ValueOf::Number => input.value.as_slice(),
        };
        let mut complete = true;
        let mut count = |kept_out: &mut BTreeMap<SlotId, u64>, slot| {
            *kept_out.entry(slot).or_default() += 1;
            complete = false;
        };
        for slot in input.group_by.iter().chain(values).map(event_slot) {
            if single_text(event.slots, slot).is_none() {
                count(&mut kept_out.missing, slot);
            }
        }
        for (field, prefix) in input.group_by.iter().zip(&rule.prefixes) {
            let slot = event_slot(field);
            if let (Some(prefix), Some(text)) = (prefix, single_text(event.slots, slot))
                && prefix.network_of(&text).is_none()
            {
                count(&mut kept_out.no_address, slot);
            }
        }
        if !complete {
            return None;
        }
        let value = match reads {
            ValueOf::None => OccurrenceValue::None,
            ValueOf::Anything => OccurrenceValue::Key(Key::of_texts([""; 0])),
            ValueOf::Number => {
                let slot = event_slot(values.first()?);
                let Some(number) = event.slots.first(slot).and_then(|value| value.number()) else {
                    *kept_out.missing.entry(slot).or_default() += 1;
                    return None;
                };
                OccurrenceValue::Number(number)
            }
            ValueOf::Key => OccurrenceValue::Key(Key::of_texts(
                values
                    .iter()
                    .filter_map(|f| single_text(event.slots, event_slot(f))),
            )),
        };
        Some(Self {
            group: Key::of_texts(group_values(rule, input, event)),
            value,
        })
    }
}

/// The group-by values as they are shown.
pub(crate) fn group_texts(
    rule: &CorrelationRule,
    input: &CorrelationInput,
    event: &Event<'_, '_>,
) -> GroupTexts {
    GroupTexts::new(group_values(rule, input, event))
}

/// The values of the event that alerts show.
pub(crate) fn shown<'e>(
    input: &CorrelationInput,
    event: &'e Event<'_, '_>,
) -> Vec<(FieldTag, Cow<'e, str>)> {
    let value = |field: &ShownField| match field.source {
        ShownSource::Event(slot) => Some((field.tag, single_text(event.slots, slot)?)),
        ShownSource::ChildGroup(_) | ShownSource::ChildShown(_) => {
            unreachable!("a detection rule's fields are those of its events")
        }
    };
    input.show.iter().filter_map(value).collect()
}

fn group_values<'e>(
    rule: &'e CorrelationRule,
    input: &'e CorrelationInput,
    event: &'e Event<'_, '_>,
) -> impl Iterator<Item = Cow<'e, str>> {
    let fields = input.group_by.iter().zip(&rule.prefixes);
    fields.map(|(field, prefix)| {
        let text = single_text(event.slots, event_slot(field)).unwrap_or_default();
        match prefix.and_then(|prefix| prefix.network_of(&text)) {
            Some(network) => Cow::Owned(network),
            None => text,
        }
    })
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
