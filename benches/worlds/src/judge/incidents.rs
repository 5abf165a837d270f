//! Findings go in, the number of incidents that they make comes out.

use detector_core::incident::GAP_MS;
use detector_core::incident::components::components;
use detector_core::incident::member::Member;

use super::finding::Finding;

/// How many there are, as `replay` joins alerts.
pub(super) fn count<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    let members: Vec<Member> = findings.map(|finding| finding.member.clone()).collect();
    let firsts = components(&members, GAP_MS);
    firsts
        .iter()
        .enumerate()
        .filter(|(at, first)| at == *first)
        .count()
}
