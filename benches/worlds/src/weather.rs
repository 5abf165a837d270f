//! What befalls everybody for a while: third parties that fail, deployments, campaigns.

use crate::cause::Cause;
use crate::chance::{Chance, chance, happens, moment_in};
use crate::lines::texts::{BROKEN, MAPPED, UPSTREAM};
use crate::moment::{DAY, HOUR, MINUTE};
use crate::people::World;
use crate::rhythm::is_working;

/// One of them, with all its effects; those it does not have are 1 or 0.
#[derive(Debug, Clone)]
struct Spell {
    cause: Cause,
    /// Of requests to `route` (of all, where it is none), this share fails.
    fails: f64,
    route: Option<&'static str>,
    status: u16,
    said: (&'static str, Option<&'static str>),
    /// How many times as many visits, and sign-ups.
    visits: f64,
    sign_ups: f64,
}

#[derive(Debug, Clone, Default)]
pub struct Weather {
    spells: Vec<Spell>,
}

/// How often a week, how long, and what it does.
struct Kind {
    name: &'static str,
    per_week: f64,
    lasts: (i64, i64),
    fails: (f64, f64),
    route: Option<&'static str>,
    status: u16,
    said: (&'static str, Option<&'static str>),
    visits: f64,
    sign_ups: f64,
}

const CALM: Kind = Kind {
    name: "",
    per_week: 0.0,
    lasts: (0, 0),
    fails: (0.0, 0.0),
    route: None,
    status: 500,
    said: BROKEN,
    visits: 1.0,
    sign_ups: 1.0,
};

const KINDS: [Kind; 6] = [
    Kind {
        name: "deployment",
        per_week: 2.0,
        lasts: (90_000, 10 * MINUTE),
        fails: (0.02, 0.3),
        status: 502,
        ..CALM
    },
    // A release with a defect of its own, taken back soon.
    Kind {
        name: "broken release",
        per_week: 0.3,
        lasts: (10 * MINUTE, 50 * MINUTE),
        fails: (0.2, 0.8),
        route: Some("/export"),
        said: ("the export could not be written", Some("ExportError")),
        ..CALM
    },
    Kind {
        name: "third-party outage",
        per_week: 1.0,
        lasts: (4 * MINUTE, HOUR),
        fails: (0.3, 1.0),
        route: Some(MAPPED),
        status: 504,
        said: UPSTREAM,
        ..CALM
    },
    Kind {
        name: "outage of the database",
        per_week: 0.15,
        lasts: (3 * MINUTE, 20 * MINUTE),
        fails: (0.3, 0.9),
        status: 503,
        said: ("the service is busy, please try again", Some("BusyError")),
        ..CALM
    },
    Kind {
        name: "campaign",
        per_week: 0.5,
        lasts: (3 * HOUR, 6 * HOUR),
        visits: 1.8,
        sign_ups: 8.0,
        ..CALM
    },
    Kind {
        name: "launch day",
        per_week: 0.17,
        lasts: (14 * HOUR, 20 * HOUR),
        visits: 2.5,
        sign_ups: 20.0,
        ..CALM
    },
];

impl Weather {
    /// As often as it should, and each kind at least once where that is at least every other time.
    pub fn of(world: &World) -> Self {
        let mut spells = Vec::new();
        for (tag, kind) in (0..).zip(&KINDS) {
            let mean = kind.per_week * world.days() / 7.0;
            let mut chance = chance(&[world.seed, 0xea, tag]);
            let count = mean.floor() as u64 + u64::from(happens(&mut chance, mean.fract()));
            for _ in 0..count.max(u64::from(mean >= 0.5)) {
                spells.push(Self::spell(world, kind, &mut chance));
            }
        }
        Self { spells }
    }

    fn spell(world: &World, kind: &Kind, chance: &mut Chance) -> Spell {
        let mut start = moment_in(chance, world.begin, world.end - DAY);
        while !is_working(start) {
            start += HOUR;
        }
        let mut cause = Cause::new(kind.name, chance.u64(..1 << 50), start);
        cause.end = start + chance.i64(kind.lasts.0..=kind.lasts.1);
        Spell {
            cause,
            fails: kind.fails.0 + chance.f64() * (kind.fails.1 - kind.fails.0),
            route: kind.route,
            status: kind.status,
            said: kind.said,
            visits: kind.visits,
            sign_ups: kind.sign_ups,
        }
    }

    fn at(&self, moment: i64) -> impl Iterator<Item = &Spell> {
        let is_now = move |s: &&Spell| (s.cause.start..=s.cause.end).contains(&moment);
        self.spells.iter().filter(is_now)
    }

    /// What a request of that moment ends in, if it fails.
    pub fn fails(
        &self,
        moment: i64,
        route: &str,
        chance: &mut Chance,
    ) -> Option<(u16, (&'static str, Option<&'static str>))> {
        let spell = self
            .at(moment)
            .find(|s| s.fails > 0.0 && s.route.is_none_or(|of| of == route))?;
        happens(chance, spell.fails).then_some((spell.status, spell.said))
    }

    pub fn visits(&self, moment: i64) -> f64 {
        self.at(moment).map(|s| s.visits).product()
    }

    pub fn sign_ups(&self, moment: i64) -> f64 {
        self.at(moment).map(|s| s.sign_ups).product()
    }

    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.spells.iter().map(|spell| &spell.cause)
    }
}
