//! Of which rules somebody is told: of detections that nothing refers to, and of correlations but for those that others
//! refer to.

use crate::draft::{AlertWish, CorrelationDraft, DetectionDraft, Target};
use crate::kind::WindowKind;
use crate::link::alert_link::own_correlation;
use crate::link::group_source::GroupLinker;
use crate::model::threat_list::ThreatList;
use crate::model::{CorrelationRule, Level, RuleMeta};
use crate::yaml::problem::{RuleProblem, Severity, problem};
use crate::yaml::reference::Reference;

pub(crate) struct PagingLinker<'l> {
    pub(crate) detections: &'l [DetectionDraft],
    pub(crate) correlations: &'l [CorrelationDraft],
    /// By correlation.
    pub(crate) inputs: &'l [Vec<Target>],
    /// What is evidence of a mitigation is counted, as what a correlation refers to is.
    pub(crate) threats: Option<&'l ThreatList>,
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
        for (ix, is_referred_to) in (0..).zip(&mut referred_to) {
            *is_referred_to |= self.threats.is_some_and(|list| list.counts(ix));
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
            let children: Vec<usize> = linked[parent].children().collect();
            for child in children {
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
        let said = self.said();
        let mut problems = Vec::new();
        for (parent, reference, target) in self.references() {
            let (is_said, path, fix) = match target {
                Target::Detection(ix) => (
                    said.detections[ix],
                    &self.detections[ix].meta.path,
                    "`vedette: {alert: true}` or `vedette: {alert: false}` in its file",
                ),
                Target::Correlation(ix) => (
                    said.correlations[ix],
                    &self.correlations[ix].meta.path,
                    "`generate: true` or `generate: false` here",
                ),
                Target::Filter | Target::Broken(_) | Target::Nowhere => continue,
            };
            if is_said {
                continue;
            }
            let message = format!(
                "`{}` of {path} does not page any more, since this rule refers to it: write {fix}",
                reference.text
            );
            problems.push(RuleProblem {
                severity: Severity::Warning,
                ..problem(&parent.meta.path, reference.line, message)
            });
        }
        problems
    }

    /// `generate: true` where no correlation is referred to.
    pub(crate) fn nothing_to_generate(&self) -> Vec<RuleProblem> {
        let parents = self.correlations.iter().zip(self.inputs);
        let vain = parents.filter(|(parent, targets)| {
            let of_detections = targets.iter().all(|t| matches!(t, Target::Detection(_)));
            parent.generate == Some(true) && of_detections
        });
        let doubt = |(parent, _): (&CorrelationDraft, _)| {
            let message = "`generate: true` is for correlations, and this one refers to detection rules alone: those page beside it by `vedette: {alert: true}` in each";
            RuleProblem {
                severity: Severity::Warning,
                ..problem(&parent.meta.path, parent.meta.line, message.to_owned())
            }
        };
        vain.map(doubt).collect()
    }

    fn said(&self) -> Said {
        // What is informational is written for others to refer to.
        let of_itself = |draft: &DetectionDraft| {
            !matches!(draft.alert, AlertWish::Unsaid)
                || draft.meta.level == Some(Level::Informational)
        };
        let mut said = Said {
            detections: self.detections.iter().map(of_itself).collect(),
            correlations: vec![false; self.correlations.len()],
        };
        for (parent, _, target) in self.references() {
            let is_here = |meta: &RuleMeta| parent.meta.path == meta.path;
            match target {
                Target::Detection(ix) => {
                    said.detections[ix] |= is_here(&self.detections[ix].meta);
                }
                Target::Correlation(ix) => {
                    said.correlations[ix] |=
                        parent.generate.is_some() || is_here(&self.correlations[ix].meta);
                }
                Target::Filter | Target::Broken(_) | Target::Nowhere => {}
            }
        }
        said
    }

    /// Each correlation with each of its references, and what that is.
    fn references(&self) -> impl Iterator<Item = (&CorrelationDraft, &Reference, Target)> {
        let parents = self.correlations.iter().zip(self.inputs);
        parents.flat_map(|(parent, targets)| {
            let references = parent.inputs.iter().zip(targets);
            references.map(move |(reference, target)| (parent, reference, *target))
        })
    }
}

/// Of which rules somebody has said whether they page, or can see in their file that they do not.
struct Said {
    detections: Vec<bool>,
    correlations: Vec<bool>,
}
