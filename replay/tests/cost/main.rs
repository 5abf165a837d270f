//! What the service costs: that the documents say what the model says, and where the model breaks.
//!
//! Both take long in a program that is not optimised, so that only the smallest service is measured here. All of them,
//! and the walls, are with `VEDETTE_CAMPAIGN=1`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const RECORDING: &str = "fixtures/ordinary_traffic/quiet_day";

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the workspace's folder")
}

fn cost(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_replay"))
        .current_dir(root())
        .args(["cost", "--quiet"])
        .args(arguments)
        .arg(RECORDING)
        .output()
        .expect("replay starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn is_campaign() -> bool {
    std::env::var_os("VEDETTE_CAMPAIGN").is_some()
}

/// The cells of each line of a table.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| line.starts_with('|'));
    lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn the_costs_of_the_document_are_those_of_the_program() {
    let document = fs::read_to_string(root().join("infra/README.md")).expect("the document");
    let how = format!("write it anew with `replay cost --quiet --format markdown {RECORDING}`");
    if is_campaign() {
        let table = cost(&["--format", "markdown"]);
        assert!(document.contains(&table), "{how}:\n{table}");
    }
    let table = cost(&["--format", "markdown", "--rate", "100"]);
    let measured = cells(&table);
    assert!(measured.len() > 8, "{table}");
    let written = cells(&document);
    let head = written.iter().find(|it| it.get(1) == measured[0].get(1));
    assert!(head.is_some(), "no column `{}`: {how}", measured[0][1]);
    for row in measured.iter().skip(2) {
        let has = written.iter().any(|it| it.starts_with(row));
        assert!(has, "not in the document: {row:?}; {how}");
    }
}

/// The document says how many shards the rules bear, and how many groups a sweep.
#[test]
fn the_walls_stand_where_the_document_says() {
    if !is_campaign() {
        return;
    }
    let json = cost(&[
        "--format",
        "json",
        "--rate",
        "1000",
        "--seconds",
        "120",
        "--shards",
        "4",
        "--shards",
        "8",
        "--shards",
        "16",
    ]);
    let measured: Value = serde_json::from_str(&json).expect("JSON");
    let of = |at: usize, name: &str| measured["scenarios"][at][name].clone();
    for at in 0..3 {
        assert_eq!(of(at, "groups_given_up"), 0);
        let busiest = of(at, "busiest_partition")["write_units_a_second"].as_f64();
        assert!(busiest < Some(300.0), "{json}");
    }
    for (due, complete) in [("10000", [true, true]), ("100000", [false, true])] {
        let json = cost(&[
            "--format",
            "json",
            "--rate",
            "100",
            "--seconds",
            "120",
            "--due",
            due,
        ]);
        let measured: Value = serde_json::from_str(&json).expect("JSON");
        let sweeps = &measured["scenarios"][0]["sweeps"];
        assert_eq!(sweeps[0]["groups_due"].to_string(), due);
        let is_complete = [0, 1].map(|at| sweeps[at]["is_complete"] == true);
        assert_eq!(is_complete, complete, "{sweeps}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for arguments in [["--rate", "0"], ["--rate", "1e9"], ["--shards", "0"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_replay"))
            .arg("cost")
            .args(arguments)
            .arg(RECORDING)
            .output()
            .expect("replay starts");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("expected"), "{said}");
    }
}
