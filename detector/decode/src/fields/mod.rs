//! The fields that decode itself reads, as slots of the one field table.

pub(crate) mod carrier; // what tools, queues and shippers put around a log entry
pub(crate) mod foreign; // names for what is not read here
pub(crate) mod said; // what a runtime says, as fields

use carrier::CarrierSlots;
use detector_event::field::{FieldTable, SlotId};
use detector_event::slots::Slots;

pub(crate) const TIMES: [&str; 13] = [
    "timestamp",
    "time",
    "@timestamp",
    "ts",
    "@t",
    "Timestamp",
    "datetime",
    "asctime",
    "timeMillis",
    "instant.epochSecond",
    "event_time",
    "eventTime",
    "date",
];
pub(crate) const LEVELS: [&str; 8] = [
    "level",
    "log_level",
    "logLevel",
    "Level",
    "LogLevel",
    "severity",
    "levelname",
    "@l",
];
pub(crate) const REQUEST_IDS: [&str; 8] = [
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "function_request_id",
    "lambda_request_id",
    "FunctionRequestId",
    "functionRequestId",
    "span.requestId",
];
pub(crate) const MESSAGES: [&str; 4] = ["message", "msg", "Message", "@m"];
pub(crate) const WRAP_NAMES: [&str; 7] = [
    "service", "location", "logger", "target", "name", "Service", "Name",
];
/// Objects of CloudTrail that some tools write as text.
pub(crate) const NESTED: [&str; 4] = [
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "userIdentity",
];

macro_rules! decode_fields {
    ($($name:ident: $path:literal,)*) => {
        /// Slots of the fields that decode itself reads; registered before the first event.
        #[derive(Debug, Clone)]
        pub struct DecodeFields {
            $(pub(crate) $name: SlotId,)*
            /// The rows of [`carrier::CARRIERS`].
            pub(crate) carriers: Vec<CarrierSlots>,
            /// The rows of [`foreign::JSON`].
            pub(crate) foreign: Vec<foreign::Row>,
            /// Nearly no event has any of these fields, a bit each: what an envelope, a carrier, a foreign form has at least.
            pub(crate) of_envelopes: Vec<u64>,
            pub(crate) of_carriers: Vec<u64>,
            pub(crate) of_foreign: Vec<u64>,
            /// Where applications write the time, first those that count first.
            pub(crate) times: Vec<SlotId>,
            pub(crate) levels: Vec<SlotId>,
            pub(crate) request_ids: Vec<SlotId>,
            pub(crate) messages: Vec<SlotId>,
            /// What else a logger says of itself.
            pub(crate) wrap_names: Vec<SlotId>,
            /// Those of [`NESTED`] in which rules look for something.
            pub(crate) nested: Vec<SlotId>,
        }

        impl DecodeFields {
            pub fn register(table: &mut FieldTable) -> Self {
                let nested = nested(table);
                let carriers = CarrierSlots::of_all(table);
                let mut slots = |paths: &[&str]| -> Vec<SlotId> {
                    paths.iter().map(|path| table.slot(path)).collect()
                };
                let mut fields = Self {
                    nested,
                    carriers,
                    of_envelopes: Vec::new(),
                    of_carriers: Vec::new(),
                    of_foreign: Vec::new(),
                    foreign: foreign::JSON.iter().map(|(keys, name)| (slots(keys), *name)).collect(),
                    times: slots(&TIMES),
                    levels: slots(&LEVELS),
                    request_ids: slots(&REQUEST_IDS),
                    messages: slots(&MESSAGES),
                    wrap_names: slots(&WRAP_NAMES),
                    $($name: table.slot($path),)*
                };
                fields.of_envelopes = bits(fields.envelopes());
                fields.of_carriers = bits(fields.carriers.iter().flat_map(CarrierSlots::payload));
                fields.of_foreign = bits(fields.foreign.iter().filter_map(|row| row.0.first().copied()));
                fields
            }
        }
    };
}

