//! The indexed matcher against two others: a plain evaluator (no exceptions), and `rsigma-eval`, an independent engine
//! fed with the same YAML (exceptions listed and justified in [`known`]).

mod matching_bench;

use matching_bench::plain::plain_hits;
use matching_bench::random_rule::{Breadth, event, rules, to_yaml, to_yaml_of_elements};
use matching_bench::{hits, load};

use proptest::prelude::*;
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use serde_json::{Value, json};

/// Where `rsigma-eval` differs from the Sigma specification, or the specification leaves the choice.
mod known {
    use serde_json::Value;

    /// The keys (`field|modifiers`) and values of a detection section, and its words without a field.
    fn items(detection: &Value, see: &mut dyn FnMut(&str, &Value)) {
        match detection {
            Value::Object(map) => map.iter().for_each(|(key, value)| match value {
                Value::Object(_) => items(value, see),
                Value::Array(list) if list.iter().any(Value::is_object) => items(value, see),
                // A search that is a list of words; fields are the ones of the generator, searches s1 to s3.
                Value::Array(_) if key.starts_with('s') => see("", value),
                _ => see(key, value),
            }),
            Value::Array(list) => list.iter().for_each(|item| items(item, see)),
            _ => {}
        }
    }

    fn any_item(detection: &Value, wanted: impl Fn(&str, &Value) -> bool) -> bool {
        let mut found = false;
        items(detection, &mut |key, value| found |= wanted(key, value));
        found
    }

    fn any_value(value: &Value, wanted: &dyn Fn(&Value) -> bool) -> bool {
        wanted(value)
            || match value {
                Value::Array(list) => list.iter().any(|item| any_value(item, wanted)),
                Value::Object(map) => map.values().any(|item| any_value(item, wanted)),
                _ => false,
            }
    }

    fn has_wildcard(value: &Value) -> bool {
        any_value(value, &|v| {
            v.as_str()
                .is_some_and(|text| text.replace(r"\*", "").contains(['*', '?']))
        })
    }

    /// Specification: `startswith` puts a wildcard behind the value. The engine leaves out the anchor at the start and
    /// keeps the one at the end where the value has a wildcard of its own, and the other way round for `endswith`.
    pub(crate) fn wildcard_at_an_end(rule: &Value) -> bool {
        any_item(rule, |key, value| {
            (key.contains("|startswith") || key.contains("|endswith")) && has_wildcard(value)
        })
    }

    /// Specification: `*` stands for any characters. The engine's `*` and `?` stop at a line break.
    pub(crate) fn wildcard_over_a_line_break(rule: &Value, event: &Value) -> bool {
        any_item(rule, |_, value| has_wildcard(value))
            && any_value(event, &|v| {
                v.as_str().is_some_and(|text| text.contains('\n'))
            })
    }

    /// Free choice: `7.0` as text is what stands in the log; to the engine it is `7`.
    pub(crate) fn whole_float(event: &Value) -> bool {
        any_value(event, &|v| {
            v.is_f64() && v.as_f64().is_some_and(|n| n.fract() == 0.0)
        })
    }

    /// Free choice: any member of an array may match, null too. To the engine an array is never null.
    pub(crate) fn null_in_an_array(event: &Value) -> bool {
        any_value(event, &|v| {
            v.as_array()
                .is_some_and(|list| list.iter().any(|item| any_value(item, &Value::is_null)))
        })
    }

    /// Specification: `exists` "only verifies the presence of a field, not its value, be it empty or null". The engine
    /// says that a null field does not exist.
    pub(crate) fn null_exists(rule: &Value, event: &Value) -> bool {
        any_item(rule, |key, _| key.contains("|exists")) && any_value(event, &Value::is_null)
    }

    /// Specification: a boolean is true or false. The engine also takes `yes`, `no`, `1` and `0` for one.
    pub(crate) fn yes_as_true(rule: &Value, event: &Value) -> bool {
        any_item(rule, |_, value| value.is_boolean())
            && any_value(event, &|v| {
                v.as_str()
                    .is_some_and(|text| ["yes", "no", "1", "0"].contains(&text))
            })
    }

    /// Specification: null means that the field is missing or null. The engine forgets the missing field where null
    /// stands in a list with other values.
    pub(crate) fn null_in_a_list(rule: &Value) -> bool {
        any_item(rule, |key, value| {
            !key.is_empty()
                && value
                    .as_array()
                    .is_some_and(|list| list.iter().any(Value::is_null))
        })
    }

