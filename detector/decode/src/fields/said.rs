//! What a runtime or logger has said around an application's words, as fields that rules can read.

use std::borrow::Cow;

use detector_event::slots::{Slots, Value};

use crate::fields::DecodeFields;

/// What stood around an application's words.
#[derive(Debug)]
pub(crate) struct Said<'s> {
    pub(crate) request_id: Option<Cow<'s, str>>,
    pub(crate) level: Option<Cow<'s, str>>,
    pub(crate) time: Option<Cow<'s, str>>,
    /// All of it.
    pub(crate) line: &'s str,
}

impl Said<'_> {
    /// Adds what a runtime says, where the application has no such fields of its own.
    pub(crate) fn put<'a>(&'a self, slots: &mut Slots<'a>, f: &DecodeFields) {
        let said = [
            (f.runtime_request_id, self.request_id.as_deref()),
            (f.runtime_level, self.level.as_deref()),
            (f.runtime_time, self.time.as_deref()),
            (f.runtime_line, Some(self.line)),
        ];
        for (slot, text) in said {
            if let Some(text) = text.filter(|_| !slots.is_present(slot)) {
                slots.push(slot, Value::Text(Cow::Borrowed(text)));
            }
        }
    }
}
