//! Of which rules somebody is told: of detections that nothing refers to, and of correlations but for those that others
//! refer to.

use crate::draft::{AlertWish, CorrelationDraft, DetectionDraft, Target};
use crate::kind::WindowKind;
use crate::link::alert_link::own_correlation;
use crate::link::group_source::GroupLinker;
use crate::model::{CorrelationInput, CorrelationRule, InputRule, Level};
use crate::yaml::problem::{RuleProblem, Severity, problem};

pub(crate) struct PagingLinker<'l> {
    pub(crate) detections: &'l [DetectionDraft],
    pub(crate) correlations: &'l [CorrelationDraft],
    /// By correlation.
    pub(crate) inputs: &'l [Vec<Target>],
}

impl PagingLinker<'_> {
    /// The correlations that detection rules stand for.
    pub(crate) fn own_correlations(
        &self,
        types: &[WindowKind],
        linker: &mut GroupLinker<'_>,
    ) -> Vec<CorrelationRule> {
        let mut referred_to = vec![false; self.detections.len()];
        for target in self.inputs.iter().flatten() {
            if let Target::Detection(ix) = *target {
                referred_to[ix] = true;
            }
        }
        let drafts = self.detections.iter().zip(referred_to).enumerate();
        drafts
            .filter_map(|(ix, (draft, is_referred_to))| {
                let own = own_correlation(draft, is_referred_to, types)?;
                Some(linker.own(&own, (ix, draft)))
            })
            .collect()
    }

    /// Lets the children of correlations page only where one of those says `generate: true`.
    pub(crate) fn silence(&self, linked: &mut [CorrelationRule], places: &[Option<usize>]) {
        let mut asked = vec![false; linked.len()];
        for (draft, place) in self.correlations.iter().zip(places) {
            let Some(parent) = *place else { continue };
            for child in children(&linked[parent]) {
                linked[child].pages = false;
                asked[child] |= draft.generate == Some(true);
            }
        }
        for (rule, asked) in linked.iter_mut().zip(asked) {
            rule.pages |= asked;
        }
    }

    /// Rules that no longer page because rules of other files refer to them, which their own file does not show.
    pub(crate) fn silenced_elsewhere(&self) -> Vec<RuleProblem> {
        let mut problems = Vec::new();
        for (parent, targets) in self.correlations.iter().zip(self.inputs) {
            for (reference, target) in parent.inputs.iter().zip(targets) {
                let Some((path, fix)) = self.silenced(*target) else {
                    continue;
                };
                let message = format!(
                    "`{}` of {path} does not page any more, since this rule refers to it: write {fix}",
                    reference.text
                );
                problems.push(RuleProblem {
                    severity: Severity::Warning,
                    ..problem(&parent.meta.path, reference.line, message)
                });
            }
        }
        problems
    }

    /// The file of a rule that somebody may miss, and what says that nobody does.
    fn silenced(&self, target: Target) -> Option<(&str, &'static str)> {
        let mut is_said = false;
        let (meta, fix) = match target {
            Target::Detection(ix) => {
                let draft = &self.detections[ix];
                // What is informational is written for others to refer to.
                is_said |= !matches!(draft.alert, AlertWish::Unsaid)
                    || draft.meta.level == Some(Level::Informational);
                let fix = "`vedette: {alert: true}` or `vedette: {alert: false}` in its file";
                (&draft.meta, fix)
            }
            Target::Correlation(ix) => {
                let fix = "`generate: true` or `generate: false` here";
                (&self.correlations[ix].meta, fix)
            }
            Target::Filter | Target::Broken(_) | Target::Nowhere => return None,
        };
        let parents = self.correlations.iter().zip(self.inputs);
        for (parent, _) in parents.filter(|(_, targets)| targets.contains(&target)) {
            let generates = matches!(target, Target::Correlation(_)) && parent.generate.is_some();
            is_said |= generates || parent.meta.path == meta.path;
        }
        (!is_said).then_some((&meta.path, fix))
    }
}

/// The places of the correlations that a correlation refers to.
fn children(rule: &CorrelationRule) -> Vec<usize> {
    let child = |input: &CorrelationInput| match input.rule {
        InputRule::Correlation(child) => Some(child.0 as usize),
        InputRule::Detection(_) => None,
    };
    rule.inputs.iter().filter_map(child).collect()
}
