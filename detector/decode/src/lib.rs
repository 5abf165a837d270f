//! Bytes of audit logs go in, [`Event`]s come out.
//!
//! A record is unpacked as far as it is packed: KPL aggregation, gzip, base64, CloudWatch Logs, EventBridge, Firehose,
//! Kinesis and CloudTrail-file envelopes, arrays and lines, in any order. Each event body is scanned once. What cannot
//! be read is reported and never stops what stands around it. Nothing here panics, logs or keeps state between records.
//!
//! Of a key that an object repeats, a rule sees every value; decode itself (time, id, envelope parts) reads the first
//! in an event and the last in an envelope, but of lists of records all.
#![warn(clippy::disallowed_methods)]

mod text; // what text tells by itself
mod fields; // the fields that decode itself reads
pub mod packed; // what packs several records, or squeezes them
mod context; // what is known of a part from around it
mod claims; // what the entries of a log may claim to be
mod origin; // source, time, id, account and region of an event
mod envelope; // what envelopes hold
mod word; // an application's words, and what is put around them
mod document; // one JSON document or text line
pub mod split; // a byte stream -> records

use detector_event::event::{Event, LogSource};
use detector_event::field::{FieldTable, SlotId};
use detector_event::slots::Slots;
use detector_event::time::Timestamp;

use claims::LogGroups;
use context::{Context, Shape};
pub use fields::DecodeFields;
use origin::Origin;
use packed::{aggregate, inflate};
use text::raw;

/// Bounds on what one record may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes that all gzip data within one record may inflate to, together. Past it, the record is unreadable.
    pub inflated_bytes_max: usize,
    /// Envelopes within envelopes. Each KPL, gzip, base64, JSON envelope and array counts as one.
    pub nesting_max: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes_max: 64 << 20,
            nesting_max: 16,
        }
    }
}

/// Where a part of a record cannot be read, and why. Never carries the record's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Byte offset of the unreadable part within the record handed in, where it is known.
    pub offset: Option<u64>,
    /// Lowercase, no final stop: `gzip data is cut off after 1024 bytes`.
    pub reason: String,
}

/// Told of what a record holds, in its order.
pub trait EventSink {
    fn event(&mut self, event: &Event<'_, '_>);
    fn unreadable(&mut self, problem: Unreadable);
    /// Of the next event: it is of no known form.
    fn unrecognised(&mut self, _form: Unrecognised) {}
    /// A CloudWatch Logs `CONTROL_MESSAGE`, which carries no event.
    fn control_message(&mut self) {}
}

/// Adds to an event what no log says, such as the hour of its time in a zone.
pub trait Enrich: std::fmt::Debug + Sync {
    /// `time` is the event's own.
    fn enrich(&self, slots: &mut Slots<'_>, time: Option<Timestamp>);
}

/// A part of a record that is of no known form, judged by its form alone. Rules see it as an event all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrecognised {
    /// Byte offset of the part within the record handed in, where it is known.
    pub offset: Option<u64>,
    /// What it is, where that can be told: `VPC flow log`.
    pub name: Option<&'static str>,
}

/// Turns records into events; one for each thread, for its buffers.
#[derive(Debug)]
pub struct Decoder<'t> {
    table: &'t FieldTable,
    fields: &'t DecodeFields,
    limits: Limits,
    log_groups: LogGroups<'t>,
    /// The headers that rules ask for under `httpRequest.headers.`, as they write them.
    waf_headers: Vec<(Box<str>, SlotId)>,
    enrich: Option<&'t dyn Enrich>,
    /// Empty ones.
    slots: Vec<Slots<'static>>,
    buffers: Vec<Vec<u8>>,
    id: String,
    inflate_left: usize,
    /// Address and length of the record in hand, to tell offsets within it.
    record: (usize, usize),
}

/// A buffer above this is given back to the allocator after use.
const BUFFER_KEPT_BYTES_MAX: usize = 8 << 20;
const BUFFERS_KEPT_MAX: usize = 16;
const SLOTS_KEPT_MAX: usize = 4;

impl<'t> Decoder<'t> {
    /// `table` must be complete: a path registered later has no slot here.
    pub fn new(table: &'t FieldTable, fields: &'t DecodeFields, limits: Limits) -> Self {
        Self {
            table,
            fields,
            limits,
            log_groups: LogGroups::default(),
            waf_headers: fields::waf_headers(table),
            enrich: None,
            slots: Vec::new(),
            buffers: Vec::new(),
            id: String::new(),
            inflate_left: 0,
            record: (0, 0),
        }
    }

    /// Takes log groups whose names begin so for logs that hold nothing but JSON objects, besides those of WAF, API
    /// Gateway, CloudTrail and Cognito: whatever else is in them is unreadable.
    #[must_use]
    pub fn with_json_log_groups(mut self, beginnings: &'t [String]) -> Self {
        self.log_groups.json = beginnings;
        self
    }

    /// Takes what is in log groups of the patterns `application` for an application's words, whatever it claims to be,
    /// but for those of the patterns `audit`. A pattern is a name, or how it begins and a `*`. Log groups of functions
    /// are such without being named; what AWS writes to by itself never is.
    #[must_use]
    pub fn with_application_log_groups(
        mut self,
        application: &'t [String],
        audit: &'t [String],
    ) -> Self {
        self.log_groups.application = application;
        self.log_groups.audit = audit;
        self
    }

