//! `replay threats` on the repository itself, on what is taken away from it, and on hostile models.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn replay(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(args).current_dir(root()).output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [&*output.stdout, &*output.stderr].concat();
    String::from_utf8(both).unwrap()
}

/// A day on which the review and the acceptance of the repository are good.
const TODAY: &str = "2026-12-01";

fn threats(args: &[&str]) -> Output {
    replay(&[&["threats", "--today", TODAY], args].concat())
}

static REPORT: LazyLock<Value> = LazyLock::new(|| {
    let output = threats(&["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
});

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap()
}

/// The detector whose rules name a threat.
const DETECTORS: [(&str, &str); 8] = [
    ("T1", "credential_stuffing"),
    ("T2", "registration_flood"),
    ("T3", "cross_owner_access"),
    ("T4", "error_leak"),
    ("T5", "protection_off"),
    ("T6", "data_poisoning"),
    ("T7", "model_extraction"),
    ("T8", "prompt_abuse"),
];

#[test]
fn the_repository_is_green_with_the_numbers_of_the_test() {
    assert_eq!(REPORT["passed"], true);
    let tested = replay(&["test", "--format", "json"]);
    let tested: Value = serde_json::from_slice(&tested.stdout).unwrap();
    let scenarios = list(&tested, "scenarios");
    for (id, _) in DETECTORS {
        let mut threats = list(&REPORT, "threats").iter();
        let threat = threats.find(|t| t["id"] == id).unwrap();
        assert_eq!(threat["state"], "proven", "{threat}");
        let attacks = attacks_of(threat, scenarios);
        let found: Vec<&Value> = attacks.values().copied().filter(|a| !a.is_null()).collect();
        let numbers = json!({"found": found.len(), "all": attacks.len()});
        assert_eq!(threat["attacks"], numbers, "{id}");
        let worst = |key: &str| found.iter().filter_map(|attack| attack[key].as_u64()).max();
        assert_eq!(threat["worst_events"].as_u64(), worst("events"), "{id}");
        let seconds = worst("ms").unwrap() as f64 / 1000.0;
        assert_eq!(threat["worst_seconds"], seconds, "{id}");
        let families: BTreeSet<&str> = attacks.keys().map(|(family, ..)| *family).collect();
        let near = scenarios.iter().filter(|s| {
            s["kind"] == "near_miss" && families.contains(s["family"].as_str().unwrap())
        });
        assert_eq!(threat["near_misses"]["all"], near.count(), "{id}");
    }
    // What is recorded is counted: no attack is of a detector and of no threat.
    let detectors = list(&tested, "detectors").iter();
    let of_detectors: u64 = detectors
        .map(|d| d["attacks"]["all"].as_u64().unwrap())
        .sum();
    let threats = list(&REPORT, "threats").iter();
    let of_threats: u64 = threats.map(|t| t["attacks"]["all"].as_u64().unwrap()).sum();
    assert_eq!(of_threats, of_detectors);
    let accepted = list(&REPORT, "threats")
        .iter()
        .filter(|t| t["state"] == "accepted");
    assert_eq!(accepted.map(|t| &t["id"]).collect::<Vec<_>>(), ["T9"]);
}

/// What `replay test` says of the attacks that a rule of the threat is to find, by family, recording and name. One that is
/// recorded in another detector's family counts, too.
fn attacks_of<'v>(
    threat: &Value,
    scenarios: &'v [Value],
) -> BTreeMap<(&'v str, &'v str, &'v str), &'v Value> {
    let mut attacks = BTreeMap::new();
    for scenario in scenarios.iter().filter(|s| s["kind"] == "attack") {
        let text = |key: &str| scenario[key].as_str().unwrap();
        let expected = root().join(text("folder")).join("expected.yaml");
        let expected: Value = yaml_serde::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
        for (name, score) in scenario["attacks"].as_object().unwrap() {
            let mut rules = list(&expected["attacks"][name], "found_by").iter();
            if rules.any(|by| list(threat, "rules").contains(&by["rule"])) {
                attacks.insert((text("family"), text("name"), &**name), score);
            }
        }
    }
    attacks
}

#[test]
fn the_json_has_the_keys_of_the_contract() {
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let has = |value: &Value, wanted: &[&str]| {
        let keys = keys(value);
        wanted.iter().all(|key| keys.contains(*key))
    };
    assert!(has(
        &REPORT,
        &[
            "passed",
            "review",
            "models",
            "threats",
            "mitigations",
            "questions"
        ]
    ));
    assert!(has(&REPORT["review"], &["by", "on", "due", "overdue"]));
    assert!(has(
        &REPORT["models"][0],
        &["title", "components", "flows", "boundaries"]
    ));
    assert!(has(
        &REPORT["threats"][0],
        &[
            "id",
            "title",
            "state",
            "why",
            "stride",
            "where",
            "rules",
            "techniques",
            "attacks",
            "near_misses",
            "worst_events",
            "worst_seconds",
            "mitigations",
            "accepted",
        ]
    ));
    assert!(has(
        &REPORT["threats"][0]["where"][0],
        &["model", "element", "type"]
    ));
    assert!(has(
        &REPORT["mitigations"][0],
        &[
            "id", "title", "owner", "state", "baseline", "evidence", "seen", "missing"
        ]
    ));
    assert_eq!(list(&REPORT, "questions").len(), 5);
    assert!(has(&REPORT["questions"][0], &["persona", "ask", "answer"]));
}

/// A copy of rules and recordings, of which parts are taken away. Families that stay as they are are links.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join("rules"), &folder.path().join("rules"));
        fs::create_dir(folder.path().join("fixtures")).unwrap();
        let copy = Self { folder };
        for (_, family) in DETECTORS.iter().chain([&("", "ordinary_traffic")]) {
            copy.link(family);
        }
        copy
    }

    fn link(&self, family: &str) {
        let to = self.path(&format!("fixtures/{family}"));
        std::os::unix::fs::symlink(root().join("fixtures").join(family), to).unwrap();
    }

    /// Makes the family a copy that can be changed.
    fn own(&self, family: &str) -> PathBuf {
        let place = self.path(&format!("fixtures/{family}"));
        fs::remove_file(&place).unwrap();
        copy(&root().join("fixtures").join(family), &place);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    fn threats(&self) -> Output {
        let (rules, fixtures) = (self.path("rules"), self.path("fixtures"));
        let paths = [rules.to_str().unwrap(), fixtures.to_str().unwrap()];
        threats(&["--rules", paths[0], paths[1]])
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => fs::copy(&path, &target).map(drop).unwrap(),
        }
    }
}

