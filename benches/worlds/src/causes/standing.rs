//! What is always there: offices, carriers, depots, wallboards, scripts, checks, support, administrators.

use std::collections::BTreeSet;

use crate::cause::Cause;
use crate::chance::{happens, times};
use crate::lines::caller::{CHECKER, SCRIPT, TABLET, WALLBOARD};
use crate::lines::{Access, Caller, Ends, Scribe};
use crate::moment::{HOUR, MINUTE, SECOND};
use crate::people::{Company, Seen, World};
use crate::rhythm::{busy, is_working, local_hour};
use crate::visits::{NEWCOMER, sign_in};

/// Companies of this size have a wallboard; every other one has tablets in a depot, every third a nightly script.
const WALLBOARD_SIZE: u64 = 60;

pub(super) fn wallboard_of(world: &World, company: &Company) -> Caller {
    let person = world.person(NEWCOMER - 10_000 - company.number);
    let who = person.caller_at(
        Seen::Home,
        world.begin,
        &mut Scribe::new(crate::chance::chance(&[0])).chance,
    );
    who.at(company.office.clone()).with(&WALLBOARD)
}

/// Staff has a network and accounts of its own.
pub(crate) fn agent_of_support(world: &World, number: u64) -> Caller {
    let person = world.person(NEWCOMER - 5_000 - number);
    let who = person.caller_at(
        Seen::Home,
        world.begin,
        &mut Scribe::new(crate::chance::chance(&[0])).chance,
    );
    who.at(world.hosted(3))
}

pub fn causes(world: &World) -> Vec<Cause> {
    let mut all = Vec::new();
    let mut add = |kind: &str, addresses: Vec<String>, users: BTreeSet<String>| {
        let mut cause = Cause::new(kind, 1_000_000 + all.len() as u64, world.begin);
        cause.end = world.end;
        cause.addresses.extend(addresses);
        cause.users = users;
        all.push(cause);
    };
    let none = BTreeSet::new;
    for company in &world.companies {
        add("office", vec![company.office.address.clone()], none());
        add("depot", vec![company.depot.address.clone()], none());
        if company.size >= WALLBOARD_SIZE {
            let board = wallboard_of(world, company);
            add(
                "wallboard",
                vec![],
                board.sub.into_iter().chain([board.name]).collect(),
            );
        }
        if company.number.is_multiple_of(3) {
            add(
                "script",
                vec![world.hosted(1000 + company.number).address],
                none(),
            );
        }
    }
    add("carrier", vec!["244.0.0.0/8".into()], none());
    add("VPN", vec!["246.0.0.0/8".into()], none());
    add(
        "health check",
        vec![world.hosted(4).address, world.hosted(5).address],
        none(),
    );
    let agents = (0..8).map(|n| agent_of_support(world, n));
    let agents = agents
        .flat_map(|a| a.sub.into_iter().chain([a.name]))
        .collect();
    add("support", vec![world.hosted(3).address], agents);
    add("administrator", vec![world.hosted(6).address], none());
    all
}

/// All of it in the hour that begins then.
pub fn hour(world: &World, hour: i64, scribe: &mut Scribe) {
    for company in &world.companies {
        if matches!(local_hour(hour), 5 | 13 | 21) && company.number.is_multiple_of(2) {
            shift(world, company, hour, scribe);
        }
        if company.size >= WALLBOARD_SIZE {
            board(world, company, hour, scribe);
        }
        if local_hour(hour) == 3 && company.number.is_multiple_of(3) {
            script(world, company, hour, scribe);
        }
    }
    checks(world, hour, scribe);
    if is_working(hour) {
        support(world, hour, scribe);
        administrators(world, hour, scribe);
    }
    functions(world, hour, scribe);
}

/// Drivers take over: all sign in at the depot's tablets within twenty minutes, in gloves.
fn shift(world: &World, company: &Company, hour: i64, scribe: &mut Scribe) {
    let drivers = (company.size / 4).min(40);
    for number in company.first..company.first + drivers {
        let at = hour + 45 * MINUTE + scribe.chance.i64(0..20 * MINUTE);
        let person = world.person(number);
        let who = person.caller_at(Seen::Home, at, &mut scribe.chance);
        let who = who.at(company.depot.clone()).with(&TABLET);
        if happens(&mut scribe.chance, 0.03) {
            scribe.sign_in(at - 15 * SECOND, &who, Ends::WrongPassword);
        }
        sign_in(person, &who, at, scribe);
    }
}

