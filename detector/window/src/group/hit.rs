//! The group and the value of a matched event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::group::few::Shown;
use crate::group::names::Names;
use crate::group::point::Point;
use crate::kind::OccurrenceValue;
use crate::state::key::Key;
use detector_event::event::{Event, is_redacted};
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_rule::{
    CorrelationInput, CorrelationRule, FieldSource, NetworkPrefix, ShownField, ShownSource,
};

/// The most groups and values that one hit bears on: of a field with more values the first count.
pub const VALUES_PER_HIT_MAX: usize = 64;

/// What a window needs of a hit's event: one group that it is in, with one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HitFields<'h> {
    /// The group-by values.
    pub(crate) texts: &'h [Cow<'h, str>],
    pub(crate) value: OccurrenceValue,
}

/// Hits that belong to no group, by the field that is to blame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptOut {
    /// The field is missing or redacted, or is a number that has several values.
    pub missing: BTreeMap<SlotId, u64>,
    /// The network of the field is grouped by or counted, and it is no address.
    pub no_address: BTreeMap<SlotId, u64>,
    /// It is in groups all the same, though not with all values of the field: there are more than
    /// [`VALUES_PER_HIT_MAX`].
    pub cut: BTreeMap<SlotId, u64>,
}

impl KeptOut {
    /// Those by a field that has no value that counts, though it may be there.
    fn by(&mut self, is_there: bool) -> &mut BTreeMap<SlotId, u64> {
        match is_there {
            true => &mut self.no_address,
            false => &mut self.missing,
        }
    }

    pub(crate) fn add(&mut self, other: &KeptOut) {
        let pairs = [
            (&mut self.missing, &other.missing),
            (&mut self.no_address, &other.no_address),
            (&mut self.cut, &other.cut),
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
    /// Of a point on the earth.
    Point,
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
        } else if rule.window.reads_points() {
            Self::Point
        } else {
            Self::Key
        }
    }

    /// The one value of a field as the number that it stands for.
    pub(crate) fn number(self, slots: &Slots<'_>, field: &FieldSource) -> Option<f64> {
        let value = single(slots, event_slot(field))?;
        match self {
            Self::Point => Some(Point::of_text(&value.text()?)?.number().into()),
            _ => value.number(),
        }
    }
}

/// Calls `see` with each group that a hit of one of the rule's inputs is in, and each value it has there: several where
/// a field is an array. Fields that keep the hit out of every group are counted in `kept_out`.
pub(crate) fn each(
    (rule, input): (&CorrelationRule, &CorrelationInput),
    (reads, names): (ValueOf, &Names),
    event: &Event<'_, '_>,
    kept_out: &mut KeptOut,
    see: &mut dyn FnMut(HitFields<'_>),
) {
    let slots = event.slots;
    let mut lists: Lists<'_> = SmallVec::new();
    let mut is_complete = true;
    for (field, prefix) in input.group_by.iter().zip(&rule.prefixes) {
        let (mut texts, is_there) = texts(slots, names, field, *prefix);
        if texts.is_empty() {
            match rule.stands_for {
                Some(_) if !is_there => texts.push(Cow::Borrowed("")),
                _ => is_complete &= count(kept_out.by(is_there), field),
            }
        }
        lists.push(texts);
    }
    let groups = lists.len();
    if let ValueOf::Key = reads {
        for (field, prefix) in input.value.iter().zip(&rule.value_prefixes) {
            let (texts, is_there) = texts(slots, names, field, *prefix);
            if texts.is_empty() {
                is_complete &= count(kept_out.by(is_there), field);
            }
            lists.push(texts);
        }
    }
    let number = match (reads, input.value.first()) {
        (ValueOf::Number | ValueOf::Point, Some(field)) => {
            let number = reads.number(slots, field);
            if number.is_none() {
                is_complete &= count(&mut kept_out.missing, field);
            }
            number
        }
        _ => None,
    };
    if !is_complete {
        return;
    }
    let combinations = combinations(&lists);
    if combinations > VALUES_PER_HIT_MAX {
        let fields = input.group_by.iter().chain(&input.value).zip(&lists);
        for (field, _) in fields.filter(|(_, texts)| texts.len() > 1) {
            count(&mut kept_out.cut, field);
        }
    }
    each_of_first(combinations.min(VALUES_PER_HIT_MAX), &lists, &mut |texts| {
        let (texts, values) = texts.split_at(groups);
        let value = match reads {
            ValueOf::None => OccurrenceValue::None,
            ValueOf::Anything => OccurrenceValue::anything(),
            ValueOf::Number | ValueOf::Point => OccurrenceValue::Number(number.unwrap_or_default()),
            ValueOf::Key => OccurrenceValue::Key(Key::of_texts(values)),
        };
        see(HitFields { texts, value });
    });
}

/// The values of the event that alerts show.
pub(crate) fn shown<'e>(input: &CorrelationInput, event: &'e Event<'_, '_>) -> Shown<'e> {
    let mut shown = Shown::new();
    for ShownField { tag, source } in &input.show {
        let ShownSource::Event(slot) = source else {
            unreachable!("a detection rule's fields are those of its events")
        };
        if let Some(text) = single_text(event.slots, *slot) {
            shown.push((*tag, text));
        }
    }
    shown
}

