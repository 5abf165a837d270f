//! What a store holds outlives the program that wrote it: a rule goes by the same key, and events leave the same bytes.
//!
//! `state_versions/keys.txt` and `state_versions/version_3.txt` are golden. Where a test fails, the change is wrong, unless
//! it is meant: each key that differs makes a rule start anew in every deployment, a baseline for weeks.
//!
//! - A rule that ships was edited in what its state depends on: its line in keys.txt takes the new key, and CHANGELOG.md
//!   names the rule.
//! - A rule, type or option is new: a line more.
//! - A key changed that nobody edited: what `Meaning` or `Window::parts` says of a rule must stay word for word.
//! - States change only with a new version (`state_versions.rs`).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, CorrelationRule, RuleFile};
use detector_core::store::Plan;
use detector_core::time::Timestamp;
use detector_core::window::load_rules;

/// 2026-01-01T00:00:00Z.
const ORIGIN_MS: i64 = 1_767_225_600_000;

struct Nobody;
impl Observer for Nobody {}

/// Every window type, and every way to state its condition.
const EVERY_TYPE: &str = include_str!("state_versions/every_type.yml");
/// Every other option that a key holds.
const EVERY_OPTION: &str = include_str!("state_versions/every_option.yml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rule files below `folder`.
fn rule_files(folder: &Path, found: &mut Vec<RuleFile>) {
    let entries = fs::read_dir(folder).expect("a folder of rules");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            rule_files(&path, found);
        } else if detector_core::rule::is_rule_file(&name) {
            let text = fs::read_to_string(&path).expect("a rule file");
            let path = name.into_owned();
            found.push(RuleFile { path, text });
        }
    }
}

