//! The list of threats: read with the rules, every mistake at its line, and told to the rules that name a threat of it.

mod rule_text;

use detector_rule::{Persona, Progress, Severity};
use detector_window::{check_rules, load_rules};
use rule_text::{file, show};

const LIST: &str = "\
review: {by: AppSec, on: 2026-11-20, every: 90d}
threats:
    T1:
        title: stolen credentials
        mitigations: [M1]
        accepted: {by: Owner, reason: not yet, until: 2027-03-31}
mitigations:
    M1: {title: Second factor, owner: Identity, state: built, baseline: true, seen_by: [passed], broken_by: [failed]}
questions:
    - {persona: business owner, ask: Is it slow?, threats: [T1]}
";

const RULES: &str = "\
title: Sign-in failed
id: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01
name: failed
level: low
logsource: {product: aws, service: cognito}
detection: {s: {a: 1}, condition: s}
---
title: Sign-in passed
id: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c02
name: passed
level: high
logsource: {product: aws, service: cognito}
detection: {s: {a: 2}, condition: s}
---
title: Many fail
id: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c03
name: many
level: high
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 5m, condition: {gte: 2}}
vedette:
    threat: T1
";

fn problems(list: &str, rules: &str) -> String {
    show(&check_rules(&[
        file("threats.yaml", list),
        file("r.yml", rules),
    ]))
}

#[test]
fn a_list_is_read_and_told_to_its_rules() {
    assert_eq!(problems(LIST, RULES), "");
    let set = load_rules(&[file("threats.yaml", LIST), file("r.yml", RULES)]).unwrap();
    let list = set.threats.as_ref().unwrap();
    let review = list.review.as_ref().unwrap();
    assert_eq!(review.due().to_string(), "2027-02-18");
    assert_eq!(list.questions[0].persona, Persona::BusinessOwner);
    let mitigation = list.mitigation("M1").unwrap();
    assert_eq!(mitigation.state, Progress::Built);
    assert!(mitigation.is_baseline);
    let names = |rules: &[u32]| -> Vec<_> {
        let of = |ix: &u32| set.detections[*ix as usize].meta.name.clone();
        rules.iter().filter_map(of).collect()
    };
    assert_eq!(names(&mitigation.seen_by.rules), ["passed".into()]);
    assert_eq!(names(&mitigation.broken_by.rules), ["failed".into()]);
    // `passed` is evidence, so nobody is told of its hits, and no correlation stands for it.
    let [many] = &set.correlations[..] else {
        panic!("{:?}", set.correlations)
    };
    assert_eq!(many.meta.threat.as_deref(), Some("T1: stolen credentials"));
    assert_eq!(
        many.meta.mitigations,
        ["M1 Second factor (Identity, built)".into()]
    );
    // Without a list a threat is free text, as before.
    let alone = load_rules(&[file("r.yml", RULES)]).unwrap();
    assert!(alone.threats.is_none() && alone.correlations.len() == 2);
    assert_eq!(alone.correlations[0].meta.threat.as_deref(), Some("T1"));
}

