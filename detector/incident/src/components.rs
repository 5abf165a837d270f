//! What is connected by episodes and the stretches of what links them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::crowd::Crowd;
use crate::link::Link;
use crate::majority::belonging;
use crate::member::{Member, are_near};

/// Of each member, the place of the first one that is of the same incident. Two times that a value links are of one
/// stretch where the pause between them is at most `gap_ms`; a crowd that one rule alerts of in one stretch is one. What
/// is connected so, and all over a place, joins the incident of the one to whom most of its evidence belongs.
///
/// `evidence` has the ids of a member's earliest events, each once. Costs a sort of all links; nothing depends on the
/// order of members but which one is the first.
pub fn components<'e, E: Iterator<Item = &'e str>>(
    members: &[Member],
    evidence: impl Fn(usize) -> E,
    gap_ms: i64,
) -> Vec<usize> {
    let mut union = Union((0..members.len()).collect());
    let mut by_link: BTreeMap<&Link, Vec<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        for link in member.links.iter() {
            by_link.entry(link).or_default().push(at);
        }
    }
    let mut networks = Networks::default();
    for (link, linked) in &by_link {
        let stretches = stretches(members, linked, gap_ms);
        stretches.iter().for_each(|of| union.join_all(&of.members));
        if let Link::Network(network) = link {
            networks.add(*network, stretches);
        }
    }
    for (link, linked) in &by_link {
        if let Link::Address(address) = link {
            for stretch in networks.around(*address) {
                let joined = linked
                    .iter()
                    .filter(|at| stretch.is_near_to(&members[**at], gap_ms));
                joined.for_each(|at| union.join(*at, stretch.members[0]));
            }
        }
    }
    let mut by_rule: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(crowd) = &member.crowd {
            by_rule.entry(crowd.rule()).or_default().push(at);
        }
    }
    for of_rule in by_rule.values() {
        for stretch in stretches(members, of_rule, gap_ms) {
            let at_once = stretch.members.iter();
            if Crowd::is_made_of(at_once.filter_map(|at| members[*at].crowd.as_ref())) {
                union.join_all(&stretch.members);
            }
        }
    }
    let linked: Vec<usize> = (0..members.len()).map(|at| union.first(at)).collect();
    for (one, other) in belonging(members, evidence, &linked, gap_ms) {
        union.join(one, other);
    }
    (0..members.len()).map(|at| union.first(at)).collect()
}

/// A time in which a value, or a rule, was never quiet for longer than the gap.
#[derive(Debug)]
struct Stretch {
    start: i64,
    until: i64,
    /// At least one; one that held several times may be there as often.
    members: Vec<usize>,
}

impl Stretch {
    fn is_near_to(&self, member: &Member, gap_ms: i64) -> bool {
        let own = (self.start, self.until);
        member.held.iter().any(|of| are_near(own, *of, gap_ms))
    }
}

/// The stretches of some of the members, in the order of time.
fn stretches(members: &[Member], of: &[usize], gap_ms: i64) -> Vec<Stretch> {
    let mut times: Vec<(i64, i64, usize)> = Vec::new();
    for &at in of {
        let held = members[at].held.iter();
        times.extend(held.map(|(start, until)| (*start, *until, at)));
    }
    times.sort_unstable();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (start, until, at) in times {
        match stretches.last_mut() {
            Some(last) if start.saturating_sub(last.until) <= gap_ms => {
                last.until = last.until.max(until);
                last.members.push(at);
            }
            _ => stretches.push(Stretch {
                start,
                until,
                members: vec![at],
            }),
        }
    }
    stretches
}

/// Networks that did it themselves.
#[derive(Debug, Default)]
struct Networks {
    stretches: BTreeMap<IpNet, Vec<Stretch>>,
    /// How many bits they have, each once.
    bits: Vec<(bool, u8)>,
}

impl Networks {
    fn add(&mut self, network: IpNet, stretches: Vec<Stretch>) {
        let bits = (network.addr().is_ipv4(), network.prefix_len());
        if !self.bits.contains(&bits) {
            self.bits.push(bits);
        }
        self.stretches.insert(network, stretches);
    }

    /// The stretches of those that the address lies in.
    fn around(&self, address: IpAddr) -> impl Iterator<Item = &Stretch> {
        let bits = self.bits.iter();
        let bits = bits.filter(move |(is_ipv4, _)| *is_ipv4 == address.is_ipv4());
        let networks = bits.filter_map(move |(_, bits)| {
            let network = IpNet::new(address, *bits).ok()?.trunc();
            self.stretches.get(&network)
        });
        networks.flatten()
    }
}

/// Places that are joined: of each, one that leads towards the smallest of its set.
struct Union(Vec<usize>);

impl Union {
    fn first(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join_all(&mut self, all: &[usize]) {
        all.windows(2).for_each(|two| self.join(two[0], two[1]));
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }
}
