//! Moments, in all the ways in which logs write them.

use std::borrow::Cow;

use super::raw;
use detector_event::slots::Value;
use detector_event::time::Timestamp;

/// A moment as logs write it: RFC 3339, or seconds or milliseconds since the epoch as a number or as text.
pub(super) fn moment(value: Option<&Value<'_>>) -> Option<Timestamp> {
    let value = value?;
    match value.number() {
        Some(number) => Timestamp::from_epoch(number),
        None => Timestamp::from_rfc3339(value.text()?.trim()),
    }
}

/// The same, of JSON text.
pub(super) fn raw_moment(json: Option<&str>) -> Option<Timestamp> {
    let text = raw::string(json);
    let text = text.as_deref().or(json)?;
    moment(Some(&Value::Text(Cow::Borrowed(text))))
}
