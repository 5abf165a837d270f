//! `replay alerts`: messages as people read them, one of each family to the letter, and the same for the same input.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn printed(command: &str, args: &[&str]) -> String {
    let mut replay = Command::new(env!("CARGO_BIN_EXE_replay"));
    let output = replay
        .arg(command)
        .arg("--quiet")
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `VEDETTE_ACCEPT=1` writes them anew; read the difference.
#[test]
fn messages_of_each_family_are_as_they_were_read() {
    for (family, recording) in [
        ("credential_stuffing", "attack_brute_force"),
        ("cross_owner_access", "attack"),
        ("error_leak", "attack_secret"),
        ("registration_flood", "attack_botnet"),
    ] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/messages/{family}.txt"));
        let found = printed("alerts", &[&format!("fixtures/{family}/{recording}")]);
        if std::env::var_os("VEDETTE_ACCEPT").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &found).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, golden, "{family}");
        let prose = found
            .lines()
            .filter(|line| !line.starts_with("      ") && !line.starts_with("Subject: "));
        let long: Vec<&str> = prose.filter(|line| line.chars().count() > 50).collect();
        assert!(
            long.iter().all(|line| !line.trim().contains(' ')),
            "{family}: {long:#?}"
        );
    }
}

#[test]
fn every_alert_has_its_incident_and_each_incident_tells_of_it() {
    let args = ["--format", "json", "fixtures/credential_stuffing"];
    let alerts: Vec<Value> = printed("run", &args)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let args = ["--format", "incidents", "fixtures/credential_stuffing"];
    let incidents: Vec<Value> = printed("run", &args)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(alerts.len() > 30 && incidents.len() < alerts.len());
    let of = |incident: &Value| -> BTreeSet<(String, String)> {
        let id = incident["incident_id"].as_str().unwrap().to_owned();
        let alerts = incident["alerts"].as_array().unwrap().iter();
        alerts
            .map(|alert| (id.clone(), alert.as_str().unwrap().to_owned()))
            .collect()
    };
    let told: BTreeSet<_> = incidents.iter().flat_map(of).collect();
    let text = |alert: &Value, key: &str| alert[key].as_str().unwrap().to_owned();
    let of_alerts: BTreeSet<_> = alerts
        .iter()
        .map(|alert| (text(alert, "incident_id"), text(alert, "alert_id")))
        .collect();
    assert_eq!(told, of_alerts);
}

#[test]
fn messages_are_the_same_for_any_number_of_threads_and_in_every_form() {
    let recording = "fixtures/credential_stuffing/attack";
    for body in ["email", "sms", "json", "ocsf", "chat"] {
        let one = printed("alerts", &["--as", body, "--threads", "1", recording]);
        assert_eq!(
            one,
            printed("alerts", &["--as", body, "--threads", "4", recording])
        );
        if matches!(body, "json" | "ocsf" | "chat") {
            assert!(
                one.lines()
                    .all(|line| serde_json::from_str::<Value>(line).is_ok()),
                "{one}"
            );
        }
    }
    let findings = printed("alerts", &["--as", "ocsf", recording]);
    let ids: BTreeSet<String> = findings
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["finding_info"]["uid"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(ids.len() > 1);
    let first = ids.first().unwrap();
    let own = printed("alerts", &["--as", "ocsf", "--incident", first, recording]);
    assert!(
        own.lines().count() > 1 && own.lines().all(|line| line.contains(first.as_str())),
        "{own}"
    );
}

/// Of every attack: `vendor/ocsf` has what the class may be.
#[test]
fn every_finding_is_one_of_the_published_schema() {
    let path = root().join("vendor/ocsf/detection_finding.schema.json");
    let mut schemas = boon::Schemas::new();
    let published = boon::Compiler::new()
        .compile(path.to_str().unwrap(), &mut schemas)
        .unwrap();
    let mut occasions = BTreeSet::new();
    let families = fs::read_dir(root().join("fixtures")).unwrap();
    let recordings = families.flat_map(|family| fs::read_dir(family.unwrap().path()).ok());
    let mut attacks: Vec<PathBuf> = recordings
        .flatten()
        .map(|recording| recording.unwrap().path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("attack"))
        })
        .collect();
    attacks.sort();
    let mut args = vec!["--as", "ocsf"];
    args.extend(attacks.iter().map(|path| path.to_str().unwrap()));
    for line in printed("alerts", &args).lines() {
        let finding: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = schemas.validate(&finding, published) {
            panic!("{error:#}\n{line}");
        }
        occasions.insert(finding["type_uid"].as_i64().unwrap());
    }
    assert_eq!(occasions, BTreeSet::from([200_401, 200_402, 200_403]));
}

#[test]
fn machines_are_told_the_mitigations_of_the_threat() {
    let recording = "fixtures/credential_stuffing/attack";
    let findings = printed("alerts", &["--as", "ocsf", recording]);
    for line in findings.lines() {
        let finding: Value = serde_json::from_str(line).unwrap();
        let mitigations = finding["unmapped"]["mitigations"].as_array().unwrap();
        assert!(
            mitigations
                .iter()
                .any(|of| of.as_str().unwrap().starts_with("M1 ")),
            "{mitigations:?}"
        );
    }
    assert!(!findings.is_empty());
}
