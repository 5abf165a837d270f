//! `replay capture --from … --pseudonymise` and `--check`, as a user would run them: nothing that was put into a log is
//! left in any encoding, stand-ins are known as such, and what the same key makes is the same.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod corpus;
#[expect(dead_code, reason = "nobody plays AWS here")]
mod stub;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use corpus::reading::left_in;
use stub::{ended, replay};

const KEY: &[u8] = b"sixteen bytes or more";

/// Pseudonymises `before` and gives what came out, and what was said.
fn pseudonymised(folder: &Path, before: &[u8], args: &[&str]) -> (Vec<u8>, String) {
    fs::write(folder.join("before"), before).unwrap();
    fs::write(folder.join("key"), KEY).unwrap();
    // As a key has to be: for nobody else.
    fs::set_permissions(folder.join("key"), Permissions::from_mode(0o600)).unwrap();
    let fixed = [
        "capture",
        "--from",
        "before",
        "--pseudonymise",
        "-o",
        "after",
    ];
    let (status, out, err) = ended(replay(folder, &[&fixed[..], args].concat()));
    assert_eq!((status, &*out), (0, ""), "{err}");
    (fs::read(folder.join("after")).unwrap(), err)
}

#[test]
fn nothing_that_was_put_in_is_left_in_any_encoding() {
    let lines = corpus::lines();
    assert!(lines.len() > 300, "{}", lines.len());
    let folder = tempfile::tempdir().unwrap();
    let text: String = lines
        .iter()
        .map(|(_, _, line)| format!("{line}\n"))
        .collect();
    let (after, _) = pseudonymised(folder.path(), text.as_bytes(), &["--key", "key"]);
    let values: BTreeSet<&str> = lines.iter().map(|(_, value, _)| *value).collect();
    let values: Vec<&str> = values.into_iter().collect();
    let after = String::from_utf8(after).unwrap();
    let left: Vec<_> = after
        .lines()
        .flat_map(|line| {
            left_in(line, &values)
                .into_iter()
                .map(move |it| format!("`{it}` in {line}"))
        })
        .collect();
    assert!(left.is_empty(), "{} left:\n{}", left.len(), left.join("\n"));
}

#[test]
fn what_is_pseudonymised_passes_the_check_and_what_was_there_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = corpus::lines()
        .iter()
        .map(|(_, _, line)| format!("{line}\n"))
        .collect();
    let (_, said) = pseudonymised(folder.path(), text.as_bytes(), &[]);
    assert!(
        said.contains("removed")
            && said.contains("e-mail addresses")
            && said.contains("may still name people"),
        "{said}"
    );
    let (status, out, err) = ended(replay(folder.path(), &["capture", "--check", "after"]));
    assert_eq!((status, &*out), (0, ""), "{err}");
    let (status, out, _) = ended(replay(folder.path(), &["capture", "--check", "before"]));
    assert_eq!(status, 1);
    let lines: BTreeSet<&str> = out.lines().filter_map(|it| it.split(':').nth(1)).collect();
    // Nearly of each line something is listed, with its number; some have records of several lines.
    assert!(
        lines.len() * 20 > text.lines().count() * 19,
        "{} of {}",
        lines.len(),
        text.lines().count()
    );
    assert!(
        !out.contains("korrekt-pferd") && out.contains("in username: zelda.quist"),
        "{out}"
    );
    assert!(out.contains("before:1: user in username"), "{out}");
}

#[test]
fn the_same_key_gives_the_same_and_random_ones_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = corpus::lines()
        .iter()
        .take(400)
        .map(|(_, _, line)| format!("{line}\n"))
        .collect();
    let made = |args: &[&str]| pseudonymised(folder.path(), text.as_bytes(), args).0;
    assert_eq!(made(&["--key", "key"]), made(&["--key", "key"]));
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let stand_ins = |text: Vec<u8>| -> BTreeSet<String> {
        let text = String::from_utf8(text).unwrap();
        let words = text
            .split(|c| !is_part(c))
            .filter(|it| it.len() > 14 && (it.starts_with("user_") || it.starts_with("id_")));
        words.map(str::to_owned).collect()
    };
    let (one, other) = (stand_ins(made(&[])), stand_ins(made(&[])));
    assert!(one.len() > 3 && one.is_disjoint(&other), "{one:?}");
}

#[test]
fn packed_files_and_standard_input_are_read_and_nothing_of_aws_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let line = b"{\"user\":\"ada\",\"source_ip\":\"81.2.69.144\"}\nada signed in\n";
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, line).unwrap();
    let (after, said) = pseudonymised(folder.path(), &writer.finish().unwrap(), &["--key", "key"]);
    let after = String::from_utf8(after).unwrap();
    let name = after.split('"').nth(3).unwrap().to_owned();
    assert!(
        name.starts_with("user_") && after.ends_with(&format!("\n{name} signed in\n")),
        "{after}"
    );
    assert!(
        said.contains("wrote 2 records into `after`") && said.contains("replaced 1 name in text"),
        "{said}"
    );
    let quiet = pseudonymised(folder.path(), line, &["--quiet"]).1;
    assert_eq!(quiet, "");
}

#[test]
fn wrong_usage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "x\n").unwrap();
    for (args, said) in [
        (&["--from", "a", "-o", "b"][..], "--pseudonymise"),
        (
            &["--from", "a", "--pseudonymise", "-o", "a"],
            "choose another --output",
        ),
        (&["--from", "none", "--pseudonymise", "-o", "b"], "none"),
        (
            &["--from", ".", "--pseudonymise", "-o", "b"],
            "--from takes one file",
        ),
        (&["--check", "a", "--since", "2h"], "cannot be used with"),
        (&["--since", "2h", "-o", "b"], "--log-group"),
        (&["--log-group", "g", "-o", "b"], "--since"),
        (&["--log-group", "g", "--since", "2h"], "--output"),
    ] {
        let (status, _, err) = ended(replay(folder.path(), &[&["capture"], args].concat()));
        assert!(status == 2 && err.contains(said), "{args:?}: {err}");
    }
    let (status, _, err) = ended(replay(folder.path(), &["capture", "--check", "none"]));
    assert!(status == 3 && err.contains("none"), "{err}");
}
