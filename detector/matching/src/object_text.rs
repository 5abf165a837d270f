//! The text of an object, for tests of text on a field that holds one: its JSON without white space between its parts,
//! so that one rule finds `"Status":"Suspended"` however the log was printed.
//!
//! The scan of an event keeps none of it: few rules ask, and only then is the event read again.

use std::borrow::Cow;

use detector_event::each_object;
use detector_event::event::Body;
use detector_event::field::{FieldTable, SlotId};

/// The objects of one event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objects<'e> {
    pub(super) body: Body<'e>,
    /// Those of the rules.
    pub(super) fields: &'e FieldTable,
}

impl Objects<'_> {
    /// Calls `see` with the text of each object at `slot`.
    pub(super) fn each(self, slot: SlotId, see: &mut dyn FnMut(&str)) {
        self.each_as_written(slot, &mut |json| see(&compact(json)));
    }

    /// The same, as the objects are written.
    pub(super) fn each_as_written(self, slot: SlotId, see: &mut dyn FnMut(&str)) {
        let Body::Json(json) = self.body else {
            return;
        };
        // The body was scanned before it became an event.
        if let Ok(text) = std::str::from_utf8(json) {
            each_object(text, self.fields, slot, see);
        }
    }
}

/// Well-formed JSON without white space between its parts.
fn compact(json: &str) -> Cow<'_, str> {
    match json.chars().all(is_part()) {
        true => Cow::Borrowed(json),
        false => {
            let mut is_part = is_part();
            Cow::Owned(json.chars().filter(|c| is_part(*c)).collect())
        }
    }
}

/// Asked of each character of a JSON text in turn: whether it is more than white space between parts.
fn is_part() -> impl FnMut(char) -> bool {
    let (mut is_within, mut is_escaped) = (false, false);
    move |c| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_within = !is_within,
            _ => {}
        }
        is_within || !matches!(c, ' ' | '\t' | '\r' | '\n')
    }
}
