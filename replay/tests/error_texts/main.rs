//! Texts as runtimes, databases and services write them, and as an application writes to people: which are told of.
//!
//! They were written before the signatures that find them. Those of a second set are read where it is at hand.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// What a text is: it must alert, and critically, or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Leak,
    Secret,
    Ordinary,
}

/// Kind, status where it has one of its own, and text.
type Text = (Kind, Option<u16>, String);

fn texts(file: &str) -> Vec<Text> {
    let (mut kind, mut texts) = (Kind::Leak, Vec::new());
    for line in file.lines() {
        if let Some(section) = line.strip_prefix("## ") {
            kind = match section {
                "LEAKS" => Kind::Leak,
                "SECRETS" => Kind::Secret,
                _ => Kind::Ordinary,
            };
        } else if let (false, Some((of, text))) = (line.starts_with('#'), line.split_once('|')) {
            let is_secret = kind == Kind::Secret || of == "secret";
            let kind = if is_secret { Kind::Secret } else { kind };
            let text = text.replace("@~", "").replace("sk_@live", "sk_live");
            texts.push((kind, of.parse().ok(), text));
        }
    }
    texts
}

/// The numbers of the texts that alerted, and of those that did so critically.
fn alerted(texts: &[Text], status: u16) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("responses.ndjson");
    let line = |(number, (_, own, text)): (usize, &Text)| {
        let response = json!({
            "timestamp": format!("2026-06-01T{:02}:{:02}:00Z", number / 60, number % 60), "event": "http.response",
            "service": format!("service-{number}"), "request_id": format!("r{number}"), "sub": format!("u{number}"),
            "source_ip": format!("203.0.{}.{}", number / 250, number % 250), "route": "/t", "status": own.unwrap_or(status),
            "error_message": text,
        });
        response.to_string()
    };
    let lines: Vec<String> = texts.iter().enumerate().map(line).collect();
    fs::write(&recording, lines.join("\n")).expect("written");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let output = Command::new(env!("CARGO_BIN_EXE_replay"))
        .args(["run", "--quiet", "--format", "json", "--rules"])
        .args([&rules.join("error_leak"), Path::new("--rules")])
        .args([&rules.join("vedette.yaml"), &recording])
        .output()
        .expect("replay runs");
    assert!(output.status.success(), "{output:?}");
    let (mut all, mut critical) = (BTreeSet::new(), BTreeSet::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let alert: Value = serde_json::from_str(line).expect("JSON");
        let service = alert["group"]["service"]
            .as_str()
            .and_then(|service| service.strip_prefix("service-"));
        if let Some(number) = service.and_then(|number| number.parse().ok()) {
            all.insert(number);
            if alert["rule"]["level"] == "critical" {
                critical.insert(number);
            }
        }
    }
    (all, critical)
}

fn check(texts: &[Text], status: u16) {
    let (all, critical) = alerted(texts, status);
    let of = |kind| {
        texts
            .iter()
            .enumerate()
            .filter(move |(_, text)| text.0 == kind)
    };
    let missed: Vec<_> = of(Kind::Leak).filter(|(at, _)| !all.contains(at)).collect();
    let leaks = of(Kind::Leak).count();
    assert!(
        missed.len() * 20 <= leaks,
        "{} of {leaks} at {status}: {missed:#?}",
        missed.len()
    );
    let missed: Vec<_> = of(Kind::Secret)
        .filter(|(at, _)| !critical.contains(at))
        .collect();
    assert!(missed.is_empty(), "at {status}: {missed:#?}");
    let wrong: Vec<_> = of(Kind::Ordinary)
        .filter(|(at, _)| all.contains(at))
        .collect();
    assert!(wrong.is_empty(), "at {status}: {wrong:#?}");
}

#[test]
fn of_a_hundred_leaks_ninety_five_are_found_and_no_ordinary_text_is() {
    let own = texts(include_str!("texts.txt"));
    assert!(own.len() >= 200, "{}", own.len());
    let own: Vec<Text> = (own.into_iter())
        .map(|(kind, status, text)| (kind, status, text.replace("\\n", "\n").replace("\\t", "\t")))
        .collect();
    check(&own, 500);
    check(&own, 400);
    let others = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/error-texts.txt");
    if let Ok(others) = fs::read_to_string(others) {
        check(&texts(&others), 500);
    }
}
