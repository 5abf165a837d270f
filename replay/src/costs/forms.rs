//! Each form of a record, a line and a file, with what is slowest to read in it.

use std::io::Write;

use detector_core::decode::split::Splitter;
use serde_json::{Value, json};

use super::row::{Form, Row, through};
use super::worst::{numbered, quoted, texts};

const RULE: &str = "title: t\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\nlogsource: {product: aws}\ndetection:\n  s:\n    event: x\n  condition: s\n";

/// Bytes that come at once, as from a slow pipe.
const CHUNK_BYTES: usize = 1 << 10;

/// What tools, queues and shippers put around a log entry; `PAYLOAD` is what they carry.
fn carriers() -> Vec<Value> {
    let time = "2026-05-03T12:00:00Z";
    vec![
        json!({"EventId": "e", "EventName": "n", "CloudTrailEvent": "PAYLOAD"}),
        json!({"eventID": "e", "eventTime": time, "eventJson": "PAYLOAD"}),
        json!({"MessageId": "m", "ReceiptHandle": "r", "Body": "PAYLOAD"}),
        json!({"messageId": "m", "receiptHandle": "r", "body": "PAYLOAD"}),
        json!({"TopicArn": "t", "MessageId": "m", "Message": "PAYLOAD"}),
        json!({"EventSource": "aws:sns", "EventSubscriptionArn": "a", "Sns": {"TopicArn": "t", "Message": "PAYLOAD"}}),
        json!({"Source": "s", "DetailType": "t", "Detail": "PAYLOAD"}),
        json!({"time": time, "type": "function", "record": "PAYLOAD"}),
        json!({"@timestamp": time, "@ptr": "p", "@message": "PAYLOAD"}),
        json!({"logGroup": "g", "logStream": "s", "message": "PAYLOAD"}),
        json!({"logStreamName": "s", "eventId": "e", "timestamp": 1_777_809_600_000_u64, "message": "PAYLOAD"}),
        json!({"_index": "i", "_source": {"aws": {"cloudtrail": {}}, "message": "PAYLOAD"}}),
        json!({"_index": "i", "_source": {"message": "PAYLOAD"}}),
        json!({"@timestamp": time, "aws": {"cloudtrail": {}}, "message": "PAYLOAD"}),
        json!({"@timestamp": time, "agent": {"type": "filebeat"}, "message": "PAYLOAD"}),
        json!({"preview": false, "result": {"sourcetype": "aws:cloudtrail", "_raw": "PAYLOAD"}}),
        json!({"preview": false, "result": {"_raw": "PAYLOAD"}}),
        json!({"_time": time, "sourcetype": "aws:cloudtrail", "_raw": "PAYLOAD"}),
        json!({"_time": time, "_raw": "PAYLOAD"}),
        json!({"time": 1, "sourcetype": "aws:cloudtrail", "event": "PAYLOAD"}),
        json!({"time": 1, "sourcetype": "s", "event": "PAYLOAD"}),
        json!({"stream": "stdout", "time": time, "log": "PAYLOAD"}),
        json!({"source_type": "file", "timestamp": time, "message": "PAYLOAD"}),
        json!({"__REALTIME_TIMESTAMP": "1", "_PID": "1", "MESSAGE": "PAYLOAD"}),
        json!({"logName": "n", "insertId": "i", "textPayload": "PAYLOAD"}),
        json!({"ddsource": "d", "message": "PAYLOAD"}),
        // Envelopes, and what runtimes write.
        json!({"awslogs": {"data": "PAYLOAD"}}),
        json!({"kinesis": {"data": "PAYLOAD"}}),
        json!({"detail-type": "t", "detail": "PAYLOAD"}),
        json!({"messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": [{"id": "1", "timestamp": 1, "message": "PAYLOAD"}]}),
        json!({"messageType": "DATA_MESSAGE", "logGroup": "/ecs/g", "logStream": "s", "logEvents": [{"id": "1", "timestamp": 1, "message": "PAYLOAD"}]}),
        json!({"messageType": "DATA_MESSAGE", "logGroup": "CloudTrail", "logStream": "s", "logEvents": [{"id": "1", "timestamp": 1, "message": "PAYLOAD"}]}),
        json!({"timestamp": time, "level": "INFO", "requestId": "q", "message": "PAYLOAD"}),
    ]
}

