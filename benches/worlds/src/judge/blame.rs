//! A finding goes in, the kind of cause that it is put down to comes out.

use std::collections::HashMap;
use std::net::IpAddr;

use super::finding::Finding;
use crate::cause::Cause;
use crate::moment::HOUR;

/// All causes of a world, by whom they are about.
#[derive(Debug)]
pub(super) struct Causes<'c> {
    all: &'c [Cause],
    by_value: HashMap<&'c str, Vec<usize>>,
    /// Those that name networks, or are about everybody.
    networks: Vec<usize>,
    everybody: Vec<usize>,
}

/// What a finding is put down to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blamed {
    pub(super) kind: String,
    pub(super) is_announced: bool,
}

/// What comes of a cause comes no later than this after it.
const AFTER: i64 = 2 * HOUR;
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

/// Whether the address is of the network.
fn holds((network, length): (IpAddr, u32), address: &str) -> bool {
    match (network, address.parse()) {
        (IpAddr::V4(network), Ok(IpAddr::V4(address))) if length <= 32 => {
            let shift = 32 - length;
            u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (IpAddr::V6(network), Ok(IpAddr::V6(address))) if length <= 128 => {
            let shift = 128 - length;
            u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        _ => false,
    }
}

impl<'c> Causes<'c> {
    pub(super) fn new(all: &'c [Cause]) -> Self {
        let mut causes = Self {
            all,
            by_value: HashMap::new(),
            networks: Vec::new(),
            everybody: Vec::new(),
        };
        for (at, cause) in all.iter().enumerate() {
            for value in cause.addresses.iter().chain(&cause.users) {
                match network(value) {
                    Some(_) => causes.networks.push(at),
                    None => causes.by_value.entry(value).or_default().push(at),
                }
            }
            if cause.addresses.is_empty() && cause.users.is_empty() {
                causes.everybody.push(at);
            }
        }
        causes
    }

    fn is_of_then(&self, at: usize, finding: &Finding) -> bool {
        let cause = &self.all[at];
        finding.first_event <= cause.end + AFTER && finding.held_until >= cause.start
    }

    /// Those that share somebody with the finding.
    fn sharing(&self, finding: &Finding) -> Vec<usize> {
        let mut found = Vec::new();
        for value in &finding.values {
            found.extend(self.by_value.get(&**value).into_iter().flatten().copied());
            let is_of = |at: &&usize| {
                let networks = self.all[**at]
                    .addresses
                    .iter()
                    .filter_map(|text| network(text));
                networks.into_iter().any(|network| holds(network, value))
            };
            found.extend(self.networks.iter().filter(is_of).copied());
            if let Some(network) = network(value) {
                let has = |cause: &Cause| {
                    cause
                        .addresses
                        .iter()
                        .any(|address| holds(network, address))
                };
                found.extend(
                    (0..self.all.len())
                        .filter(|at| self.is_of_then(*at, finding) && has(&self.all[*at])),
                );
            }
        }
        found.retain(|at| self.is_of_then(*at, finding));
        found
    }

    /// How much of the time of both is common to them, 0 to 1.
    fn overlap(&self, at: usize, finding: &Finding) -> f64 {
        let cause = &self.all[at];
        let common = finding.held_until.min(cause.end) - finding.first_event.max(cause.start);
        let both = finding.held_until.max(cause.end) - finding.first_event.min(cause.start);
        common.max(0) as f64 / both.max(1) as f64
    }

    /// Of these, the one whose time fits best.
    fn best(&self, of: impl Iterator<Item = usize>, finding: &Finding) -> Option<usize> {
        let by_overlap = |a: &usize, b: &usize| {
            let (a, b) = (self.overlap(*a, finding), self.overlap(*b, finding));
            a.total_cmp(&b)
        };
        of.max_by(by_overlap)
    }

    /// An incident that shares an address or user with it at the time, or else what befell everybody then, or else an
    /// incident with as many events as make a quarter of it, or else what is always there.
    pub(super) fn of(&self, finding: &Finding) -> Blamed {
        let is_incident = |at: &usize| self.all[*at].end - self.all[*at].start < self.longest();
        let sharing = self.sharing(finding);
        let incident = self.best(sharing.iter().copied().filter(is_incident), finding);
        let everybody = self.everybody.iter().copied();
        let everybody = everybody.filter(|at| self.is_of_then(*at, finding));
        let sure = incident.or_else(|| self.best(everybody, finding));
        let by_time = || {
            let all = (0..self.all.len()).filter(is_incident);
            let large = all.filter(|at| self.all[*at].events * 4 >= finding.count.max(4));
            let then = large.filter(|at| self.overlap(*at, finding) > 0.0);
            self.best(then, finding)
        };
        let standing = || sharing.first().copied();
        let named = |at: usize, by: &str| Blamed {
            kind: format!("{}{by}", self.all[at].kind),
            is_announced: self.all[at].is_announced,
        };
        let blamed = sure.map(|at| named(at, ""));
        let blamed = blamed.or_else(|| by_time().map(|at| named(at, " (by time alone)")));
        let blamed = blamed.or_else(|| standing().map(|at| named(at, "")));
        blamed.unwrap_or_else(|| Blamed {
            kind: "ordinary traffic".into(),
            is_announced: false,
        })
    }

    /// Standing causes are as long as the world.
    fn longest(&self) -> i64 {
        let lengths = self.all.iter().map(|cause| cause.end - cause.start);
        lengths.max().unwrap_or_default()
    }
}
