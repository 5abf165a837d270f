//! T2: vehicles that are claimed, squatted, enumerated or made up.

use super::assault::{Assault, From};
use super::list::List;
use crate::chance::happens;
use crate::lines::caller::LOAD_TEST;
use crate::lines::{Agent, Register};

/// Vehicles entered by a program.
#[derive(Clone, Copy)]
struct Flood {
    from: From,
    accounts: u64,
    per_hour: f64,
    count: u64,
    /// Of registrations, this share is rejected, and why.
    rejected: f64,
    reason: &'static str,
    import: Option<&'static str>,
    agent: Option<&'static Agent>,
    /// Whether the vehicles are those of users.
    is_foreign: bool,
}

const TAKEN: &str = "vin already registered";
const MADE_UP: &str = "unknown vin";

impl Flood {
    const fn new(from: From, accounts: u64, per_hour: f64, count: u64) -> Self {
        Self {
            from,
            accounts,
            per_hour,
            count,
            rejected: 0.0,
            reason: TAKEN,
            import: None,
            agent: None,
            is_foreign: false,
        }
    }

    const fn rejected(self, rejected: f64, reason: &'static str) -> Self {
        Self {
            rejected,
            reason,
            ..self
        }
    }

    /// At vehicles of users.
    const fn foreign(self) -> Self {
        Self {
            is_foreign: true,
            ..self
        }
    }

    const fn under_import(self) -> Self {
        Self {
            import: Some("imp-0000001"),
            ..self
        }
    }

    fn run(&self, a: &mut Assault<'_>) {
        for (turn, at) in (0..).zip(a.pace(self.per_hour, self.count)) {
            let person = a.own_account(turn % self.accounts);
            let mut who = a.caller(person, self.from, turn % self.accounts.max(1));
            if let Some(agent) = self.agent {
                who = who.with(agent);
            }
            let is_rejected = happens(&mut a.scribe.chance, self.rejected);
            let vehicle = match self.is_foreign {
                true => a.victim(turn).vehicle(0),
                false => person.vehicle(turn),
            };
            let register = Register {
                vehicle: &vehicle,
                rejected: is_rejected.then_some(self.reason),
                import: self.import,
            };
            let status = if is_rejected { 409 } else { 201 };
            a.scribe.gateway(at, &who, ("POST", "/vehicles", status));
            a.scribe.register(at + 30, &who, register);
            a.deed(at + 30, &who);
        }
    }
}

fn flood(list: &mut List, name: &str, about: &str, flood: Flood) {
    list.add(name, about, move |a| flood.run(a));
}

pub(super) fn add(list: &mut List) {
    floods(list);
    numbers(list);
    allowed(list);
}

fn floods(list: &mut List) {
    use From::{Botnet, One};
    let of = Flood::new;
    flood(
        list,
        "t2-vehicles-one-fast",
        "One account registers sixty vehicles in eight minutes.",
        of(One, 1, 450.0, 60),
    );
    flood(
        list,
        "t2-vehicles-one-slow",
        "One account registers a vehicle every ten minutes for three days.",
        of(One, 1, 6.0, 432),
    );
    flood(
        list,
        "t2-vehicles-botnet",
        "Two hundred accounts register two vehicles each in nine minutes.",
        of(Botnet, 200, 2700.0, 400),
    );
    flood(
        list,
        "t2-vehicles-botnet-slow",
        "Two hundred accounts register 25 vehicles an hour between them for two days.",
        of(Botnet, 200, 25.0, 1200),
    );
    flood(
        list,
        "t2-squatted",
        "One account registers 300 vehicle numbers of cars not sold yet, in an hour.",
        of(One, 1, 300.0, 300).rejected(0.05, MADE_UP),
    );
}

/// Numbers that are taken, or made up.
fn numbers(list: &mut List) {
    use From::{Botnet, One};
    let of = Flood::new;
    flood(
        list,
        "t2-enumerated",
        "One account learns from refusals which of 200 numbers are taken, in two hours.",
        of(One, 1, 100.0, 200).foreign().rejected(1.0, TAKEN),
    );
    flood(
        list,
        "t2-enumerated-slow",
        "One account learns from refusals which numbers are taken, four an hour for three days.",
        of(One, 1, 4.0, 288).foreign().rejected(1.0, TAKEN),
    );
    flood(
        list,
        "t2-enumerated-spread",
        "Eighty accounts learn it between them, forty numbers an hour for a day.",
        of(Botnet, 80, 40.0, 960).foreign().rejected(1.0, TAKEN),
    );
    flood(
        list,
        "t2-fake",
        "One account makes 120 numbers up within four hours; of ten, eight are refused.",
        of(One, 1, 30.0, 120).rejected(0.8, MADE_UP),
    );
    flood(
        list,
        "t2-fake-spread",
        "Sixty accounts make numbers up, thirty an hour for a day; of ten, eight are refused.",
        of(Botnet, 60, 30.0, 720).rejected(0.8, MADE_UP),
    );
}

/// Under what keeps right ones from alerting.
fn allowed(list: &mut List) {
    use From::One;
    let of = Flood::new;
    flood(
        list,
        "t2-import-fake",
        "Under an import, a thousand numbers are made up; of ten, six are refused.",
        of(One, 1, 6000.0, 1000)
            .under_import()
            .rejected(0.6, MADE_UP),
    );
    flood(
        list,
        "t2-import-flood",
        "Under an import, an account of yesterday registers twenty thousand vehicles.",
        of(One, 1, 20_000.0, 20_000).under_import(),
    );
    let agent = |flood: Flood| Flood {
        agent: Some(&LOAD_TEST),
        ..flood
    };
    flood(
        list,
        "t2-listed-agent",
        "An account registers 200 vehicles in twenty minutes under the user agent of the load test.",
        agent(of(One, 1, 600.0, 200)),
    );
    list.add("t2-claimed", "Five accounts from five networks try to register one vehicle of somebody else, in an afternoon.", |a| {
        let victim = a.victim(0);
        let vehicle = victim.vehicle(0);
        for (turn, at) in (0..).zip(a.pace(2.5, 10)) {
            let person = a.own_account(turn % 5);
            let who = a.caller(person, From::BotnetOf(5), turn % 5);
            let register = Register { vehicle: &vehicle, rejected: Some(TAKEN), import: None };
            a.scribe.register(at, &who, register);
            a.deed(at, &who);
        }
        a.suffers(victim);
    });
}
