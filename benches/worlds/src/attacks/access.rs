//! T3: vehicles of others.

use super::assault::{Assault, From};
use super::list::List;
use crate::lines::{Access, Caller};
use crate::moment::{MINUTE, SECOND};

/// Accesses to vehicles of others.
#[derive(Clone, Copy)]
struct Reach {
    from: From,
    accounts: u64,
    per_hour: f64,
    count: u64,
    verb: &'static str,
    is_allowed: bool,
    reason: Option<&'static str>,
    has_caller: bool,
}

impl Reach {
    const fn new(verb: &'static str, per_hour: f64, count: u64) -> Self {
        Self {
            from: From::One,
            accounts: 1,
            per_hour,
            count,
            verb,
            is_allowed: true,
            reason: None,
            has_caller: true,
        }
    }

    const fn refused(self) -> Self {
        Self {
            is_allowed: false,
            ..self
        }
    }

    const fn spread(self, accounts: u64) -> Self {
        Self {
            accounts,
            from: From::BotnetOf(accounts),
            ..self
        }
    }

    fn run(&self, a: &mut Assault<'_>) {
        for (turn, at) in (0..).zip(a.pace(self.per_hour, self.count)) {
            let person = a.own_account(turn % self.accounts);
            let who = a.caller(person, self.from, turn % self.accounts);
            let who = if self.has_caller {
                who
            } else {
                Caller { sub: None, ..who }
            };
            let victim = a.victim(turn);
            let owner = victim.sub();
            let vehicle = match self.reason {
                Some(_) => person.vehicle(40_000 + turn),
                None => victim.vehicle(0),
            };
            let access = Access {
                verb: self.verb,
                vehicle: &vehicle,
                owner: self.reason.is_none().then_some(&*owner),
                is_allowed: self.is_allowed,
                reason: self.reason,
                ..Access::default()
            };
            let status = match (self.is_allowed, self.reason) {
                (true, _) => 200,
                (false, Some(_)) => 404,
                (false, None) => 403,
            };
            a.scribe
                .gateway(at, &who, ("GET", "/vehicles/{id}", status));
            a.scribe.access(at + 20, &who, access);
            a.deed(at + 20, &who);
            a.suffers(victim);
        }
    }
}

fn reach(list: &mut List, name: &str, about: &str, reach: Reach) {
    list.add(name, about, move |a| reach.run(a));
}

pub(super) fn add(list: &mut List) {
    foreign(list);
    no_caller(list);
    probing(list);
    identifiers(list);
    volume(list);
}

fn foreign(list: &mut List) {
    for verb in [
        "read", "list", "search", "export", "locate", "command", "share", "delete", "update",
        "unlock",
    ] {
        let name = format!("t3-foreign-{verb}");
        let about = format!(
            "A hole in a check: an account is allowed `{verb}` at three vehicles of others."
        );
        reach(list, &name, &about, Reach::new(verb, 60.0, 3));
    }
    list.add(
        "t3-foreign-transfer",
        "A hole in a check: an account transfers two vehicles of others to itself.",
        |a| {
            let thief = a.own_account(0);
            for (turn, at) in (0..).zip(a.pace(20.0, 2)) {
                let (who, victim) = (a.caller(thief, From::One, 0), a.victim(turn));
                let pair = (&*victim.sub(), &*thief.sub());
                a.scribe.transfer(at, &who, &victim.vehicle(0), pair);
                a.deed(at, &who);
                a.suffers(victim);
            }
        },
    );
}

fn no_caller(list: &mut List) {
    let nobody = |reach: Reach| Reach {
        has_caller: false,
        ..reach
    };
    reach(
        list,
        "t3-no-caller",
        "A route asks nobody who he is: 200 vehicles are read within an hour.",
        nobody(Reach::new("read", 200.0, 200)),
    );
    reach(
        list,
        "t3-no-caller-once",
        "A route asks nobody who he is: one vehicle is located.",
        nobody(Reach::new("locate", 1.0, 1)),
    );
    reach(
        list,
        "t3-no-caller-refused",
        "Four hundred vehicles are asked for without any caller, and refused, from forty addresses in a day.",
        nobody(Reach::new("read", 16.0, 400).refused().spread(40)),
    );
}