/// Takes something away from a copy of the repository.
type Mutation = (&'static str, fn(&Copy), &'static str);

const MUTATIONS: [Mutation; 8] = [
    (
        "a detector's folder",
        |copy| fs::remove_dir_all(copy.path("rules/protection_off")).unwrap(),
        "T5 undetected: no rule names it",
    ),
    (
        "an attack recording",
        |copy| fs::remove_dir_all(copy.own("model_extraction").join("attack_slow")).unwrap(),
        "no recording shows the rule ai_model_harvested_slowly",
    ),
    (
        "what an attack recording holds",
        |copy| {
            let place = copy.own("prompt_abuse").join("attack");
            fs::remove_file(place.join("model-invocations.json.gz")).unwrap();
        },
        "attack wordings of prompt_abuse/attack is missed",
    ),
    (
        "all near misses of a family",
        |copy| {
            for entry in fs::read_dir(copy.own("data_poisoning")).unwrap() {
                let path = entry.unwrap().path();
                if path.to_string_lossy().contains("/near_miss") {
                    fs::remove_dir_all(path).unwrap();
                }
            }
        },
        "no near miss among the recordings of data_poisoning",
    ),
    (
        "a threshold, ten times as high",
        |copy| {
            copy.edit(
                "rules/prompt_abuse/tricked.yml",
                "condition: {gte: 10}",
                "condition: {gte: 100}",
            );
        },
        "prompt_abuse/attack is missed",
    ),
    (
        "a threat's rules' `threat`",
        |copy| {
            copy.edit(
                "rules/protection_off/switched_off.yml",
                "    threat: \"T5: logging, detection or a mitigation is switched off\"\n",
                "",
            );
        },
        "T5 undetected: no rule names it",
    ),
    (
        "the acceptance of T9",
        |copy| {
            let text = fs::read_to_string(copy.path("rules/threats.yaml")).unwrap();
            let kept = text.lines().filter(|line| !line.contains("accepted: "));
            let kept: String = kept.map(|line| format!("{line}\n")).collect();
            fs::write(copy.path("rules/threats.yaml"), kept).unwrap();
        },
        "T9 undetected: no rule names it",
    ),
    (
        "a rule that recordings expect",
        |copy| {
            let place = copy.path("rules/data_poisoning/strangers.yml");
            let text = fs::read_to_string(&place).unwrap();
            let rules: Vec<&str> = text.split("\n---\n").collect();
            let kept = rules
                .iter()
                .filter(|rule| !rule.contains("ai_knowledge_source_user\n"));
            let kept: Vec<&str> = kept.copied().collect();
            assert_eq!(kept.len() + 1, rules.len());
            fs::write(&place, kept.join("\n---\n")).unwrap();
        },
        "data_poisoning/attack_user expects the rule ai_knowledge_source_user, which is not there",
    ),
];

