//! Properties of decoding: whatever the bytes, nothing panics; whatever the packing, the events are the same.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; the exemption covers test functions only"
)]

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detector_decode::split::{Piece, Splitter};
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Body, Event};
use detector_event::field::FieldTable;
use md5::{Digest, Md5};
use proptest::prelude::*;
use prost::Message;

#[derive(Default, Debug, PartialEq)]
struct Seen {
    bodies: Vec<String>,
    unreadable: usize,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        assert!(!event.id.is_empty());
        self.bodies.push(match event.body {
            Body::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
            Body::Text(text) => text.to_owned(),
        });
    }
    fn unreadable(&mut self, problem: Unreadable) {
        assert!(!problem.reason.is_empty());
        self.unreadable += 1;
    }
}

fn decode(record: &[u8]) -> Seen {
    let mut table = FieldTable::default();
    for path in [
        "a.b",
        "message",
        "requestParameters.x.y",
        "httpRequest.headers.host",
    ] {
        table.slot(path);
    }
    let fields = DecodeFields::register(&mut table);
    let limits = Limits {
        inflated_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let mut seen = Seen::default();
    let mut decoder = Decoder::new(&table, &fields, limits);
    decoder.decode(record, None, &mut seen);
    // A decoder keeps no state between records.
    let mut again = Seen::default();
    decoder.decode(record, None, &mut again);
    assert_eq!(seen, again);
    seen
}

#[derive(Clone, PartialEq, Message)]
struct AggregatedRecord {
    #[prost(string, repeated, tag = "1")]
    partition_key_table: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<AggregatedMember>,
}

#[derive(Clone, PartialEq, Message)]
struct AggregatedMember {
    #[prost(uint64, required, tag = "1")]
    partition_key_index: u64,
    #[prost(bytes = "vec", required, tag = "3")]
    data: Vec<u8>,
}

fn aggregate(parts: &[Vec<u8>]) -> Vec<u8> {
    let message = AggregatedRecord {
        partition_key_table: vec!["key".to_owned()],
        records: parts
            .iter()
            .map(|data| AggregatedMember {
                partition_key_index: 0,
                data: data.clone(),
            })
            .collect(),
    }
    .encode_to_vec();
    [
        b"\xF3\x89\x9A\xC2",
        message.as_slice(),
        &Md5::digest(&message),
    ]
    .concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A packed record and the bodies within it. Text: JSON, so that it can stand in any envelope.
#[derive(Debug, Clone)]
struct Packed {
    bytes: Vec<u8>,
    bodies: Vec<String>,
}

impl Packed {
    /// As one JSON value, whatever the bytes are.
    fn json(&self) -> String {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if text.starts_with('{') && !text.contains('\n') => text.to_owned(),
            _ => format!(
                r#"{{"kinesis":{{"data":"{}"}}}}"#,
                STANDARD.encode(&self.bytes)
            ),
        }
    }
}

fn event() -> impl Strategy<Value = Packed> {
    let text = "[a-z\"\\\\ \u{e9}{}\\[\\]]{0,12}";
    (text, any::<i32>(), 0u8..4).prop_map(|(text, number, kind)| {
        let body = match kind {
            0 => serde_json::json!({"a": {"b": text}, "n": number}),
            1 => serde_json::json!({"message": text, "level": number}),
            2 => serde_json::json!({"eventSource": "x", "eventName": text, "eventTime": "2024-05-01T12:00:00Z"}),
            _ => serde_json::json!({"requestId": text, "httpMethod": "GET", "deep": [[{"x": [text]}]]}),
        }
        .to_string();
        Packed {
            bytes: body.clone().into_bytes(),
            bodies: vec![body],
        }
    })
}

fn packing(inner: BoxedStrategy<Packed>) -> BoxedStrategy<Packed> {
    let many = prop::collection::vec(inner.clone(), 1..4);
    (many, 0u8..9)
        .prop_map(|(parts, kind)| {
            let bytes: Vec<Vec<u8>> = parts.iter().map(|p| p.bytes.clone()).collect();
            let jsons: Vec<String> = parts.iter().map(Packed::json).collect();
            let kept = if matches!(kind, 0..=3) { 1 } else { parts.len() };
            let bodies = parts[..kept].iter().flat_map(|p| p.bodies.clone()).collect();
            let bytes = match kind {
                0 => gzip(&bytes[0]),
                1 => format!(r#"{{"detail-type":"t","detail":{}}}"#, jsons[0]).into_bytes(),
                2 => STANDARD.encode(gzip(&bytes[0])).into_bytes(),
                3 => format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD.encode(&bytes[0])).into_bytes(),
                4 => aggregate(&bytes),
                5 => format!(r#"{{"Records":[{}]}}"#, jsons.join(",")).into_bytes(),
                6 => format!("[{}]", jsons.join(" , ")).into_bytes(),
                7 => jsons.join("\n").into_bytes(),
                _ => {
                    let events: Vec<_> = jsons.iter().enumerate().map(|(n, message)| {
                        serde_json::json!({"id": n.to_string(), "timestamp": n, "message": message})
                    }).collect();
                    serde_json::json!({"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": events})
                        .to_string()
                        .into_bytes()
                }
            };
            Packed { bytes, bodies }
        })
        .boxed()
}

fn packed() -> BoxedStrategy<Packed> {
    let mut strategy = event().boxed();
    for _ in 0..4 {
        strategy = prop_oneof![event(), packing(strategy)].boxed();
    }
    strategy
}

/// Bytes that come close to what the decoder looks for.
fn near_miss() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b"\n",
        b" ",
        b"1e999",
        b"NaN",
        b"null",
        b"\0",
        b"\xff",
        b"\"Records\":[",
        b"\"detail-type\":\"x\"",
        b"\"detail\":",
        b"\"messageType\":\"DATA_MESSAGE\"",
        b"\"logEvents\":[",
        b"\"message\":",
        b"\"kinesis\":{\"data\":\"",
        b"H4sI",
        b"\x1f\x8b",
        b"\xF3\x89\x9A\xC2",
        b"\"\\ud800\"",
        b"{\"a\":{\"b\":1}}",
        b"\"timestamp\":-1",
        b"\"events\":",
        b"text",
        b"\xef\xbb\xbf",
    ]);
    prop::collection::vec(tokens, 0..40).prop_map(|t| t.concat())
}

