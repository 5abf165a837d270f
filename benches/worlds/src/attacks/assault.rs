//! One attack as it happens: who does it from where, to whom, when.

use std::collections::BTreeSet;

use crate::chance::mix;
use crate::lines::caller::{BROWSERS, SCRIPT};
use crate::lines::{Caller, Place, Scribe};
use crate::moment::{DAY, HOUR};
use crate::people::{Person, Seen, World, botnet, farm_of_v6, one_source};
use crate::visits::NEWCOMER;

/// Where an attacker comes from.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// One rented machine.
    One,
    /// So many of one network.
    Network(u64),
    /// Behind the address of the largest office.
    Office,
    /// One of the exits of a commercial VPN that users take, too.
    Vpn,
    /// Another network of one /48 every time.
    V6,
    /// Another address every time, at homes all over the world.
    Botnet,
    /// So many of them.
    BotnetOf(u64),
}

#[derive(Debug)]
pub struct Assault<'w> {
    pub world: &'w World,
    /// A number of its own.
    pub number: u64,
    /// Wednesday of the last week, in the morning, unless it is another.
    pub start: i64,
    pub scribe: Scribe,
    pub deeds: Vec<i64>,
    pub addresses: BTreeSet<String>,
    pub victims: BTreeSet<String>,
}

impl<'w> Assault<'w> {
    pub fn new(world: &'w World, number: u64, scribe: Scribe) -> Self {
        let start = world.end - 5 * DAY + 7 * HOUR + (number % (5 * HOUR as u64)) as i64;
        Self {
            world,
            number,
            start,
            scribe,
            deeds: Vec::new(),
            addresses: BTreeSet::new(),
            victims: BTreeSet::new(),
        }
    }

    /// In the night that follows.
    pub fn by_night(&mut self) {
        self.start += 15 * HOUR;
    }

    /// The place of its try of that number.
    pub fn place(&self, from: From, turn: u64) -> Place {
        match from {
            From::One => one_source(self.number % 500),
            From::Network(of) => {
                let host = 1 + turn % of.min(250);
                Place::new(
                    format!("198.18.{}.{host}", self.number % 250),
                    ("Netherlands", "Amsterdam"),
                )
            }
            From::Office => self.world.companies[0].office.clone(),
            From::Vpn => self.world.place(self.vpn_user(), Seen::Vpn, self.start),
            From::V6 => farm_of_v6(self.number, turn),
            From::Botnet => botnet(self.number, turn),
            From::BotnetOf(of) => botnet(self.number, turn % of),
        }
    }

    /// Any number will do: `Seen::Vpn` gives the exit.
    fn vpn_user(&self) -> u64 {
        self.number % self.world.users
    }

    /// A user, another for each number.
    pub fn victim(&self, number: u64) -> Person<'w> {
        // Past the offices' managers, whose vehicles are shared.
        let at = mix(&[self.number, 0x51, number]) % self.world.users;
        self.world.person(at)
    }

    /// An account of the attacker's own, made long ago.
    pub fn own_account(&self, number: u64) -> Person<'w> {
        self.world
            .person(NEWCOMER - (1 << 30) - (self.number % 1_000_000) * 1000 - number)
    }

    pub fn caller(&mut self, person: Person<'_>, from: From, turn: u64) -> Caller {
        let place = self.place(from, turn);
        let who = person.caller_at(Seen::Home, self.start, &mut self.scribe.chance);
        let agent = match from {
            From::Botnet | From::BotnetOf(_) => &BROWSERS[(turn % 5) as usize],
            _ => &SCRIPT,
        };
        who.at(place).with(agent)
    }

    pub fn nobody(&self, from: From, turn: u64) -> Caller {
        Caller::nobody(self.place(from, turn), &SCRIPT)
    }

    /// Counts a deed of the attacker.
    pub fn deed(&mut self, at: i64, who: &Caller) {
        self.deeds.push(at);
        self.addresses.insert(who.place.address.clone());
    }

    /// Who suffers.
    pub fn suffers(&mut self, person: Person<'_>) {
        self.victims.insert(person.sub());
    }

    /// So many moments, so many of them an hour, a third of a pause earlier or later.
    pub fn pace(&mut self, per_hour: f64, count: u64) -> Vec<i64> {
        let pause = HOUR as f64 / per_hour;
        let chance = &mut self.scribe.chance;
        let moment = |turn| (pause * (turn as f64 + (chance.f64() - 0.5) * 0.66).max(0.0)) as i64;
        let offsets: Vec<i64> = (0..count).map(moment).collect();
        offsets
            .into_iter()
            .map(|offset| self.start + offset)
            .collect()
    }
}
