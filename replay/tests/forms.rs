//! What AWS's runtimes and tools, log shippers and databases make of log entries: each file in `forms/` holds a few
//! entries in one such form, and the same rules have to hit them, at their times, as distinct events.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file in `forms/`, the seconds after 12:00:00 at which its hits happened, and how many records are unreadable and
/// events of no known form.
type Form = (&'static str, &'static [u64], u64, u64);

const THREE: &[u64] = &[0, 10, 20];

const FORMS: [Form; 58] = [
    ("apigw-clf.json", &[], 3, 0),
    ("apigw-dash.json", &[], 3, 0),
    ("apigw-mixed.json", THREE, 3, 0),
    ("app-or-gw.ndjson", THREE, 0, 0),
    ("b64twice-json.json", THREE, 0, 0),
    ("cloudfront.gz", &[], 0, 0),
    ("cognito-string.ndjson", THREE, 0, 0),
    ("ct-strings.ndjson", THREE, 0, 0),
    ("customgroup-node.json", THREE, 0, 0),
    ("duration.json", THREE, 0, 0),
    ("eb-detail-text.ndjson", THREE, 0, 0),
    ("elastic.ndjson", THREE, 0, 0),
    ("export-cloudtrail-000000.gz", THREE, 0, 0),
    ("firehose-http.json", THREE, 0, 0),
    ("fluent-newline", THREE, 0, 0),
    ("fluentbit.ndjson", THREE, 0, 0),
    // With a table of another kind, a digest, a test object, and a file of Parquet.
    ("folder", &[0, 10, 20, 30, 40, 50, 60], 0, 3),
    ("function.log", THREE, 0, 0),
    ("insights-console.csv", THREE, 0, 0),
    ("insights-console.json", THREE, 0, 0),
    ("insights-results.json", THREE, 0, 0),
    ("jsliteral.json", &[], 0, 81),
    ("lake-results.json", THREE, 0, 0),
    ("lake.csv", THREE, 0, 0),
    ("latin1.ndjson", THREE, 0, 0),
    ("logs-tail.txt", THREE, 0, 0),
    ("lookup-array.json", THREE, 0, 0),
    ("lookup-events.json", THREE, 0, 0),
    ("messages.json", THREE, 0, 0),
    ("nan.json", THREE, 0, 0),
    ("node-json-object.json", THREE, 0, 0),
    ("node-text.json", THREE, 0, 0),
    ("nozone.ndjson", THREE, 0, 0),
    ("ocsf.ndjson", &[], 0, 3),
    ("odd-members.json", THREE, 0, 2),
    ("othertime.ndjson", THREE, 0, 0),
    ("powertools.ndjson", THREE, 0, 0),
    ("python-text.json", THREE, 0, 0),
    ("repeat-get.json", &[], 0, 0),
    ("rust-tracing.json", THREE, 0, 0),
    ("same-text.json", &[0, 10, 20, 30, 40], 0, 0),
    ("samlogs.txt", THREE, 0, 0),
    ("seq.json", THREE, 0, 0),
    ("sns-sqs.ndjson", THREE, 0, 0),
    ("splunk.ndjson", THREE, 0, 0),
    ("sqs-lambda.json", THREE, 0, 0),
    ("sqs-receive.json", THREE, 0, 0),
    ("strings-nested.ndjson", THREE, 0, 0),
    ("telemetry.ndjson", THREE, 0, 0),
    ("times.ndjson", &[0; 15], 0, 0),
    ("ts-message.txt", THREE, 0, 0),
    ("unhandled-forms.json", &[], 0, 0),
    ("utf16.json", THREE, 0, 0),
    ("vpcflow.log.gz", &[], 0, 4),
    ("waf-cut.json", &[0, 20], 1, 0),
    ("waf-null-id.ndjson", THREE, 0, 0),
    ("zero.json", THREE, 0, 0),
    ("rules.yml", &[], 0, 0),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms")
}

fn replay(command: &str, rules: &str, input: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_replay"))
        .args([command, "--rules", rules, "--no-progress", input])
        .current_dir(folder())
        .output()
        .unwrap()
}

/// The number after `heading: ` on standard error, 0 where it is not there.
fn told(errors: &str, heading: &str) -> u64 {
    let heading = format!("{heading}: ");
    let line = errors.lines().find_map(|line| line.strip_prefix(&heading));
    line.map_or(0, |rest| {
        rest.split(' ')
            .next()
            .unwrap()
            .replace(',', "")
            .parse()
            .unwrap()
    })
}

#[test]
fn every_file_is_one_of_the_forms() {
    let there: BTreeSet<_> = folder()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<_> = FORMS.iter().map(|form| form.0.to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn each_form_is_read_or_told_of() {
    let mut wrong = Vec::new();
    for (file, seconds, unreadable, unrecognised) in FORMS {
        if file == "rules.yml" {
            continue;
        }
        let ended = replay("match", "rules.yml", file);
        let errors = String::from_utf8(ended.stderr).unwrap();
        let hits: Vec<serde_json::Value> = String::from_utf8(ended.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut times: Vec<u64> = hits.iter().map(|hit| second(&hit["event_time"])).collect();
        times.sort_unstable();
        let ids: BTreeSet<_> = hits.iter().map(|hit| hit["event_id"].to_string()).collect();
        let is_lossy = unreadable > 0 || hits.is_empty() && unrecognised > 0 || file == "folder";
        let seen = (
            (times.as_slice(), ids.len(), ended.status.code()),
            (
                told(&errors, "unreadable"),
                told(&errors, "of no known form"),
            ),
        );
        let right = (
            (seconds, seconds.len(), Some(if is_lossy { 3 } else { 0 })),
            (unreadable, unrecognised),
        );
        if seen != right {
            wrong.push(format!("{file}: {seen:?}, not {right:?}\n{errors}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Seconds after 12:00:00 of the day on which all happened.
fn second(time: &serde_json::Value) -> u64 {
    let clock = time
        .as_str()
        .unwrap()
        .strip_prefix("2026-05-03T12:0")
        .unwrap();
    let (minute, rest) = clock.split_once(':').unwrap();
    minute.parse::<u64>().unwrap() * 60 + rest[..2].parse::<u64>().unwrap()
}

#[test]
fn equal_lines_at_different_times_are_as_many_events() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let ended = replay("run", rules.to_str().unwrap(), "repeat-get.json");
    let page = String::from_utf8(ended.stdout).unwrap();
    assert!(page.starts_with("1 episode\n"), "{page}");
}

#[test]
fn what_is_not_read_is_named() {
    for (file, name) in [
        ("ocsf.ndjson", "OCSF"),
        ("vpcflow.log.gz", "VPC flow log"),
        ("apigw-clf.json", "Common Log Format"),
        ("folder", "it is Parquet, which is not read"),
        ("folder", "CloudTrail digest"),
    ] {
        let errors = String::from_utf8(replay("match", "rules.yml", file).stderr).unwrap();
        assert!(errors.contains(name), "{file}: {errors}");
    }
}
