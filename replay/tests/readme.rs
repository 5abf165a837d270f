//! The README's first rule, step by step as it is written there: the files saved, the commands given.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The insides of the blocks of that kind in the README's section.
fn blocks(kind: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let section = readme.split("\n## A rule of your own\n").nth(1);
    let section = section.and_then(|text| text.split("\n## ").next());
    let section = section.expect("the section about a rule of one's own");
    let fence = format!("```{kind}\n");
    let blocks = section.split(&*fence).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or(block).to_owned())
        .collect()
}

#[test]
fn the_first_rule_of_the_readme_is_sound_hits_and_alerts() {
    let desk = tempfile::tempdir().expect("a folder");
    fs::create_dir(desk.path().join("mine")).expect("a folder");
    for (name, kind) in [("unlocked.yml", "yaml"), ("log.ndjson", "json")] {
        let [text] = &blocks(kind)[..] else {
            panic!("{kind}: more blocks than one, or none")
        };
        fs::write(desk.path().join("mine").join(name), text).expect("a file");
    }
    let [commands] = &blocks("sh")[..] else {
        panic!("more blocks of commands than one, or none")
    };
    let program = env!("CARGO_BIN_EXE_replay");
    let told: Vec<(String, String)> = commands
        .lines()
        .map(|command| {
            let words = command.strip_prefix("cargo run --release -p replay -- ");
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
