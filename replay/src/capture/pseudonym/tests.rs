//! What is exchanged, what stays, and that equal values stay equal.

use std::fs;
use std::path::Path;

use super::corpus::reading::left_in;
use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::window::NothingSpilled;

use super::*;
use crate::input::Input;
use crate::input::{self, rules};

const KEY: &[u8] = b"a key for tests!";

fn names() -> Pseudonyms {
    Pseudonyms::new(KEY).unwrap()
}

fn exchanged(text: &str) -> String {
    match names().record(text.as_bytes()) {
        Some(changed) => String::from_utf8(changed).unwrap(),
        None => text.to_owned(),
    }
}

#[test]
fn nothing_that_identifies_stays() {
    let before = r#"{"username":"ada","email":"Ada.Byron@firm.example","sub":"0453171e-831e-46bb-a512-a4a6d2e6c5ef",
        "source_ip":"81.2.69.144","six":"2a01:4f8:1::7","accountId":"444455556666","phone_number":"+4915112345678",
        "arn":"arn:aws:iam::444455556666:user/ada","role":"arn:aws:sts::444455556666:assumed-role/Deploy/ada",
        "principalId":"AROAQWERTYUIOPASDFGHJ:ada","accessKeyId":"ASIAQWERTYUIOPASDFGH","user_id":4711,"vin":"WVWZZZ1JZ3W386752",
        "note":"login of ada@firm.example from 81.2.69.144:4431, key AKIAQWERTYUIOPASDFGH",
        "headers":[{"name":"Cookie","value":"id=qwertz"},{"name":"x-forwarded-for","value":"81.2.69.144"}],
        "uri":"/reset?email=ada%40firm.example&token=qwertz&next=1","authParameters":{"PASSWORD":"qwertz"},
        "idToken":"qwertz","nested":"{\"password\":\"qwertz\",\"userName\":\"ada\"}","h":"Bearer qwertzuiop"}"#;
    let after = exchanged(before);
    for part in [
        "ada\"",
        "ada@",
        "ada%",
        "Byron",
        "firm",
        "0453171e",
        "81.2.69",
        "2a01",
        "444455556666",
        "+49151",
        "ASDFGH",
        "4711",
        "WVWZZZ",
        "qwertz",
    ] {
        assert!(!after.contains(part), "`{part}` in {after}");
    }
    assert!(after.contains("@d-") && after.contains("&next=1") && after.contains("Deploy/user_"));
    assert!(after.contains("+999") && after.contains(":4431, key AKIA"));
    serde_json::from_str::<serde_json::Value>(&after).unwrap();
}

#[test]
fn nothing_that_was_put_in_is_left_where_no_other_line_tells() {
    let lines = corpus::lines();
    let mut left = Vec::new();
    for (name, value, line) in &lines {
        let after = exchanged(line);
        let rest = left_in(&after, &[value]);
        if !rest.is_empty() {
            left.push(format!("{name}: {rest:?}\n    {line}\n    {after}"));
        }
    }
    assert!(
        left.is_empty(),
        "{} of {} left:\n{}",
        left.len(),
        lines.len(),
        left.join("\n")
    );
}

#[test]
fn what_rules_rely_on_stays() {
    let text = r#"{"eventName":"SignUp","eventTime":"2026-05-21T10:08:40Z","userName":"HIDDEN_DUE_TO_SECURITY_REASONS",
        "userAgent":"Mozilla/5.0 Chrome/136.0.0.0 Safari/537.36","eventSource":"cognito-idp.amazonaws.com","user":"-",
        "principalId":"Anonymous","token_use":"access","status":502,"requestTimeEpoch":"1779357894486","version":"1.2.3.4",
        "error_message":"at Object.<anonymous> (/var/task/index.js:10:4) std::io::fe fleet-prod-vehicles","ip":"127.0.0.1",
        "challenges":["Password:Success","Mfa:Failure"],"user":"lambda.amazonaws.com","password":"HIDDEN_DUE_TO_SECURITY_REASONS","session":null,"errorCode":"-"}"#;
    assert_eq!(exchanged(text), text);
}

