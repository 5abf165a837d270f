//! The command line as other programs see it: exit statuses, what goes where, and inputs of every kind.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const RULE: &str = "\
title: Registration rejected
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c11
name: registration_rejected
status: test
description: A vehicle registration was rejected.
author: Vedette
logsource:
  product: aws
  service: lambda
detection:
  selection:
    event: vehicle.register
    outcome: rejected
  condition: selection
level: low
vedette:
  alert: false
";

const BROKEN_RULE: &str = "\
title: Nothing to detect
logsource:
  product: aws
  service: lambda
level: low
";

const EVENT: &str = r#"{"event":"vehicle.register","outcome":"rejected","timestamp":"2024-05-01T12:00:00Z","request_id":"r1","source_ip":"192.0.2.7"}"#;

/// A folder with one good rule in `rules/`, in which `replay` is run.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.file("rules/register.yml", RULE);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.args(args).current_dir(self.path());
        command
    }

    fn replay(&self, args: &[&str]) -> Ended {
        Ended::of(&self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    fn replay_stdin(&self, args: &[&str], content: &[u8]) -> Ended {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(content).unwrap();
        Ended::of(&child.wait_with_output().unwrap())
    }
}

#[derive(Debug)]
struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    #[track_caller]
    fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    fn err_has(self, part: &str) -> Self {
        assert!(self.err.contains(part), "no `{part}` in\n{}", self.err);
        self
    }

    #[track_caller]
    fn out_has(self, part: &str) -> Self {
        assert!(self.out.contains(part), "no `{part}` in\n{}", self.out);
        self
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_recording_without_an_attack_says_so() {
    let desk = Desk::new();
    desk.file("a.ndjson", format!("{EVENT}\n{EVENT}\n"));
    desk.replay(&["run", "a.ndjson"])
        .expect(0)
        .out_has("no episode: no rule's condition held")
        .out_has(&format!("1 input, {} B, 2 records", 2 * EVENT.len() + 2))
        .out_has("2  lambda")
        .out_has("Registration rejected (registration_rejected)");
}

#[test]
fn json_leaves_standard_output_to_the_alerts() {
    let desk = Desk::new();
    desk.file("a.ndjson", format!("{EVENT}\n{{\"broken\":\n"));
    let ended = desk
        .replay(&["run", "--format", "json", "a.ndjson"])
        .expect(3)
        .err_has("unreadable: 1 record")
        .err_has("events by source");
    assert_eq!(ended.out, "");
    let quiet = desk.replay(&["run", "--format", "json", "--quiet", "a.ndjson"]);
    assert!(!quiet.err.contains("events by source"), "{}", quiet.err);
}

#[test]
fn an_unreadable_record_is_placed_and_is_status_3() {
    let desk = Desk::new();
    let content = format!("{EVENT}\n{{\"broken\":\n{EVENT}\n");
    desk.file("a.ndjson", &content);
    desk.file("b.json.gz", gzip(content.as_bytes()));
    // Where the text of the record ends too early.
    let offset = EVENT.len() + 1 + "{\"broken\":".len() - 1;
    desk.replay(&["run", "a.ndjson", "b.json.gz"])
        .expect(3)
        .err_has("unreadable: 2 records")
        .err_has(&format!("a.ndjson:2 (byte {offset}): "))
        .err_has(&format!("b.json.gz:2 (byte {offset}): "))
        .out_has("2 unreadable");
}

#[test]
fn wrong_usage_is_status_2_with_a_suggestion() {
    let desk = Desk::new();
    desk.replay(&["run", "--formt", "json", "a"])
        .expect(2)
        .err_has("--format");
    desk.replay(&["chekc", "rules"]).expect(2).err_has("check");
    desk.replay(&["run", "--format", "html", "a"])
        .expect(2)
        .err_has("[possible values: text, json, incidents]");
    desk.replay(&["run"]).expect(2).err_has("<INPUT>");
    desk.replay(&["run", "-", "-"]).expect(2).err_has("once");
}

#[test]
fn a_mistyped_input_is_status_3_and_the_others_are_read() {
    let desk = Desk::new();
    desk.file("fixtures/a.ndjson", EVENT);
    desk.replay(&["run", "fixturs/", "fixtures/a.ndjson"])
        .expect(3)
        .err_has("no such file or folder `fixturs/`; did you mean `fixtures/`?")
        .out_has("1  lambda");
    desk.replay(&["match", "fixturs/a.ndjson"])
        .expect(3)
        .err_has("did you mean `fixtures/a.ndjson`?");
}

#[test]
fn rules_that_are_missing_or_broken_are_status_2() {
    let desk = Desk::new();
    desk.file("a.ndjson", EVENT);
    desk.replay(&["run", "--rules", "ruls", "a.ndjson"])
        .expect(2)
        .err_has("did you mean `rules/`?");
    desk.file("rules/broken.yaml", BROKEN_RULE);
    for command in ["run", "match"] {
        let ended = desk.replay(&[command, "a.ndjson"]).expect(2);
        assert_eq!(ended.out, "");
        ended.err_has("rules/broken.yaml:");
    }
    fs::create_dir(desk.path().join("none")).unwrap();
    desk.replay(&["run", "--rules", "none", "a.ndjson"])
        .expect(2)
        .err_has("no .yml or .yaml file in `none`");
}

#[test]
fn a_rule_file_named_twice_is_read_once() {
    let desk = Desk::new();
    desk.file("a.ndjson", EVENT);
    let rules = ["--rules", "rules", "--rules", "rules/register.yml"];
    desk.replay(&[&["run"], &rules[..], &["a.ndjson"]].concat())
        .expect(0);
}

#[test]
fn check_prints_every_problem_and_a_closing_line() {
    let desk = Desk::new();
    desk.replay(&["check"])
        .expect(0)
        .out_has("1 rule in 1 file, no problems");
    desk.file("rules/sub/broken.yaml", BROKEN_RULE);
    desk.file("rules/README.md", "no rule");
    desk.file(
        "rules/sub/expected.yaml",
        "about: a recording's, and no rule",
    );
    desk.replay(&["check", "rules"])
        .expect(2)
        .out_has("rules/sub/broken.yaml:")
        .out_has("2 files, 1 error");
    desk.replay(&["check", "ruls"])
        .expect(2)
        .err_has("did you mean `rules/`?");
}

const FILTER: &str = "\
title: Load tests
logsource: {product: aws, service: lambda}
filter:
  rules: [registration_rejected]
  selection:
    user_agent: load-test
  condition: not selection
";

#[test]
fn check_counts_filters_and_marks_a_warning_once() {
    let desk = Desk::new();
    desk.file("rules/filter.yml", FILTER);
    let ended = desk.replay(&["check"]).expect(0);
    assert_eq!(
        ended.out,
        "silent: registration_rejected (alert: false)\n\
         2 rules in 2 files, no problems (1 detection, 0 correlations, 1 filter)\n"
    );
    desk.file("rules/register.yml", RULE.replace("level: low\n", ""));
    let ended = desk.replay(&["check"]).expect(0);
    assert_eq!(
        ended.out.lines().next(),
        Some("rules/register.yml:1: warning: missing recommended field `level`")
    );
}

#[test]
fn check_is_a_gate_for_people_programs_and_forges() {
    let desk = Desk::new();
    desk.replay(&["check", "--strict"]).expect(0);
    let without_level = RULE.replace("level: low\n", "");
    desk.file(
        "rules/re gister.yml",
        without_level.replace("name:", "date: 2021/1/1\nname:"),
    );
    fs::remove_file(desk.path().join("rules/register.yml")).unwrap();
    desk.replay(&["check"]).expect(0);
    desk.replay(&["check", "--strict"])
        .expect(2)
        .out_has("2 warnings");
    let json = desk.replay(&["check", "--format", "json"]).expect(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["warnings"], 2);
    assert_eq!(json["rules"]["detections"], 1);
    let first = &json["problems"][0];
    assert_eq!(first["path"], "rules/re gister.yml");
    assert_eq!(
        (&first["line"], &first["severity"]),
        (&1.into(), &"warning".into())
    );
    let sarif = desk
        .replay(&["check", "--strict", "--format", "sarif"])
        .expect(2);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        result["message"]["text"],
        "missing recommended field `level`"
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/re%20gister.yml");
    assert_eq!(place["region"]["startLine"], 1);
    desk.file("rules/broken.yml", BROKEN_RULE);
    let json = desk.replay(&["check", "--format", "json"]).expect(2);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["errors"], &json["rules"]), (&1.into(), &Value::Null));
}

