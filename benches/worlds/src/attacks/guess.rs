//! Tries of passwords and second factors, by source, pace and names.

use super::assault::{Assault, From};
use crate::chance::happens;
use crate::lines::{Caller, Ends, Pool, Risk};
use crate::people::Person;

/// Whose names are tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// Of a list from elsewhere: of a hundred, four have an account here.
    Foreign,
    /// Of a list of the service's own customers.
    Own,
    /// So many users, in turn.
    Few(u64),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    pub(super) from: From,
    pub(super) names: Names,
    pub(super) per_hour: f64,
    pub(super) tries: u64,
    /// Of tries at users who exist, this share is right.
    pub(super) wins: f64,
    /// How those end that are not.
    pub(super) fails: Ends,
    pub(super) pool: Option<&'static Pool>,
    pub(super) risk: Risk,
}

impl Guess {
    pub(super) const fn new(from: From, names: Names, per_hour: f64, tries: u64) -> Self {
        Self {
            from,
            names,
            per_hour,
            tries,
            wins: 0.0,
            fails: Ends::WrongPassword,
            pool: None,
            risk: Risk::NONE,
        }
    }

    pub(super) const fn wins(self, wins: f64) -> Self {
        Self { wins, ..self }
    }

    /// Whose turn it is, if it is a user's.
    fn victim<'w>(&self, a: &mut Assault<'w>, turn: u64) -> Option<Person<'w>> {
        if matches!(self.names, Names::Foreign) && !happens(&mut a.scribe.chance, 0.04) {
            return None;
        }
        let number = match self.names {
            Names::Few(of) => turn % of,
            _ => turn,
        };
        // Of a pool that is asked for, the next one.
        let fits = |person: &Person<'_>| self.pool.is_none_or(|pool| person.pool() == pool);
        (0..200)
            .map(|skip| a.victim(number + skip * 1_000_003))
            .find(fits)
    }

    pub(super) fn run(&self, a: &mut Assault<'_>) {
        for (turn, at) in (0..).zip(a.pace(self.per_hour, self.tries)) {
            let Some(person) = self.victim(a, turn) else {
                let nobody = Caller {
                    name: format!("someone{turn}@mail.example"),
                    ..a.nobody(self.from, turn)
                };
                a.scribe.sign_in(at, &nobody, Ends::WrongPassword);
                a.deed(at, &nobody);
                continue;
            };
            let who = a.caller(person, self.from, turn);
            let ends = match happens(&mut a.scribe.chance, self.wins) {
                true => Ends::Well,
                false => self.fails,
            };
            a.scribe.sign_in_judged(at, &who, ends, self.risk);
            a.deed(at, &who);
            a.suffers(person);
        }
    }
}
