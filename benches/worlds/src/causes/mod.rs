//! What is odd and honest: kinds that happen now and then, and those that are always there.

mod sign_in; // people and their programs who cannot get in
mod arrival; // new people, several at once
mod fleet; // what companies do with vehicles
mod service; // tests, scans, slow mail
mod assistant; // what people and pipelines do with a model
pub mod standing; // what is always there

use crate::cause::{Cause, Scene};
use crate::chance::{chance, mix, moment_in, times};
use crate::lines::{Line, Scribe};
use crate::moment::HOUR;
use crate::people::World;
use crate::rhythm::{busy, is_working};

/// How often a kind happens in a week.
#[derive(Debug, Clone, Copy)]
pub enum Often {
    PerThousandUsers(f64),
    PerCompany(f64),
    PerWorld(f64),
}

/// At which hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// As people come.
    Busy,
    Working,
    Any,
}

/// A kind that happens now and then.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub often: Often,
    pub hours: Hours,
    /// All that happens of one, from `Scene::at` on.
    pub happen: fn(&mut Scene<'_>),
}

const fn kind(name: &'static str, often: Often, hours: Hours, happen: fn(&mut Scene<'_>)) -> Kind {
    Kind {
        name,
        often,
        hours,
        happen,
    }
}

use Hours::{Any, Busy, Working};
use Often::{PerCompany, PerThousandUsers, PerWorld};

/// Rates are judgements; the README says what of.
pub const KINDS: [Kind; 31] = [
    kind(
        "stale password",
        PerThousandUsers(1.0),
        Busy,
        sign_in::stale_password,
    ),
    kind(
        "stale token",
        PerThousandUsers(1.5),
        Busy,
        sign_in::stale_token,
    ),
    kind(
        "wrong clock",
        PerThousandUsers(1.0),
        Busy,
        sign_in::wrong_clock,
    ),
    kind(
        "reset mails that do not come",
        PerThousandUsers(0.5),
        Busy,
        sign_in::reset_mails,
    ),
    kind(
        "forgotten password",
        PerThousandUsers(4.0),
        Busy,
        sign_in::forgotten,
    ),
    kind("traveller", PerThousandUsers(4.0), Busy, sign_in::traveller),
    kind("new phone", PerThousandUsers(5.0), Busy, sign_in::new_phone),
    kind(
        "forced password change",
        PerCompany(0.05),
        Working,
        sign_in::forced_change,
    ),
    kind("onboarding", PerCompany(0.1), Working, arrival::onboarding),
    kind(
        "stand at a fair",
        PerThousandUsers(0.01),
        Working,
        arrival::fair,
    ),
    kind("slow mail", PerWorld(0.3), Working, arrival::slow_mail),
    kind("import", PerCompany(0.15), Working, fleet::import),
    kind(
        "import without import_id",
        PerCompany(0.08),
        Working,
        fleet::import_unnamed,
    ),
    kind(
        "script with an old key",
        PerCompany(0.05),
        Any,
        fleet::script_locked_out,
    ),
    kind(
        "vehicles sold under a wallboard",
        PerCompany(0.08),
        Working,
        fleet::wallboard_sold,
    ),
    kind(
        "role ended under a wallboard",
        PerCompany(0.05),
        Working,
        fleet::wallboard_role_ended,
    ),
    kind(
        "tickets of removed vehicles",
        PerThousandUsers(0.15),
        Working,
        fleet::tickets,
    ),
    kind(
        "former owner",
        PerThousandUsers(1.0),
        Busy,
        fleet::former_owner,
    ),
    kind("fleet sold", PerCompany(0.05), Working, fleet::sold),
    kind("fleet retired", PerCompany(0.05), Working, fleet::retired),
    kind("developer", PerCompany(0.06), Working, service::developer),
    kind("broken link", PerWorld(0.5), Working, service::broken_link),
    kind("load test", PerWorld(0.5), Any, service::load_test),
    kind("scanner", PerWorld(1.0), Any, service::scanner),
    kind("crawler", PerWorld(3.0), Any, service::crawler),
    kind(
        "account of an accident",
        PerThousandUsers(0.5),
        Busy,
        assistant::accident,
    ),
    kind("fleet report", PerCompany(0.3), Working, assistant::report),
    kind(
        "load run again",
        PerWorld(0.2),
        Working,
        assistant::load_again,
    ),
    kind(
        "documents by hand",
        PerWorld(0.3),
        Working,
        assistant::by_hand,
    ),
    kind(
        "new pipeline",
        PerWorld(0.2),
        Working,
        assistant::new_pipeline,
    ),
    kind(
        "release of a guardrail",
        PerWorld(0.25),
        Working,
        assistant::guardrail_release,
    ),
];

impl Kind {
    pub fn per_week(&self, world: &World) -> f64 {
        match self.often {
            PerThousandUsers(often) => often * world.thousands(),
            PerCompany(often) => often * world.companies.len() as f64,
            PerWorld(often) => often,
        }
    }

    /// How often it is to happen in the hour that begins then: the mean over a week is as stated.
    fn mean(&self, world: &World, hour: i64) -> f64 {
        let share = match self.hours {
            Any => 1.0,
            Busy => busy(hour),
            Working if is_working(hour) => 168.0 / 50.0,
            Working => 0.0,
        };
        self.per_week(world) / 168.0 * share
    }

    /// The first of a kind that is to happen at all does so at that hour.
    fn first(&self, world: &World, tag: u64) -> Option<i64> {
        if self.per_week(world) * world.days() / 7.0 < 0.5 {
            return None;
        }
        let hours = (world.days() * 24.0) as u64;
        let at = |hour: u64| world.begin + (hour % hours) as i64 * HOUR;
        let from = mix(&[world.seed, 0xec, tag]) % hours;
        (from..from + hours)
            .map(at)
            .find(|hour| self.mean(world, *hour) > 0.0)
    }
}

/// All that begins in the hour, lines and causes.
pub fn begin(world: &World, hour: i64, lines: &mut Vec<Line>, causes: &mut Vec<Cause>) {
    for (tag, kind) in (0..).zip(&KINDS) {
        let mut draws = chance(&[world.seed, 0xed, tag, hour as u64]);
        let first = u64::from(kind.first(world, tag) == Some(hour));
        for number in 0..times(&mut draws, kind.mean(world, hour)).max(first) {
            let id = mix(&[world.seed, tag, hour as u64, number]) >> 14;
            let at = moment_in(&mut draws, hour, hour + HOUR);
            let mut scene = Scene {
                world,
                at,
                scribe: Scribe::new(chance(&[world.seed, id])),
                cause: Cause::new(kind.name, id, at),
            };
            (kind.happen)(&mut scene);
            lines.append(&mut scene.scribe.lines);
            causes.push(scene.cause);
        }
    }
}
