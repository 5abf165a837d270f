//! T2: accounts made by programs.

use super::assault::{Assault, From};
use super::list::List;
use crate::chance::happens;
use crate::lines::caller::{CUSTOMERS, PARTNERS};
use crate::lines::{Caller, Ends, Pool};
use crate::moment::{HOUR, MINUTE, SECOND};

/// How accounts are made.
#[derive(Clone, Copy)]
struct Farm {
    from: From,
    per_hour: f64,
    count: u64,
    /// Of accounts, this share is confirmed a minute later.
    confirms: f64,
    pool: &'static Pool,
    /// The name of the account of that number.
    name: fn(u64) -> String,
}

fn plain(number: u64) -> String {
    format!(
        "{}{}",
        ["mia", "leon", "emma", "noah"][(number % 4) as usize],
        1000 + number * 37 % 8999
    )
}

impl Farm {
    const fn new(from: From, per_hour: f64, count: u64, confirms: f64) -> Self {
        Self {
            from,
            per_hour,
            count,
            confirms,
            pool: &CUSTOMERS,
            name: plain,
        }
    }

    const fn named(self, name: fn(u64) -> String) -> Self {
        Self {
            name,
            pool: &PARTNERS,
            ..self
        }
    }

    fn run(&self, a: &mut Assault<'_>) {
        for (turn, at) in (0..).zip(a.pace(self.per_hour, self.count)) {
            let person = a.own_account(turn);
            let who = a.caller(person, self.from, turn);
            let name = match *self.pool == CUSTOMERS {
                true => person.sub(),
                false => (self.name)(turn),
            };
            let who = Caller {
                pool: self.pool,
                client: self.pool.clients[0],
                name,
                ..who
            };
            a.scribe.sign_up(at, &who);
            a.deed(at, &who);
            if happens(&mut a.scribe.chance, self.confirms) {
                let done = at + a.scribe.chance.i64(20 * SECOND..90 * SECOND);
                a.scribe.confirm(done, &who);
                a.scribe.sign_in(done + 5 * SECOND, &who, Ends::Well);
            }
        }
    }
}

fn farm(list: &mut List, name: &str, about: &str, farm: Farm) {
    list.add(name, about, move |a| farm.run(a));
}

pub(super) fn add(list: &mut List) {
    from_one_place(list);
    botnets(list);
    by_name(list);
    disposable(list);
}

fn from_one_place(list: &mut List) {
    use From::{Network, One, V6};
    let of = Farm::new;
    farm(
        list,
        "t2-one-fast",
        "One address signs up 120 accounts in ten minutes.",
        of(One, 720.0, 120, 0.0),
    );
    farm(
        list,
        "t2-one-slow",
        "One address signs up an account every quarter of an hour for three days, unconfirmed.",
        of(One, 4.0, 288, 0.0),
    );
    farm(
        list,
        "t2-one-slow-confirmed",
        "One address signs up and confirms an account every quarter of an hour for three days.",
        of(One, 4.0, 288, 1.0),
    );
    farm(
        list,
        "t2-network",
        "Sixty addresses of one network sign up 30 accounts an hour for six hours.",
        of(Network(60), 30.0, 180, 0.5),
    );
    farm(
        list,
        "t2-v6",
        "A /48 signs up 40 accounts an hour for eight hours, each from a /64 of its own.",
        of(V6, 40.0, 320, 0.0),
    );
}

