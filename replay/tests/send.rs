//! `replay send` against a stream that a test plays: what arrives, what is sent again, and how it ends.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod stub;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stub::{Stub, ended, replay};

/// What the stream has taken: partition keys and data, in order.
type Taken = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A stream; `fails` is asked for each record, by its number and the times it was seen before.
fn stream(fails: fn(usize, usize) -> bool) -> (Stub, Taken) {
    let taken = Taken::default();
    let kept = Arc::clone(&taken);
    let mut seen: Vec<(Vec<u8>, usize)> = Vec::new();
    let handler = move |operation: &str, body: Value| {
        assert_eq!(
            (operation, &body["StreamName"]),
            ("PutRecords", &json!("audit"))
        );
        let records = body["Records"].as_array().unwrap();
        let bytes = |record: &Value| {
            let key = record["PartitionKey"].as_str().unwrap();
            let data = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
            (key.to_owned(), data)
        };
        let records: Vec<_> = records.iter().map(bytes).collect();
        let size: usize = records
            .iter()
            .map(|(key, data)| key.len() + data.len())
            .sum();
        assert!(
            records.len() <= 500 && size <= 5 << 20,
            "{} records",
            records.len()
        );
        let results: Vec<_> = records
            .into_iter()
            .map(|(key, data)| {
                let known = seen.iter().position(|(it, _)| *it == data);
                let number = known.unwrap_or_else(|| {
                    seen.push((data.clone(), 0));
                    seen.len() - 1
                });
                seen[number].1 += 1;
                if fails(number, seen[number].1 - 1) {
                    return json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"});
                }
                kept.lock().unwrap().push((key, data));
                json!({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
            })
            .collect();
        let failed = results
            .iter()
            .filter(|it| it["ErrorCode"].is_string())
            .count();
        (
            200,
            json!({"FailedRecordCount": failed, "Records": results}),
        )
    };
    (Stub::start(Box::new(handler)), taken)
}

fn send(stub: &Stub, folder: &Path, args: &[&str]) -> (i32, String, String) {
    let fixed = ["send", "--stream", "audit", "--endpoint-url", &stub.url];
    ended(replay(folder, &[&fixed[..], args].concat()))
}

/// The alerts of `replay run`, without what is made of the events' content.
fn alerts(folder: &Path, input: &Path) -> Vec<Value> {
    let rules = root().join("rules");
    let args = [
        "run",
        "--format",
        "json",
        "-q",
        "--rules",
        rules.to_str().unwrap(),
        input.to_str().unwrap(),
    ];
    let (status, out, err) = ended(replay(folder, &args));
    assert_eq!(status, 0, "{err}");
    let alert = |line: &str| {
        let mut alert: Value = serde_json::from_str(line).unwrap();
        for field in ["alert_id", "incident_id", "event_ids"] {
            alert.as_object_mut().unwrap().remove(field);
        }
        alert
    };
    out.lines().map(alert).collect()
}

/// Saves what the stream has taken as a Lambda function is given it.
fn saved(folder: &Path, taken: &Taken) -> PathBuf {
    let record =
        |(_, data): &(String, Vec<u8>)| json!({"kinesis": {"data": STANDARD.encode(data)}});
    let records: Vec<_> = taken.lock().unwrap().iter().map(record).collect();
    let path = folder.join("taken.json");
    fs::write(&path, json!({"Records": records}).to_string()).unwrap();
    path
}

fn lines(count: usize) -> String {
    let line = |n: usize| {
        let (minute, second) = (n / 60 % 60, n % 60);
        format!("{{\"event\":\"e{n}\",\"timestamp\":\"2026-05-21T10:{minute:02}:{second:02}Z\"}}\n")
    };
    (0..count).map(line).collect()
}

#[test]
fn only_what_failed_is_sent_again_and_all_arrives_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(1_200)).unwrap();
    let (stub, taken) = stream(|number, seen| number % 7 == 3 && seen < 1 + number % 2);
    let (status, out, err) = send(&stub, folder.path(), &["--seed", "1", "a.ndjson"]);
    assert_eq!((status, &*out), (0, ""), "{err}");
    let failures: usize = (0..1_200).filter(|n| n % 7 == 3).map(|n| 1 + n % 2).sum();
    assert!(
        err.contains("sent 1,200 records") && err.contains(&format!("{failures} retries")),
        "{err}"
    );
    let mut arrived: Vec<_> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|(_, data)| data.clone())
        .collect();
    arrived.sort();
    let mut expected: Vec<_> = lines(1_200)
        .lines()
        .map(|line| line.as_bytes().to_vec())
        .collect();
    expected.sort();
    assert_eq!(arrived, expected);
    let (again, repeated) = stream(|_, _| false);
    send(&again, folder.path(), &["--seed", "1", "a.ndjson"]);
    let keys = |taken: &Taken| {
        let mut keys: Vec<_> = taken
            .lock()
            .unwrap()
            .iter()
            .map(|(key, _)| key.clone())
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&taken), keys(&repeated));
}