decode_fields! {
    // Envelopes
    message_type: "messageType",
    log_events: "logEvents",
    awslogs_data: "awslogs.data",
    detail_type: "detail-type",
    detail: "detail",
    records: "Records",
    kinesis_data: "kinesis.data",
    kinesis_arrival: "kinesis.approximateArrivalTimestamp",
    stream_data: "Data",
    stream_arrival: "ApproximateArrivalTimestamp",
    stream_sequence: "SequenceNumber",
    firehose_records: "records",
    firehose_stream: "deliveryStreamArn",
    firehose_data: "data",
    firehose_id: "recordId",
    firehose_record_ids: "records.recordId",
    firehose_record_data: "records.data",
    stream_partition: "PartitionKey",
    pipe_sequence: "sequenceNumber",
    looked_up: "Events.CloudTrailEvent",
    received_bodies: "Messages.Body",
    received_handles: "Messages.ReceiptHandle",
    put_details: "Entries.Detail",
    hits: "hits.hits._source",
    result_rows_raw: "results._raw",
    result_fields: "results.field",
    result_values: "results.value",
    lake_rows: "QueryResultRows",
    athena_cells: "ResultSet.Rows.Data.VarCharValue",
    firehose_arrival: "approximateArrivalTimestamp",
    filtered_events: "events",
    filtered_ingestion: "events.ingestionTime",
    searched_streams: "searchedLogStreams",
    next_forward_token: "nextForwardToken",
    ingestion_time: "ingestionTime",
    log_event_id: "eventId",
    log_stream_name: "logStreamName",
    // CloudTrail
    event_source: "eventSource",
    event_name: "eventName",
    event_time: "eventTime",
    event_version: "eventVersion",
    event_id: "eventID",
    recipient_account: "recipientAccountId",
    identity_account: "userIdentity.accountId",
    aws_region: "awsRegion",
    error_code: "errorCode",
    error_message: "errorMessage",
    // Cognito user activity
    event_timestamp: "eventTimestamp",
    message: "message",
    message_event_id: "message.eventId",
    message_user_pool: "message.userPoolId",
    // WAF
    webacl: "webaclId",
    http_request: "httpRequest",
    http_request_id: "httpRequest.requestId",
    terminating_rule: "terminatingRuleId",
    header_name: "httpRequest.headers.name",
    header_value: "httpRequest.headers.value",
    // API Gateway
    request_id: "requestId",
    extended_request_id: "extendedRequestId",
    http_method: "httpMethod",
    route_key: "routeKey",
    resource_path: "resourcePath",
    request_time: "requestTime",
    request_time_epoch: "requestTimeEpoch",
    status: "status",
    integration_status: "integrationStatus",
    protocol: "protocol",
    response_length: "responseLength",
    // Bedrock
    schema_type: "schemaType",
    account_id: "accountId",
    region: "region",
    // CloudFront
    edge_request_id: "x-edge-request-id",
    edge_location: "x-edge-location",
    day: "date",
    clock: "time",
    // Applications
    timestamp: "timestamp",
    app_event: "event",
    fields: "fields",
    platform_type: "type",
    platform_record: "record",
    runtime_request_id: "runtime.request_id",
    runtime_level: "runtime.level",
    runtime_time: "runtime.time",
    runtime_line: "runtime.line",
}

impl DecodeFields {
    /// One of these is in every envelope.
    fn envelopes(&self) -> [SlotId; 19] {
        [
            self.records,
            self.message_type,
            self.awslogs_data,
            self.detail_type,
            self.kinesis_data,
            self.stream_data,
            self.firehose_records,
            self.firehose_data,
            self.filtered_events,
            self.looked_up,
            self.received_bodies,
            self.put_details,
            self.hits,
            self.result_rows_raw,
            self.result_fields,
            self.result_values,
            self.lake_rows,
            self.athena_cells,
            self.ingestion_time,
        ]
    }
}

fn nested(table: &mut FieldTable) -> Vec<SlotId> {
    let is_asked_for = |object: &&str| {
        let mut paths = table.slots().map(|slot| table.path(slot));
        paths.any(|path| {
            path.strip_prefix(*object)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let asked: Vec<&str> = NESTED.into_iter().filter(is_asked_for).collect();
    asked.iter().map(|object| table.slot(object)).collect()
}

/// A bit for each slot.
fn bits(slots: impl IntoIterator<Item = SlotId>) -> Vec<u64> {
    let mut bits = Vec::new();
    for slot in slots {
        let word = slot.index() / 64;
        bits.resize(bits.len().max(word + 1), 0);
        bits[word] |= 1 << (slot.index() % 64);
    }
    bits
}

/// Whether an event has one of these fields.
pub(crate) fn has_any(slots: &Slots<'_>, bits: &[u64]) -> bool {
    slots.present_among(bits).next().is_some()
}

const WAF_HEADERS: &str = "httpRequest.headers.";

/// The headers that rules address as `httpRequest.headers.<name>`.
///
/// WAF writes headers as an array of `{"name", "value"}`, which a field path cannot select from by name, so decode
/// puts each value where a rule asks for it. `name` and `value` themselves stay the members of the array.
pub(crate) fn waf_headers(table: &FieldTable) -> Vec<(Box<str>, SlotId)> {
    table
        .slots()
        .filter_map(|slot| Some((table.path(slot).strip_prefix(WAF_HEADERS)?, slot)))
        .filter(|(name, _)| !matches!(*name, "name" | "value"))
        .map(|(name, slot)| (name.into(), slot))
        .collect()
}
