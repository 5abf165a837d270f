//! The findings of a check as a SARIF log.
//!
//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use detector_core::rule::RuleProblem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Checked;
use super::against::Fate;
use super::json::severity;

pub(super) fn log(checked: &Checked<'_>) -> Value {
    let problems = checked.problems.iter().map(of_problem);
    let notes = checked.fates.iter().flatten().filter_map(note);
    let kinds = [
        ("error", "The rule set is refused."),
        ("warning", "The rule set runs, though perhaps not as meant."),
        ("note", "What becomes of the state that is in service."),
    ];
    let kinds = kinds.map(|(id, text)| json!({"id": id, "shortDescription": {"text": text}}));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "replay check", "version": env!("CARGO_PKG_VERSION"), "rules": kinds}},
            "results": problems.chain(notes).collect::<Vec<_>>(),
        }],
    })
}

fn of_problem(problem: &RuleProblem) -> Value {
    let mut region = json!({"startLine": problem.line});
    if let Some(column) = problem.column {
        region["startColumn"] = column.into();
    }
    let severity = severity(problem.severity);
    result(severity, &problem.message, (&problem.path, region))
}

fn note(fate: &Fate<'_>) -> Option<Value> {
    let region = json!({"startLine": fate.rule.line});
    Some(result("note", &fate.told()?, (&fate.rule.path, region)))
}

fn result(level: &str, message: &str, (path, region): (&str, Value)) -> Value {
    json!({
        "ruleId": level,
        "level": level,
        "message": {"text": message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(path)},
            "region": region,
        }}],
    })
}

/// What stays as it is in a path of a URI (RFC 3986), beside letters and digits.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'/')
    .remove(b'_')
    .remove(b'~');

/// A path as a relative reference, or as a `file` URI.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path, PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("rules/a b/ü.yml"), "rules/a%20b/%C3%BC.yml");
        assert_eq!(uri("/tmp/a:b#c.yml"), "file:///tmp/a%3Ab%23c.yml");
    }
}
