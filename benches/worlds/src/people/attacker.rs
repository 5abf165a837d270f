//! Where those come from who are no users.

use super::town::ABROAD;
use crate::chance::mix;
use crate::lines::Place;

/// A rented machine.
pub fn one_source(number: u64) -> Place {
    let (network, host) = (number / 250 % 2, 1 + number % 250);
    let network = ["203.0.113", "198.51.100"][network as usize];
    Place::new(format!("{network}.{host}"), ("United States", "Ashburn"))
}

/// A machine of a botnet, at somebody's home: each in another network.
pub fn botnet(attack: u64, machine: u64) -> Place {
    let index = mix(&[attack, machine, 0xb0]);
    let where_to = match index % 3 {
        // Half of those for hire near the victims are where the victims are.
        0 => ("Germany", "Berlin"),
        _ => ABROAD[(index >> 8) as usize % 6],
    };
    let (a, b, c) = ((index >> 16) % 2, (index >> 24) % 256, (index >> 32) % 256);
    // Beyond what the range for tests has, ranges that nobody has.
    let address = match (index >> 50) % 2 {
        0 => format!("198.{}.{b}.{c}", 18 + a),
        _ => format!("242.{}.{b}.{c}", (index >> 40) % 256),
    };
    Place::new(address, where_to)
}

/// One of the networks that a /48 has, each try from another.
pub fn farm_of_v6(attack: u64, number: u64) -> Place {
    let host = mix(&[attack, number, 0xb1]);
    let address = format!(
        "2001:db8:bad:{:x}:{:x}:{:x}:{:x}:{:x}",
        number % 65536,
        host >> 48,
        (host >> 32) & 0xffff,
        (host >> 16) & 0xffff,
        host & 0xffff
    );
    Place::new(address, ("United States", "Ashburn"))
}
