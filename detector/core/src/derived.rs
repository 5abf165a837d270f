//! Fields that no log has, put into the events before they are matched.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crate::places::Places;
use detector_decode::Enrich;
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_event::time::Timestamp;
use detector_rule::{Calendar, CalendarPart, Derived, PlacePart, RuleSet, Said};

/// The most values of one field that are looked up: as many as groups can be made of.
const ADDRESSES_MAX: usize = 64;

/// Those that the rules read.
#[derive(Debug, Default)]
pub(crate) struct DerivedFields {
    calendars: Arc<[Calendar]>,
    of_time: Vec<(SlotId, usize, CalendarPart)>,
    /// By the field that holds the address.
    of_address: Vec<(SlotId, Vec<(SlotId, PlacePart)>)>,
    places: Places,
}

impl DerivedFields {
    /// Registers the fields that these look at.
    pub(crate) fn register(rules: &mut RuleSet) -> Self {
        let mut derived = Self {
            calendars: Arc::clone(&rules.calendars),
            // The shell has told of a file that is no database.
            places: Places::read(&rules.databases).unwrap_or_default(),
            ..Self::default()
        };
        for slot in rules.fields.slots().collect::<Vec<_>>() {
            let path = rules.fields.path(slot).to_owned();
            match Derived::of(&path, &rules.calendars) {
                Some(Ok(Derived::Calendar(at, part))) => derived.of_time.push((slot, at, part)),
                Some(Ok(Derived::Place(field, part))) => {
                    let field = rules.fields.slot(field);
                    let known = derived.of_address.iter_mut().find(|(it, _)| *it == field);
                    match known {
                        Some((_, parts)) => parts.push((slot, part)),
                        None => derived.of_address.push((field, vec![(slot, part)])),
                    }
                }
                Some(Err(_)) | None => {}
            }
        }
        derived
    }

    /// What puts them there; none where no rule reads any.
    pub(crate) fn enrich(&self) -> Option<&dyn Enrich> {
        let is_empty = self.of_time.is_empty() && self.of_address.is_empty();
        (!is_empty).then_some(self)
    }

    fn put_places(&self, field: SlotId, parts: &[(SlotId, PlacePart)], slots: &mut Slots<'_>) {
        let addresses = slots.values(field).take(ADDRESSES_MAX);
        let addresses: Vec<IpAddr> = addresses
            .filter_map(|value| match value {
                Value::Text(text) => text.parse::<IpAddr>().ok(),
                _ => None,
            })
            .map(|address| address.to_canonical())
            .collect();
        for address in addresses {
            let mut missing = parts.to_vec();
            self.places.look_up(address, &mut |record| {
                missing.retain(|(slot, part)| {
                    let value = record.part(*part);
                    let is_missing = value.is_none();
                    if let Some(value) = value {
                        slots.push(*slot, Value::Text(Cow::Owned(value)));
                    }
                    is_missing
                });
                missing.is_empty()
            });
        }
    }
}

impl Enrich for DerivedFields {
    fn enrich(&self, slots: &mut Slots<'_>, time: Option<Timestamp>) {
        for (slot, calendar, part) in &self.of_time {
            // What a log has by that name is somebody's word.
            slots.clear(*slot);
            let said = time.and_then(|time| self.calendars[*calendar].says(*part, time));
            if let Some(said) = said {
                slots.push(*slot, written(said));
            }
        }
        for (field, parts) in &self.of_address {
            parts.iter().for_each(|(slot, _)| slots.clear(*slot));
            self.put_places(*field, parts, slots);
        }
    }
}

fn written(said: Said) -> Value<'static> {
    match said {
        Said::Text(text) => Value::Text(Cow::Owned(text)),
        Said::Number(number) => Value::Unsigned(number),
        Said::Bool(is_so) => Value::Bool(is_so),
    }
}
