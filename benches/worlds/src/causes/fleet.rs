//! What companies, their programs and the service's staff do with vehicles.

use crate::cause::Scene;
use crate::chance::{happens, moment_in};
use crate::lines::caller::SCRIPT;
use crate::lines::{Access, Caller, Ends, Register};
use crate::moment::{DAY, HOUR, MINUTE, SECOND};
use crate::people::{Company, Seen};

use super::sign_in::somebody;
use super::standing::{agent_of_support, wallboard_of};

/// A company, and who manages its vehicles, at the office.
fn company<'w>(scene: &mut Scene<'w>) -> (&'w Company, Caller) {
    let world = scene.world;
    let company = &world.companies[scene.scribe.chance.usize(..world.companies.len())];
    let manager = world.person(company.first);
    let who = manager.caller_at(Seen::Office, scene.at, &mut scene.scribe.chance);
    (company, who)
}

/// Lines of a table become vehicles; of a hundred, eight are bad.
fn lines(scene: &mut Scene<'_>, count: u64, pause: i64, import: Option<&str>) {
    let (company, who) = company(scene);
    let manager = scene.world.person(company.first);
    let first = 100_000 + (scene.cause.id << 12);
    let mut at = scene.at;
    for number in first..first + count {
        at += scene.scribe.chance.i64(pause / 2..pause * 3 / 2);
        let is_bad = happens(&mut scene.scribe.chance, 0.08);
        let register = Register {
            vehicle: &manager.vehicle(number),
            rejected: is_bad.then_some("vin must have 17 characters"),
            import,
        };
        scene.scribe.register(at, &who, register);
        scene.goes_on(at, &who);
    }
}

pub(super) fn import(scene: &mut Scene<'_>) {
    let count = scene.scribe.chance.u64(200..2000);
    let import = format!("imp-{}", scene.cause.id);
    lines(scene, count, 600, Some(&import));
}

/// By a program of the customer's own, which does not know of `import_id`.
pub(super) fn import_unnamed(scene: &mut Scene<'_>) {
    let count = scene.scribe.chance.u64(50..300);
    lines(scene, count, 2 * SECOND, None);
}

/// The password was changed, the nightly script was not: it tries every few minutes until the morning.
pub(super) fn script_locked_out(scene: &mut Scene<'_>) {
    let (company, who) = company(scene);
    let place = scene.world.hosted(1000 + company.number);
    let who = who.at(place).with(&SCRIPT);
    let pause = scene.scribe.chance.i64(MINUTE..10 * MINUTE);
    let mut at = scene.at;
    while at < scene.at + 14 * HOUR {
        scene.scribe.sign_in(at, &who, Ends::WrongPassword);
        scene.goes_on(at, &who);
        at += pause;
    }
    scene.scribe.sign_in(at, &who, Ends::Well);
}

fn refused(scene: &mut Scene<'_>, at: i64, who: &Caller, (vehicle, owner): (&str, &str)) {
    scene
        .scribe
        .gateway(at, who, ("GET", "/vehicles/{id}", 403));
    let access = Access {
        verb: "read",
        vehicle,
        owner: Some(owner),
        ..Access::default()
    };
    scene.scribe.access(at + 10, who, access);
    scene.goes_on(at, who);
}

/// One to eight vehicles were sold, and the wallboard asks for them every half minute until somebody takes them off.
pub(super) fn wallboard_sold(scene: &mut Scene<'_>) {
    let (company, who) = company(scene);
    let board = wallboard_of(scene.world, company);
    let sold = scene.scribe.chance.u64(1..9);
    let (manager, buyer) = (
        scene.world.person(company.first),
        scene.world.person(company.first + 7),
    );
    for number in 0..sold {
        let vehicle = manager.vehicle(900 + number);
        scene
            .scribe
            .transfer(scene.at, &who, &vehicle, (&manager.sub(), &buyer.sub()));
    }
    let end = scene.at + scene.scribe.chance.i64(2 * HOUR..2 * DAY);
    let mut at = scene.at + MINUTE;
    while at < end {
        for number in 0..sold {
            let pair = (&*manager.vehicle(900 + number), &*buyer.sub());
            refused(scene, at + number as i64 * 200, &board, pair);
        }
        at += 30 * SECOND;
    }
}

