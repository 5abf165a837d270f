//! The Sigma parser and its linter have their say of a document, on lines of which nothing has been said.

use rsigma_parser::{
    LintRule, Severity as LintSeverity, SigmaCollection, lint_yaml_str, parse_sigma_yaml,
};

use crate::read::condition_text::conditions_are_small;
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_fault::explain;
use crate::yaml::yaml_tree::Node;

/// What the parser says of a bound of a correlation that is no whole number. Bounds are read here; those of sums and
/// the like may have decimals.
const NO_WHOLE_NUMBER: &str = "requires a numeric value";

/// Lets linter and parser have their say of a document, given as its text and the line of the file that it begins at.
/// What the parser could not read is missing in the collection.
pub(super) fn parsed(
    (text, first_line): (&str, u32),
    root: &Node,
    mark: usize,
    out: &mut Reporter<'_>,
) -> Option<SigmaCollection> {
    lint(text, first_line, root, out);
    if !conditions_are_small(root) {
        return None;
    }
    let collection = match parse_sigma_yaml(text) {
        Ok(collection) => collection,
        Err(error) => {
            if out.errors_since(mark) == 0 {
                out.error(root.line, tidy(&error.to_string()));
            }
            return None;
        }
    };
    // The parser gives no positions; where something else is known to be wrong, it says the same again.
    if out.errors_since(mark) == 0 {
        let own = |error: &&String| !error.contains(NO_WHOLE_NUMBER);
        for error in collection.errors.iter().filter(own) {
            let Some(key) = described(error) else {
                out.error(root.line, tidy(error));
                continue;
            };
            let line = root.line_of(key);
            if !out.speaks_of(line) {
                out.warning(line, tidy(error));
            }
        }
    }
    Some(collection)
}

fn lint(text: &str, first_line: u32, root: &Node, out: &mut Reporter<'_>) {
    for finding in lint_yaml_str(text) {
        let line = root.line_of(&finding.path);
        if is_checked_here(finding.rule)
            || out.speaks_of(line) && finding.path.len() > 1 && line != root.line
        {
            continue;
        }
        if finding.rule == LintRule::YamlParseError {
            // Two readers of YAML differ at its edges, tabs above all.
            let (line, column) = finding.span.map_or((0, 0), |span| {
                (span.start_line as usize, span.start_col as usize)
            });
            let said = finding.message.trim_start_matches("YAML parse error: ");
            let said = said.split(" at line ").next().unwrap_or(said);
            let fault = explain(text, line + 1, column, said);
            let line = u32::try_from(fault.line).unwrap_or(u32::MAX);
            let column = u32::try_from(fault.column).unwrap_or(u32::MAX);
            out.error_at(first_line + line - 1, column, fault.message);
            continue;
        }
        let message = tidy(&finding.message);
        match finding.severity {
            LintSeverity::Error if !describes_only(&finding.path) => out.error(line, message),
            LintSeverity::Error | LintSeverity::Warning => out.warning(line, message),
            LintSeverity::Info | LintSeverity::Hint => {}
        }
    }
}

/// Keys of a rule that change neither what it matches nor how an alert of it is sorted: where one is odd, the rule is
/// as good.
const DESCRIBING: [&str; 13] = [
    "author",
    "date",
    "description",
    "falsepositives",
    "fields",
    "license",
    "modified",
    "references",
    "related",
    "scope",
    "status",
    "tags",
    "taxonomy",
];

/// Whether a finding at this path, such as `/tags/0`, is of such a key.
fn describes_only(path: &str) -> bool {
    let key = path.split('/').nth(1).unwrap_or_default();
    DESCRIBING.contains(&key)
}

/// The describing key that the parser finds fault with: `invalid status: …`, `related[0] …`, `'related' must be …`.
fn described(error: &str) -> Option<&'static str> {
    DESCRIBING.into_iter().find(|key| {
        let begins = |text: &str| error.trim_start_matches('\'').starts_with(text);
        begins(&format!("invalid {key}:"))
            || begins(&format!("{key}["))
            || begins(&format!("{key}'"))
    })
}

/// Findings that Vedette makes itself, and with fewer false alarms.
fn is_checked_here(rule: LintRule) -> bool {
    matches!(
        rule,
        // Reads `any of them` and names with a hyphen as unknown names.
        LintRule::ConditionReferencesUnknown
            // Takes no notice of `vedette`.
            | LintRule::UnknownKey
            // Sigma leaves `group-by` out for one group of all events.
            | LintRule::MissingGroupBy
            | LintRule::IncompatibleModifiers
            | LintRule::EmptyValueList
            | LintRule::SingleValueAllModifier
            | LintRule::MissingCorrelationCondition
            | LintRule::MissingConditionField
            | LintRule::InvalidConditionOperator
            | LintRule::ConditionValueNotNumeric
            | LintRule::EmptyCorrelationRules
            | LintRule::MissingCorrelationRules
            | LintRule::InvalidCorrelationType
            | LintRule::MissingCorrelationType
            | LintRule::MissingCorrelationTimespan
            | LintRule::InvalidTimespanFormat
            | LintRule::MissingFilterRules
            | LintRule::EmptyFilterRules
            | LintRule::MissingFilterSelection
            | LintRule::MissingFilterCondition
            | LintRule::MissingCondition
            | LintRule::MissingDetection
            | LintRule::EmptyDetection
            | LintRule::MissingTitle
            | LintRule::EmptyTitle
            | LintRule::DeprecatedAggregationSyntax
            | LintRule::UnsupportedSigmaVersion
            | LintRule::ArrayMatchingWithoutVersion
    )
}

/// A foreign message in the house style: one line, lowercase start, backticks, no final stop.
fn tidy(message: &str) -> String {
    let line = message
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('.')
        .replace(['"', '\''], "`");
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => line,
    }
}
