//! T1: guessing and spraying, from one place or many.

use super::assault::From;
use super::guess::{Guess, Names};
use super::list::List;
use crate::chance::happens;
use crate::lines::caller::{CUSTOMERS, PARTNERS};
use crate::lines::{Caller, Ends, Risk};
use crate::moment::{HOUR, MINUTE, SECOND};

const DAYS_4: f64 = 96.0;

pub(super) fn add(list: &mut List) {
    from_one_address(list);
    from_one_place(list);
    botnets(list);
    sprays(list);
    one_user(list);
    hosted_page(list);
}

fn guess(list: &mut List, name: &str, about: &str, guess: Guess) {
    list.add(name, about, move |a| guess.run(a));
}

fn from_one_address(list: &mut List) {
    use From::One;
    use Names::{Foreign, Own};
    let of = Guess::new;
    guess(
        list,
        "t1-one-fast-foreign",
        "One address tries 600 names of a foreign list in ten minutes.",
        of(One, Foreign, 3600.0, 600),
    );
    guess(
        list,
        "t1-one-fast-own",
        "One address tries 600 customers in ten minutes, and is right with one in fifty.",
        of(One, Own, 3600.0, 600).wins(0.02),
    );
    guess(
        list,
        "t1-one-medium",
        "One address tries a customer a minute for two hours.",
        of(One, Own, 60.0, 120),
    );
    guess(
        list,
        "t1-one-slow",
        "One address tries a customer every four minutes for a day.",
        of(One, Own, 15.0, 360),
    );
    guess(
        list,
        "t1-one-patient",
        "One address tries a customer every twenty minutes for four days.",
        of(One, Own, 3.0, 288),
    );
    guess(
        list,
        "t1-one-slow-foreign",
        "One address tries a name of a foreign list every four minutes for a day.",
        of(One, Foreign, 15.0, 360),
    );
}

/// Behind an address that others have, too, or from many of one network.
fn from_one_place(list: &mut List) {
    use From::{Network, Office, V6, Vpn};
    use Names::Own;
    let of = Guess::new;
    guess(
        list,
        "t1-inside-office",
        "Somebody in the largest office tries 300 customers within an hour.",
        of(Office, Own, 300.0, 300),
    );
    guess(
        list,
        "t1-inside-office-slow",
        "Somebody in the largest office tries a customer every five minutes for two days.",
        of(Office, Own, 12.0, 576),
    );
    guess(
        list,
        "t1-behind-vpn",
        "Behind an exit of a VPN that users take, too, 200 customers are tried in two hours.",
        of(Vpn, Own, 100.0, 200),
    );
    guess(
        list,
        "t1-v6-48",
        "A /48 tries 400 customers in four hours, each from a /64 of its own.",
        of(V6, Own, 100.0, 400),
    );
    guess(
        list,
        "t1-v6-48-slow",
        "A /48 tries a customer every ten minutes for three days, each from a /64 of its own.",
        of(V6, Own, 6.0, 432),
    );
    guess(
        list,
        "t1-network-24",
        "Two hundred addresses of a network try 400 customers in four hours.",
        of(Network(200), Own, 100.0, 400),
    );
    guess(
        list,
        "t1-network-24-slow",
        "Two hundred addresses of a network try ten customers an hour for three days.",
        of(Network(200), Own, 10.0, 720),
    );
}

