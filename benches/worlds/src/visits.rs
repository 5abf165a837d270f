//! What people do on an ordinary day: sign in, mistype, look at their vehicles, enter new ones, sign up.

use crate::chance::{Chance, happens, pick};
use crate::lines::caller::PARTNERS;
use crate::lines::texts::{BROKEN, ORDINARY, ROUTES};
use crate::lines::{Access, Caller, Ends, Register, Risk, Scribe};
use crate::moment::{HOUR, MINUTE, SECOND};
use crate::people::{Person, Seen, World};
use crate::weather::Weather;

/// Of all users, this many come on a day, 1.3 times each.
pub const DAILY: f64 = 0.2;
pub const VISITS: f64 = DAILY * 1.3;
/// Of visits, this many sign in; the others go on with a session.
pub const SIGNS_IN: f64 = 0.45;
/// Of first tries, this many fail.
pub const FIRST_FAILS: f64 = 0.05;
/// Of further tries after one that failed.
const NEXT_FAILS: f64 = 0.35;
const TRIES_MAX: u32 = 7;
/// Of sign-ins of partners, this many go over the hosted page.
const HOSTED: f64 = 0.3;
/// Of resets, this many begin with a code that is mistyped.
const CODE_MISTYPED: f64 = 0.15;
/// Of sign-ins, this many begin with a name that nobody has.
pub const NOBODYS_NAME: f64 = 0.015;
/// Of all users, this many sign up in a week.
pub const NEWCOMERS: f64 = 0.007;
/// Of newcomers, this many never type the code in.
const UNCONFIRMED: f64 = 0.14;
/// Newcomers have numbers from here on.
pub const NEWCOMER: u64 = 1 << 40;

/// Somebody comes: frequent users more often than others.
pub fn visitor(world: &World, chance: &mut Chance) -> u64 {
    ((world.users as f64) * chance.f64().powf(1.4)) as u64
}

pub fn visit(world: &World, weather: &Weather, at: i64, scribe: &mut Scribe) {
    let number = visitor(world, &mut scribe.chance);
    let person = world.person(number);
    let who = person.caller(at, &mut scribe.chance);
    let mut at = at;
    if happens(&mut scribe.chance, SIGNS_IN) {
        at = sign_in(person, &who, at, scribe);
    } else {
        scribe.refresh(at, &who, None);
    }
    let calls = 2 + scribe.chance.u32(..5);
    for _ in 0..calls {
        at += scribe.chance.i64(SECOND..25 * SECOND);
        call(person, &who, weather, at, scribe);
    }
    if happens(&mut scribe.chance, 0.01) {
        enter_vehicle(person, &who, at + MINUTE, scribe);
    }
}

/// Tries until it works, or gives up and asks for a reset. Returns when that was.
pub fn sign_in(person: Person<'_>, who: &Caller, begin: i64, scribe: &mut Scribe) -> i64 {
    let mut at = begin;
    if happens(&mut scribe.chance, NOBODYS_NAME) {
        let typed = Caller {
            sub: None,
            name: "typo".into(),
            ..who.clone()
        };
        scribe.sign_in(at, &typed, Ends::WrongPassword);
        at += scribe.chance.i64(5 * SECOND..40 * SECOND);
    }
    let way = match *who.pool == PARTNERS && happens(&mut scribe.chance, HOSTED) {
        true => Way::HostedPage,
        false => Way::App,
    };
    let mut fails = FIRST_FAILS;
    for tries in 0..TRIES_MAX {
        if !happens(&mut scribe.chance, fails) {
            break;
        }
        let ends = match person.has_factor() && happens(&mut scribe.chance, 0.2) {
            true => Ends::WrongFactor,
            false => Ends::WrongPassword,
        };
        attempt(at, who, (ends, Risk::NONE), (way, scribe));
        at += scribe.chance.i64(4 * SECOND..45 * SECOND);
        fails = NEXT_FAILS;
        if tries > 2 && happens(&mut scribe.chance, 0.5) {
            scribe.forgot(at, who);
            at += scribe.chance.i64(40 * SECOND..6 * MINUTE);
            if happens(&mut scribe.chance, CODE_MISTYPED) {
                scribe.reset(at - 20 * SECOND, who, false);
            }
            scribe.reset(at, who, true);
            at += 10 * SECOND;
            break;
        }
    }
    let risk = ordinary_risk(&mut scribe.chance, who);
    attempt(at, who, (person.ends_well(), risk), (way, scribe));
    at
}

/// By which way somebody signs in.
#[derive(Clone, Copy)]
enum Way {
    App,
    HostedPage,
}

fn attempt(at: i64, who: &Caller, (ends, risk): (Ends, Risk), (way, scribe): (Way, &mut Scribe)) {
    match way {
        Way::HostedPage => scribe.hosted_sign_in(at, who, ends, risk),
        Way::App => scribe.sign_in_judged(at, who, ends, risk),
    }
}

