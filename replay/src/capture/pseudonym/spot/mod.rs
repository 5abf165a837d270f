//! What text holds, told by its form, wherever it stands.

pub(super) mod addresses; // of the network
pub(super) mod mails; // addresses of e-mail
pub(super) mod numbers; // telephones, cards, vehicles
pub(super) mod secrets; // tokens and keys
pub(super) mod identities; // users and principals
pub(super) mod sentences; // people and secrets, by the words around them