    /// Has `enrich` add to every event what no log says.
    #[must_use]
    pub fn with_enrich(self, enrich: &'t dyn Enrich) -> Self {
        Self {
            enrich: Some(enrich),
            ..self
        }
    }

    /// Decodes one record: the bytes of a stream record, or a line or a whole document of a file.
    ///
    /// `arrival` is when it reached the stream, where the caller knows; what an envelope says of it counts elsewhere.
    pub fn decode(&mut self, record: &[u8], arrival: Option<Timestamp>, sink: &mut dyn EventSink) {
        self.inflate_left = self.limits.inflated_bytes_max;
        self.record = (record.as_ptr().addr(), record.len());
        let context = Context {
            shape: Shape::Record,
            depth: 0,
            arrival,
            time: None,
            id: None,
            account: None,
            region: None,
            log_group: None,
            log_stream: None,
            bare: false,
            holds: None,
            is_known: false,
            said: None,
            wraps: 0,
            time_said: None,
        };
        self.part(record, context, sink);
    }

    /// Unpacks any part by its first bytes.
    fn part(&mut self, bytes: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        if context.depth > self.limits.nesting_max {
            let max = self.limits.nesting_max;
            let reason = format!("envelopes are nested deeper than {max} (nesting_max)");
            return self.unreadable(bytes, reason, sink);
        }
        if context.shape == Shape::Words {
            return self.words(bytes, context, sink);
        }
        if bytes.starts_with(&inflate::MAGIC) {
            return self.gzip(bytes, context, sink);
        }
        if let Some(records) = aggregate::verified(bytes) {
            return self.aggregate(records, context, sink);
        }
        let text = raw::trim(bytes);
        match text.first() {
            None => {}
            Some(b'{') => self.object(text, context, sink),
            Some(b'[') => self.array(text, context, sink),
            Some(b'"') => self.quoted(text, context, sink),
            // What stands for nothing in a list of events.
            Some(b'n') if text == b"null" && context.depth > 0 => {}
            Some(_) => self.text(text, context, sink),
        }
    }

    fn aggregate(&mut self, records: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let context = context.inner(Shape::Record);
        let outcome = aggregate::for_each_record(records, &mut |data| {
            self.part(data, context, sink);
        });
        if let Err(problem) = outcome {
            self.unreadable(records, problem.to_string(), sink);
        }
    }

    fn gzip(&mut self, bytes: &[u8], context: Context<'_>, sink: &mut dyn EventSink) {
        let mut buffer = self.buffer();
        let outcome = inflate::inflate(bytes, self.inflate_left, &mut buffer);
        self.inflate_left = self.inflate_left.saturating_sub(buffer.len());
        let context = context.inner(match context.shape {
            Shape::Line => Shape::Record,
            shape => shape,
        });
        match outcome {
            Ok(()) => self.part(&buffer, context, sink),
            Err(inflate::InflateError::TooLarge) => {
                let max = self.limits.inflated_bytes_max;
                let reason =
                    format!("gzip data inflates to more than {max} bytes (inflated_bytes_max)");
                self.unreadable(bytes, reason, sink);
            }
            Err(damage) => {
                // Lines that came out whole are good; the cut one is what the report is about.
                if let Some(end) = memchr::memrchr(b'\n', &buffer) {
                    self.lines(&buffer[..=end], context, sink);
                }
                self.unreadable(bytes, damage.to_string(), sink);
            }
        }
        self.give_back(buffer);
    }

    /// Reports `part`, with its offset if it lies in the record as handed in.
    fn unreadable(&self, part: &[u8], reason: String, sink: &mut dyn EventSink) {
        let offset = self.offset(part);
        sink.unreadable(Unreadable { offset, reason });
    }

    /// Tells that the event to come, read from `part`, is of no known form.
    fn unrecognised(&self, part: &[u8], name: Option<&'static str>, sink: &mut dyn EventSink) {
        let offset = self.offset(part);
        sink.unrecognised(Unrecognised { offset, name });
    }

    /// Where `part` lies in the record as handed in, if it does.
    fn offset(&self, part: &[u8]) -> Option<u64> {
        let (start, len) = self.record;
        let offset = part.as_ptr().addr().checked_sub(start);
        offset.filter(|o| *o < len.max(1)).map(|o| o as u64)
    }

    /// The time of an event of that log.
    fn time_of(
        &self,
        source: LogSource,
        slots: &Slots<'_>,
        context: Context<'_>,
    ) -> Option<Timestamp> {
        let time = Origin::of(source, slots, self.fields, context).time;
        match claims::is_misdated(self.log_groups, source, time, context) {
            true => context.time,
            false => time,
        }
    }

    fn fresh_slots<'a>(&mut self) -> Slots<'a> {
        let spare = self.slots.pop();
        spare.unwrap_or_else(|| Slots::new(self.table))
    }

    /// Keeps the memory of `slots` for the next event.
    fn release(&mut self, slots: Slots<'_>) {
        if self.slots.len() < SLOTS_KEPT_MAX {
            self.slots.push(slots.recycle());
        }
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    fn give_back(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= BUFFER_KEPT_BYTES_MAX && self.buffers.len() < BUFFERS_KEPT_MAX {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests;
