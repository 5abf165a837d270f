//! The rows. Before one that asks for less comes the one that asks for more.

use super::row::{Carrier, Holds, NONE};

/// Before a row that asks for less comes the one that asks for more.
pub(super) const CARRIERS: [Carrier; 26] = [
    Carrier {
        name: "aws cloudtrail lookup-events",
        known_by: &[&[
            "EventId",
            "EventName",
            "EventTime",
            "Username",
            "EventSource",
        ]],
        payload: &["CloudTrailEvent"],
        holds: Holds::LogEntry,
        time: &["EventTime"],
        id: &["EventId"],
        ..NONE
    },
    Carrier {
        name: "CloudTrail Lake, event as JSON",
        known_by: &[&["eventID", "eventTime", "eventName", "eventVersion"]],
        payload: &["eventJson", "eventJSON"],
        holds: Holds::LogEntry,
        time: &["eventTime"],
        id: &["eventID"],
        ..NONE
    },
    Carrier {
        name: "SQS message",
        known_by: &[&["MessageId"], &["ReceiptHandle", "MD5OfBody"]],
        payload: &["Body"],
        holds: Holds::Record,
        time: &["Attributes.SentTimestamp"],
        id: &["MessageId"],
        ..NONE
    },
    Carrier {
        name: "SQS record of a Lambda event",
        known_by: &[&["messageId"], &["receiptHandle", "eventSourceARN"]],
        payload: &["body"],
        holds: Holds::Record,
        time: &["attributes.SentTimestamp"],
        id: &["messageId"],
        ..NONE
    },
    Carrier {
        name: "SNS notification",
        known_by: &[&["TopicArn"], &["MessageId", "Type"]],
        payload: &["Message"],
        holds: Holds::Record,
        time: &["Timestamp"],
        id: &["MessageId"],
        ..NONE
    },
    Carrier {
        name: "SNS record of a Lambda event",
        known_by: &[&["Sns.TopicArn"], &["EventSubscriptionArn", "EventSource"]],
        payload: &["Sns.Message"],
        holds: Holds::Record,
        time: &["Sns.Timestamp"],
        id: &["Sns.MessageId"],
        ..NONE
    },
    Carrier {
        name: "EventBridge put-events entry",
        known_by: &[&["DetailType"], &["Source"]],
        payload: &["Detail"],
        holds: Holds::Record,
        time: &["Time"],
        ..NONE
    },
    Carrier {
        name: "Telemetry API or Logs API of Lambda",
        known_by: &[&["time"]],
        says: Some(("type", &["function", "extension"])),
        payload: &["record"],
        time: &["time"],
        ..NONE
    },
    Carrier {
        name: "Logs Insights result",
        known_by: &[&["@timestamp", "@ptr", "@logStream", "@log", "@ingestionTime"]],
        payload: &["@message"],
        holds: Holds::LogEntry,
        time: &["@timestamp"],
        log_group: &["@log"],
        log_stream: &["@logStream"],
        ..NONE
    },
    Carrier {
        name: "log event with its group",
        known_by: &[
            &["logGroup", "log_group", "logGroupName"],
            &["logStream", "log_stream", "logStreamName"],
        ],
        payload: &["message"],
        holds: Holds::LogEntry,
        time: &["timestamp"],
        id: &["id", "eventId"],
        log_group: &["logGroup", "log_group", "logGroupName"],
        log_stream: &["logStream", "log_stream", "logStreamName"],
        ..NONE
    },
    Carrier {
        name: "aws logs filter-log-events, one event",
        known_by: &[&["logStreamName"], &["eventId", "timestamp"]],
        payload: &["message"],
        holds: Holds::LogEntry,
        time: &["timestamp"],
        id: &["eventId"],
        log_stream: &["logStreamName"],
        ..NONE
    },
    Carrier {
        name: "Elastic document, CloudTrail",
        known_by: &[&["_index", "_id", "_score"], &["_source.aws.cloudtrail"]],
        payload: &["_source.event.original", "_source.message"],
        holds: Holds::LogEntry,
        time: &["_source.@timestamp"],
        ..NONE
    },
    Carrier {
        name: "Elastic document",
        known_by: &[&["_index", "_id", "_score"]],
        payload: &["_source.event.original", "_source.message"],
        time: &["_source.@timestamp"],
        ..NONE
    },
    Carrier {
        name: "Beats or Elastic Agent, CloudTrail",
        known_by: &[&["aws.cloudtrail"], &["@timestamp"]],
        payload: &["event.original", "message"],
        holds: Holds::LogEntry,
        time: &["@timestamp"],
        ..NONE
    },
    Carrier {
        name: "Beats, Elastic Agent or Logstash",
        known_by: &[
            &["@timestamp"],
            &[
                "agent.type",
                "beat",
                "@version",
                "ecs.version",
                "data_stream",
                "input.type",
            ],
        ],
        payload: &["event.original", "message"],
        time: &["@timestamp"],
        ..NONE
    },
    Carrier {
        name: "Splunk search result, CloudTrail",
        known_by: &[&["result._time", "result._cd", "preview", "offset"]],
        says: Some((
            "result.sourcetype",
            &[
                "aws:cloudtrail",
                "aws:cloudwatchlogs",
                "aws:firehose:cloudwatchevents",
            ],
        )),
        payload: &["result._raw"],
        holds: Holds::LogEntry,
        time: &["result._time"],
        ..NONE
    },
    Carrier {
        name: "Splunk search result",
        known_by: &[&["result._time", "result._cd", "preview", "offset"]],
        payload: &["result._raw"],
        time: &["result._time"],
        ..NONE
    },
    Carrier {
        name: "Splunk event, CloudTrail",
        known_by: &[&["_time", "_cd", "_indextime", "index"]],
        says: Some((
            "sourcetype",
            &[
                "aws:cloudtrail",
                "aws:cloudwatchlogs",
                "aws:firehose:cloudwatchevents",
            ],
        )),
        payload: &["_raw"],
        holds: Holds::LogEntry,
        time: &["_time"],
        ..NONE
    },
    Carrier {
        name: "Splunk event",
        known_by: &[&["_time", "_cd", "_indextime", "index", "sourcetype"]],
        payload: &["_raw"],
        time: &["_time"],
        ..NONE
    },
    Carrier {
        name: "Splunk HTTP Event Collector, CloudTrail",
        known_by: &[&["time"]],
        says: Some(("sourcetype", &["aws:cloudtrail", "aws:cloudwatchlogs"])),
        payload: &["event"],
        holds: Holds::LogEntry,
        time: &["time"],
        ..NONE
    },
    Carrier {
        name: "Splunk HTTP Event Collector",
        known_by: &[&["sourcetype"], &["time", "host", "index"]],
        payload: &["event"],
        time: &["time"],
        ..NONE
    },
    Carrier {
        name: "Docker, Fluentd or Fluent Bit",
        known_by: &[&[
            "stream",
            "kubernetes",
            "container_id",
            "container_name",
            "ecs_cluster",
            "ecs_task_arn",
            "docker",
            "ec2_instance_id",
            "partial_message",
            "date",
        ]],
        payload: &["log"],
        time: &["time", "@timestamp", "timestamp", "date"],
        ..NONE
    },
    Carrier {
        name: "Vector",
        known_by: &[&["source_type"], &["timestamp"]],
        payload: &["message"],
        time: &["timestamp"],
        ..NONE
    },
    Carrier {
        name: "journald",
        known_by: &[
            &["__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"],
            &["_HOSTNAME", "_PID", "PRIORITY", "_BOOT_ID"],
        ],
        payload: &["MESSAGE"],
        time: &["__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"],
        ..NONE
    },
    Carrier {
        name: "Google Cloud Logging",
        known_by: &[&["logName"], &["receiveTimestamp", "insertId"]],
        payload: &["jsonPayload", "textPayload"],
        time: &["timestamp", "receiveTimestamp"],
        id: &["insertId"],
        ..NONE
    },
    Carrier {
        name: "Datadog",
        known_by: &[&[
            "ddsource",
            "ddtags",
            "attributes.service",
            "content.service",
        ]],
        payload: &["attributes.message", "content.message", "message"],
        time: &[
            "attributes.timestamp",
            "content.timestamp",
            "timestamp",
            "date",
        ],
        ..NONE
    },
];