#[test]
fn equal_values_stay_equal_wherever_they_stand() {
    let after = exchanged(
        r#"{"sub":"0453171e-831e-46bb-a512-a4a6d2e6c5ef","m":"{\"owner_sub\":\"0453171e-831e-46bb-a512-a4a6d2e6c5ef\"}","u":"ADA@firm.example","email":"ada@firm.example"}"#,
    );
    let uuid = &after[8..44];
    assert_eq!(after.matches(uuid).count(), 2, "{after}");
    assert_eq!(&uuid[14..15], "4");
    let mail = after.split('"').find(|part| part.contains('@')).unwrap();
    assert_eq!(after.matches(mail).count(), 2, "{after}");
    assert_eq!(names().names.user("ada"), names().names.user("ada"));
    assert_ne!(names().names.user("ada"), names().names.user("Ada"));
    assert_eq!(
        exchanged("10.1.2.3 a@b.example"),
        exchanged("10.1.2.3 a@b.example")
    );
}

#[test]
fn a_value_has_one_stand_in_however_it_is_written() {
    for (spellings, marks) in [
        (
            &[
                r#"{"user_id":4711}"#,
                r#"{"user_id":"4711"}"#,
                r#"{"user_id":["4711"]}"#,
                "user_id=4711",
                r#"user_id="4711""#,
                r#"{\"user_id\":\"4711\"}"#,
                r#"[{"value":4711,"key":"user_id"}]"#,
                "user_id%3D4711",
            ][..],
            &[15][..],
        ),
        (
            &[
                r#"{"owner":"zoë"}"#,
                r#"{"owner":"zo\u00eb"}"#,
                "owner=zoë",
                "owner: 'zoë'",
                "owner=zo%C3%AB",
                "arn:aws:iam::444455556666:user/zoë",
                "Failed password for zoë from 10.0.0.1",
            ],
            &[17],
        ),
        (
            &[
                "a Ada@Firm.example b",
                r#"{"email":"ada@firm.example"}"#,
                r#"{"x":"ada\u0040firm.example"}"#,
                "<ada@firm.example>",
                "user=ADA@FIRM.EXAMPLE",
            ],
            &[36],
        ),
        (
            &[
                "2A01:04F8:0::7",
                r#"{"ip":"2a01:4f8::7"}"#,
                "[2a01:4f8:0:0:0:0:0:7]:443",
                "x-forwarded-for: 2a01:4f8::7",
            ],
            &[],
        ),
        (
            &[
                "call +49 151 1234 5678",
                r#"{"phone":"+4915112345678"}"#,
                r#"{"phone":"004915112345678"}"#,
            ],
            &[13],
        ),
        (
            &[
                "0453171E-831E-46BB-A512-A4A6D2E6C5EF",
                r#"{"sub":"0453171e-831e-46bb-a512-a4a6d2e6c5ef"}"#,
            ],
            &[36],
        ),
    ] {
        let is_part =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | ':' | '+');
        let stand_in = |text: &&str| {
            let after = exchanged(text).replace("%3D", "=");
            let words = after.split(|c| !is_part(c)).map(str::to_lowercase);
            let found = |it: &String| {
                it.starts_with("3fff") || stand_in::is_one(it) && marks.contains(&it.len())
            };
            words
                .map(|it| it.trim_end_matches(":443").trim_matches(':').to_owned())
                .map(|it| it.rsplit('/').next().unwrap_or("").to_owned())
                .rfind(found)
        };
        let all: Vec<_> = spellings.iter().map(stand_in).collect();
        assert!(
            all[0].is_some() && all.iter().all(|it| *it == all[0]),
            "{spellings:?}: {all:#?}"
        );
    }
}

#[test]
fn addresses_are_found_between_anything() {
    for (text, address) in [
        ("ip:81.2.69.144:80", "81.2.69.144"),
        ("addr:2a01:4f8::7: refused", "2a01:4f8::7"),
        ("[2a01:4f8::7]:443", "2a01:4f8::7"),
        ("10:04:44 81.2.69.144, 2a01:4f8::7", "81.2.69.144"),
        ("::ffff:81.2.69.144", "81.2.69.144"),
        ("http://81.2.69.144/x", "81.2.69.144"),
        ("/81.2.69.144.", "81.2.69.144"),
        ("bucket-444455556666-logs", "444455556666"),
        ("logs_444455556666_x", "444455556666"),
        ("sqs/444455556666/queue", "444455556666"),
    ] {
        let after = exchanged(text);
        assert!(!after.contains(address), "{text} -> {after}");
        assert_eq!(after, exchanged(text));
    }
    for text in [
        "fe80",
        "a:b",
        "10:04:44.541",
        "x2a01::1",
        "38000000000001779358",
        "e1234567890123",
        ":::::::::::",
    ] {
        assert_eq!(exchanged(text), text);
    }
    let hostile = ":".repeat(200_000);
    assert_eq!(exchanged(&hostile), hostile);
}

