//! Random rules and events over few fields and few words, so that they often meet.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const FIELDS: [&str; 7] = ["a", "b", "n.x", "n.y", "l.z", "l.w", "t"];
const WORDS: [&str; 26] = [
    "",
    "a",
    "A",
    "ab",
    "AB",
    "abc",
    "cab",
    "xABx",
    "é",
    "É",
    "日本",
    "x-y",
    "x/y",
    "10.1.2.3",
    "192.0.2.7",
    "2001:db8::1",
    "200",
    "403",
    "7",
    "true",
    "False",
    "yes",
    "YWJj",
    "YQBiAA==",
    "a*b",
    "a.c",
];
const PATTERNS: [&str; 10] = [
    "a*", "*b", "*b*", "a?c", "?", "*", r"a\*b", "a*c", "??", "*x*y*",
];
const REGEXES: [&str; 9] = [
    "^a",
    "b$",
    "^a.c$",
    "[0-9]{2}",
    "^$",
    "a|é",
    "A",
    ".*bc.?",
    "(x|y)?(yes)+",
];

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// All that Vedette accepts.
    Everything,
    /// Seldom what another engine is known to read differently.
    Shared,
}

impl Breadth {
    /// The weight of what other engines read differently; everything else has tens.
    fn weight(self) -> u32 {
        match self {
            Breadth::Everything => 20,
            Breadth::Shared => 1,
        }
    }
}

/// A set of rules as YAML (which JSON is).
pub(crate) fn rules(breadth: Breadth, rules_max: usize) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(rule(breadth), 1..=rules_max)
}

pub(crate) fn to_yaml(rules: &[Value]) -> String {
    let document = |(ix, detection): (usize, &Value)| {
        let rule = json!({"title": format!("r{ix}"), "logsource": {"product": "aws"}, "detection": detection});
        format!("---\n{rule}\n")
    };
    let written: String = rules.iter().enumerate().map(document).collect();
    match written.contains("|expand") {
        true => lists() + &written,
        false => written,
    }
}

/// The same, where the tests on members of `l`, and on parts of `n`, must hold in one of them.
pub(crate) fn to_yaml_of_elements(rules: &[Value]) -> String {
    let document = |(ix, detection): (usize, &Value)| {
        let text = detection.to_string();
        let named = ["l", "n"]
            .into_iter()
            .filter(|path| text.contains(&format!("\"{path}.")));
        let rule = json!({
            "title": format!("r{ix}"),
            "logsource": {"product": "aws"},
            "detection": detection,
            "vedette": {"same_element": named.collect::<Vec<_>>()},
        });
        format!("---\n{rule}\n")
    };
    let has_reference = |rule: &&Value| !rule.to_string().contains("|fieldref");
    let written: String = rules
        .iter()
        .filter(has_reference)
        .enumerate()
        .map(document)
        .collect();
    match written.contains("|expand") {
        true => lists() + &written,
        false => written,
    }
}

/// The lists that rules look into, by name.
pub(crate) const LISTS: [(&str, &[&str]); 2] = [
    ("words", &["AB", "é", "200", "7", "::ffff:10.1.2.3", "x-y"]),
    (
        "nets",
        &["10.0.0.0/9", "10.128.0.0/9", "192.0.2.7", "2001:db8::/32"],
    ),
];

/// The document that declares them.
fn lists() -> String {
    let lists: Map<String, Value> = (LISTS.iter())
        .map(|(name, values)| ((*name).to_owned(), json!(values)))
        .collect();
    format!("---\n{}\n", json!({ "lists": lists }))
}

fn rule(breadth: Breadth) -> impl Strategy<Value = Value> {
    let conditions = [
        "s1",
        "not s1",
        "s1 and s2",
        "s1 or s2",
        "s1 and not s2",
        "1 of s*",
        "all of them",
        "2 of s*",
        "not (s1 or s2) or s3",
        "any of them",
        "s3 and 1 of s*",
        "not 1 of them",
    ];
    (
        search(breadth),
        search(breadth),
        search(breadth),
        select(conditions.to_vec()),
    )
        .prop_map(
            |(s1, s2, s3, condition)| json!({"s1": s1, "s2": s2, "s3": s3, "condition": condition}),
        )
}

