//! Which rules page somebody, and why the others do not.

use detector_core::rule::{DetectionIx, InputRule, RuleMeta, RuleSet};

/// What becomes of the hits or episodes of a rule.
pub(super) struct Paging<'r> {
    pub(super) rule: &'r str,
    /// The rules that see it instead of a person; empty where it pages, or where its file says `alert: false`.
    pub(super) seen_by: Vec<&'r str>,
    /// The mitigations of which its hits are evidence.
    pub(super) counted_for: Vec<&'r str>,
    pub(super) pages: bool,
}

/// Of each rule, detections first, in the order of the files.
pub(super) fn of_rules(rules: &RuleSet) -> Vec<Paging<'_>> {
    let detections = (0..).zip(&rules.detections);
    let mut detections: Vec<_> = detections
        .map(|(ix, rule)| Paging {
            rule: name(&rule.meta),
            seen_by: Vec::new(),
            counted_for: mitigations(rules, ix),
            pages: false,
        })
        .collect();
    let mut correlations = Vec::new();
    for rule in &rules.correlations {
        if let Some(DetectionIx(own)) = rule.stands_for {
            detections[own as usize].pages = true;
            continue;
        }
        for input in &rule.inputs {
            if let InputRule::Detection(DetectionIx(seen)) = input.rule {
                detections[seen as usize].seen_by.push(name(&rule.meta));
            }
        }
        let parents = rule.parents.iter();
        let parents = parents.map(|(parent, _)| &rules.correlations[parent.0 as usize].meta);
        correlations.push(Paging {
            rule: name(&rule.meta),
            seen_by: parents.map(name).collect(),
            counted_for: Vec::new(),
            pages: rule.pages,
        });
    }
    detections.into_iter().chain(correlations).collect()
}

fn mitigations(rules: &RuleSet, rule: u32) -> Vec<&str> {
    let all = rules
        .threats
        .iter()
        .flat_map(|list| list.mitigations.iter());
    let of_it =
        all.filter(|m| m.seen_by.rules.contains(&rule) || m.broken_by.rules.contains(&rule));
    of_it.map(|mitigation| &*mitigation.id).collect()
}

/// As people call it: its title, where it has no name.
pub(super) fn name(meta: &RuleMeta) -> &str {
    meta.name.as_deref().unwrap_or(&meta.title)
}

/// `pages: one, two` and `silent: three (seen by one)`; a line is left out where it names no rule.
pub(super) fn lines(rules: &RuleSet) -> Vec<String> {
    let (pages, silent): (Vec<_>, Vec<_>) = of_rules(rules).into_iter().partition(|p| p.pages);
    let pages: Vec<String> = pages.iter().map(|paging| paging.rule.to_owned()).collect();
    let silent = silent.iter().map(|paging| {
        match (paging.seen_by.as_slice(), paging.counted_for.as_slice()) {
            ([], []) => format!("{} (alert: false)", paging.rule),
            ([], ids) => format!("{} (evidence of {})", paging.rule, ids.join(", ")),
            (seen_by, _) => format!("{} (seen by {})", paging.rule, seen_by.join(", ")),
        }
    });
    let lines = [("pages", pages), ("silent", silent.collect())];
    let named = lines.into_iter().filter(|(_, names)| !names.is_empty());
    named
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect()
}
