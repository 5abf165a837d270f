//! T1: codes guessed or asked for, names asked for, messages pumped.

use super::assault::{Assault, From};
use super::guess::{Guess, Names};
use super::list::List;
use crate::lines::caller::CUSTOMERS;
use crate::lines::{Call, Caller, Ends};
use crate::moment::{HOUR, MINUTE};

pub(super) fn add(list: &mut List) {
    guessed(list);
    prompts(list);
    enumeration(list);
    pumping(list);
}

/// What is done to user after user.
fn each(
    a: &mut Assault<'_>,
    (from, per_hour, count): (From, f64, u64),
    few: u64,
    deed: impl Fn(&mut Assault<'_>, i64, &Caller),
) {
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let person = a.victim(turn % few);
        let who = a.caller(person, from, turn);
        deed(a, at, &who);
        a.deed(at, &who);
        a.suffers(person);
    }
}

const ALL: u64 = u64::MAX;

fn guessed(list: &mut List) {
    list.add(
        "t1-reset-code-one",
        "One address guesses a user's reset code sixty times an hour for five hours.",
        |a| {
            each(a, (From::One, 60.0, 300), 1, |a, at, who| {
                a.scribe.reset(at, who, false)
            });
        },
    );
    list.add("t1-reset-code-botnet", "A user's reset code is guessed 40 times an hour for two days, each time from another address.", |a| {
        each(a, (From::Botnet, 40.0, 1920), 1, |a, at, who| a.scribe.reset(at, who, false));
    });
    list.add(
        "t1-factor-one",
        "Somebody who has the password guesses the second factor from one address, and gets in.",
        |a| {
            let guess = Guess::new(From::One, Names::Few(1), 120.0, 240).wins(0.01);
            Guess {
                fails: Ends::WrongFactor,
                ..guess
            }
            .run(a);
        },
    );
    list.add("t1-factor-botnet", "Somebody who has the password guesses the second factor 20 times an hour for two days, each time from another address.", |a| {
        let guess = Guess::new(From::Botnet, Names::Few(1), 20.0, 960);
        Guess { fails: Ends::WrongFactor, ..guess }.run(a);
    });
    list.add("t1-factor-many-users", "Passwords of 300 users are known: each one's second factor is guessed once, from another address, within six hours.", |a| {
        let guess = Guess::new(From::Botnet, Names::Few(300), 50.0, 300);
        Guess { fails: Ends::WrongFactor, ..guess }.run(a);
    });
}

fn prompts(list: &mut List) {
    list.add(
        "t1-fatigue-fast",
        "A user is asked for the second factor thirty times in an hour, and gives in.",
        |a| {
            let guess = Guess::new(From::One, Names::Few(1), 30.0, 30).wins(0.04);
            Guess {
                fails: Ends::NoFactor,
                ..guess
            }
            .run(a);
        },
    );
    list.add(
        "t1-fatigue-patient",
        "A user is asked for the second factor every hour and a half for four days.",
        |a| {
            let guess = Guess::new(From::Botnet, Names::Few(1), 0.66, 64);
            Guess {
                fails: Ends::NoFactor,
                ..guess
            }
            .run(a);
        },
    );
    list.add("t1-prompts-many", "Four hundred users are asked once each for the second factor, from one network, in four hours.", |a| {
        let guess = Guess::new(From::Network(40), Names::Few(400), 100.0, 400);
        Guess { fails: Ends::NoFactor, ..guess }.run(a);
    });
}

