//! Which members are a crowd: of one rule, at once, and enough.

use std::collections::{BTreeMap, BTreeSet};

use detector_window::key::Key;

use crate::member::Member;

/// Of each crowd: the places of its members. It only grows with what is known.
pub(crate) fn crowds(members: &[Member], gap_ms: i64) -> Vec<Vec<usize>> {
    let mut by_rule: BTreeMap<&str, Vec<(i64, i64, usize)>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(crowd) = &member.crowd {
            let held = member
                .held
                .iter()
                .map(|(start, until)| (*start, *until, at));
            by_rule.entry(&crowd.rule).or_default().extend(held);
        }
    }
    let mut crowds = Vec::new();
    for mut times in by_rule.into_values() {
        times.sort_unstable();
        let mut until = i64::MIN;
        // Times with no longer pause than the gap.
        let mut stretch: Vec<usize> = Vec::new();
        for (start, end, at) in times {
            if start.saturating_sub(until) > gap_ms {
                crowds.extend(crowd(members, std::mem::take(&mut stretch)));
            }
            until = until.max(end);
            stretch.push(at);
        }
        crowds.extend(crowd(members, stretch));
    }
    crowds
}

/// The members, where they are enough.
fn crowd(members: &[Member], at_once: Vec<usize>) -> Option<Vec<usize>> {
    let of = |at: &usize| members[*at].crowd.as_ref();
    let groups: BTreeSet<Key> = at_once.iter().filter_map(of).map(|it| it.group).collect();
    let groups_min = at_once.iter().find_map(of)?.groups_min;
    (groups.len() >= groups_min).then_some(at_once)
}