#[test]
fn a_domain_stays_one_and_a_public_one_is_kept() {
    let domain = |text: &str| {
        names()
            .names
            .email(text)
            .split_once('@')
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(domain("ada@firm.example"), domain("Bob@FIRM.example"));
    assert_ne!(domain("ada@firm.example"), domain("ada@other.example"));
    assert_eq!(domain("ada@Mailinator.com"), "mailinator.com");
}

#[test]
fn another_key_gives_other_stand_ins_and_a_short_one_is_refused() {
    let other = Pseudonyms::new(b"another key for tests").unwrap();
    assert_ne!(other.names.user("ada"), names().names.user("ada"));
    assert_ne!(other.fingerprint(), names().fingerprint());
    assert!(Pseudonyms::new(&KEY[1..]).is_none());
}

#[test]
fn numbers_under_the_keys_of_names_are_names() {
    let after = exchanged(r#"{"user_id":7,"pin":1234,"n":7,"accountId":444455556666,"b":[1.5]}"#);
    let tree: serde_json::Value = serde_json::from_str(&after).unwrap();
    assert!(tree["user_id"].as_u64().unwrap() != 7 && tree["pin"] == 0 && tree["n"] == 7);
    assert_ne!(tree["accountId"], 444_455_556_666_u64);
    assert_eq!(tree["b"][0], 1.5);
}

/// A count; estimates depend on the values that are counted, stand-ins included.
fn exact(count: u64) -> String {
    const EXACT_MAX: u64 = 256;
    match count {
        0..=EXACT_MAX => count.to_string(),
        _ => "more".to_owned(),
    }
}

/// What an alert tells but for the stand-ins in it.
fn alerts(files: &[Vec<u8>]) -> Vec<String> {
    struct Nobody;
    impl Observer for Nobody {}
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let engine = Engine::new(rules::load(&[folder]).unwrap().unwrap());
    let mut worker = engine.worker(Mode::Set);
    for file in files {
        worker.record(file, None, &mut Nobody);
    }
    let (alerts, _) = worker.finish(&mut NothingSpilled).unwrap();
    // Of more than 128 events or values in an eighth of the timespan shares and baselines have estimates, which depend on
    // the ids and values.
    let estimated = [
        "ai_model_calls_unusual",
        "credential_stuffing_day",
        "credential_stuffing_night",
        "hosted_page_unusual",
        "registration_disposable_share",
    ];
    let is_exact = |it: &&Alert| {
        let name = it.rule.name.as_deref().unwrap_or_default();
        !estimated.contains(&name)
    };
    let mut told: Vec<_> = alerts
        .iter()
        .filter(is_exact)
        .map(|it| {
            let (name, fields) = (&it.rule.name, it.group.0.iter().map(|(field, _)| field));
            format!(
                "{name:?} {:?} {} {} {} {:?}",
                fields.collect::<Vec<_>>(),
                it.opened_at,
                it.held_until,
                exact(it.count),
                it.distinct.map(exact)
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn rules_hit_stand_ins_as_they_hit_what_was_there() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for input in input::plan(&[fixtures]).unwrap().inputs {
        let Input::File(path) = input else { continue };
        if !path.to_string_lossy().contains("/attack") {
            continue;
        }
        let bytes = fs::read(path).unwrap();
        after.push(names().record(&bytes).unwrap_or_else(|| bytes.clone()));
        before.push(bytes);
    }
    assert!(before.iter().zip(&after).filter(|(b, a)| b != a).count() > 20);
    // The recordings say in free text of whom they speak.
    for file in &after {
        let inflated = crate::rewrite::inflated(file).unwrap_or_else(|| file.clone());
        let text = String::from_utf8_lossy(&inflated);
        let named = text
            .split("ynthetic-")
            .skip(1)
            .find(|rest| rest.starts_with("user") || rest.starts_with(char::is_numeric));
        assert!(named.is_none(), "{named:?}");
    }
    let told = alerts(&before);
    assert!(told.len() > 12);
    let again = alerts(&after);
    let lost: Vec<_> = told.iter().filter(|it| !again.contains(it)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    let new: Vec<_> = again.iter().filter(|it| !told.contains(it)).collect();
    assert!(new.is_empty(), "{new:#?}");
}