/// Whether a piece is what its place in the stream has: those bytes, or what stands behind a list as an object.
fn is_of(stream: &[u8], piece: &[u8]) -> bool {
    let rest = stream.trim_ascii_start();
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let is_tail = |object: &[u8]| !object.is_empty() && rest.starts_with(object);
    stream.starts_with(piece) || piece.strip_prefix(b"{").is_some_and(is_tail)
}

fn split(bytes: &[u8], cuts: &[usize], bytes_max: usize) -> Vec<(u64, u64, Vec<u8>)> {
    let mut pieces = Vec::new();
    let mut each = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Record {
                offset,
                line,
                bytes,
            } => (offset, line, bytes.to_vec()),
            Piece::TooLarge { offset, line, .. } => (offset, line, b"too large".to_vec()),
        });
    };
    let mut splitter = Splitter::new(bytes_max);
    let mut rest = bytes;
    for cut in cuts {
        let (chunk, after) = rest.split_at((*cut).min(rest.len()));
        splitter.push(chunk, &mut each);
        rest = after;
    }
    splitter.push(rest, &mut each);
    splitter.finish(&mut each);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode(&bytes);
        decode(&[&[0x1f, 0x8b, 8, 0][..], &bytes].concat());
        decode(&aggregate(std::slice::from_ref(&bytes)));
    }

    #[test]
    fn near_misses_are_survived(bytes in near_miss()) {
        decode(&bytes);
    }

    #[test]
    fn any_nesting_gives_exactly_the_events(packed in packed()) {
        let seen = decode(&packed.bytes);
        prop_assert_eq!(seen.bodies, packed.bodies);
        prop_assert_eq!(seen.unreadable, 0);
    }

    #[test]
    fn a_cut_record_is_survived(packed in packed(), at in any::<prop::sample::Index>(), flip in any::<u8>()) {
        let mut bytes = packed.bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        decode(&bytes);
        bytes.truncate(at);
        decode(&bytes);
    }

    #[test]
    fn a_wrong_checksum_is_a_plain_record(event in event(), at in any::<prop::sample::Index>()) {
        let mut bytes = aggregate(&[event.bytes]);
        prop_assert_eq!(&decode(&bytes).bodies, &event.bodies);
        let last = bytes.len() - 16 + at.index(16);
        bytes[last] ^= 0x55;
        let seen = decode(&bytes);
        // The magic number is not UTF-8, so as a plain record it cannot be read.
        prop_assert!(!seen.bodies.contains(&event.bodies[0]));
        prop_assert!(seen.unreadable > 0);
    }

    #[test]
    fn chunks_do_not_change_the_pieces(
        bytes in near_miss(),
        cuts in prop::collection::vec(1usize..12, 0..30),
        bytes_max in prop::sample::select(vec![4usize, 12, 40, 1 << 20]),
    ) {
        let whole = split(&bytes, &[], bytes_max);
        prop_assert_eq!(&whole, &split(&bytes, &cuts, bytes_max));
        for (offset, line, piece) in whole {
            let offset = offset as usize;
            let lines = bytes[..offset].iter().filter(|b| **b == b'\n').count() as u64;
            prop_assert_eq!(line, lines + 1);
            prop_assert!(piece == b"too large" || is_of(&bytes[offset..], &piece));
        }
    }

    #[test]
    fn what_stands_beside_a_message_is_as_it_was(
        hostile in prop_oneof![".{0,60}", near_miss().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())],
        group in prop::sample::select(vec!["/aws/lambda/fleet", "/app/fleet", "/aws/apigateway/fleet"]),
    ) {
        let good = r#"{"a":{"b":"good"}}"#;
        let event = |id: &str, message: &str| serde_json::json!({"id": id, "timestamp": 1, "message": message});
        let payload = serde_json::json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": group, "logStream": "s", "subscriptionFilters": [],
            "logEvents": [event("1", good), event("2", &hostile), event("3", good)],
        });
        let seen = decode(payload.to_string().as_bytes());
        prop_assert_eq!(seen.bodies.first().map(String::as_str), Some(good));
        prop_assert_eq!(seen.bodies.last().map(String::as_str), Some(good));
        prop_assert!(seen.bodies.len() + seen.unreadable >= 2);
    }

    #[test]
    fn split_records_hold_the_events_of_the_whole(packed in packed()) {
        // Compressed bytes are the caller's to inflate before it splits.
        prop_assume!(std::str::from_utf8(&packed.bytes).is_ok());
        let mut bodies = Vec::new();
        for (_, _, piece) in split(&packed.bytes, &[], usize::MAX) {
            bodies.extend(decode(&piece).bodies);
        }
        prop_assert_eq!(bodies, packed.bodies);
    }
}
