//! The lists that detection rules refer to.

use detector_event::field::FieldTable;

use crate::draft::DetectionDraft;
use crate::model::Allowance;
use crate::model::allowlist::Allowlist;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{RuleProblem, Severity};

pub(crate) struct AllowLinker<'l> {
    lists: &'l [Allowlist],
}

impl<'l> AllowLinker<'l> {
    pub(crate) fn new(lists: &'l [Allowlist]) -> Self {
        Self { lists }
    }

    /// The lists of one rule; what is not there is reported.
    pub(crate) fn link(
        &self,
        draft: &DetectionDraft,
        fields: &mut FieldTable,
        problems: &mut Vec<RuleProblem>,
    ) -> Vec<Allowance> {
        let mut allow = Vec::new();
        for wanted in &draft.allow {
            let name = wanted.list.text.as_str();
            let Some(list) = self.lists.iter().position(|list| *list.name == *name) else {
                let hint = suggestion(name, self.lists.iter().map(|list| &*list.name));
                problems.push(RuleProblem {
                    path: draft.meta.path.to_string(),
                    line: wanted.list.line,
                    column: None,
                    severity: Severity::Error,
                    message: format!("no allowlist has the list `{name}`{hint}"),
                });
                continue;
            };
            let slots = wanted.fields.iter().map(|field| fields.slot(&field.text));
            allow.push(Allowance {
                list,
                fields: slots.collect(),
            });
        }
        allow
    }

    /// Warns of lists to which no rule refers.
    pub(crate) fn doubt_unused(&self, allow: &[Vec<Allowance>], problems: &mut Vec<RuleProblem>) {
        for (at, list) in self.lists.iter().enumerate() {
            if allow.iter().flatten().all(|allow| allow.list != at) {
                problems.push(RuleProblem {
                    path: list.path.to_string(),
                    line: list.line,
                    column: None,
                    severity: Severity::Warning,
                    message: format!(
                        "no rule refers to the list `{}`: name it under `vedette.allow` of a detection rule",
                        list.name
                    ),
                });
            }
        }
    }
}