#[test]
fn check_reads_standard_input() {
    let desk = Desk::new();
    desk.replay_stdin(&["check", "-"], RULE.as_bytes())
        .expect(0)
        .out_has("1 rule in 1 file, no problems");
    desk.replay_stdin(&["check", "-"], BROKEN_RULE.as_bytes())
        .expect(2)
        .out_has("-:");
    desk.replay_stdin(&["check", "-"], b"\xff\xfe")
        .expect(2)
        .out_has("-:1: the file is not UTF-8");
}

#[test]
fn check_says_which_lists_are_still_examples() {
    let desk = Desk::new();
    let allow = "\n  allow: {testers: user_agent, offices: source_ip}\n";
    desk.file("rules/register.yml", format!("{}{allow}", RULE.trim_end()));
    let lists = "\
allowlist:
    testers:
        - {example: true, user_agent: test/*, owner: QA, reason: load test, expires: 2020-01-31}
    offices:
        - {example: true, address: 192.0.2.0/24, owner: IT, reason: NAT, expires: 2020-01-31}
        - {address: 198.51.100.0/24, owner: IT, reason: NAT, expires: 9999-01-31}
";
    desk.file("rules/allowlist.yaml", lists);
    let ended = desk.replay(&["check"]).expect(0);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(
        lines,
        [
            "silent: registration_rejected (alert: false)",
            "rules/allowlist.yaml:2: the list `testers` is still an example and allows nothing",
            "1 rule in 2 files, no problems (1 detection, 0 correlations, 2 allowlists)",
        ]
    );
    // Without the mark the entry counts, and has ended.
    desk.file(
        "rules/allowlist.yaml",
        lists.replace("example: true, user", "user"),
    );
    desk.replay(&["check"]).expect(0).out_has(
        "rules/allowlist.yaml:3: warning: `test/*` in the list `testers` expired on 2020-01-31",
    );
}

#[test]
fn a_file_that_is_no_text_hides_nothing_of_the_others() {
    let desk = Desk::new();
    let latin = FILTER
        .replace("Load tests", "Pr\u{1}fung")
        .replace("registration_rejected", "nobody");
    let latin: Vec<u8> = latin
        .bytes()
        .map(|b| if b == 1 { 0xFC } else { b })
        .collect();
    desk.file("rules/latin.yml", latin);
    desk.file("rules/wide.yml", b"\xff\xfet\0i\0");
    desk.file("rules/z.yml", BROKEN_RULE);
    let ended = desk.replay(&["check"]).expect(2);
    let said: Vec<&str> = ended.out.lines().collect();
    assert_eq!(
        said,
        [
            "rules/latin.yml:1: the file is not UTF-8 text from here on, save it as UTF-8",
            "rules/latin.yml:4: no rule has the id or name `nobody`",
            "rules/wide.yml:1: the file is not UTF-8 text from here on, save it as UTF-8",
            "rules/z.yml:1: the rule has none of `detection`, `correlation` and `filter`",
            "4 files, 4 errors",
        ]
    );
    desk.file("a.ndjson", EVENT);
    desk.replay(&["run", "a.ndjson"])
        .expect(2)
        .err_has("rules/latin.yml:1: the file is not UTF-8")
        .err_has("rules/z.yml:1: ");
}

#[test]
fn paths_of_rules_that_do_not_exist_are_answered_with_advice() {
    let desk = Desk::new();
    for wrong in ["rulz", "rulez", "rles/"] {
        desk.replay(&["check", wrong])
            .expect(2)
            .err_has("did you mean `rules/`?");
        desk.replay(&["match", "--rules", wrong, "-"])
            .expect(2)
            .err_has("did you mean `rules/`?");
    }
    fs::rename(desk.path().join("rules"), desk.path().join("detectors")).unwrap();
    desk.file("a.ndjson", EVENT);
    desk.replay(&["run", "a.ndjson"])
        .expect(2)
        .err_has("no folder `rules/` here, give --rules PATH");
    desk.replay(&["check"])
        .expect(2)
        .err_has("no folder `rules/` here, give a PATH");
}

#[test]
fn standard_input_is_read_plain_or_gzipped() {
    let desk = Desk::new();
    for content in [EVENT.as_bytes().to_vec(), gzip(EVENT.as_bytes())] {
        desk.replay_stdin(&["run", "-"], &content)
            .expect(0)
            .out_has("1 input")
            .out_has("1  lambda");
    }
    desk.replay_stdin(&["run", "-"], b"{\"broken\":")
        .expect(3)
        .err_has("<stdin>:1 (byte 9): ");
}

#[test]
fn a_folder_is_read_at_any_depth_and_what_is_skipped_is_counted() {
    let desk = Desk::new();
    for name in ["a.json", "b/c.log", "b/d", "e.json.gz", ".hidden/f.json"] {
        let content = EVENT.as_bytes().to_vec();
        let zipped = name.ends_with("gz");
        desk.file(
            &format!("logs/{name}"),
            if zipped { gzip(&content) } else { content },
        );
    }
    desk.file("logs/expected.yaml", "alerts: []");
    desk.file("logs/b/README.md", "read me");
    desk.replay(&["run", "logs"])
        .expect(0)
        .out_has("4 inputs")
        .out_has("1 file skipped, not the name of a log: logs/b/README.md")
        .out_has("4  lambda");
    fs::create_dir(desk.path().join("empty")).unwrap();
    desk.replay(&["run", "empty"])
        .expect(3)
        .err_has("no log file in folder `empty`");
}

#[test]
fn gzip_of_several_members_is_one_stream() {
    let desk = Desk::new();
    let (head, tail) = EVENT.split_at(40);
    let members = [
        gzip(head.as_bytes()),
        gzip(b""),
        gzip(format!("{tail}\n{EVENT}").as_bytes()),
    ];
    desk.file("a.gz", members.concat());
    desk.replay(&["run", "a.gz"])
        .expect(0)
        .out_has("2 records")
        .out_has("2  lambda");
}

#[test]
fn damaged_gzip_is_status_3_and_what_came_before_counts() {
    let desk = Desk::new();
    let whole = gzip(format!("{EVENT}\n").as_bytes());
    desk.file("cut.gz", &whole[..whole.len() - 4]);
    desk.file("followed.gz", [&whole[..], b"junk"].concat());
    desk.file("good.json", EVENT);
    desk.replay(&["run", "cut.gz", "followed.gz", "good.json"])
        .expect(3)
        .err_has("`cut.gz`: gzip data is cut off")
        .err_has("`followed.gz`: gzip data is damaged")
        .out_has("3  lambda")
        .out_has("2 inputs not read");
}

#[test]
fn an_empty_file_is_noted_and_a_binary_one_is_status_3() {
    let desk = Desk::new();
    desk.file("empty.json", "");
    desk.file("blank.json", "\n\n");
    desk.file("empty.gz", gzip(b""));
    desk.replay(&["run", "empty.json", "blank.json", "empty.gz"])
        .expect(0)
        .err_has("note: `empty.json` is empty")
        .err_has("note: `empty.gz` is empty")
        .out_has("no episode: no event was read");
    let mut seed = 7_u32;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        })
        .collect();
    desk.file("noise.log", noise);
    desk.replay(&["run", "noise.log"])
        .expect(3)
        .err_has("`noise.log` is no log");
}

#[test]
fn a_line_too_long_is_placed_and_the_next_is_read() {
    let desk = Desk::new();
    let mut content = vec![b'x'; (64 << 20) + 1];
    content.extend_from_slice(b"\n");
    content.extend_from_slice(EVENT.as_bytes());
    desk.file("long.log", content);
    desk.replay(&["run", "long.log"])
        .expect(3)
        .err_has("long.log:1 (byte 0): record is larger than 64.0 MiB")
        .out_has("1  lambda");
}

#[test]
fn a_gzip_bomb_ends_quickly_with_status_3() {
    let desk = Desk::new();
    let member = gzip(&vec![b'x'; 8 << 20]);
    desk.file("bomb.gz", member.repeat(1_280));
    desk.file("good.json", EVENT);
    desk.replay(&["run", "bomb.gz", "good.json"])
        .expect(3)
        .err_has("`bomb.gz`: gzip data inflates more than 200:1; stopped after ")
        .out_has("1  lambda");
}

#[test]
fn output_goes_to_a_file_that_appears_whole() {
    let desk = Desk::new();
    desk.file("a.ndjson", EVENT);
    desk.file("report.txt", "old");
    let ended = desk
        .replay(&["run", "--output", "report.txt", "a.ndjson"])
        .expect(0);
    assert_eq!(ended.out, "");
    let report = fs::read_to_string(desk.path().join("report.txt")).unwrap();
    assert!(report.starts_with("no episode"), "{report}");
    let left: Vec<_> = fs::read_dir(desk.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert_eq!(left, [""; 0]);
    desk.replay(&["run", "--output", "none/report.txt", "a.ndjson"])
        .expect(2)
        .err_has("cannot write `none/report.txt`");
    desk.replay(&["run", "--output", "/dev/null", "a.ndjson"])
        .expect(0);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let desk = Desk::new();
    desk.file("a.ndjson", EVENT);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = desk
        .command(&["run", "a.ndjson"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let ended = Ended::of(&output).expect(0);
    assert_eq!(ended.err, "");
}

#[test]
fn colours_are_for_those_who_ask() {
    let desk = Desk::new();
    desk.file("a.ndjson", EVENT);
    let run = |args: &[&str]| desk.replay(&[&["run", "a.ndjson"], args].concat()).out;
    assert!(!run(&[]).contains('\u{1b}'));
    assert!(!run(&["--color", "never"]).contains('\u{1b}'));
    assert!(run(&["--color", "always"]).contains('\u{1b}'));
}

#[test]
fn names_of_files_cannot_reach_a_terminal_raw() {
    let desk = Desk::new();
    desk.file("logs/\u{1b}[2Jx.json", "{\"broken\":");
    let ended = desk.replay(&["run", "logs"]).expect(3);
    assert!(!ended.err.contains('\u{1b}'), "{}", ended.err);
    ended.err_has(r"logs/\u{1b}[2Jx.json:1 (byte 9)");
}

#[test]
fn help_shows_examples_and_exit_statuses() {
    let desk = Desk::new();
    for (args, parts) in [
        (
            &["--help"][..],
            &["run", "match", "check", "Exit status:"][..],
        ),
        (
            &["run", "--help"],
            &["Examples:", "Inputs:", "Exit status:", "--as-arrived"],
        ),
        (
            &["match", "--help"],
            &["Examples:", "Exit status:", "event_time"],
        ),
        (&["check", "--help"], &["Examples:", "Exit status:"]),
    ] {
        let ended = desk.replay(args).expect(0);
        for part in parts {
            assert!(ended.out.contains(part), "no {part} in\n{}", ended.out);
        }
    }
    desk.replay(&["--version"]).expect(0).out_has("replay 0.");
}

#[test]
fn match_prints_one_line_per_hit() {
    let desk = Desk::new();
    desk.file("a.ndjson", format!("{EVENT}\nplain text\n"));
    let ended = desk.replay(&["match", "a.ndjson"]).expect(0);
    let lines: Vec<serde_json::Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["rule_id"], "3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c11");
    assert_eq!(lines[0]["event_time"], "2024-05-01T12:00:00.000Z");
    assert!(lines[0]["event_id"].is_string());
}

#[test]
fn an_episode_is_one_json_line_or_one_row() {
    let desk = Desk::new();
    desk.file(
        "rules/flood.yml",
        "\
title: Registration flood
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c12
name: registration_flood
status: test
description: Many registrations from one address.
author: Vedette
correlation:
  type: event_count
  rules:
    - registration_rejected
  group-by:
    - source_ip
  timespan: 1m
  condition:
    gte: 2
level: high
",
    );
    let second = EVENT.replace("r1", "r2").replace("12:00:00", "12:00:30");
    desk.file("a.ndjson", format!("{second}\n{EVENT}\n"));
    let ended = desk
        .replay(&["run", "--format", "json", "a.ndjson"])
        .expect(0);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ended.out);
    let alert: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(alert["rule"]["name"], "registration_flood");
    assert_eq!(alert["group"]["source_ip"], "192.0.2.7");
    assert_eq!(alert["opened_at"], "2024-05-01T12:00:30.000Z");
    assert_eq!(alert["held_until"], "2024-05-01T12:01:00.000Z");
    assert_eq!(alert["count"], 2);
    desk.replay(&["run", "a.ndjson"])
        .expect(0)
        .out_has("1 episode\n")
        .out_has("12:01:00 UTC (30s)")
        .out_has("source_ip=192.0.2.7");
}

/// More numbers in one group than are kept one by one.
#[test]
fn estimates_are_told_of_by_rule() {
    const SUM: &str = "---
title: Large exports
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c12
status: test
correlation:
  type: value_sum
  rules: [registration_rejected]
  group-by: [source_ip]
  timespan: 8h
  condition: {field: size, gte: 100000}
level: low
";
    let desk = Desk::new();
    desk.file("rules/register.yml", format!("{RULE}{SUM}"));
    for (events, is_told) in [(128, false), (129, true)] {
        let event = |number: i32| {
            EVENT
                .replace("r1", &format!("r{number}"))
                .replace("\"outcome\"", &format!("\"size\":{number},\"outcome\""))
        };
        let lines: Vec<String> = (0..events).map(event).collect();
        desk.file("events.ndjson", lines.join("\n"));
        let ended = desk.replay(&["run", "--quiet", "--rules", "rules", "events.ndjson"]);
        let told = "approximate: 1 group of \"Large exports\" had more than 128 numbers";
        assert_eq!(ended.err.contains(told), is_told, "{}", ended.err);
    }
}

const OWNERS: &str = "\
title: Document read
name: document_read
logsource: {product: aws, service: lambda}
detection:
  read: {event: document.read}
  condition: read
level: informational
---
title: Document created
name: document_created
logsource: {product: aws, service: lambda}
detection:
  created: {event: document.create}
  condition: created
level: informational
---
title: Document of somebody else read
name: foreign_document_read
correlation:
  type: value_count
  rules: [document_read, document_created]
  group-by: [document_id]
  timespan: 10m
  condition: {field: sub, gte: 1}
vedette:
  owner: {given_by: [document_created], memory: 30d}
level: critical
";

#[test]
fn a_snapshot_of_owners_is_one_more_input() {
    let desk = Desk::new();
    desk.file("owners.yml", OWNERS);
    let line = |event: &str, day: u32, sub: &str| {
        format!(
            r#"{{"timestamp":"2026-05-{day:02}T12:00:00Z","event":"{event}","request_id":"r-{day}-{sub}","document_id":"d1","sub":"{sub}"}}"#
        )
    };
    let reads = [
        line("document.read", 2, "ada"),
        line("document.read", 3, "eve"),
    ];
    desk.file("reads.ndjson", reads.join("\n"));
    let run = [
        "run",
        "--rules",
        "owners.yml",
        "--format",
        "json",
        "reads.ndjson",
    ];
    let without = desk.replay(&run).expect(0);
    assert_eq!(without.out, "");
    let without = without.err_has("unknown: 2 hits of \"Document of somebody else read\"");
    without.err_has("a snapshot of the owners");
    desk.file("snapshot.ndjson", line("document.create", 1, "ada"));
    let with = desk
        .replay(&[&run[..], &["snapshot.ndjson"]].concat())
        .expect(0);
    assert!(!with.err.contains("unknown:"), "{}", with.err);
    let alert: serde_json::Value = serde_json::from_str(&with.out).expect("one alert");
    assert_eq!(alert["first_event_time"], "2026-05-03T12:00:00.000Z");
    assert_eq!(
        (&alert["count"], &alert["distinct"]),
        (&1.into(), &1.into())
    );
}

/// A detection, a count of it, one that has a memory, and one over the count.
const IN_SERVICE: &str = "\
title: Rejected
id: 10000000-0000-4000-8000-000000000001
name: rejected
logsource: {product: aws, service: lambda}
detection: {it: {event: vehicle.register}, condition: it}
level: low
---
title: Burst
id: 10000000-0000-4000-8000-000000000002
name: burst
level: low
correlation: {type: event_count, rules: [rejected], group-by: [source_ip], timespan: 10m, condition: {gte: 20}}
---
title: Chain
id: 10000000-0000-4000-8000-000000000003
name: chain
level: low
correlation: {type: temporal, rules: [burst, rejected], group-by: [source_ip], timespan: 1h, generate: true}
---
title: New to it
id: 10000000-0000-4000-8000-000000000004
name: new_to_it
level: low
correlation: {type: value_count, rules: [rejected], group-by: [source_ip], timespan: 10m, condition: {field: route, gte: 1}}
vedette: {first_seen: {learning: 7d, memory: 30d}}
";

/// What `check --against` says of rules edited so, but for what any check says.
fn fates(edits: &[(&str, &str)]) -> Vec<String> {
    let desk = Desk::new();
    fs::remove_file(desk.path().join("rules/register.yml")).unwrap();
    desk.file("old/all.yml", IN_SERVICE);
    let mut edited = IN_SERVICE.to_owned();
    for (from, to) in edits {
        assert!(edited.contains(from), "{from}");
        edited = edited.replace(from, to);
    }
    desk.file("rules/all.yml", edited);
    let ended = desk.replay(&["check", "--against", "old"]).expect(0);
    let plain = desk.replay(&["check"]).expect(0).out;
    let lines = ended.out.lines().filter(|line| !plain.contains(*line));
    lines.map(str::to_owned).collect()
}

#[test]
fn check_against_tells_what_the_rules_in_service_come_to() {
    assert_eq!(fates(&[]), ["kept: burst, chain, new_to_it"]);
    // Titles, what is found, and what is told are no part of the state.
    let edits = [
        ("title: Burst", "title: Fast"),
        ("level: low", "level: high"),
        ("vehicle.register}", "vehicle.read}"),
    ];
    assert_eq!(fates(&edits), ["kept: burst, chain, new_to_it"]);
    assert_eq!(
        fates(&[("gte: 20", "gte: 25"), ("learning: 7d", "learning: 8d")]),
        [
            "kept: chain",
            "kept: burst: threshold gte 20 -> gte 25; where it rises, groups that had reached it count from then on",
            "kept: new_to_it: learning 7d00h -> 8d00h",
        ]
    );
    let closed = "until it judges as before, and its open episodes will not be closed";
    assert_eq!(
        fates(&[
            (
                "group-by: [source_ip], timespan: 10m, condition: {gte: 20}",
                "group-by: [source_ip, sub], timespan: 20m, condition: {gte: 20}"
            ),
            ("memory: 30d", "memory: 31d")
        ]),
        [
            format!(
                "starts anew: burst: timespan 10m00s -> 20m00s, group-by 0: source_ip -> 0: source_ip + 1: sub; needs 35m00s {closed}"
            ),
            format!("starts anew: chain: its `burst` starts anew; needs 1h35m {closed}"),
            format!("starts anew: new_to_it: memory 30d00h -> 31d00h; needs 31d00h {closed}"),
        ]
    );
    assert_eq!(
        fates(&[(
            "id: 10000000-0000-4000-8000-000000000004",
            "id: 10000000-0000-4000-8000-000000000005"
        )]),
        [
            "kept: burst, chain",
            "new rule: new_to_it",
            "removed rule: new_to_it: its open episodes will not be closed",
        ]
    );
}

#[test]
fn check_against_is_for_programs_and_forges_too() {
    let desk = Desk::new();
    desk.file(
        "rules/register.yml",
        IN_SERVICE.replace(
            "timespan: 10m, condition: {gte",
            "timespan: 20m, condition: {gte",
        ),
    );
    desk.file("old/all.yml", IN_SERVICE.replace("gte: 1}", "gte: 2}"));
    let json = desk
        .replay(&["check", "--against", "old", "--format", "json"])
        .expect(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let of = |at: usize| &json["against"][at];
    assert_eq!(
        (&of(0)["rule"], &of(0)["state"]),
        (&"burst".into(), &"anew".into())
    );
    assert_eq!(of(0)["needs_seconds"], 35 * 60);
    assert_eq!(of(0)["changed"][0]["what"], "timespan");
    assert_eq!(of(1)["because_of"][0], "burst");
    assert_eq!(
        (&of(2)["state"], &of(2)["changed"][0]["to"][0]),
        (&"kept".into(), &"gte 1".into())
    );
    let plain = desk.replay(&["check", "--format", "json"]).expect(0).out;
    assert!(!plain.contains("against"), "{plain}");

    let sarif = desk
        .replay(&["check", "--against", "old", "--format", "sarif"])
        .expect(0);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    let mut notes = sarif["runs"][0]["results"].as_array().unwrap().clone();
    // The rules here name nobody, which is doubted.
    notes.retain(|result| result["level"] == "note");
    assert_eq!(notes.len(), 3);
    let note = &notes[0];
    assert_eq!(
        (&note["level"], &note["ruleId"]),
        (&"note".into(), &"note".into())
    );
    assert!(
        note["message"]["text"]
            .as_str()
            .unwrap()
            .starts_with("starts anew: burst")
    );
    let place = &note["locations"][0]["physicalLocation"];
    assert_eq!(
        (
            &place["artifactLocation"]["uri"],
            &place["region"]["startLine"]
        ),
        (&"rules/register.yml".into(), &8.into())
    );
}

#[test]
fn rules_that_cannot_be_in_service_are_no_ground_to_compare_on() {
    let desk = Desk::new();
    desk.replay(&["check", "--against", "rulse"])
        .expect(2)
        .err_has("--against rulse")
        .err_has("did you mean `rules/`?");
    desk.file("old/broken.yml", BROKEN_RULE);
    desk.replay(&["check", "--against", "old"])
        .expect(2)
        .err_has(
            "--against old: these rules cannot be in service, they have 1 error: old/broken.yml:",
        );
}
