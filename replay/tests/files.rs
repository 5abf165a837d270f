//! Files that hold what logs hold: who may read them, what lies in their way, and what an end by force leaves behind.
//! What takes another user is tried as root, and said to be left out elsewhere.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the lints' exemptions reach only functions marked as tests, not their helpers"
)]

mod stub;

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use stub::{Answer, Stub, ended, replay};

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

const LINE: &str = "{\"event\":\"e\",\"timestamp\":\"2024-05-01T12:00:00Z\"}\n";

/// A folder and a log group of two pages; `broken`: the second cannot be had.
struct Desk {
    folder: tempfile::TempDir,
    group: Stub,
}

impl Desk {
    fn new(is_broken: bool) -> Self {
        let event = json!({"eventId": "1", "logStreamName": "s", "timestamp": 1_779_357_894_486_u64, "message": "m"});
        let page = move |body: &serde_json::Value| -> Answer {
            match (body.get("nextToken").is_some(), is_broken) {
                (false, _) => (200, json!({"events": [event], "nextToken": "t"})),
                (true, false) => (200, json!({"events": [event]})),
                (true, true) => (
                    400,
                    json!({"__type": "AccessDeniedException", "message": "no"}),
                ),
            }
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            group: Stub::start(Box::new(move |_, body| page(&body))),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn capture(&self, args: &[&str]) -> Command {
        let group = [
            "capture",
            "--log-group",
            "g",
            "--since",
            "2h",
            "--endpoint-url",
        ];
        let fixed = [&group[..], &[&self.group.url], args].concat();
        replay(self.folder.path(), &fixed)
    }

    /// Standard error of a capture that is refused, and that changes nothing of what is there.
    fn refused(&self, args: &[&str]) -> String {
        let before = self.names();
        let (status, _, err) = ended(self.capture(args));
        assert_eq!(status, 2, "{err}");
        assert_eq!(self.names(), before, "{err}");
        err
    }

    /// A key with this mode.
    fn key(&self, name: &str, mode: u32) {
        fs::write(self.path(name), [7; 32]).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Whether users can be told apart here.
fn is_root() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let is_root = chown(folder.path(), Some(NOBODY), None).is_ok();
    if !is_root {
        println!("not tested: only root can act as another user");
    }
    is_root
}

/// A folder like `/tmp`.
fn share(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o1777)).unwrap();
}

#[test]
fn captures_and_their_parts_are_closed_to_others_whatever_the_umask() {
    for umask in ["000", "022", "777"] {
        for (is_broken, files) in [
            (false, &["a.ndjson"][..]),
            (true, &["a.ndjson.part", "a.ndjson.part.json"]),
        ] {
            let desk = Desk::new(is_broken);
            let capture = desk.capture(&["-o", "a.ndjson"]);
            let mut command = Command::new("sh");
            command
                .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
                .arg(capture.get_program())
                .args(capture.get_args())
                .envs(
                    capture
                        .get_envs()
                        .filter_map(|(key, value)| Some((key, value?))),
                )
                .current_dir(desk.folder.path());
            let (status, _, err) = ended(command);
            assert_eq!(status, if is_broken { 2 } else { 0 }, "{err}");
            assert_eq!(desk.names(), files, "{err}");
            for file in files {
                assert_eq!(mode(&desk.path(file)), 0o600, "umask {umask}: {file}");
            }
        }
    }
}

#[test]
fn an_open_capture_is_replaced_by_a_closed_one() {
    let desk = Desk::new(false);
    fs::write(desk.path("a.ndjson"), "old").unwrap();
    fs::set_permissions(desk.path("a.ndjson"), Permissions::from_mode(0o666)).unwrap();
    let (status, _, err) = ended(desk.capture(&["-o", "a.ndjson"]));
    assert_eq!(status, 0, "{err}");
    assert_eq!(mode(&desk.path("a.ndjson")), 0o600);
}

#[test]
fn no_part_is_written_through_a_link_or_into_what_is_no_plain_file() {
    for name in [
        "a.ndjson.part",
        "a.ndjson.part.json",
        "a.ndjson.part.json.tmp",
    ] {
        let desk = Desk::new(false);
        let elsewhere = tempfile::tempdir().unwrap();
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, desk.path(name)).unwrap();
        let err = desk.refused(&["-o", "a.ndjson"]);
        assert!(
            err.contains("it is a link, and no link is followed"),
            "{err}"
        );
        fs::remove_file(desk.path(name)).unwrap();
        symlink(elsewhere.path().join("none"), desk.path(name)).unwrap();
        let err = desk.refused(&["-o", "a.ndjson"]);
        assert!(
            err.contains("it is a link, and no link is followed"),
            "{err}"
        );
        fs::remove_file(desk.path(name)).unwrap();
        fs::hard_link(&victim, desk.path(name)).unwrap();
        let err = desk.refused(&["-o", "a.ndjson"]);
        assert!(err.contains("it has 2 names (hard links)"), "{err}");
        fs::remove_file(desk.path(name)).unwrap();
        fifo(&desk.path(name));
        let err = desk.refused(&["-o", "a.ndjson"]);
        assert!(err.contains("it is no regular file"), "{err}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(!elsewhere.path().join("none").exists());
    }
}

#[test]
fn what_belongs_to_somebody_else_is_left_alone() {
    if !is_root() {
        return;
    }
    for name in [
        "a.ndjson",
        "a.ndjson.part",
        "a.ndjson.part.json",
        "a.ndjson.part.json.tmp",
    ] {
        let desk = Desk::new(false);
        share(desk.folder.path());
        fs::write(desk.path(name), "theirs").unwrap();
        chown(desk.path(name), Some(NOBODY), None).unwrap();
        let err = desk.refused(&["-o", "a.ndjson"]);
        assert!(
            err.contains("it belongs to another user (uid 65534)"),
            "{name}: {err}"
        );
        assert_eq!(fs::read_to_string(desk.path(name)).unwrap(), "theirs");
        // And the other way round.
        chown(desk.path(name), Some(0), None).unwrap();
        fs::set_permissions(desk.path(name), Permissions::from_mode(0o666)).unwrap();
        let mut capture = desk.capture(&["-o", "a.ndjson"]);
        capture.uid(NOBODY).gid(NOBODY);
        let Ok(output) = capture.output() else {
            println!("not tested: another user may not run the program here");
            return;
        };
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(
            err.contains("it belongs to another user (uid 0)"),
            "{name}: {err}"
        );
        assert_eq!(fs::read_to_string(desk.path(name)).unwrap(), "theirs");
    }
}

#[test]
fn a_link_or_pipe_of_somebody_else_in_a_shared_folder_is_a_trap() {
    if !is_root() {
        return;
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let desk = Desk::new(false);
    share(desk.folder.path());
    fs::write(desk.path("log.ndjson"), LINE).unwrap();
    let victim = tempfile::NamedTempFile::new().unwrap();
    symlink(victim.path(), desk.path("link")).unwrap();
    fifo(&desk.path("pipe"));
    for name in ["link", "pipe"] {
        lchown(desk.path(name), Some(NOBODY), None).unwrap();
        let err = desk.refused(&["-o", name]);
        assert!(err.contains("another user"), "{err}");
        let run = [
            "run",
            "-o",
            name,
            "-r",
            rules.to_str().unwrap(),
            "log.ndjson",
        ];
        let (status, _, err) = ended(replay(desk.folder.path(), &run));
        assert_eq!(status, 2, "{err}");
        assert!(err.contains("another user"), "{err}");
    }
    assert_eq!(fs::read(victim.path()).unwrap(), b"");
    // The user's own link is followed.
    lchown(desk.path("link"), Some(0), None).unwrap();
    let (status, _, err) = ended(desk.capture(&["-o", "link"]));
    assert_eq!(status, 0, "{err}");
    assert!(!fs::read(victim.path()).unwrap().is_empty());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let desk = Desk::new(false);
    let args = |key| ["-o", "a.ndjson", "--pseudonymise", "--key", key];
    for open in [0o644, 0o640, 0o604, 0o660] {
        desk.key("key", open);
        let err = desk.refused(&args("key"));
        assert!(err.contains("others than its owner can read it"), "{err}");
        assert!(err.contains("`chmod 600 key` closes it"), "{err}");
    }
    for closed in [0o600, 0o400] {
        desk.key("key", 0o600);
        fs::set_permissions(desk.path("key"), Permissions::from_mode(closed)).unwrap();
        let (status, _, err) = ended(desk.capture(&args("key")));
        assert_eq!(status, 0, "{err}");
    }
    symlink("key", desk.path("link")).unwrap();
    let err = desk.refused(&args("link"));
    assert!(err.contains("name what it leads to (`key`)"), "{err}");
    for device in ["/dev/zero", "/dev/urandom", "/dev/null", "."] {
        let err = desk.refused(&args(device));
        assert!(err.contains("neither a regular file nor a pipe"), "{err}");
    }
    fs::write(desk.path("key"), vec![7; 1 << 20]).unwrap();
    fs::set_permissions(desk.path("key"), Permissions::from_mode(0o600)).unwrap();
    let err = desk.refused(&args("key"));
    assert!(err.contains("is it another file?"), "{err}");
    if is_root() {
        chown(desk.path("key"), Some(NOBODY), None).unwrap();
        let err = desk.refused(&args("key"));
        assert!(err.contains("it belongs to another user"), "{err}");
        assert!(!err.contains("chmod"), "{err}");
    }
}

#[test]
fn a_key_comes_through_a_pipe_as_from_a_file() {
    let desk = Desk::new(false);
    let args = |key| ["-o", "a.ndjson", "--pseudonymise", "--key", key];
    desk.key("key", 0o600);
    assert_eq!(ended(desk.capture(&args("key"))).0, 0);
    let from_file = fs::read(desk.path("a.ndjson")).unwrap();
    fifo(&desk.path("pipe"));
    let pipe = desk.path("pipe");
    let writer = thread::spawn(move || fs::write(pipe, [7; 32]).unwrap());
    let (status, _, err) = ended(desk.capture(&args("pipe")));
    assert_eq!(status, 0, "{err}");
    writer.join().unwrap();
    assert_eq!(fs::read(desk.path("a.ndjson")).unwrap(), from_file);
    let mut capture = Command::new("sh");
    let original = desk.capture(&args("/dev/fd/0"));
    capture
        .args(["-c", "cat key | exec \"$0\" \"$@\""])
        .arg(original.get_program())
        .args(original.get_args())
        .envs(
            original
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .env("PATH", "/usr/bin:/bin")
        .current_dir(desk.folder.path());
    let (status, _, err) = ended(capture);
    assert_eq!(status, 0, "{err}");
    assert_eq!(fs::read(desk.path("a.ndjson")).unwrap(), from_file);
}

#[test]
fn what_the_shell_has_opened_is_written_into_where_the_shell_would() {
    let desk = Desk::new(false);
    for (redirection, output, before) in [
        (">> log", "/dev/stdout", "before\n"),
        ("2>> log", "/dev/stderr", "before\n"),
        ("3>> log", "/dev/fd/3", "before\n"),
        ("3>> log", "/proc/self/fd/3", "before\n"),
        ("> log", "/dev/stdout", ""),
    ] {
        fs::write(desk.path("log"), "before\n").unwrap();
        let inode = fs::metadata(desk.path("log")).unwrap().ino();
        let original = desk.capture(&["-q", "-o", output]);
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("\"$0\" \"$@\" {redirection}")])
            .arg(original.get_program())
            .args(original.get_args())
            .envs(
                original
                    .get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .current_dir(desk.folder.path());
        let (status, _, err) = ended(command);
        assert_eq!(status, 0, "{err}");
        let text = fs::read_to_string(desk.path("log")).unwrap();
        let lines = text.strip_prefix(before).unwrap();
        assert_eq!(lines.matches("DATA_MESSAGE").count(), 2, "{output}: {text}");
        assert_eq!(fs::metadata(desk.path("log")).unwrap().ino(), inode);
        assert_eq!(desk.names(), ["log"]);
    }
}

/// Starts `replay` with rules and this input, writing to `report`.
fn start(folder: &Path, args: &[&str], stdin: Stdio) -> Child {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let fixed = ["run", "-r", rules.to_str().unwrap(), "-o", "report"];
    let mut command = replay(folder, &[&fixed[..], args].concat());
    command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status();
    assert!(sent.unwrap().success());
}

/// Waits until a file beside the input is there.
fn until_draft(folder: &Path) -> PathBuf {
    let begun = Instant::now();
    loop {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let is_draft = |path: &PathBuf| path.to_string_lossy().ends_with(".tmp");
        if let Some(draft) = entries.into_iter().find(is_draft) {
            return draft;
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn input_without_an_end_can_be_interrupted_and_says_what_it_waits_for() {
    let cases = [
        (
            "-INT",
            2,
            "pipe",
            "waits until another program opens `pipe` to write into it; Ctrl-C ends it",
        ),
        ("-TERM", 15, "opened", "waits for input from `opened`"),
        (
            "-INT",
            2,
            "-",
            "waits for input from `<stdin>` (0 B so far)",
        ),
        ("-TERM", 15, "/dev/zero", "reads `/dev/zero` until it ends"),
    ];
    let tried = cases.map(|(name, number, input, said)| {
        thread::spawn(move || {
            // The longest wait is waited for once.
            let ways = if input == "/dev/zero" {
                &[false][..]
            } else {
                &[false, true]
            };
            for &is_quiet in ways {
                let folder = tempfile::tempdir().unwrap();
                for name in ["pipe", "opened"] {
                    fifo(&folder.path().join(name));
                }
                // Both ways at once, so that opening does not wait.
                let opened = folder.path().join("opened");
                let writer = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(opened)
                    .unwrap();
                let args = if is_quiet {
                    vec!["-q", input]
                } else {
                    vec![input]
                };
                let child = start(folder.path(), &args, Stdio::piped());
                let draft = until_draft(folder.path());
                assert_eq!(mode(&draft), 0o600);
                let patience = if input == "/dev/zero" { 11_500 } else { 3_500 };
                thread::sleep(Duration::from_millis(patience));
                let begun = Instant::now();
                signal(&child, name);
                let Output { status, stderr, .. } = wait(child);
                assert!(begun.elapsed() < Duration::from_secs(5));
                assert_eq!(status.signal(), Some(number), "{input}");
                let err = String::from_utf8(stderr).unwrap();
                assert_eq!(err.contains(said), !is_quiet, "{input}: {err}");
                assert!(!is_quiet || err.is_empty(), "{err}");
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "{input}");
                drop(writer);
            }
        })
    });
    for case in tried {
        case.join().unwrap();
    }
}

/// Waits with standard input left open.
fn wait(mut child: Child) -> Output {
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output
}

#[test]
fn what_a_kill_leaves_behind_goes_with_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.ndjson"), LINE).unwrap();
    let killed = start(folder.path(), &["-"], Stdio::piped());
    let left = until_draft(folder.path());
    signal(&killed, "-KILL");
    assert_eq!(wait(killed).status.signal(), Some(9));
    assert!(left.exists());
    let mut working = start(folder.path(), &["-"], Stdio::piped());
    let begun = Instant::now();
    while left.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(20));
    }
    // A run that is at work keeps what is its own.
    let in_use = until_draft(folder.path());
    let other = start(folder.path(), &["log.ndjson"], Stdio::null());
    assert!(wait(other).status.success());
    assert!(in_use.exists());
    working
        .stdin
        .take()
        .unwrap()
        .write_all(LINE.as_bytes())
        .unwrap();
    let output = working.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let name = left.file_name().unwrap().to_string_lossy();
    let removed = format!("{name}`, left behind by a run that was killed");
    assert!(
        said.contains("note: removed `") && said.contains(&removed),
        "{said}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(mode(&folder.path().join("report")) & 0o600, 0o600);
}
