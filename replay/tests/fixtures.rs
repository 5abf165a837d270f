//! The golden test: every folder under `fixtures/` goes through the program as a user would run it, and must give
//! exactly the alerts of its `expected.yaml`. A field that an expected alert leaves out is not compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What the recording shows, for the reader.
    about: String,
    alerts: Vec<ExpectedAlert>,
}

/// Fields of the alert contract; `rule` is the rule's name.
#[derive(Debug, Deserialize)]
struct ExpectedAlert {
    rule: String,
    group: BTreeMap<String, String>,
    opened_at: String,
    /// `held_until` and whatever else is given.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Scenario {
    family: String,
    folder: PathBuf,
    expected: Expected,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder that can be listed")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn name_of(path: &Path) -> String {
    let name = path.file_stem().expect("a path with a name");
    name.to_string_lossy().into_owned()
}

fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for family in folders_in(&root().join("fixtures")) {
        for folder in folders_in(&family) {
            let path = folder.join("expected.yaml");
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            let expected: Expected =
                yaml_serde::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            assert!(!expected.about.is_empty(), "{path:?} says nothing");
            scenarios.push(Scenario {
                family: name_of(&family),
                folder,
                expected,
            });
        }
    }
    scenarios
}

/// The names of the correlation rules of each file in `rules/`, by the file's stem.
fn correlations_by_rule_file() -> BTreeMap<String, BTreeSet<String>> {
    let mut by_file = BTreeMap::new();
    for entry in fs::read_dir(root().join("rules")).expect("the rules folder") {
        let path = entry.expect("an entry of the rules folder").path();
        let text = fs::read_to_string(&path).expect("a rule file that can be read");
        let correlations = yaml_serde::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).expect("a rule file that is YAML"))
            .filter(|rule| rule.get("correlation").is_some())
            .map(|rule| {
                let name = rule["name"].as_str().expect("a correlation with a name");
                name.to_owned()
            })
            .collect();
        by_file.insert(name_of(&path), correlations);
    }
    by_file
}

/// Runs `replay run --format json` and reads its lines.
fn alerts_of(input: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_replay"))
        .args(["run", "--format", "json", "--rules"])
        .arg(root().join("rules"))
        .arg(input)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{input:?}: {said}");
    String::from_utf8(output.stdout)
        .expect("UTF-8 on standard output")
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect()
}

/// By what an expected alert and an actual one are brought together.
type Identity = (String, BTreeMap<String, String>, String);

fn identity_of(alert: &Value) -> Identity {
    let group = alert["group"].as_object().expect("group is an object");
    let group = group.iter().map(|(field, value)| {
        let value = value.as_str().expect("group values are strings");
        (field.clone(), value.to_owned())
    });
    (
        alert["rule"]["name"].as_str().unwrap_or("").to_owned(),
        group.collect(),
        alert["opened_at"].as_str().unwrap_or("").to_owned(),
    )
}

/// What is missing, what is too much and what differs, one line each. Empty: all is as expected.
fn differences<'e>(
    expected: impl Iterator<Item = &'e ExpectedAlert>,
    actual: &[Value],
    ignored: &[&str],
) -> String {
    let mut said = String::new();
    let mut left: BTreeMap<Identity, &Value> = BTreeMap::new();
    for alert in actual {
        if left.insert(identity_of(alert), alert).is_some() {
            writeln!(said, "  twice: {alert}").expect("a String takes all");
        }
    }
    for alert in expected {
        let identity = (
            alert.rule.clone(),
            alert.group.clone(),
            alert.opened_at.clone(),
        );
        let Some(found) = left.remove(&identity) else {
            writeln!(said, "  missing: {identity:?}").expect("a String takes all");
            continue;
        };
        for (field, value) in &alert.rest {
            if found[field] != *value && !ignored.contains(&field.as_str()) {
                writeln!(
                    said,
                    "  {identity:?}: {field} is {}, not {value}",
                    found[field]
                )
                .expect("a String takes all");
            }
        }
    }
    for alert in left.values() {
        writeln!(said, "  unexpected: {alert}").expect("a String takes all");
    }
    said
}

#[test]
fn every_scenario_gives_the_expected_alerts() {
    let mut report = String::new();
    for scenario in scenarios() {
        let actual = alerts_of(&scenario.folder);
        let said = differences(scenario.expected.alerts.iter(), &actual, &[]);
        if !said.is_empty() {
            let (folder, about) = (&scenario.folder, &scenario.expected.about);
            write!(report, "{}: {about}\n{said}", folder.display()).expect("a String takes all");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// The scenarios do not touch each other, so a run over all of them gives the union: only whether an episode has
/// closed depends on how far the whole recording goes.
#[test]
fn all_scenarios_together_give_the_union_in_order() {
    let scenarios = scenarios();
    let actual = alerts_of(&root().join("fixtures"));
    let expected = scenarios.iter().flat_map(|s| &s.expected.alerts);
    let said = differences(expected, &actual, &["status"]);
    assert!(said.is_empty(), "\n{said}");

    let place = |alert: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        (
            text(&alert["opened_at"]),
            text(&alert["rule"]["id"]),
            alert["group"].to_string(),
        )
    };
    let places: Vec<_> = actual.iter().map(place).collect();
    assert!(
        places.is_sorted(),
        "not sorted by opened_at, rule id, group: {places:?}"
    );
}

#[test]
fn every_detector_has_an_attack_and_a_near_miss() {
    let scenarios = scenarios();
    for (file, correlations) in correlations_by_rule_file() {
        assert!(
            !correlations.is_empty(),
            "rules/{file}.yml alerts of nothing"
        );
        let own: Vec<_> = scenarios.iter().filter(|s| s.family == file).collect();
        let (attacks, near_misses): (Vec<&Scenario>, Vec<&Scenario>) =
            own.iter().partition(|s| !s.expected.alerts.is_empty());
        assert!(!attacks.is_empty(), "fixtures/{file} has no attack");
        assert!(!near_misses.is_empty(), "fixtures/{file} has no near miss");
        for (scenarios, prefix) in [(attacks, "attack"), (near_misses, "near_miss")] {
            for scenario in scenarios {
                let name = name_of(&scenario.folder);
                assert!(name.starts_with(prefix), "{file}/{name} is no {prefix}");
            }
        }
        let hit: BTreeSet<&String> = own
            .iter()
            .flat_map(|s| s.expected.alerts.iter().map(|alert| &alert.rule))
            .collect();
        for rule in &correlations {
            assert!(
                hit.contains(rule),
                "no attack in fixtures/{file} hits {rule}"
            );
        }
    }
}
