//! The quick ways through lists of records and subscription payloads give what the thorough ways give; damage costs
//! what is damaged, is told of, and takes nothing away that came before it.
//!
//! A space behind the first brace is enough for the thorough way: AWS writes none.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; the exemption covers test functions only"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::{Body, Event};
use detector_event::field::FieldTable;
use fastrand::Rng;

#[derive(Default, Debug, PartialEq)]
struct Seen {
    /// Source, time, id and body of each event.
    events: Vec<String>,
    unreadable: Vec<Option<u64>>,
    control_messages: usize,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        let body = match event.body {
            Body::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
            Body::Text(text) => text.to_owned(),
        };
        let values: Vec<String> = event
            .slots
            .present()
            .flat_map(|slot| event.slots.values(slot))
            .map(|value| format!("{value:?}"))
            .collect();
        let (source, time, id) = (event.source, event.time, event.id);
        let (account, arrival) = (event.account, event.arrival);
        self.events.push(format!(
            "{source:?} {time:?} {arrival:?} {id} {account:?} {body} {values:?}"
        ));
    }
    fn unreadable(&mut self, problem: Unreadable) {
        self.unreadable.push(problem.offset);
    }
    fn control_message(&mut self) {
        self.control_messages += 1;
    }
}

fn decode(text: &[u8]) -> Seen {
    let mut table = FieldTable::default();
    for path in ["a", "a.b", "requestParameters.name", "message"] {
        table.slot(path);
    }
    let fields = DecodeFields::register(&mut table);
    let mut seen = Seen::default();
    Decoder::new(&table, &fields, Limits::default()).decode(text, None, &mut seen);
    seen
}

/// `text` with a space behind its first brace.
fn for_the_thorough_way(text: &str) -> String {
    text.replacen('{', "{ ", 1)
}

fn pick<'x>(rng: &mut Rng, some: &[&'x str]) -> &'x str {
    some[rng.usize(..some.len())]
}

const VALUES: &[&str] = &[
    "1",
    "-0",
    "1e999",
    "18446744073709551616",
    "null",
    "\"x\"",
    "\"\\\"},{\\\"eventVersion\\\":\"",
    "\"},{'eventVersion':\"",
    "\"é\\u00e9\\n\\ud83d\\ude00\"",
    "\"lone \\ud800\"",
    "[{\"eventVersion\":1},{\"eventVersion\":2}]",
    "[{\"eventVersion\":1}, {\"b\":[[]]}]",
    "{\"b\":[1,{\"b\":\"]}\"}]}",
    "{\"Records\":[{\"eventVersion\":1}]}",
    "[]",
    "{}",
];

/// One member; most begin with the same key.
fn member(rng: &mut Rng, depth: u8) -> String {
    let value = pick(rng, VALUES);
    match rng.u8(..24) {
        0 => pick(
            rng,
            &["1", "\"text\"", "null", "[]", "{}", "[{\"a\":1},{\"a\":2}]"],
        )
        .to_owned(),
        1 => format!("{{\"other\":{value}}}"),
        2 => format!("{{ \"eventVersion\" : {value} }}"),
        3 if depth > 0 => list(rng, depth - 1),
        4 if depth > 0 => payload(rng),
        5 => format!("{{\"a\":{}1{}}}", "[".repeat(1_200), "]".repeat(1_200)),
        6 if depth > 0 => {
            let packed = STANDARD.encode(list(rng, depth - 1));
            format!(
                "{{\"kinesis\":{{\"data\":\"{packed}\",\"approximateArrivalTimestamp\":1480641523.5}}}}"
            )
        }
        _ => format!(
            "{{\"eventVersion\":\"1.0\",\"a\":{value},\"eventID\":\"{}\",\"eventSource\":\"s\",\"eventName\":\"n\"}}",
            rng.u8(..)
        ),
    }
}

