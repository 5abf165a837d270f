//! T4: what answers and logs show.

use super::assault::From;
use super::list::List;
use super::texts::{INTROSPECTION, LEAKS, SECRETS, SUGGESTION};
use crate::lines::text;
use crate::moment::iso;

pub(super) fn add(list: &mut List) {
    answers(list);
    secrets(list);
}

/// Answers with these texts in turn, from one address.
fn answer(
    list: &mut List,
    name: &str,
    about: &str,
    (status, per_hour, count): (u16, f64, u64),
    said: &'static [&'static str],
) {
    list.add(name, about, move |a| {
        let person = a.own_account(0);
        for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
            let who = a.caller(person, From::One, 0);
            let text = said[turn as usize % said.len()];
            a.scribe.gateway(at, &who, ("GET", "/export", status));
            a.scribe
                .response(at + 20, &who, ("GET", "/export", status), (text, None));
            a.deed(at + 20, &who);
        }
    });
}

fn answers(list: &mut List) {
    for (kind, said) in &LEAKS {
        let about =
            format!("Three answers with status 500 show texts of a failed program ({kind}).");
        answer(
            list,
            &format!("t4-leak-{kind}"),
            &about,
            (500, 30.0, 3),
            said,
        );
    }
    answer(
        list,
        "t4-leak-in-400",
        "Three answers with status 400 show a stack trace.",
        (400, 30.0, 3),
        &LEAKS[3].1,
    );
    answer(
        list,
        "t4-leak-in-200",
        "Three answers with status 200 carry an error of the database in their list of errors.",
        (200, 30.0, 3),
        &LEAKS[0].1,
    );
    answer(
        list,
        "t4-leak-slow",
        "One answer in six hours shows internals, for four days.",
        (500, 0.17, 16),
        &LEAKS[2].1,
    );
    answer(
        list,
        "t4-harvest",
        "An account draws 200 answers that show internals, within an hour.",
        (500, 200.0, 200),
        &LEAKS[4].1,
    );
    answer(
        list,
        "t4-introspection",
        "An account asks for the schema ten times, and is told that it may not.",
        (400, 60.0, 10),
        &[INTROSPECTION],
    );
    answer(
        list,
        "t4-suggestions",
        "An account learns 150 names of fields from what it may have meant, in three hours.",
        (400, 50.0, 150),
        &[SUGGESTION],
    );
    list.unseen("t4-leak-unlogged-200", "An answer with status 200 shows internals and the application writes no `http.response` for it: no log has what clients are sent. That line, also for answers of 200 that carry errors, would show it.");
}

fn secrets(list: &mut List) {
    for (kind, secret) in SECRETS {
        list.add(
            &format!("t4-secret-plain-{kind}"),
            &format!("A function writes a secret ({kind}) into its log as text."),
            move |a| {
                let (who, at) = (a.nobody(From::One, 0), a.start);
                a.scribe.plain(
                    at,
                    &format!(
                        "2026-06-01T00:00:00.000Z INFO calling upstream with {secret} retries=2"
                    ),
                );
                a.deed(at, &who);
            },
        );
    }
    for (kind, secret) in [SECRETS[0], SECRETS[2], SECRETS[5], SECRETS[9]] {
        list.add(&format!("t4-secret-json-{kind}"), &format!("A function writes a secret ({kind}) into its log as JSON."), move |a| {
            let (who, at) = (a.nobody(From::One, 0), a.start);
            let line = format!(r#"{{"timestamp":"{}","level":"DEBUG","message":"config loaded","config":{{"upstream":{}}}}}"#, iso(at), text(secret));
            a.scribe.plain(at, &line);
            a.deed(at, &who);
        });
    }
    list.add(
        "t4-secret-sent",
        "An answer with status 500 shows a client a URL of the database with its password.",
        |a| {
            let (who, at) = (a.nobody(From::One, 0), a.start);
            let said = format!("could not connect to {}", SECRETS[9].1);
            a.scribe.gateway(at, &who, ("GET", "/export", 500));
            a.scribe
                .response(at + 20, &who, ("GET", "/export", 500), (&said, None));
            a.deed(at + 20, &who);
        },
    );
}