#[test]
fn every_mutation_is_caught() {
    let whole = Copy::new().threats();
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    for (what, mutate, cause) in MUTATIONS {
        let copy = Copy::new();
        mutate(&copy);
        let output = copy.threats();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.contains(cause), "{what}: no `{cause}` in\n{said}");
    }
}

/// Some recordings are enough where it does not matter that the others prove nothing.
const SOME: &str = "fixtures/protection_off";

#[test]
fn an_acceptance_and_a_review_end() {
    for (day, overdue, undetected) in [
        ("2027-02-18", false, false),
        ("2027-02-19", true, false),
        ("2027-04-01", true, true),
    ] {
        let output = replay(&["threats", "--today", day, SOME]);
        assert_eq!(output.status.code(), Some(1), "{day}");
        let said = said(&output);
        let red = said.lines().find(|line| line.starts_with("red: ")).unwrap();
        assert_eq!(
            red.contains("the review is overdue"),
            overdue,
            "{day}: {red}"
        );
        assert_eq!(red.contains("T9 is undetected"), undetected, "{day}: {red}");
    }
}

#[test]
fn evidence_is_what_the_rules_hit() {
    let logs = "fixtures/ordinary_traffic";
    let output = threats(&["--quiet", "--format", "json", "--logs", logs, SOME]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let evidence: BTreeMap<&str, &str> = list(&report, "mitigations")
        .iter()
        .map(|m| (m["id"].as_str().unwrap(), m["evidence"].as_str().unwrap()))
        .collect();
    for (id, expected) in [
        ("M7", "at_work"),
        ("M6", "at_work"),
        ("M5", "not_seen"),
        ("M1", "leaks"),
        ("M8", "no_evidence"),
    ] {
        assert_eq!(evidence[id], expected, "{id}");
    }
    let of = |id: &str, key: &str| {
        let found = list(&report, "mitigations").iter().find(|m| m["id"] == id);
        found.unwrap()[key].as_u64().unwrap() as usize
    };
    let hits = hits_by_rule(logs);
    let text = fs::read_to_string(root().join("rules/threats.yaml")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("    M"));
    assert_eq!(lines.clone().count(), evidence.len());
    for line in lines {
        let id = line.trim().split(':').next().unwrap();
        for (named, counted) in [("seen_by: [", "seen"), ("broken_by: [", "missing")] {
            let names = line.split_once(named).map_or("", |(_, rest)| rest);
            let names = names.split(']').next().unwrap().split(", ");
            let matched: usize = names.filter_map(|name| hits.get(name)).sum();
            assert_eq!(of(id, counted), matched, "{id} {counted}");
        }
    }
    assert!(of("M6", "seen") > 100 && of("M1", "missing") > 1000 && of("M12", "seen") > 10);
    // A log without the sources of a mitigation says nothing of it.
    let output = threats(&["--quiet", "--logs", "fixtures/data_poisoning/attack", SOME]);
    assert!(said(&output).contains(
        "M6 WAF in front of the API (Platform, baseline): built, and these logs have nothing"
    ));
}

/// How often `replay match` says that each rule hits, by the rule's name.
fn hits_by_rule(logs: &str) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for file in walkdir::WalkDir::new(root().join("rules")) {
        let path = file.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            let text = fs::read_to_string(path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let id = pair[0].strip_prefix("id: ");
                if let (Some(id), Some(name)) = (id, pair[1].strip_prefix("name: ")) {
                    names.insert(id.to_owned(), name.to_owned());
                }
            }
        }
    }
    let mut hits = BTreeMap::new();
    for line in replay(&["match", "--quiet", logs]).stdout.lines() {
        let hit: Value = serde_json::from_str(&line.unwrap()).unwrap();
        *hits
            .entry(names[hit["rule_id"].as_str().unwrap()].clone())
            .or_default() += 1;
    }
    hits
}

