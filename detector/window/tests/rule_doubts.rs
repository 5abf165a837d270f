//! What is easily mistyped or forgotten in a rule file is said, all of it in one run, and where it stands.

mod rule_text;

use detector_window::{check_rules, load_rules};
use rule_text::{file, show};

const RULE: &str = "\
title: Failed
id: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01
name: failed
level: low
logsource: {product: aws}
detection:
  s: {a: 1}
  condition: s
";

const COUNT: &str = "\
title: Many failed
id: 0c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c02
name: many
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [ip]
  timespan: 10m
  condition: {gte: 5}
vedette:
  quiet: 1h
";

/// Everything that is said of a file.
fn check(text: &str) -> String {
    show(&check_rules(&[file("r.yml", text)]))
}

/// Everything that is said of both rules, the second changed.
fn said(from: &str, to: &str) -> String {
    assert!(COUNT.contains(from), "{from}");
    let text = format!("{RULE}---\n{}", COUNT.replace(from, to));
    check(&text)
}

#[test]
fn the_rules_themselves_are_beyond_doubt() {
    assert_eq!(said("", ""), "");
}

#[test]
fn near_misses_of_top_level_keys_are_told() {
    for slip in ["vedete", "vedett", "Vedette"] {
        assert_eq!(
            said("vedette:", &format!("{slip}:")),
            format!(
                "r.yml:20: unknown key `{slip}`, did you mean `vedette`? what stands under it has no effect"
            )
        );
    }
    for (key, slip, mark) in [
        ("generate", "generat", ""),
        ("level", "lvel", ""),
        ("logsource", "logsorce", ""),
        ("tags", "tag", ""),
        ("falsepositives", "falsepositive", "warning: "),
        ("references", "reference", "warning: "),
    ] {
        assert_eq!(
            said("vedette:", &format!("{slip}: x\nvedette:")),
            format!(
                "r.yml:20: {mark}unknown key `{slip}`, did you mean `{key}`? what stands under it has no effect"
            )
        );
    }
    assert_eq!(said("vedette:", "owner_team: fleet\nvedette:"), "");
}

/// A rule for a log that is not read may lie among the others; one for a log that nobody writes is a mistake.
#[test]
fn a_service_that_does_not_exist_is_an_error() {
    for (service, is_error) in [
        ("guardduty", false),
        ("s3access", false),
        ("cloudtrial", true),
        ("foo", true),
    ] {
        let source = format!("{{product: aws, service: {service}}}");
        let files = [file("r.yml", &RULE.replace("{product: aws}", &source))];
        let shown = show(&check_rules(&files));
        assert!(
            shown.contains(&format!("service `{service}` is not one of")),
            "{shown}"
        );
        assert_eq!(load_rules(&files).is_err(), is_error, "{shown}");
    }
}

#[test]
fn a_broken_rule_hides_nothing_of_the_others() {
    // The first rule has an own mistake, the second a missing rule, the third the first one's id and a circle.
    let broken = RULE.replace("level: low", "level: hihg");
    let count = COUNT.replace("[failed]", "[failed, third, nobody]");
    let third = COUNT
        .replace(
            "0c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c02",
            "7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01",
        )
        .replace("name: many", "name: third")
        .replace("[failed]", "many")
        .replace("gte: 5", "gte: 0");
    let files = [file("a.yml", &format!("{broken}---\n{count}---\n{third}"))];
    assert_eq!(
        show(&load_rules(&files).unwrap_err()),
        "a.yml:4: invalid level `hihg`, expected one of: informational, low, medium, high, critical\n\
         a.yml:10: correlations refer to each other in a circle: `many` → `third` → `many`\n\
         a.yml:16: no rule has the id or name `nobody`\n\
         a.yml:24: `7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01` is also the id or name of the rule at a.yml:2, give one of them another\n\
         a.yml:32: `gte` must be a whole number from 1 on, not `0`"
    );
}

#[test]
fn what_is_no_yaml_still_has_its_name() {
    let broken = RULE.replace("detection:", "detection");
    let problems = check_rules(&[file("r.yml", &format!("{broken}---\n{COUNT}"))]);
    assert_eq!(problems.len(), 1, "{}", show(&problems));
}

