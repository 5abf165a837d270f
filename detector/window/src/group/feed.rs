//! What the correlations that wait for the hits of one detection rule read of them: each field and each key once for an
//! event, however many correlations ask for it.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::group::hit::{Texts, ValueOf, texts};
use crate::group::names::Names;
use crate::kind::OccurrenceValue;
use crate::state::key::Key;
use detector_event::slots::Slots;
use detector_rule::{CorrelationIx, CorrelationRule, FieldSource, NetworkPrefix};

/// The correlations, and what they read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    pub(crate) consumers: Vec<Consumer>,
    fields: Vec<(FieldSource, Option<NetworkPrefix>)>,
    /// The fields that a key is made of, by their places.
    keys: Vec<Vec<usize>>,
}

/// A correlation that waits for the hits of a detection rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumer {
    pub(crate) rule: CorrelationIx,
    pub(crate) input: usize,
    pub(crate) reads: ValueOf,
    /// The places of the keys of group and value.
    group: usize,
    value: usize,
}

/// What an event has of it.
#[derive(Debug)]
pub(crate) struct Read<'h> {
    feed: &'h Feed,
    fields: SmallVec<[Texts<'h>; 6]>,
    /// None where a field has no value, or several.
    keys: SmallVec<[Option<Key>; 8]>,
}

impl Feed {
    pub(crate) fn add(&mut self, at: CorrelationIx, rule: &CorrelationRule, input: usize) {
        let source = &rule.inputs[input];
        let consumer = Consumer {
            rule: at,
            input,
            reads: ValueOf::hits(rule, input),
            group: self.key(&source.group_by, &rule.prefixes),
            value: self.key(&source.value, &rule.value_prefixes),
        };
        self.consumers.push(consumer);
    }

    fn key(&mut self, fields: &[FieldSource], prefixes: &[Option<NetworkPrefix>]) -> usize {
        let fields = fields.iter().cloned().zip(prefixes.iter().copied());
        let places = fields.map(|field| place(&mut self.fields, field)).collect();
        place(&mut self.keys, places)
    }

    pub(crate) fn read<'h>(&'h self, slots: &'h Slots<'_>, names: &Names) -> Read<'h> {
        let mut read = Read {
            feed: self,
            fields: SmallVec::new(),
            keys: SmallVec::new(),
        };
        for (field, prefix) in &self.fields {
            read.fields.push(texts(slots, names, field, *prefix).0);
        }
        for places in &self.keys {
            let is_one = |place: &usize| read.fields[*place].len() == 1;
            let texts = || places.iter().map(|place| &read.fields[*place][0]);
            let key = places.iter().all(is_one).then(|| Key::of_texts(texts()));
            read.keys.push(key);
        }
        read
    }
}

impl<'h> Read<'h> {
    /// The one group that a consumer has the hit in.
    pub(crate) fn group(&self, consumer: &Consumer) -> Option<Key> {
        self.keys[consumer.group]
    }

    /// That group's values.
    pub(crate) fn group_texts(&self, consumer: &Consumer) -> impl Iterator<Item = &Cow<'h, str>> {
        let places = self.feed.keys[consumer.group].iter();
        places.flat_map(|place| self.fields[*place].first())
    }

    /// The one value that a consumer counts the hit with.
    pub(crate) fn value(
        &self,
        consumer: &Consumer,
        source: &[FieldSource],
        slots: &Slots<'_>,
    ) -> Option<OccurrenceValue> {
        Some(match consumer.reads {
            ValueOf::None => OccurrenceValue::None,
            ValueOf::Anything => OccurrenceValue::anything(),
            ValueOf::Number | ValueOf::Point => {
                OccurrenceValue::Number(consumer.reads.number(slots, source.first()?)?)
            }
            ValueOf::Key => OccurrenceValue::Key(self.keys[consumer.value]?),
        })
    }
}

/// The place of an item, put there if it is new.
fn place<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    let known = items.iter().position(|known| *known == item);
    known.unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}
