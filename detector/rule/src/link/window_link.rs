//! The window of a correlation: its condition with the rules that it names, given to its type.

use std::sync::Arc;

use crate::draft::{ConditionDraft, CorrelationDraft, ExtensionDraft, Target};
use crate::kind::{Condition, Linker, Place};
use crate::link::names::Names;
use crate::link::presence_link::PresenceLinker;
use crate::model::{Comparison, Presence, Threshold, Window};

/// Links one window; all that is wrong with it is in `problems`, with its line.
pub(crate) struct WindowLinker<'l> {
    pub(crate) names: &'l Names,
    pub(crate) draft: &'l CorrelationDraft,
    pub(crate) targets: &'l [Target],
    pub(crate) problems: Vec<(u32, String)>,
    pub(crate) doubts: Vec<(u32, String)>,
}

impl WindowLinker<'_> {
    /// Of no use where there is a problem.
    pub(crate) fn window(&mut self) -> Arc<dyn Window> {
        let condition = self.condition();
        let draft = self.draft;
        let sigma = draft.sigma;
        let find = |text: &str| self.place(text);
        let mut linker = Linker {
            what: format!("`{}`", sigma.name),
            line: draft.meta.line,
            timespan_ms: draft.timespan_ms,
            inputs: &draft.inputs,
            condition: &condition,
            counts_values: !draft.value_fields.is_empty(),
            group_by: &draft.group_by,
            thresholds: draft.thresholds.as_ref(),
            knows_thresholds: false,
            find: &find,
            problems: Vec::new(),
        };
        let window = match &draft.extension {
            None => (sigma.link)(&mut linker),
            Some(extension) => {
                linker.what = format!("`vedette.{}`", extension.key);
                linker.line = extension.line;
                self.extended(extension, &mut linker)
            }
        };
        if let Some(thresholds) = linker.thresholds.filter(|_| !linker.knows_thresholds) {
            let message = match &draft.extension {
                None => format!(
                    "`vedette.thresholds` stands on `event_count` and `value_count`, not on `{}`",
                    sigma.name
                ),
                Some(extension) => format!(
                    "`vedette.thresholds` and `vedette.{}` do not go together, make two rules of it",
                    extension.key
                ),
            };
            linker.problems.push((thresholds.field.line, message));
        }
        let problems = linker.problems;
        self.problems.extend(problems);
        window
    }

    fn extended(&self, extension: &ExtensionDraft, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let (key, sigma) = (extension.key, self.draft.sigma);
        for (reference, target) in self.draft.inputs.iter().zip(self.targets) {
            if matches!(target, Target::Correlation(_)) {
                linker.problem(&format!(
                    "`vedette.{key}` looks at events, but `{}` is a correlation: name detection rules",
                    reference.text
                ));
            }
        }
        if extension.on.contains(&sigma.name) {
            return extension.draft.link(linker);
        }
        linker.problem(&format!(
            "`vedette.{key}` stands on `type: {}`, which this correlation is not",
            extension.on.join("` or `")
        ));
        (sigma.link)(linker)
    }

    fn condition(&mut self) -> Condition {
        let count = u64::try_from(self.targets.len()).unwrap_or(u64::MAX);
        match &self.draft.condition {
            ConditionDraft::InOrder => Condition::InOrder,
            ConditionDraft::Count(threshold) => Condition::Count(threshold.clone()),
            ConditionDraft::Number(threshold, rank) => Condition::Number(threshold.clone(), *rank),
            ConditionDraft::All => {
                let all = Threshold(vec![(Comparison::Gte, count)]);
                Condition::Rules(Presence::Count(all))
            }
            ConditionDraft::Rules(threshold) => {
                let mut counts = 0..=count;
                if !counts.any(|present| threshold.are_met(present)) {
                    let message = format!("the condition can never be true of {count} rules");
                    self.problems.push((self.draft.meta.line, message));
                }
                Condition::Rules(Presence::Count(threshold.clone()))
            }
            ConditionDraft::OverRules { expr, line } => {
                let mut linker = PresenceLinker {
                    names: self.names,
                    draft: self.draft,
                    targets: self.targets,
                    problems: Vec::new(),
                };
                let presence = linker.presence(expr);
                let mut problems = linker.problems;
                if problems.is_empty() && !presence.can_hold(self.targets.len()) {
                    problems.push("the condition can never be true".to_owned());
                }
                let inputs = self.draft.inputs.iter().enumerate();
                let unnamed =
                    inputs.filter(|(input, _)| problems.is_empty() && !presence.names(*input));
                self.doubts.extend(unnamed.map(|(_, reference)| {
                    let message = format!(
                        "the condition never names `{}`, which is among `rules`: it makes no difference, and pages no more",
                        reference.text
                    );
                    (*line, message)
                }));
                let problems = problems.into_iter();
                self.problems
                    .extend(problems.map(|message| (*line, message)));
                Condition::Rules(presence)
            }
        }
    }

    /// Where a name leads; that a rule is missing is said of `rules`, and once.
    fn place(&self, text: &str) -> Place {
        let inputs = &self.draft.inputs;
        let place = match self.names.find(text) {
            Some(target) => match self.targets.iter().position(|known| *known == target) {
                Some(place) => return Place::Input(place),
                None => return Place::Elsewhere,
            },
            None => inputs.iter().position(|input| input.text == text),
        };
        place.map_or_else(|| Place::Unknown(self.names.unknown(text)), Place::Input)
    }
}
