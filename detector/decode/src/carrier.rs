//! Carriers: what tools, queues and log shippers print around somebody else's log entry. One table, a row for each.
//!
//! A carrier is known by its *other* fields, never by its payload, and taken off once: what a log entry says is never
//! looked at as a carrier again, and what an application says never was.

use super::DecodeFields;
use detector_event::field::{FieldTable, SlotId};
use detector_event::slots::{Slots, Value};

/// What a carrier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// What a stream or file would hold, envelopes included: queues, topics and buses hand it on unseen.
    Record,
    /// One entry of a log of AWS, which its content tells, or the name of its log group.
    LogEntry,
    /// An application's words, whatever they look like.
    Words,
}

/// A row of the table. Names of fields are dotted paths; of several, the first that is there counts.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) name: &'static str,
    /// Of each list one has to be there.
    known_by: &'static [&'static [&'static str]],
    /// A field that has to have one of these texts.
    says: Option<(&'static str, &'static [&'static str])>,
    payload: &'static [&'static str],
    pub(super) holds: Holds,
    time: &'static [&'static str],
    id: &'static [&'static str],
    log_group: &'static [&'static str],
    log_stream: &'static [&'static str],
}

const NONE: Carrier = Carrier {
    name: "",
    known_by: &[],
    says: None,
    payload: &[],
    holds: Holds::Words,
    time: &[],
    id: &[],
    log_group: &[],
    log_stream: &[],
};

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

/// The slots of a row.
#[derive(Debug, Clone)]
pub(super) struct CarrierSlots {
    known_by: Vec<Vec<SlotId>>,
    says: Option<SlotId>,
    payload: Vec<SlotId>,
    time: Vec<SlotId>,
    id: Vec<SlotId>,
    log_group: Vec<SlotId>,
    log_stream: Vec<SlotId>,
}

impl CarrierSlots {
    pub(super) fn of_all(table: &mut FieldTable) -> Vec<Self> {
        let mut slots =
            |paths: &[&str]| -> Vec<SlotId> { paths.iter().map(|path| table.slot(path)).collect() };
        CARRIERS
            .iter()
            .map(|row| Self {
                known_by: row.known_by.iter().map(|paths| slots(paths)).collect(),
                says: row.says.map(|(path, _)| slots(&[path])[0]),
                payload: slots(row.payload),
                time: slots(row.time),
                id: slots(row.id),
                log_group: slots(row.log_group),
                log_stream: slots(row.log_stream),
            })
            .collect()
    }
}

/// A carrier, and where its parts lie.
pub(super) struct Found<'f> {
    pub(super) carrier: &'static Carrier,
    pub(super) payload: SlotId,
    slots: &'f CarrierSlots,
}

/// The carrier that an object is, if it is one.
pub(super) fn find<'f>(slots: &Slots<'_>, f: &'f DecodeFields) -> Option<Found<'f>> {
    let is_payload = |slot: &&SlotId| match slots.first(**slot) {
        Some(Value::Text(_)) => true,
        Some(Value::Container) => slots.values(**slot).count() == 1,
        _ => false,
    };
    let rows = CARRIERS.iter().zip(&f.carriers);
    rows.filter_map(|(carrier, row)| {
        let payload = *row.payload.iter().find(is_payload)?;
        let has_one = |group: &Vec<SlotId>| group.iter().any(|slot| slots.is_present(*slot));
        let says_so = match (row.says, carrier.says) {
            (Some(slot), Some((_, texts))) => {
                slots.str(slot).is_some_and(|text| texts.contains(&text))
            }
            _ => true,
        };
        (says_so && row.known_by.iter().all(has_one)).then_some(Found {
            carrier,
            payload,
            slots: row,
        })
    })
    .next()
}

impl Found<'_> {
    pub(super) fn time<'s>(&self, slots: &'s Slots<'_>) -> Option<&'s Value<'s>> {
        self.slots.time.iter().find_map(|slot| slots.first(*slot))
    }

    pub(super) fn id(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.id, slots).filter(|id| !super::identity::is_none(id))
    }

    pub(super) fn log_group(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.log_group, slots)
    }

    pub(super) fn log_stream(&self, slots: &Slots<'_>) -> Option<String> {
        text(&self.slots.log_stream, slots)
    }
}

fn text(at: &[SlotId], slots: &Slots<'_>) -> Option<String> {
    let mut texts = at.iter().filter_map(|slot| slots.str(*slot));
    texts.next().map(str::to_owned)
}