#[test]
fn rules_of_a_file_that_is_too_large_still_have_names() {
    let large = format!("{RULE}# {}\n", "x".repeat(1 << 20));
    let problems = check_rules(&[file("a.yml", &large), file("b.yml", COUNT)]);
    assert_eq!(problems.len(), 1, "{}", show(&problems));
}

#[test]
fn the_title_of_a_filter_is_in_nobodys_way() {
    let filter = "title: Failed\nlogsource: {product: aws}\nfilter:\n  rules: [failed]\n  s: {ip: '1'}\n  condition: not s\n";
    let text = format!("{filter}---\n{filter}---\n{RULE}");
    assert_eq!(check(&text), "");
}

#[test]
fn an_id_that_cannot_be_read_makes_no_title_a_duplicate() {
    let rule = RULE.replace("name: failed\n", "");
    let with = |id: &str| rule.replace("7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01", id);
    let text = format!("{}---\n{}", with("7"), with("8"));
    assert_eq!(
        check(&text),
        "r.yml:2: `id` must be text, not `7`: quote it\n\
         r.yml:10: `id` must be text, not `8`: quote it"
    );
}

#[test]
fn wrong_fields_of_sound_rules_are_told_beside_broken_ones() {
    let parent = "title: P\nid: 1a9c3e5f-7b2d-4680-9e4f-3a5b7c9d1e11\ncorrelation:\n  type: event_count\n  rules: [many]\n  group-by: [user]\n  timespan: 1h\n  condition: {gte: 2}\nlevel: low\n";
    let broken = RULE.replace("a: 1", "a|cidr: x");
    let text = format!("{broken}---\n{COUNT}---\n{parent}");
    assert_eq!(
        check(&text),
        "r.yml:7: `x` is not a network, write one like `10.0.0.0/8` or `2001:db8::/32`\n\
         r.yml:28: warning: `user` is no group-by field of the correlation `many`, which is grouped by ip: its episodes are in no group of this rule"
    );
}

#[test]
fn a_filter_is_no_rule_to_count() {
    let filter = "title: Office\nname: office\nlogsource: {product: aws}\nfilter:\n  rules: [failed]\n  s: {ip: '1'}\n  condition: not s\n";
    let text = format!(
        "{RULE}---\n{}---\n{filter}",
        COUNT.replace("[failed]", "office")
    );
    assert_eq!(check(&text), "r.yml:16: `office` is a filter, name a rule");
    let set = load_rules(&[file("r.yml", &format!("{RULE}---\n{filter}"))]).unwrap();
    assert_eq!(set.filters.len(), 1);
    assert_eq!(&*set.filters[0].title, "Office");
}

#[test]
fn all_unknown_names_of_a_condition_are_told() {
    let rule = RULE.replace("condition: s", "condition: sle and not filter or sle");
    assert_eq!(
        check(&rule),
        "r.yml:7: warning: search `s` is never used by the condition\n\
         r.yml:8: the condition names `filter`, which is no search of this rule\n\
         r.yml:8: the condition names `sle`, which is no search of this rule"
    );
    let temporal = said(
        "type: event_count\n  rules: [failed]\n  group-by: [ip]\n  timespan: 10m\n  condition: {gte: 5}",
        "type: temporal\n  rules: [failed]\n  group-by: [ip]\n  timespan: 10m\n  condition: failed and one or two",
    );
    assert_eq!(
        temporal,
        "r.yml:19: the condition names `one`, which is not among `rules`\n\
         r.yml:19: the condition names `two`, which is not among `rules`"
    );
}

#[test]
fn a_rule_without_an_id_is_doubtful() {
    assert_eq!(
        said("id: 0c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c02\n", ""),
        "r.yml:10: warning: rule `Many failed` has no `id`, give it an id: a UUID that stays for ever"
    );
    let rule = RULE.replace("id: 7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01\n", "");
    assert_eq!(
        check(&rule),
        "r.yml:1: warning: rule `Failed` has no `id`, give it an id: a UUID that stays for ever"
    );
}

