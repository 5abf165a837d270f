//! Offices: some users behind one address each.

use super::town::city;
use crate::chance::chance;
use crate::lines::Place;

#[derive(Debug, Clone)]
pub struct Company {
    pub number: u64,
    /// Numbers of its users, from `first` on; the first of them manages its vehicles.
    pub first: u64,
    pub size: u64,
    pub office: Place,
    pub depot: Place,
}

/// Of all users, this many are at companies (judgement: fleets are the smaller part of customers).
const EMPLOYED: f64 = 0.15;
const OFFICE_MIN: f64 = 20.0;
const OFFICE_MAX: f64 = 3000.0;

/// Sizes are spread evenly over their logarithm from 20 to 3,000, and none has more than a tenth of all users.
pub(super) fn companies(users: u64, seed: u64) -> Vec<Company> {
    let mut chance = chance(&[seed, 0xc0]);
    let all = (users as f64 * EMPLOYED) as u64;
    let largest = OFFICE_MAX.min(users as f64 / 10.0).max(OFFICE_MIN);
    let (mut found, mut first) = (Vec::new(), 0);
    while first < all {
        let number = found.len() as u64;
        let size = match number {
            0 => largest,
            _ => OFFICE_MIN * (largest / OFFICE_MIN).powf(chance.f64()),
        };
        let at = |host| {
            let (a, b) = (number / 250, number % 250);
            Place::new(format!("248.{}.{b}.{host}", 1 + a), city(number))
        };
        found.push(Company {
            number,
            first,
            size: size as u64,
            office: at(10),
            depot: at(20),
        });
        first += size as u64;
    }
    found
}
