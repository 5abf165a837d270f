//! What is odd about the assistant and means no harm.

use crate::assistant::{KNOWLEDGE, LOADED, load, pipeline, staff};
use crate::cause::Scene;
use crate::chance::happens;
use crate::lines::{Principal, Said};
use crate::moment::{HOUR, MINUTE, SECOND};

use super::sign_in::somebody;

/// Somebody describes an accident, which the guardrail takes for violence: four to nine questions.
pub(super) fn accident(scene: &mut Scene<'_>) {
    let (_, who) = somebody(scene);
    let mut at = scene.at;
    for _ in 0..scene.scribe.chance.u32(4..10) {
        let said = match happens(&mut scene.scribe.chance, 0.7) {
            true => Said::Stopped,
            false => Said::Answered,
        };
        scene.scribe.asked(at, &who, said);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(30 * SECOND..3 * MINUTE);
    }
}

/// A manager asks about each vehicle of the company, two hundred at most.
pub(super) fn report(scene: &mut Scene<'_>) {
    let world = scene.world;
    let company = &world.companies[scene.cause.id as usize % world.companies.len()];
    let manager = world.person(company.first);
    let who = manager.caller(scene.at, &mut scene.scribe.chance);
    let who = who.at(company.office.clone());
    let mut at = scene.at;
    for number in 0..(company.size / 2).min(200) {
        scene.scribe.asked(at, &who, Said::Answered);
        scene
            .scribe
            .told_of(at + 40, &who, &manager.vehicle(number));
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(4 * SECOND..15 * SECOND);
    }
}

/// The nightly load failed, and runs again by day.
pub(super) fn load_again(scene: &mut Scene<'_>) {
    load(
        scene.world,
        scene.at,
        (KNOWLEDGE, LOADED),
        &mut scene.scribe,
    );
    let who = pipeline(scene.world);
    scene.goes_on(scene.at + 8 * MINUTE, &who);
}

/// An editor corrects a few documents by hand.
pub(super) fn by_hand(scene: &mut Scene<'_>) {
    writes(scene, "fleet-editors", 5);
}

/// The pipeline has a new role from now on; half of the time somebody said so before.
pub(super) fn new_pipeline(scene: &mut Scene<'_>) {
    scene.cause.is_announced = scene.cause.id.is_multiple_of(2);
    let name = format!("fleet-knowledge-{}", scene.cause.id % 1000);
    writes(scene, &name, LOADED);
}

fn writes(scene: &mut Scene<'_>, role: &str, most: u32) {
    let who = staff(scene.world);
    let mut at = scene.at;
    for number in 0..scene.scribe.chance.u32(2..=most) {
        let (by, key) = (Principal::Role(role), format!("manuals/{number:03}.md"));
        scene.scribe.write_object(at, &who, by, KNOWLEDGE, &key);
        scene.goes_on(at, &who);
        at += scene.scribe.chance.i64(20 * SECOND..4 * MINUTE);
    }
}

/// Announced: a release changes the guardrail, and half an hour later once more.
pub(super) fn guardrail_release(scene: &mut Scene<'_>) {
    scene.cause.is_announced = true;
    let (who, by) = (staff(scene.world), Principal::Role("fleet-ml-releases"));
    let request = r#"{"guardrailIdentifier":"grworld00001"}"#;
    for at in [scene.at, scene.at + HOUR / 2] {
        scene
            .scribe
            .change_model(at, &who, by, ("UpdateGuardrail", request));
        scene.goes_on(at, &who);
    }
}