fn search(breadth: Breadth) -> impl Strategy<Value = Value> {
    let map = || {
        prop::collection::btree_map(0..FIELDS.len(), item(breadth), 1..=3).prop_map(|items| {
            let entry = |(field, (modifiers, value)): (usize, (String, Value))| {
                (format!("{}{modifiers}", FIELDS[field]), value)
            };
            Value::Object(items.into_iter().map(entry).collect::<Map<_, _>>())
        })
    };
    prop_oneof![
        120 => map(),
        20 => prop::collection::vec(map(), 2..=3).prop_map(Value::Array),
        20 => prop::collection::vec(select(WORDS[1..].to_vec()), 1..=3).prop_map(|words| json!(words)),
        breadth.weight() => prop::collection::vec(select(PATTERNS.to_vec()), 1..=2).prop_map(|words| json!(words)),
    ]
}

fn some(values: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![
        60 => values.clone(),
        20 => prop::collection::vec(values, 2..=3).prop_map(Value::Array),
    ]
}

fn word() -> impl Strategy<Value = Value> + Clone {
    select(WORDS.to_vec()).prop_map(Value::from)
}

fn pattern() -> impl Strategy<Value = Value> + Clone {
    select(PATTERNS.to_vec()).prop_map(Value::from)
}

fn number() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        (-2i64..10).prop_map(Value::from),
        Just(json!(200)),
        Just(json!(403)),
        Just(json!(7.5)),
        Just(json!(7.0))
    ]
}