fn botnets(list: &mut List) {
    use From::{Botnet, BotnetOf};
    let of = Farm::new;
    farm(
        list,
        "t2-botnet-fast",
        "A botnet signs up 700 accounts in nine minutes, one address each.",
        of(Botnet, 4700.0, 700, 0.0),
    );
    farm(
        list,
        "t2-botnet-fast-confirmed",
        "A botnet signs up and confirms 700 accounts in half an hour, one address each.",
        of(Botnet, 1400.0, 700, 1.0),
    );
    farm(
        list,
        "t2-botnet-slow",
        "A botnet signs up 30 accounts an hour for two days, unconfirmed.",
        of(Botnet, 30.0, 1440, 0.0),
    );
    farm(
        list,
        "t2-botnet-slow-confirmed",
        "A botnet signs up and confirms 20 accounts an hour for three days.",
        of(Botnet, 20.0, 1440, 1.0),
    );
    farm(
        list,
        "t2-botnet-hundred",
        "A hundred addresses sign up two accounts each a day, for four days, confirmed.",
        of(BotnetOf(100), 8.3, 800, 0.95),
    );
    list.add(
        "t2-botnet-night",
        "A botnet signs up 25 accounts an hour in one night, unconfirmed.",
        |a| {
            a.by_night();
            Farm::new(Botnet, 25.0, 150, 0.0).run(a);
        },
    );
    list.add("t2-botnet-campaign", "Under cover of a campaign that brings eight times the sign-ups, a botnet adds half as many, unconfirmed.", |a| {
        a.start += 3 * HOUR;
        let honest = a.world.users as f64 * crate::visits::NEWCOMERS / 168.0 * 1.6 * 7.0;
        let start = a.start;
        for _ in 0..(honest * 4.0) as u64 {
            let at = start + a.scribe.chance.i64(0..4 * HOUR);
            crate::visits::newcomer(a.world, at, &mut a.scribe);
        }
        let per_hour = (honest / 2.0).max(20.0);
        Farm::new(Botnet, per_hour, (per_hour * 4.0) as u64, 0.0).run(a);
    });
}

fn by_name(list: &mut List) {
    let of = || Farm::new(From::Botnet, 30.0, 200, 0.9);
    farm(
        list,
        "t2-dots",
        "Two hundred accounts have the mail address of one person with dots in other places.",
        of().named(|n| {
            let letters = "jo.hn.do.e.mi.ll.er";
            let dotted: String = letters
                .chars()
                .enumerate()
                .filter(|(at, c)| *c != '.' || n >> (at / 3) & 1 == 1)
                .map(|(_, c)| c)
                .collect();
            format!("{dotted}{}@mail.example", n / 64)
        }),
    );
    farm(
        list,
        "t2-plus",
        "Two hundred accounts have the mail address of one person with something behind a plus sign.",
        of().named(|n| format!("john.miller+{n}@mail.example")),
    );
    farm(
        list,
        "t2-catch-all",
        "Two hundred accounts have mail addresses of one fresh domain that takes all mail.",
        of().named(|n| format!("{}@all-mail-here.example", plain(n))),
    );
    farm(
        list,
        "t2-sequence",
        "Two hundred accounts have one name with a number that counts up.",
        of().named(|n| format!("fleetuser{:05}", 20_000 + n)),
    );
    list.add(
        "t2-own-mail-wave",
        "Ninety accounts of one address are confirmed together after a day of sleep.",
        |a| {
            Farm::new(From::One, 90.0, 90, 0.0).run(a);
            for turn in 0..90 {
                let person = a.own_account(turn);
                let who = a.caller(person, From::One, turn);
                let at = a.start + 24 * HOUR + turn as i64 * MINUTE / 4;
                a.scribe.confirm(at, &who);
                a.deed(at, &who);
            }
        },
    );
}

fn disposable(list: &mut List) {
    let of = || Farm::new(From::Botnet, 30.0, 200, 0.9);
    farm(
        list,
        "t2-disposable",
        "Two hundred accounts have mail addresses that live for minutes.",
        of().named(|n| {
            format!(
                "{}@{}",
                plain(n),
                [
                    "mailinator.com",
                    "guerrillamail.com",
                    "10minutemail.com",
                    "yopmail.com"
                ][(n % 4) as usize]
            )
        }),
    );
    let slow = Farm::new(From::Botnet, 8.0, 400, 0.9);
    farm(
        list,
        "t2-disposable-slow",
        "Eight accounts an hour for two days have mail addresses that live for minutes.",
        slow.named(|n| {
            format!(
                "{}@{}",
                plain(n),
                ["mailinator.com", "temp-mail.org", "sharklasers.com"][(n % 3) as usize]
            )
        }),
    );
    list.unseen("t2-disposable-hidden", "Accounts of a pool where mail is the sign-in name have disposable addresses: Cognito makes the user name up, and CloudTrail hides the attribute. A line of the pre-sign-up function with the address's domain would show it.");
}
