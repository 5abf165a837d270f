//! People and their programs who cannot get in, or come from where they never came from.

use crate::cause::Scene;
use crate::chance::{happens, moment_in};
use crate::lines::caller::BROWSERS;
use crate::lines::{Caller, Ends, Risk};
use crate::moment::{DAY, HOUR, MINUTE, SECOND};
use crate::people::{Person, Seen};
use crate::visits::sign_in;

/// Some user, and where they are.
pub(super) fn somebody<'w>(scene: &mut Scene<'w>) -> (Person<'w>, Caller) {
    let world = scene.world;
    let person = world.person(scene.scribe.chance.u64(..world.users));
    let who = person.caller(scene.at, &mut scene.scribe.chance);
    (person, who)
}

/// A phone tries the old password every 10 to 60 seconds for one to eight hours, until somebody types the new one in.
pub(super) fn stale_password(scene: &mut Scene<'_>) {
    let (person, who) = somebody(scene);
    let pause = scene.scribe.chance.i64(10 * SECOND..60 * SECOND);
    let end = scene.at + scene.scribe.chance.i64(HOUR..8 * HOUR);
    let mut at = scene.at;
    while at < end {
        scene.scribe.sign_in(at, &who, Ends::WrongPassword);
        scene.goes_on(at, &who);
        at += pause + scene.scribe.chance.i64(0..SECOND);
    }
    scene
        .scribe
        .sign_in(at + 40 * SECOND, &who, person.ends_well());
    scene.goes_on(at + 40 * SECOND, &who);
}

/// An app renews a session that is over, every 10 to 60 seconds, and asks the service with what it has.
pub(super) fn stale_token(scene: &mut Scene<'_>) {
    let (person, who) = somebody(scene);
    let pause = scene.scribe.chance.i64(10 * SECOND..60 * SECOND);
    let end = scene.at + scene.scribe.chance.i64(30 * MINUTE..6 * HOUR);
    let nobody = Caller {
        sub: None,
        ..who.clone()
    };
    let mut at = scene.at;
    while at < end {
        scene
            .scribe
            .refresh(at, &who, Some("Refresh Token has expired"));
        if happens(&mut scene.scribe.chance, 0.5) {
            scene
                .scribe
                .gateway(at + SECOND, &nobody, ("GET", "/vehicles", 401));
        }
        scene.goes_on(at, &who);
        at += pause + scene.scribe.chance.i64(0..SECOND);
    }
    scene.scribe.sign_in(at, &who, person.ends_well());
}

/// The phone's clock is wrong: the second factor fails three to eight times, then works.
pub(super) fn wrong_clock(scene: &mut Scene<'_>) {
    let (_, who) = somebody(scene);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(3..9) {
        scene.scribe.sign_in(at, &who, Ends::WrongFactor);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(20 * SECOND..90 * SECOND);
    }
    scene.scribe.sign_in(at, &who, Ends::WellWithFactor);
    scene.goes_on(at, &who);
}

/// Mails do not come: five to twenty are asked for within an hour or two.
pub(super) fn reset_mails(scene: &mut Scene<'_>) {
    let (_, who) = somebody(scene);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(5..21) {
        scene.scribe.forgot(at, &who);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(30 * SECOND..7 * MINUTE);
    }
    scene.scribe.reset(at, &who, false);
    scene.scribe.reset(at + MINUTE, &who, true);
    scene.goes_on(at + MINUTE, &who);
}

/// Six to fifteen wrong passwords, a reset, and in.
pub(super) fn forgotten(scene: &mut Scene<'_>) {
    let (person, who) = somebody(scene);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(6..16) {
        scene.scribe.sign_in(at, &who, Ends::WrongPassword);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(5 * SECOND..2 * MINUTE);
    }
    scene.scribe.forgot(at, &who);
    scene.scribe.reset(at + 2 * MINUTE, &who, true);
    scene
        .scribe
        .sign_in(at + 3 * MINUTE, &who, person.ends_well());
    scene.goes_on(at + 3 * MINUTE, &who);
}

/// Some days abroad: another network each day, a mistyped password now and then, and Cognito doubts some of it.
pub(super) fn traveller(scene: &mut Scene<'_>) {
    let (person, _) = somebody(scene);
    let days = scene.scribe.chance.i64(2..12);
    for day in 0..days {
        let at = scene.at + day * DAY + scene.scribe.chance.i64(0..6 * HOUR);
        let who = person.caller_at(Seen::Abroad, at, &mut scene.scribe.chance);
        if happens(&mut scene.scribe.chance, 0.12) {
            scene
                .scribe
                .sign_in(at - 20 * SECOND, &who, Ends::WrongPassword);
        }
        let level = ["", "", "Low", "Low", "Medium", "High"][scene.scribe.chance.usize(..6)];
        let level = if day == 0 { level } else { "" };
        let ends = person.ends_well();
        scene
            .scribe
            .sign_in_judged(at, &who, ends, Risk::level(level));
        scene.goes_on(at, &who);
    }
}

/// Another device, at a friend's: mistyped more often than not, and in.
pub(super) fn new_phone(scene: &mut Scene<'_>) {
    let (person, who) = somebody(scene);
    let place = scene.world.elsewhere(person.number, scene.at);
    let agent = &BROWSERS[scene.scribe.chance.usize(..BROWSERS.len())];
    let who = who.at(place).with(agent);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(0..5) {
        scene.scribe.sign_in(at, &who, Ends::WrongPassword);
        at += scene.scribe.chance.i64(5 * SECOND..MINUTE);
    }
    scene.scribe.sign_in(at, &who, person.ends_well());
    scene.goes_on(at, &who);
}

/// A company has all passwords changed on a morning: everybody in, some not at once, from the office.
pub(super) fn forced_change(scene: &mut Scene<'_>) {
    let world = scene.world;
    let company = &world.companies[scene.scribe.chance.usize(..world.companies.len())];
    for number in company.first..company.first + company.size.min(300) {
        let person = world.person(number);
        let at = moment_in(&mut scene.scribe.chance, scene.at, scene.at + 3 * HOUR);
        let who = person.caller_at(Seen::Office, at, &mut scene.scribe.chance);
        if happens(&mut scene.scribe.chance, 0.12) {
            scene.scribe.sign_in(at - MINUTE, &who, Ends::WrongPassword);
        }
        scene.scribe.forgot(at, &who);
        let done = at + scene.scribe.chance.i64(MINUTE..6 * MINUTE);
        scene.scribe.reset(done, &who, true);
        sign_in(person, &who, done + 20 * SECOND, &mut scene.scribe);
        scene.goes_on(done + 20 * SECOND, &who);
    }
}
