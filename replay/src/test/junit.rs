//! The report as JUnit XML, as build servers read it: a suite for each family, a case for each recording.

use std::collections::BTreeMap;

use anyhow::Context;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::score::{Report, ScenarioScore};
use crate::output::printable::printable;

/// The whole document.
pub(crate) fn document(report: &Report) -> anyhow::Result<String> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for scenario in &report.scenarios {
        let suite = suites
            .entry(&scenario.family)
            .or_insert_with(|| TestSuite::new(&*printable(&scenario.family)));
        suite.add_test_case(case(scenario));
    }
    let mut document = quick_junit::Report::new("replay test");
    for suite in suites.into_values() {
        document.add_test_suite(suite);
    }
    document.to_string().context("cannot write JUnit XML")
}

fn case(scenario: &ScenarioScore) -> TestCase {
    let status = match scenario.passed {
        true => TestCaseStatus::success(),
        false => {
            let differences: Vec<String> = (scenario.differences.iter())
                .map(|difference| printable(&difference.to_string()).into_owned())
                .collect();
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(differences.first().cloned().unwrap_or_default())
                .set_type("expectation")
                .set_description(differences.join("\n"));
            status
        }
    };
    let mut case = TestCase::new(&*printable(&scenario.name), status);
    case.set_classname(&*printable(&scenario.family))
        .set_time(scenario.took);
    case
}
