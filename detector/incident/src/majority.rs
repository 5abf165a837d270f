//! Alerts over a place: whose they are, where most of their evidence is somebody's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::member::Member;

/// Incidents in which all is over a place, each with the one that it belongs to: more than half of the events that are
/// evidence in it are evidence against somebody there, and nowhere else are as many. So it never makes one of two that
/// know somebody. Incidents are given by their first members: `first` has that of each member; `evidence` has the ids of
/// the events.
///
/// Evidence is the earliest events, so that only events which come late and are earlier can change what belongs together.
pub(crate) fn belonging<'e, E: Iterator<Item = &'e str>>(
    members: &[Member],
    evidence: impl Fn(usize) -> E,
    first: &[usize],
    gap_ms: i64,
) -> Vec<(usize, usize)> {
    let mut nobodys: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, incident) in first.iter().enumerate() {
        nobodys.entry(*incident).or_default().push(at);
    }
    nobodys.retain(|_, all| all.iter().all(|at| members[*at].is_over_place));
    // By event that is evidence of nobody's: whom it is evidence against.
    let mut against: HashMap<&str, Vec<usize>> = HashMap::new();
    for at in nobodys.values().flatten() {
        evidence(*at).for_each(|event| _ = against.entry(event).or_default());
    }
    if against.is_empty() {
        return Vec::new();
    }
    for at in (0..members.len()).filter(|at| !members[*at].is_over_place) {
        for event in evidence(at) {
            against.entry(event).and_modify(|of| of.push(at));
        }
    }
    let owner = |(incident, all): (usize, Vec<usize>)| {
        let mut events = BTreeSet::new();
        let mut shared: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for place in all {
            for event in evidence(place) {
                events.insert(event);
                let near = against[event].iter();
                let near = near.filter(|at| members[**at].is_near(&members[place], gap_ms));
                near.for_each(|at| _ = shared.entry(first[*at]).or_default().insert(event));
            }
        }
        let most = shared.values().map(BTreeSet::len).max()?;
        let mut owners = shared.iter().filter(|(_, events)| events.len() == most);
        let (owner, _) = owners.next()?;
        (owners.next().is_none() && most * 2 > events.len()).then_some((incident, *owner))
    };
    nobodys.into_iter().filter_map(owner).collect()
}
