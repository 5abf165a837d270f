//! Where people live, and where they travel.

use crate::chance::mix;

const HOME: [(&str, &str); 6] = [
    ("Germany", "Berlin"),
    ("Germany", "Hamburg"),
    ("Germany", "Munich"),
    ("Germany", "Cologne"),
    ("Austria", "Vienna"),
    ("Switzerland", "Zurich"),
];
pub(super) const ABROAD: [(&str, &str); 6] = [
    ("France", "Paris"),
    ("Italy", "Milan"),
    ("Spain", "Palma"),
    ("Netherlands", "Amsterdam"),
    ("United States", "New York"),
    ("Türkiye", "Istanbul"),
];

pub fn city(number: u64) -> (&'static str, &'static str) {
    HOME[(mix(&[number, 0xc1]) % 6) as usize]
}
