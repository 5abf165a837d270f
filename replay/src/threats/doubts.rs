//! What is wrong or doubtful about the list of threats beside its models, and on a day: for `replay check`, too.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use chrono::{DateTime, NaiveDate};
use detector_core::rule::{RuleProblem, RuleSet, Severity, ThreatList, nearest};

use super::model::{Kind, Model};

/// The model beside a list of threats.
const MODEL: &str = "threat_model.json";

/// Where models are looked for when none is named: beside the list.
pub(crate) fn beside(list: &ThreatList) -> Vec<PathBuf> {
    let folder = Path::new(&*list.path).parent().unwrap_or(Path::new(""));
    let path = folder.join(MODEL);
    path.is_file().then_some(path).into_iter().collect()
}

/// This day, in UTC.
pub(crate) fn today() -> anyhow::Result<NaiveDate> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok();
    let seconds = now.and_then(|now| i64::try_from(now.as_secs()).ok());
    let day = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok(day
        .context("the clock of this machine is wrong")?
        .date_naive())
}

/// All of it, of a rule set and the model beside its list. Nothing where there is no list.
pub(crate) fn of_rules(rules: &RuleSet, today: NaiveDate) -> Vec<RuleProblem> {
    let Some(list) = &rules.threats else {
        return Vec::new();
    };
    let (models, mut problems) = read(&beside(list));
    problems.extend(of_models(list, &models));
    problems.extend(of_day(list, today));
    problems
}

/// The models that can be read, and what is wrong with the others.
pub(super) fn read(paths: &[PathBuf]) -> (Vec<Model>, Vec<RuleProblem>) {
    let mut models = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match Model::read(path) {
            Ok(model) => models.push(model),
            Err(problem) => problems.push(problem),
        }
    }
    (models, problems)
}

/// Titles that name a threat that no list has; elements without a threat; threats that no model has.
pub(super) fn of_models(list: &ThreatList, models: &[Model]) -> Vec<RuleProblem> {
    let mut problems = Vec::new();
    let known = || list.threats.iter().map(|threat| &*threat.id);
    for model in models {
        let mut told = |line, severity, message| {
            problems.push(RuleProblem {
                path: model.path.display().to_string(),
                line,
                column: None,
                severity,
                message,
            });
        };
        for element in &model.elements {
            for placed in &element.threats {
                let unknown = placed.id.as_deref().filter(|id| list.threat(id).is_none());
                if let Some(id) = unknown {
                    let near = nearest(id, known(), |_| 1);
                    let near =
                        near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
                    told(
                        placed.line,
                        Severity::Error,
                        format!(
                            "the list of threats in {} has no `{id}`, which a threat at \"{}\" names{near}",
                            list.path, element.name
                        ),
                    );
                }
            }
        }
        for element in without_threat(model) {
            told(
                element.line,
                Severity::Warning,
                format!(
                    "no threat is listed at \"{}\": say what can go wrong there, or that it is out of scope",
                    element.name
                ),
            );
        }
    }
    if !models.is_empty() {
        let threats = list.threats.iter();
        let nowhere = threats.filter(|threat| !models.iter().any(|model| model.has(&threat.id)));
        problems.extend(nowhere.map(|threat| {
            let message = format!("no model has the threat `{}`", threat.id);
            warning(list, threat.line, message)
        }));
    }
    problems
}

/// Components in scope at which nothing is listed.
pub(super) fn without_threat(model: &Model) -> impl Iterator<Item = &super::model::Element> {
    let components = model.of_kind(Kind::Component);
    components.filter(|element| element.threats.is_empty() && element.out_of_scope.is_none())
}

/// Acceptances that have ended, and a review that is due.
pub(super) fn of_day(list: &ThreatList, today: NaiveDate) -> Vec<RuleProblem> {
    let mut problems = Vec::new();
    for threat in &list.threats {
        if let Some(accepted) = threat.accepted.as_ref().filter(|a| a.until < today) {
            let message = format!(
                "the acceptance of `{}` ended on {}: do something about it, or let {} renew it",
                threat.id, accepted.until, accepted.by
            );
            problems.push(warning(list, accepted.line, message));
        }
    }
    if let Some(review) = list.review.as_ref().filter(|review| review.due() < today) {
        let message = format!(
            "the review by {} of {} was good until {}: go through the list and the model again, and change `on`",
            review.by,
            review.on,
            review.due()
        );
        problems.push(warning(list, review.line, message));
    }
    problems
}

fn warning(list: &ThreatList, line: u32, message: String) -> RuleProblem {
    RuleProblem {
        path: list.path.to_string(),
        line,
        column: None,
        severity: Severity::Warning,
        message,
    }
}
