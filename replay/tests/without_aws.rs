//! What a program that is built without AWS says to the commands that speak to it.
#![cfg(not(feature = "aws"))]

use std::process::{Command, Output};

fn replay(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(args).output().expect("the program runs")
}

const COMMANDS: [(&str, &[&str]); 2] = [
    ("send", &["send", "--stream", "audit", "recording.ndjson"]),
    (
        "capture",
        &[
            "capture",
            "--log-group",
            "group",
            "--since",
            "2h",
            "-o",
            "captured.ndjson",
        ],
    ),
];

#[test]
fn commands_that_speak_to_aws_say_how_to_get_them() {
    for (name, args) in COMMANDS {
        let ended = replay(args);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
        let told = String::from_utf8(ended.stderr).expect("UTF-8");
        assert!(
            told.starts_with("error: ") && told.lines().count() == 1,
            "{told}"
        );
        assert!(told.contains(&format!("`{name}`")), "{told}");
        assert!(
            told.ends_with("cargo install --path replay --features aws\n"),
            "{told}"
        );
    }
}

#[test]
fn they_are_in_the_help_with_all_their_options() {
    let told = |args: &[&str]| String::from_utf8(replay(args).stdout).expect("UTF-8");
    let help = told(&["--help"]);
    for (name, args) in COMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{help}");
        let own = told(&[name, "--help"]);
        for option in args.iter().filter(|arg| arg.starts_with("--")) {
            assert!(own.contains(option), "{own}");
        }
        assert!(own.contains("--endpoint-url"), "{own}");
    }
}

#[test]
fn what_is_wrong_with_the_command_line_is_said_first() {
    let told = String::from_utf8(replay(&["send", "recording.ndjson"]).stderr).expect("UTF-8");
    assert!(
        told.contains("--stream <NAME>") && !told.contains("cargo install"),
        "{told}"
    );
}
