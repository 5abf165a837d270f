//! Which rules page somebody, and why the others do not.

use detector_core::rule::{DetectionIx, InputRule, RuleMeta, RuleSet};

/// What becomes of the hits or episodes of a rule.
pub(super) struct Paging<'r> {
    pub(super) rule: &'r str,
    /// The rules that see it instead of a person; empty where it pages, or where its file says `alert: false`.
    pub(super) seen_by: Vec<&'r str>,
    pub(super) pages: bool,
}

/// Of each rule, detections first, in the order of the files.
pub(super) fn of_rules(rules: &RuleSet) -> Vec<Paging<'_>> {
    let seen_by = |wanted: InputRule| {
        let refers = |inputs: &[detector_core::rule::CorrelationInput]| {
            inputs.iter().any(|input| input.rule == wanted)
        };
        let parents = rules.correlations.iter();
        parents
            .filter(|parent| parent.stands_for.is_none() && refers(&parent.inputs))
            .map(|parent| name(&parent.meta))
            .collect::<Vec<_>>()
    };
    let stands_for = |ix| {
        rules
            .correlations
            .iter()
            .any(|own| own.stands_for == Some(ix))
    };
    let detections = (0..).map(DetectionIx).zip(&rules.detections);
    let detections = detections.map(|(ix, rule)| Paging {
        rule: name(&rule.meta),
        seen_by: seen_by(InputRule::Detection(ix)),
        pages: stands_for(ix),
    });
    let correlations = (0..)
        .map(detector_core::rule::CorrelationIx)
        .zip(&rules.correlations);
    let correlations = correlations
        .filter(|(_, rule)| rule.stands_for.is_none())
        .map(|(ix, rule)| Paging {
            rule: name(&rule.meta),
            seen_by: seen_by(InputRule::Correlation(ix)),
            pages: rule.pages,
        });
    detections.chain(correlations).collect()
}

/// As people call it: its title, where it has no name.
fn name(meta: &RuleMeta) -> &str {
    meta.name.as_deref().unwrap_or(&meta.title)
}

/// `pages: one, two` and `silent: three (seen by one)`; a line is left out where it names no rule.
pub(super) fn lines(rules: &RuleSet) -> Vec<String> {
    let (pages, silent): (Vec<_>, Vec<_>) = of_rules(rules).into_iter().partition(|p| p.pages);
    let pages: Vec<String> = pages.iter().map(|paging| paging.rule.to_owned()).collect();
    let silent = silent.iter().map(|paging| match paging.seen_by.as_slice() {
        [] => format!("{} (alert: false)", paging.rule),
        seen_by => format!("{} (seen by {})", paging.rule, seen_by.join(", ")),
    });
    let lines = [("pages", pages), ("silent", silent.collect())];
    let named = lines.into_iter().filter(|(_, names)| !names.is_empty());
    named
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect()
}
