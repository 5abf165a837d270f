//! CloudWatch Logs subscription payloads, taken apart in one pass.
//!
//! Only what is exactly as AWS writes it is taken: all else, and all damage, is left to the thorough way, which gives
//! the same events.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;

use crate::envelope::LogNames;
use crate::envelope::joined;
use crate::text::raw;
use crate::{Context, Decoder, EventSink};
use detector_event::time::Timestamp;

/// Larger ones are left to the thorough way, which holds one message at a time.
const PAYLOAD_BYTES_MAX: usize = 8 << 20;

/// Of a text with nothing before it but [`Head`].
const LOG_EVENTS: &[u8] = b",\"logEvents\":[";

/// What stands before the log events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head<'a> {
    message_type: &'a str,
    #[serde(borrow, default)]
    owner: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    log_group: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    log_stream: Option<Cow<'a, str>>,
    #[serde(rename = "subscriptionFilters", default)]
    _subscription_filters: Vec<String>,
}

/// One entry of `logEvents`; the message ends at this place of all messages.
struct LogEvent<'a> {
    id: &'a str,
    timestamp: f64,
    message_end: usize,
}

impl Decoder<'_> {
    /// Unpacks `text` if it is a payload; `false`, with nothing done, if not.
    pub(crate) fn payload(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        if !text.starts_with(b"{\"messageType\"") || text.len() > PAYLOAD_BYTES_MAX {
            return false;
        }
        let (mut head, mut messages) = (self.buffer(), self.buffer());
        let is_read = self
            .read_payload(text, &mut head, &mut messages, context, sink)
            .is_some();
        self.give_back(head);
        self.give_back(messages);
        is_read
    }

    fn read_payload(
        &mut self,
        text: &[u8],
        head: &mut Vec<u8>,
        messages: &mut Vec<u8>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Option<()> {
        let text = simdutf8::basic::from_utf8(text).ok()?;
        let list = memmem::find(text.as_bytes(), LOG_EVENTS)?;
        head.extend_from_slice(&text.as_bytes()[..list]);
        head.push(b'}');
        let head: Head<'_> = serde_json::from_slice(head).ok()?;
        if head.message_type != "DATA_MESSAGE" {
            return None;
        }
        // All is read before any of it is told.
        let events = log_events(&text[list + LOG_EVENTS.len()..], messages)?;
        let names = LogNames {
            owner: head.owner,
            group: head.log_group,
            stream: head.log_stream,
        };
        let context = names.context(context.inner(context.shape), self.log_groups);
        let mut begin = 0;
        for event in events {
            let context = Context {
                id: Some(event.id).filter(|id| !id.is_empty()),
                time: Timestamp::from_epoch(event.timestamp),
                ..context
            };
            let message = &messages[begin..event.message_end];
            begin = event.message_end;
            self.part(message, context, sink);
        }
        Some(())
    }
}

/// The entries of the list that `rest` goes on with, to the end of the payload; their messages go to `messages`.
fn log_events<'a>(mut rest: &'a str, messages: &mut Vec<u8>) -> Option<Vec<LogEvent<'a>>> {
    let mut events = Vec::new();
    loop {
        let (id, after) = rest.strip_prefix("{\"id\":\"")?.split_once('"')?;
        // With an escape in it, the quote found may be within it.
        if id.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            return None;
        }
        let after = after.strip_prefix(",\"timestamp\":")?;
        let (timestamp, after) = after.split_once(",\"message\":\"")?;
        let begin = messages.len();
        let bytes = raw::unescape_to_quote(after.as_bytes(), messages)?;
        // It may go on in the next.
        if messages.len() - begin >= joined::CUT_BYTES_MIN {
            return None;
        }
        events.push(LogEvent {
            id,
            timestamp: serde_json::from_str::<u64>(timestamp).ok()? as f64,
            message_end: messages.len(),
        });
        let after = after[bytes..].strip_prefix('}')?;
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                let is_end = after.strip_prefix("]}")?.trim_ascii().is_empty();
                return is_end.then_some(events);
            }
        }
    }
}
