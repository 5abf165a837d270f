//! Where each input of a correlation has the group-by and value fields: a field of its events, or a group value of a
//! child correlation.

use std::sync::Arc;

use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern};

use crate::field::FieldTable;

use super::draft::{CorrelationDraft, Reference, WindowDraft};
use super::link::{Names, Target, problem};
use super::model::*;
use super::problem::{RuleProblem, Severity};

/// An input that has been found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Resolved<'r> {
    Detection(usize),
    Correlation(usize, &'r CorrelationRule),
}

pub(super) struct GroupLinker<'l> {
    pub(super) names: &'l Names,
    pub(super) fields: &'l mut FieldTable,
    pub(super) problems: &'l mut Vec<RuleProblem>,
}

impl GroupLinker<'_> {
    pub(super) fn rule(
        &mut self,
        draft: &CorrelationDraft,
        targets: &[Target],
        resolved: &[Resolved<'_>],
    ) -> CorrelationRule {
        self.check_aliases(draft, targets);
        let mut inputs = Vec::with_capacity(draft.inputs.len());
        for ((reference, target), input) in draft.inputs.iter().zip(targets).zip(resolved) {
            inputs.push(self.input(draft, reference, *target, *input));
        }
        let window = self.window(draft, targets);
        CorrelationRule {
            meta: draft.meta.clone(),
            inputs,
            group_by: draft
                .group_by
                .iter()
                .map(|field| Arc::from(&*field.text))
                .collect(),
            timespan_ms: draft.timespan_ms,
            quiet_ms: draft.quiet_ms.unwrap_or(draft.timespan_ms),
            window,
        }
    }

    fn error(&mut self, draft: &CorrelationDraft, line: u32, message: String) {
        self.problems.push(problem(&draft.meta, line, message));
    }

    fn warning(&mut self, draft: &CorrelationDraft, line: u32, message: String) {
        self.problems.push(RuleProblem {
            severity: Severity::Warning,
            ..problem(&draft.meta, line, message)
        });
    }

    fn check_aliases(&mut self, draft: &CorrelationDraft, targets: &[Target]) {
        for alias in &draft.aliases {
            let used = draft
                .group_by
                .iter()
                .chain(&draft.value_fields)
                .any(|field| field.text == alias.name);
            // An alias without a use is a warning of its own; what it leaves out then does not matter.
            if !used {
                self.warning(
                    draft,
                    alias.line,
                    format!(
                        "alias `{}` is used neither in `group-by` nor as `field`",
                        alias.name
                    ),
                );
            }
            let mut named = Vec::new();
            for (rule, _) in &alias.fields {
                match self.names.find(&rule.text) {
                    None => self.error(draft, rule.line, self.names.unknown(&rule.text)),
                    Some(target) if !targets.contains(&target) => {
                        self.error(
                            draft,
                            rule.line,
                            format!(
                                "alias `{}` names the rule `{}`, which is not among `rules`",
                                alias.name, rule.text
                            ),
                        );
                    }
                    Some(target) if named.contains(&target) => {
                        self.error(
                            draft,
                            rule.line,
                            format!(
                                "alias `{}` names the rule `{}` twice",
                                alias.name, rule.text
                            ),
                        );
                    }
                    Some(target) => named.push(target),
                }
            }
            for (reference, _) in draft
                .inputs
                .iter()
                .zip(targets)
                .filter(|(_, target)| used && !named.contains(target))
            {
                self.warning(
                    draft,
                    alias.line,
                    format!(
                        "alias `{}` names no field of rule `{}`, whose field `{}` is taken",
                        alias.name, reference.text, alias.name
                    ),
                );
            }
        }
    }

    fn input(
        &mut self,
        draft: &CorrelationDraft,
        reference: &Reference,
        target: Target,
        input: Resolved<'_>,
    ) -> CorrelationInput {
        let mut sources = |fields: &[Reference]| -> Vec<FieldSource> {
            fields
                .iter()
                .filter_map(|field| self.source(draft, field, reference, target, input))
                .collect()
        };
        let group_by = sources(&draft.group_by);
        let value = sources(&draft.value_fields);
        let rule = match input {
            Resolved::Detection(ix) => InputRule::Detection(DetectionIx(small(ix))),
            Resolved::Correlation(ix, _) => InputRule::Correlation(CorrelationIx(small(ix))),
        };
        let numeric = !matches!(
            draft.window,
            WindowDraft::Ready(WindowSpec::ValueCount { .. })
        );
        if let (Resolved::Correlation(..), true, Some(field)) =
            (input, numeric, draft.value_fields.first())
        {
            let message = format!(
                "rule `{}` is a correlation, which has no events with numbers: only value_count can look at `{}`",
                reference.text, field.text
            );
            self.error(draft, field.line, message);
        }
        CorrelationInput {
            rule,
            reference: Arc::from(&*reference.text),
            group_by,
            value,
        }
    }

    /// Where `input` has the field or alias.
    fn source(
        &mut self,
        draft: &CorrelationDraft,
        field: &Reference,
        reference: &Reference,
        target: Target,
        input: Resolved<'_>,
    ) -> Option<FieldSource> {
        let alias = draft.aliases.iter().find(|alias| alias.name == field.text);
        let mapped = alias.and_then(|alias| {
            let own = alias
                .fields
                .iter()
                .find(|(rule, _)| self.names.find(&rule.text) == Some(target))?;
            Some(own.1.as_str())
        });
        let name = mapped.unwrap_or(&field.text);
        match input {
            Resolved::Detection(_) => Some(FieldSource::Event(self.fields.slot(name))),
            Resolved::Correlation(_, child) => {
                let place = child.group_by.iter().position(|own| &**own == name);
                if place.is_none() {
                    let has = match child.group_by.len() {
                        0 => "has no `group-by`".to_owned(),
                        _ => format!("is grouped by {}", child.group_by.join(", ")),
                    };
                    self.error(
                        draft,
                        field.line,
                        format!(
                            "`{name}` is no group-by field of the correlation `{}`, which {has}",
                            reference.text
                        ),
                    );
                }
                place.map(FieldSource::ChildGroup)
            }
        }
    }

    fn window(&mut self, draft: &CorrelationDraft, targets: &[Target]) -> WindowSpec {
        let count = u64::try_from(targets.len()).unwrap_or(u64::MAX);
        let presence = match &draft.window {
            WindowDraft::Ready(spec) => return spec.clone(),
            WindowDraft::TemporalAll => Presence::Count(Threshold(vec![(Comparison::Gte, count)])),
            WindowDraft::TemporalCount(threshold) => {
                if !(0..=count).any(|present| satisfied(threshold, present)) {
                    self.error(
                        draft,
                        draft.meta.line,
                        format!("the condition can never be true of {count} rules"),
                    );
                }
                Presence::Count(threshold.clone())
            }
            WindowDraft::TemporalExpr { expr, line } => match self.presence(expr, draft, targets) {
                Ok(presence) => presence,
                Err(message) => {
                    self.error(draft, *line, message);
                    Presence::And(Vec::new())
                }
            },
        };
        WindowSpec::Temporal { presence }
    }

    fn presence(
        &self,
        expr: &ConditionExpr,
        draft: &CorrelationDraft,
        targets: &[Target],
    ) -> Result<Presence, String> {
        let all = |parts: &[ConditionExpr]| {
            parts
                .iter()
                .map(|part| self.presence(part, draft, targets))
                .collect::<Result<Vec<_>, _>>()
        };
        match expr {
            ConditionExpr::And(parts) => Ok(Presence::And(all(parts)?)),
            ConditionExpr::Or(parts) => Ok(Presence::Or(all(parts)?)),
            ConditionExpr::Not(part) => Ok(Presence::Not(Box::new(
                self.presence(part, draft, targets)?,
            ))),
            ConditionExpr::Identifier(name) => match self
                .names
                .find(name)
                .and_then(|target| targets.iter().position(|t| *t == target))
            {
                Some(place) => Ok(Presence::Input(place)),
                None => Err(format!(
                    "the condition names `{name}`, which is not among `rules`"
                )),
            },
            ConditionExpr::Selector {
                quantifier,
                pattern,
            } => self.selected(quantifier, pattern, draft),
        }
    }

    fn selected(
        &self,
        quantifier: &Quantifier,
        pattern: &SelectorPattern,
        draft: &CorrelationDraft,
    ) -> Result<Presence, String> {
        let named: Vec<usize> = (0..draft.inputs.len())
            .filter(|&ix| match pattern {
                SelectorPattern::Them => true,
                SelectorPattern::Pattern(_) => {
                    pattern.matches_detection_name(&draft.inputs[ix].text)
                }
            })
            .collect();
        let everything = named.len() == draft.inputs.len();
        match quantifier {
            _ if named.is_empty() => {
                Err(format!("`{quantifier} of {pattern}` names none of `rules`"))
            }
            Quantifier::Any => Ok(Presence::Or(
                named.into_iter().map(Presence::Input).collect(),
            )),
            Quantifier::All => Ok(Presence::And(
                named.into_iter().map(Presence::Input).collect(),
            )),
            Quantifier::Count(n) if *n >= 1 && everything && *n <= named.len() as u64 => {
                Ok(Presence::Count(Threshold(vec![(Comparison::Gte, *n)])))
            }
            Quantifier::Count(_) => Err(format!(
                "`{quantifier} of {pattern}` cannot be counted, write a number of `them` up to {}",
                draft.inputs.len()
            )),
        }
    }
}

fn small(ix: usize) -> u32 {
    u32::try_from(ix).expect("fewer than 2^32 rules")
}

fn satisfied(threshold: &Threshold, count: u64) -> bool {
    threshold
        .0
        .iter()
        .all(|(comparison, bound)| match comparison {
            Comparison::Lt => count < *bound,
            Comparison::Lte => count <= *bound,
            Comparison::Gt => count > *bound,
            Comparison::Gte => count >= *bound,
            Comparison::Eq => count == *bound,
            Comparison::Neq => count != *bound,
        })
}
