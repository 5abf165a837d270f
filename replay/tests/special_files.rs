//! What `--output` does with what is no regular file: it is written into or refused, and never replaced.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod stub;

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::json;
use stub::{Stub, ended, replay};

const EVENT: &str = r#"{"event":"vehicle.register","outcome":"rejected","timestamp":"2024-05-01T12:00:00Z","request_id":"r1","source_ip":"192.0.2.7"}"#;

/// The commands with `--output`, and a part of what each writes.
const COMMANDS: [(&str, &str); 6] = [
    ("run", "no episode"),
    ("alerts", "Registration"),
    ("test", "alerts_nothing"),
    ("threats", "T1"),
    ("init", "settings:"),
    ("capture", "DATA_MESSAGE"),
];

/// What the recording hits.
const RULE: &str = "title: Registration
id: 5b0d6c1e-7f38-4a92-8c47-1e9d3b5f7a20
level: low
logsource: {product: aws, service: lambda}
detection: {it: {event: vehicle.register}, condition: it}
";

/// A list in which nothing is left to prove.
const THREATS: &str = "threats:
    T1:
        title: floods
        accepted: {by: owner, reason: an example, until: 2999-12-31}
";

/// A folder with a recording that raises nothing by the rules that ship, rules of its own, and a log group of one page.
struct Desk {
    folder: tempfile::TempDir,
    group: Stub,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("recordings/alerts_nothing");
        fs::create_dir_all(&recording).unwrap();
        fs::write(recording.join("a.ndjson"), EVENT).unwrap();
        let expected = "about: Nothing.\nkind: near_miss\nalerts: []\n";
        fs::write(recording.join("expected.yaml"), expected).unwrap();
        let rules = folder.path().join("rules");
        fs::create_dir(&rules).unwrap();
        fs::write(rules.join("rule.yml"), RULE).unwrap();
        fs::write(rules.join("threats.yaml"), THREATS).unwrap();
        let event = json!({"eventId": "1", "logStreamName": "s", "timestamp": 1_779_357_894_486_u64, "message": "m"});
        let page = json!({ "events": [event] });
        let group = Stub::start(Box::new(move |_, _| (200, page.clone())));
        Self { folder, group }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exit status and standard error of a command that writes to `output`.
    fn write(&self, command: &str, output: &str) -> (i32, String) {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
        let rules = rules.to_str().unwrap();
        let args = match command {
            "run" => vec!["-q", "--rules", rules, "recordings"],
            "test" => vec!["--rules", rules, "--format", "json", "recordings"],
            "alerts" => vec!["-q", "recordings"],
            "threats" => vec!["recordings"],
            "init" => vec!["-q", "recordings"],
            _ => vec![
                "--log-group",
                "g",
                "--since",
                "2h",
                "--endpoint-url",
                &self.group.url,
            ],
        };
        let args = [&[command, "--output", output][..], &args].concat();
        let (status, out, err) = ended(replay(self.folder.path(), &args));
        assert_eq!(out, "");
        (status, err)
    }

    /// Names beside the recording.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let name = |entry: Result<fs::DirEntry, _>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .filter(|name| name != "recordings" && name != "rules")
            .collect();
        names.sort();
        names
    }
}

/// Makes a special file with a program of the system; tells whether that was possible.
fn made(program: &str, path: &Path, args: &[&str]) -> bool {
    let status = Command::new(program).arg(path).args(args).output();
    status.is_ok_and(|output| output.status.success())
}

#[test]
fn these_are_the_commands_with_an_output() {
    let folder = tempfile::tempdir().unwrap();
    let help = |args: &[&str]| ended(replay(folder.path(), args)).1;
    let commands: Vec<_> = help(&["--help"])
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(commands.len() > 5, "{commands:?}");
    let with_output: Vec<_> = commands
        .iter()
        .filter(|command| *command != "help" && help(&[command, "--help"]).contains("--output"))
        .collect();
    assert_eq!(with_output, COMMANDS.map(|(command, _)| command));
}

#[test]
fn a_pipe_is_written_into_and_stays() {
    for (command, part) in COMMANDS {
        let desk = Desk::new();
        let pipe = desk.path("pipe");
        assert!(made("mkfifo", &pipe, &[]), "mkfifo is part of any system");
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        let (status, err) = desk.write(command, "pipe");
        assert_eq!(status, 0, "{command}: {err}");
        let read = reader.join().unwrap();
        assert!(read.contains(part), "{command}: {read}");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(desk.names(), ["pipe"], "{command}");
    }
}

#[test]
fn a_device_is_written_into_and_stays() {
    for (command, _) in COMMANDS {
        let desk = Desk::new();
        let device = desk.path("nothing");
        let is_usable = made("mknod", &device, &["c", "1", "3"])
            && fs::OpenOptions::new().write(true).open(&device).is_ok();
        if !is_usable {
            println!("not tested: only root may make a device, and not everywhere");
            return;
        }
        symlink("nothing", desk.path("link")).unwrap();
        for output in ["nothing", "link"] {
            let (status, err) = desk.write(command, output);
            assert_eq!(status, 0, "{command}: {err}");
            assert!(fs::metadata(&device).unwrap().file_type().is_char_device());
            assert_eq!(desk.names(), ["link", "nothing"], "{command}");
        }
    }
}

#[test]
fn links_are_written_through_also_where_their_file_is_not_there_yet() {
    for (command, part) in COMMANDS {
        let desk = Desk::new();
        fs::create_dir(desk.path("results")).unwrap();
        symlink("results/second", desk.path("first")).unwrap();
        symlink("file", desk.path("results/second")).unwrap();
        let file = desk.path("results/file");
        // `init` overwrites nothing.
        for _ in 0..if command == "init" { 1 } else { 2 } {
            let (status, err) = desk.write(command, "first");
            assert_eq!(status, 0, "{command}: {err}");
            assert!(fs::read_to_string(&file).unwrap().contains(part));
            fs::write(&file, "old").unwrap();
        }
        for link in ["first", "results/second"] {
            assert!(fs::read_link(desk.path(link)).is_ok(), "{command}: {link}");
        }
        assert_eq!(fs::read_dir(desk.path("results")).unwrap().count(), 2);
        symlink("circle", desk.path("circle")).unwrap();
        let (status, err) = desk.write(command, "circle");
        assert_eq!(status, 2);
        assert!(err.contains("cannot write `circle`"), "{command}: {err}");
    }
}

#[test]
fn what_cannot_be_written_into_is_refused_before_anything_is_done() {
    for (command, _) in COMMANDS {
        let desk = Desk::new();
        let _listener = UnixListener::bind(desk.path("socket")).unwrap();
        fs::create_dir(desk.path("folder")).unwrap();
        for (output, said) in [
            ("socket", "it is no regular file"),
            ("folder", "Is a directory"),
        ] {
            let (status, err) = desk.write(command, output);
            assert_eq!(status, 2, "{command}: {err}");
            assert!(
                err.contains(&format!("cannot write `{output}`: {said}")),
                "{command}: {err}"
            );
        }
        assert!(
            fs::metadata(desk.path("socket"))
                .unwrap()
                .file_type()
                .is_socket()
        );
        assert_eq!(desk.names(), ["folder", "socket"], "{command}");
    }
}