    /// Specification: words without a field are searched for in the whole log. The engine lets a word with a wildcard
    /// match only all of a value.
    pub(crate) fn wildcard_in_a_word(rule: &Value) -> bool {
        any_item(rule, |key, value| key.is_empty() && has_wildcard(value))
    }

    /// Free choice: `fieldref` compares any member of one field with any of the other, and nothing equals null. The
    /// engine compares arrays and objects as wholes, null with null, and `cased` numbers with their types.
    pub(crate) fn reference_beyond_text(rule: &Value, event: &Value) -> bool {
        let odd = |v: &Value| v.is_null() || v.is_array() || v.get("inner").is_some();
        any_item(rule, |key, _| key.contains("|fieldref")) && any_value(event, &odd)
            || any_item(rule, |key, _| key.contains("|fieldref|cased"))
                && any_value(event, &|v| v.is_number() || v.is_boolean())
    }

    /// Free choice: an object is its JSON text, as rules of SigmaHQ have it. To the engine it is nothing.
    pub(crate) fn object_as_text(event: &Value) -> bool {
        any_value(event, &|v| v.get("inner").is_some())
    }

    /// Free choice: a word is looked for in numbers and booleans, too. The engine looks in text alone.
    pub(crate) fn word_in_a_number(rule: &Value, event: &Value) -> bool {
        let is_in = |word: &Value| {
            let word = word.as_str().unwrap_or_default().to_lowercase();
            any_value(event, &|v| {
                (v.is_number() || v.is_boolean()) && v.to_string().contains(&word)
            })
        };
        any_item(rule, |key, value| {
            key.is_empty()
                && value
                    .as_array()
                    .is_some_and(|words| words.iter().any(is_in))
        })
    }

    /// Specification: the characters at both ends of a `base64offset` value that its neighbours change are not part of
    /// the pattern. The engine keeps the last one, and so finds only values that end where a group of three does.
    pub(crate) fn base64_offset(rule: &Value) -> bool {
        any_item(rule, |key, _| key.contains("|base64offset"))
    }

    /// Specification: `windash` makes `-`, `/` and three dashes interchangeable. The engine replaces only `-`.
    pub(crate) fn windash_of_a_slash(rule: &Value) -> bool {
        any_item(rule, |key, value| {
            key.contains("|windash")
                && any_value(value, &|v| {
                    v.as_str().is_some_and(|text| text.contains('/'))
                })
        })
    }

    /// Extension: a part of a time can be compared by an order; the engine refuses the rule.
    pub(crate) fn ordered_moment(rule: &Value) -> bool {
        any_item(rule, |key, _| {
            key.contains("|hour|gte") || key.contains("|year|lt")
        })
    }

    /// Extension: a time may also be text of digits (Cognito's `eventTimestamp`).
    pub(crate) fn moment_in_digits(rule: &Value, event: &Value) -> bool {
        let parts = ["|minute", "|hour", "|day", "|week", "|month", "|year"];
        any_item(rule, |key, _| parts.iter().any(|part| key.contains(part)))
            && any_value(event, &|v| {
                v.as_str().is_some_and(|text| text.parse::<f64>().is_ok())
            })
    }

    /// Whether a rule cannot be given to the engine at all, or is read in another way whatever the event.
    pub(crate) fn by_rule(rule: &Value) -> bool {
        wildcard_at_an_end(rule)
            || null_in_a_list(rule)
            || wildcard_in_a_word(rule)
            || base64_offset(rule)
            || windash_of_a_slash(rule)
            || ordered_moment(rule)
    }

    pub(crate) fn by_event(rule: &Value, event: &Value) -> bool {
        whole_float(event)
            || null_in_an_array(event)
            || wildcard_over_a_line_break(rule, event)
            || null_exists(rule, event)
            || yes_as_true(rule, event)
            || reference_beyond_text(rule, event)
            || moment_in_digits(rule, event)
            || object_as_text(event)
            || word_in_a_number(rule, event)
    }
}

