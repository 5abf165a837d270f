//! Findings go in, the number of incidents that they make comes out.

use std::collections::HashMap;

use super::finding::Finding;
use crate::moment::HOUR;

/// Fields by whose values nothing is joined: they are of everybody.
const SHARED: [&str; 5] = ["clientId", "userPoolId", "route", "resourcePath", "api"];

/// How many there are, where findings that share a group's value within an hour are one.
pub(super) fn count<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    let findings: Vec<&Finding> = findings.collect();
    let mut joined: Vec<usize> = (0..findings.len()).collect();
    let mut by_value: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let own = finding.group.iter();
        let own = own.filter(|(field, _)| !SHARED.iter().any(|shared| field.ends_with(shared)));
        for (_, value) in own {
            let others = by_value.entry(value).or_default();
            for other in others.iter() {
                if is_near(finding, findings[*other]) {
                    let (a, b) = (root(&mut joined, at), root(&mut joined, *other));
                    joined[a.max(b)] = a.min(b);
                }
            }
            others.push(at);
        }
    }
    (0..joined.len()).filter(|at| joined[*at] == *at).count()
}

fn is_near(a: &Finding, b: &Finding) -> bool {
    a.opened_at <= b.held_until + HOUR && b.opened_at <= a.held_until + HOUR
}

fn root(joined: &mut [usize], mut at: usize) -> usize {
    while joined[at] != at {
        joined[at] = joined[joined[at]];
        at = joined[at];
    }
    at
}
