//! The list of threats and the rules: what each names of the other.

use std::sync::Arc;

use crate::draft::{Target, ThreatReference};
use crate::link::names::Names;
use crate::model::threat_list::{Evidence, ThreatList, id_and_title};
use crate::model::{RuleMeta, RuleSet};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{RuleProblem, Severity, problem};
use crate::yaml::reference::Reference;

/// Resolves what the list names, and tells what leads nowhere: within it, to rules, and from rules to it.
pub(crate) fn link(
    list: &mut ThreatList,
    references: &[ThreatReference],
    names: &Names,
    problems: &mut Vec<RuleProblem>,
) {
    let path = list.path.clone();
    let threats: Vec<String> = list.threats.iter().map(|t| t.id.clone()).collect();
    let mitigations: Vec<String> = list.mitigations.iter().map(|m| m.id.clone()).collect();
    for named in list.threats.iter().flat_map(|threat| &threat.mitigations) {
        problems.extend(unknown(&path, named, "mitigation", &mitigations));
    }
    for named in list.questions.iter().flat_map(|question| &question.threats) {
        problems.extend(unknown(&path, named, "threat", &threats));
    }
    for mitigation in &mut list.mitigations {
        for evidence in [&mut mitigation.seen_by, &mut mitigation.broken_by] {
            resolve(evidence, &path, names, problems);
        }
    }
    for ThreatReference { path, threat } in references {
        let (id, title) = id_and_title(&threat.text);
        let named = Reference {
            text: id.to_owned(),
            line: threat.line,
        };
        let missing = unknown(path, &named, "threat", &threats);
        let listed = list.threat(id).map(|threat| &*threat.title);
        if let (Some(title), Some(listed)) = (title, listed)
            && title != listed
        {
            let message = format!(
                "the threat `{id}` is \"{listed}\" in {}, and \"{title}\" here: write `{id}` alone",
                list.path
            );
            problems.push(RuleProblem {
                severity: Severity::Warning,
                ..problem(path, threat.line, message)
            });
        }
        problems.extend(missing);
    }
    problems.extend(idle(list));
}

fn unknown(path: &str, named: &Reference, what: &str, known: &[String]) -> Option<RuleProblem> {
    if known.contains(&named.text) {
        return None;
    }
    let hint = suggestion(&named.text, known.iter().map(String::as_str));
    let known = match known {
        [] => "it has none".to_owned(),
        known => format!("known are {}", known.join(", ")),
    };
    let message = format!(
        "the list of threats has no {what} `{}`{hint}; {known}",
        named.text
    );
    Some(problem(path, named.line, message))
}

fn resolve(evidence: &mut Evidence, path: &str, names: &Names, problems: &mut Vec<RuleProblem>) {
    for named in &evidence.named {
        let message = match names.find(&named.text) {
            Some(Target::Detection(ix)) => {
                evidence.rules.extend(u32::try_from(ix));
                continue;
            }
            Some(Target::Correlation(_)) => format!(
                "`{}` is a correlation rule: a mitigation is seen in single events, name a detection rule",
                named.text
            ),
            // What is broken has been reported.
            Some(_) => continue,
            None => names.unknown(&named.text),
        };
        problems.push(problem(path, named.line, message));
    }
}

/// Mitigations that no threat names: they do nothing here.
fn idle(list: &ThreatList) -> Vec<RuleProblem> {
    let is_named = |id: &str| {
        let mut named = list.threats.iter().flat_map(|threat| &threat.mitigations);
        named.any(|reference| reference.text == id)
    };
    let idle = list.mitigations.iter().filter(|m| !is_named(&m.id));
    let doubt = |of: &crate::model::threat_list::Mitigation| RuleProblem {
        severity: Severity::Warning,
        ..problem(
            &list.path,
            of.line,
            format!("no threat names the mitigation `{}`", of.id),
        )
    };
    idle.map(doubt).collect()
}

/// Lets rules say the threat as the list does, and what is done about it.
pub(crate) fn tell_rules(list: &ThreatList, set: &mut RuleSet) {
    let metas = set.detections.iter_mut().map(|rule| &mut rule.meta);
    let others = set.correlations.iter_mut().map(|rule| &mut rule.meta);
    for meta in metas.chain(others) {
        tell(list, meta);
    }
}

fn tell(list: &ThreatList, meta: &mut RuleMeta) {
    let named = meta.threat.as_deref().map(id_and_title);
    let Some(threat) = named.and_then(|(id, _)| list.threat(id)) else {
        return;
    };
    let mitigations = threat.mitigations.iter();
    let mitigations = mitigations.filter_map(|of| list.mitigation(&of.text));
    meta.mitigations = mitigations.map(|of| Arc::from(of.shown())).collect();
    meta.threat = Some(format!("{}: {}", threat.id, threat.title));
}