/// The role of the wallboard's account ends: all its vehicles are refused every half minute for up to an hour.
pub(super) fn wallboard_role_ended(scene: &mut Scene<'_>) {
    let (company, _) = company(scene);
    let board = wallboard_of(scene.world, company);
    let manager = scene.world.person(company.first);
    let end = scene.at + scene.scribe.chance.i64(10 * MINUTE..HOUR);
    let vehicles: Vec<String> = (0..company.size.min(500))
        .map(|n| manager.vehicle(n))
        .collect();
    let owner = manager.sub();
    let mut at = scene.at;
    while at < end {
        for (number, vehicle) in (0..).zip(&vehicles) {
            refused(scene, at + number * 50, &board, (vehicle, &owner));
        }
        at += 30 * SECOND;
    }
}

/// An agent of support works through ten to thirty tickets of vehicles that are not there any more.
pub(super) fn tickets(scene: &mut Scene<'_>) {
    let agent = scene.scribe.chance.u64(..8);
    let who = agent_of_support(scene.world, agent);
    let mut at = scene.at;
    for number in 0..scene.scribe.chance.u64(10..31) {
        let vehicle = scene
            .world
            .person(scene.cause.id % scene.world.users)
            .vehicle(5000 + number);
        let access = Access {
            verb: "read",
            vehicle: &vehicle,
            role: Some("support"),
            reason: Some("not_found"),
            ..Access::default()
        };
        scene
            .scribe
            .gateway(at, &who, ("GET", "/vehicles/{id}", 404));
        scene.scribe.access(at + 10, &who, access);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(20 * SECOND..4 * MINUTE);
    }
}

/// A vehicle is sold, and the app of its former owner asks for it whenever it is opened, for a week.
pub(super) fn former_owner(scene: &mut Scene<'_>) {
    let (person, who) = somebody(scene);
    let buyer = scene
        .world
        .person(scene.scribe.chance.u64(..scene.world.users));
    let vehicle = person.vehicle(800 + scene.cause.id % 97);
    let register = Register {
        vehicle: &vehicle,
        ..Register::default()
    };
    scene.scribe.register(scene.at - MINUTE, &who, register);
    scene
        .scribe
        .transfer(scene.at, &who, &vehicle, (&person.sub(), &buyer.sub()));
    for day in 0..7 {
        for _ in 0..scene.scribe.chance.u32(0..6) {
            let at = scene.at + day * DAY + scene.scribe.chance.i64(MINUTE..12 * HOUR);
            let who = person.caller(at, &mut scene.scribe.chance);
            refused(scene, at, &who, (&vehicle, &buyer.sub()));
        }
    }
}

/// A fleet changes hands: 50 to 300 vehicles to one buyer in an afternoon.
pub(super) fn sold(scene: &mut Scene<'_>) {
    let (company, who) = company(scene);
    let manager = scene.world.person(company.first);
    let buyer = scene
        .world
        .person(scene.scribe.chance.u64(..scene.world.users));
    let first = 200_000 + scene.cause.id % 1_000_000;
    for number in first..first + scene.scribe.chance.u64(50..300) {
        let at = moment_in(&mut scene.scribe.chance, scene.at, scene.at + 2 * HOUR);
        let pair = (&*manager.sub(), &*buyer.sub());
        scene
            .scribe
            .transfer(at, &who, &manager.vehicle(number), pair);
        scene.goes_on(at, &who);
    }
}

/// A fleet is taken off the road: its owner deletes 30 to 200 vehicles.
pub(super) fn retired(scene: &mut Scene<'_>) {
    let (company, who) = company(scene);
    let manager = scene.world.person(company.first);
    let first = 2_000_000 + scene.cause.id % 1_000_000;
    for number in first..first + scene.scribe.chance.u64(30..200) {
        let at = moment_in(&mut scene.scribe.chance, scene.at, scene.at + HOUR);
        let access = Access {
            verb: "delete",
            vehicle: &manager.vehicle(number),
            owner: Some(&manager.sub()),
            is_allowed: true,
            ..Access::default()
        };
        scene.scribe.access(at, &who, access);
        scene.goes_on(at, &who);
    }
}