/// The engine's verdicts, by place in the set.
fn rsigma_hits(yaml: &str, event: &Value) -> Vec<u32> {
    let collection = rsigma_parser::parse_sigma_yaml(yaml).expect("the rules are YAML");
    let mut engine = Engine::new();
    engine
        .add_collection(&collection)
        .expect("both engines take the rules");
    let results = engine.evaluate(&JsonEvent::borrow(event));
    let mut hits: Vec<u32> = results
        .iter()
        .map(|result| {
            result.header.rule_title[1..]
                .parse()
                .expect("titles are r0, r1, …")
        })
        .collect();
    hits.sort_unstable();
    hits.dedup();
    hits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_agrees_with_rsigma_eval(rules in rules(Breadth::Shared, 4), event in event(Breadth::Shared)) {
        let rules: Vec<Value> = rules.into_iter().filter(|rule| !known::by_rule(rule) && !known::by_event(rule, &event)).collect();
        if !rules.is_empty() {
            let yaml = to_yaml(&rules);
            prop_assert_eq!(hits(&load(&yaml), &event.to_string()), rsigma_hits(&yaml, &event), "{}\n{}", yaml, event);
        }
    }

    #[test]
    fn indexed_matching_agrees_with_plain(rules in rules(Breadth::Everything, 6), event in event(Breadth::Everything)) {
        let yaml = to_yaml(&rules);
        let set = load(&yaml);
        prop_assert_eq!(hits(&set, &event.to_string()), plain_hits(&set, &event), "{}\n{}", yaml, event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tests_of_one_element_agree_with_plain(rules in rules(Breadth::Everything, 6), event in event(Breadth::Everything)) {
        let yaml = to_yaml_of_elements(&rules);
        if !yaml.is_empty() {
            let set = load(&yaml);
            prop_assert_eq!(hits(&set, &event.to_string()), plain_hits(&set, &event), "{}\n{}", yaml, event);
        }
    }
}

/// The known differences are few enough for the comparison to mean something.
#[test]
fn most_cases_are_compared() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let compared = (0..1000).filter(|_| {
        let rules = rules(Breadth::Shared, 1)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let event = event(Breadth::Shared)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        !known::by_rule(&rules[0]) && !known::by_event(&rules[0], &event)
    });
    let compared = compared.count();
    assert!(compared > 450, "{compared} of 1000");
}

/// Three thousand rules as they are in practice: an event name or source, and something more.
#[test]
fn three_thousand_rules_agree_with_plain() {
    let detection = |ix: usize| {
        let name = format!("Event{}", ix % 400);
        match ix % 6 {
            0 => {
                json!({"s": {"eventName": name, "errorCode|exists": ix.is_multiple_of(4)}, "condition": "s"})
            }
            1 => {
                json!({"s": {"eventSource": "iam.amazonaws.com"}, "f": {"eventName|startswith": format!("Event{}", ix % 40)}, "condition": "s and not f"})
            }
            2 => {
                json!({"s": {"eventName": [name, "Other"]}, "c": {"sourceIPAddress|cidr": format!("10.{}.0.0/16", ix % 250)}, "condition": "s and c"})
            }
            3 => {
                json!({"s": {"userAgent|contains": format!("tool{}/", ix % 900)}, "condition": "s"})
            }
            4 => {
                json!({"s": {"status|gte": ix % 600}, "e": {"eventName": name}, "condition": "all of them"})
            }
            _ => {
                json!({"s": {"eventName|re": format!("^Event{}$", ix % 400)}, "t": {"eventSource": "ec2.amazonaws.com"}, "condition": "s and t"})
            }
        }
    };
    let rules: Vec<Value> = (0..3000).map(detection).collect();
    let set = load(&to_yaml(&rules));
    assert_eq!(set.detections.len(), 3000);
    let mut total = 0;
    for ix in 0..120u32 {
        let event = json!({
            "eventName": format!("Event{}", ix * 7 % 410),
            "eventSource": if ix % 3 == 0 { "ec2.amazonaws.com" } else { "iam.amazonaws.com" },
            "errorCode": if ix % 5 == 0 { json!("AccessDenied") } else { Value::Null },
            "sourceIPAddress": format!("10.{}.1.1", ix % 251),
            "userAgent": format!("agent tool{}/1 tool{ix}/2", ix * 13 % 1000),
            "status": ix * 5 % 700,
        });
        let found = hits(&set, &event.to_string());
        assert_eq!(found, plain_hits(&set, &event), "{event}");
        total += found.len();
    }
    assert!(total > 1000, "{total}");
}
