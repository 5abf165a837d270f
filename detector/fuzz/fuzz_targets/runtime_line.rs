//! Any text as what a function writes, bare and behind what runtimes put before it: it stays the function's word, and
//! what stands beside it stays.
#![no_main]

use detector_event::event::LogSource;
use detector_fuzz::{between, events, payload};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let time = "2026-05-03T12:00:00.100Z";
    for line in [
        text.to_owned(),
        format!("{time}\tq-1\tINFO\t{text}"),
        format!("[INFO]\t{time}\tq-1\t{text}"),
        json!({"timestamp": time, "level": "INFO", "requestId": "q-1", "message": text})
            .to_string(),
    ] {
        let told = events(payload("/aws/lambda/fleet", &line).as_bytes());
        for event in between(&told) {
            assert_eq!(event.source, LogSource::Lambda, "{line}");
            assert!(event.id.starts_with("hostile"), "{line}");
        }
    }
});
