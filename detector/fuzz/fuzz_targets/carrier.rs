//! Any text as a message in a log group of nobody in particular, and as what carriers carry: what stands beside it stays.
#![no_main]

use detector_fuzz::{between, events, payload};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    between(&events(payload("/app/fleet", text).as_bytes()));
    for carrier in [
        json!({"@timestamp": "2026-05-03 12:00:00.000", "@message": text, "@ptr": "p"}),
        json!({"log": text, "stream": "stdout", "time": "2026-05-03T12:00:00Z"}),
        json!({"MessageId": "m", "ReceiptHandle": "r", "Body": text}),
        json!({"EventId": "e", "EventName": "n", "CloudTrailEvent": text}),
        json!({"_index": "i", "_source": {"message": text}}),
    ] {
        events(carrier.to_string().as_bytes());
    }
});
