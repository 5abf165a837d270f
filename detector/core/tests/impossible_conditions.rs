//! What `check` says of conditions that can never be true, or always are, holds for every event that one can think of.

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::window::{check_rules, load_rules};

struct Nobody;
impl Observer for Nobody {}

/// Values of a field, as JSON; the first is none.
const VALUES: [&str; 11] = [
    "",
    "null",
    r#""Get""#,
    r#""GetUser""#,
    r#""getuser""#,
    r#""PutUser""#,
    "3",
    "7",
    r#"["GetUser", "PutUser"]"#,
    r#"[3, 7, null]"#,
    "true",
];
/// Those that are lists.
const LISTS: [usize; 2] = [8, 9];

const TESTS: [&str; 16] = [
    "{F: GetUser}",
    "{F: PutUser}",
    "{F|cased: GetUser}",
    "{F|cased: getuser}",
    "{F|startswith: Get}",
    "{F|startswith|cased: get}",
    "{F|endswith: [User, x]}",
    "{F|contains: tu}",
    "{F: '*'}",
    "{F|re: '^Get'}",
    "{F|exists: true}",
    "{F|exists: false}",
    "{F: null}",
    "{F|gt: 5}",
    "{F|lte: 5}",
    "{F|gte: 3, F|lt: 8}",
];

/// The field that has one value in CloudTrail, and one that may have several.
const FIELDS: [&str; 2] = ["errorCode", "other"];

fn rule(random: &mut fastrand::Rng) -> String {
    let searches = random.usize(2..5);
    let mut text = "title: Tried\nid: 00000000-0000-4000-8000-000000000000\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n".to_owned();
    let field = random.choice(FIELDS).expect("two");
    for number in 0..searches {
        let test = random.choice(TESTS).expect("some").replace('F', field);
        text += &format!("  s{number}: {test}\n");
    }
    let not = |random: &mut fastrand::Rng| ["", "not "][random.usize(..2)];
    let mut condition = format!("{}s0", not(random));
    for number in 1..searches {
        let word = ["and", "and", "or"][random.usize(..3)];
        condition = match random.u8(..4) {
            0 => format!("{}({condition}) {word} s{number}", not(random)),
            1 => format!("({condition}) {word} {}2 of s*", not(random)),
            _ => format!("{condition} {word} {}s{number}", not(random)),
        };
    }
    text + &format!("  condition: {condition}\n")
}

/// Whether the rule hits an event whose fields have that value.
fn hits(engine: &Engine, value: &str) -> bool {
    let fields = FIELDS.map(|field| match value {
        "" => String::new(),
        value => format!(r#""{field}":{value},"#),
    });
    let [code, other] = fields;
    let event = format!(
        r#"{{{code}{other}"eventName":"X","eventVersion":"1.11","eventTime":"2026-01-01T00:00:00Z","eventSource":"s.amazonaws.com","eventID":"00000000-0000-4000-8000-000000000001"}}"#
    );
    let mut worker = engine.worker(Mode::HitsOnly);
    worker.record(event.as_bytes(), None, &mut Nobody);
    let tally = worker.tally();
    assert_eq!(tally.unreadable, 0, "{event}");
    tally.hits[0] == 1
}

#[test]
fn what_is_said_to_be_impossible_is() {
    let mut random = fastrand::Rng::with_seed(1);
    let (mut never, mut told) = (0, 0);
    for _ in 0..2_000 {
        let text = rule(&mut random);
        let file = || RuleFile {
            path: "r.yml".into(),
            text: text.clone(),
        };
        let said = check_rules(&[file()]);
        let says = |words: &str| said.iter().any(|problem| problem.message.contains(words));
        let engine =
            Engine::new(load_rules(&[file()]).unwrap_or_else(|p| panic!("{p:#?}\n{text}")));
        let of_one_value = text.contains("errorCode");
        let hit: Vec<(usize, bool)> = (0..VALUES.len())
            .filter(|at| !(of_one_value && LISTS.contains(at)))
            .map(|at| (at, hits(&engine, VALUES[at])))
            .collect();
        let any = hit.iter().any(|(_, hit)| *hit);
        let any_but_lists = hit.iter().any(|(at, hit)| *hit && !LISTS.contains(at));
        assert!(
            !(says("can never be true") && any),
            "{text}{said:#?}{hit:?}"
        );
        assert!(
            !(says("only of a list") && any_but_lists),
            "{text}{said:#?}{hit:?}"
        );
        assert!(
            !(says("true of every event") && hit.iter().any(|(_, hit)| !hit)),
            "{text}{said:#?}{hit:?}"
        );
        never += usize::from(!any);
        told += usize::from(!any && says("can never be true"));
    }
    println!("{told} of {never} conditions that no event made true were told of");
    assert!(2 * told > never, "{told} of {never}");
}