/// A limit that nobody reached is not seen, and not called anything else; a test that reaches it shows it.
#[test]
fn a_quiet_day_shows_no_limit() {
    let folder = tempfile::tempdir().unwrap();
    let request = |id: u32, status: u32| {
        json!({"requestId": format!("r-{id}"), "extendedRequestId": "e=", "requestTimeEpoch": "1783987202076",
               "apiId": "api1", "stage": "prod", "ip": "203.0.113.9", "httpMethod": "GET",
               "resourcePath": "/vehicles", "status": status.to_string(), "protocol": "HTTP/1.1"})
    };
    let (quiet, test) = (
        folder.path().join("quiet.json"),
        folder.path().join("test.json"),
    );
    fs::write(&quiet, request(1, 200).to_string()).unwrap();
    fs::write(&test, request(2, 429).to_string()).unwrap();
    let quiet = ["--quiet", "--logs", quiet.to_str().unwrap()];
    let said_of = |args: &[&str]| {
        let said = said(&threats(&[args, &[SOME]].concat()));
        let of_it = |line: &&str| line.contains("M5 ") || line.starts_with("red: ");
        said.lines().filter(of_it).collect::<Vec<_>>().join("\n")
    };
    let told = said_of(&quiet);
    assert!(
        told.contains("not seen in 1 event: nothing called for it, or it is not there"),
        "{told}"
    );
    assert!(told.contains("baseline M5 not seen"), "{told}");
    let told = said_of(&[&quiet[..], &["--logs", test.to_str().unwrap()]].concat());
    assert!(
        told.contains("at work: seen 1 time") && !told.contains("baseline M5"),
        "{told}"
    );
}

/// Nobody is told that something is at work of which the list says that it is not there.
#[test]
fn what_is_seen_before_it_is_built_is_told() {
    let copy = Copy::new();
    copy.edit(
        "rules/threats.yaml",
        "owner: ML team, state: built",
        "owner: ML team, state: planned",
    );
    let rules = copy.path("rules");
    let logs = "fixtures/prompt_abuse/attack";
    let output = threats(&[
        "--quiet",
        "--rules",
        rules.to_str().unwrap(),
        "--logs",
        logs,
        SOME,
    ]);
    let said = said(&output);
    let line = said.lines().find(|line| line.contains("M12 ")).unwrap();
    assert!(line.contains("planned in the list, and yet seen"), "{line}");
    assert!(
        line.contains("write `state: built`, or find out what acted"),
        "{line}"
    );
}

const CHANGED: [&str; 5] = [
    "\"status\":",
    "\"mitigation\":",
    "\"hasOpenThreats\":",
    "\"stroke\":",
    "\"strokeWidth\":",
];

