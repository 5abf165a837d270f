//! Carriers taken off, and what is then left: an entry of a log, an application's words, or neither.

use std::borrow::Cow;

use crate::claims::Reading;
use crate::envelope::Told;
use crate::fields::carrier::row::Holds;
use crate::fields::carrier::{self, Found};
use crate::fields::{foreign, has_any};
use crate::text::tool_line::{self, ToolLine};
use crate::text::{moment, raw, runtime_line};
use crate::{Context, DecodeFields, Decoder, EventSink, Shape, origin};
use detector_event::event::LogSource;
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};

impl Decoder<'_> {
    /// An object that no log writes by itself: a carrier, an application's words, or of no known form.
    pub(crate) fn of_no_log<'a>(
        &mut self,
        json: &'a [u8],
        slots: Slots<'a>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        if !context.bare
            && context.holds.is_none()
            && has_any(&slots, &self.fields.of_carriers)
            && let Some(found) = carrier::find(&slots, &self.fields.carriers)
            && (context.shape == Shape::Line
                || context.shape == Shape::Record
                || found.carrier.holds == Holds::Words)
        {
            // A carrier names no event but in what it carries.
            let event = self.fields.app_event;
            let is_applications = found.payload != event && slots.str(event).is_some();
            if !self.carried(&found, json, slots, context, sink) || is_applications {
                let context = Context {
                    bare: true,
                    ..context
                };
                // It was scanned before, so it scans again.
                let _ = self.document(json, context, sink);
            }
            return;
        }
        let is_words = context.shape == Shape::Words;
        let is_clear = is_words && context.is_known || !has_any(&slots, &self.fields.of_foreign);
        let name = match is_clear {
            true => None,
            false => foreign::json(&slots, &self.fields.foreign),
        };
        let context = Context {
            time_said: match context.is_known {
                true => None,
                false => origin::time_said(&slots, self.fields),
            },
            ..context
        };
        let is_applications = context.time_said.is_some() || is_platforms(&slots, self.fields);
        if name.is_some() || !(context.is_known || is_applications) {
            self.unrecognised(json, name, sink);
        }
        self.word_event(json, slots, context, sink);
    }

    /// `false` where it carries nothing.
    fn carried(
        &mut self,
        found: &Found<'_>,
        json: &[u8],
        slots: Slots<'_>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        let id = found.id(&slots);
        let time = moment::logged_at(found.time(&slots));
        let stream = found.log_stream(&slots);
        let group = found.log_group(&slots);
        let (account, group) = match group.as_deref().map(split_account) {
            Some((account, group)) => (account, Some(group)),
            None => (None, None),
        };
        let mut buffer = self.buffer();
        match slots.str(found.payload) {
            Some(text) => buffer.extend_from_slice(text.as_bytes()),
            None => {
                let path = self.table.path(found.payload);
                let object = std::str::from_utf8(json)
                    .ok()
                    .and_then(|json| raw::at_path(json, path));
                buffer.extend_from_slice(object.unwrap_or_default().as_bytes());
            }
        }
        self.release(slots);
        let is_log_entry = found.carrier.holds != Holds::Record;
        let reading = match found.carrier.holds {
            Holds::Record => Reading {
                shape: Shape::Record,
                holds: None,
            },
            Holds::LogEntry => self.log_groups.reading(group, stream.as_deref()),
            Holds::Words => Reading {
                shape: Shape::Words,
                holds: None,
            },
        };
        let context = Context {
            id: id.as_deref().or(context.id),
            time: time.or(context.time),
            account: account.or(context.account),
            log_group: group.or(context.log_group),
            log_stream: stream.as_deref().or(context.log_stream),
            is_known: context.is_known || is_log_entry,
            bare: is_log_entry,
            holds: reading.holds,
            ..context.inner(reading.shape)
        };
        let mut told = Told { sink, parts: 0 };
        self.part(&buffer, context, &mut told);
        self.give_back(buffer);
        told.parts > 0
    }

    /// `[TIME,MESSAGE]` or `[MESSAGE,TIME]`, as `--query 'events[].[timestamp,message]'` has it.
    pub(crate) fn timed_pair(
        &mut self,
        json: &str,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        if !matches!(context.shape, Shape::Record | Shape::Line) {
            return false;
        }
        let pair = match serde_json::from_str::<(u64, Cow<'_, str>)>(json) {
            Ok(pair) => Ok(pair),
            Err(_) => serde_json::from_str::<(Cow<'_, str>, u64)>(json)
                .map(|(message, time)| (time, message)),
        };
        let Ok((time, message)) = pair else {
            return false;
        };
        let Some(time) = moment::logged_at(Some(&Value::Unsigned(time))) else {
            return false;
        };
        let context = Context {
            time: Some(time),
            is_known: true,
            bare: true,
            ..context.inner(Shape::Message)
        };
        self.part(message.as_bytes(), context, sink);
        true
    }

    /// A line of text that came as a line: what a tool printed, or an application's.
    pub(crate) fn bare_text(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let plain = std::str::from_utf8(text).ok().map(tool_line::plain);
        let Some(line) = plain
            .as_deref()
            .and_then(tool_line::of)
            .filter(|_| !context.bare)
        else {
            return match plain {
                Some(plain) => self.words(plain.as_bytes(), context, sink),
                None => self.words(text, context, sink),
            };
        };
        let ToolLine {
            time,
            id,
            log_stream,
            message,
            is_words,
        } = line;
        let context = Context {
            time: time.or(context.time),
            id: id.or(context.id),
            log_stream: log_stream.or(context.log_stream),
            is_known: true,
            bare: true,
            ..context.inner(match is_words {
                true => Shape::Words,
                false => self.log_groups.reading(None, log_stream).shape,
            })
        };
        self.part(message.as_bytes(), context, sink);
    }

    /// Tells of a line that is of no known form.
    pub(crate) fn tell_form_of_text(
        &self,
        text: &[u8],
        line: &str,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let is_functions =
            context.is_known && origin::is_functions(context.log_group, context.log_stream);
        if is_functions || context.said.is_some() || runtime_line::is_platforms(line) {
            return;
        }
        let name = foreign::text(line);
        let is_other_log = name.is_some_and(foreign::is_log_of_aws);
        if is_other_log || !context.is_known {
            self.unrecognised(text, name, sink);
        }
    }
}

