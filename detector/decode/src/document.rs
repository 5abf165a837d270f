//! One JSON document or text line: scanned, told apart, delivered.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::claims;
use crate::envelope::kind::Envelope;
use crate::fields::foreign;
use crate::origin::{self, Origin};
use crate::split::{Piece, Splitter};
use crate::text::identity::{Circumstances, content_id};
use crate::text::{mend, raw};
use crate::word::carried;
use crate::{Context, Decoder, EventSink, Shape};
use detector_event::event::{Body, Event, LogSource};
use detector_event::scan::scan_json;
use detector_event::slots::{Slots, Value};

/// The first characters of gzip in base64.
const BASE64_GZIP: &[u8] = b"H4sI";

/// Of `{"`, `{ `, a brace and a line break, and `[{`.
const BASE64_JSON: [&[u8]; 4] = [b"eyJ", b"eyA", b"ewo", b"W3s"];

impl Decoder<'_> {
    /// Text that starts with a brace: one object, or several, or damage, or a line of prose.
    pub(crate) fn object(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        if self.records(text, context, sink) || self.payload(text, context, sink) {
            return;
        }
        let Err(error) = self.document(text, context, sink) else {
            return;
        };
        match context.shape {
            Shape::Record if memchr::memchr(b'\n', text).is_some() => {
                self.lines(text, context, sink);
            }
            Shape::Record | Shape::Line => {
                self.concatenated(text, 0, Some(&error), context, sink);
            }
            Shape::JsonMessage => self.broken(text, &error, sink),
            Shape::Message if text.starts_with(b"{\"eventVersion\"") => {
                self.broken(text, &error, sink);
            }
            Shape::Message | Shape::Words => self.words(text, context, sink),
        }
    }

    /// Scans one object and delivers it, or what it envelops.
    pub(crate) fn document(
        &mut self,
        json: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Result<(), serde_json::Error> {
        let mut slots = self.fresh_slots();
        match scan_json(json, self.table, &mut slots) {
            Ok(()) => {
                self.scanned(json, slots, context, sink);
                Ok(())
            }
            Err(error) => {
                self.release(slots);
                match mend::mended(json) {
                    // What is mended has nothing left to mend.
                    Some(mended) => self.document(&mended, context, sink).map_err(|_| error),
                    None => Err(error),
                }
            }
        }
    }

    fn scanned(
        &mut self,
        json: &[u8],
        slots: Slots<'_>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let envelope = Envelope::of(&slots, self.fields).filter(|it| it.may_stand(context));
        if let Some(envelope) = envelope {
            // What an application writes beside what looks like an envelope counts, too.
            let is_applications = origin::is_applications(&slots, self.fields);
            let is_read = match envelope {
                Envelope::Packed(..) | Envelope::LogEvent => {
                    self.unpack_slots(envelope, json, slots, context, sink)
                }
                _ => {
                    self.release(slots);
                    self.unpack(envelope, json, context, sink)
                }
            };
            if !is_read || is_applications {
                let context = Context {
                    bare: true,
                    ..context
                };
                // It was scanned before, so it scans again.
                let _ = self.document(json, context, sink);
            }
            return;
        }
        let source = match (context.shape, context.holds) {
            (Shape::Words, _) => LogSource::Lambda,
            (_, Some(source)) => source,
            _ => origin::source(&slots, self.fields, context.log_group),
        };
        if source == LogSource::Lambda {
            return self.of_no_log(json, slots, context, sink);
        }
        self.source_event(source, json, slots, context, sink);
    }

    /// An entry of a log that says what it is.
    pub(crate) fn source_event<'a>(
        &mut self,
        source: LogSource,
        json: &'a [u8],
        mut slots: Slots<'a>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let text_for_objects = carried::text_for_objects(source, &slots, self.fields);
        if !text_for_objects.is_empty() {
            if let Some(json) = carried::with_objects(json, text_for_objects) {
                self.release(slots);
                // It was scanned before, so it scans again.
                let _ = self.document(&json, context, sink);
                return;
            }
            self.unrecognised(json, Some("an entry with objects that are no JSON"), sink);
        }
        origin::clear_placeholders(source, &mut slots, self.fields);
        if source == LogSource::Waf {
            origin::place_headers(&mut slots, self.fields, &self.waf_headers);
        }
        self.deliver(source, slots, Body::Json(json), context, sink);
    }

    pub(crate) fn deliver<'a>(
        &mut self,
        source: LogSource,
        mut slots: Slots<'a>,
        body: Body<'_>,
        context: Context<'a>,
        sink: &mut dyn EventSink,
    ) {
        if let Some(said) = context.said {
            said.put(&mut slots, self.fields);
        }
        if let Some(enrich) = self.enrich {
            let time = self.time_of(source, &slots, context);
            enrich.enrich(&mut slots, time);
        }
        let mut origin = Origin::of(source, &slots, self.fields, context);
        if claims::is_misdated(self.log_groups, source, origin.time, context) {
            origin.time = context.time;
        }
        let id = match origin.id {
            Some(id) => id,
            None => {
                let bytes = match body {
                    Body::Json(json) => json,
                    Body::Text(text) => text.as_bytes(),
                };
                let logged = Circumstances {
                    account: context.account,
                    log_group: context.log_group,
                    log_stream: context.log_stream,
                    time: origin.time,
                };
                content_id(bytes, logged, &mut self.id);
                &self.id
            }
        };
        sink.event(&Event {
            source,
            time: origin.time,
            id,
            account: origin.account,
            region: origin.region,
            arrival: context.arrival,
            slots: &slots,
            body,
        });
        self.release(slots);
    }

    /// Text that starts with a bracket: an array of events, or a line such as `[INFO] started`.
    pub(crate) fn array(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        if text[1..].trim_ascii() == b"]" {
            return;
        }
        let is_of_objects = raw::is_object_like(text[1..].trim_ascii_start());
        let is_whole = || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
        // Arrays of other things are arrays where they are whole: prose can begin like one.
        if !(is_of_objects
            || raw::is_array_like(text)
                && (text[1..].trim_ascii_start().starts_with(b"{") || is_whole()))
        {
            return self.text(text, context, sink);
        }
        let Ok(json) = std::str::from_utf8(text) else {
            return self.text(text, context, sink);
        };
        if self.timed_pair(json, context, sink) {
            return;
        }
        let inner = Context {
            id: None,
            ..context.inner(match context.shape {
                Shape::Record => Shape::Line,
                shape => shape,
            })
        };
        let mut members = 0u64;
        let outcome = raw::for_each_member(json, &mut |member| {
            members += 1;
            self.part(member.get().as_bytes(), inner, sink);
        });
        let Err(error) = outcome else { return };
        let has_lines = context.shape == Shape::Record && memchr::memchr(b'\n', text).is_some();
        if members == 0 && has_lines {
            self.lines(text, context, sink);
        } else if members == 0 && !raw::is_object_like(text[1..].trim_ascii_start()) {
            self.text_event(text, context, sink);
        } else {
            self.broken(text, &error, sink);
        }
    }

    /// Text that starts with a quote: a JSON string that may hold anything, or a line of prose.
    pub(crate) fn quoted(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let mut buffer = self.buffer();
        let is_string = std::str::from_utf8(text)
            .is_ok_and(|json| is_one_string(json) && raw::unescape(json, &mut buffer));
        let is_member = is_string && matches!(context.shape, Shape::Record | Shape::Line);
        if is_string && matches!(buffer.first(), Some(b'{' | b'['))
            || buffer.starts_with(BASE64_GZIP)
        {
            self.part(&buffer, context.inner(context.shape), sink);
        } else if is_member {
            // `--query 'events[].message'`: one message, whatever its line breaks.
            self.part(&buffer, context.inner(Shape::Message), sink);
        } else {
            self.text(text, context, sink);
        }
        self.give_back(buffer);
    }

    /// Text that is not JSON: base64, several lines, or one.
    pub(crate) fn text(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let is_stretch = matches!(context.shape, Shape::Record | Shape::Line);
        // Somebody has packed twice: what is base64 already goes through a client that packs it.
        let is_packed_json = is_stretch && BASE64_JSON.iter().any(|begin| text.starts_with(begin));
        if is_packed_json || text.starts_with(BASE64_GZIP) {
            let mut buffer = self.buffer();
            let is_packed = raw::base64(text, &mut buffer)
                && (buffer.starts_with(&crate::packed::inflate::MAGIC)
                    || is_packed_json && matches!(buffer.first(), Some(b'{' | b'[')));
            if is_packed {
                self.part(&buffer, context.inner(context.shape), sink);
            }
            self.give_back(buffer);
            if is_packed {
                return;
            }
        }
        match context.shape {
            Shape::JsonMessage => {
                let reason = match std::str::from_utf8(text).ok().and_then(foreign::text) {
                    Some(name) => {
                        format!("not JSON but {name}, in a log group that has nothing but JSON")
                    }
                    None => "not JSON, in a log group that has nothing but JSON".to_owned(),
                };
                self.unreadable(text, reason, sink);
            }
            Shape::Message | Shape::Words => self.words(text, context, sink),
            Shape::Record if memchr::memchr(b'\n', text).is_some() => {
                self.lines(text, context, sink)
            }
            Shape::Record | Shape::Line => self.bare_text(text, context, sink),
        }
    }

    pub(crate) fn text_event(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let mended;
        let line = match std::str::from_utf8(text) {
            Ok(line) => line,
            Err(error) => {
                let Some(read) = mend::text(text) else {
                    let rest = &text[error.valid_up_to()..];
                    return self.unreadable(rest, "not JSON and not UTF-8 text".to_owned(), sink);
                };
                mended = read;
                &mended
            }
        };
        if let Some(at) = memchr::memchr(0, text) {
            return self.unreadable(&text[at..], "zero byte in a text line".to_owned(), sink);
        }
        self.tell_form_of_text(text, line, context, sink);
        let mut slots = self.fresh_slots();
        slots.push(self.fields.message, Value::Text(Cow::Borrowed(line)));
        self.deliver(LogSource::Lambda, slots, Body::Text(line), context, sink);
    }

    /// Lines and documents one after the other.
    pub(crate) fn lines(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let context = Context {
            id: None,
            ..context.inner(Shape::Line)
        };
        Splitter::new(usize::MAX).cut(text, &mut |piece| {
            if let Piece::Record { bytes, .. } = piece {
                self.part(bytes, context, sink);
            }
        });
    }

    /// Objects one after the other on one line, from `begin` on; `error` is why the line is not one object.
    pub(crate) fn concatenated(
        &mut self,
        text: &[u8],
        begin: usize,
        error: Option<&serde_json::Error>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let Ok(json) = std::str::from_utf8(&text[begin..]) else {
            return self.unreadable(&text[begin..], "not UTF-8".to_owned(), sink);
        };
        let mut objects = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
        let mut read = begin;
        loop {
            let rest = text[read..].trim_ascii_start();
            match objects.next() {
                None => return,
                Some(Ok(object)) if object.get().starts_with('{') => {
                    read = begin + objects.byte_offset();
                    let is_whole = object.get().len() == text.len();
                    let outcome = self.document(object.get().as_bytes(), context, sink);
                    if let Err(error) = outcome {
                        self.broken(object.get().as_bytes(), &error, sink);
                    }
                    if is_whole {
                        return;
                    }
                }
                Some(_) if read == 0 && !raw::is_object_like(text) => {
                    return self.text_event(text, context, sink);
                }
                Some(_) => {
                    return match error.filter(|_| read == 0) {
                        Some(error) => self.broken(text, error, sink),
                        None => {
                            let reason = "an object is followed by what is not one".to_owned();
                            self.unreadable(rest, reason, sink);
                        }
                    };
                }
            }
        }
    }

    /// Reports text that was meant as JSON and is not, with the place of the error where it is known.
    pub(crate) fn broken(&self, text: &[u8], error: &serde_json::Error, sink: &mut dyn EventSink) {
        let place = line_start(text, error.line()) + error.column().saturating_sub(1);
        let message = error.to_string();
        let what = message
            .split_once(" at line ")
            .map_or(message.as_str(), |(what, _)| what);
        let at = place.min(text.len().saturating_sub(1));
        self.unreadable(&text[at..], format!("not JSON: {what}"), sink);
    }
}

/// Whether `json` is one JSON string and nothing after it.
fn is_one_string(json: &str) -> bool {
    serde_json::from_str::<&RawValue>(json).is_ok()
}

/// The offset of the 1-based `line` in `text`.
fn line_start(text: &[u8], line: usize) -> usize {
    match line.checked_sub(2) {
        None => 0,
        Some(nth) => memchr::memchr_iter(b'\n', text)
            .nth(nth)
            .map_or(0, |at| at + 1),
    }
}
