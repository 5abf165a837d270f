//! New people, several at once.

use crate::cause::Scene;
use crate::chance::moment_in;
use crate::lines::Place;
use crate::moment::{HOUR, MINUTE, SECOND};
use crate::people::{Seen, city};
use crate::visits::{NEWCOMER, sign_up};

/// So many people sign up over one network within that time.
fn together(scene: &mut Scene<'_>, people: u64, within: i64, place: &Place) {
    let first = NEWCOMER + (scene.cause.id << 12);
    for number in first..first + people {
        let person = scene.world.person(number);
        let at = moment_in(&mut scene.scribe.chance, scene.at, scene.at + within);
        let who = person.caller_at(Seen::Home, at, &mut scene.scribe.chance);
        let who = who.at(place.clone());
        sign_up(person, &who, at, &mut scene.scribe);
        scene.goes_on(at + HOUR, &who);
    }
}

/// Forty people of a company in one room, in less than an hour.
pub(super) fn onboarding(scene: &mut Scene<'_>) {
    let companies = &scene.world.companies;
    let place = companies[scene.scribe.chance.usize(..companies.len())]
        .office
        .clone();
    let people = scene.scribe.chance.u64(20..61);
    together(scene, people, 50 * MINUTE, &place);
}

/// Visitors of a stand over its network, for a day.
pub(super) fn fair(scene: &mut Scene<'_>) {
    let people = scene.scribe.chance.u64(40..160);
    let place = scene.world.hosted(scene.cause.id);
    together(
        scene,
        people,
        7 * HOUR,
        &Place {
            address: place.address,
            country: "Germany",
            city: city(0).1,
        },
    );
}

/// Mail takes half an hour: newcomers ask again and again, and many give up.
pub(super) fn slow_mail(scene: &mut Scene<'_>) {
    let world = scene.world;
    let people = 3 + (world.thousands() * 1.5) as u64;
    for number in 0..people {
        let person = world.person(NEWCOMER + (scene.cause.id << 12) + number);
        let mut at = moment_in(&mut scene.scribe.chance, scene.at, scene.at + 3 * HOUR);
        let who = person.caller_at(Seen::Mobile, at, &mut scene.scribe.chance);
        scene.scribe.sign_up(at, &who);
        for _ in 0..scene.scribe.chance.u32(1..5) {
            at += scene.scribe.chance.i64(MINUTE..9 * MINUTE);
            scene.scribe.resend(at, &who);
        }
        if scene.scribe.chance.u8(..10) < 6 {
            scene.scribe.confirm(at + 10 * MINUTE, &who);
            scene.scribe.sign_in(
                at + 10 * MINUTE + 30 * SECOND,
                &who,
                crate::lines::Ends::Well,
            );
        }
        scene.goes_on(at + 11 * MINUTE, &who);
    }
}