/// Asks for the list every half minute, and for each vehicle in turn.
fn board(world: &World, company: &Company, hour: i64, scribe: &mut Scribe) {
    let who = wallboard_of(world, company);
    let manager = world.person(company.first);
    let (owner, vehicles) = (manager.sub(), company.size.min(500));
    scribe.refresh(hour, &who, None);
    for poll in 0..120 {
        let at = hour + poll * 30 * SECOND + scribe.chance.i64(0..800);
        scribe.gateway(at, &who, ("GET", "/vehicles", 200));
        let access = Access {
            verb: "read",
            vehicle: &manager.vehicle((hour / HOUR * 120 + poll) as u64 % vehicles),
            owner: Some(&owner),
            is_allowed: true,
            grant: Some("shared"),
            ..Access::default()
        };
        scribe.access(at + 20, &who, access);
    }
}

/// Reads all vehicles of the company once a night.
fn script(world: &World, company: &Company, hour: i64, scribe: &mut Scribe) {
    let manager = world.person(company.first);
    let who = manager.caller_at(Seen::Office, hour, &mut scribe.chance);
    let who = who.at(world.hosted(1000 + company.number)).with(&SCRIPT);
    let owner = manager.sub();
    scribe.sign_in(hour + 2 * SECOND, &who, Ends::Well);
    for number in 0..company.size.min(500) {
        let at = hour + 5 * SECOND + number as i64 * 900;
        scribe.gateway(at, &who, ("GET", "/vehicles/{id}", 200));
        let access = Access {
            verb: "read",
            vehicle: &manager.vehicle(number),
            owner: Some(&owner),
            is_allowed: true,
            ..Access::default()
        };
        scribe.access(at + 20, &who, access);
    }
}

fn checks(world: &World, hour: i64, scribe: &mut Scribe) {
    for number in 0..120 {
        let who = Caller::nobody(world.hosted(4 + number % 2), &CHECKER);
        scribe.gateway(
            hour + number as i64 * 30 * SECOND,
            &who,
            ("GET", "/health", 200),
        );
    }
}

/// One agent for ten thousand users, one at least: forty vehicles an hour, with the role that allows it.
fn support(world: &World, hour: i64, scribe: &mut Scribe) {
    for agent in 0..(1 + world.users / 10_000).min(8) {
        let who = agent_of_support(world, agent);
        if local_hour(hour) == 8 {
            scribe.sign_in(hour + MINUTE, &who, Ends::WellWithFactor);
        }
        for _ in 0..times(&mut scribe.chance, 25.0) {
            let at = hour + scribe.chance.i64(0..HOUR);
            let owner = world.person(scribe.chance.u64(..world.users));
            let access = Access {
                verb: "read",
                vehicle: &owner.vehicle(0),
                owner: Some(&owner.sub()),
                is_allowed: true,
                grant: Some("operator"),
                role: Some("support"),
                reason: None,
            };
            scribe.gateway(at, &who, ("GET", "/vehicles/{id}", 200));
            scribe.access(at + 20, &who, access);
        }
    }
}

/// Three people sign in to the console on a working day, and mistype now and then.
fn administrators(world: &World, hour: i64, scribe: &mut Scribe) {
    let who = Caller::nobody(world.hosted(6), &crate::lines::caller::BROWSERS[0]);
    for name in ["anna", "ben", "carla"] {
        if !happens(&mut scribe.chance, 0.12) {
            continue;
        }
        let at = hour + scribe.chance.i64(0..HOUR);
        if happens(&mut scribe.chance, 0.08) {
            scribe.console(at - 20 * SECOND, &who, name, false, false);
        }
        scribe.console(at, &who, name, true, true);
    }
}

/// What the runtime says of invocations; one in many is kept.
fn functions(world: &World, hour: i64, scribe: &mut Scribe) {
    for _ in 0..times(&mut scribe.chance, 4.0 + world.thousands() * busy(hour)) {
        let at = hour + scribe.chance.i64(0..HOUR);
        let request = scribe.uuid();
        scribe.plain(at, &format!("START RequestId: {request} Version: $LATEST"));
        scribe.plain(
            at + 90,
            &format!("REPORT RequestId: {request}\tDuration: 84.21 ms\tBilled Duration: 85 ms\tMemory Size: 256 MB\tMax Memory Used: 91 MB"),
        );
    }
}
