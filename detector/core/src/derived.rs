//! Fields that no log has, put into the events before they are matched.

use std::borrow::Cow;
use std::sync::Arc;

use detector_decode::Enrich;
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_event::time::Timestamp;
use detector_rule::{Calendar, Derived, RuleSet, Said};

/// Those that the rules read.
#[derive(Debug)]
pub(crate) struct DerivedFields {
    fields: Vec<(SlotId, Derived)>,
    calendars: Arc<[Calendar]>,
}

impl DerivedFields {
    pub(crate) fn of(rules: &RuleSet) -> Self {
        let derived = |slot| {
            let path = rules.fields.path(slot);
            Some((slot, Derived::of(path, &rules.calendars)?.ok()?))
        };
        Self {
            fields: rules.fields.slots().filter_map(derived).collect(),
            calendars: Arc::clone(&rules.calendars),
        }
    }

    /// What puts them there; none where no rule reads any.
    pub(crate) fn enrich(&self) -> Option<&dyn Enrich> {
        (!self.fields.is_empty()).then_some(self)
    }
}

impl Enrich for DerivedFields {
    fn enrich(&self, slots: &mut Slots<'_>, time: Option<Timestamp>) {
        for (slot, derived) in &self.fields {
            // What a log has by that name is somebody's word.
            slots.clear(*slot);
            let value = match *derived {
                Derived::Calendar(at, part) => {
                    time.and_then(|time| self.calendars[at].says(part, time))
                }
            };
            if let Some(value) = value {
                slots.push(*slot, written(value));
            }
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
