//! Correlations that are made of others: an alert and the condition that it cannot be without are one attack, also where
//! nothing that either names would link them.

use std::collections::BTreeMap;
use std::sync::Arc;

use detector_rule::{
    CorrelationRule, EntityRole, EntitySource, FieldSource, InputRule, NetworkPrefix, RuleSet,
};

/// A correlation that a rule is, or is made of, and where the values of its group stand in the group of the rule.
#[derive(Debug, Clone)]
struct Part {
    id: Arc<str>,
    places: Vec<usize>,
}

/// By the id of a rule: what it is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compositions(BTreeMap<Arc<str>, Vec<Part>>);

impl Compositions {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut all: Vec<Vec<Part>> = Vec::with_capacity(rules.correlations.len());
        for rule in &rules.correlations {
            let mut parts = vec![Part {
                id: Arc::clone(&rule.meta.id),
                places: (0..rule.group_by.len()).collect(),
            }];
            parts.extend(inherited(rules, rule, &all));
            all.push(parts);
        }
        let named = rules
            .correlations
            .iter()
            .zip(all)
            .filter_map(|(rule, mut parts)| {
                let is_made_of = |at: &usize| is_somebody(rule, *at);
                parts.retain(|part| part.places.iter().any(is_made_of));
                let stands_alone = rule.parents.is_empty() && parts.len() < 2;
                (!stands_alone && !parts.is_empty()).then(|| (Arc::clone(&rule.meta.id), parts))
            });
        Self(named.collect())
    }

    /// Each part of the rule, by its id, with the values of its group, where `values` are those of the rule's.
    pub(crate) fn groups_of<'a>(
        &'a self,
        rule: &CorrelationRule,
        values: &'a [Box<str>],
    ) -> impl Iterator<Item = (Arc<str>, Vec<Box<str>>)> + 'a {
        let parts = self.0.get(&rule.meta.id).into_iter().flatten();
        parts.filter_map(|part| {
            let group: Option<Vec<Box<str>>> = part
                .places
                .iter()
                .map(|at| values.get(*at).cloned())
                .collect();
            Some((Arc::clone(&part.id), group?))
        })
    }
}

/// What the correlations are made of that the rule refers to and cannot be without, where its group says which group of
/// theirs that is. `all`: what the rules before it are made of.
fn inherited(rules: &RuleSet, rule: &CorrelationRule, all: &[Vec<Part>]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (at, input) in rule.inputs.iter().enumerate() {
        let InputRule::Correlation(child) = input.rule else {
            continue;
        };
        if !rule.window.needs(at) {
            continue;
        }
        let prefixes = &rules.correlations[child.0 as usize].prefixes;
        let place_of = |theirs: &usize| {
            let is_it = |(source, prefix): (&FieldSource, &Option<NetworkPrefix>)| {
                *source == FieldSource::ChildGroup(*theirs) && *prefix == prefixes[*theirs]
            };
            input.group_by.iter().zip(&rule.prefixes).position(is_it)
        };
        parts.extend(all[child.0 as usize].iter().filter_map(|part| {
            let places: Option<Vec<usize>> = part.places.iter().map(place_of).collect();
            let id = Arc::clone(&part.id);
            Some(Part {
                id,
                places: places?,
            })
        }));
    }
    parts
}

/// Whether the group's value there is somebody or something, not a place that everybody shares.
fn is_somebody(rule: &CorrelationRule, at: usize) -> bool {
    let mut entities = rule.entities.iter();
    entities.any(|of| of.source == EntitySource::Group(at) && of.role != EntityRole::Scope)
}