/// Modifiers and value of one field.
fn item(breadth: Breadth) -> impl Strategy<Value = (String, Value)> {
    let with = |modifiers: Vec<&'static str>, values: BoxedStrategy<Value>| {
        (select(modifiers), values)
            .prop_map(|(m, v)| (m.to_owned(), v))
            .boxed()
    };
    let two = |values: BoxedStrategy<Value>| {
        prop::collection::vec(values, 2..=3)
            .prop_map(Value::Array)
            .boxed()
    };
    let wide = breadth.weight();
    let pattern_places = match breadth {
        Breadth::Everything => vec![
            "",
            "|contains",
            "|startswith",
            "|endswith",
            "|cased",
            "|neq",
        ],
        Breadth::Shared => vec!["", "|contains", "|cased", "|neq"],
    };
    let dashes = if breadth == Breadth::Everything {
        vec!["x-y", "-y", "x/y"]
    } else {
        vec!["x-y", "-y"]
    };
    let placeholders = |names: Vec<&'static str>| some(select(names).prop_map(Value::from)).boxed();
    // Another engine is given no lists.
    let listed = match breadth {
        Breadth::Everything => prop_oneof![
            with(
                vec![
                    "|expand",
                    "|expand|cased",
                    "|expand|neq",
                    "|contains|expand",
                    "|startswith|expand"
                ],
                placeholders(vec!["%words%", "%nets%", "abc"])
                    .prop_filter("a placeholder", |value| value.to_string().contains('%'))
                    .boxed()
            ),
            with(
                vec!["|cidr|expand", "|cidr|expand|neq"],
                Just(json!("%nets%")).boxed()
            ),
        ]
        .boxed(),
        Breadth::Shared => with(vec![""], some(word()).boxed()),
    };
    let mut constants = vec![json!(true), json!(false), json!(null)];
    constants.extend((breadth == Breadth::Everything).then(|| json!([null, "a"])));
    prop_oneof![
        80 => with(vec!["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq", "|contains|neq"], some(word()).boxed()),
        40 => with(pattern_places, some(pattern()).boxed()),
        20 => with(vec!["|all", "|contains|all", "|startswith|all", "|all|neq"], two(word().boxed())),
        40 => with(vec!["", "|neq"], some(number()).boxed()),
        20 => with(vec!["|lt", "|lte", "|gt", "|gte", "|gt|neq"], some(number()).boxed()),
        20 => with(vec!["", "|neq"], select(constants).boxed()),
        20 => with(vec!["|exists"], any::<bool>().prop_map(Value::from).boxed()),
        40 => with(vec!["|re", "|re|i", "|re|neq", "|re|s"], some(select(REGEXES.to_vec()).prop_map(Value::from)).boxed()),
        20 => with(vec!["|cidr", "|cidr|neq"], some(select(vec!["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]).prop_map(Value::from)).boxed()),
        20 => with(vec!["|fieldref", "|fieldref|neq", "|fieldref|contains", "|fieldref|startswith", "|fieldref|endswith", "|fieldref|cased"], select(FIELDS.to_vec()).prop_map(Value::from).boxed()),
        20 => with(vec!["|base64", "|base64|contains", "|wide|base64", "|utf16be|base64", "|utf16|base64"], some(select(vec!["a", "ab", "abc"]).prop_map(Value::from)).boxed()),
        wide => with(vec!["|base64offset|contains"], some(select(vec!["ab", "abc"]).prop_map(Value::from)).boxed()),
        20 => with(vec!["|windash", "|windash|contains", "|windash|startswith"], some(select(dashes).prop_map(Value::from)).boxed()),
        20 => with(vec!["|minute", "|hour", "|day", "|week", "|month", "|year"], select(vec![1, 5, 12, 18, 30, 2024]).prop_map(Value::from).boxed()),
        20 => listed,
        wide => with(vec!["|hour|gte", "|year|lt"], select(vec![5, 12, 2024]).prop_map(Value::from).boxed()),
    ]
}

/// A value of an event.
fn leaf(breadth: Breadth) -> BoxedStrategy<Value> {
    let wide = breadth.weight();
    prop_oneof![
        120 => select(WORDS.to_vec()).prop_map(Value::from),
        wide => Just(json!("a\nc")),
        20 => select(vec!["2024-05-01T12:30:00Z", "2024-05-05T05:01:00+00:00"]).prop_map(Value::from),
        40 => (-2i64..10).prop_map(Value::from),
        20 => select(vec![json!(200), json!(403), json!(7.5), json!(1_714_566_600_000i64)]),
        wide => Just(json!(7.0)),
        20 => any::<bool>().prop_map(Value::from),
        wide => Just(Value::Null),
    ]
    .boxed()
}

fn value(breadth: Breadth) -> BoxedStrategy<Value> {
    prop_oneof![
        100 => leaf(breadth),
        20 => Just(Value::Null),
        20 => prop::collection::vec(leaf(breadth), 0..=3).prop_map(Value::Array),
        breadth.weight() => Just(json!({"inner": "abc"})),
    ]
    .boxed()
}

pub(crate) fn event(breadth: Breadth) -> impl Strategy<Value = Value> {
    let maybe = || prop::option::weighted(0.7, value(breadth));
    let seldom = prop::option::weighted(0.3, value(breadth));
    let objects = prop::collection::vec((seldom, maybe()), 0..=2);
    let list = prop::option::weighted(0.6, objects);
    (maybe(), maybe(), maybe(), maybe(), maybe(), list).prop_map(|(a, b, x, y, t, list)| {
        let mut event = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            value.map(|value| event.insert(key.to_owned(), value))
        };
        put("a", a);
        put("b", b);
        put("t", t);
        let mut nested = Map::new();
        x.map(|x| nested.insert("x".to_owned(), x));
        y.map(|y| nested.insert("y".to_owned(), y));
        put("n", (!nested.is_empty()).then_some(Value::Object(nested)));
        let item = |(w, z): (Option<Value>, Option<Value>)| {
            let entries = [("w", w), ("z", z)].into_iter();
            let entries = entries.filter_map(|(key, value)| Some((key.to_owned(), value?)));
            Value::Object(entries.collect())
        };
        put(
            "l",
            list.map(|items| Value::Array(items.into_iter().map(item).collect())),
        );
        Value::Object(event)
    })
}