fn dragon(args: &[&str]) -> String {
    let output = threats(&[&["--quiet", "--format", "threat-dragon"], args].concat());
    assert!(output.status.code() < Some(2), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_model_comes_back_with_what_is_proven_and_nothing_else() {
    let original = fs::read_to_string(root().join("rules/threat_model.json")).unwrap();
    let written = dragon(&[]);
    assert_ne!(written, original);
    let lines = original.lines().zip(written.lines());
    for (before, after) in lines {
        let is_changed = CHANGED
            .iter()
            .any(|key| before.trim_start().starts_with(key));
        assert!(before == after || is_changed, "{before}\n{after}");
    }
    assert_eq!(original.lines().count(), written.lines().count());
    // Red where, and only where, a threat is open: none is, so nothing is red.
    assert!(!written.contains("\"Open\"") && !written.contains("\"stroke\": \"red\""));
    assert!(written.contains("\"status\": \"Accepted\""));
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.json");
    fs::write(&again, &written).unwrap();
    assert_eq!(
        dragon(&["--model", again.to_str().unwrap()]),
        written,
        "no fixed point"
    );
}

#[test]
fn what_is_red_is_drawn_red_and_what_a_person_decided_stays() {
    let copy = Copy::new();
    fs::remove_dir_all(copy.path("rules/protection_off")).unwrap();
    let model = copy.path("rules/threat_model.json");
    let mut read: Value = serde_json::from_slice(&fs::read(&model).unwrap()).unwrap();
    let cells = read["detail"]["diagrams"][0]["cells"]
        .as_array_mut()
        .unwrap();
    let waf = cells
        .iter_mut()
        .find(|cell| cell["data"]["name"] == "AWS WAF")
        .unwrap();
    waf["data"]["threats"][0]["status"] = "Transferred".into();
    fs::write(&model, serde_json::to_string(&read).unwrap()).unwrap();
    let (rules, fixtures) = (copy.path("rules"), copy.path("fixtures"));
    let written = dragon(&[
        "--rules",
        rules.to_str().unwrap(),
        fixtures.to_str().unwrap(),
    ]);
    let written: Value = serde_json::from_str(&written).unwrap();
    let mut red = BTreeSet::new();
    for cell in written["detail"]["diagrams"][0]["cells"]
        .as_array()
        .unwrap()
    {
        let threats = cell["data"]["threats"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is_open = threats.iter().any(|threat| threat["status"] == "Open");
        let attrs = &cell["attrs"];
        let is_red = ["body", "line", "topLine"]
            .iter()
            .any(|at| attrs[at]["stroke"] == "red");
        assert_eq!(is_open, is_red, "{}", cell["data"]["name"]);
        assert_eq!(
            cell["data"]["hasOpenThreats"] == true,
            is_open,
            "{}",
            cell["data"]["name"]
        );
        if is_red {
            red.insert(cell["data"]["name"].as_str().unwrap().to_owned());
        }
        if cell["data"]["name"] == "AWS WAF" {
            assert_eq!(threats[0]["status"], "Transferred");
        }
    }
    let expected = [
        "CloudTrail",
        "CloudWatch Logs",
        "Detector state (DynamoDB)",
        "IAM roles and policies",
        "Kinesis stream",
        "SNS alert topic",
        "Vedette Lambda",
    ];
    assert_eq!(red.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn a_model_of_somebody_else_stays_as_it_is() {
    let path = "replay/tests/threats/demo.json";
    let demo = fs::read_to_string(root().join(path)).unwrap();
    assert_eq!(dragon(&["--model", path, SOME]), demo);
    let output = threats(&["--model", path, SOME]);
    assert!(said(&output).contains("Bakery orders: not in this model: T1, T2, T3"));
}

/// With a model that Threat Dragon brings along, where the variable names one; this test is skipped where it does not.
#[test]
fn the_model_of_threat_dragon_itself_stays_as_it_is() {
    let Ok(path) = std::env::var("VEDETTE_THREAT_DRAGON_DEMO") else {
        eprintln!("skipped: VEDETTE_THREAT_DRAGON_DEMO names no model");
        return;
    };
    let demo = fs::read_to_string(&path).unwrap();
    assert_eq!(dragon(&["--model", &path, SOME]), demo);
}

fn of_model(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    fs::write(&path, text).unwrap();
    threats(&["--model", path.to_str().unwrap(), SOME])
}

#[test]
fn hostile_models_end_in_located_errors() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (text, cause) in [
        ("", "model.json:1:0: the model is no JSON"),
        (
            "{\n  \"detail\": x",
            "model.json:2:13: the model is no JSON",
        ),
        ("[]", "model.json:1: this is no model of Threat Dragon 2"),
        (
            "{\"detail\":{\"diagrams\":{}}}",
            "it has no list `detail.diagrams`",
        ),
        (&deep, "model.json:1"),
        (
            "{\"detail\":{\"diagrams\":[\n{\"cells\":[{\"shape\":\"actor\",\"data\":{\"threats\":[\n{\"title\":\"T42: x\"}]}}]}]}}",
            "model.json:3: the list of threats in rules/threats.yaml has no `T42`",
        ),
    ] {
        let output = of_model(text);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(cause), "{cause}: {}", said(&output));
    }
    let cell = "{\"shape\":\"actor\",\"data\":{\"name\":\"x\"}},\n".repeat(150_000);
    let many = format!("{{\"detail\":{{\"diagrams\":[{{\"cells\":[{cell}null]}}]}}}}");
    let output = of_model(&many);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("model.json:1: the model has more than 10000 elements"));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(40 << 20));
    let output = of_model(&large);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("model.json:1: the model has more than"));
}