#[test]
fn every_mistake_is_told_at_its_line() {
    for (from, to, said) in [
        (
            "threat: T1",
            "threat: T2",
            "r.yml:21: the list of threats has no threat `T2`",
        ),
        (
            "mitigations: [M1]",
            "mitigations: [M2]",
            "threats.yaml:5: the list of threats has no mitigation `M2`",
        ),
        (
            "threats: [T1]}",
            "threats: [T7]}",
            "threats.yaml:10: the list of threats has no threat `T7`",
        ),
        (
            "threats: [T1]}",
            "threats: []}",
            "threats.yaml:10: the question has no `threats`",
        ),
        (
            "[passed]",
            "[pased]",
            "threats.yaml:8: no rule has the id or name `pased`, did you mean `passed`?",
        ),
        (
            "[passed]",
            "[many]",
            "threats.yaml:8: `many` is a correlation rule",
        ),
        (
            "until: 2027-03-31",
            "until: soon",
            "threats.yaml:6: `until` is a day, as 2027-01-31, not `soon`",
        ),
        (
            "on: 2026-11-20",
            "on: 2026-31-11",
            "threats.yaml:1: `on` is a day",
        ),
        (
            "every: 90d",
            "every: 12h",
            "threats.yaml:1: `every` is at least a day",
        ),
        (
            "every: 90d",
            "every: often",
            "threats.yaml:1: `every` `often` is not a duration",
        ),
        ("by: AppSec, ", "", "threats.yaml:1: `review` has no `by`"),
        (
            "business owner",
            "bussiness owner",
            "did you mean `business owner`?",
        ),
        (
            "state: built",
            "state: done",
            "threats.yaml:8: `state` is one of proposed, planned, built, not `done`",
        ),
        (
            "state: built",
            "state: proposed",
            "threats.yaml:8: the mitigation `M1` is only proposed",
        ),
        (
            "baseline: true",
            "baseline: 'true'",
            "threats.yaml:8: `baseline` is true or false",
        ),
        (
            "owner: Identity",
            "owner: 7",
            "threats.yaml:8: `owner` of the mitigation `M1` must be text",
        ),
        (
            "owner: Identity, ",
            "",
            "threats.yaml:8: the mitigation `M1` has no `owner`",
        ),
        (
            "title: Second factor",
            "titel: Second factor",
            "threats.yaml:8: unknown key `titel` of the mitigation `M1`, did you mean `title`?",
        ),
        (
            "questions:",
            "qestions:",
            "threats.yaml:9: unknown key `qestions` of the list, did you mean `questions`?",
        ),
        ("    T1:\n", "    'T\\x01':\n", "is no id"),
        ("    T1:\n", "    \"T\\e[31m\":\n", "is no id"),
        ("    M1:", "    1:", "threats.yaml:8:5: key `1` is not text"),
        (
            "accepted: {by: Owner, reason: not yet, until: 2027-03-31}",
            "accepted: yes",
            "threats.yaml:6: `accepted` is a mapping of by, reason, until",
        ),
    ] {
        let (list, rules) = (LIST.replacen(from, to, 1), RULES.replacen(from, to, 1));
        assert!(list != LIST || rules != RULES, "{from}");
        let found = problems(&list, &rules);
        assert!(found.contains(said), "{to}: {found}");
        assert!(
            load_rules(&[file("threats.yaml", &list), file("r.yml", &rules)]).is_err(),
            "{to}"
        );
    }
}

#[test]
fn doubts_are_warnings() {
    for (from, to, said) in [
        (
            "threat: T1",
            "threat: 'T1: stolen keys'",
            "r.yml:21: warning: the threat `T1` is \"stolen credentials\"",
        ),
        (
            "mitigations: [M1]",
            "mitigations: []",
            "threats.yaml:8: warning: no threat names the mitigation `M1`",
        ),
    ] {
        let (list, rules) = (LIST.replacen(from, to, 1), RULES.replacen(from, to, 1));
        let files = [file("threats.yaml", &list), file("r.yml", &rules)];
        let found = check_rules(&files);
        assert!(found.iter().all(|p| p.severity == Severity::Warning));
        assert!(show(&found).contains(said), "{to}: {}", show(&found));
        assert!(load_rules(&files).is_ok());
    }
}

#[test]
fn a_rule_set_has_one_list_and_no_allowlist_file_has_any() {
    let second = file("more.yaml", LIST);
    let found = show(&check_rules(&[
        file("threats.yaml", LIST),
        second,
        file("r.yml", RULES),
    ]));
    assert!(
        found.contains("more.yaml:1: a rule set has one list of threats"),
        "{found}"
    );
    let mut set = load_rules(&[file("r.yml", RULES)]).unwrap();
    let refused = set.stand_in(&file("allowlist.yaml", LIST), detector_window::TYPES);
    assert!(show(&refused.unwrap_err()).contains("and nothing else"));
}

#[test]
fn hostile_lists_end_in_located_errors() {
    for list in [
        "threats: null\n".to_owned(),
        "threats: [T1]\n".to_owned(),
        "threats: {T1: null}\n".to_owned(),
        "threats: {T1: {title: [a]}}\n".to_owned(),
        format!("threats: {}{}\n", "{T1: ".repeat(200), "}".repeat(200)),
        format!("threats: {{T1: {{title: {}}}\n", "[".repeat(10_000)),
        "threats: &a {T1: *a}\n".to_owned(),
        "threats: {T1: {title: a}, T1: {title: b}}\n".to_owned(),
        format!("threats: {{{}: {{title: a}}}}\n", "T".repeat(100_000)),
        "threats: {T1: {title: a}}\nquestions: {persona: adversary}\n".to_owned(),
        format!(
            "threats:\n{}",
            (0..1_001)
                .map(|i| format!("    T{i}: {{title: a}}\n"))
                .collect::<String>()
        ),
    ] {
        let found = check_rules(&[file("threats.yaml", &list), file("r.yml", RULES)]);
        let is_located = found
            .iter()
            .any(|p| p.severity == Severity::Error && p.path == "threats.yaml" && p.line >= 1);
        assert!(
            is_located,
            "{}: {}",
            &list[..list.len().min(60)],
            show(&found)
        );
        assert!(
            found
                .iter()
                .all(|p| p.message.len() < 500 && !p.message.contains('\u{1b}'))
        );
    }
}