fn botnets(list: &mut List) {
    let paces = [(20.0, DAYS_4), (100.0, 48.0), (1000.0, 12.0), (8300.0, 6.0)];
    for (per_hour, hours) in paces {
        let tries = (per_hour * hours) as u64;
        for (word, names) in [("foreign", Names::Foreign), ("own", Names::Own)] {
            let name = format!("t1-botnet-{per_hour}-{word}");
            let about = format!(
                "A botnet tries {per_hour} names of a list ({word}) an hour, one try an address, for {hours} hours."
            );
            guess(
                list,
                &name,
                &about,
                Guess::new(From::Botnet, names, per_hour, tries),
            );
        }
    }
    for (per_hour, hours) in [(20.0, DAYS_4), (100.0, 48.0), (1000.0, 12.0)] {
        let tries = (per_hour * hours) as u64;
        let name = format!("t1-botnet-{per_hour}-opens");
        let about = format!(
            "A botnet tries {per_hour} customers an hour, one try an address, and is right with one in two hundred."
        );
        guess(
            list,
            &name,
            &about,
            Guess::new(From::Botnet, Names::Own, per_hour, tries).wins(0.005),
        );
    }
    for per_hour in [20.0, 100.0] {
        let of = Guess::new(From::Botnet, Names::Own, per_hour, (per_hour * 48.0) as u64);
        let name = format!("t1-botnet-{per_hour}-partners");
        let about = format!(
            "A botnet tries {per_hour} names an hour at the small pool, one try an address, for two days."
        );
        guess(
            list,
            &name,
            &about,
            Guess {
                pool: Some(&PARTNERS),
                ..of
            },
        );
    }
    list.add(
        "t1-botnet-night",
        "A botnet tries 60 customers an hour in one night, one try an address.",
        |a| {
            a.by_night();
            Guess::new(From::Botnet, Names::Own, 60.0, 300).run(a);
        },
    );
    list.add(
        "t1-botnet-few-addresses",
        "Fifty addresses of a botnet try a customer each every two hours, for three days.",
        |a| {
            Guess::new(From::BotnetOf(50), Names::Own, 25.0, 1800).run(a);
        },
    );
}

fn sprays(list: &mut List) {
    list.add(
        "t1-spray-all-one",
        "One address tries one password with every user within a day.",
        |a| {
            let tries = a.world.users.min(20_000);
            Guess::new(From::One, Names::Own, tries as f64 / 24.0, tries).run(a);
        },
    );
    list.add(
        "t1-spray-all-botnet",
        "Five hundred addresses try one password with every user within three days.",
        |a| {
            let tries = a.world.users.min(50_000);
            Guess::new(From::BotnetOf(500), Names::Own, tries as f64 / 72.0, tries)
                .wins(0.002)
                .run(a);
        },
    );
    list.add(
        "t1-spray-pools",
        "Forty addresses try 30 users an hour at each pool in turn, for a day.",
        |a| {
            for pool in [&CUSTOMERS, &PARTNERS] {
                let guess = Guess::new(From::BotnetOf(40), Names::Own, 30.0, 720);
                Guess {
                    pool: Some(pool),
                    ..guess
                }
                .run(a);
            }
        },
    );
    list.add(
        "t1-spray-clients",
        "Forty addresses try 60 users an hour, over all clients of a pool in turn, for a day.",
        |a| {
            for (turn, at) in (0..).zip(a.pace(60.0, 1440)) {
                let person = a.victim(turn);
                let who = a.caller(person, From::BotnetOf(40), turn);
                let client = who.pool.clients[(turn % 3) as usize];
                let who = Caller { client, ..who };
                a.scribe.sign_in(at, &who, Ends::WrongPassword);
                a.deed(at, &who);
                a.suffers(person);
            }
        },
    );
}