#[test]
fn what_a_model_lacks_is_left_out() {
    let cells = json!([
        null, 7, "x", [], {}, {"shape": "process"}, {"shape": "process", "data": null},
        {"shape": "process", "id": "p", "data": {"threats": null}},
        {"shape": "process", "data": {"name": "a\u{1b}[31m|b`<img>", "threats": [null, 1, {"title": 5}, {"title": "T3: x"}]}},
        {"shape": "flow", "source": {"cell": "p"}, "target": {"cell": "nowhere"}, "data": {"name": "f"}},
        {"shape": "flow", "target": 3, "data": {"isPublicNetwork": "yes"}},
    ]);
    let model = json!({"summary": {"title": null}, "detail": {"diagrams": [null, {}, {"cells": 1}, {"cells": cells}]}});
    let output = of_model(&model.to_string());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!said(&output).contains('\u{1b}'));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    fs::write(&path, model.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let args = ["--model", path, "--format", "markdown", SOME];
    let document = String::from_utf8(threats(&args).stdout).unwrap();
    assert!(document.contains("&lt;img&gt;") && !document.contains("<img"));
    assert!(document.contains("\\|b\\`"));
    let written: Value = serde_json::from_str(&dragon(&["--model", path, SOME])).unwrap();
    let threat = &written["detail"]["diagrams"][3]["cells"][8]["data"];
    assert_eq!(
        (&threat["threats"][3]["status"], &threat["hasOpenThreats"]),
        (&"Open".into(), &true.into())
    );
}

#[test]
fn the_document_has_what_a_tester_needs() {
    let document = String::from_utf8(threats(&["--format", "markdown"]).stdout).unwrap();
    for heading in [
        "## What are we working on?",
        "## What can go wrong?",
        "## What are we doing about it?",
        "## Did we do a good job?",
        "## What do people ask?",
        "## Scope of a penetration test",
        "## Acceptance criteria",
        "## To do",
    ] {
        assert!(document.contains(heading), "{heading}");
    }
    assert!(
        document.contains("Ways in: Sign-up, sign-in (Fleet manager to Amazon Cognito, public)")
    );
    assert!(document.contains("events of the attack, by one of: cross\\_owner"));
    assert!(
        document.contains(
            "- [ ] M2 CAPTCHA at sign-up and sign-in (Front end team, planned, 2d; T1, T2)"
        )
    );
    assert!(document.contains("`replay capture`"));
}

/// What the property table of layers 4.5 has.
#[test]
fn the_layer_is_one_of_the_navigator() {
    let layer: Value = serde_json::from_slice(&threats(&["--format", "navigator"]).stdout).unwrap();
    let known = [
        "versions",
        "name",
        "description",
        "domain",
        "customDataURL",
        "filters",
        "sorting",
        "layout",
        "hideDisabled",
        "techniques",
        "gradient",
        "legendItems",
        "showTacticRowBackground",
        "tacticRowBackground",
        "selectTechniquesAcrossTactics",
        "selectSubtechniquesWithParent",
        "selectVisibleTechniques",
        "metadata",
        "links",
    ];
    for key in layer.as_object().unwrap().keys() {
        assert!(known.contains(&&**key), "{key}");
    }
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(layer["domain"], "enterprise-attack");
    let of_technique = ["techniqueID", "comment", "score", "metadata"];
    let techniques = list(&layer, "techniques");
    assert!(techniques.len() > 10);
    for technique in techniques {
        assert!(
            technique
                .as_object()
                .unwrap()
                .keys()
                .all(|key| of_technique.contains(&&**key))
        );
        let id = technique["techniqueID"].as_str().unwrap();
        let digits: Vec<usize> = id[1..].split('.').map(str::len).collect();
        assert!(
            id.starts_with('T') && (digits == [4] || digits == [4, 3]),
            "{id}"
        );
        assert_eq!(technique["score"], 100, "{technique}");
        assert!(
            technique["comment"].as_str().unwrap().contains("/attack"),
            "{technique}"
        );
    }
}

