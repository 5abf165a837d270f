//! All shipped attacks once more, as `fixtures/rewrite.py` writes them for other runtimes of functions: they must raise
//! the same alerts, event by event.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runtimes for which all attacks are written in both log formats; other forms for the first of each family.
const RUNTIMES: [&str; 5] = ["node", "python", "java", "dotnet", "rust"];
const FORMS_MIN: usize = 30;
const ALERTS_MIN: usize = 130;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn ran(command: &mut Command) -> Output {
    let output = command.current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
    output
}

/// What `replay run` finds: the alerts, by what tells one from another, and what it says of the input.
#[derive(Debug)]
struct Findings {
    alerts: BTreeMap<String, Value>,
    said: String,
}

impl Findings {
    fn of(folders: &[PathBuf]) -> Self {
        let mut replay = Command::new(env!("CARGO_BIN_EXE_replay"));
        replay.args(["run", "--no-progress", "--quiet", "--format", "json"]);
        let output = ran(replay.args(folders));
        let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
        let alerts = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let keyed = alerts.map(|alert| {
            let [rule, group, opened] =
                ["rule", "group", "opened_at"].map(|key| alert[key].to_string());
            (format!("{rule} {group} {opened}"), alert)
        });
        Self {
            alerts: keyed.collect(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The attacks that ship, where `is_wanted` by name.
fn attacks(is_wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let families = folders(&root().join("fixtures"));
    let scenarios = families.iter().flat_map(|family| folders(family));
    scenarios.filter(|path| is_wanted(&name(path))).collect()
}

/// `recordings` in these forms, a folder each.
fn rewritten(folder: &Path, forms: &[String], recordings: &[PathBuf]) -> Vec<PathBuf> {
    let mut script = Command::new("python3");
    script
        .arg("fixtures/rewrite.py")
        .arg(folder)
        .args(recordings);
    ran(script.args(forms.iter().map(|form| format!("--form={form}"))));
    folders(folder)
}

/// Whether events of the alert have no id of their own, so that theirs follows from how they are written.
fn is_by_content(alert: &Value) -> bool {
    alert["event_ids"].to_string().contains("\"content:")
}

/// Checks that `form` is found to be what `wanted` is.
fn compare(form: &Path, wanted: &Findings) {
    let form_name = name(form);
    let mut found = Findings::of(&[form.to_owned()]);
    assert_eq!(found.said, wanted.said, "{form_name}");
    for (key, wanted) in &wanted.alerts {
        let mut wanted = wanted.clone();
        let found = found.alerts.remove(key);
        let mut found = found.unwrap_or_else(|| panic!("{form_name}: no alert {key}"));
        // What an extension hands on has lost the log event's id.
        if is_by_content(&wanted) || form_name.starts_with("telemetry") && is_by_content(&found) {
            for alert in [&mut wanted, &mut found] {
                let fields = alert.as_object_mut().unwrap();
                fields.retain(|field, _| field != "alert_id" && field != "event_ids");
            }
        }
        assert_eq!(found, wanted, "{form_name}");
    }
    assert!(
        found.alerts.is_empty(),
        "{form_name}: {:?}",
        found.alerts.keys()
    );
}

#[test]
fn all_attacks_alert_alike_on_five_runtimes_in_both_log_formats() {
    let folder = tempfile::tempdir().unwrap();
    let forms = RUNTIMES.map(|runtime| [format!("{runtime}_text"), format!("{runtime}_json")]);
    // What runtimes write of an error that nobody handles is theirs already.
    let recordings = attacks(&|name| name.starts_with("attack") && name != "attack_unhandled");
    let wanted = Findings::of(&recordings);
    assert!(wanted.alerts.len() >= ALERTS_MIN, "{wanted:?}");
    let written = rewritten(folder.path(), &forms.concat(), &recordings);
    assert_eq!(written.len(), 2 * RUNTIMES.len());
    for form in written {
        compare(&form, &wanted);
    }
}

#[test]
fn an_attack_of_each_family_alerts_alike_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = attacks(&|name| name == "attack");
    let wanted = Findings::of(&recordings);
    let written = rewritten(folder.path(), &[], &recordings);
    assert!(written.len() >= FORMS_MIN, "{written:?}");
    for form in written {
        compare(&form, &wanted);
    }
}
