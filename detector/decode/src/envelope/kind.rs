//! Which envelope an object is.

use crate::context::{Context, Shape};
use crate::fields::{DecodeFields, has_any};
use crate::packed::rows::Rows;
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};

/// Told by the keys that the scan of the object found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// CloudWatch Logs subscription, `DATA_MESSAGE`.
    Subscription,
    /// CloudWatch Logs subscription, `CONTROL_MESSAGE`.
    Control,
    /// EventBridge: the event is `detail`.
    EventBridge,
    /// An array of events or envelopes, at this path.
    Members(&'static str),
    /// Results of a query.
    Rows(Rows),
    /// What Firehose posts to an endpoint: members hold base64.
    FirehoseRequest,
    /// A string of base64 in the first slot; when it arrived in the second.
    Packed(SlotId, Option<SlotId>),
    /// One entry of `aws logs filter-log-events`.
    LogEvent,
}

impl Envelope {
    /// Whether an object that looks like it may be one, where it stands.
    pub(crate) fn may_stand(self, context: Context<'_>) -> bool {
        match context.shape {
            _ if context.bare || context.holds.is_some() => false,
            Shape::Record | Shape::Line => true,
            // A log group gets no control messages: they go to who subscribes.
            Shape::Message | Shape::JsonMessage => self != Envelope::Control,
            Shape::Words => false,
        }
    }

    pub(crate) fn of(slots: &Slots<'_>, f: &DecodeFields) -> Option<Self> {
        match has_any(slots, &f.of_envelopes) {
            true => Self::found(slots, f),
            false => None,
        }
    }

    fn found(slots: &Slots<'_>, f: &DecodeFields) -> Option<Self> {
        // Of lists, any member: the others may be null.
        let is_container = |slot| slots.values(slot).any(|value| *value == Value::Container);
        let is_text = |slot| slots.str(slot).is_some();
        // First, since such a list is unpacked as it is read, before the keys after it are known.
        if is_container(f.records) {
            return Some(Self::Members("Records"));
        }
        match slots.str(f.message_type) {
            Some("DATA_MESSAGE") if is_container(f.log_events) => return Some(Self::Subscription),
            Some("CONTROL_MESSAGE") if slots.is_present(f.log_events) => {
                return Some(Self::Control);
            }
            _ => {}
        }
        if is_text(f.awslogs_data) {
            return Some(Self::Packed(f.awslogs_data, None));
        }
        if is_text(f.detail_type)
            && (is_container(f.detail)
                || slots
                    .str(f.detail)
                    .is_some_and(|text| text.starts_with('{')))
        {
            return Some(Self::EventBridge);
        }
        if is_text(f.kinesis_data) {
            return Some(Self::Packed(f.kinesis_data, Some(f.kinesis_arrival)));
        }
        if is_text(f.stream_data)
            && [f.stream_sequence, f.stream_arrival, f.stream_partition]
                .iter()
                .any(|slot| slots.is_present(*slot))
        {
            return Some(Self::Packed(f.stream_data, Some(f.stream_arrival)));
        }
        if is_container(f.firehose_records)
            && (is_text(f.firehose_stream) || slots.is_present(f.firehose_record_ids))
        {
            return Some(Self::Members("records"));
        }
        if is_container(f.firehose_records)
            && is_text(f.firehose_record_data)
            && is_text(f.request_id)
            && slots.is_present(f.timestamp)
        {
            return Some(Self::FirehoseRequest);
        }
        if is_text(f.firehose_data) && (is_text(f.firehose_id) || is_text(f.pipe_sequence)) {
            return Some(Self::Packed(f.firehose_data, Some(f.firehose_arrival)));
        }
        let is_filtered = [
            f.filtered_ingestion,
            f.searched_streams,
            f.next_forward_token,
        ]
        .iter()
        .any(|slot| slots.is_present(*slot));
        if is_container(f.filtered_events) && is_filtered {
            return Some(Self::Members("events"));
        }
        if let Some(list) = Self::of_tool(slots, f) {
            return Some(list);
        }
        let is_log_event = slots.is_present(f.ingestion_time)
            && slots.is_present(f.timestamp)
            && is_text(f.message);
        is_log_event.then_some(Self::LogEvent)
    }

    /// What tools print all at once. Keys within the members tell, for others have lists of that name, too.
    fn of_tool(slots: &Slots<'_>, f: &DecodeFields) -> Option<Self> {
        let has = |slot| slots.is_present(slot);
        let lists = [
            (has(f.looked_up), Self::Members("Events")),
            (
                has(f.received_bodies) && has(f.received_handles),
                Self::Members("Messages"),
            ),
            (has(f.put_details), Self::Members("Entries")),
            (has(f.hits), Self::Members("hits.hits")),
            (has(f.result_rows_raw), Self::Members("results")),
            (
                has(f.result_fields) && has(f.result_values),
                Self::Rows(Rows::Insights),
            ),
            (has(f.lake_rows), Self::Rows(Rows::Lake)),
            (has(f.athena_cells), Self::Rows(Rows::Athena)),
        ];
        let mut found = lists.into_iter().filter(|(is_there, _)| *is_there);
        found.next().map(|(_, list)| list)
    }
}
