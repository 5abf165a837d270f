//! The rules that are shown and shipped are beyond any doubt, so that copying them teaches nothing wrong.
#![expect(clippy::disallowed_methods, reason = "a test reads its own files")]

mod rule_text;

use std::path::PathBuf;

use detector_window::{check_rules, load_rules};
use rule_text::{file, show};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn rules_of_the_documents_are_without_problems() {
    let files = ["README.md", "rules/README.md"].map(|path| {
        let document = std::fs::read_to_string(root().join(path)).expect("a document");
        // Whole rules are fenced as `yaml`; pieces of rules, which say one thing, as `yml`.
        let blocks = document.split("```yaml\n").skip(1);
        let rules: Vec<&str> = blocks
            .map(|block| block.split("```").next().unwrap_or(block))
            .collect();
        assert!(!rules.is_empty(), "{path} shows no rule");
        file(path, &rules.join("---\n"))
    });
    assert_eq!(show(&check_rules(&files)), "");
    let set = load_rules(&files).expect("sound rules");
    assert_eq!(set.filters.len(), 1, "it shows a filter");
    for meta in set
        .detections
        .iter()
        .map(|rule| &rule.meta)
        .chain(set.correlations.iter().map(|rule| &rule.meta))
    {
        // What is asked of every rule, the examples have.
        assert!(
            !meta.false_positives.is_empty() && !meta.tags.is_empty() && meta.level.is_some(),
            "{}",
            meta.title
        );
    }
}

#[test]
fn shipped_rules_are_without_problems() {
    let entries_of = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path())
    };
    let (folders, files): (Vec<_>, Vec<_>) =
        entries_of(root().join("rules")).partition(|path| path.is_dir());
    let is_rule = |path: &PathBuf| {
        path.extension()
            .is_some_and(|it| it == "yml" || it == "yaml")
    };
    let paths = folders.into_iter().flat_map(entries_of).chain(files);
    let files: Vec<_> = paths
        .filter(is_rule)
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a rule file");
            file(&path.to_string_lossy(), &text)
        })
        .collect();
    assert_eq!(show(&check_rules(&files)), "");
    let set = load_rules(&files).expect("sound rules");
    assert!(!set.correlations.is_empty());
    let lists = |rule: &detector_rule::DetectionRule| rule.allow.len();
    assert!(
        !set.allowlists.is_empty() && set.detections.iter().any(|rule| lists(rule) > 0),
        "lists that rules refer to"
    );
    for meta in set.correlations.iter().map(|rule| &rule.meta) {
        let texts = [&meta.description, &meta.threat, &meta.response];
        let is_told = texts.iter().all(|text| text.is_some());
        assert!(
            is_told && !meta.false_positives.is_empty() && meta.level.is_some(),
            "{}",
            meta.title
        );
    }
}