#[test]
fn durations_that_mean_something_else_are_told() {
    assert_eq!(
        said("timespan: 10m", "timespan: 10M"),
        "r.yml:18: warning: `10M` is 10 months, for minutes write `10m`"
    );
    assert_eq!(
        said("quiet: 1h", "quiet: 1y"),
        "r.yml:21: warning: `1y` is 1 year, for days write `365d`"
    );
    assert_eq!(
        said("timespan: 10m", "timespan: 10"),
        "r.yml:18: `timespan` `10` has no unit, write `10m` for minutes or `10s` for seconds"
    );
    assert_eq!(
        said("timespan: 10m", "timeframe: 5 mins"),
        "r.yml:18: `timeframe` `5 mins` is not a duration, try `5m`\n\
         r.yml:18: unknown key `correlation.timeframe`, write `timespan`"
    );
    assert_eq!(
        said("quiet: 1h", "quiet: 5 mins"),
        "r.yml:21: `vedette.quiet` `5 mins` is not a duration, try `5m`"
    );
}

#[test]
fn bounds_below_the_least_have_one_message() {
    for bound in ["-3", "0"] {
        assert_eq!(
            said("gte: 5", &format!("gte: {bound}")),
            format!("r.yml:19: `gte` must be a whole number from 1 on, not `{bound}`")
        );
    }
    for never in ["eq: 0", "lte: 0"] {
        assert_eq!(
            said("gte: 5", never),
            "r.yml:19: a window without a hit never holds: no count satisfies this"
        );
    }
}

#[test]
fn bounds_of_counts_are_whole_and_those_of_numbers_are_numbers() {
    assert_eq!(
        said("gte: 5", "gte: 2.5"),
        "r.yml:19: `gte` must be a whole number from 1 on, not `2.5`"
    );
    let sum = |condition: &str| {
        let of = "type: event_count\n  rules: [failed]\n  group-by: [ip]\n  timespan: 10m\n  condition: {";
        let sum = of.replace("event_count", "value_sum") + "field: bytes, ";
        said(&format!("{of}gte: 5"), &format!("{sum}{condition}"))
    };
    for sound in ["gte: -2.5", "lt: 0", "gt: 5, lt: 6", "gte: 0.5, lte: 0.5"] {
        assert_eq!(sum(sound), "", "{sound}");
    }
    for bound in ["many", "'2.5'", "1e999", ".inf", "0x10", "[1]"] {
        let said = sum(&format!("lt: {bound}"));
        assert!(
            said.starts_with("r.yml:19: `lt` must be a number, as 10 or -0.5, not "),
            "{said}"
        );
    }
    for never in ["gt: 2.5, lt: 2.5", "gte: 1, lte: 0.5", "eq: 1.5, neq: 1.5"] {
        assert_eq!(
            sum(never),
            "r.yml:19: the comparisons contradict each other, no number satisfies them all",
            "{never}"
        );
    }
}

#[test]
fn a_forgotten_group_by_is_doubtful() {
    assert_eq!(
        said("  group-by: [ip]\n", ""),
        "r.yml:14: warning: no `group-by`: all events are one group; write `group-by: []` if that is meant"
    );
    assert_eq!(said("[ip]", "[]"), "");
}

#[test]
fn broken_yaml_says_what_to_do() {
    let of = |text: &str| check(text);
    for (text, advice) in [
        (
            "title: T\n level: low\n",
            "indent this line like its neighbours",
        ),
        ("title: T\nlevel low\nid: x\n", "a key has no colon"),
        ("title: T: U\n", "quote the value"),
        ("title: \"\\s\"\n", "use single quotes"),
        ("tags: [a, b\nid: x\n", "a closing bracket is missing"),
        ("title: 'T\n", "never closed"),
    ] {
        let said = of(text);
        assert!(said.contains(advice), "{text}{said}");
    }
    assert_eq!(
        of("title: T\ndetection:\n  s:\n  \ta: 1\n"),
        "r.yml:4:3: a tab indents this line, use spaces"
    );
    assert_eq!(
        of(&format!(
            "# head\n---\n{}",
            RULE.replace("{a: 1}", "\n    -\ta: 1")
        )),
        "r.yml:10:6: a tab stands in this line, use spaces"
    );
    assert_eq!(
        of("title: T\nlevel\tlow\nid: x\n"),
        "r.yml:2:6: a tab stands in this line, use spaces"
    );
}

