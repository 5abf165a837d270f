//! Tells, at level `debug`, which rules could not use which hits: for want of a field, or because a list allows them. The
//! metrics have sums only.

use detector_core::rule::{RuleMeta, RuleSet};
use detector_core::tally::Tally;
use tracing::debug;

/// Fields told of in one invocation: with logs that lack one, each batch has the same ones.
const TOLD_MAX: usize = 20;

/// A field for want of which hits of a rule belong to no group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unused<'t> {
    rule: &'t str,
    field: &'t str,
    hits: u64,
    why: &'static str,
}

/// Writes a line for each rule and field.
pub(crate) fn tell(rules: &RuleSet, tally: &Tally) {
    for Unused {
        rule,
        field,
        hits,
        why,
    } in unused(rules, tally).take(TOLD_MAX)
    {
        debug!(rule, field, hits, why, "hits without a group");
    }
    let allowed = rules.detections.iter().zip(&tally.allowed);
    for (rule, by_list) in allowed {
        let hits: u64 = by_list.iter().sum();
        if hits > 0 {
            debug!(rule = name(&rule.meta), hits, "hits that a list allows");
        }
    }
}

fn name(rule: &RuleMeta) -> &str {
    rule.name.as_deref().unwrap_or(&rule.title)
}

/// Hits without a group, those of all rules together.
pub(crate) fn hits_without_group(tally: &Tally) -> u64 {
    let fields = tally.missing.iter().chain(&tally.no_address).flatten();
    fields.map(|(_, hits)| hits).sum()
}

fn unused<'t>(rules: &'t RuleSet, tally: &'t Tally) -> impl Iterator<Item = Unused<'t>> {
    let kinds = [
        (&tally.missing, "missing or redacted"),
        (&tally.no_address, "no address"),
    ];
    kinds.into_iter().flat_map(|(by_rule, why)| {
        let rules = rules.correlations.iter().zip(by_rule);
        rules.flat_map(move |(rule, fields)| {
            fields.iter().map(move |(field, hits)| Unused {
                rule: name(&rule.meta),
                field,
                hits: *hits,
                why,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use detector_core::rule::RuleFile;
    use detector_core::window::load_rules;

    use super::*;

    const RULES: &str = "
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection:
    refused: {decision: deny}
    condition: refused
---
title: Often refused
id: 22222222-2222-4222-8222-222222222222
name: often_refused
level: high
correlation:
    type: event_count
    rules: [refused]
    group-by: [sub]
    timespan: 10m
    condition: {gte: 3}
";

    #[test]
    fn rule_and_field_are_named_for_both_reasons() {
        let file = RuleFile {
            path: "rules.yml".to_owned(),
            text: RULES.to_owned(),
        };
        let rules = load_rules(&[file]).unwrap();
        let tally = Tally {
            missing: vec![vec![("sub".to_owned(), 3)]],
            no_address: vec![vec![("ip".to_owned(), 4)]],
            ..Tally::default()
        };
        let told: Vec<_> = unused(&rules, &tally)
            .map(|it| (it.rule, it.field, it.hits))
            .collect();
        assert_eq!(
            told,
            [("often_refused", "sub", 3), ("often_refused", "ip", 4)]
        );
        assert_eq!(hits_without_group(&tally), 7);
    }
}
