//! `replay init`: what a recording shows of a service becomes a file of settings that the rules take.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod desk; // a folder with rules and recordings

use std::fs;

use desk::{Desk, RULE, access, call, root, sign_in};
use serde_json::json;

/// What nobody but its owner decides, and a word on each.
#[test]
fn a_recorded_day_fills_what_is_there_and_says_how_often_it_was_seen() {
    let desk = Desk::with_shipped_rules();
    let day = root().join("fixtures/ordinary_traffic/working_day");
    let page = desk.init(&[day.to_str().unwrap()]);
    for line in [
        "            - \"fleet-prod-\"    # as it was; seen ",
        "            - \"fleet-training-data\"    # as it was; not seen here",
        "            - \"support\"    # as it was; not seen here",
        "#            - \"5synthetic0client0id353de9\"    # seen ",
        "#            - \"eu-west-1_SYNTH353d\"    # seen ",
        "#            - \"@example.com\"    # seen ",
        "# Cognito takes most for being in \"Ireland\" (",
        "# None is proposed: the recording has events of users on 1 working day,",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(page.contains(", 2026-05-26 to 2026-05-26 (UTC)."), "{page}");
    desk.settings(&page).check_is_fine();
}

#[test]
fn what_calls_prove_is_taken_and_what_they_do_not_is_left() {
    let desk = Desk::with_shipped_rules();
    let role = "arn:aws:iam::111122223333:role/loader";
    let mut lines = vec![
        call("dynamodb", "GetItem", json!({"tableName": "shop-live-orders"}), None),
        call("dynamodb", "GetItem", json!({"tableName": "arn:aws:dynamodb:eu-west-1:1:table/shop-live-users"}), None),
        call("dynamodb", "GetItem", json!({"tableName": "foreign-made-up"}), Some("AccessDenied")),
        call("dynamodb", "GetItem", json!({"tableName": "lone-some-table"}), None),
        call("s3", "PutObject", json!({"bucketName": "shop-uploads"}), None),
        call("bedrock", "CreateDataSource", json!({"dataSourceConfiguration": {"s3Configuration": {"bucketArn": "arn:aws:s3:::shop-manuals"}}}), None),
        access("boss", "u1", "u2"),
        access("boss", "u1", "u1"),
        json!({"timestamp": "2026-06-01T10:00:00Z", "event": "http.response", "status": 500, "error_message": "no route to db.shop.corp"}).to_string(),
    ];
    lines.extend(
        (0..12).map(|user| sign_in(&format!("u{user}@shop.example"), "203.0.113.7", "Pass")),
    );
    lines.push(sign_in("mallory@evil.example", "203.0.113.7", "Fail"));
    desk.file("logs/all.ndjson", lines.join("\n"));
    let page = desk.init(&["logs"]);
    for line in [
        "            - \"shop-live-\"    # 2 names begin so, seen 2 times, on 2026-06-01\n",
        "            - \"shop-manuals\"    # named as a source of a model, seen once, on 2026-06-01\n",
        "            #- \"shop-uploads\"    # written: seen once, on 2026-06-01\n",
        "            #- \"boss\"    # seen 2 times by one user, on 2026-06-01, 1 time at what somebody else owns\n",
        "            #- \".shop.corp\"    # seen once, on 2026-06-01\n",
        "#            - \"shop-live-users\"    # seen once, on 2026-06-01\n",
        "#            - \"@shop.example\"    # seen 12 times by 12 users, on 2026-06-01\n",
        "#        - {address: \"203.0.113.0/24\", owner: WHO, reason: WHAT IT IS, expires: LAST DAY}    # seen 12 times by 12 users, on 2026-06-01\n",
        &format!(
            "#     - {{principal: \"{role}\", owner: WHO, reason: WHAT FOR, expires: LAST DAY}}    # \"bedrock\", \"s3\": seen 2 times, on 2026-06-01\n"
        ),
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    for name in ["foreign-made", "evil.example", "\"lone-some-\""] {
        assert!(!page.contains(name), "{name}\n{page}");
    }
    desk.settings(&page).check_is_fine();
}

#[test]
fn what_is_left_loads_once_somebody_has_decided() {
    let desk = Desk::with_shipped_rules();
    let user = |user: i64| {
        let day = 1 + user % 12;
        let time = format!("2026-06-{day:02}T{:02}:00:00Z", 8 + user % 9);
        sign_in(&format!("u{user}@shop.example"), "203.0.113.7", "Pass")
            .replace("2026-06-01T10:00:00Z", &time)
    };
    let lines: Vec<String> = (0..300).map(user).collect();
    desk.file("logs/all.ndjson", lines.join("\n"));
    let page = desk.init(&["logs"]);
    assert!(
        page.contains("#        hours: {mon-fri: \"08:00-17:00\"}\n"),
        "{page}"
    );
    let decided = page.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
        Some(rest) if rest.starts_with("    ") && !rest.contains("principal:") => rest.to_owned(),
        _ => line.to_owned(),
    });
    let decided = decided.collect::<Vec<_>>().join("\n");
    let decided = decided.replace("LAST DAY", "2027-01-31");
    for key in [
        "\n    app_clients:\n",
        "\nshared_networks:\n",
        "\ncalendars:\n",
    ] {
        assert!(decided.contains(key), "{key}\n{decided}");
    }
    let (status, said) = desk.settings(&decided).check(&[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("no rule looks into the list `app_clients`"),
        "{said}"
    );
}

#[test]
fn what_rules_ask_for_is_filled_and_what_they_have_stays() {
    let desk = Desk::new();
    let asks = RULE.replace(
        "event: vehicle.register",
        "event|expand: ['%app_clients%', '%mine%', '%odd ones%', '%none%']",
    );
    desk.file("rules/rule.yml", asks);
    desk.file("rules/words.txt", "one\n");
    let settings = "settings:\n  mine: {about: \"mine: \\\"all\\\" # of it\", values: [\"a: [b]\", \"- c\", 7]}\n  'odd ones': {about: words, file: words.txt}\n---\ncalendars:\n  office: {zone: UTC, hours: {mon: 08:00-09:00}}\n# A comment of what follows.\n";
    desk.file("rules/vedette.yaml", settings);
    desk.file("logs/all.ndjson", sign_in("u", "203.0.113.7", "Pass"));
    let page = desk.init(&["logs"]);
    for text in [
        "    \"mine\":\n        about: \"mine: \\\"all\\\" # of it\"\n        values:\n            - \"a: [b]\"    # as it was\n            - \"- c\"    # as it was\n            - \"7\"    # as it was\n",
        "    \"odd ones\":\n        about: \"words\"\n        file: \"words.txt\"\n",
        "    app_clients:\n        about: \"client ids of the applications (Cognito)\"\n        values:\n            - \"client1\"    # seen once",
        "    \"none\":\n        about: \"asked for by a rule\"\n        values: []\n",
        "\n---\ncalendars:\n  office: {zone: UTC, hours: {mon: 08:00-09:00}}\n\n",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let (status, said) = desk.settings(&page).check(&[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("the setting `none` is empty"), "{said}");
    // Once more, from what it wrote: nothing is lost, nothing comes twice.
    let again = page.replace("client1\"    # seen", "client1\"    # as it was; seen");
    assert_eq!(desk.init(&["logs"]), again);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let desk = Desk::new();
    desk.file("logs/all.ndjson", sign_in("u", "203.0.113.7", "Pass"));
    desk.file("mine.yaml", "decided");
    let output = desk.replay(&["init", "--output", "mine.yaml", "logs"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("error: `mine.yaml` is there already"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(desk.path("mine.yaml")).unwrap(),
        "decided"
    );
    let page = desk.init(&["logs"]);
    let output = desk.replay(&["init", "--quiet", "--output", "new.yaml", "logs"]);
    assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()));
    assert_eq!(fs::read_to_string(desk.path("new.yaml")).unwrap(), page);
}

#[test]
fn hostile_values_are_one_quoted_comment_each_or_left_out() {
    let desk = Desk::with_shipped_rules();
    let hostile = "x\n    - evil\u{1b}[2J\u{202e}: {a: [\"b\"]} # '";
    let lines = [
        access(hostile, "u1", "u2"),
        sign_in(&format!("u@{hostile}"), "203.0.113.7", "Pass"),
        sign_in("u", "203.0.113.7", "Pass").replace("client1", "a'b"),
        call("s3", "PutObject", json!({"bucketName": hostile}), None),
        call(
            "bedrock",
            "CreateDataSource",
            json!({"dataSourceConfiguration": {"s3Configuration": {"bucketArn": hostile}}}),
            None,
        ),
        access(&"r".repeat(3_000), "u1", "u2"),
    ];
    desk.file("logs/all.ndjson", lines.join("\n"));
    let page = desk.init(&["logs"]);
    let quoted = r##""x\u000a    - evil\u001b[2J\u202e: {a: [\"b\"]} # '""##;
    assert!(
        page.contains(&format!(
            "            #- {quoted}    # seen once by one user"
        )),
        "{page}"
    );
    let told = format!("    # Left out, since no bucket looks so: 1, such as {quoted}.\n");
    assert_eq!(page.matches(&told).count(), 1, "{page}");
    assert!(
        page.contains("    # Left out, since no client id looks so: 1, such as \"a'b\".\n"),
        "{page}"
    );
    assert!(page.contains("    # Not counted 1 time: "), "{page}");
    let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(page.chars().all(is_harmless));
    let evil = page.lines().filter(|line| line.contains("evil"));
    for line in evil {
        assert!(line.trim_start().starts_with('#'), "{line}");
    }
    desk.settings(&page).check_is_fine();
}

#[test]
fn an_empty_recording_leaves_all_as_it_was() {
    let desk = Desk::with_shipped_rules();
    desk.file("logs/empty.ndjson", "");
    let output = desk.replay(&["init", "logs"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("empty.ndjson` is empty"));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("found it in 0 events.\n"), "{page}");
    assert_eq!(
        page.matches("as it was; not seen here").count(),
        27,
        "{page}"
    );
    desk.settings(&page).check_is_fine();
    let output = desk.replay(&["init", "nowhere"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn it_is_the_same_on_any_number_of_threads_and_holds_so_much() {
    let desk = Desk::new();
    let table = |n: usize| {
        call(
            "dynamodb",
            "GetItem",
            json!({"tableName": format!("t{n:05}")}),
            None,
        )
    };
    let lines: Vec<String> = (0..10_100).rev().map(table).collect();
    desk.file("logs/a.ndjson", lines[..9_000].join("\n"));
    desk.file("logs/b.ndjson", lines[9_000..].join("\n"));
    let page = desk.init(&["--threads", "1", "logs"]);
    for text in [
        "#    # And 9,500 more, seen less often.\n",
        "#    # Not counted 100 times: of more than 10,000 different values those that came later",
        "#            - \"t00100\"    # seen once",
    ] {
        assert!(page.contains(text), "{text}\n{}", &page[..9_000]);
    }
    assert!(!page.contains("t00099"));
    let recordings = root().join("fixtures/data_poisoning");
    let recordings = recordings.to_str().unwrap();
    let one = desk.init(&["--threads", "1", recordings, "logs"]);
    for threads in ["2", "7"] {
        assert_eq!(desk.init(&["--threads", threads, "logs"]), page);
        assert_eq!(desk.init(&["--threads", threads, recordings, "logs"]), one);
    }
}

#[test]
fn rules_that_are_broken_are_told_of_before_anything_is_read() {
    let desk = Desk::new();
    let refused = |expected: &str| {
        let output = desk.replay(&["init", "nowhere"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected) && !said.contains("nowhere"),
            "{said}"
        );
    };
    desk.file(
        "rules/vedette.yaml",
        "settings:\n  a: {about: b, values: c}\n",
    );
    refused("rules/vedette.yaml:2: the `values` of the setting `a` are a list");
    desk.file(
        "rules/vedette.yaml",
        "settings:\n  app_clients: {about: b, values: []}\n",
    );
    desk.file("rules/other.yml", "lists:\n  app_clients: [a]\n");
    refused("the list `app_clients` is also at");
    fs::remove_file(desk.path("rules/vedette.yaml")).unwrap();
    desk.file("rules/rule.yml", "title: broken\n");
    refused("rules/rule.yml:1: ");
}