/// `{"Records":[…]}` in one of several layouts, with more keys behind it now and then.
fn list(rng: &mut Rng, depth: u8) -> String {
    let space = pick(rng, &["", "", "", " ", "\n", "\t\r\n  "]);
    let mut members = vec![format!("{{\"eventVersion\":{}}}", pick(rng, VALUES))];
    members.extend((0..rng.usize(..7)).map(|_| member(rng, depth)));
    let members = members.join(&format!("{space},{space}"));
    let more = match rng.u8(..8) {
        0 => format!(",{space}\"Next\":{}", pick(rng, VALUES)),
        1 => format!(",\"Records\"{space}:[{}]", member(rng, depth)),
        2 => ",\"\\u0052ecords\":[{\"a\":7}],\"detail-type\":\"t\",\"detail\":{}".to_owned(),
        3 => ",\"Records\":5,\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]".to_owned(),
        _ => String::new(),
    };
    format!("{{\"Records\":[{space}{members}{space}]{space}{more}{space}}}{space}")
}

/// A subscription payload as AWS writes it, or nearly.
fn payload(rng: &mut Rng) -> String {
    let mut events = String::new();
    for at in 0..rng.usize(1..5) {
        let message = match rng.u8(..7) {
            0 => "plain {text} \u{1b}[31m\n".to_owned(),
            1 => list(rng, 0),
            2 => "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]}".to_owned(),
            3 => "{\"broken\":".to_owned(),
            _ => member(rng, 0),
        };
        let message = serde_json::to_string(&message).unwrap();
        let message = match rng.u8(..20) {
            0 => "\"\\ud83d\\ude00\"".to_owned(),
            1 => "{\"a\":1}".to_owned(),
            _ => message,
        };
        let time = pick(
            rng,
            &[
                "1714564800000",
                "1714564800000",
                "1714564800.5",
                "null",
                "\"1\"",
            ],
        );
        let more = pick(rng, &["", "", "", ",\"extractedFields\":{\"a\":\"b\"}"]);
        events.push_str(if at > 0 { "," } else { "" });
        events.push_str(&format!(
            "{{\"id\":\"{at}\",\"timestamp\":{time},\"message\":{message}{more}}}"
        ));
    }
    let group = pick(
        rng,
        &[
            "g",
            "/aws/lambda/f",
            "cloudtrail",
            "",
            "\\\"logEvents\\\":[",
        ],
    );
    let more = pick(rng, &["", "", "", ",\"x\":1", ",\"logEvents\":[]"]);
    format!(
        "{{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":\"{group}\",\"logStream\":\"s\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[{events}]{more}}}"
    )
}

#[test]
fn what_is_sound_gives_the_same_either_way() {
    let mut events = 0;
    for seed in 0..6_000 {
        let mut rng = Rng::with_seed(seed);
        let text = match rng.bool() {
            true => list(&mut rng, 2),
            false => payload(&mut rng),
        };
        assert!(
            serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(),
            "{text}"
        );
        let mut quick = decode(text.as_bytes());
        // Places move with the space, and so does the id of an envelope that is an event by itself, too.
        let mut thorough = decode(for_the_thorough_way(&text).as_bytes());
        assert_eq!(quick.unreadable.len(), thorough.unreadable.len(), "{text}");
        thorough.unreadable.clone_from(&quick.unreadable);
        assert_eq!(quick.events.len(), thorough.events.len(), "{text}");
        for seen in [&mut quick, &mut thorough] {
            seen.events
                .retain(|it| !it.contains("Records") && !it.contains("logEvents"));
        }
        assert_eq!(quick, thorough, "{text}");
        events += quick.events.len();
    }
    assert!(events > 20_000, "{events}");
}

#[test]
fn documents_that_follow_a_list_are_read() {
    for (text, events, unreadable) in [
        ("{\"Records\":[{\"a\":1}]}{\"Records\":[{\"a\":2}]}", 2, 0),
        (
            "{\"Records\":[{\"a\":1}]}\n{\"Records\":[{\"a\":2}]}\n",
            2,
            0,
        ),
        ("{\"Records\":[{\"a\":1}]}\n{\"a\":2}\n\ntext\n", 3, 0),
        ("{\"Records\":[{\"a\":1}]} {\"a\":2} x", 2, 1),
        ("{\"Records\":[{\"a\":1}]} x", 1, 1),
    ] {
        let seen = decode(text.as_bytes());
        assert_eq!(
            (seen.events.len(), seen.unreadable.len()),
            (events, unreadable),
            "{text}"
        );
    }
}