#[test]
fn every_recording_raises_the_same_alerts_from_the_stream_shifted_by_what_was_said() {
    const SECONDS: i64 = 15_724_800;
    for family in [
        "credential_stuffing",
        "registration_flood",
        "cross_owner_access",
        "error_leak",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let recording = root().join("fixtures").join(family).join("attack");
        let before = alerts(folder.path(), &recording);
        assert!(!before.is_empty());
        let (stub, taken) = stream(|_, _| false);
        let shift = SECONDS.to_string();
        let args = ["--shift", &shift, recording.to_str().unwrap()];
        let (status, _, err) = send(&stub, folder.path(), &args);
        assert_eq!(status, 0, "{err}");
        assert!(err.contains("times shifted by +15724800 s"), "{err}");
        let after = alerts(folder.path(), &saved(folder.path(), &taken));
        let moved = |alert: &Value| {
            let mut alert = alert.clone();
            for field in [
                "first_event_time",
                "last_event_time",
                "opened_at",
                "held_until",
            ] {
                let time = alert[field].as_str().unwrap();
                let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
                let time = time + chrono::TimeDelta::seconds(SECONDS);
                alert[field] = time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into();
            }
            alert
        };
        let expected: Vec<_> = before.iter().map(moved).collect();
        assert_eq!(after, expected, "{family}");
    }
}

#[test]
fn now_ends_the_recording_now() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(3)).unwrap();
    let (stub, taken) = stream(|_, _| false);
    let (status, _, err) = send(&stub, folder.path(), &["--now", "a.ndjson"]);
    assert_eq!(status, 0, "{err}");
    let taken = taken.lock().unwrap();
    let last: Value = serde_json::from_slice(&taken[2].1).unwrap();
    let last = chrono::DateTime::parse_from_rfc3339(last["timestamp"].as_str().unwrap()).unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let age = now.as_secs() as i64 - last.timestamp();
    assert!((0..60).contains(&age), "{age}");
}

/// An event each minute of two hours.
fn two_hours() -> String {
    let line = |n: usize| {
        let (hour, minute) = (10 + n / 60, n % 60);
        format!("{{\"event\":\"e{n}\",\"timestamp\":\"2026-05-21T{hour:02}:{minute:02}:00Z\"}}\n")
    };
    (0..=120).map(line).collect()
}

#[test]
fn what_will_be_too_late_is_told_before_and_after_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), two_hours()).unwrap();
    for (args, warned, closing) in [
        (
            &["--now"][..],
            "warning: 105 of 121 events will be too late",
            "; 105 events too late",
        ),
        (
            &[],
            "warning: all 121 events will be too late",
            "; 121 events too late",
        ),
        (
            &["--now", "--speed", "1e6"],
            "warning: 105 of 121 events will be too late",
            "; 105 events too late",
        ),
    ] {
        let (stub, taken) = stream(|_, _| false);
        let (status, _, err) = send(&stub, folder.path(), &[args, &["a.ndjson"]].concat());
        assert_eq!(status, 0, "{err}");
        assert!(err.contains(warned), "{args:?} {err}");
        assert!(
            err.contains("--until MOMENT") && err.contains("--speed 1"),
            "{err}"
        );
        assert!(err.contains("sent 121 records with 121 events ("), "{err}");
        assert!(err.trim_end().ends_with(closing), "{err}");
        assert_eq!(taken.lock().unwrap().len(), 121);
        let quiet = [args, &["--quiet", "a.ndjson"]].concat();
        assert!(!send(&stub, folder.path(), &quiet).2.contains("warning"));
    }
}

