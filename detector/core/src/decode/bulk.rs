//! The two envelopes that hold nearly all audit events, taken apart in one pass: CloudTrail files and Lambda events
//! (`{"Records":[…]}`), and CloudWatch Logs subscription payloads.
//!
//! Only what is exactly as AWS writes it is taken: all else, and all damage, is left to the thorough way, which gives
//! the same events.

use std::borrow::Cow;

use serde::Deserialize;
use sonic_rs::LazyValue;

use super::envelope::{LogNames, raw_moment};
use super::walk::Walk;
use super::{Context, Decoder, EventSink, Shape};
use crate::scan::may_recurse;

/// More are left to the thorough way, which holds one at a time.
const MEMBERS_MAX: usize = 1 << 20;

/// A whole envelope: well-formed up to its end, with at least one member and nothing but objects for members.
#[derive(Debug)]
struct Bulk<'a> {
    /// `None` for `{"Records":[…]}`.
    subscription: Option<LogNames<'a>>,
    members: Vec<&'a str>,
}

/// One entry of `logEvents`.
#[derive(Deserialize)]
struct LogEvent<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    timestamp: Option<LazyValue<'a>>,
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
        let Some(bulk) = Bulk::read(text) else {
            return false;
        };
        let context = context.inner(match context.shape {
            Shape::Record => Shape::Line,
            shape => shape,
        });
        match &bulk.subscription {
            Some(names) => names.within(context, &mut |context| {
                for member in &bulk.members {
                    self.bulk_log_event(member, context, sink);
                }
            }),
            None => {
                // One id cannot name them all.
                let context = Context {
                    id: None,
                    ..context
                };
                for member in &bulk.members {
                    self.part(member.as_bytes(), context, sink);
                }
            }
        }
        true
    }

    fn bulk_log_event(&mut self, json: &str, context: Context<'_>, sink: &mut dyn EventSink) {
        if may_recurse(json.as_bytes()) {
            return self.log_event(json, context, sink);
        }
        let Ok(event) = sonic_rs::from_str::<LogEvent<'_>>(json) else {
            return self.log_event(json, context, sink);
        };
        let context = Context {
            id: event.id.as_deref().filter(|id| !id.is_empty()),
            time: raw_moment(event.timestamp.as_ref().map(LazyValue::as_raw_str)),
            ..context
        };
        self.part(event.message.as_bytes(), context, sink);
    }
}

impl<'a> Bulk<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let is_file = text.starts_with(b"{\"Records\"");
        if !is_file && !text.starts_with(b"{\"messageType\"") {
            return None;
        }
        let mut walk = Walk::new(simdutf8::basic::from_utf8(text).ok()?);
        let mut names = LogNames::default();
        let mut members = Vec::new();
        let mut seen = Vec::new();
        let mut is_data = false;
        walk.take(b'{').then_some(())?;
        loop {
            let key = walk.value()?;
            // A key that comes twice means one thing to the scan and another to the envelope.
            if seen.contains(&key) || !walk.take(b':') {
                return None;
            }
            seen.push(key);
            match key {
                "\"Records\"" if is_file => objects(&mut walk, &mut members)?,
                "\"logEvents\"" if !is_file => objects(&mut walk, &mut members)?,
                "\"messageType\"" if !is_file => {
                    is_data = walk.value()? == "\"DATA_MESSAGE\"";
                }
                "\"subscriptionFilters\"" if !is_file => _ = walk.value()?,
                _ if is_file => return None,
                _ => names
                    .take(key.trim_matches('"'), walk.value()?)
                    .then_some(())?,
            }
            if !walk.take(b',') {
                break;
            }
        }
        let is_whole = walk.take(b'}') && walk.peek().is_none() && !members.is_empty();
        (is_whole && (is_file || is_data)).then_some(Self {
            subscription: (!is_file).then_some(names),
            members,
        })
    }
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