/// `111122223333:/aws/lambda/fleet`, as Logs Insights writes a log group.
fn split_account(group: &str) -> (Option<&str>, &str) {
    match group.split_once(':') {
        Some((account, group)) if account.bytes().all(|byte| byte.is_ascii_digit()) => {
            (Some(account), group)
        }
        _ => (None, group),
    }
}

/// Whether an object is a record of the platform of functions.
fn is_platforms(slots: &Slots<'_>, f: &DecodeFields) -> bool {
    let kind = slots.str(f.platform_type);
    kind.is_some_and(|kind| kind.starts_with("platform.")) && slots.is_present(f.platform_record)
}

/// The keys under which an entry of `source` has text where objects belong, as databases and consoles write it; none as
/// a rule.
pub(crate) fn text_for_objects(
    source: LogSource,
    slots: &Slots<'_>,
    f: &DecodeFields,
) -> &'static [&'static str] {
    let is_text = |slot: &SlotId| slots.str(*slot).is_some_and(|text| text.starts_with('{'));
    match source {
        LogSource::CloudTrail if f.nested.iter().any(is_text) => &crate::fields::NESTED,
        LogSource::Cognito if is_text(&f.message) => &["message"],
        _ => &[],
    }
}

/// `json` with the objects that stand as text under `keys` in their place; `None` if there is none.
pub(crate) fn with_objects(json: &[u8], keys: &[&str]) -> Option<Vec<u8>> {
    let json = std::str::from_utf8(json).ok()?;
    let mut out = Vec::with_capacity(json.len());
    let mut copied = 0;
    raw::for_each_entry(json, &mut |key, value| {
        let text = keys
            .contains(&key)
            .then(|| raw::string(Some(value.get())))
            .flatten();
        let is_object = |text: &Cow<'_, str>| {
            text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        };
        if let Some(object) = text.filter(is_object) {
            let begin = value.get().as_ptr().addr() - json.as_ptr().addr();
            out.extend_from_slice(&json.as_bytes()[copied..begin]);
            out.extend_from_slice(object.as_bytes());
            copied = begin + value.get().len();
        }
    })
    .ok()?;
    out.extend_from_slice(&json.as_bytes()[copied..]);
    (copied > 0).then_some(out)
}