#[test]
fn a_recording_that_ends_with_the_attack_is_in_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), two_hours()).unwrap();
    let (stub, taken) = stream(|_, _| false);
    let args = ["--now", "--until", "2026-05-21T10:14:30Z", "a.ndjson"];
    let (status, _, err) = send(&stub, folder.path(), &args);
    assert_eq!(status, 0, "{err}");
    assert!(!err.contains("warning") && !err.contains("note"), "{err}");
    assert!(err.contains("sent 15 records with 15 events ("), "{err}");
    let args = ["--now", "--until", "2026-05-21T11:00:00Z", "a.ndjson"];
    let (status, _, err) = send(&stub, folder.path(), &args);
    let noted =
        "note: 45 of 61 events happened more than 15m00s before --until 2026-05-21T11:00:00.000Z";
    assert!(
        status == 0 && err.contains(noted) && !err.contains("warning"),
        "{err}"
    );
    taken.lock().unwrap().truncate(15);
    let args = ["--until", "2026-05-21T09:00:00Z", "a.ndjson"];
    let (status, _, err) = send(&stub, folder.path(), &args);
    assert_eq!(status, 3, "{err}");
    assert!(
        err.contains("no record to send up to --until 2026-05-21T09:00:00.000Z"),
        "{err}"
    );
    assert_eq!(taken.lock().unwrap().len(), 15);
    let (status, _, err) = send(&stub, folder.path(), &["--until", "noon", "a.ndjson"]);
    assert!(
        status == 2 && err.contains("a moment of the recording such as"),
        "{err}"
    );
}

#[test]
fn any_recording_can_end_at_the_alert_that_is_rehearsed() {
    let folder = tempfile::tempdir().unwrap();
    let recording = root().join("fixtures/error_leak/attack_provocation");
    let [alert] = &alerts(folder.path(), &recording)[..] else {
        panic!("one alert");
    };
    let opened_at = alert["opened_at"].as_str().unwrap();
    let (stub, taken) = stream(|_, _| false);
    let args = ["--now", "--until", opened_at, recording.to_str().unwrap()];
    let (status, _, err) = send(&stub, folder.path(), &args);
    assert_eq!(status, 0, "{err}");
    let sent = alerts(folder.path(), &saved(folder.path(), &taken));
    let [sent] = &sent[..] else {
        panic!("one alert: {sent:?}");
    };
    // The event that opens it is the last one, and is now; of a payload, what came later was cut off.
    let last =
        chrono::DateTime::parse_from_rfc3339(sent["last_event_time"].as_str().unwrap()).unwrap();
    let age = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()) - last.to_utc();
    assert!((0..60).contains(&age.num_seconds()), "{age}");
    assert_eq!(sent["rule"], alert["rule"]);
    assert!(sent["count"].as_u64() < alert["count"].as_u64());
}

#[test]
fn a_pace_keeps_order_and_proportion_of_time() {
    let folder = tempfile::tempdir().unwrap();
    // Of two files, and the second of them the wrong way round.
    let all = lines(4);
    let all: Vec<_> = all.lines().collect();
    fs::write(folder.path().join("a.ndjson"), all[1]).unwrap();
    fs::write(
        folder.path().join("b.ndjson"),
        [all[3], all[2], all[0]].join("\n"),
    )
    .unwrap();
    let (stub, taken) = stream(|_, _| false);
    let begun = Instant::now();
    let (status, _, err) = send(
        &stub,
        folder.path(),
        &["--speed", "5", "a.ndjson", "b.ndjson"],
    );
    assert_eq!(status, 0, "{err}");
    assert!(begun.elapsed() >= Duration::from_millis(600));
    let arrived: Vec<_> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|(_, data)| data.clone())
        .collect();
    assert_eq!(
        arrived,
        all.iter().map(|it| it.as_bytes()).collect::<Vec<_>>()
    );
}

#[test]
fn a_stream_that_refuses_ends_it_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(3)).unwrap();
    for (code, said) in [
        (
            "ResourceNotFoundException",
            "error: no stream `audit` in this account and region",
        ),
        (
            "AccessDeniedException",
            "error: cannot send to stream `audit`: AccessDeniedException: why",
        ),
    ] {
        let refuse = move |_: &str, _: Value| (400, json!({"__type": code, "message": "why"}));
        let stub = Stub::start(Box::new(refuse));
        let (status, _, err) = send(&stub, folder.path(), &["a.ndjson"]);
        assert_eq!(status, 2, "{err}");
        assert!(
            err.contains(said) && err.contains("stopped: 0 of 3 records sent"),
            "{err}"
        );
    }
}

