//! The findings of a check as one JSON object.

use detector_core::rule::{RuleProblem, Severity};
use serde_json::{Value, json};

use super::against::Fate;
use super::paging::{Paging, of_rules};
use super::{Checked, correlations, count_of};

pub(super) fn object(checked: &Checked<'_>) -> Value {
    let mut object = of_rule_set(checked);
    if let Some(fates) = &checked.fates {
        object["against"] = fates.iter().map(Fate::object).collect();
    }
    object
}

fn of_rule_set(checked: &Checked<'_>) -> Value {
    let rules = checked.loaded.as_ref().map(|rules| {
        json!({
            "detections": rules.detections.len(),
            "correlations": correlations(rules),
            "filters": rules.filters.len(),
            "allowlists": rules.allowlists.len(),
            "paging": of_rules(rules).iter().map(paging).collect::<Vec<_>>(),
        })
    });
    json!({
        "files": checked.files,
        "errors": count_of(&checked.problems, Severity::Error),
        "warnings": count_of(&checked.problems, Severity::Warning),
        // Null where there is an error.
        "rules": rules,
        "problems": checked.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn paging(paging: &Paging<'_>) -> Value {
    json!({"rule": paging.rule, "pages": paging.pages, "seen_by": paging.seen_by})
}

fn problem(problem: &RuleProblem) -> Value {
    json!({
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "severity": severity(problem.severity),
        "message": problem.message,
    })
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
