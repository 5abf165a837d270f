//! Every mistake in a rule file is reported at its line, in words that say what to write instead.

mod rule_text;

use detector_rule::{RuleFile, Severity};
use detector_window::{check_rules, load_rules};
use rule_text::{file, show};

fn broken(name: &str) -> RuleFile {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken_rules");
    #[expect(clippy::disallowed_methods, reason = "a test reads its own files")]
    let text = std::fs::read_to_string(format!("{folder}/{name}.yml"))
        .expect("the file is in the repository");
    file(&format!("rules/{name}.yml"), &text)
}

macro_rules! snapshot_of {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            let files = [broken(stringify!($name))];
            assert!(load_rules(&files).is_err());
            let mut problems = check_rules(&files);
            // Ids are of no concern to these rules; `a_rule_without_an_id_is_doubtful` is.
            problems.retain(|problem| !problem.message.contains("has no `id`"));
            insta::assert_snapshot!(stringify!($name), show(&problems));
        })*
    };
}

snapshot_of!(
    yaml,
    top_level,
    detection,
    correlation,
    attributes,
    references,
    cycle,
    groups,
    entities,
    lists
);

/// The one problem of a file.
fn only_problem(text: &str) -> String {
    let problems = check_rules(&[file("r.yml", text)]);
    assert_eq!(problems.len(), 1, "{}", show(&problems));
    problems[0].to_string()
}

const ID: &str = "7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01";
const RULE: &str = "title: T\nid: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01\nlevel: low\nlogsource:\n  product: aws\ndetection:\n  s:\n    a: 1\n  condition: s\n";

#[test]
fn all_files_are_reported_at_once_in_order() {
    let files = [
        file("b.yml", &RULE.replace("a: 1", "a|gt: x")),
        file(
            "a.yml",
            &format!(
                "# head\n---\n{}",
                RULE.replace("condition: s", "condition: t")
            ),
        ),
    ];
    let problems = load_rules(&files).unwrap_err();
    assert_eq!(
        show(&problems),
        format!(
            "a.yml:4: `{ID}` is also the id or name of the rule at b.yml:2, give one of them another\n\
             a.yml:11: the condition names `t`, which is no search of this rule\n\
             b.yml:8: `gt` needs a number, not `x`"
        )
    );
}

#[test]
fn duplicate_ids_and_names_are_at_their_lines() {
    let named = |id: &str| RULE.replace(ID, id).replace("level", "name: n\nlevel");
    let files = [
        file("a.yml", &named(ID)),
        file("b.yml", &format!("# second\n{}", named(ID))),
    ];
    let problems = load_rules(&files).unwrap_err();
    let also = |name: &str, line: u32| {
        format!(
            "`{name}` is also the id or name of the rule at a.yml:{line}, give one of them another"
        )
    };
    assert_eq!(
        show(&problems),
        format!("b.yml:3: {}\nb.yml:4: {}", also(ID, 2), also("n", 3))
    );
}

#[test]
fn an_empty_file_is_only_doubtful() {
    for text in ["", "# nothing\n", "---\n---\n"] {
        assert_eq!(
            only_problem(text),
            "r.yml:1: warning: the file holds no rule"
        );
    }
    assert!(load_rules(&[file("r.yml", "")]).is_ok());
}

#[test]
fn bombs_are_errors_and_quick() {
    let too_big = "a".repeat((1 << 20) + 1);
    assert_eq!(
        only_problem(&too_big),
        "r.yml:1: the file has 1048577 bytes, the most is 1048576: split it"
    );

    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let problem = only_problem(&laughs);
    assert!(
        problem.ends_with("the document has more than 200000 values, aliases written out"),
        "{problem}"
    );

    let deep = format!("a: {}", "[".repeat(200_000));
    let problem = only_problem(&deep);
    assert!(
        problem.ends_with("the YAML is broken here: recursion limit exceeded"),
        "{problem}"
    );
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    let problem = only_problem(&deep);
    assert!(
        problem.ends_with("lists and mappings are nested more than 48 deep"),
        "{problem}"
    );

    let long = RULE.replace(
        "condition: s",
        &format!("condition: {}s", "not ".repeat(2000)),
    );
    assert_eq!(
        only_problem(&long),
        "r.yml:9: the condition has 8001 bytes, the most is 4096"
    );

    let chain = RULE.replace(
        "condition: s",
        &format!("condition: {}s", "not ".repeat(1000)),
    );
    assert!(load_rules(&[file("r.yml", &chain)]).is_ok());

    let nested = RULE.replace(
        "condition: s",
        &format!("condition: {}s{}", "(".repeat(2000), ")".repeat(2000)),
    );
    assert_eq!(
        only_problem(&nested),
        "r.yml:9: the condition nests parentheses more than 32 deep"
    );
    let nested = RULE.replace(
        "condition: s",
        &format!("condition: {}s{}", "(".repeat(32), ")".repeat(32)),
    );
    assert!(load_rules(&[file("r.yml", &nested)]).is_ok());

    let temporal = format!(
        "{RULE}name: n\n---\ntitle: C\nid: 0c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c02\ncorrelation:\n  type: temporal\n  rules: [n]\n  group-by: []\n  timespan: 1m\n  condition: {}n\nlevel: low\n",
        "not ".repeat(2000)
    );
    assert_eq!(
        only_problem(&temporal),
        "r.yml:19: the condition has 8001 bytes, the most is 4096"
    );

    let words: String = (0..60).map(|n| format!("    - word{n}\n")).collect();
    let many = format!(
        "title: T\nid: {ID}\nlevel: low\nlogsource:\n  product: aws\ndetection:\n{}  condition: {}\n",
        (0..50)
            .map(|n| format!("  s{n}:\n{words}"))
            .collect::<String>(),
        vec!["1 of them"; 300].join(" or ")
    );
    assert!(
        only_problem(&many)
            .ends_with("the condition stands for more than 50000 tests, split the rule")
    );

    let regex = RULE.replace("a: 1", &format!("a|re: {}", "a".repeat(5000)));
    assert_eq!(
        only_problem(&regex),
        "r.yml:8: the regular expression has 5000 bytes, the most is 4096"
    );

    let dashes = RULE.replace("a: 1", &format!("a|windash: '{}'", "-".repeat(3000)));
    assert!(
        check_rules(&[file("r.yml", &dashes)])
            .iter()
            .all(|p| p.severity == Severity::Warning)
    );
}

#[test]
fn an_entity_is_of_what_the_rule_groups_by_or_shows() {
    let rule = "title: Often\nname: often\nid: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c02\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [T]\n  group-by: [sub]\n  timespan: 1m\n  condition: {gte: 2}\nvedette:\n  show: [source_ip]\n  entities: {actor: {sub: sub, address: source_pi}}\n";
    let text = format!(
        "{}---\n{rule}",
        RULE.replace("title: T\n", "title: T\nname: T\n")
    );
    let said = "`vedette.entities` names `source_pi`, which the rule neither groups by nor shows, did you mean `source_ip`?: add it to `vedette.show`";
    let problem = only_problem(&text);
    assert!(problem.contains(said), "{problem}");
    let good = text.replace("source_pi", "source_ip");
    assert!(check_rules(&[file("r.yml", &good)]).is_empty());
}