fn enumeration(list: &mut List) {
    let ways = [
        ("one", From::One, 240.0, 480),
        ("many", From::Botnet, 120.0, 2880),
    ];
    for (word, from, per_hour, count) in ways {
        list.add(&format!("t1-names-sign-up-{word}"), &format!("Sign-ups ask who has an account, {per_hour} an hour ({word}): of ten, six are taken."), move |a| {
            each(a, (from, per_hour, count), ALL, |a, at, who| {
                if a.scribe.chance.u8(..10) < 6 {
                    a.scribe.sign_up_refused(at, who);
                } else {
                    let error = ("InvalidPasswordException", "Password did not conform with policy: Password not long enough");
                    let nobody = Caller { sub: None, ..who.clone() };
                    a.scribe.named_call(at, &nobody, "SignUp", Some(error));
                }
            });
        });
        list.add(
            &format!("t1-names-reset-{word}"),
            &format!("Resets ask who has an account, {per_hour} an hour ({word})."),
            move |a| {
                each(a, (from, per_hour, count), ALL, |a, at, who| {
                    if a.scribe.chance.u8(..10) < 4 {
                        a.scribe.forgot(at, who);
                    } else {
                        let nobody = Caller {
                            sub: None,
                            ..who.clone()
                        };
                        a.scribe.named_call(
                            at,
                            &nobody,
                            "ForgotPassword",
                            Some((
                                "UserNotFoundException",
                                "Username/client id combination not found.",
                            )),
                        );
                    }
                });
            },
        );
        list.add(&format!("t1-names-srp-{word}"), &format!("Sign-ins are begun and never answered, {per_hour} an hour ({word}): the first answer differs for users."), move |a| {
            each(a, (from, per_hour, count), ALL, |a, at, who| a.scribe.sign_in_start(at, who));
        });
    }
    list.unseen("t1-names-timing", "The time that a refusal takes tells who has an account, from one try an address: no log has the time of an answer of Cognito. A line of the application in front of it with `duration_ms` would.");
}

fn pumping(list: &mut List) {
    list.add("t1-pump-sign-up", "A hundred sign-ups an hour with numbers of one country's range, from one network, none confirmed, for six hours.", |a| {
        for (turn, at) in (0..).zip(a.pace(100.0, 600)) {
            let person = a.own_account(turn % 1000);
            let who = a.caller(person, From::Network(60), turn);
            a.scribe.sign_up(at, &Caller { pool: &CUSTOMERS, client: CUSTOMERS.clients[1], ..who.clone() });
            a.deed(at, &who);
        }
    });
    list.add("t1-pump-resend", "Twenty accounts have their code sent again, 200 times an hour, for six hours, from one address.", |a| {
        each(a, (From::One, 200.0, 1200), 20, |a, at, who| a.scribe.resend(at, who));
    });
    list.add("t1-pump-resend-botnet", "Three hundred accounts have their code sent again, 60 times an hour, for two days, each time from another address.", |a| {
        each(a, (From::Botnet, 60.0, 2880), 300, |a, at, who| a.scribe.resend(at, who));
    });
    list.add(
        "t1-pump-reset",
        "Resets are asked for 150 users over and over, 100 an hour, for a day, from ten addresses.",
        |a| {
            each(a, (From::BotnetOf(10), 100.0, 2400), 150, |a, at, who| {
                a.scribe.forgot(at, who)
            });
        },
    );
    list.add("t1-pump-passwordless", "Codes to sign in without a password are asked for, 120 an hour for a day, from forty addresses, and none is typed in.", |a| {
        each(a, (From::BotnetOf(40), 120.0, 2880), ALL, |a, at, who| {
            let request = format!(r#"{{"authFlow":"USER_AUTH","authParameters":"HIDDEN_DUE_TO_SECURITY_REASONS","clientId":"{}"}}"#, who.client);
            let response = r#"{"challengeName":"SMS_OTP","session":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#;
            a.scribe.call(at, who, Call { name: "InitiateAuth", request: &request, response, has_sub: true, error: None });
        });
    });
    list.add(
        "t1-reset-bombing",
        "One user is sent a reset every two minutes for a night.",
        |a| {
            a.by_night();
            each(a, (From::BotnetOf(8), 30.0, 240), 1, |a, at, who| {
                a.scribe.forgot(at, who)
            });
        },
    );
    list.add("t1-reset-patient", "A reset is asked for one user every hour for three days; then the code is typed in from abroad.", |a| {
        each(a, (From::BotnetOf(30), 1.0, 72), 1, |a, at, who| a.scribe.forgot(at, who));
        let person = a.victim(0);
        let who = a.caller(person, From::One, 0);
        let at = a.start + 72 * HOUR;
        a.scribe.reset(at, &who, true);
        a.scribe.sign_in(at + MINUTE, &who, Ends::Well);
        a.deed(at, &who);
    });
}
