//! `replay capture` from a log group that a test plays: what is in the file, how it goes on, and what it hides.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod stub;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stub::{Answer, Stub, ended, replay};

const PAGES: usize = 4;
const EVENTS: usize = 3;

fn log_event(number: usize) -> Value {
    json!({
        "eventId": format!("id-{number}"),
        "logStreamName": format!("stream-{}", number % 2),
        "timestamp": 1_779_357_894_486_u64 + number as u64,
        "ingestionTime": 1_779_357_895_000_u64 + number as u64,
        "message": format!("{{\"event\":\"e{number}\",\"source_ip\":\"81.2.69.144\",\"sub\":\"ada\",\"password\":\"qwertz\"}}"),
    })
}

fn page(number: usize) -> Answer {
    let events: Vec<_> = (0..EVENTS)
        .map(|at| log_event(number * EVENTS + at))
        .collect();
    let mut page = json!({ "events": events });
    if number + 1 < PAGES {
        page["nextToken"] = format!("page-{}", number + 1).into();
    }
    (200, page)
}

/// The pages that were asked for, and the first request.
type Asked = Arc<Mutex<(Vec<usize>, Value)>>;

/// A log group; `trouble` may answer instead, told the page and how many requests came before.
fn group(trouble: fn(usize, usize) -> Option<Answer>) -> (Stub, Asked) {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let handler = move |operation: &str, body: Value| {
        assert_eq!(operation, "FilterLogEvents");
        let mut noted = noted.lock().unwrap();
        let number = body["nextToken"]
            .as_str()
            .map_or(0, |it| it[5..].parse().unwrap());
        if noted.0.is_empty() {
            noted.1 = body;
        }
        noted.0.push(number);
        trouble(number, noted.0.len() - 1).unwrap_or_else(|| page(number))
    };
    (Stub::start(Box::new(handler)), asked)
}

fn refused(code: &str) -> Option<Answer> {
    Some((400, json!({"__type": code, "message": "why"})))
}

fn capture(stub: &Stub, folder: &Path, args: &[&str]) -> (i32, String, String) {
    let fixed = [
        "capture",
        "--log-group",
        "/aws/lambda/fleet",
        "--endpoint-url",
        &stub.url,
        "-o",
        "a.ndjson",
    ];
    ended(replay(folder, &[&fixed[..], args].concat()))
}

/// A key that nobody else can read.
fn key(folder: &Path, name: &str, bytes: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
        .open(folder.join(name))
        .and_then(|mut file| file.write_all(bytes))
        .unwrap();
}

/// Ids of the events in the file.
fn ids(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("a.ndjson")).unwrap();
    let mut ids = Vec::new();
    for line in text.lines() {
        let payload: Value = serde_json::from_str(line).unwrap();
        assert_eq!(payload["messageType"], "DATA_MESSAGE");
        assert_eq!(payload["logGroup"], "/aws/lambda/fleet");
        for event in payload["logEvents"].as_array().unwrap() {
            assert!(event["ingestionTime"].is_u64());
            ids.push(event["id"].as_str().unwrap().to_owned());
        }
    }
    ids.sort_by_key(|id| id[3..].parse::<usize>().unwrap());
    ids
}

fn all_ids() -> Vec<String> {
    (0..PAGES * EVENTS)
        .map(|number| format!("id-{number}"))
        .collect()
}

#[test]
fn all_pages_come_into_a_file_that_run_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, asked) = group(|_, before| (before == 1).then(|| refused("ThrottlingException"))?);
    let args = [
        "--since",
        "2026-05-21T10:00:00Z",
        "--until",
        "2026-05-21T12:00:00Z",
        "--filter",
        "e",
    ];
    let (status, out, err) = capture(&stub, folder.path(), &args);
    assert_eq!((status, &*out), (0, ""), "{err}");
    assert!(err.contains("captured 12 events"), "{err}");
    assert_eq!(ids(folder.path()), all_ids());
    let request = &asked.lock().unwrap().1;
    assert_eq!(request["startTime"], 1_779_357_600_000_u64);
    assert_eq!(request["endTime"], 1_779_364_800_000_u64);
    assert_eq!(request["filterPattern"], "e");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let (status, out, err) = ended(replay(
        folder.path(),
        &["run", "-r", rules.to_str().unwrap(), "a.ndjson"],
    ));
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("12  lambda"), "{out}");
}

