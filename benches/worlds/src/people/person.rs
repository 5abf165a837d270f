//! One user.

use super::network::Seen;
use super::world::World;
use crate::chance::{Chance, mix, pick, uuid};
use crate::lines::caller::{BROWSERS, CUSTOMERS, PARTNERS};
use crate::lines::{Agent, Caller, Ends, Pool};

#[derive(Debug, Clone, Copy)]
pub struct Person<'w> {
    pub world: &'w World,
    pub number: u64,
}

const GIVEN: [&str; 12] = [
    "ada", "bruno", "chloe", "deniz", "elif", "farid", "greta", "henk", "ines", "jonas", "kaya",
    "lena",
];

/// Vehicles are known by whoever had them first, and a number.
fn vehicle(seed: u64, owner: u64, number: u64) -> String {
    let (a, b) = (
        mix(&[seed, 0xe0, owner, number]),
        mix(&[seed, 0xe1, owner, number]),
    );
    format!("veh-{}", &uuid(a, b)[..18])
}

impl World {
    pub fn person(&self, number: u64) -> Person<'_> {
        Person {
            world: self,
            number,
        }
    }
}

impl Person<'_> {
    fn hash(self, tag: u64) -> u64 {
        mix(&[self.world.seed, tag, self.number])
    }

    pub fn sub(self) -> String {
        uuid(self.hash(0xf0), self.hash(0xf1))
    }

    /// Drivers and a tenth of the others sign in as partners.
    pub fn pool(self) -> &'static Pool {
        match self.hash(0xf2).is_multiple_of(5) {
            true => &PARTNERS,
            false => &CUSTOMERS,
        }
    }

    pub fn name(self) -> String {
        if *self.pool() == CUSTOMERS {
            return self.sub();
        }
        let given = GIVEN[(self.hash(0xf3) % 12) as usize];
        match self.hash(0xf4) % 2 {
            0 => format!("{given}.{}", self.number),
            _ => format!("{given}-{}@partner.example", self.number),
        }
    }

    /// One in five has a second factor.
    pub fn has_factor(self) -> bool {
        self.hash(0xf5).is_multiple_of(5)
    }

    pub fn ends_well(self) -> Ends {
        match self.has_factor() {
            true => Ends::WellWithFactor,
            false => Ends::Well,
        }
    }

    /// Most of the time the one they always take.
    pub fn agent(self, chance: &mut Chance) -> &'static Agent {
        match chance.u8(..10) {
            0 => pick(chance, &BROWSERS),
            _ => &BROWSERS[(self.hash(0xf6) % 5) as usize],
        }
    }

    /// The user, somewhere.
    pub fn caller_at(self, seen: Seen, at: i64, chance: &mut Chance) -> Caller {
        let agent = self.agent(chance);
        let pool = self.pool();
        let client = pool.clients[usize::from(agent.text.starts_with("FleetApp"))];
        Caller {
            sub: Some(self.sub()),
            name: self.name(),
            pool,
            client,
            place: self.world.place(self.number, seen, at),
            agent,
        }
    }

    /// The user, where they are likely to be.
    pub fn caller(self, at: i64, chance: &mut Chance) -> Caller {
        let seen = self.world.seen(self.number, at, chance);
        self.caller_at(seen, at, chance)
    }

    /// How many vehicles are theirs for good: one to three.
    pub fn vehicles(self) -> u64 {
        1 + self.hash(0xf7) % 3
    }

    pub fn vehicle(self, number: u64) -> String {
        vehicle(self.world.seed, self.number, number)
    }
}
