//! The JSON that runtimes and loggers put around an application's object.

use std::borrow::Cow;

use crate::fields::said::Said;
use crate::text::{moment, raw};
use crate::{Context, DecodeFields};
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_event::time::Timestamp;

/// A logger's object within a runtime's, around a line that the application has formatted itself.
const WRAPS_MAX: u8 = 3;

/// A wrap taken apart.
pub(crate) struct Wrap<'a> {
    pub(crate) said: Said<'a>,
    /// When it was logged.
    pub(crate) time: Option<Timestamp>,
    /// The application's object, or lines of such; `None` where its words are text, and stay where they are.
    pub(crate) payload: Option<Cow<'a, str>>,
}

/// What an object has beside its message where all of it is a runtime's or logger's: only then is text in the message
/// looked into, for text may be anybody's, and must not speak beside an application's own keys.
const WRAP_KEYS: [&str; 49] = [
    "timestamp",
    "time",
    "@timestamp",
    "ts",
    "@t",
    "Timestamp",
    "date",
    "datetime",
    "asctime",
    "timeMillis",
    "instant",
    "level",
    "log_level",
    "logLevel",
    "Level",
    "LogLevel",
    "severity",
    "levelname",
    "@l",
    "level_value",
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "function_request_id",
    "lambda_request_id",
    "message",
    "msg",
    "Message",
    "@m",
    "@mt",
    "logger",
    "loggerName",
    "logger_name",
    "name",
    "location",
    "caller",
    "service",
    "target",
    "thread",
    "threadId",
    "threadPriority",
    "loggerFqcn",
    "endOfBatch",
    "thread_name",
    "@version",
    "traceId",
    "xray_trace_id",
    "sampling_rate",
    "tenantId",
];

/// As [`WRAP_KEYS`], by how they begin: `function_name`, `cold_start`, …
const WRAP_KEY_BEGINNINGS: [&str; 3] = ["function_", "cold_start", "correlation_id"];

impl<'a> Wrap<'a> {
    /// The wrap that `json` is, if it is one; `slots` are of it.
    pub(crate) fn of(
        json: &'a [u8],
        slots: &Slots<'a>,
        f: &DecodeFields,
        context: Context<'_>,
    ) -> Option<Self> {
        let is_within = context.said.is_some() || context.wraps > 0;
        let first = |among: &[SlotId]| among.iter().find_map(|slot| slots.first(*slot));
        let text = |value: Option<&Value<'a>>| value.and_then(|v| Some(v.text()?.into_owned()));
        let level = first(&f.levels).filter(|value| !matches!(value, Value::Null));
        let time = first(&f.times);
        // The runtime client for Rust writes no time.
        let has_fields = slots.first(f.fields) == Some(&Value::Container);
        let is_wrap = level.is_some() && (time.is_some() || is_within || has_fields);
        // Of a logger of Rust, the fields alone: no level is theirs.
        let is_fields = is_within && level.is_none() && slots.str(f.message).is_some();
        if context.wraps == WRAPS_MAX || !(is_wrap || is_fields) {
            return None;
        }
        let request_id = first(&f.request_ids);
        let payload = payload(std::str::from_utf8(json).ok()?, slots, f);
        if payload.is_none() && request_id.is_none() {
            return None;
        }
        Some(Self {
            said: Said {
                request_id: text(request_id)
                    .filter(|id| !crate::text::identity::is_none(id))
                    .map(Cow::Owned),
                level: text(level).map(Cow::Owned),
                time: text(time).map(Cow::Owned),
                line: std::str::from_utf8(json).ok()?,
            },
            time: f
                .times
                .iter()
                .find_map(|slot| moment::logged_at(slots.first(*slot))),
            payload,
        })
    }

    /// Adds to the application's `inner` what `outer` has beside the wrap: keys that the application has put there
    /// count before those of its message.
    pub(crate) fn fill_in<'i>(&self, inner: &mut Slots<'i>, outer: &Slots<'i>, f: &DecodeFields) {
        for slot in outer.present() {
            let is_wraps = |among: &[SlotId]| among.contains(&slot);
            if is_wraps(&f.messages) || is_wraps(&f.times) || slot == f.fields {
                continue;
            }
            let gives_way =
                is_wraps(&f.levels) || is_wraps(&f.request_ids) || is_wraps(&f.wrap_names);
            if inner.is_present(slot) && gives_way {
                continue;
            }
            inner.clear(slot);
            for value in outer.values(slot) {
                inner.push(slot, value.clone());
            }
        }
    }
}

fn payload<'a>(json: &'a str, slots: &Slots<'a>, f: &DecodeFields) -> Option<Cow<'a, str>> {
    let is_object = |slot| slots.first(slot) == Some(&Value::Container);
    if is_object(f.fields) {
        return Some(Cow::Borrowed(raw::at_path(json, "fields")?))
            .filter(|raw| raw.starts_with('{'));
    }
    if is_object(f.message) {
        return Some(Cow::Borrowed(raw::at_path(json, "message")?))
            .filter(|raw| raw.starts_with('{'));
    }
    let mut texts = f
        .messages
        .iter()
        .filter_map(|slot| match slots.first(*slot) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        });
    let text = texts.next()?;
    let is_json = text.trim_start().starts_with('{') && text.trim_end().ends_with('}');
    (is_json && is_wrap_alone(json)).then_some(text)
}

fn is_wrap_alone(json: &str) -> bool {
    let mut is_alone = true;
    let walked = raw::for_each_entry(json, &mut |key, _| {
        is_alone &= WRAP_KEYS.contains(&key)
            || WRAP_KEY_BEGINNINGS
                .iter()
                .any(|beginning| key.starts_with(beginning));
    });
    walked.is_ok() && is_alone
}