/// Threat protection doubts some honest sign-ins, more of those from abroad.
fn ordinary_risk(chance: &mut Chance, who: &Caller) -> Risk {
    let is_home = matches!(who.place.country, "Germany" | "Austria" | "Switzerland");
    let factor = if is_home { 1.0 } else { 12.0 };
    let draw = chance.f64() / factor;
    match draw {
        d if d < 0.000_1 => Risk::level("High"),
        d if d < 0.001 => Risk::level("Medium"),
        d if d < 0.01 => Risk::level("Low"),
        _ => Risk::NONE,
    }
}

/// One request, as the gateway and the application see it.
pub fn call(person: Person<'_>, who: &Caller, weather: &Weather, at: i64, scribe: &mut Scribe) {
    let (method, route) = ROUTES[[0, 1, 1, 1, 1, 2, 3, 4, 5, 7][scribe.chance.usize(..10)]];
    if let Some((status, said)) = weather.fails(at, route, &mut scribe.chance) {
        scribe.gateway(at, who, (method, route, status));
        scribe.response(at, who, (method, route, status), said);
        return;
    }
    if happens(&mut scribe.chance, 0.02) {
        let (status, text, class) = *pick(&mut scribe.chance, &ORDINARY);
        scribe.gateway(at, who, (method, route, status));
        scribe.response(at, who, (method, route, status), (text, class));
        return;
    }
    if happens(&mut scribe.chance, 0.000_5) {
        scribe.gateway(at, who, (method, route, 500));
        scribe.response(at, who, (method, route, 500), BROKEN);
        return;
    }
    if happens(&mut scribe.chance, 0.000_3) {
        scribe.waf(
            at,
            who,
            ("BLOCK", "AWS-AWSManagedRulesCommonRuleSet"),
            route,
        );
        return;
    }
    scribe.gateway(at, who, (method, route, 200));
    let verb = match route {
        "/vehicles/{id}" if method == "PUT" => "update",
        "/vehicles/{id}" | "/vehicles/{id}/trips" => "read",
        "/export" => "export",
        "/vehicles" => "list",
        _ => return,
    };
    own_access(person, who, verb, at, scribe);
}

/// To one of one's own, or in some cases to one that is shared.
fn own_access(person: Person<'_>, who: &Caller, verb: &str, at: i64, scribe: &mut Scribe) {
    let number = scribe.chance.u64(..person.vehicles());
    let is_shared = happens(&mut scribe.chance, 0.04);
    let owner = match (is_shared, person.world.company_of(person.number)) {
        (true, Some(company)) => person.world.person(company.first),
        (true, None) => person.world.person(person.number ^ 1),
        (false, _) => person,
    };
    let number = if is_shared { 0 } else { number };
    let access = Access {
        verb,
        vehicle: &owner.vehicle(number),
        owner: Some(&owner.sub()),
        is_allowed: true,
        grant: is_shared.then_some("shared"),
        ..Access::default()
    };
    scribe.access(at + 20, who, access);
}

fn enter_vehicle(person: Person<'_>, who: &Caller, at: i64, scribe: &mut Scribe) {
    let number = 1000 + scribe.chance.u64(..1 << 30);
    let rejected = happens(&mut scribe.chance, 0.06);
    scribe.gateway(
        at,
        who,
        ("POST", "/vehicles", if rejected { 400 } else { 201 }),
    );
    let register = Register {
        vehicle: &person.vehicle(number),
        rejected: rejected.then_some("vin must have 17 characters"),
        import: None,
    };
    scribe.register(at + 30, who, register);
}

/// A new customer, from home or on the way.
pub fn newcomer(world: &World, at: i64, scribe: &mut Scribe) {
    let person =
        world.person(NEWCOMER + scribe.chance.u64(..1 << 20) + (((at / MINUTE) as u64) << 20));
    let seen = match happens(&mut scribe.chance, 0.5) {
        true => Seen::Home,
        false => Seen::Mobile,
    };
    let mut who = person.caller_at(seen, at, &mut scribe.chance);
    // Their network is that of one of the users.
    who.place = world.place(visitor(world, &mut scribe.chance), seen, at);
    sign_up(person, &who, at, scribe);
}

/// From the sign-up to the first vehicle, as far as they go.
pub fn sign_up(person: Person<'_>, who: &Caller, at: i64, scribe: &mut Scribe) {
    if happens(&mut scribe.chance, 0.03) {
        let error = (
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
        );
        scribe.named_call(at - 30 * SECOND, who, "SignUp", Some(error));
    }
    scribe.sign_up(at, who);
    let mut at = at + scribe.chance.i64(20 * SECOND..8 * MINUTE);
    if happens(&mut scribe.chance, 0.08) {
        scribe.resend(at, who);
        at += 3 * MINUTE;
    }
    if happens(&mut scribe.chance, UNCONFIRMED) {
        return;
    }
    scribe.confirm(at, who);
    scribe.sign_in(at + 30 * SECOND, who, Ends::Well);
    if happens(&mut scribe.chance, 0.5) {
        let later = scribe.chance.i64(MINUTE..HOUR);
        enter_vehicle(person, who, at + later, scribe);
    }
}
