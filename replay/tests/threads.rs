//! The number of threads changes nothing: standard output, standard error and exit status are the same, byte for byte.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn replay(folder: &Path, args: &[&str], threads: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command
        .args(args)
        .args(["--threads", threads, "--rules"])
        .arg(root().join("rules"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn ended(mut command: Command, stdin: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Beside the reading, or each side might wait for the other; the program may end without having read it all.
        scope.spawn(move || drop(input.write_all(stdin)));
        child.wait_with_output().unwrap()
    })
}

/// Runs with several numbers of threads; gives what all of them put out.
#[track_caller]
fn alike(folder: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let one = ended(replay(folder, args, "1"), stdin);
    for threads in ["2", "5"] {
        for _ in 0..2 {
            let many = ended(replay(folder, args, threads), stdin);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let what = format!("{args:?} on {threads} threads");
            assert!(many.stdout == one.stdout, "standard output of {what}");
            assert_eq!(text(&many.stderr), text(&one.stderr), "{what}");
            assert_eq!(many.status, one.status, "{what}");
        }
    }
    one
}

#[test]
fn recordings_give_the_same_on_any_number_of_threads() {
    let alerts = alike(
        &root(),
        &["run", "--format", "json", "fixtures/error_leak"],
        b"",
    );
    assert!(!alerts.stdout.is_empty());
    alike(&root(), &["run", "fixtures/error_leak"], b"");
    let hits = alike(&root(), &["match", "fixtures/error_leak"], b"");
    assert!(hits.stdout.len() > 100_000);
}

/// Random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// An access line that a rule hits, or something that is hard to read.
    fn line(&mut self) -> String {
        let n = self.roll(1 << 40);
        match self.roll(40) {
            0 => "{\"event\":\"vehicle.read\",".into(),
            1 => format!("{{\"event\":{n}"),
            2 => "{\n  \"event\": \"over\",\n  \"lines\": 3\n}".into(),
            3 => String::new(),
            4 => "\u{0}\u{1} no text".into(),
            5 => format!(
                "{{\"event\":\"x\",\"pad\":\"{}\"}}",
                "p".repeat(self.roll(9_999) as usize)
            ),
            _ => format!(
                r#"{{"event":"vehicle.read","decision":"deny","timestamp":"2024-05-01T{:02}:{:02}:00Z","request_id":"r{n}","sub":"user-{}","resource_id":"veh-{}"}}"#,
                self.roll(24),
                self.roll(60),
                self.roll(60),
                self.roll(500),
            ),
        }
    }

    fn lines(&mut self, count: usize) -> Vec<u8> {
        let lines: Vec<String> = (0..count).map(|_| self.line()).collect();
        lines.join("\n").into_bytes()
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Files of very different sizes and of every kind of damage.
fn generated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let mut dice = Dice(1);
    file("00-small.ndjson", &dice.lines(3));
    file("01-large.ndjson", &dice.lines(9_000));
    file("02-empty.json", b"");
    file("03-large.ndjson.gz", &gzip(&dice.lines(5_000)));
    let cut = gzip(&dice.lines(2_000));
    file("04-cut.gz", &cut[..cut.len() - 900]);
    let mut damaged = gzip(&dice.lines(3_000));
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    file("05-damaged.gz", &damaged);
    let noise: Vec<u8> = (0..300_000).map(|_| dice.roll(256) as u8).collect();
    file("06-noise.log", &noise);
    let members: Vec<String> = (0..4_000)
        .map(|_| dice.line())
        .filter(|l| l.ends_with("\"}"))
        .collect();
    let list = format!("{{\"Records\":[{}]}}", members.join(",\n"));
    file("07-list.json", list.as_bytes());
    file("08-list.json.gz", &gzip(list.as_bytes()));
    let long = format!("{{\"event\":\"{}\"}}\n", "x".repeat(2 << 20));
    file("09-long.json", &[long.as_bytes(), &dice.lines(5)].concat());
    for n in 10..60 {
        let count = dice.roll(60) as usize;
        file(&format!("{n}-some.gz"), &gzip(&dice.lines(count)));
    }
    folder
}

#[test]
fn damage_is_told_of_in_the_same_order() {
    let folder = generated();
    let text = alike(folder.path(), &["run", ".", "nowhere"], b"");
    assert_eq!(text.status.code(), Some(3));
    let told = String::from_utf8(text.stderr).unwrap();
    for part in [
        "00-small.ndjson:",
        "more; in all:",
        "cut off",
        "damaged",
        "`./06-noise.log` is no log",
        "02-empty.json` is empty",
        "nowhere",
    ] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }
    let alerts = alike(folder.path(), &["run", "--format", "json", "."], b"");
    assert!(!alerts.stdout.is_empty());
    let hits = alike(folder.path(), &["match", "-q", "."], b"");
    assert!(hits.stdout.len() > 1_000_000, "{}", hits.stdout.len());
}

#[test]
fn standard_input_stands_where_it_is_named() {
    let folder = generated();
    let lines = Dice(2).lines(4_000);
    alike(folder.path(), &["run", "-"], &lines);
    let args = ["match", "03-large.ndjson.gz", "-", "01-large.ndjson"];
    alike(folder.path(), &args, &gzip(&lines));
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let folder = generated();
    for threads in ["1", "4"] {
        // Standard input stays open and silent: nothing may wait for it.
        let mut child = replay(
            folder.path(),
            &["match", "-q", "01-large.ndjson", "-"],
            threads,
        )
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
        let silent = child.stdin.take();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        drop(silent);
        assert_eq!(ended.status.code(), Some(0));
    }
}

#[test]
fn a_number_of_threads_is_a_number_from_one() {
    for wrong in ["0", "-1", "many", "1000000"] {
        let ended = ended(replay(&root(), &["run", "fixtures"], wrong), b"");
        assert_eq!(ended.status.code(), Some(2), "{wrong}");
    }
}
