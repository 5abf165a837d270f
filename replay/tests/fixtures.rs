//! The golden test: every folder under `fixtures/` goes through `replay test` as a user would run it, and must give
//! what its `expected.yaml` asks for, with exactly the numbers of its `exact.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

/// A family has at least so many attacks and so many near misses.
const ATTACKS_MIN: usize = 6;
const NEAR_MISSES_MIN: usize = 6;
const QUIET_EVENTS_MIN: u64 = 100_000;

static REPORT: LazyLock<Value> = LazyLock::new(|| {
    let output = replay(&["test", "--exact", "--format", "json"]);
    serde_json::from_slice(&output.stdout).expect("one JSON document")
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn replay(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    let output = command.args(args).current_dir(root()).output();
    let output = output.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}:\n{said}");
    output
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().expect("an array in the report")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("a text in the report")
}

/// The folders of `rules/`: one for each detector.
fn detectors() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("rules")).expect("the rules folder");
    let paths = entries.map(|entry| entry.expect("an entry of the rules folder").path());
    let folders = paths.filter(|path| path.is_dir());
    folders
        .map(|path| {
            let name = path.file_name().expect("a folder with a name");
            name.to_string_lossy().into_owned()
        })
        .collect()
}

#[test]
fn every_recording_shows_what_is_expected() {
    assert_eq!(REPORT["passed"], true);
    let folders = |scenario: &Value| text(scenario, "folder").to_owned();
    let tested: BTreeSet<String> = list(&REPORT, "scenarios").iter().map(folders).collect();
    let mut found = BTreeSet::new();
    for family in fs::read_dir(root().join("fixtures")).expect("the fixtures folder") {
        let family = family.expect("an entry of the fixtures folder").path();
        let is_family = family.is_dir() && !family.ends_with("generator");
        for scenario in is_family
            .then(|| fs::read_dir(&family))
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = scenario.expect("an entry of a family").path();
            let name = path.strip_prefix(root()).expect("a path under the root");
            found.insert(name.to_string_lossy().into_owned());
        }
    }
    let differ: Vec<_> = tested.symmetric_difference(&found).collect();
    assert!(differ.is_empty(), "no expected.yaml: {differ:?}");
}

#[test]
fn every_detector_has_attacks_and_near_misses() {
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for scenario in list(&REPORT, "scenarios") {
        let (name, kind) = (text(scenario, "name"), text(scenario, "kind"));
        let is_quiet = kind == "quiet" && text(scenario, "family") == "ordinary_traffic";
        assert!(is_quiet || name.starts_with(kind), "{name} is no {kind}");
        *kinds.entry((text(scenario, "family"), kind)).or_default() += 1;
    }
    for family in detectors() {
        let number = |kind| kinds.get(&(&*family, kind)).copied().unwrap_or_default();
        assert!(number("attack") >= ATTACKS_MIN, "{family}: {kinds:?}");
        assert!(
            number("near_miss") >= NEAR_MISSES_MIN,
            "{family}: {kinds:?}"
        );
    }
}

/// The targets that the detectors were made for.
#[test]
fn every_attack_is_found_and_nothing_else_alerts() {
    for detector in list(&REPORT, "detectors") {
        let attacks = &detector["attacks"];
        assert!(
            attacks["all"].as_u64().is_some_and(|all| all > 0),
            "{detector}"
        );
        assert_eq!(attacks["found"], attacks["all"], "{detector}");
        assert_eq!(detector["false_positives"], 0, "{detector}");
    }
    for rule in list(&REPORT, "rules") {
        let found = rule["true_positives"].as_u64();
        assert!(found > Some(0), "no recording shows {}", rule["name"]);
    }
    assert_eq!(REPORT["quiet"]["alerts"], 0);
    let events = REPORT["quiet"]["events"].as_u64();
    assert!(events >= Some(QUIET_EVENTS_MIN), "{}", REPORT["quiet"]);
}

#[test]
fn the_table_of_the_readme_is_that_of_the_program() {
    let table = String::from_utf8(replay(&["test", "--format", "markdown"]).stdout).expect("UTF-8");
    assert!(table.lines().count() > 6, "{table}");
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(readme.contains(&table), "the README must have\n{table}");
}

#[test]
fn alerts_of_a_run_are_in_order() {
    let output = replay(&[
        "run",
        "--quiet",
        "--format",
        "json",
        "fixtures/credential_stuffing",
    ]);
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let place = |line: &str| {
        let alert: Value = serde_json::from_str(line).expect("one JSON object a line");
        let id = alert["rule"]["id"].to_string();
        (
            text(&alert, "opened_at").to_owned(),
            id,
            alert["group"].to_string(),
        )
    };
    let places: Vec<_> = lines.lines().map(place).collect();
    assert!(places.len() > 10);
    assert!(
        places.is_sorted(),
        "not sorted by opened_at, rule id, group: {places:?}"
    );
}

/// The folders of `replay/recipes/`, from the root: each has a rule, a recording that it hits and one that it misses.
fn recipes() -> Vec<String> {
    let entries = fs::read_dir(root().join("replay/recipes")).expect("the recipes");
    let paths = entries.map(|entry| entry.expect("an entry of the recipes").path());
    let folders = paths.filter(|path| path.is_dir());
    let name = |path: PathBuf| {
        let name = path.file_name().expect("a folder with a name");
        format!("replay/recipes/{}", name.to_string_lossy())
    };
    let mut names: Vec<String> = folders.map(name).collect();
    names.sort();
    names
}

#[test]
fn each_recipe_hits_and_misses_as_it_says() {
    let recipes = recipes();
    assert!(recipes.len() >= 9, "{recipes:?}");
    for recipe in recipes {
        let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
        let checked = replay(&["check", "--strict", &recipe]);
        assert!(checked.status.success(), "{recipe}: {}", said(&checked));
        let tested = replay(&["test", "--rules", &recipe, "--format", "json", &recipe]);
        assert!(tested.status.success(), "{recipe}: {}", said(&tested));
        let report: serde_json::Value =
            serde_json::from_slice(&tested.stdout).expect("one JSON document");
        let folders = report["scenarios"].as_array().expect("scenarios");
        let mut folders: Vec<&str> = folders
            .iter()
            .filter_map(|s| s["folder"].as_str())
            .collect();
        folders.sort_unstable();
        let expected = ["attack", "near_miss"].map(|name| format!("{recipe}/{name}"));
        assert_eq!(folders, expected);
    }
}

#[test]
fn each_recipe_is_listed() {
    let folder = root().join("replay/recipes");
    let document = fs::read_to_string(folder.join("README.md")).expect("a document");
    for recipe in recipes() {
        let name = recipe.rsplit('/').next().expect("a name");
        assert!(document.contains(&format!("({name}/{name}.yml)")), "{name}");
    }
}
