//! What people ask the assistant, and what it is fed with, on an ordinary day. Draws of its own: nothing else of a world
//! depends on it.

use crate::cause::Cause;
use crate::chance::{Chance, chance, happens, moment_in, times};
use crate::lines::caller::{BACK_END, BROWSERS};
use crate::lines::{Caller, Principal, Said, Scribe};
use crate::moment::{HOUR, MINUTE, SECOND};
use crate::people::{Person, Seen, World};
use crate::rhythm::{busy, local_hour};
use crate::visits::{NEWCOMER, VISITS, visitor};
use crate::weather::Weather;

/// Of visits, this many ask the assistant.
const ASKS: f64 = 0.15;
/// Of those who ask, this many have a lot to ask.
const LONG: f64 = 0.02;
/// Of questions, so many are about one vehicle of theirs; meet the guardrail by chance; are too many at once.
const ABOUT_A_VEHICLE: f64 = 0.4;
const STOPPED: f64 = 0.005;
const THROTTLED: f64 = 0.003;
/// Objects of a nightly load, and of the weekly one of training data.
pub(crate) const LOADED: u32 = 40;
const TRAINED: u32 = 200;

pub(crate) const KNOWLEDGE: &str = "fleet-knowledge-base";
pub(crate) const TRAINING: &str = "fleet-training-data";
/// The role that loads at night, and where it runs.
pub(crate) const LOADER: Principal<'_> = Principal::Role("fleet-knowledge-loader");
pub(crate) fn pipeline(world: &World) -> Caller {
    Caller::nobody(world.hosted(7), &BACK_END)
}

/// Asks for a summary of each company at night; its operator has it in an allowlist.
fn job(world: &World) -> Caller {
    let person = world.person(NEWCOMER - 20_000);
    let who = person.caller_at(Seen::Home, world.begin, &mut chance(&[0]));
    who.at(world.hosted(7)).with(&BACK_END)
}

/// What is always there.
pub fn causes(world: &World) -> [Cause; 1] {
    let mut cause = Cause::new("assistant's nightly job", 900_000, world.begin);
    cause.end = world.end;
    cause.is_announced = true;
    cause.users.extend(job(world).sub);
    [cause]
}

/// All of it in the hour that begins then.
pub fn hour(world: &World, weather: &Weather, hour: i64) -> Scribe {
    let mut scribe = Scribe::new(chance(&[world.seed, 0xa1, hour as u64]));
    let asks = world.users as f64 * VISITS / 24.0 * ASKS * busy(hour) * weather.visits(hour);
    for _ in 0..times(&mut scribe.chance, asks) {
        let at = moment_in(&mut scribe.chance, hour, hour + HOUR);
        let person = world.person(visitor(world, &mut scribe.chance));
        talk(person, at, &mut scribe);
    }
    if local_hour(hour) == 3 {
        load(world, hour, (KNOWLEDGE, LOADED), &mut scribe);
        ingest(world, hour + 50 * MINUTE, &mut scribe);
    }
    if (hour - world.begin) / HOUR % 168 == 26 {
        load(world, hour, (TRAINING, TRAINED), &mut scribe);
    }
    if local_hour(hour) == 4 {
        summaries(world, hour, &mut scribe);
    }
    scribe
}

fn talk(person: Person<'_>, begin: i64, scribe: &mut Scribe) {
    let who = person.caller(begin, &mut scribe.chance);
    let questions = match happens(&mut scribe.chance, LONG) {
        true => scribe.chance.u32(10..31),
        false => scribe.chance.u32(1..5),
    };
    let mut at = begin;
    for _ in 0..questions {
        let said = by_chance(&mut scribe.chance);
        question(person, &who, (at, said), scribe);
        at += scribe.chance.i64(15 * SECOND..90 * SECOND);
    }
}

fn by_chance(chance: &mut Chance) -> Said {
    match chance.f64() {
        d if d < STOPPED => Said::Stopped,
        d if d < STOPPED + THROTTLED => Said::Throttled,
        _ => Said::Answered,
    }
}

/// Employees ask about vehicles of their company, which its manager entered.
fn question(person: Person<'_>, who: &Caller, (at, said): (i64, Said), scribe: &mut Scribe) {
    scribe.asked(at, who, said);
    if said == Said::Answered && happens(&mut scribe.chance, ABOUT_A_VEHICLE) {
        let company = person.world.company_of(person.number);
        let owner = company.map_or(person, |company| person.world.person(company.first));
        let number = scribe.chance.u64(..owner.vehicles());
        scribe.told_of(at + 40, who, &owner.vehicle(number));
    }
}

/// The role of the pipeline writes so many objects within the hour.
pub(crate) fn load(world: &World, begin: i64, (bucket, objects): (&str, u32), scribe: &mut Scribe) {
    let who = pipeline(world);
    for number in 0..objects {
        let at = begin + i64::from(number) * 10 * SECOND + scribe.chance.i64(0..10 * SECOND);
        let key = format!("manuals/{number:03}.md");
        scribe.write_object(at, &who, LOADER, bucket, &key);
    }
}

fn ingest(world: &World, at: i64, scribe: &mut Scribe) {
    let request = r#"{"knowledgeBaseId":"KBWORLD001","dataSourceId":"DSWORLD001"}"#;
    scribe.change_model(at, &pipeline(world), LOADER, ("StartIngestionJob", request));
}

/// A question for every ten people of a company.
fn summaries(world: &World, begin: i64, scribe: &mut Scribe) {
    let who = job(world);
    let questions: u64 = world
        .companies
        .iter()
        .map(|company| company.size / 10)
        .sum();
    for number in 0..questions {
        let at = begin + number as i64 * 50 * MINUTE / questions as i64;
        let said = by_chance(&mut scribe.chance);
        scribe.asked(at, &who, said);
    }
}

/// Somebody of the staff, at a browser.
pub(crate) fn staff(world: &World) -> Caller {
    Caller::nobody(world.hosted(6), &BROWSERS[0])
}