#[test]
fn a_throttled_request_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(3)).unwrap();
    let mut requests = 0;
    let throttle = move |_: &str, body: Value| {
        requests += 1;
        if requests <= 5 {
            return (
                400,
                json!({"__type": "ProvisionedThroughputExceededException", "message": "slow"}),
            );
        }
        let taken = json!({"SequenceNumber": "1", "ShardId": "s"});
        let records = body["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|_| taken.clone());
        (200, json!({"Records": records.collect::<Vec<_>>()}))
    };
    let stub = Stub::start(Box::new(throttle));
    let (status, _, err) = send(&stub, folder.path(), &["a.ndjson"]);
    assert_eq!(status, 0, "{err}");
    assert!(
        err.contains("sent 3 records") && !err.contains(" 0 retries"),
        "{err}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_it_and_says_how_far_it_came() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(3_600)).unwrap();
    let (stub, taken) = stream(|_, _| false);
    let args = [
        "send",
        "--stream",
        "audit",
        "--speed",
        "1",
        "--endpoint-url",
        &stub.url,
        "a.ndjson",
    ];
    let mut command = replay(folder.path(), &args);
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while taken.lock().unwrap().is_empty() && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(
        err.contains("stopped: ") && err.contains(" of 3,600 records sent"),
        "{err}"
    );
}

#[test]
fn wrong_usage_says_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("timeless.log"), "a line\nanother\n").unwrap();
    fs::write(folder.path().join("a.ndjson"), lines(2)).unwrap();
    fs::write(folder.path().join("empty.ndjson"), "").unwrap();
    let (stub, taken) = stream(|_, _| false);
    for (args, status, said) in [
        (
            &["--speed", "1", "timeless.log"][..],
            2,
            "--speed needs times",
        ),
        (&["--now", "timeless.log"], 2, "--now needs times"),
        (
            &["--shift", "-2000000000", "a.ndjson"],
            2,
            "would not lie between",
        ),
        (
            &["--now", "--shift", "1", "a.ndjson"],
            2,
            "cannot be used with",
        ),
        (
            &["--speed", "0", "a.ndjson"],
            2,
            "1 is the pace of the recording",
        ),
        (&["empty.ndjson"], 3, "no record to send"),
        (&["b.ndjson"], 3, "did you mean `a.ndjson`"),
    ] {
        let (ended, _, err) = send(&stub, folder.path(), args);
        assert_eq!(ended, status, "{args:?} {err}");
        assert!(err.contains(said), "{args:?} {err}");
    }
    assert!(taken.lock().unwrap().is_empty());
    for (stream, said) in [
        ("audit", "no AWS region: set AWS_REGION"),
        // As where a variable is not set.
        ("", "a value is required for '--stream <NAME>'"),
    ] {
        let (status, _, err) = ended(replay(
            folder.path(),
            &["send", "--stream", stream, "a.ndjson"],
        ));
        assert!(status == 2 && err.contains(said), "{err}");
    }
    let args = [
        "send",
        "--stream",
        "audit",
        "--endpoint-url",
        "localhost",
        "a.ndjson",
    ];
    let (status, _, err) = ended(replay(folder.path(), &args));
    assert!(
        status == 2 && err.contains("`localhost` is no URL"),
        "{err}"
    );
}

#[test]
fn what_no_record_can_hold_is_named_and_the_rest_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let noise: String = (0..2 << 20).map(|_| random.alphanumeric()).collect();
    let text = format!("{{\"event\":\"a\"}}\n{{\"event\":\"{noise}\"}}\n{{\"event\":\"b\"}}\n");
    fs::write(folder.path().join("a.ndjson"), text).unwrap();
    let (stub, taken) = stream(|_, _| false);
    let (status, _, err) = send(&stub, folder.path(), &["a.ndjson"]);
    assert_eq!(status, 3, "{err}");
    assert!(
        err.contains("error: a.ndjson:2: not sent: ") && err.contains("sent 2 records"),
        "{err}"
    );
    assert_eq!(taken.lock().unwrap().len(), 2);
}
