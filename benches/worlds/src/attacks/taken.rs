//! T1: accounts in other hands, and the console.

use super::assault::{Assault, From};
use super::guess::{Guess, Names};
use super::list::List;
use crate::lines::caller::SCRIPT;
use crate::lines::{Caller, Ends, Place, Risk};
use crate::moment::{HOUR, MINUTE};
use crate::people::{Seen, botnet};

pub(super) fn add(list: &mut List) {
    verdicts(list);
    travel(list);
    tokens(list);
    console(list);
}

fn verdicts(list: &mut List) {
    let judged = |level, decision, is_compromised| Risk {
        level,
        decision,
        is_compromised,
    };
    for (name, about, risk, count) in [
        (
            "t1-risk-high",
            "Cognito lets a sign-in of high risk in.",
            judged("High", "PASS", false),
            1,
        ),
        (
            "t1-risk-takeover",
            "Cognito takes three sign-ins for takeovers and asks for a factor, which comes.",
            judged("High", "AccountTakeover", false),
            3,
        ),
        (
            "t1-compromised",
            "Cognito knows the passwords of five users from a leak; they open.",
            judged("Low", "PASS", true),
            5,
        ),
        (
            "t1-risk-medium-many",
            "Sixty users open within a day, each with a medium risk and from another address.",
            judged("Medium", "PASS", false),
            60,
        ),
    ] {
        list.add(name, about, move |a| {
            let guess = Guess::new(From::Botnet, Names::Own, 2.5, count).wins(1.0);
            Guess { risk, ..guess }.run(a);
        });
    }
}

/// The user signs in from home, as always.
fn at_home(a: &mut Assault<'_>, at: i64) {
    let person = a.victim(0);
    let who = person.caller_at(Seen::Home, at, &mut a.scribe.chance);
    a.scribe.sign_in(at, &who, person.ends_well());
    a.suffers(person);
}

fn travel(list: &mut List) {
    list.add(
        "t1-impossible-travel",
        "A user signs in at home and ten minutes later on another continent.",
        |a| {
            let start = a.start;
            at_home(a, start - 20 * HOUR);
            at_home(a, start - 10 * MINUTE);
            let person = a.victim(0);
            let place = Place::new("203.0.113.77".into(), ("Brazil", "Sao Paulo"));
            let who = a.caller(person, From::One, 0).at(place);
            a.scribe.sign_in(start, &who, Ends::Well);
            a.deed(start, &who);
        },
    );
    list.add("t1-new-country-after-failures", "A user fails six times from anywhere in a day, then opens from a country where they never were.", |a| {
        let start = a.start;
        at_home(a, start - 30 * HOUR);
        let person = a.victim(0);
        for turn in 0..7 {
            let place = match turn {
                6 => Place::new("203.0.113.78".into(), ("Viet Nam", "Hanoi")),
                _ => botnet(a.number, turn),
            };
            let who = a.caller(person, From::Botnet, turn).at(place);
            let at = start + turn as i64 * 3 * HOUR;
            a.scribe.sign_in(at, &who, if turn == 6 { Ends::Well } else { Ends::WrongPassword });
            a.deed(at, &who);
        }
    });
    list.add("t1-new-network-after-failures", "A user fails three times from one network, then opens from another, both new, in the same country.", |a| {
        let start = a.start;
        at_home(a, start - 30 * HOUR);
        let person = a.victim(0);
        for turn in 0..4 {
            let address = if turn == 3 { "242.9.8.7" } else { "242.1.2.3" };
            let who = a.caller(person, From::Botnet, turn);
            let who = who.at(Place::new(address.into(), ("Germany", "Berlin")));
            let at = start + turn as i64 * 2 * MINUTE;
            a.scribe.sign_in(at, &who, if turn == 3 { Ends::Well } else { Ends::WrongPassword });
            a.deed(at, &who);
        }
    });
    list.unseen("t1-first-try-at-home", "Somebody in the victim's own network, with the victim's browser, knows the password: every line is the victim's own. Only what is done then may show, in lines of the application.");
}

fn tokens(list: &mut List) {
    list.add("t1-token-stolen", "A stolen refresh token is used every hour for two days from another country, beside its owner.", |a| {
        let person = a.victim(0);
        for (turn, at) in (0..).zip(a.pace(1.0, 48)) {
            let who = a.caller(person, From::One, turn).with(&SCRIPT);
            a.scribe.refresh(at, &who, None);
            a.deed(at, &who);
        }
        a.suffers(person);
    });
    list.add(
        "t1-tokens-many",
        "Refresh tokens of eighty users are used from one address within an hour.",
        |a| {
            for (turn, at) in (0..).zip(a.pace(80.0, 80)) {
                let person = a.victim(turn);
                let who = a.caller(person, From::One, turn);
                a.scribe.refresh(at, &who, None);
                a.deed(at, &who);
                a.suffers(person);
            }
        },
    );
    list.add("t1-tokens-revoked", "Two hundred refresh tokens, half of them revoked, are tried from thirty addresses in three hours.", |a| {
        for (turn, at) in (0..).zip(a.pace(66.0, 200)) {
            let person = a.victim(turn);
            let who = a.caller(person, From::BotnetOf(30), turn);
            let error = (turn % 2 == 0).then_some("Refresh Token has been revoked");
            a.scribe.refresh(at, &who, error);
            a.deed(at, &who);
            a.suffers(person);
        }
    });
    list.unseen("t1-access-token-same-network", "An access token is used for the rest of its hour from the owner's own network: no line differs from the owner's. A device id in the application's line would.");
}

const STAFF: [&str; 5] = ["anna", "ben", "carla", "deploy", "backup"];

fn console(list: &mut List) {
    list.add(
        "t1-console-one",
        "One address tries five people's console passwords forty times in ten minutes.",
        |a| {
            for (turn, at) in (0..).zip(a.pace(240.0, 40)) {
                let who = a.nobody(From::One, turn);
                a.scribe
                    .console(at, &who, STAFF[turn as usize % 5], false, false);
                a.deed(at, &who);
            }
        },
    );
    list.add("t1-console-spray", "Console passwords are tried four times an hour for two days, each time from another address.", |a| {
        for (turn, at) in (0..).zip(a.pace(4.0, 192)) {
            let who = a.nobody(From::Botnet, turn);
            a.scribe.console(at, &who, STAFF[turn as usize % 5], false, false);
            a.deed(at, &who);
        }
    });
    list.add("t1-console-opens", "Console passwords are tried 20 times from as many addresses; one opens, without second factor.", |a| {
        for (turn, at) in (0..).zip(a.pace(10.0, 21)) {
            let who = a.nobody(From::Botnet, turn);
            a.scribe.console(at, &who, "deploy", turn == 20, false);
            a.deed(at, &who);
        }
    });
    list.add(
        "t1-console-root",
        "Root signs in without second factor, by night.",
        |a| {
            a.by_night();
            let (who, at): (Caller, i64) = (a.nobody(From::One, 0), a.start);
            a.scribe.console(at, &who, "root", true, false);
            a.deed(at, &who);
        },
    );
}
