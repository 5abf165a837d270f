//! What a rule file gets wrong, with the place to look at.

use std::fmt;

/// A rule file as the shell read it.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// As the author would write it; it leads every message.
    pub path: String,
    pub text: String,
}

/// What says of a recording what it must show; where recordings lie beside rules, it is no rule file.
pub const EXPECTED: &str = "expected.yaml";

/// The name of the file that has the exact numbers of a recording; it holds no rule, either.
pub const EXACT: &str = "exact.yaml";

/// Whether a file of that name, without folders, is a rule file.
pub fn is_rule_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ![EXPECTED, EXACT].contains(&name) && (lower.ends_with(".yml") || lower.ends_with(".yaml"))
}

/// Whether a file of that name, without folders, is a database of places.
pub fn is_database(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".mmdb")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The rule set is refused.
    Error,
    /// The rule set runs, though perhaps not as meant.
    Warning,
}

/// One mistake. Its message is lowercase, names the value and says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct RuleProblem {
    pub path: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1; known where the YAML itself is broken.
    pub column: Option<u32>,
    pub severity: Severity,
    pub message: String,
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        match self.severity {
            Severity::Error => write!(f, ": {}", self.message),
            Severity::Warning => write!(f, ": warning: {}", self.message),
        }
    }
}

/// Collects the problems of one file.
#[derive(Debug)]
pub(crate) struct Reporter<'f> {
    path: &'f str,
    problems: Vec<RuleProblem>,
}

impl<'f> Reporter<'f> {
    pub(crate) fn new(path: &'f str) -> Self {
        Self {
            path,
            problems: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &'f str {
        self.path
    }

    pub(crate) fn error(&mut self, line: u32, message: impl Into<String>) {
        self.push(line, None, Severity::Error, message.into());
    }

    pub(crate) fn error_at(&mut self, line: u32, column: u32, message: impl Into<String>) {
        self.push(line, Some(column), Severity::Error, message.into());
    }

    pub(crate) fn warning(&mut self, line: u32, message: impl Into<String>) {
        self.push(line, None, Severity::Warning, message.into());
    }

    fn push(&mut self, line: u32, column: Option<u32>, severity: Severity, message: String) {
        self.problems.push(RuleProblem {
            path: self.path.to_owned(),
            line,
            column,
            severity,
            message,
        });
    }

    /// The number of problems so far: a mark for [`Reporter::errors_since`].
    pub(crate) fn mark(&self) -> usize {
        self.problems.len()
    }

    pub(crate) fn errors_since(&self, mark: usize) -> usize {
        let new = self.problems.iter().skip(mark);
        new.filter(|p| p.severity == Severity::Error).count()
    }

    /// Whether an earlier finding already speaks of this line.
    pub(crate) fn speaks_of(&self, line: u32) -> bool {
        self.problems.iter().any(|p| p.line == line)
    }

    pub(crate) fn into_problems(self) -> Vec<RuleProblem> {
        self.problems
    }
}

/// An error at a line.
pub(crate) fn problem(path: &str, line: u32, message: String) -> RuleProblem {
    RuleProblem {
        path: path.to_owned(),
        line,
        column: None,
        severity: Severity::Error,
        message,
    }
}