fn split(file: &[u8]) {
    let mut pieces = 0;
    let mut splitter = Splitter::new(1 << 30);
    for chunk in file.chunks(CHUNK_BYTES) {
        splitter.push(chunk, &mut |_| pieces += 1);
    }
    splitter.finish(&mut |_| pieces += 1);
    std::hint::black_box(pieces);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn subscription(messages: &[String]) -> Vec<u8> {
    let events = messages.iter().enumerate().map(|(n, message)| {
        json!({"id": n.to_string(), "timestamp": 1_777_809_600_000_u64, "message": message})
    });
    let events: Vec<_> = events.collect();
    json!({"messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": events})
        .to_string()
        .into_bytes()
}

/// Forms that have their own worst input.
const FORMS: &[Form] = &[
    ("gzip members", |bytes| {
        numbered(bytes, |n| format!("{{\"a\":{n}}}\n"))
            .iter()
            .flat_map(|line| gzip(line.as_bytes()))
            .collect()
    }),
    ("a list of calls", |bytes| {
        format!(
            "{{\"Records\":[{}]}}",
            numbered(bytes, |n| format!("{{\"a\":{n}}}")).join(",")
        )
        .into_bytes()
    }),
    ("a list whose members never seem to meet", |bytes| {
        format!(
            "{{\"Records\":[{}]}}",
            numbered(bytes, |n| format!("{{\"a\":\"}},{{\\\"a\\\":{n}\"}}")).join(",")
        )
        .into_bytes()
    }),
    ("a list with damage", |bytes| {
        format!(
            "{{\"Records\":[{}]}}",
            numbered(bytes, |n| format!("{{\"a\":{n}")).join(",")
        )
        .into_bytes()
    }),
    ("a list of empty lists", |bytes| {
        format!(
            "{{\"Records\":[{}]}}",
            numbered(bytes, |_| "{\"Records\":[]}".into()).join(",")
        )
        .into_bytes()
    }),
    ("a list and many keys", |bytes| {
        format!(
            "{{\"Records\":[{{}}],{}}}",
            numbered(bytes, |n| format!("\"k{n}\":1")).join(",")
        )
        .into_bytes()
    }),
    ("a list and lists again", |bytes| {
        format!(
            "{{\"Records\":[{{}}],{}}}",
            numbered(bytes, |_| "\"Records\":[{}]".into()).join(",")
        )
        .into_bytes()
    }),
    ("an array of objects", |bytes| {
        format!(
            "[{}]",
            numbered(bytes, |n| format!("{{\"a\":{n}}}")).join(",")
        )
        .into_bytes()
    }),
    ("an array of arrays", |bytes| {
        format!("[{}]", numbered(bytes, |n| format!("[{n}]")).join(",")).into_bytes()
    }),
    ("objects on one line", |bytes| {
        numbered(bytes, |n| format!("{{\"a\":{n}}}"))
            .join(" ")
            .into_bytes()
    }),
    ("objects on one line, the last one broken", |bytes| {
        format!(
            "{} {{",
            numbered(bytes, |n| format!("{{\"a\":{n}}}")).join(" ")
        )
        .into_bytes()
    }),
    ("objects on one line and blanks", |bytes| {
        format!(
            "{}{}",
            numbered(bytes / 2, |_| "{\"a\":1} ".into()).concat(),
            " ".repeat(bytes / 2)
        )
        .into_bytes()
    }),
    ("lists that never end", |bytes| {
        format!(
            "{{\"Records\":[{}",
            numbered(bytes, |_| "{\"a\":[".into()).join(",")
        )
        .into_bytes()
    }),
    ("a document of many lines", |bytes| {
        format!(
            "{{\n{}\n}}",
            numbered(bytes, |n| format!("\"k{n}\": 1")).join(",\n")
        )
        .into_bytes()
    }),
    ("a document that never ends", |bytes| {
        format!(
            "{{\n{}",
            numbered(bytes, |n| format!("\"k{n}\": 1")).join(",\n")
        )
        .into_bytes()
    }),
    ("documents that fail", |bytes| {
        numbered(bytes, |_| "{\n\"a\":\n".into())
            .concat()
            .into_bytes()
    }),
    ("a table", |bytes| {
        format!(
            "timestamp,message\n{}",
            numbered(bytes, |n| format!("{n},\"a \"\"b\"\"\"")).join("\n")
        )
        .into_bytes()
    }),
    ("a table of one cell", |bytes| {
        format!("timestamp,message\n1,\"{}", "\"\"\n".repeat(bytes / 3)).into_bytes()
    }),
    ("a table of many columns", |bytes| {
        let heading = numbered(bytes / 2, |n| format!("c{n}")).join(",");
        format!("timestamp,message,{heading}\n{}", ",".repeat(bytes / 2)).into_bytes()
    }),
    ("lines of text with a time", |bytes| {
        numbered(bytes, |_| "2026-05-03T12:00:00Z a\n  at b\n".into())
            .concat()
            .into_bytes()
    }),
    ("a line with a time and lines behind it", |bytes| {
        format!("2026-05-03T12:00:00Z a\n{}", "  at b\n".repeat(bytes / 7)).into_bytes()
    }),
    ("logfmt", |bytes| {
        numbered(bytes, |n| format!("k{n}=v"))
            .join(" ")
            .into_bytes()
    }),
    ("logfmt with one key", |bytes| {
        format!("level=info {}", "a=1 ".repeat(bytes / 4)).into_bytes()
    }),
    ("a runtime's line", |bytes| {
        format!(
            "2026-05-03T12:00:00.000Z\tr-1\tINFO\t{}",
            "a\t".repeat(bytes / 2)
        )
        .into_bytes()
    }),
    ("a tool's line", |bytes| {
        format!(
            "2026-05-03T12:00:00 2026/05/03/[$LATEST]a {}",
            "b ".repeat(bytes / 2)
        )
        .into_bytes()
    }),
    ("wraps in wraps", |bytes| {
        let mut text = "x".to_owned();
        while text.len() < bytes / 2 {
            text = json!({"timestamp": "2026-05-03T12:00:00Z", "level": "INFO", "requestId": "q", "message": text}).to_string();
        }
        subscription(&[text])
    }),
    ("many log events", |bytes| {
        subscription(&numbered(bytes, |n| format!("m{n}")))
    }),
    ("log events of many lines", |bytes| {
        subscription(&[numbered(bytes, |n| format!("{{\"a\":{n}}}")).join("\n")])
    }),
    ("log events of many lines, the last one prose", |bytes| {
        subscription(&[format!(
            "{}\nprose",
            numbered(bytes, |n| format!("{{\"a\":{n}}}")).join("\n")
        )])
    }),
    ("strings in strings", |bytes| {
        let mut text = "{}".to_owned();
        while text.len() < bytes / 2 {
            text = quoted(&text);
        }
        text.into_bytes()
    }),
    ("arrays in arrays", |bytes| {
        format!("{}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2)).into_bytes()
    }),
    ("buses in buses", |bytes| {
        let levels = bytes / 32;
        format!(
            "{}{{}}{}",
            "{\"detail-type\":\"t\",\"detail\":".repeat(levels),
            "}".repeat(levels)
        )
        .into_bytes()
    }),
    ("rows of a query", |bytes| {
        let row = |n: usize| {
            format!(r#"[{{"field":"@message","value":"m{n}"}},{{"field":"@ptr","value":"p"}}]"#)
        };
        format!(
            r#"{{"results":[{}],"status":"Complete"}}"#,
            numbered(bytes, row).join(",")
        )
        .into_bytes()
    }),
    ("cells of a query", |bytes| {
        let row = |n: usize| format!(r#"{{"Data":[{{"VarCharValue":"c{n}"}}]}}"#);
        format!(
            r#"{{"ResultSet":{{"Rows":[{}]}}}}"#,
            numbered(bytes, row).join(",")
        )
        .into_bytes()
    }),
    ("calls with objects as text", |bytes| {
        let inner = quoted(&format!("{{\"a\":{}}}", quoted(&"{".repeat(bytes / 4))));
        format!(r#"{{"eventVersion":"1","eventSource":"x","eventName":"y","eventTime":"2026-05-03T12:00:00Z","requestParameters":{inner}}}"#).into_bytes()
    }),
    ("bytes that are no text", |bytes| vec![0xff; bytes]),
    ("zero bytes", |bytes| vec![0; bytes]),
    ("UTF-8 that is cut off", |bytes| {
        [b"{\"a\":\"", &b"\xc3 ".repeat(bytes / 2)[..], b"\"}"].concat()
    }),
    ("a lone surrogate again and again", |bytes| {
        format!("{{\"a\":\"{}\"}}", "\\ud800".repeat(bytes / 6)).into_bytes()
    }),
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for &(name, form) in FORMS {
        rows.push(Row::new(name, form, through(RULE)));
        rows.push(Row::new(format!("{name}, as a file"), form, split));
    }
    for (number, (name, text)) in texts().enumerate() {
        rows.push(Row::new(
            format!("{name} alone"),
            move |bytes| text(bytes).into_bytes(),
            through(RULE),
        ));
        rows.push(Row::new(
            format!("{name} as a file"),
            move |bytes| text(bytes).into_bytes(),
            split,
        ));
        // Each carrier holds what goes deepest, and every fourth of the others in turn.
        let holds = |at: usize| name.starts_with("nested") || (at + number).is_multiple_of(4);
        for (_, carrier) in carriers()
            .into_iter()
            .enumerate()
            .filter(|(at, _)| holds(*at))
        {
            let around = carrier.to_string();
            let name = format!("{name} in {around}");
            let input = move |bytes: usize| {
                around
                    .replace("\"PAYLOAD\"", &quoted(&text(bytes / 2)))
                    .into_bytes()
            };
            rows.push(Row::new(name, input, through(RULE)));
        }
    }
    rows
}
