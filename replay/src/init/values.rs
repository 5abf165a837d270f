//! Different values, how often each was seen and since when, within a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use detector_core::time::Timestamp;

use crate::output::quantity::{count, counted};

/// Different values of one kind that are kept. Of more, those that come first in the recording.
const VALUES_MAX: usize = 10_000;

/// Users of one value that are told apart.
const USERS_MAX: usize = 250;

/// Bytes of a value: no name of AWS or of a host is longer.
const VALUE_BYTES_MAX: usize = 256;

/// Values of one kind.
#[derive(Debug, Default)]
pub(super) struct Values {
    kept: BTreeMap<String, Seen>,
    /// Times that a value was seen that is too long, or for which there was no room.
    pub(super) left_out: u64,
}

/// How often, from when to when, and by how many.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) times: u64,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
    users: BTreeSet<u64>,
}

/// When a value was seen, and by whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'u> {
    pub(super) time_ms: Option<i64>,
    pub(super) user: Option<&'u str>,
}

impl Values {
    pub(super) fn note(&mut self, value: &str, sight: Sight<'_>) {
        if let Some(seen) = self.kept.get_mut(value) {
            seen.note(sight);
        } else if value.len() <= VALUE_BYTES_MAX && self.kept.len() < VALUES_MAX {
            let seen = self.kept.entry(value.to_owned()).or_default();
            seen.note(sight);
        } else {
            self.left_out += 1;
        }
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.kept.iter().map(|(value, seen)| (&**value, seen))
    }

    /// Those seen most often first.
    pub(super) fn by_times(&self) -> Vec<(&str, &Seen)> {
        let mut values: Vec<_> = self.iter().collect();
        values.sort_by_key(|(value, seen)| (std::cmp::Reverse(seen.times), *value));
        values
    }

    /// What is missing of them, in words.
    pub(super) fn missing(&self) -> Option<String> {
        (self.left_out > 0).then(|| {
            format!(
                "Not counted {}: of more than {} different values those that came later, and any of more than {VALUE_BYTES_MAX} bytes",
                counted(self.left_out, "time"),
                count(VALUES_MAX as u64)
            )
        })
    }

    /// All that `is_meant` says yes to, together; `None` where there is none.
    pub(super) fn together(&self, is_meant: impl Fn(&str) -> bool) -> Option<Seen> {
        let mut all: Option<Seen> = None;
        for (_, seen) in self.iter().filter(|(value, _)| is_meant(value)) {
            all.get_or_insert_default().add(seen);
        }
        all
    }
}

impl Seen {
    fn note(&mut self, Sight { time_ms, user }: Sight<'_>) {
        self.times += 1;
        self.first_ms = self.first_ms.into_iter().chain(time_ms).min();
        self.last_ms = self.last_ms.max(time_ms);
        if let Some(user) = user.filter(|_| self.users.len() < USERS_MAX) {
            let mut hasher = DefaultHasher::new();
            user.hash(&mut hasher);
            self.users.insert(hasher.finish());
        }
    }

    pub(super) fn add(&mut self, other: &Seen) {
        self.times += other.times;
        self.first_ms = self.first_ms.into_iter().chain(other.first_ms).min();
        self.last_ms = self.last_ms.max(other.last_ms);
        self.users.extend(&other.users);
    }

    /// Different users, up to [`USERS_MAX`].
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    /// `seen 380 times by 14 users, 2026-05-16 to 2026-05-20`
    pub(super) fn told(&self) -> String {
        let times = match self.times {
            1 => "seen once".to_owned(),
            times => format!("seen {} times", count(times)),
        };
        let users = match self.users.len() {
            0 => String::new(),
            1 => " by one user".to_owned(),
            users if users < USERS_MAX => format!(" by {} users", count(users as u64)),
            users => format!(" by {} users or more", count(users as u64)),
        };
        let days = match (self.first_ms.map(day), self.last_ms.map(day)) {
            (Some(first), Some(last)) if first == last => format!(", on {first}"),
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        format!("{times}{users}{days}")
    }
}

/// `2026-05-16`, UTC.
pub(super) fn day(ms: i64) -> String {
    let time = Timestamp::from_millis(ms).map(|time| time.to_string());
    time.map_or_else(String::new, |time| time[..10].to_owned())
}
