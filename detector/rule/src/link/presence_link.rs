//! The condition of a `temporal` correlation: the rules it names, by their place among `rules`.

use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern};

use crate::draft::{CorrelationDraft, Target};
use crate::link::names::Names;
use crate::model::{Comparison, Presence, Threshold};
use crate::yaml::near_name::suggestion;

/// Links one condition; all that is wrong with it is in `problems`, and what it gives is then of no use.
pub(crate) struct PresenceLinker<'l> {
    pub(crate) names: &'l Names,
    pub(crate) draft: &'l CorrelationDraft,
    pub(crate) targets: &'l [Target],
    pub(crate) problems: Vec<String>,
}

impl PresenceLinker<'_> {
    pub(crate) fn presence(&mut self, expr: &ConditionExpr) -> Presence {
        match expr {
            ConditionExpr::And(parts) => Presence::And(self.all(parts)),
            ConditionExpr::Or(parts) => Presence::Or(self.all(parts)),
            ConditionExpr::Not(part) => Presence::Not(Box::new(self.presence(part))),
            ConditionExpr::Identifier(name) => match self.place(name) {
                Some(place) => Presence::Input(place),
                None => {
                    let known = self.draft.inputs.iter().map(|input| input.text.as_str());
                    let hint = suggestion(name, known);
                    let message =
                        format!("the condition names `{name}`, which is not among `rules`{hint}");
                    self.problem(self.names.title(name).unwrap_or(message))
                }
            },
            ConditionExpr::Selector {
                quantifier,
                pattern,
            } => self.selected(quantifier, pattern),
        }
    }

    fn all(&mut self, parts: &[ConditionExpr]) -> Vec<Presence> {
        parts.iter().map(|part| self.presence(part)).collect()
    }

    /// By the text of `rules`, too: that a rule is missing is said there, and once.
    fn place(&self, name: &str) -> Option<usize> {
        let target = self.names.find(name);
        let by_target = self.targets.iter().position(|t| Some(*t) == target);
        by_target.or_else(|| self.draft.inputs.iter().position(|i| i.text == name))
    }

    fn selected(&mut self, quantifier: &Quantifier, pattern: &SelectorPattern) -> Presence {
        let inputs = &self.draft.inputs;
        let named: Vec<usize> = (0..inputs.len())
            .filter(|&ix| match pattern {
                SelectorPattern::Them => true,
                SelectorPattern::Pattern(_) => pattern.matches_detection_name(&inputs[ix].text),
            })
            .collect();
        let everything = named.len() == inputs.len();
        match quantifier {
            _ if named.is_empty() => {
                self.problem(format!("`{quantifier} of {pattern}` names none of `rules`"))
            }
            Quantifier::Any => Presence::Or(named.into_iter().map(Presence::Input).collect()),
            Quantifier::All => Presence::And(named.into_iter().map(Presence::Input).collect()),
            Quantifier::Count(n) if *n >= 1 && everything && *n <= named.len() as u64 => {
                Presence::Count(Threshold(vec![(Comparison::Gte, *n)]))
            }
            Quantifier::Count(_) => self.problem(format!(
                "`{quantifier} of {pattern}` cannot be counted, write a number of `them` up to {}",
                self.draft.inputs.len()
            )),
        }
    }

    /// Notes what is wrong, once, and stands in for what should be there.
    fn problem(&mut self, message: String) -> Presence {
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
        Presence::And(Vec::new())
    }
}
