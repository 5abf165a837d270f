//! Findings go in, the number of incidents that they make comes out.

use detector_core::incident::GAP_MS;
use detector_core::incident::components::components;
use detector_core::incident::member::Member;

use super::finding::Finding;

/// How many there are, as `replay` joins alerts.
pub(super) fn count<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    let findings: Vec<&Finding> = findings.collect();
    let members: Vec<Member> = findings.iter().map(|it| it.member.clone()).collect();
    let evidence = |at: usize| findings[at].evidence.iter().map(String::as_str);
    let firsts = components(&members, evidence, GAP_MS);
    firsts
        .iter()
        .enumerate()
        .filter(|(at, first)| at == *first)
        .count()
}