fn probing(list: &mut List) {
    reach(
        list,
        "t3-probing-fast",
        "An account is refused at 100 vehicles of others in ten minutes.",
        Reach::new("read", 600.0, 100).refused(),
    );
    reach(
        list,
        "t3-probing-slow",
        "An account is refused at a vehicle of others every twenty minutes for three days.",
        Reach::new("read", 3.0, 216).refused(),
    );
    reach(
        list,
        "t3-probing-locate",
        "An account is refused to locate 60 vehicles of others in two hours.",
        Reach::new("locate", 30.0, 60).refused(),
    );
    reach(
        list,
        "t3-probing-spread",
        "Forty accounts are refused at 400 vehicles of others between them in five hours.",
        Reach::new("read", 80.0, 400).refused().spread(40),
    );
    reach(
        list,
        "t3-probing-spread-slow",
        "Two hundred accounts are refused at 25 vehicles of others an hour between them, for two days.",
        Reach::new("read", 25.0, 1200).refused().spread(200),
    );
}

fn identifiers(list: &mut List) {
    let guessed = |reach: Reach| Reach {
        reason: Some("not_found"),
        ..reach
    };
    reach(
        list,
        "t3-identifiers",
        "An account guesses 300 identifiers in an hour that nobody has.",
        guessed(Reach::new("read", 300.0, 300).refused()),
    );
    reach(
        list,
        "t3-identifiers-slow",
        "An account guesses ten identifiers an hour for two days.",
        guessed(Reach::new("read", 10.0, 480).refused()),
    );
    reach(
        list,
        "t3-identifiers-spread",
        "Thirty accounts guess sixty identifiers an hour between them for a day.",
        guessed(Reach::new("read", 60.0, 1440).refused().spread(30)),
    );
}

/// What is allowed, and too much of it: an account that is in other hands.
fn volume(list: &mut List) {
    list.add("t3-volume-company", "An account of the largest company, which reads five vehicles a day, reads all of them in an hour.", |a| {
        own(a, "read", 2000.0, |company| company.size.min(2000));
    });
    list.add(
        "t3-volume-export",
        "An account of the largest company exports 150 of its vehicles in a night.",
        |a| {
            a.by_night();
            own(a, "export", 40.0, |_| 150);
        },
    );
    list.add("t3-volume-locate-slow", "An account of the largest company locates thirty vehicles an hour around the clock for three days.", |a| {
        own(a, "locate", 30.0, |_| 2160);
    });
    list.add("t3-deletion", "The manager's account of a company is in other hands: 300 vehicles are deleted in twenty minutes, from abroad.", |a| {
        own(a, "delete", 900.0, |_| 300);
    });
    list.unseen("t3-screenshots", "Somebody who may read a vehicle passes on what he sees: each line is right. None would show it.");
    list.add("t3-sale-undone", "A former owner, whose grant was not taken away, is let in at his old vehicle for four days.", |a| {
        let (seller, buyer) = (a.victim(0), a.victim(1));
        let vehicle = seller.vehicle(777);
        let who = seller.caller(a.start, &mut a.scribe.chance);
        let start = a.start;
        a.scribe.transfer(start - 3 * MINUTE, &who, &vehicle, (&seller.sub(), &buyer.sub()));
        for at in a.pace(0.25, 24) {
            let access = Access { verb: "locate", vehicle: &vehicle, owner: Some(&buyer.sub()), is_allowed: true, ..Access::default() };
            a.scribe.access(at + SECOND, &who, access);
            a.deed(at + SECOND, &who);
        }
        a.suffers(buyer);
    });
}

fn own(a: &mut Assault<'_>, verb: &str, per_hour: f64, count: fn(&crate::people::Company) -> u64) {
    let company = &a.world.companies[0];
    let manager = a.world.person(company.first);
    let person = if verb == "delete" {
        manager
    } else {
        a.world.person(company.first + 3)
    };
    let owner = manager.sub();
    for (turn, at) in (0..).zip(a.pace(per_hour, count(company))) {
        let who = a.caller(person, From::One, 0);
        let access = Access {
            verb,
            vehicle: &manager.vehicle(turn % company.size),
            owner: Some(&owner),
            is_allowed: true,
            grant: (verb != "delete").then_some("shared"),
            ..Access::default()
        };
        a.scribe.gateway(at, &who, ("GET", "/vehicles/{id}", 200));
        a.scribe.access(at + 20, &who, access);
        a.deed(at + 20, &who);
    }
    a.suffers(manager);
}