/// What only describes a rule takes nothing from it.
#[test]
fn odd_metadata_is_doubted_and_left_out() {
    let odd = "description:\ntags:\nfalsepositives: null\ndate: 2021/06/01\nmodified:\nstatus: ready\nreferences: 5\nauthor: [a]\nrelated: [{id: x, type: kin}]\n";
    let text = RULE.replace("level: low\n", &format!("level: low\n{odd}"));
    let files = [file("r.yml", &text)];
    assert_eq!(
        show(&check_rules(&files)),
        "r.yml:5: warning: `description` is empty, write text or remove the key\n\
         r.yml:6: warning: `tags` is empty, write a list of text or remove the key\n\
         r.yml:7: warning: `falsepositives` is empty, write a list of text or remove the key\n\
         r.yml:8: warning: invalid date `2021/06/01`, expected YYYY-MM-DD\n\
         r.yml:9: warning: invalid modified date `null`, expected YYYY-MM-DD\n\
         r.yml:10: warning: invalid status `ready`, expected one of: stable, test, experimental, deprecated, unsupported\n\
         r.yml:13: warning: related id `x` is not a valid UUID"
    );
    let set = load_rules(&files).expect("odd metadata is no error");
    let meta = &set.detections[0].meta;
    assert_eq!((meta.tags.len(), &meta.description), (0, &None));
    let tags = RULE.replace("level: low\n", "level: low\ntags: [attack.t1078, 5]\n");
    let set = load_rules(&[file("r.yml", &tags)]).expect("the rest of the tags is kept");
    assert_eq!(set.detections[0].meta.tags, ["attack.t1078"]);
}

#[test]
fn ids_are_equal_whatever_the_case_of_their_digits() {
    let id = "7d4f2b63-7a0e-4a51-9a35-0d8a3f6f7c01";
    assert_eq!(
        said(
            "rules: [failed]",
            &format!("rules: [{}]", id.to_uppercase())
        ),
        ""
    );
    assert!(said("rules: [failed]", "rules: [faled]").contains("did you mean `failed`?"));
    assert_eq!(
        said("rules: [failed]", "rules: [Failed]"),
        "r.yml:16: `Failed` is the title of the rule at r.yml:1, write its name `failed`"
    );
    let twice = format!(
        "{RULE}---\n{}",
        RULE.replace(id, &id.to_uppercase())
            .replace("name: failed\n", "")
    );
    assert!(check(&twice).contains("is also the id or name of the rule at r.yml:"));
}

#[test]
fn a_path_of_one_element_must_lie_above_a_field() {
    let of = |detection: &str, vedette: &str| {
        let text = RULE.replace("s: {a: 1}", &format!("s: {detection}"));
        show(&check_rules(&[file(
            "r.yml",
            &format!("{text}vedette: {vedette}\n"),
        )]))
    };
    assert_eq!(of("{a.b: 1, a.c|gt: 2}", "{same_element: [a]}"), "");
    assert_eq!(of("[{a.b: 1}, {c: 1}]", "{same_element: a}"), "");
    for (detection, path) in [("{a: 1}", "a"), ("{ab.c: 1}", "a"), ("{b.a.c: 1}", "a")] {
        assert_eq!(
            of(detection, &format!("{{same_element: [{path}]}}")),
            "r.yml:9: `vedette.same_element` names `a`, and no field of the detection is below it: write such as `a.name`"
        );
    }
    assert!(said("quiet: 1h", "same_element: [a]").contains("belongs in a detection rule"));
    assert!(of("{a.b|fieldref: c}", "{same_element: [a]}").contains("fieldref"));
}

#[test]
fn a_rule_that_another_file_silences_is_told_of() {
    let said = |rule: &str, count: &str, files: [&str; 2]| {
        let files = files.into_iter().zip([rule, count]);
        let files: Vec<_> = files.map(|(path, text)| file(path, text)).collect();
        show(&check_rules(&files))
    };
    let apart = ["one.yml", "two.yml"];
    assert_eq!(
        said(RULE, COUNT, apart),
        "two.yml:7: warning: `failed` of one.yml does not page any more, since this rule refers to it: \
         write `vedette: {alert: true}` or `vedette: {alert: false}` in its file"
    );
    assert_eq!(
        said(
            &RULE.replace("level: low", "level: informational"),
            COUNT,
            apart
        ),
        ""
    );
    for alert in ["true", "false", "{quiet: 5m}"] {
        assert_eq!(
            said(
                &format!("{RULE}vedette: {{alert: {alert}}}\n"),
                COUNT,
                apart
            ),
            ""
        );
    }
    let both = format!("{RULE}---\n{COUNT}");
    let parent = COUNT
        .replace(
            "0c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c02",
            "1c8a6f0e-4b1d-4f0b-8d0f-5e2d1a9b7c03",
        )
        .replace("name: many", "name: more")
        .replace("[failed]", "[many]");
    assert!(
        said(&both, &parent, apart)
            .starts_with("two.yml:7: warning: `many` of one.yml does not page any more")
    );
    for generate in ["true", "false"] {
        assert_eq!(
            said(&both, &format!("{parent}generate: {generate}\n"), apart),
            ""
        );
    }
}

