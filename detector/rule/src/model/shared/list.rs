//! Lists of values that detections look up: `field|expand: '%name%'`.
//!
//! A list may have a million values, so it is asked once for a value, by hash or by the network that holds an address.
//! What is known of a list is made once for each way in which rules look into it.

use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashSet;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::model::allowlist::Allowlist;
use crate::yaml::letter_case::{fold_into, is_folded};
use detector_event::time::Timestamp;

/// How a value is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// It is in the list, in any case unless that counts. An address is one however it is written.
    Value { cased: bool },
    /// It is an address of one of the networks.
    Network,
}

/// A list as one or more tests ask it. Equal where list and lookup are: within a rule set each list has one name.
#[derive(Debug, Clone)]
pub struct Listed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    lookup: Lookup,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// Hashes of 128 bits: two texts share one with a chance of 2^-128.
    Texts(HashSet<u128, foldhash::fast::FixedState>),
    /// None lies in another, in their order.
    Networks(Vec<Ipv4Net>, Vec<Ipv6Net>),
    /// Networks with an owner and an end.
    Shared(Arc<Allowlist>),
}

impl Listed {
    pub(crate) fn of_texts<'t>(
        name: &Arc<str>,
        cased: bool,
        texts: impl Iterator<Item = &'t str>,
    ) -> Self {
        let mut buffer = String::new();
        let texts = texts.map(|text| as_written(text, cased, &mut buffer));
        let values = Values::Texts(texts.collect());
        Self::new(name, Lookup::Value { cased }, values)
    }

    pub(crate) fn of_networks(name: &Arc<str>, networks: &[IpNet]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => v4.push(*network),
                IpNet::V6(network) => v6.push(*network),
            }
        }
        // Neighbours become one, and what lies in another goes.
        let mut values = (Ipv4Net::aggregate(&v4), Ipv6Net::aggregate(&v6));
        values.0.sort_unstable();
        values.1.sort_unstable();
        Self::new(name, Lookup::Network, Values::Networks(values.0, values.1))
    }

    pub(crate) fn of_shared(name: &Arc<str>, networks: &Arc<Allowlist>) -> Self {
        let values = Values::Shared(Arc::clone(networks));
        Self::new(name, Lookup::Network, values)
    }

    fn new(name: &Arc<str>, lookup: Lookup, values: Values) -> Self {
        Self(Arc::new(Inner {
            name: Arc::clone(name),
            lookup,
            values,
        }))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn lookup(&self) -> Lookup {
        self.0.lookup
    }

    /// Whether it has the same values at all times.
    pub fn is_timeless(&self) -> bool {
        !matches!(self.0.values, Values::Shared(_))
    }

    /// Whether the list has the value, for an event of that time: what has an end in it counts for no event without one.
    pub fn has(&self, value: &str, time: Option<Timestamp>, buffer: &mut String) -> bool {
        let address = || value.parse::<IpAddr>().ok().map(|a| a.to_canonical());
        match (&self.0.values, self.0.lookup) {
            (Values::Texts(texts), Lookup::Value { cased }) => {
                texts.contains(&as_written(value, cased, buffer))
            }
            (Values::Networks(v4, v6), _) => match address() {
                Some(IpAddr::V4(address)) => {
                    let after = v4.partition_point(|network| network.network() <= address);
                    after > 0 && v4[after - 1].contains(&address)
                }
                Some(IpAddr::V6(address)) => {
                    let after = v6.partition_point(|network| network.network() <= address);
                    after > 0 && v6[after - 1].contains(&address)
                }
                None => false,
            },
            (Values::Shared(networks), _) => time.is_some_and(|time| networks.allows(value, time)),
            (Values::Texts(_), Lookup::Network) => false,
        }
    }
}

/// What stands for a text: an address is one in all its spellings.
pub(super) fn as_written(text: &str, cased: bool, buffer: &mut String) -> u128 {
    if let Ok(address) = text.parse::<IpAddr>() {
        buffer.clear();
        write!(buffer, "{}", address.to_canonical()).expect("a text takes all");
        return hash(buffer);
    }
    if cased || is_folded(text) {
        return hash(text);
    }
    buffer.clear();
    fold_into(text, buffer);
    hash(buffer)
}

pub(super) fn hash(text: &str) -> u128 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name && self.0.lookup == other.0.lookup
    }
}

impl Eq for Listed {}

impl Hash for Listed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
        self.0.lookup.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Listed {
        let all: Vec<IpNet> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Listed::of_networks(&"l".into(), &all)
    }

    #[test]
    fn an_address_is_in_the_network_that_holds_it() {
        let listed = networks(&[
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.0.2.0/25",
            "192.0.2.128/25",
            "198.51.100.7/32",
            "2001:db8::/32",
        ]);
        let has = |text: &str| listed.has(text, None, &mut String::new());
        for inside in [
            "10.0.0.0",
            "10.1.2.3",
            "10.255.255.255",
            "192.0.2.127",
            "192.0.2.200",
            "198.51.100.7",
            "::ffff:10.1.2.3",
            "2001:db8:ffff::1",
        ] {
            assert!(has(inside), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "192.0.3.0",
            "198.51.100.8",
            "2001:db9::",
            "10.0.0.0/8",
            "",
            "a",
        ] {
            assert!(!has(outside), "{outside}");
        }
    }

    #[test]
    fn a_value_is_found_in_any_case_but_where_that_counts() {
        let values = ["Ada", "ÉMILE", "2001:DB8::1", "192.0.2.1"];
        let of = |cased| Listed::of_texts(&"l".into(), cased, values.into_iter());
        let (folded, kept) = (of(false), of(true));
        let has = |listed: &Listed, text: &str| listed.has(text, None, &mut String::new());
        assert!(has(&folded, "ADA") && has(&folded, "émile") && !has(&folded, "adam"));
        assert!(has(&kept, "Ada") && !has(&kept, "ada") && !has(&kept, "émile"));
        for listed in [&folded, &kept] {
            assert!(has(listed, "2001:db8:0::1") && has(listed, "::ffff:192.0.2.1"));
        }
    }
}
