//! What is remembered of something odd and honest, so that an alert can be put down to it.

use std::collections::BTreeSet;

use crate::lines::{Caller, Scribe};
use crate::people::World;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    pub id: u64,
    pub kind: String,
    /// Milliseconds since 1970; `end` is its last moment.
    pub start: i64,
    pub end: i64,
    /// Addresses, or networks as `244.0.0.0/8`.
    pub addresses: BTreeSet<String>,
    /// Names and subs.
    pub users: BTreeSet<String>,
    /// How many things happened of it, where that is counted.
    pub events: u64,
    /// Whether the operator knew and would have listed it.
    pub is_announced: bool,
}

/// At most so many addresses, and users, are remembered of one cause: of large ones an alert shows some of these or
/// overlaps in time.
const REMEMBERED_MAX: usize = 5000;

impl Cause {
    pub fn new(kind: &str, id: u64, start: i64) -> Self {
        Self {
            id,
            kind: kind.into(),
            start,
            end: start,
            addresses: BTreeSet::new(),
            users: BTreeSet::new(),
            events: 0,
            is_announced: false,
        }
    }

    pub fn involve(&mut self, who: &Caller) {
        if self.addresses.len() < REMEMBERED_MAX && !self.addresses.contains(&who.place.address) {
            self.addresses.insert(who.place.address.clone());
        }
        if let Some(sub) = &who.sub
            && self.users.len() < REMEMBERED_MAX
            && !self.users.contains(sub)
        {
            self.users.insert(sub.clone());
            self.users.insert(who.name.clone());
        }
    }
}

/// Where something odd happens.
#[derive(Debug)]
pub struct Scene<'w> {
    pub world: &'w World,
    /// When it begins.
    pub at: i64,
    pub scribe: Scribe,
    pub cause: Cause,
}

impl Scene<'_> {
    /// Another moment of it.
    pub fn goes_on(&mut self, at: i64, who: &Caller) {
        self.cause.end = self.cause.end.max(at);
        self.cause.events += 1;
        self.cause.involve(who);
    }
}