fn engine(files: &[RuleFile]) -> Engine {
    Engine::new(load_rules(files).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn of_text(text: &str) -> Engine {
    engine(&[RuleFile {
        path: "rules.yml".into(),
        text: text.into(),
    }])
}

fn every_type_and_option() -> String {
    [EVERY_TYPE, EVERY_OPTION].join("---\n")
}

fn of_every_type() -> Engine {
    of_text(EVERY_TYPE)
}

/// `10 or more events within 10 minutes`, as messages have it.
fn fires_at(rule: &CorrelationRule) -> String {
    let names: Vec<&str> = rule.inputs.iter().map(|input| &*input.reference).collect();
    rule.window.fires_at(&names)
}

/// A line for each correlation: its key in a store, its title, and when it fires.
fn told(engine: &Engine) -> String {
    let plan = Plan::new(engine.rules(), engine.store_times());
    let mut told = String::new();
    for (at, rule) in (0..).zip(&engine.rules().correlations) {
        let key = plan.key_of(CorrelationIx(at)).0.to_u128();
        let (title, fires_at) = (&rule.meta.title, fires_at(rule));
        writeln!(told, "{key:032x} {title}: {fires_at}").expect("text");
    }
    told
}

#[test]
fn a_rule_goes_by_the_key_it_always_had_and_says_the_same() {
    let mut shipped = Vec::new();
    rule_files(&root().join("rules"), &mut shipped);
    let told = told(&engine(&shipped)) + &told(&of_text(&every_type_and_option()));
    let known: BTreeSet<&str> = include_str!("state_versions/keys.txt").lines().collect();
    let told: BTreeSet<&str> = told.lines().collect();
    let (new, gone) = (told.difference(&known), known.difference(&told));
    let (new, gone): (Vec<_>, Vec<_>) = (new.collect(), gone.collect());
    assert!(
        new.is_empty() && gone.is_empty(),
        "not as it was: such a rule begins anew where it is deployed. Where that is meant, keys.txt takes {new:#?} for {gone:#?}"
    );
}

/// The keys of all correlations.
fn keys(text: &str) -> Vec<u128> {
    let engine = of_text(text);
    let plan = Plan::new(engine.rules(), engine.store_times());
    let rules = 0..engine.rules().correlations.len() as u32;
    let key = |at| plan.key_of(CorrelationIx(at)).0.to_u128();
    rules.map(key).collect()
}

/// How many of how many rules keep their keys when this is written for that.
fn edits(from: &str, to: &str) -> (usize, usize) {
    let text = every_type_and_option();
    assert!(text.contains(from), "{from}");
    let (before, after) = (keys(&text), keys(&text.replace(from, to)));
    let kept = before
        .iter()
        .zip(&after)
        .filter(|(one, other)| one == other);
    (kept.count(), before.len())
}

#[test]
fn what_only_judges_or_tells_keeps_the_key() {
    for (from, to) in [
        (
            "title: Noisy\n",
            "title: Loud\ndescription: More of it.\ntags: [attack.t1110]\nlevel: high\n",
        ),
        ("show: [user]", "show: [eventName]"),
        (
            "{show: [user]}",
            "{entities: {actor: {address: sourceIPAddress}}}",
        ),
        ("quiet: 1h", "quiet: 2h"),
        ("condition: {gte: 4}", "condition: {gte: 3}"),
        ("condition: {gte: 4}", "condition: {gte: 40}"),
        ("gte: 200}", "gt: 20}"),
        ("condition: {gte: 2, lt: 3}", "condition: {gte: 1}"),
        (
            "\"failure and not (ended or success)\"",
            "\"success and not ended\"",
        ),
        ("\"1 of them\"", "\"all of them\""),
        ("gt: 200.5", "lt: 7"),
        ("percentile: 95", "percentile: 99"),
        (
            "gte: 0.25, lte: 0.999999, at_least: 7",
            "gte: 0.5, at_least: 70",
        ),
        ("learning: 15m", "learning: 20m"),
        (
            "factor: 2.5, weeks: 2, warm_up: 1",
            "factor: 3, weeks: 2, warm_up: 2",
        ),
        ("memory: 365d", "memory: 100d"),
        ("ann: 40", "ann: 41"),
        ("ann: 40", "cid: 4"),
        ("{eventName: Failure}", "{eventName: Fault}"),
    ] {
        let (kept, all) = edits(from, to);
        assert_eq!(kept, all, "{from} -> {to}");
    }
}

#[test]
fn what_a_state_depends_on_changes_the_key_and_those_of_its_parents() {
    for (from, to, changed) in [
        // Its parent, and the parent of that, count its episodes.
        (
            "group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 4}",
            "group-by: [sourceIPAddress], timespan: 11s, condition: {gte: 4}",
            2,
        ),
        ("gt: 1, lte: 20, neq: 7", "gt: 1, lte: 21, neq: 7", 1),
        // A store keeps what is of a place by itself.
        (
            "{show: [user]}",
            "{entities: {scope: {client: sourceIPAddress}}}",
            1,
        ),
        ("field: user, eq: 1", "field: eventName, eq: 1", 1),
        (
            "\"failure and not (ended or success)\"",
            "\"failure and not (ended and not success)\"",
            1,
        ),
        (
            "rules: [failure, success, given]",
            "rules: [failure, given, success]",
            1,
        ),
        ("type: value_avg", "type: value_median", 1),
        ("of: [failure], to", "of: [success], to", 1),
        ("memory: 30m", "memory: 31m", 1),
        ("values: 20", "values: 21", 1),
        ("factor: 2.5, weeks: 2", "factor: 2.5, weeks: 3", 1),
        ("ended_by: [ended], ", "", 1),
        // Of what more can undo, where the highest changes.
        ("bob: 2000", "bob: 2001", 1),
        ("ipv4: 24", "ipv4: 23", 1),
        ("[user, eventName]", "[eventName, user]", 1),
        (
            "id: 33333333-3333-4333-8333-333333333333",
            "id: 33333333-3333-4333-8333-333333333334",
            1,
        ),
    ] {
        let (kept, all) = edits(from, to);
        assert_eq!(all - kept, changed, "{from} -> {to}");
    }
}

/// The event with that number: some ids are no UUIDs, and within some tenths of the hour there are hundreds.
fn event(number: i64) -> String {
    let place = match number % 3 {
        0 => number % 40 * 90_000,
        _ => 600_000 + number * 37 % 9_000,
    };
    let time = Timestamp::from_millis(ORIGIN_MS + place).expect("a time of this century");
    let id = match number % 4 {
        0 => format!("request-{number}"),
        _ => format!("00000000-0000-4000-8000-{number:012x}"),
    };
    let name = ["Failure", "Success", "Given", "Ended"][number as usize * 7 / 3 % 4];
    let (ip, user, amount) = (number % 2, number % 300, number * 37 % 100);
    format!(
        r#"{{"eventVersion":"1.11","eventTime":"{time}","eventSource":"s.amazonaws.com","eventName":"{name}",
        "awsRegion":"eu-west-1","eventID":"{id}","sourceIPAddress":"192.0.2.{ip}","user":"user-{user}","amount":{amount}}}"#
    )
}

/// Of each group its rule's place, its key, and the length and a hash of its state.
#[test]
fn the_same_events_leave_the_same_bytes() {
    use detector_core::window::key::Key;

    let engine = of_every_type();
    let mut worker = engine.worker(Mode::Set);
    for number in 0..4_000 {
        worker.record(event(number).as_bytes(), None, &mut Nobody);
    }
    assert_eq!(worker.tally().unreadable, 0);
    let mut states = String::new();
    worker.drain_state(&mut |rule, group, state| {
        let (group, length) = (group.to_u128(), state.len());
        let hash = Key::of_texts([state
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()]);
        let hash = hash.to_u128();
        writeln!(states, "{} {group:032x} {length} {hash:032x}", rule.0).expect("text");
        let windows = detector_core::window::Windows::new(engine.rules());
        for watermark in [ORIGIN_MS + 700_000, ORIGIN_MS + 1_800_000] {
            let united = windows.unite(rule, Key::from_u128(group), &[state], Some(watermark));
            let united = united.expect("just written");
            let told = format!("{:?}", (&united.episodes, &united.state));
            let hash = Key::of_texts([told]).to_u128();
            writeln!(states, "  {} {hash:032x}", united.episodes.len()).expect("text");
        }
    });
    assert_eq!(states, include_str!("state_versions/version_3.txt"));
}
