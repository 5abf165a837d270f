//! Carriers: what tools, queues and log shippers print around somebody else's log entry. One table, a row for each.
//!
//! A carrier is known by its *other* fields, never by its payload, and taken off once: what a log entry says is never
//! looked at as a carrier again, and what an application says never was.

pub(crate) mod row; // what a row says
mod table; // the rows

use row::Carrier;
use table::CARRIERS;

use detector_event::field::{FieldTable, SlotId};
use detector_event::slots::{Slots, Value};

/// The slots of a row.
#[derive(Debug, Clone)]
pub(crate) struct CarrierSlots {
    known_by: Vec<Vec<SlotId>>,
    says: Option<SlotId>,
    payload: Vec<SlotId>,
    time: Vec<SlotId>,
    id: Vec<SlotId>,
    log_group: Vec<SlotId>,
    log_stream: Vec<SlotId>,
}

impl CarrierSlots {
    pub(crate) fn payload(&self) -> impl Iterator<Item = SlotId> {
        self.payload.iter().copied()
    }

    pub(crate) fn of_all(table: &mut FieldTable) -> Vec<Self> {
        let mut slots =
            |paths: &[&str]| -> Vec<SlotId> { paths.iter().map(|path| table.slot(path)).collect() };
        CARRIERS
            .iter()
            .map(|row| Self {
                known_by: row.known_by.iter().map(|paths| slots(paths)).collect(),
                says: row.says.map(|(path, _)| slots(&[path])[0]),
                payload: slots(row.payload),
                time: slots(row.time),
                id: slots(row.id),
                log_group: slots(row.log_group),
                log_stream: slots(row.log_stream),
            })
            .collect()
    }
}

/// A carrier, and where its parts lie.
pub(crate) struct Found<'f> {
    pub(crate) carrier: &'static Carrier,
    pub(crate) payload: SlotId,
    slots: &'f CarrierSlots,
}

/// The carrier that an object is, if it is one.
pub(crate) fn find<'r>(slots: &Slots<'_>, rows: &'r [CarrierSlots]) -> Option<Found<'r>> {
    let is_payload = |slot: &&SlotId| match slots.first(**slot) {
        Some(Value::Text(_)) => true,
        Some(Value::Container) => slots.values(**slot).count() == 1,
        _ => false,
    };
    let rows = CARRIERS.iter().zip(rows);
    rows.filter_map(|(carrier, row)| {
        let payload = *row.payload.iter().find(is_payload)?;
        let has_one = |group: &Vec<SlotId>| group.iter().any(|slot| slots.is_present(*slot));
        let says_so = match (row.says, carrier.says) {
            (Some(slot), Some((_, texts))) => {
                slots.str(slot).is_some_and(|text| texts.contains(&text))
            }
            _ => true,
        };
        (says_so && row.known_by.iter().all(has_one)).then_some(Found {
            carrier,
            payload,
            slots: row,
        })
    })
    .next()
}

impl Found<'_> {
    pub(crate) fn time<'s>(&self, slots: &'s Slots<'_>) -> Option<&'s Value<'s>> {
        self.slots.time.iter().find_map(|slot| slots.first(*slot))
    }

    pub(crate) fn id(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.id, slots).filter(|id| !crate::text::identity::is_none(id))
    }

    pub(crate) fn log_group(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.log_group, slots)
    }

    pub(crate) fn log_stream(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.log_stream, slots)
    }
}

fn text(at: &[SlotId], slots: &Slots<'_>) -> Option<String> {
    let mut texts = at.iter().filter_map(|slot| slots.str(*slot));
    texts.next().map(str::to_owned)
}

#[cfg(test)]
mod tests;