fn one_user(list: &mut List) {
    let few = Names::Few;
    guess(
        list,
        "t1-one-user-lockout",
        "One address tries one user as often as the lockout allows, every quarter of an hour, for four days.",
        Guess::new(From::One, few(1), 4.0, 384),
    );
    guess(
        list,
        "t1-one-user-botnet",
        "One user is tried every quarter of an hour for four days, each time from another address, and opens in the end.",
        Guess::new(From::Botnet, few(1), 4.0, 384).wins(0.003),
    );
    guess(
        list,
        "t1-one-user-fast",
        "One user is tried sixty times in ten minutes from one address.",
        Guess::new(From::One, few(1), 360.0, 60),
    );
    guess(
        list,
        "t1-hundred-users-lockout",
        "A hundred users are tried once an hour each for two days, each time from another address.",
        Guess::new(From::Botnet, few(100), 100.0, 4800),
    );
    guess(
        list,
        "t1-hundred-users-slow",
        "A hundred users are tried once in eight hours each for four days, from thirty addresses.",
        Guess::new(From::BotnetOf(30), few(100), 12.5, 1200),
    );
    list.add(
        "t1-five-then-pause",
        "A user is tried five times, then after a pause again, from ten addresses, and opens.",
        |a| {
            let person = a.victim(0);
            for round in 0..24 {
                let begin = a.start + round * 2 * HOUR;
                for turn in 0..5 {
                    let at = begin + turn * 20 * SECOND;
                    let who = a.caller(person, From::BotnetOf(10), round as u64);
                    let ends = if round == 23 && turn == 4 {
                        Ends::Well
                    } else {
                        Ends::WrongPassword
                    };
                    a.scribe.sign_in(at, &who, ends);
                    a.deed(at, &who);
                }
            }
            a.suffers(person);
        },
    );
    list.add(
        "t1-blocked-by-cognito",
        "A botnet tries 40 customers an hour; Cognito blocks each as a high risk.",
        |a| {
            let risk = Risk {
                level: "High",
                decision: "Block",
                is_compromised: false,
            };
            let guess = Guess::new(From::Botnet, Names::Own, 40.0, 480);
            Guess { risk, ..guess }.run(a);
        },
    );
}

fn hosted_page(list: &mut List) {
    for (name, about, from, per_hour, count) in [
        (
            "t1-hosted-one",
            "One address sends the hosted page 200 times in twenty minutes.",
            From::One,
            600.0,
            200,
        ),
        (
            "t1-hosted-botnet",
            "A botnet sends the hosted page 150 times an hour for a day, one address each.",
            From::Botnet,
            150.0,
            3600,
        ),
    ] {
        list.add(name, about, move |a| {
            for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
                let who = a.nobody(from, turn);
                a.scribe.hosted_page(at - 900, &who, "Login_GET", 200);
                // A page that refuses is shown again: 200. One that lets in leads on: 302.
                let status = if happens(&mut a.scribe.chance, 0.01) {
                    302
                } else {
                    200
                };
                a.scribe.hosted_page(at, &who, "Login_POST", status);
                a.deed(at, &who);
            }
        });
    }
    list.add("t1-admin-auth-spoofed", "Through a back end that takes the caller's word for the address, 300 customers an hour are tried; each shows another address.", |a| {
        for (turn, at) in (0..).zip(a.pace(300.0, 600)) {
            let person = a.victim(turn);
            let who = a.caller(person, From::Botnet, turn);
            a.scribe.activity(at, &who, ("SignIn", "Fail", r#"["Password:Failure"]"#), Risk::NONE);
            let back_end = who.at(a.world.hosted(8)).with(&crate::lines::caller::BACK_END);
            let error = ("NotAuthorizedException", "Incorrect username or password.");
            let call = crate::lines::Call { name: "AdminInitiateAuth", error: Some(error), has_sub: true, ..Default::default() };
            a.scribe.call_of_role(at, &back_end, call, "fleet-world-back-end");
            a.deed(at, &who);
            a.suffers(person);
        }
    });
    list.add(
        "t1-admin-auth-one-address",
        "The same, always with the address of one honest user.",
        |a| {
            let shown = a.victim(9_999).caller(a.start, &mut a.scribe.chance).place;
            for (turn, at) in (0..).zip(a.pace(120.0, 240)) {
                let person = a.victim(turn);
                let who = a.caller(person, From::One, turn).at(shown.clone());
                a.scribe.activity(
                    at,
                    &who,
                    ("SignIn", "Fail", r#"["Password:Failure"]"#),
                    Risk::NONE,
                );
                a.deed(at + MINUTE / 60, &who);
                a.suffers(person);
            }
        },
    );
}
