//! An application's words: what a runtime or a logger has put around them is taken off.
//!
//! Whatever they look like, they stay the application's: who has a say in what it writes must not be able to make them
//! an envelope, a control message or another log's event.

pub(crate) mod carried; // what a carrier holds
mod wrap; // the JSON that runtimes and loggers put around an object

use std::borrow::Cow;

use wrap::Wrap;

use crate::envelope::joined;
use crate::fields::said::Said;
use crate::text::logfmt::{self, Logfmt};
use crate::text::runtime_line::{self, Line};
use crate::text::{moment, raw, tool_line};
use crate::{Context, Decoder, EventSink, Shape};
use detector_event::event::{Body, LogSource};
use detector_event::scan::scan_json;
use detector_event::slots::Slots;

impl Decoder<'_> {
    /// An application's words, or the message of a log event that nothing else explains.
    pub(crate) fn words(&mut self, message: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let text = raw::trim(message);
        let context = Context {
            shape: Shape::Words,
            bare: true,
            ..context
        };
        if text.first() == Some(&b'{') {
            if !self.word_object(text, context, sink) {
                self.broken_words(text, text, context, sink);
            }
            return;
        }
        let Ok(whole) = std::str::from_utf8(text) else {
            return self.text_event(text, context, sink);
        };
        let plain = tool_line::plain(whole);
        let whole = plain.trim();
        let pairs = logfmt::of(whole);
        let line = match &pairs {
            Some(pairs) => Some(Line::of_pairs(pairs)),
            None => runtime_line::line(whole),
        };
        let Some(line) = line else {
            return self.word_text(whole, context, sink);
        };
        let said = line.said(whole);
        let context = Context {
            said: context.said.or(Some(&said)),
            time: context.time.or_else(|| line.moment()),
            is_known: context.is_known || line.is_runtimes,
            ..context
        };
        let Line {
            rest, is_runtimes, ..
        } = line;
        let rest = rest.trim();
        // What a logger writes is the application's, too.
        let text = if is_runtimes { rest } else { whole };
        if !rest.starts_with('{') {
            self.word_text(text, context, sink);
        } else if !self.word_object(rest.as_bytes(), context, sink) {
            self.broken_words(rest.as_bytes(), text.as_bytes(), context, sink);
        }
    }

    /// Delivers `text` if it is JSON: one object, or several, a line each.
    fn word_object(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) -> bool {
        self.document(text, context, sink).is_ok() || self.word_lines(text, context, sink)
    }

    fn word_text(&mut self, text: &str, context: Context<'_>, sink: &mut dyn EventSink) {
        if !self.word_lines(text.as_bytes(), context, sink) {
            self.text_event(text.as_bytes(), context, sink);
        }
    }

    /// Delivers lines that are a JSON object each, behind what a runtime writes. Where one line is not, nothing is done
    /// and the answer is `false`: a line break in prose must not make an event of what follows it.
    fn word_lines(&mut self, text: &[u8], context: Context<'_>, sink: &mut dyn EventSink) -> bool {
        let is_likely = memchr::memchr2(b'\n', b'\r', text).is_some();
        let Some(text) = std::str::from_utf8(text).ok().filter(|_| is_likely) else {
            return false;
        };
        let lines = || {
            let lines = text.split(['\n', '\r']).map(str::trim);
            lines.filter(|line| !line.is_empty())
        };
        if lines().nth(1).is_none() || !lines().all(is_object_line) {
            return false;
        }
        for (at, line) in lines().enumerate() {
            let numbered = context.id.map(|id| format!("{id}#{}", at + 1));
            let context = Context {
                id: context.id.filter(|_| at == 0).or(numbered.as_deref()),
                ..context
            };
            self.words(line.as_bytes(), context, sink);
        }
        true
    }

    /// `text` that is or ends with `json`, which begins as JSON does and is none: rules see it as text, and it is told of.
    fn broken_words(
        &mut self,
        json: &[u8],
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let is_meant = raw::is_object_like(json);
        if is_meant {
            let name = match json.len() >= joined::CUT_BYTES_MIN {
                true => "JSON that is cut off at the size limit of a log event",
                false => "damaged JSON",
            };
            self.unrecognised(json, Some(name), sink);
        }
        let context = Context {
            // Told of already.
            is_known: context.is_known || is_meant,
            ..context
        };
        self.text_event(text, context, sink);
    }

    /// Delivers an application's object, without what a runtime's or logger's JSON puts around it.
    pub(crate) fn word_event<'a>(
        &mut self,
        json: &'a [u8],
        mut slots: Slots<'a>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let Some(wrap) = Wrap::of(json, &slots, self.fields, context) else {
            return self.deliver(LogSource::Lambda, slots, Body::Json(json), context, sink);
        };
        let context = Context {
            said: context.said.or(Some(&wrap.said)),
            time: context.time.or(wrap.time),
            wraps: context.wraps + 1,
            time_said: None,
            is_known: true,
            ..context
        };
        if let Some(payload) = &wrap.payload {
            let payload = payload.trim().as_bytes();
            let mut inner = self.fresh_slots();
            if scan_json(payload, self.table, &mut inner).is_ok() {
                wrap.fill_in(&mut inner, &slots, self.fields);
                self.word_event(payload, inner, context, sink);
                return self.release(slots);
            }
            self.release(inner);
            if self.word_lines(payload, context, sink) {
                return self.release(slots);
            }
        }
        if wrap.is_alone {
            // The log event's time is the better one: with Python, the runtime's is of whole seconds.
            for time in &self.fields.times {
                slots.clear(*time);
            }
        }
        self.deliver(LogSource::Lambda, slots, Body::Json(json), context, sink);
    }
}

impl<'t> Line<'t> {
    fn of_pairs(pairs: &'t Logfmt<'t>) -> Self {
        Self {
            request_id: pairs.request_id,
            level: Some(pairs.level),
            time: Some(pairs.time),
            rest: &pairs.words,
            is_runtimes: pairs.is_runtimes,
        }
    }

    fn said(&self, line: &'t str) -> Said<'t> {
        let [request_id, level, time] =
            [self.request_id, self.level, self.time].map(|text| text.map(Cow::Borrowed));
        Said {
            request_id,
            level,
            time,
            line,
        }
    }

    fn moment(&self) -> Option<detector_event::time::Timestamp> {
        moment::of_text(self.time?)
    }
}

/// Whether `line` is a JSON object, as it is or behind what a runtime writes.
fn is_object_line(line: &str) -> bool {
    let text = match line.starts_with('{') {
        true => line,
        false => runtime_line::line(line).map_or("", |line| line.rest.trim()),
    };
    text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
