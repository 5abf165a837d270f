//! The fields that decode itself reads, as slots of the one field table.

use detector_event::field::{FieldTable, SlotId};

macro_rules! decode_fields {
    ($($name:ident: $path:literal,)*) => {
        /// Slots of the fields that decode itself reads; registered before the first event.
        #[derive(Debug, Clone)]
        pub struct DecodeFields { $(pub(super) $name: SlotId,)* }

        impl DecodeFields {
            pub fn register(table: &mut FieldTable) -> Self {
                Self { $($name: table.slot($path),)* }
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
    firehose_arrival: "approximateArrivalTimestamp",
    filtered_events: "events",
    filtered_ingestion: "events.ingestionTime",
    searched_streams: "searchedLogStreams",
    next_forward_token: "nextForwardToken",
    ingestion_time: "ingestionTime",
    log_event_id: "eventId",
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
    // Applications
    timestamp: "timestamp",
    time: "time",
}

const WAF_HEADERS: &str = "httpRequest.headers.";

/// The headers that rules address as `httpRequest.headers.<name>`.
///
/// WAF writes headers as an array of `{"name", "value"}`, which a field path cannot select from by name, so decode
/// puts each value where a rule asks for it. `name` and `value` themselves stay the members of the array.
pub(super) fn waf_headers(table: &FieldTable) -> Vec<(Box<str>, SlotId)> {
    table
        .slots()
        .filter_map(|slot| Some((table.path(slot).strip_prefix(WAF_HEADERS)?, slot)))
        .filter(|(name, _)| !matches!(*name, "name" | "value"))
        .map(|(name, slot)| (name.into(), slot))
        .collect()
}
