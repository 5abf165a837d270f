//! The JSON that runtimes and loggers put around an application's object.

use std::borrow::Cow;

use crate::fields::said::Said;
use crate::fields::{LEVELS, MESSAGES, REQUEST_IDS, TIMES, WRAP_NAMES};
use crate::text::raw;
use crate::{Context, DecodeFields, origin};
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
    /// Whether there is nothing of the application's but text: all fields, the time among them, are the runtime's.
    pub(crate) is_alone: bool,
}

/// What an object has where all of it is a runtime's or logger's: only then is text in the message looked into, for text
/// may be anybody's, and must not speak beside an application's own keys.
const WRAP: [&[&str]; 6] = [
    &TIMES,
    &LEVELS,
    &REQUEST_IDS,
    &MESSAGES,
    &WRAP_NAMES,
    &WRAP_KEYS,
];

/// Keys of runtimes and loggers that decode reads nothing of.
const WRAP_KEYS: [&str; 24] = [
    "instant",
    "level_value",
    "@mt",
    "loggerName",
    "logger_name",
    "caller",
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
    // Powertools for .NET, whose keys can be had in other letter cases.
    "ColdStart",
    "coldStart",
    "XrayTraceId",
    "xrayTraceId",
    "SamplingRate",
    "samplingRate",
    "CorrelationId",
];

/// As [`WRAP_KEYS`], by how they begin: `function_name`, `cold_start`, …
const WRAP_KEY_BEGINNINGS: [&str; 6] = [
    "function_",
    "cold_start",
    "correlation_id",
    "correlationId",
    "Function",
    "function",
];

/// As [`WRAP`], and what runtimes write beside, of an error.
const WRAP_OF_ERROR: [&[&str]; 7] = {
    let [times, levels, request_ids, messages, names, others] = WRAP;
    let error = &["errorType", "errorMessage", "stackTrace", "stack"];
    [times, levels, request_ids, messages, names, others, error]
};

/// All that `tracing`, which Rust's runtime logs by, may write.
const TRACING_KEYS: [&str; 10] = [
    "timestamp",
    "level",
    "fields",
    "target",
    "span",
    "spans",
    "filename",
    "line_number",
    "threadName",
    "threadId",
];

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
        if level.is_none() && !is_within {
            return None;
        }
        let time = first(&f.times);
        let json = std::str::from_utf8(json).ok()?;
        let is_tracings = slots.first(f.fields) == Some(&Value::Container)
            && has_only(json, &[&TRACING_KEYS], &[]);
        let is_wrap = level.is_some() && (time.is_some() || is_within || is_tracings);
        // Of a logger of Rust, the fields alone: no level is theirs.
        let is_fields = is_within && level.is_none() && slots.str(f.message).is_some();
        if context.wraps == WRAPS_MAX || !(is_wrap || is_fields) {
            return None;
        }
        let request_id = first(&f.request_ids);
        let payload = match is_tracings {
            true => object(json, "fields"),
            false => payload(json, slots, f),
        };
        if payload.is_none() && request_id.is_none() {
            return None;
        }
        let is_alone = payload.is_none()
            && context.wraps == 0
            && has_only(json, &WRAP_OF_ERROR, &WRAP_KEY_BEGINNINGS);
        Some(Self {
            said: Said {
                request_id: text(request_id)
                    .filter(|id| !crate::text::identity::is_none(id))
                    .map(Cow::Owned),
                level: text(level).map(Cow::Owned),
                time: text(time).map(Cow::Owned),
                line: json,
            },
            time: origin::time_said(slots, f),
            payload,
            is_alone,
        })
    }

    /// Adds to the application's `inner` what `outer` has beside the wrap: keys that the application has put there
    /// count before those of its message.
    pub(crate) fn fill_in<'i>(&self, inner: &mut Slots<'i>, outer: &Slots<'i>, f: &DecodeFields) {
        for slot in outer.present() {
            let is_wraps = |among: &[SlotId]| among.contains(&slot);
            if is_wraps(&f.messages) || is_wraps(&f.times) {
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
    for (slot, name) in f.messages.iter().zip(MESSAGES) {
        match slots.first(*slot) {
            Some(Value::Container) => return object(json, name),
            Some(Value::Text(text)) => {
                let is_json = text.trim_start().starts_with('{') && text.trim_end().ends_with('}');
                let is_alone = is_json && has_only(json, &WRAP, &WRAP_KEY_BEGINNINGS);
                return is_alone.then(|| text.clone());
            }
            _ => {}
        }
    }
    None
}

fn object<'a>(json: &'a str, key: &str) -> Option<Cow<'a, str>> {
    let object = raw::at_path(json, key)?;
    object.starts_with('{').then_some(Cow::Borrowed(object))
}

/// Whether the object has no keys but these, and those that begin so.
fn has_only(json: &str, keys: &[&[&str]], beginnings: &[&str]) -> bool {
    let mut has = true;
    let walked = raw::for_each_entry(json, &mut |key, _| {
        let begins = || {
            beginnings
                .iter()
                .any(|beginning| key.starts_with(beginning))
        };
        has &= keys.iter().any(|keys| keys.contains(&key)) || begins();
    });
    walked.is_ok() && has
}
