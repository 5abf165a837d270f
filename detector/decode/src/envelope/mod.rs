//! Envelopes: objects that carry events, or other envelopes, instead of being one.

pub(crate) mod kind; // which envelope an object is
pub(crate) mod joined; // messages that were divided
mod payload; // subscription payloads in one pass
mod records; // lists of records in one pass

use std::borrow::Cow;

use joined::Joined;
use kind::Envelope;

use crate::claims::LogGroups;
use crate::text::{moment, raw};
use crate::{Context, Decoder, EventSink, Shape, Unreadable, Unrecognised};
use detector_event::event::Event;
use detector_event::slots::Slots;

/// Counts what an envelope comes to: one that comes to nothing is somebody's event that looks like it.
pub(crate) struct Told<'s> {
    pub(crate) sink: &'s mut dyn EventSink,
    pub(crate) parts: u64,
}

impl EventSink for Told<'_> {
    fn event(&mut self, event: &Event<'_, '_>) {
        self.parts += 1;
        self.sink.event(event);
    }

    fn unreadable(&mut self, problem: Unreadable) {
        self.parts += 1;
        self.sink.unreadable(problem);
    }

    fn unrecognised(&mut self, form: Unrecognised) {
        self.sink.unrecognised(form);
    }

    fn control_message(&mut self) {
        self.parts += 1;
        self.sink.control_message();
    }
}

/// What a list of members came to.
enum Members {
    /// It is there and empty.
    None,
    Walked,
    /// Its object is more than a list, or none.
    OfSomethingElse,
}

/// What a subscription payload says of all its events.
#[derive(Debug)]
pub(crate) struct LogNames<'j> {
    pub(crate) owner: Option<Cow<'j, str>>,
    pub(crate) group: Option<Cow<'j, str>>,
    pub(crate) stream: Option<Cow<'j, str>>,
}

impl LogNames<'_> {
    /// The context of the payload's events.
    pub(crate) fn context<'c>(
        &'c self,
        context: Context<'c>,
        log_groups: LogGroups<'_>,
    ) -> Context<'c> {
        let given = |name: &'c Option<Cow<'_, str>>| name.as_deref().filter(|n| !n.is_empty());
        let (group, stream) = (given(&self.group), given(&self.stream));
        let reading = log_groups.reading(group, stream);
        Context {
            shape: reading.shape,
            holds: reading.holds,
            account: given(&self.owner).or(context.account),
            log_group: group.or(context.log_group),
            log_stream: stream.or(context.log_stream),
            is_known: true,
            ..context
        }
    }
}

