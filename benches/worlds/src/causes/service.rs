//! Tests, scans and other clients that draw errors and mean no harm.

use crate::cause::Scene;
use crate::lines::caller::{CRAWLER, LOAD_TEST, SCRIPT};
use crate::lines::texts::{DEVELOPERS, ORDINARY, ROUTES};
use crate::lines::{Access, Caller, Ends, Register};
use crate::moment::{HOUR, MINUTE, SECOND};
use crate::people::Seen;

use super::sign_in::somebody;

/// A customer's developer tries the interface for an afternoon: three hundred refusals.
pub(super) fn developer(scene: &mut Scene<'_>) {
    let (_, who) = somebody(scene);
    let who = who.with(&SCRIPT);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(100..400) {
        let (method, route) = ROUTES[scene.scribe.chance.usize(..ROUTES.len())];
        let text = DEVELOPERS[scene.scribe.chance.usize(..DEVELOPERS.len())];
        scene.scribe.gateway(at, &who, (method, route, 400));
        let said = (text, Some("ValidationError"));
        scene
            .scribe
            .response(at + 20, &who, (method, route, 400), said);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(SECOND..40 * SECOND);
    }
}

/// A mail links to a vehicle that is not its readers': each is refused once or twice.
pub(super) fn broken_link(scene: &mut Scene<'_>) {
    let world = scene.world;
    let owner = world.person(scene.cause.id % world.users);
    let (vehicle, owner) = (owner.vehicle(0), owner.sub());
    for _ in 0..20 + (world.thousands() * 2.0) as u64 {
        let at = scene.at + scene.scribe.chance.i64(0..5 * HOUR);
        let number = scene.scribe.chance.u64(..world.users);
        let who = world.person(number).caller(at, &mut scene.scribe.chance);
        let access = Access {
            verb: "read",
            vehicle: &vehicle,
            owner: Some(&owner),
            ..Access::default()
        };
        scene
            .scribe
            .gateway(at, &who, ("GET", "/vehicles/{id}", 403));
        scene.scribe.access(at + 10, &who, access);
        scene.goes_on(at, &who);
    }
}

/// Announced: an hour of sign-ins, some with wrong passwords, and registrations, by one machine.
pub(super) fn load_test(scene: &mut Scene<'_>) {
    scene.cause.is_announced = true;
    let world = scene.world;
    let place = world.hosted(1);
    let tester = world.person(crate::visits::NEWCOMER - 1);
    let who = tester.caller_at(Seen::Home, scene.at, &mut scene.scribe.chance);
    let who = who.at(place).with(&LOAD_TEST);
    for number in 0..1800 {
        let at = scene.at + number * 2 * SECOND;
        let register = Register {
            vehicle: &tester.vehicle(scene.cause.id % 1_000_000 + number as u64),
            ..Register::default()
        };
        scene.scribe.register(at, &who, register);
        if number % 6 == 0 {
            let ends = if number % 30 == 0 {
                Ends::WrongPassword
            } else {
                Ends::Well
            };
            let other = world.person(crate::visits::NEWCOMER - 2 - (number as u64) % 97);
            let caller = other.caller_at(Seen::Home, at, &mut scene.scribe.chance);
            scene
                .scribe
                .sign_in(at, &caller.at(who.place.clone()).with(&LOAD_TEST), ends);
        }
        scene.goes_on(at, &who);
    }
}

/// Announced: a scan for vulnerabilities, two hours.
pub(super) fn scanner(scene: &mut Scene<'_>) {
    scene.cause.is_announced = true;
    let who = Caller::nobody(scene.world.hosted(2), &SCRIPT);
    let mut at = scene.at;
    while at < scene.at + 2 * HOUR {
        let (method, route) = ROUTES[scene.scribe.chance.usize(..ROUTES.len())];
        match scene.scribe.chance.u8(..20) {
            0..=7 => {
                let (status, text, class) = ORDINARY[scene.scribe.chance.usize(..ORDINARY.len())];
                scene.scribe.gateway(at, &who, (method, route, status));
                scene
                    .scribe
                    .response(at + 20, &who, (method, route, status), (text, class));
            }
            8..=13 => scene.scribe.gateway(at, &who, (method, route, 401)),
            14 => {
                scene.scribe.gateway(at, &who, (method, route, 500));
                let said = crate::lines::texts::BROKEN;
                scene
                    .scribe
                    .response(at + 20, &who, (method, route, 500), said);
            }
            _ => scene.scribe.waf(
                at,
                &who,
                ("BLOCK", "AWS-AWSManagedRulesSQLiRuleSet"),
                "/vehicles",
            ),
        }
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(SECOND..4 * SECOND);
    }
}

/// A search engine follows old links: nothing there, or only for those who sign in.
pub(super) fn crawler(scene: &mut Scene<'_>) {
    let who = Caller::nobody(scene.world.hosted(10 + scene.cause.id % 5), &CRAWLER);
    let mut at = scene.at;
    for number in 0..scene.scribe.chance.u32(60..400) {
        let status = [404, 404, 404, 401, 403][number as usize % 5];
        scene.scribe.gateway(at, &who, ("GET", "/{proxy+}", status));
        if number % 40 == 0 {
            scene.scribe.waf(
                at,
                &who,
                ("COUNT", "AWS-AWSManagedRulesBotControlRuleSet"),
                "/robots.txt",
            );
        }
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(5 * SECOND..2 * MINUTE);
    }
}
