//! The two envelopes that hold nearly all audit events, taken apart in one pass: CloudTrail files and Lambda events
//! (`{"Records":[…]}`), and CloudWatch Logs subscription payloads.
//!
//! Only what is exactly as AWS writes it is taken: all else, and all damage, is left to the thorough way, which gives
//! the same events.

use std::borrow::Cow;

use serde::Deserialize;

use super::envelope::LogNames;
use super::walk::Walk;
use super::{Context, Decoder, EventSink, Shape};
use crate::time::Timestamp;

/// More are left to the thorough way, which holds one at a time.
const MEMBERS_MAX: usize = 1 << 20;

/// Larger subscription payloads are left to the thorough way, too: the quick one holds all messages at once.
const PAYLOAD_BYTES_MAX: usize = 8 << 20;

/// A subscription payload with nothing in it but what AWS writes. No value may nest, so reading it cannot recurse.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Payload<'a> {
    message_type: &'a str,
    #[serde(borrow, default)]
    owner: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    log_group: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    log_stream: Option<Cow<'a, str>>,
    #[serde(rename = "subscriptionFilters", default)]
    _subscription_filters: Vec<String>,
    #[serde(borrow)]
    log_events: Vec<LogEvent<'a>>,
}

/// One entry of `logEvents`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogEvent<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    timestamp: Option<f64>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl Decoder<'_> {
    /// Unpacks `text` if it is one of the two; `false`, with nothing done, if not.
    pub(super) fn bulk(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        let context = context.inner(match context.shape {
            Shape::Record => Shape::Line,
            shape => shape,
        });
        if text.starts_with(b"{\"Records\":[") {
            self.bulk_records(text, context, sink).is_some()
        } else if text.starts_with(b"{\"messageType\"") {
            self.bulk_payload(text, context, sink).is_some()
        } else {
            false
        }
    }

    fn bulk_records(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Option<()> {
        let members = only_records(simdutf8::basic::from_utf8(text).ok()?)?;
        // One id cannot name them all.
        let context = Context {
            id: None,
            ..context
        };
        for member in members {
            self.part(member.as_bytes(), context, sink);
        }
        Some(())
    }

    fn bulk_payload(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Option<()> {
        if text.len() > PAYLOAD_BYTES_MAX {
            return None;
        }
        let json = simdutf8::basic::from_utf8(text).ok()?;
        let payload: Payload<'_> = sonic_rs::from_str(json).ok()?;
        if payload.message_type != "DATA_MESSAGE" || payload.log_events.is_empty() {
            return None;
        }
        let names = LogNames {
            owner: payload.owner,
            group: payload.log_group,
            stream: payload.log_stream,
        };
        let context = names.context(context);
        for event in payload.log_events {
            let context = Context {
                id: event.id.as_deref().filter(|id| !id.is_empty()),
                time: event.timestamp.and_then(Timestamp::from_epoch),
                ..context
            };
            self.part(event.message.as_bytes(), context, sink);
        }
        Some(())
    }
}

/// The members of `{"Records":[…]}`, if there is nothing else in it.
fn only_records(text: &str) -> Option<Vec<&str>> {
    let mut walk = Walk::new(text)?;
    let mut members = Vec::new();
    let is_whole = walk.take(b'{')
        && walk.value() == Some("\"Records\"")
        && walk.take(b':')
        && objects(&mut walk, &mut members).is_some()
        && walk.take(b'}')
        && walk.peek().is_none();
    is_whole.then_some(members)
}

/// The members of an array of at least one object.
fn objects<'a>(walk: &mut Walk<'a>, members: &mut Vec<&'a str>) -> Option<()> {
    walk.take(b'[').then_some(())?;
    loop {
        if walk.peek() != Some(b'{') || members.len() >= MEMBERS_MAX {
            return None;
        }
        members.push(walk.value()?);
        if !walk.take(b',') {
            return walk.take(b']').then_some(());
        }
    }
}