impl Decoder<'_> {
    /// Unpacks `json`, which was scanned and is well-formed; `false` if it is no envelope after all, or not that alone.
    pub(crate) fn unpack(
        &mut self,
        envelope: Envelope,
        json: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        let Ok(json) = std::str::from_utf8(json) else {
            return false;
        };
        let context = context.inner(match context.shape {
            Shape::Record => Shape::Line,
            shape => shape,
        });
        let mut told = Told { sink, parts: 0 };
        let is_read = match envelope {
            Envelope::Control => {
                told.control_message();
                true
            }
            // Log events may say nothing.
            Envelope::Subscription => return self.subscription(json, context, &mut told),
            Envelope::EventBridge => self.event_bridge(json, context, &mut told),
            Envelope::Members(key) => match self.members(json, key, context, &mut told) {
                // Nothing was to come.
                Members::None => return true,
                Members::Walked => true,
                Members::OfSomethingElse => false,
            },
            Envelope::Rows(rows) => {
                let context = Context {
                    id: None,
                    ..context
                };
                rows.for_each(json, &mut |row| {
                    self.part(row.as_bytes(), context, &mut told);
                })
            }
            Envelope::FirehoseRequest => self.firehose_request(json, context, &mut told),
            // These carry their content in slots, see `Decoder::unpack_slots`.
            Envelope::Packed(..) | Envelope::LogEvent => false,
        };
        is_read && told.parts > 0
    }

    fn subscription(&mut self, json: &str, context: Context<'_>, sink: &mut dyn EventSink) -> bool {
        let (mut owner, mut group, mut stream, mut events) = (None, None, None, None);
        let walked = raw::for_each_entry(json, &mut |key, value| match key {
            "owner" => owner = Some(value.get()),
            "logGroup" => group = Some(value.get()),
            "logStream" => stream = Some(value.get()),
            "logEvents" => events = Some(value.get()),
            _ => {}
        });
        let (Ok(()), Some(events)) = (walked, events) else {
            return false;
        };
        if matches!(raw::trim(&events.as_bytes()[1..]), b"]" | b"}") {
            return false;
        }
        let names = LogNames {
            owner: raw::string(owner),
            group: raw::string(group),
            stream: raw::string(stream),
        };
        let context = names.context(context, self.log_groups);
        let mut joined = Joined::default();
        let walked = raw::for_each_member(events, &mut |event| {
            self.log_event(event.get(), &mut joined, context, sink);
        });
        self.joined_event(&mut joined, context, sink);
        walked.is_ok()
    }

    fn log_event(
        &mut self,
        json: &str,
        joined: &mut Joined,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let (mut id, mut time, mut message, mut ingestion) = (None, None, None, None);
        let walked = raw::for_each_entry(json, &mut |key, value| match key {
            "id" => id = Some(value.get()),
            "timestamp" => time = Some(value.get()),
            "message" => message = Some(value.get()),
            // Not of AWS: `replay capture` notes it.
            "ingestionTime" => ingestion = Some(value.get()),
            _ => {}
        });
        let (Ok(()), Some(message)) = (walked, message) else {
            let reason = "log event has no message".to_owned();
            return self.unreadable(json.as_bytes(), reason, sink);
        };
        let id = raw::string(id);
        let context = Context {
            id: id.as_deref(),
            time: moment::raw_moment(time),
            // What came over a stream arrived when the stream says.
            arrival: context.arrival.or_else(|| moment::raw_moment(ingestion)),
            ..context
        };
        let mut buffer = self.buffer();
        if raw::unescape(message, &mut buffer) {
            if joined.takes(&buffer, context) {
                return self.give_back(buffer);
            }
            self.joined_event(joined, context, sink);
            if !joined.takes(&buffer, context) {
                self.part(&buffer, context, sink);
            }
        } else {
            // Not as AWS writes it, but the message may well be the object itself.
            self.part(message.as_bytes(), context, sink);
        }
        self.give_back(buffer);
    }

    /// Delivers what was joined of messages of this payload, if anything.
    fn joined_event(
        &mut self,
        joined: &mut Joined,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        for event in joined.take() {
            let context = Context {
                id: event.id.as_deref(),
                time: event.time,
                arrival: event.arrival,
                ..context
            };
            self.part(&event.message, context, sink);
        }
    }

    fn firehose_request(
        &mut self,
        json: &str,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        let Some(records) = raw::at_path(json, "records") else {
            return false;
        };
        let context = Context {
            id: None,
            ..context.inner(Shape::Record)
        };
        let walked = raw::for_each_member(records, &mut |record| {
            let data = raw::at_path(record.get(), "data");
            let data = raw::string(data).unwrap_or_default();
            let mut buffer = self.buffer();
            match raw::base64(data.as_bytes(), &mut buffer) {
                true => self.part(&buffer, context, sink),
                false => {
                    let reason = "`records.data` is not base64".to_owned();
                    self.unreadable(record.get().as_bytes(), reason, sink);
                }
            }
            self.give_back(buffer);
        });
        walked.is_ok()
    }

    fn event_bridge(&mut self, json: &str, context: Context<'_>, sink: &mut dyn EventSink) -> bool {
        let (mut id, mut time, mut account, mut region, mut detail) =
            (None, None, None, None, None);
        let walked = raw::for_each_entry(json, &mut |key, value| match key {
            "id" => id = Some(value.get()),
            "time" => time = Some(value.get()),
            "account" => account = Some(value.get()),
            "region" => region = Some(value.get()),
            "detail" => detail = Some(value),
            _ => {}
        });
        let (Ok(()), Some(detail)) = (walked, detail) else {
            return false;
        };
        let [id, account, region] = [id, account, region].map(raw::string);
        let context = Context {
            id: id.as_deref().or(context.id),
            time: moment::raw_moment(time).or(context.time),
            account: account.as_deref().or(context.account),
            region: region.as_deref().or(context.region),
            ..context
        };
        match raw::string(Some(detail.get())) {
            // A target's input path or a transformer has made text of it.
            Some(detail) => self.part(detail.as_bytes(), context, sink),
            None => self.part(detail.get().as_bytes(), context, sink),
        }
        true
    }

    fn members(
        &mut self,
        json: &str,
        wanted: &str,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Members {
        // A key that is repeated holds more of the same.
        let mut lists = Vec::new();
        let mut is_more = false;
        if let Some(inner) = wanted.contains('.').then(|| raw::at_path(json, wanted)) {
            lists.extend(inner);
        }
        let walked = raw::for_each_entry(json, &mut |key, value| match key {
            key if key == wanted && value.get().starts_with('[') => lists.push(value.get()),
            "NextShardIterator" | "MillisBehindLatest" | "ChildShards" => {}
            _ => is_more = wanted == "Records",
        });
        if walked.is_err() || lists.is_empty() {
            return Members::OfSomethingElse;
        }
        let is_empty = |list: &&str| raw::trim(&list.as_bytes()[1..]) == b"]";
        if lists.iter().all(is_empty) {
            // Tools print such where there is nothing; in a log it is somebody's line.
            let is_in_log = matches!(context.shape, Shape::Message | Shape::JsonMessage);
            return match is_more || is_in_log {
                true => Members::OfSomethingElse,
                false => Members::None,
            };
        }
        // One id cannot name them all.
        let context = Context {
            id: None,
            ..context
        };
        for list in lists {
            // It was scanned before, so it can be read.
            let _ = raw::for_each_member(list, &mut |member| {
                self.part(member.get().as_bytes(), context, sink);
            });
        }
        // A line that says more than a list of records is somebody's event, too, and must not vanish.
        match is_more {
            true => Members::OfSomethingElse,
            false => Members::Walked,
        }
    }

    /// Unpacks an envelope whose content the scan has already found; `false` where it is nothing.
    pub(crate) fn unpack_slots(
        &mut self,
        envelope: Envelope,
        json: &[u8],
        slots: Slots<'_>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        let mut told = Told { sink, parts: 0 };
        let sink: &mut dyn EventSink = &mut told;
        let mut buffer = self.buffer();
        match envelope {
            Envelope::Packed(data, arrival) => {
                let is_read =
                    raw::base64(slots.str(data).unwrap_or_default().as_bytes(), &mut buffer);
                let arrival = arrival.and_then(|slot| moment::moment(slots.first(slot)));
                self.release(slots);
                let context = Context {
                    arrival: context.arrival.or(arrival),
                    ..context.inner(Shape::Record)
                };
                if is_read {
                    self.part(&buffer, context, sink);
                } else {
                    let path = self.table.path(data);
                    self.unreadable(json, format!("`{path}` is not base64"), sink);
                }
            }
            _ => {
                let f = self.fields;
                buffer.extend_from_slice(slots.str(f.message).unwrap_or_default().as_bytes());
                let id = slots.str(f.log_event_id).map(str::to_owned);
                let stream = slots.str(f.log_stream_name).map(str::to_owned);
                let time = moment::moment(slots.first(f.timestamp));
                let arrival = moment::moment(slots.first(f.ingestion_time));
                self.release(slots);
                let reading = self.log_groups.reading(None, stream.as_deref());
                let context = Context {
                    id: id.as_deref(),
                    time,
                    arrival: context.arrival.or(arrival),
                    log_stream: stream.as_deref(),
                    is_known: true,
                    holds: reading.holds,
                    ..context.inner(reading.shape)
                };
                self.part(&buffer, context, sink);
            }
        }
        self.give_back(buffer);
        told.parts > 0
    }
}