fn event_slot(field: &FieldSource) -> SlotId {
    match field {
        FieldSource::Event(slot) => *slot,
        FieldSource::FirstOf(slots) => slots[0],
        FieldSource::ChildGroup(_) | FieldSource::Nowhere => {
            unreachable!("a detection rule's fields are those of its events")
        }
    }
}

/// The values of one field of a hit.
pub(crate) type Texts<'h> = SmallVec<[Cow<'h, str>; 1]>;

/// Those of all fields that matter.
type Lists<'h> = SmallVec<[Texts<'h>; 4]>;

/// Notes that a field keeps a hit out.
fn count(fields: &mut BTreeMap<SlotId, u64>, field: &FieldSource) -> bool {
    *fields.entry(event_slot(field)).or_default() += 1;
    false
}

/// Each value of a field once, or each of their networks, in the order of the event: none that is missing, null, empty
/// or redacted, and one more than [`VALUES_PER_HIT_MAX`] where there are as many. With whether the event has the field.
pub(crate) fn texts<'h>(
    slots: &'h Slots<'_>,
    names: &Names,
    field: &FieldSource,
    prefix: Option<NetworkPrefix>,
) -> (Texts<'h>, bool) {
    let only = [event_slot(field)];
    let alternatives = match field {
        FieldSource::FirstOf(slots) => slots,
        _ => &only[..],
    };
    let mut texts = Texts::new();
    for &slot in alternatives {
        let mut is_there = false;
        for text in slots.values(slot).filter_map(text) {
            is_there = true;
            let text = names.folded(slot, text);
            let text = match prefix {
                Some(prefix) => prefix.network_of(&text).map(Cow::Owned),
                None => Some(text),
            };
            if let Some(text) = text.filter(|text| !texts.contains(text)) {
                texts.push(text);
            }
            if texts.len() > VALUES_PER_HIT_MAX {
                break;
            }
        }
        if is_there {
            return (texts, true);
        }
    }
    (texts, false)
}

fn text<'h>(value: &'h Value<'_>) -> Option<Cow<'h, str>> {
    let text = value.text()?;
    (!text.is_empty() && !is_redacted(&text)).then_some(text)
}

/// The one value of a field as text. An array of one is its member.
fn single_text<'s>(slots: &'s Slots<'_>, slot: SlotId) -> Option<Cow<'s, str>> {
    text(single(slots, slot)?)
}

fn single<'s, 'a>(slots: &'s Slots<'a>, slot: SlotId) -> Option<&'s Value<'a>> {
    let mut values = slots.values(slot);
    let only = values.next()?;
    values.next().is_none().then_some(only)
}

/// The ways to choose one value of each list.
fn combinations(lists: &[Texts<'_>]) -> usize {
    let lengths = lists.iter().map(|list| list.len());
    lengths.fold(1, usize::saturating_mul)
}

/// Calls `see` with one value of each list, for the first ways to choose them: the last list goes round first.
fn each_of_first(ways: usize, lists: &[Texts<'_>], see: &mut dyn FnMut(&[Cow<'_, str>])) {
    for number in 0..ways {
        let mut rest = number;
        let mut chosen: SmallVec<[Cow<'_, str>; 4]> = SmallVec::new();
        for list in lists.iter().rev() {
            chosen.push(Cow::Borrowed(&list[rest % list.len()]));
            rest /= list.len();
        }
        chosen.reverse();
        see(&chosen);
    }
}