#[test]
fn what_is_wrong_with_an_alert_is_said() {
    let of = |alert: &str| {
        show(&check_rules(&[file(
            "r.yml",
            &format!("{RULE}vedette: {{alert: {alert}}}\n"),
        )]))
    };
    assert_eq!(
        of("yes, please: no"),
        "r.yml:9: `vedette.alert` is true, false or a mapping of group-by, quiet, show, not `yes`\n\
         r.yml:9: unknown key `vedette.please`; known are quiet, threat, response, prefix, thresholds, absence, ratio, spike, first_seen, baseline, owner, travel, show, entities, same_element, alert, allow"
    );
    assert_eq!(
        of("{groupby: [ip]}"),
        "r.yml:9: unknown key `vedette.alert.groupby`, did you mean `group-by`?; known are group-by, quiet, show"
    );
    assert!(of("{quiet: soon}").contains("vedette.alert.quiet"));
    assert!(of("{show: []}").contains("is empty"));
}

#[test]
fn a_correlation_that_can_never_hold_is_told_of() {
    let values = |group_by: &str, vedette: &str| {
        let rule = COUNT.replace("event_count", "value_count");
        let rule = rule
            .replace("[ip]", group_by)
            .replace("{gte: 5}", "{field: ip, gte: 5}");
        let text = format!("{RULE}---\n{}", rule.replace("quiet: 1h", vedette));
        check(&text)
    };
    let one = "r.yml:19: warning: the rule groups by what it counts: a group has one value of `ip`, unless events have lists of them";
    assert_eq!(values("[ip]", "quiet: 1h"), one);
    assert_eq!(
        values("[user, ip]", "prefix: {ip: {ipv4: 24, ipv6: 64}}"),
        one
    );
    assert_eq!(values("[user]", "quiet: 1h"), "");

    let temporal = |condition: &str| {
        let rule = COUNT
            .replace("event_count", "temporal")
            .replace("{gte: 5}", condition);
        let text = format!("{RULE}---\n{rule}");
        check(&text)
    };
    let never = "r.yml:19: the condition can never be true";
    assert_eq!(temporal("failed and not failed"), never);
    assert_eq!(temporal("not failed"), never);
    assert_eq!(temporal("failed or not failed"), "");

    let ratio = "ratio: {of: [failed], to: [failed], gte: 1.5, at_least: 10}";
    assert_eq!(
        said("quiet: 1h", ratio),
        "r.yml:21: `vedette.ratio` can never be true: `gte` is above 1, but all rules of `of` are in `to`"
    );
}

#[test]
fn what_stands_where_it_has_no_effect_is_told_of() {
    assert_eq!(
        said("level: high", "level: high\nquiet: 1h\nratio: {}"),
        "r.yml:14: warning: `quiet` has no effect here: write it under `vedette`, if Vedette's is meant\n\
         r.yml:15: warning: `ratio` has no effect here: write it under `vedette`, if Vedette's is meant"
    );
    assert_eq!(
        said("level: high\n", ""),
        "r.yml:10: warning: no `level`: alerts are sorted by it, and show none"
    );
    assert_eq!(
        said("  timespan", "  generate: true\n  timespan"),
        "r.yml:10: warning: `generate: true` is for correlations, and this one refers to detection rules alone: those page beside it by `vedette: {alert: true}` in each"
    );
    assert_eq!(
        said("[ip]", "['ip|cased', 'a, b']"),
        "r.yml:17: `ip|cased` has a modifier, which only tests take: name the field alone\n\
         r.yml:17: warning: `a, b` is taken for the name of one field: write a list, as `[a, b]`, without spaces around names"
    );
    let of_empty = |search: &str| {
        let text = RULE.replace("{a: 1}", search);
        check(&text)
    };
    assert_eq!(
        of_empty("{a|startswith: ['', b]}"),
        "r.yml:7: warning: empty text stands in any text: remove it, or ask with `exists`"
    );
    assert_eq!(
        of_empty("['*', b]"),
        "r.yml:7: warning: a word of nothing but `*`, or of nothing, is in every event: remove it"
    );
}

