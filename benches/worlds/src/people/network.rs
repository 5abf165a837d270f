//! Addresses of people at a moment. All are of ranges that nobody has: 240.0.0.0/4 and 2001:db8::/32.

use super::town::{ABROAD, city};
use super::world::World;
use crate::chance::{Chance, chance, happens, mix};
use crate::lines::Place;
use crate::moment::{DAY, HOUR, WEEK};
use crate::rhythm::is_working;

/// Through which network somebody is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Home,
    Mobile,
    Vpn,
    Office,
    Abroad,
}

/// Users of one address of a carrier (DETECTORS names a hundred), of whom a third is on the air at a time.
const CARRIER_USERS: u64 = 100;
/// Of a hundred homes, this many (judgement).
const IPV6: u64 = 55;

impl World {
    /// Where the user is likely to be at that moment.
    pub fn seen(&self, number: u64, at: i64, chance: &mut Chance) -> Seen {
        // Of a hundred, one and a half always come by a commercial VPN.
        if mix(&[self.seed, 0xd0, number]) % 1000 < 15 {
            return Seen::Vpn;
        }
        if is_working(at) && self.company_of(number).is_some() && happens(chance, 0.85) {
            return Seen::Office;
        }
        match happens(chance, 0.4) {
            true => Seen::Mobile,
            false => Seen::Home,
        }
    }

    pub fn place(&self, number: u64, seen: Seen, at: i64) -> Place {
        let hash = |tag: u64, more: i64| mix(&[self.seed, tag, number, more as u64]);
        match seen {
            Seen::Office => match self.company_of(number) {
                Some(company) => company.office.clone(),
                None => self.place(number, Seen::Home, at),
            },
            // The exit changes from day to day.
            Seen::Vpn => {
                let exits = 3 + self.users / 5000;
                let exit = hash(1, at / DAY) % exits;
                let where_to = ABROAD[(mix(&[exit, 0xd1]) % 6) as usize];
                Place::new(format!("246.0.{}.{}", exit / 250, 1 + exit % 250), where_to)
            }
            // A carrier gives another address every few hours.
            Seen::Mobile => {
                let pool = self.users / CARRIER_USERS + 4;
                let index = hash(2, at / (4 * HOUR)) % pool;
                let address = format!("244.{}.{}.{}", index >> 16, (index >> 8) & 255, index & 255);
                Place::new(address, city(number))
            }
            Seen::Abroad => {
                let to = ABROAD[(hash(3, at / WEEK) % 6) as usize];
                let index = hash(4, at / DAY) % (1 << 22);
                let address = format!("247.{}.{}.{}", index >> 16, (index >> 8) & 255, index & 255);
                Place::new(address, to)
            }
            Seen::Home if hash(5, 0) % 100 < IPV6 => {
                // The network stays, the host's part is another every day.
                let host = hash(6, at / DAY);
                let address = format!(
                    "2001:db8:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}",
                    0x1000 + (number >> 16),
                    number & 0xffff,
                    host >> 48,
                    (host >> 32) & 0xffff,
                    (host >> 16) & 0xffff,
                    host & 0xffff
                );
                Place::new(address, city(number))
            }
            // The provider gives another address every two weeks.
            Seen::Home => {
                let index = hash(7, at / (2 * WEEK)) % (self.users * 2 + 4096);
                let (a, b, c) = (
                    241 + index / 16_000_000,
                    (index >> 16) & 255,
                    (index >> 8) & 255,
                );
                Place::new(format!("{a}.{b}.{c}.{}", index & 255), city(number))
            }
        }
    }

    /// A network at which the user was never seen: a friend's, a hotel's.
    pub fn elsewhere(&self, number: u64, at: i64) -> Place {
        let index = mix(&[self.seed, 0xd2, number, (at / DAY) as u64]) % (1 << 22);
        let address = format!("243.{}.{}.{}", index >> 16, (index >> 8) & 255, index & 255);
        Place::new(address, city(number))
    }

    /// A place that is nobody's home: of scripts, checks and staff, by number.
    pub fn hosted(&self, number: u64) -> Place {
        let index = chance(&[self.seed, 0xd3, number]).u64(..60_000);
        Place::new(
            format!("245.0.{}.{}", index / 250, 1 + index % 250),
            ("Ireland", "Dublin"),
        )
    }
}
