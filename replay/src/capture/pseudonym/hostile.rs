//! Whatever a text holds, it takes time in proportion to its length.

use std::time::{Duration, Instant};

use super::Pseudonyms;

const SMALL_BYTES: usize = 12 << 10;
/// By how much the large text is longer, and by how much more time it may take. What is quadratic takes sixteen times as
/// long; a busy machine must not fail the test.
const TIMES_LONGER: usize = 4;
const TIMES_SLOWER_MAX: u32 = 9;
/// Less is noise.
const TIME_MIN: Duration = Duration::from_millis(60);

/// Repeated, each is the worst for one of the forms.
const WORST: [&str; 55] = [
    "1.2.3.4-",
    "1.2.3.4.",
    "1:",
    "::",
    "a:b:",
    "1.1.1.1/",
    "0.",
    "1-",
    "1-2-3-4-5-",
    "a@",
    "@",
    "a.",
    "\"@",
    "'@'",
    "a [at] ",
    "eyJaaaaaaaaa-",
    "eyJaaaaaaaa-ghp_aaaaaaaaaaaaaaaaaa-",
    "AKIAAAAAAAAAAAAAAAAA:",
    "-----BEGIN A KEY-----",
    "{\"a\":",
    "[",
    "[[\"",
    "{\"a\":\"",
    "\\\"",
    "\\\\\\\"",
    "%25",
    "%2525%40",
    "&#",
    "&amp;",
    "user='a",
    "user=\"",
    "user=[",
    "password=",
    "password={",
    "<user>",
    "password:,,,,",
    "4111 ",
    "DE89 3704 ",
    "://a:",
    "://a@b:c@",
    "ssh-rsa ",
    "for user a ",
    "QUJDREVG",
    "41424344454647484950",
    "<a name=\"a\" ",
    "<user ",
    "user=ada ",
    "ada, ",
    "[.]",
    "1.1111,1.1111 ",
    "Dear Aa ",
    "/users/a",
    "curl -u ",
    "  = ",
    "x@y.zz ",
];

fn time(text: &str) -> Duration {
    let mut names = Pseudonyms::new(b"a key for tests!").unwrap();
    let begin = Instant::now();
    let _ = names.record(text.as_bytes());
    begin.elapsed()
}

#[test]
fn time_is_in_proportion_to_the_length_of_any_text() {
    time(&WORST.concat());
    let mut slow = Vec::new();
    for part in WORST {
        let small = part.repeat(SMALL_BYTES / part.len());
        let large = part.repeat(SMALL_BYTES * TIMES_LONGER / part.len());
        let wrapped = |text: &str| serde_json::json!({ "message": text }).to_string();
        for (small, large) in [
            (small.clone(), large.clone()),
            (wrapped(&small), wrapped(&large)),
        ] {
            let (quick, long) = (time(&small).max(TIME_MIN), time(&large));
            if long > quick * TIMES_SLOWER_MAX {
                slow.push(format!(
                    "`{part}`: {quick:?}, {TIMES_LONGER} times as long {long:?}"
                ));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn what_is_packed_too_deep_or_inflates_without_end_is_removed() {
    let mut names = Pseudonyms::new(b"a key for tests!").unwrap();
    let bomb = crate::rewrite::deflated(&vec![b' '; super::INFLATED_BYTES_MAX + 1]);
    let text = format!("{{\"data\":\"{}\"}}", crate::rewrite::base64(&bomb));
    assert_eq!(
        names.record(text.as_bytes()).unwrap(),
        b"{\"data\":\"REMOVED\"}"
    );
    assert_eq!(names.record(&bomb).unwrap(), b"REMOVED");
    let mut deep = b"user=ada".to_vec();
    for _ in 0..24 {
        deep = crate::rewrite::deflated(&deep);
    }
    let after = names.record(&deep).unwrap();
    assert_ne!(after, deep);
    assert_eq!(
        names.record(b"\xff\xfe\x00\x01\x80\x81\x82").unwrap(),
        b"REMOVED"
    );
    let lines = names.tally().lines();
    assert!(
        lines
            .iter()
            .any(|it| it.starts_with("removed 5 unreadable values")),
        "{lines:?}"
    );
    let latin = names.record(b"user=ada zo\xeb 81.2.69.144").unwrap();
    assert!(!String::from_utf8(latin).unwrap().contains("81.2"));
}