#[test]
fn a_rule_that_the_condition_never_names_is_told_of() {
    let other = RULE.replace("failed", "other").replace("6f7c01", "6f7c03");
    let rule = COUNT
        .replace("event_count", "temporal")
        .replace("[failed]", "[failed, other]")
        .replace("{gte: 5}", "failed");
    let text = format!("{RULE}---\n{}---\n{rule}", other.replace("Failed", "Other"));
    assert_eq!(
        check(&text),
        "r.yml:28: warning: the condition never names `other`, which is among `rules`: it makes no difference, and pages no more"
    );
}

#[test]
fn a_filter_that_leaves_nothing_is_told_of() {
    let filter = "title: All of it\nlogsource: {product: aws}\nfilter:\n  rules: [failed]\n  x: {a: 1}\n  condition: not x\n";
    let text = format!("{RULE}---\n{filter}");
    assert_eq!(
        check(&text),
        "r.yml:10: warning: with this filter the rule `Failed` is doubtful: the condition can never be true: `a: 1` and not `a: 1` exclude each other"
    );
}

#[test]
fn a_prefix_finer_than_the_childs_networks_is_told_of() {
    let prefix = "prefix: {ip: {ipv4: 24, ipv6: 64}}";
    let child = COUNT.replace("quiet: 1h", prefix);
    let parent = |bits: &str| {
        let parent = child
            .replace("name: many", "name: more")
            .replace("5e2d1a9b7c02", "5e2d1a9b7c03");
        let parent = parent
            .replace("[failed]", "[many]")
            .replace("ipv4: 24", bits);
        let text = format!("{RULE}---\n{child}---\n{}", parent.replace("Many", "More"));
        check(&text)
    };
    assert_eq!(parent("ipv4: 24"), "");
    assert_eq!(parent("ipv4: 16"), "");
    assert_eq!(
        parent("ipv4: 28"),
        "r.yml:34: warning: `vedette.prefix` of `ip` is finer than the networks by which `many` groups, which are in none of these: write at most {ipv4: 24, ipv6: 64}"
    );
}

#[test]
fn what_is_ruled_out_twice_may_hold() {
    // The hit of the first that counts has the second's around it, and that rules out the third's.
    let others = ["b", "c", "d"].map(|name| {
        let rule = RULE.replace("failed", name).replace("Failed", name);
        rule.replace("6f7c01", &format!("6f7c1{name}"))
    });
    let rule = COUNT
        .replace("event_count", "temporal")
        .replace("[failed]", "[failed, b, c, d]")
        .replace(
            "{gte: 5}",
            "(failed or not failed) and c and d and not (c and not b) and not (b and d)",
        );
    let text = format!("{RULE}---\n{}---\n{rule}", others.join("---\n"));
    assert_eq!(check(&text), "");
}

/// On a test's thread, whose stack is small, and in no time.
#[test]
fn long_searches_are_looked_through_without_going_deep() {
    let maps: String = (0..8_000)
        .map(|at| format!("    - {{a{at}: 1, b{at}: 2}}\n"))
        .collect();
    let values =
        |from: u32| -> String { (from..from + 20_000).map(|v| format!("v{v}, ")).collect() };
    for search in [
        format!("s:\n{maps}\n"),
        format!(
            "s: {{a: [{}]}}\n  t: {{a: [{}]}}\n",
            values(0),
            values(9_000)
        ),
    ] {
        let condition = if search.contains("t:") {
            "s and not t"
        } else {
            "not s"
        };
        let text = RULE.replace("s: {a: 1}\n", &search);
        let text = text.replace("condition: s", &format!("condition: {condition}"));
        assert_eq!(check(&text), "");
    }
}
