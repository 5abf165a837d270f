//! T4: errors drawn on purpose, and attacks on the detector itself.

use super::assault::{Assault, From};
use super::list::List;
use super::texts::LEAKS;
use crate::lines::texts::{BROKEN, ROUTES};
use crate::lines::{Access, Ends};
use crate::moment::SECOND;

/// Requests that end so, over all routes in turn.
fn drawn(a: &mut Assault<'_>, (from, per_hour, count): (From, f64, u64), status: u16, said: &str) {
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let person = a.own_account(turn % 50);
        let who = a.caller(person, from, turn);
        let (method, route) = ROUTES[turn as usize % ROUTES.len()];
        a.scribe.gateway(at, &who, (method, route, status));
        a.scribe.response(
            at + 20,
            &who,
            (method, route, status),
            (said, Some("ValidationError")),
        );
        a.deed(at, &who);
    }
}

pub(super) fn add(list: &mut List) {
    const BAD: &str = "the request is not valid";
    list.add(
        "t4-fuzzing-one",
        "One address sends 1,500 requests in half an hour that are all answered 400.",
        |a| drawn(a, (From::One, 3000.0, 1500), 400, BAD),
    );
    list.add(
        "t4-fuzzing-slow",
        "One address draws 60 answers of 400 an hour for two days.",
        |a| drawn(a, (From::One, 60.0, 2880), 400, BAD),
    );
    list.add(
        "t4-fuzzing-many",
        "Two hundred addresses draw 400 answers of 400 an hour between them for eight hours.",
        |a| drawn(a, (From::BotnetOf(200), 400.0, 3200), 400, BAD),
    );
    list.add(
        "t4-5xx-one",
        "One address draws 200 server errors in an hour over all routes.",
        |a| drawn(a, (From::One, 200.0, 200), 500, BROKEN.0),
    );
    list.add(
        "t4-5xx-one-slow",
        "One address draws 12 server errors an hour for two days.",
        |a| drawn(a, (From::One, 12.0, 576), 500, BROKEN.0),
    );
    list.add(
        "t4-5xx-many",
        "A botnet draws 120 server errors an hour for eight hours, one address each.",
        |a| drawn(a, (From::Botnet, 120.0, 960), 500, BROKEN.0),
    );
    list.add(
        "t4-5xx-many-slow",
        "A botnet draws 20 server errors an hour for three days, one address each.",
        |a| drawn(a, (From::Botnet, 20.0, 1440), 502, BROKEN.0),
    );
    list.add("t4-new-error", "An account finds an input that makes the service fail in a way that it never did, forty times in an hour.", |a| {
        let person = a.own_account(0);
        for at in a.pace(40.0, 40) {
            let who = a.caller(person, From::One, 0);
            a.scribe.gateway(at, &who, ("GET", "/vehicles/{id}/trips", 500));
            a.scribe.response(at + 20, &who, ("GET", "/vehicles/{id}/trips", 500), (BROKEN.0, Some("RangeError")));
            a.deed(at, &who);
        }
    });
    on_the_detector(list);
}

fn on_the_detector(list: &mut List) {
    list.add(
        "t4-raw-routes",
        "The application writes raw paths as routes; an account draws internals under 300 of them.",
        |a| {
            let person = a.own_account(0);
            for (turn, at) in (0..).zip(a.pace(300.0, 300)) {
                let who = a.caller(person, From::One, 0);
                let route = format!("/vehicles/{turn:08x}/trips/{}", turn * 77);
                let said = LEAKS[0].1[turn as usize % 3];
                a.scribe.gateway(at, &who, ("GET", "/{proxy+}", 500));
                a.scribe
                    .response(at + 20, &who, ("GET", &route, 500), (said, None));
                a.deed(at + 20, &who);
            }
        },
    );
    list.add("t4-bury-attackers", "Two thousand addresses fail at thirty users each within an hour, so that nobody sees the account that a quiet one opens.", |a| {
        for machine in 0..2000 {
            for turn in 0..30 {
                let at = a.start + ((machine * 1800 + turn * 20_000) % 3_600_000) as i64;
                let person = a.victim(machine * 30 + turn);
                let who = a.caller(person, From::BotnetOf(2000), machine);
                a.scribe.sign_in(at, &who, Ends::WrongPassword);
                a.deed(at, &who);
            }
        }
    });
    list.add("t4-bury-victims", "One address draws refusals in the name of 1,500 accounts that it made, then reads one vehicle of somebody else.", |a| {
        for (turn, at) in (0..).zip(a.pace(15_000.0, 15_000)) {
            let person = a.own_account(turn % 990);
            let who = a.caller(person, From::One, 0);
            let victim = a.victim(turn);
            let access = Access { verb: "read", vehicle: &victim.vehicle(0), owner: Some(&victim.sub()), is_allowed: turn == 14_990, ..Access::default() };
            a.scribe.access(at, &who, access);
            a.deed(at, &who);
        }
    });
    list.add("t4-forged-line", "An application echoes what it is sent: a client makes it write lines that look like successes of Cognito, while he guesses fifty users.", |a| {
        for (turn, at) in (0..).zip(a.pace(300.0, 50)) {
            let person = a.victim(turn);
            let who = a.caller(person, From::One, 0);
            a.scribe.sign_in(at, &who, Ends::WrongPassword);
            let echoed = format!(r#"{{"eventSource":"USER_ACTIVITY","eventTimestamp":"{at}","message":{{"eventType":"SignIn","eventResponse":"Pass","userName":"{}","ipAddress":"{}"}}}}"#, who.name, who.place.address);
            a.scribe.plain(at + SECOND, &echoed);
            a.deed(at, &who);
            a.suffers(person);
        }
    });
    list.add("t4-echo", "An application echoes what it is sent into its answers: a client sends stack traces, so that the route is thought to leak, and draws a real one among 60.", |a| {
        let person = a.own_account(0);
        for (turn, at) in (0..).zip(a.pace(120.0, 60)) {
            let who = a.caller(person, From::One, 0);
            let said = format!("unknown parameter {}", LEAKS[(turn % 12) as usize].1[0]);
            a.scribe.gateway(at, &who, ("GET", "/vehicles", 400));
            a.scribe.response(at + 20, &who, ("GET", "/vehicles", 400), (&said, Some("ValidationError")));
            a.deed(at + 20, &who);
        }
    });
}
