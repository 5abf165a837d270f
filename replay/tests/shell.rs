//! What a system keeps beside the program: its version, completions and manual pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn replay(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(args).output().expect("the program runs")
}

fn told(args: &[&str]) -> String {
    let ended = replay(args);
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout).expect("UTF-8")
}

/// The commands that `replay --help` lists.
fn commands() -> BTreeSet<String> {
    let help = told(&["--help"]);
    let listed = help
        .split("Commands:\n")
        .nth(1)
        .and_then(|text| text.split("\n\n").next());
    let lines = listed.expect("a list of commands").lines();
    lines
        .filter_map(|line| {
            Some(
                line.strip_prefix("  ")?
                    .split_whitespace()
                    .next()?
                    .to_owned(),
            )
        })
        .collect()
}

#[test]
fn the_version_has_the_commit_where_there_is_one() {
    let version = told(&["-V"]);
    assert_eq!(version, told(&["--version"]));
    let rest = version
        .trim_end()
        .strip_prefix(&format!("replay {}", env!("CARGO_PKG_VERSION")));
    let rest = rest.unwrap_or_else(|| panic!("{version}"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let git = Command::new("git")
        .arg("-C")
        .arg(&root)
        .args(["rev-parse", "HEAD"])
        .output();
    let head = git
        .ok()
        .filter(|output| output.status.success() && root.join(".git").exists());
    match head {
        Some(head) => {
            let head = String::from_utf8(head.stdout).expect("hexadecimal digits");
            let commit = format!("({}", &head[..12]);
            assert!(
                rest.trim().starts_with(&commit),
                "{version}, and not {head}"
            );
            assert!(
                rest.ends_with(')')
                    && [commit.len(), commit.len() + 9].contains(&(rest.trim().len() - 1)),
                "{version}"
            );
        }
        // As an archive, which knows its commit, or as a folder of something else, which does not.
        None => assert!(rest.is_empty() || rest.starts_with(" ("), "{version}"),
    }
}

#[test]
fn each_shell_completes_every_command_and_option() {
    assert!(commands().len() >= 8, "{:?}", commands());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(&["completions", shell]);
        for word in
            commands()
                .iter()
                .map(String::as_str)
                .chain(["log-group", "as-arrived", "pseudonymise"])
        {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
}

#[test]
fn bash_takes_the_completions() {
    let script = told(&["completions", "bash"]);
    let asks = "\nCOMP_WORDS=(replay ca) COMP_CWORD=1\n_replay replay ca replay\necho \"${COMPREPLY[*]}\"\n";
    let ran = Command::new("bash")
        .args(["-c", &format!("{script}{asks}")])
        .output();
    let ran = ran.expect("bash is there, as it is for the gate");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "capture\n", "{ran:?}");
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_are_known() {
    let ended = replay(&["completions", "tcsh"]);
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8(ended.stderr).expect("UTF-8");
    assert!(told.contains("tcsh") && told.contains("fish"), "{told}");
}

#[test]
fn there_is_a_manual_page_for_the_program_and_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("share/man1");
    told(&["man", pages.to_str().expect("UTF-8")]);
    let page = |name: &str| {
        fs::read_to_string(pages.join(format!("{name}.1")))
            .unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    assert!(
        page("replay").contains("replay\\-capture(1)"),
        "{}",
        page("replay")
    );
    for command in commands().iter().filter(|name| *name != "help") {
        assert!(
            page(&format!("replay-{command}")).starts_with(".ie"),
            "{command}"
        );
    }
    assert!(page("replay-run").contains("rule\\-state\\-max"));
}

#[test]
fn manual_pages_that_cannot_be_written_are_an_error_with_the_folder() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let folder = file.path().join("man");
    let ended = replay(&["man", folder.to_str().expect("UTF-8")]);
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8(ended.stderr).expect("UTF-8");
    assert!(told.contains(&*folder.to_string_lossy()), "{told}");
}