#[test]
fn check_looks_at_the_model_beside_the_list() {
    let check = |copy: &Copy| {
        let rules = copy.path("rules");
        replay(&["check", "--strict", rules.to_str().unwrap()])
    };
    let copy = Copy::new();
    let output = check(&copy);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("waf_blocked (evidence of M6)"));
    let model = "rules/threat_model.json";
    copy.edit(
        model,
        "\"T9: the web application",
        "\"TX: the web application",
    );
    copy.edit(
        "rules/threats.yaml",
        "until: 2027-03-31",
        "until: 2026-01-31",
    );
    let told = said(&check(&copy));
    assert!(
        told.contains("threats.yaml:33: warning: no model has the threat `T9`"),
        "{told}"
    );
    assert!(
        told.contains("warning: the acceptance of `T9` ended on 2026-01-31"),
        "{told}"
    );
    copy.edit(model, "\"T6: training data", "\"T66: training data");
    let output = check(&copy);
    assert_eq!(output.status.code(), Some(2));
    let told = said(&output);
    assert!(told.contains("has no `T66`, which a threat at \"S3 training and knowledge data\" names, did you mean `T6`?"), "{told}");
    let read = fs::read_to_string(copy.path(model)).unwrap();
    let mut read: Value = serde_json::from_str(&read).unwrap();
    for cell in read["detail"]["diagrams"][0]["cells"]
        .as_array_mut()
        .unwrap()
    {
        cell["data"]["threats"] = json!([]);
    }
    fs::write(copy.path(model), read.to_string()).unwrap();
    let told = said(&check(&copy));
    assert!(
        told.contains("warning: no threat is listed at \"AWS WAF\""),
        "{told}"
    );
    fs::write(copy.path(model), "{").unwrap();
    assert_eq!(check(&copy).status.code(), Some(2));
}

/// What was asked of a model, and what it answered, are nobody's business on call.
#[test]
fn no_rule_shows_a_prompt_or_an_answer() {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(root().join("rules")) {
        let path = entry.unwrap().into_path();
        let extension = path.extension().and_then(|e| e.to_str());
        if matches!(extension, Some("yml" | "yaml")) {
            files.push(path);
        }
    }
    assert!(files.len() > 30);
    let marks = [
        "outputBodyJson.stopReason",
        "outputBodyJson.amazon-bedrock-guardrailAction",
    ];
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        for line in code.filter(|line| line.contains("BodyJson")) {
            let is_mark = marks.iter().any(|mark| line.contains(mark)) && !line.contains("show");
            assert!(is_mark, "{}: {line}", path.display());
        }
    }
    let alerts = replay(&[
        "run",
        "--quiet",
        "--format",
        "json",
        "fixtures/prompt_abuse",
        "fixtures/model_extraction",
    ]);
    let alerts = String::from_utf8(alerts.stdout).unwrap();
    assert!(alerts.lines().count() > 10 && !alerts.contains("made-up question"));
}

#[test]
fn what_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &root().join("rules/error_leak"),
        &folder.path().join("rules"),
    );
    let rules = folder.path().join("rules");
    let settings = "rules/vedette.yaml";
    fs::copy(root().join(settings), folder.path().join(settings)).unwrap();
    let output = threats(&["--rules", rules.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("the rules have no list of threats"));
    let two = [
        "--model",
        "replay/tests/threats/demo.json",
        "--model",
        "rules/threat_model.json",
    ];
    let args = [&two[..], &["--format", "threat-dragon", SOME]].concat();
    let output = threats(&args);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("writes one model, and there are 2"));
    let output = threats(&["fixtures/nowhere"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let copy = Copy::new();
    let accepted = "        mitigations: [M10]\n        accepted: {by: Owner, reason: none, until: 2027-03-31}";
    copy.edit("rules/threats.yaml", "        mitigations: [M10]", accepted);
    assert!(
        said(&copy.threats()).contains("warning: `T5` is proven, so that nobody has to accept it")
    );
    assert_eq!(
        threats(&["--logs", "fixtures/nowhere", SOME]).status.code(),
        Some(3)
    );
}
