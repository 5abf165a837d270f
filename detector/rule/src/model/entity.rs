//! `vedette.entities`: who and what a rule's alerts are about, so that alerts of one attack find each other.

use std::sync::Arc;

/// What somebody or something is to an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityRole {
    /// Did it.
    Actor,
    /// Fell to it, and is in the attacker's hands from then on.
    Opened,
    /// Was reached.
    Reached,
    /// Was only tried: told, and never a reason to join two alerts.
    Tried,
    /// Where it took place: told; joins alerts that know nobody who did it.
    Scope,
}

impl EntityRole {
    pub const ALL: [Self; 5] = [
        Self::Actor,
        Self::Opened,
        Self::Reached,
        Self::Tried,
        Self::Scope,
    ];

    /// As it is written in a rule file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Opened => "opened",
            Self::Reached => "reached",
            Self::Tried => "tried",
            Self::Scope => "scope",
        }
    }

    /// Of which kinds it may be. What many share by its nature is a place, and does nothing.
    pub fn kinds(self) -> &'static [EntityKind] {
        use EntityKind::*;
        match self {
            Self::Actor => &[Address, Network, User, Sub, Principal],
            Self::Opened => &[User, Sub, Principal],
            Self::Reached => &[Resource],
            Self::Tried => &[User, Sub, Principal, Resource],
            Self::Scope => &[Client, Pool, Api, Route, Service, Account, Resource],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    Address,
    Network,
    /// A name to sign in with.
    User,
    /// The identifier of a user of Cognito.
    Sub,
    /// Of IAM.
    Principal,
    Resource,
    Client,
    Pool,
    Api,
    Route,
    Service,
    /// Of AWS.
    Account,
}

impl EntityKind {
    pub const ALL: [Self; 12] = [
        Self::Address,
        Self::Network,
        Self::User,
        Self::Sub,
        Self::Principal,
        Self::Resource,
        Self::Client,
        Self::Pool,
        Self::Api,
        Self::Route,
        Self::Service,
        Self::Account,
    ];

    /// As it is written in a rule file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::User => "user",
            Self::Sub => "sub",
            Self::Principal => "principal",
            Self::Resource => "resource",
            Self::Client => "client",
            Self::Pool => "pool",
            Self::Api => "api",
            Self::Route => "route",
            Self::Service => "service",
            Self::Account => "account",
        }
    }
}

/// An entity of a rule, and where its alerts have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleEntity {
    pub role: EntityRole,
    pub kind: EntityKind,
    /// The field or alias, as the rule calls it.
    pub field: Arc<str>,
    pub source: EntitySource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntitySource {
    /// The n-th group-by value.
    Group(usize),
    /// A field that is shown.
    Shown,
}