#[test]
fn an_interrupted_capture_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, asked) = group(|page, before| {
        (page == 2 && before == 2).then(|| refused("AccessDeniedException"))?
    });
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 2, "{err}");
    assert!(
        err.contains("stopped: 6 events so far, in `a.ndjson.part`; the same command goes on"),
        "{err}"
    );
    assert!(
        err.contains("cannot read log group `/aws/lambda/fleet`: AccessDeniedException: why"),
        "{err}"
    );
    assert!(!folder.path().join("a.ndjson").exists());
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 0, "{err}");
    assert!(
        err.contains("goes on with an interrupted capture: 6 events so far"),
        "{err}"
    );
    assert_eq!(asked.lock().unwrap().0, [0, 1, 2, 2, 3]);
    assert_eq!(ids(folder.path()), all_ids());
}

#[test]
fn what_an_interrupted_capture_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, asked) = group(|_, before| match before {
        0 | 2 => refused("AccessDeniedException"),
        _ => None,
    });
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 2, "{err}");
    let nothing = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(nothing, 0, "nothing was captured, so nothing stays");
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("stopped: 3 events so far"), "{err}");
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "3h"]);
    assert_eq!(status, 0, "{err}");
    let removed = "note: begins anew; removed `a.ndjson.part` and `a.ndjson.part.json`, left behind by a capture of another --since";
    assert!(err.contains(removed), "{err}");
    assert_eq!(asked.lock().unwrap().0, [0, 0, 1, 0, 1, 2, 3]);
    assert_eq!(ids(folder.path()), all_ids());
}

#[test]
fn a_place_that_the_service_has_forgotten_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, asked) = group(|_, before| match before {
        1 => refused("AccessDeniedException"),
        2 => refused("InvalidParameterException"),
        _ => None,
    });
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 2, "{err}");
    let (status, _, err) = capture(&stub, folder.path(), &["--since", "2h"]);
    assert_eq!(status, 0, "{err}");
    assert!(err.contains("begins anew"), "{err}");
    assert_eq!(asked.lock().unwrap().0, [0, 1, 1, 0, 1, 2, 3]);
    assert_eq!(ids(folder.path()), all_ids());
}

#[test]
fn stand_ins_hide_people_and_depend_on_the_key() {
    let folder = tempfile::tempdir().unwrap();
    key(folder.path(), "key", &[7; 32]);
    key(folder.path(), "other", &[8; 32]);
    let mut files = Vec::new();
    for key in ["key", "key", "other"] {
        let (stub, _) = group(|_, _| None);
        let args = ["--since", "2h", "--pseudonymise", "--key", key];
        let (status, _, err) = capture(&stub, folder.path(), &args);
        assert_eq!(status, 0, "{err}");
        let text = fs::read_to_string(folder.path().join("a.ndjson")).unwrap();
        for part in ["81.2.69", "ada", "qwertz"] {
            assert!(!text.contains(part), "{text}");
        }
        assert_eq!(ids(folder.path()), all_ids());
        files.push(text);
    }
    assert_eq!(files[0], files[1]);
    assert_ne!(files[0], files[2]);
}

#[test]
fn with_a_key_that_is_kept_nowhere_it_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (stub, asked) =
        group(|_, before| (before == 1).then(|| refused("AccessDeniedException"))?);
    let args = ["--since", "2h", "--pseudonymise"];
    let (status, _, err) = capture(&stub, folder.path(), &args);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("with --key FILE it could go on"), "{err}");
    let part = fs::read_to_string(folder.path().join("a.ndjson.part")).unwrap();
    assert!(!part.contains("qwertz"));
    let (status, _, err) = capture(&stub, folder.path(), &args);
    assert_eq!(status, 0, "{err}");
    assert_eq!(asked.lock().unwrap().0, [0, 1, 0, 1, 2, 3]);
    assert_eq!(ids(folder.path()), all_ids());
}

#[test]
fn wrong_usage_says_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    key(folder.path(), "short", b"key");
    let (stub, asked) = group(|_, _| None);
    for (args, said) in [
        (
            &["--since", "yesterday"][..],
            "expected a duration before now such as",
        ),
        (&["--since", "1h", "--until", "2h"], "nothing lies between"),
        (&["--since", "1h", "--key", "short"], "--pseudonymise"),
        (
            &["--since", "1h", "--pseudonymise", "--key", "short"],
            "`short` is no key: it has 3 bytes",
        ),
        (
            &["--since", "1h", "--pseudonymise", "--key", "none"],
            "cannot use the key `none`",
        ),
        (&[], "--since"),
    ] {
        let (status, _, err) = capture(&stub, folder.path(), args);
        assert_eq!(status, 2, "{args:?} {err}");
        assert!(err.contains(said), "{args:?} {err}");
    }
    assert!(asked.lock().unwrap().0.is_empty());
    let (missing, _) = group(|_, _| refused("ResourceNotFoundException"));
    let (status, _, err) = capture(&missing, folder.path(), &["--since", "1h"]);
    assert_eq!(status, 2);
    assert!(
        err.contains("no log group `/aws/lambda/fleet` in this account and region"),
        "{err}"
    );
}
