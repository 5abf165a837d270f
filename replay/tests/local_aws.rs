//! `replay send` and `replay capture` against an AWS on this machine, whose address is in `VEDETTE_AWS_ENDPOINT`. Without
//! it nothing is tested here: `tests/send.rs` and `tests/capture.rs` play the services themselves.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

#[expect(dead_code, reason = "the stream and the log group are real here")]
mod stub;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudwatchlogs::config::Credentials;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_kinesis::types::{ShardIteratorType, StreamStatus};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stub::{ended, replay};

fn endpoint() -> Option<String> {
    std::env::var("VEDETTE_AWS_ENDPOINT")
        .ok()
        .filter(|url| !url.is_empty())
}

fn config(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(aws_sdk_kinesis::config::SharedCredentialsProvider::new(
            Credentials::new("test", "test", None, None, "test"),
        ))
        .build()
}

/// A name that no other run has.
fn name(what: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("replay-{what}-{}", now.as_nanos())
}

fn alerts(folder: &Path, input: &Path) -> Vec<Value> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let args = [
        "run",
        "--format",
        "json",
        "-q",
        "-r",
        rules.to_str().unwrap(),
        input.to_str().unwrap(),
    ];
    let (status, out, err) = ended(replay(folder, &args));
    assert_eq!(status, 0, "{err}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Everything on the stream, as Lambda hands it over, and how many shards had something.
async fn taken(kinesis: &aws_sdk_kinesis::Client, stream: &str) -> (Value, usize) {
    let (mut records, mut shards) = (Vec::new(), BTreeSet::new());
    let listed = kinesis
        .list_shards()
        .stream_name(stream)
        .send()
        .await
        .unwrap();
    for shard in listed.shards() {
        let iterator = kinesis
            .get_shard_iterator()
            .stream_name(stream)
            .shard_id(shard.shard_id())
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await
            .unwrap();
        let mut iterator = iterator.shard_iterator;
        while let Some(at) = iterator {
            let page = kinesis
                .get_records()
                .shard_iterator(at)
                .send()
                .await
                .unwrap();
            for record in page.records() {
                shards.insert(shard.shard_id().to_owned());
                records.push(json!({"kinesis": {"data": STANDARD.encode(record.data().as_ref())}}));
            }
            iterator = page
                .next_shard_iterator
                .filter(|_| !page.records.is_empty());
        }
    }
    (json!({ "Records": records }), shards.len())
}

#[tokio::test]
async fn a_recording_comes_over_a_stream_as_it_is() {
    let Some(url) = endpoint() else {
        return eprintln!("not tested: VEDETTE_AWS_ENDPOINT is not set");
    };
    let kinesis = aws_sdk_kinesis::Client::new(&config(&url));
    for family in [
        "credential_stuffing",
        "registration_flood",
        "cross_owner_access",
        "error_leak",
    ] {
        let stream = name(&family.replace('_', "-"));
        kinesis
            .create_stream()
            .stream_name(&stream)
            .shard_count(4)
            .send()
            .await
            .unwrap();
        loop {
            let summary = kinesis
                .describe_stream_summary()
                .stream_name(&stream)
                .send()
                .await
                .unwrap();
            let summary = summary.stream_description_summary.unwrap();
            if summary.stream_status == StreamStatus::Active {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let folder = tempfile::tempdir().unwrap();
        let recording = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fixtures")
            .join(family)
            .join("attack");
        let args = [
            "send",
            "--stream",
            &stream,
            "--endpoint-url",
            &url,
            recording.to_str().unwrap(),
        ];
        let (status, _, err) = ended(replay(folder.path(), &args));
        assert_eq!(status, 0, "{err}");
        let (saved, shards) = taken(&kinesis, &stream).await;
        kinesis
            .delete_stream()
            .stream_name(&stream)
            .send()
            .await
            .unwrap();
        assert!(shards > 1, "random keys spread over the shards");
        let path = folder.path().join("taken.json");
        fs::write(&path, saved.to_string()).unwrap();
        assert_eq!(
            alerts(folder.path(), &path),
            alerts(folder.path(), &recording),
            "{family}"
        );
    }
}

#[tokio::test]
async fn a_log_group_is_captured_and_its_alerts_are_those_of_its_lines() {
    let Some(url) = endpoint() else {
        return eprintln!("not tested: VEDETTE_AWS_ENDPOINT is not set");
    };
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config(&url));
    let group = format!("/aws/lambda/{}", name("capture"));
    logs.create_log_group()
        .log_group_name(&group)
        .send()
        .await
        .unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    // Somebody walks through vehicles: twelve in as many seconds.
    let message = |number: usize| {
        json!({"event": "vehicle.read", "decision": "deny", "sub": "ada", "source_ip": "81.2.69.144",
            "resource_type": "vehicle", "resource_id": format!("veh-{number}")})
        .to_string()
    };
    for stream in ["one", "two"] {
        logs.create_log_stream()
            .log_group_name(&group)
            .log_stream_name(stream)
            .send()
            .await
            .unwrap();
        let events = (0..12)
            .filter(|n| (n % 2 == 0) == (stream == "one"))
            .map(|number| {
                let timestamp = now - 60_000 + number as i64 * 1_000;
                InputLogEvent::builder()
                    .timestamp(timestamp)
                    .message(message(number))
                    .build()
                    .unwrap()
            });
        let put = logs
            .put_log_events()
            .log_group_name(&group)
            .log_stream_name(stream);
        put.set_log_events(Some(events.collect()))
            .send()
            .await
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut groups = Vec::new();
    for more in [&[][..], &["--pseudonymise"]] {
        let fixed = [
            "capture",
            "--log-group",
            &group,
            "--since",
            "1h",
            "--endpoint-url",
            &url,
            "-o",
            "a.ndjson",
        ];
        let (status, _, err) = ended(replay(folder.path(), &[&fixed[..], more].concat()));
        assert_eq!(status, 0, "{err}");
        assert!(err.contains("captured 12 events"), "{err}");
        let found = alerts(folder.path(), &folder.path().join("a.ndjson"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["distinct"], 12);
        groups.push(found[0]["group"]["sub"].as_str().unwrap().to_owned());
    }
    logs.delete_log_group()
        .log_group_name(&group)
        .send()
        .await
        .unwrap();
    assert_eq!(groups[0], "ada");
    assert!(groups[1].starts_with("user_"));
}
