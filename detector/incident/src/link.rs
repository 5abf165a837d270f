//! By what an episode finds others of its incident.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use detector_rule::{AllowValue, CorrelationRule, EntityKind, EntityRole, EntitySource, RuleSet};
use detector_window::episode::Episode;
use ipnet::IpNet;

use crate::composition::Compositions;
use crate::entities::Entity;

/// A longer value may have been cut, and is then no longer itself.
const VALUE_BYTES_MAX: usize = 128;

/// What logs write where they know nobody. Compared without regard to case.
const PLACEHOLDERS: [&str; 11] = [
    "-",
    "?",
    "hidden_due_to_security_reasons",
    "unknown",
    "none",
    "null",
    "nil",
    "undefined",
    "anonymous",
    "n/a",
    "redacted",
];

/// The links of an episode, each once, in order. Two episodes share one where a link of both is equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links(Vec<Link>);

impl Links {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }
}

/// One kind and value, folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// An address that did it; joins a network that did it, too, and that it lies in.
    Address(IpAddr),
    Network(IpNet),
    /// A name that did it, or that fell to it.
    Name(EntityKind, String),
    /// A resource by which the rule is grouped.
    Resource(String),
    /// A place, of rules of one threat that group by nobody who did it. `None`: everything that the logs hold.
    Scope(String, Option<(EntityKind, String)>),
    /// A group of a correlation, by the rule's id: that the episode is of it, or is made of it.
    Group(Arc<str>, Vec<Box<str>>),
}

/// What must not link: who shares what with whom.
#[derive(Debug, Clone, Default)]
pub struct Linking {
    /// Principals of the allowlists: what many use, or nobody suspects.
    listed: BTreeSet<String>,
    /// Carriers, offices, proxies; also after their last day, since what has ended is one story however late it is read.
    shared_networks: Vec<IpNet>,
    compositions: Compositions,
}

impl Linking {
    pub fn new(rules: &RuleSet) -> Self {
        let entries = rules.allowlists.iter().flat_map(|list| &list.entries);
        let texts = entries.filter_map(|entry| match &entry.value {
            AllowValue::Text(text) if !entry.is_example => Some(text.clone()),
            _ => None,
        });
        let shared = rules.shared_networks.iter().flat_map(|list| &list.entries);
        let networks = shared.filter_map(|entry| match &entry.value {
            AllowValue::Network(network) if !entry.is_example => Some(*network),
            _ => None,
        });
        Self {
            listed: texts.collect(),
            shared_networks: networks.collect(),
            compositions: Compositions::new(rules),
        }
    }

    /// By what the episode of `rule` with these entities finds others.
    pub fn links(&self, rule: &CorrelationRule, episode: &Episode, entities: &[Entity]) -> Links {
        let mut links: Vec<Link> = entities
            .iter()
            .filter(|entity| is_value(&entity.value))
            .filter_map(|entity| self.link(entity))
            .collect();
        let groups = self.compositions.groups_of(rule, &episode.values);
        links.extend(groups.map(|(id, group)| Link::Group(id, group)));
        if let (false, Some(threat)) = (groups_by(rule, &[EntityRole::Actor]), &rule.meta.threat) {
            let scope = |place| Link::Scope(threat.clone(), place);
            if rule.group_by.is_empty() {
                links.push(scope(None));
            }
            let places = entities.iter().filter(|of| of.role == EntityRole::Scope);
            let places = places.filter(|entity| is_value(&entity.value));
            links.extend(places.map(|of| scope(Some((of.kind, of.value.clone())))));
        }
        links.sort_unstable();
        links.dedup();
        Links(links)
    }

    fn link(&self, entity: &Entity) -> Option<Link> {
        let value = &*entity.value;
        match (entity.role, entity.kind) {
            (EntityRole::Tried | EntityRole::Scope, _) => None,
            (EntityRole::Reached, _) => {
                let is_group = entity.seen_at.is_none();
                is_group.then(|| Link::Resource(value.to_owned()))
            }
            (_, EntityKind::Address) => self.address(value).map(Link::Address),
            (_, EntityKind::Network) => {
                let network: IpNet = value.parse().ok()?;
                let is_shared =
                    |shared: &IpNet| shared.contains(&network) || network.contains(shared);
                let is_shared = self.shared_networks.iter().any(is_shared);
                (!is_shared).then(|| Link::Network(network.trunc()))
            }
            (_, _) if self.listed.contains(value) => None,
            (_, kind) => Some(Link::Name(kind, folded(kind, value))),
        }
    }

    /// An address that is nobody's but its user's, as far as is known.
    fn address(&self, value: &str) -> Option<IpAddr> {
        let address = value.parse::<IpAddr>().ok()?.to_canonical();
        let is_nobody = address.is_unspecified() || address.is_loopback();
        let is_shared = self
            .shared_networks
            .iter()
            .any(|net| net.contains(&address));
        (!is_nobody && !is_shared).then_some(address)
    }
}

/// Whether a group of the rule is somebody who did it or fell to it. Otherwise it is a place, or somebody who was only
/// tried, and whom its alerts show is some of many.
pub(crate) fn groups_by_somebody(rule: &CorrelationRule) -> bool {
    groups_by(rule, &[EntityRole::Actor, EntityRole::Opened])
}

fn groups_by(rule: &CorrelationRule, roles: &[EntityRole]) -> bool {
    let mut entities = rule.entities.iter();
    entities.any(|of| roles.contains(&of.role) && matches!(of.source, EntitySource::Group(_)))
}

fn is_value(value: &str) -> bool {
    let is_placeholder = |known: &str| value.eq_ignore_ascii_case(known);
    value.len() <= VALUE_BYTES_MAX && !PLACEHOLDERS.iter().any(|known| is_placeholder(known))
}

/// Users of Cognito have one name in upper and lower case; a principal of AWS is taken to the letter.
fn folded(kind: EntityKind, value: &str) -> String {
    match kind {
        EntityKind::User | EntityKind::Sub => value.to_lowercase(),
        _ => value.to_owned(),
    }
}