/// Members as CloudTrail writes them.
fn plain_members(rng: &mut Rng) -> Vec<String> {
    (0..rng.usize(1..8))
        .map(|at| {
            format!("{{\"eventVersion\":\"1.0\",\"a\":{{\"b\":[{at},\"x\\\"y\"]}},\"n\":{at}}}")
        })
        .collect()
}

#[test]
fn damage_takes_nothing_away_that_came_before_it() {
    let mut damaged = 0;
    for seed in 0..6_000 {
        let mut rng = Rng::with_seed(seed);
        let members = plain_members(&mut rng);
        let separator = pick(&mut rng, &[",", ",", " , ", ",\n"]);
        let text = format!("{{\"Records\":[{}]}}", members.join(separator));
        let at = rng.usize("{\"Records\":[{".len()..text.len());
        let mut bytes = text.clone().into_bytes();
        let is_cut = rng.bool();
        match is_cut {
            true => bytes.truncate(at),
            false => bytes[at] ^= 1 << rng.u8(..8),
        }
        let (whole, seen) = (decode(text.as_bytes()), decode(&bytes));
        assert_eq!(whole.events.len(), members.len());
        let mut end = "{\"Records\":[".len();
        let before = members.iter().take_while(|member| {
            end += member.len();
            let is_before = end <= at;
            end += separator.len();
            is_before
        });
        let before = before.count();
        let shown = String::from_utf8_lossy(&bytes);
        assert!(
            seen.events.starts_with(&whole.events[..before]),
            "{shown}\n{seen:?}"
        );
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() {
            continue;
        }
        damaged += 1;
        assert!(!seen.unreadable.is_empty(), "{shown}\n{seen:?}");
        let begin = members[..before]
            .iter()
            .map(|m| m.len() + separator.len())
            .sum::<usize>();
        for place in &seen.unreadable {
            let place = place.unwrap() as usize;
            assert!(
                place < bytes.len() && place + separator.len() >= begin,
                "{shown}\n{seen:?}"
            );
        }
        if is_cut || separator != ",\n" {
            assert_eq!(seen.unreadable.len(), 1, "{shown}\n{seen:?}");
            assert!(seen.events.len() <= members.len(), "{shown}\n{seen:?}");
        }
    }
    assert!(damaged > 4_000, "{damaged}");
}

#[test]
fn one_damaged_member_costs_no_other() {
    for broken in [
        "{\"eventVersion\":tru}",
        "{\"eventVersion\":\"x}",
        "{\"eventVersion\":[}",
    ] {
        for lines in ["", "\n"] {
            let good = |n| format!("{{\"eventVersion\":\"{n}\"}}");
            let text = format!(
                "{{\"Records\":[{},{lines}{broken},{lines}{}]}}{lines}",
                good(1),
                good(3)
            );
            let seen = decode(text.as_bytes());
            assert_eq!(seen.events.len(), 2, "{text} {seen:?}");
            assert_eq!(seen.unreadable.len(), 1, "{text} {seen:?}");
        }
    }
}

#[test]
fn a_broken_list_in_a_message_is_one_line_of_text() {
    let message = "{\"Records\":[{\"a\":1},{\"a\":";
    let escaped = serde_json::to_string(message).unwrap();
    let seen = decode(
        format!("{{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\",\"logEvents\":[{{\"id\":\"1\",\"timestamp\":1,\"message\":{escaped}}}]}}").as_bytes(),
    );
    assert_eq!(
        (seen.events.len(), seen.unreadable.len()),
        (1, 0),
        "{seen:?}"
    );
}
