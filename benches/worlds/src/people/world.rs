//! Who there is.

use super::company::{Company, companies};
use crate::moment::{DAY, WEEK};

/// Monday, 2026-06-01.
const BEGIN: i64 = 1_780_272_000_000;

/// Who there is.
#[derive(Debug, Clone)]
pub struct World {
    pub seed: u64,
    pub users: u64,
    pub begin: i64,
    pub end: i64,
    pub companies: Vec<Company>,
}

impl World {
    pub fn new(users: u64, weeks: u32, seed: u64) -> Self {
        Self {
            seed,
            users,
            begin: BEGIN,
            end: BEGIN + i64::from(weeks) * WEEK,
            companies: companies(users, seed),
        }
    }

    pub fn days(&self) -> f64 {
        (self.end - self.begin) as f64 / DAY as f64
    }

    pub fn thousands(&self) -> f64 {
        self.users as f64 / 1000.0
    }

    /// The company at which that user works.
    pub fn company_of(&self, number: u64) -> Option<&Company> {
        let at = self.companies.partition_point(|c| c.first <= number);
        let company = self.companies[..at].last()?;
        (number < company.first + company.size).then_some(company)
    }
}
