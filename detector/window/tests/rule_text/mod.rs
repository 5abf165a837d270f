//! Text of rules to rules, and problems to text: what all tests of rules share.
#![allow(dead_code, reason = "each test file uses its part")]

use detector_rule::{RuleFile, RuleProblem, RuleSet, WindowKind};

pub(crate) fn load(yaml: &str, types: &'static [WindowKind]) -> RuleSet {
    match RuleSet::load(&[file("rules/test.yml", yaml)], types) {
        Ok(set) => set,
        Err(problems) => panic!("{}\n{yaml}", show(&problems)),
    }
}

pub(crate) fn file(path: &str, text: &str) -> RuleFile {
    RuleFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

pub(crate) fn show(problems: &[RuleProblem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A rule whose detection section is `detection`, indented by two.
pub(crate) fn rule(detection: &str) -> String {
    let indented: String = detection
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    format!("title: Test rule\nlogsource:\n  product: aws\ndetection:\n{indented}")
}
