//! What the documents show of the program: the README's first rule, step by step as it is written there, and what
//! `replay run` prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The insides of the blocks of that kind in the document's section.
fn blocks(document: &str, section: &str, kind: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).expect("a document");
    let after = text.split(&format!("\n## {section}\n")).nth(1);
    let section = after.and_then(|text| text.split("\n## ").next());
    let section = section.expect("a section of that name");
    let fence = format!("```{kind}\n");
    let blocks = section.split(&*fence).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or(block).to_owned())
        .collect()
}

const SECTION: &str = "A rule of your own";

#[test]
fn the_first_rule_of_the_readme_is_sound_hits_and_alerts() {
    let desk = tempfile::tempdir().expect("a folder");
    fs::create_dir(desk.path().join("mine")).expect("a folder");
    for (name, kind) in [("unlocked.yml", "yaml"), ("log.ndjson", "json")] {
        let [text] = &blocks("README.md", SECTION, kind)[..] else {
            panic!("{kind}: more blocks than one, or none")
        };
        fs::write(desk.path().join("mine").join(name), text).expect("a file");
    }
    let [commands] = &blocks("README.md", SECTION, "sh")[..] else {
        panic!("more blocks of commands than one, or none")
    };
    let program = env!("CARGO_BIN_EXE_replay");
    let told: Vec<(String, String)> = commands
        .lines()
        .map(|command| {
            let words = command.strip_prefix("cargo run --profile trial -p replay -- ");
            let words = words.unwrap_or_else(|| panic!("`{command}`"));
            let ran = Command::new(program)
                .args(words.split_whitespace())
                .current_dir(desk.path())
                .output()
                .expect("the program runs");
            assert!(ran.status.success(), "`{command}`: {ran:?}");
            let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
            (text(ran.stdout), text(ran.stderr))
        })
        .collect();
    let [(checked, doubts), (matched, _), (alerts, _)] = &told[..] else {
        panic!("other commands: {commands}")
    };
    assert!(
        !format!("{checked}{doubts}").contains("warning"),
        "{doubts}"
    );
    assert_eq!(matched.lines().count(), 3, "{matched}");
    assert!(
        alerts.contains("sub=ann") && alerts.contains("09:04:40"),
        "{alerts}"
    );
}

#[test]
fn the_episodes_that_are_shown_are_what_the_command_prints() {
    let [commands] = &blocks("replay/README.md", "run", "sh")[..] else {
        panic!("more blocks of commands than one, or none")
    };
    let first = commands.lines().next().expect("a command");
    let command = first.split(" #").next().unwrap_or(first).trim();
    let words = command
        .strip_prefix("replay ")
        .expect("a command of replay");
    let ran = Command::new(env!("CARGO_BIN_EXE_replay"))
        .args(words.split_whitespace())
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(ran.status.success(), "{ran:?}");
    let told = String::from_utf8(ran.stdout).expect("UTF-8");
    let [shown] = &blocks("replay/README.md", "run", "text")[..] else {
        panic!("more blocks of output than one, or none")
    };
    let mut rest = &told[..];
    for piece in shown.trim_end_matches("…\n").split("\n…\n") {
        let at = rest.find(piece);
        let at = at.unwrap_or_else(|| panic!("`{command}` prints\n{told}\nand not\n{piece}"));
        rest = &rest[at + piece.len()..];
    }
}
