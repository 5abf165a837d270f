//! Where each input of a correlation has the group-by and value fields: a field of its events, or a group value of a
//! child correlation.

use std::sync::Arc;

use detector_event::field::FieldTable;

use crate::draft::{ConditionDraft, CorrelationDraft, DetectionDraft, Target};
use crate::kind::Compared;
use crate::link::alert_link::{ACTOR, actor, is_grouped};
use crate::link::entity_link;
use crate::link::names::Names;
use crate::link::resolved::{FoundInput, Resolved};
use crate::link::show_link::ShowLinker;
use crate::link::window_link::WindowLinker;
use crate::model::network_prefix::NetworkPrefix;
use crate::model::*;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{RuleProblem, Severity, problem};
use crate::yaml::reference::Reference;

pub(crate) struct GroupLinker<'l> {
    pub(crate) names: &'l Names,
    pub(crate) fields: &'l mut FieldTable,
    pub(crate) problems: &'l mut Vec<RuleProblem>,
}

impl GroupLinker<'_> {
    pub(crate) fn rule(
        &mut self,
        draft: &CorrelationDraft,
        targets: &[Target],
        resolved: &[Resolved<'_>],
    ) -> CorrelationRule {
        self.check_aliases(draft, targets);
        self.check_prefixes(draft);
        let found: Vec<_> = (draft.inputs.iter().zip(targets).zip(resolved))
            .map(|((reference, target), input)| (reference, *target, *input))
            .collect();
        let mut inputs = Vec::with_capacity(found.len());
        for (input, show) in found.iter().zip(self.shown(draft, &found)) {
            inputs.extend(self.input(draft, *input, show));
        }
        let entities = self.entities(draft);
        self.check_names(draft);
        self.doubt_one_value(draft);
        let mut linker = WindowLinker {
            names: self.names,
            draft,
            targets,
            problems: Vec::new(),
            doubts: Vec::new(),
        };
        let window = linker.window();
        for (line, message) in linker.problems {
            self.error(draft, line, message);
        }
        if window.reads_points() {
            self.check_points(draft, resolved);
        }
        for (line, message) in linker.doubts {
            self.warning(draft, line, message);
        }
        CorrelationRule {
            meta: draft.meta.clone(),
            inputs,
            group_by: draft
                .group_by
                .iter()
                .map(|field| Arc::from(&*field.text))
                .collect(),
            prefixes: prefixes(draft, &draft.group_by),
            value_prefixes: prefixes(draft, &draft.value_fields),
            timespan_ms: draft.timespan_ms,
            quiet_ms: draft.quiet_ms.unwrap_or(draft.timespan_ms),
            window,
            counts: (draft.value_fields.iter())
                .map(|field| Arc::from(&*field.text))
                .collect(),
            show: (draft.show.iter())
                .map(|field| Arc::from(&*field.text))
                .collect(),
            entities,
            stands_for: None,
            pages: true,
            parents: Vec::new(),
        }
    }

    /// The correlation that a detection rule stands for.
    pub(crate) fn own(
        &mut self,
        draft: &CorrelationDraft,
        (ix, detection): (usize, &DetectionDraft),
    ) -> CorrelationRule {
        let mut rule = self.rule(draft, &[Target::Detection(ix)], &[Resolved::Detection(ix)]);
        rule.stands_for = Some(DetectionIx(small(ix)));
        if !is_grouped(detection) {
            rule.group_by = vec![ACTOR.into()];
            rule.prefixes = vec![None];
            if rule.entities.is_empty() {
                rule.entities = vec![entity_link::of_actor(ACTOR)];
            }
            rule.inputs[0].group_by = vec![actor(&detection.sources, self.fields)];
        }
        rule
    }

    fn entities(&mut self, draft: &CorrelationDraft) -> Vec<RuleEntity> {
        let mut problems = Vec::new();
        let fields = (&*draft.group_by, &*draft.show);
        let entities = entity_link::entities(&draft.entities, fields, &mut problems);
        for (line, message) in problems {
            self.error(draft, line, message);
        }
        entities
    }

    /// Points are those of events, in one field.
    fn check_points(&mut self, draft: &CorrelationDraft, resolved: &[Resolved<'_>]) {
        if let [_, second, ..] = &draft.value_fields[..] {
            let message = "a point is in one field: name that alone";
            self.error(draft, second.line, message.to_owned());
        }
        for (input, reference) in resolved.iter().zip(&draft.inputs) {
            if let Resolved::Correlation(..) = input {
                let message = format!(
                    "rule `{}` is a correlation, which has no events with points: name detection rules",
                    reference.text
                );
                self.error(draft, reference.line, message);
            }
        }
    }

    fn error(&mut self, draft: &CorrelationDraft, line: u32, message: String) {
        self.problems.push(problem(&draft.meta.path, line, message));
    }

    fn warning(&mut self, draft: &CorrelationDraft, line: u32, message: String) {
        self.problems.push(RuleProblem {
            severity: Severity::Warning,
            ..problem(&draft.meta.path, line, message)
        });
    }

    fn check_prefixes(&mut self, draft: &CorrelationDraft) {
        let is_number = draft.sigma.takes.compared == Compared::Number;
        for prefix in &draft.prefixes {
            let is_in = |fields: &[Reference]| fields.iter().any(|field| field.text == prefix.name);
            let (is_grouped, is_value) = (is_in(&draft.group_by), is_in(&draft.value_fields));
            if is_value && is_number {
                let message = format!(
                    "`vedette.prefix` names `{}`, which is a number here: only addresses are in networks",
                    prefix.name
                );
                self.error(draft, prefix.line, message);
            } else if !is_grouped && !is_value {
                let known = draft.group_by.iter().chain(&draft.value_fields);
                let hint = suggestion(&prefix.name, known.map(|field| field.text.as_str()));
                let message = format!(
                    "`vedette.prefix` names `{}`, which is neither in `group-by` nor the `field` of the condition{hint}",
                    prefix.name
                );
                self.error(draft, prefix.line, message);
            }
        }
    }

    /// A child that groups by networks has no smaller ones to show.
    fn check_finer(
        &mut self,
        draft: &CorrelationDraft,
        field: &Reference,
        (child, own): (&Reference, NetworkPrefix),
    ) {
        let Some(prefix) = draft.prefix(field) else {
            return;
        };
        let wanted = prefix.prefix;
        if wanted.ipv4 > own.ipv4 || wanted.ipv6 > own.ipv6 {
            let message = format!(
                "`vedette.prefix` of `{}` is finer than the networks by which `{}` groups, which are in none of these: write at most {{ipv4: {}, ipv6: {}}}",
                field.text, child.text, own.ipv4, own.ipv6
            );
            self.warning(draft, prefix.line, message);
        }
    }

    /// Names of fields that no event has.
    fn check_names(&mut self, draft: &CorrelationDraft) {
        let fields = draft.group_by.iter().chain(&draft.value_fields);
        for field in fields.chain(&draft.show) {
            let Reference { text, line } = field;
            if text.contains('|') {
                let message =
                    format!("`{text}` has a modifier, which only tests take: name the field alone");
                self.error(draft, *line, message);
            } else if text.trim() != text || text.contains(',') {
                let message = format!(
                    "`{text}` is taken for the name of one field: write a list, as `[a, b]`, without spaces around names"
                );
                self.warning(draft, *line, message);
            }
        }
    }

    /// A group has one value of what it is grouped by, so that different ones cannot be counted.
    fn doubt_one_value(&mut self, draft: &CorrelationDraft) {
        let ConditionDraft::Count(threshold) = &draft.condition else {
            return;
        };
        let values: Vec<&str> = draft.value_fields.iter().map(|f| f.text.as_str()).collect();
        let is_one = |value: &&str| draft.group_by.iter().any(|field| field.text == **value);
        if values.is_empty() || draft.extension.is_some() || threshold.holds(1) {
            return;
        }
        if values.iter().all(is_one) {
            let message = format!(
                "the rule groups by what it counts: a group has one value of `{}`, unless events have lists of them",
                values.join("`, `")
            );
            self.warning(draft, draft.value_fields[0].line, message);
        }
    }

    fn check_aliases(&mut self, draft: &CorrelationDraft, targets: &[Target]) {
        for alias in &draft.aliases {
            let is_in = |fields: &[Reference]| fields.iter().any(|field| field.text == alias.name);
            // Of a rule that it does not name, an alias is a field of that name; of such a rule nothing is shown.
            let used = is_in(&draft.group_by) || is_in(&draft.value_fields);
            if !used && !is_in(&draft.show) {
                self.warning(
                    draft,
                    alias.line,
                    format!(
                        "alias `{}` is used neither in `group-by` nor as `field` nor in `vedette.show`",
                        alias.name
                    ),
                );
            }
            let mut named = Vec::new();
            for (rule, _) in &alias.fields {
                match self.names.find(&rule.text) {
                    None if draft.inputs.iter().any(|input| input.text == rule.text) => {}
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
                .filter(|(_, target)| **target != Target::Nowhere)
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
        (reference, target, input): FoundInput<'_>,
        show: Vec<ShownField>,
    ) -> Option<CorrelationInput> {
        let rule = match input {
            Resolved::Detection(ix) => InputRule::Detection(DetectionIx(small(ix))),
            Resolved::Correlation(ix, _) => InputRule::Correlation(CorrelationIx(small(ix))),
            Resolved::Unknown => return None,
        };
        let mut sources = |fields: &[Reference]| -> Vec<FieldSource> {
            fields
                .iter()
                .filter_map(|field| self.source(draft, field, reference, target, input))
                .collect()
        };
        let group_by = sources(&draft.group_by);
        let value = sources(&draft.value_fields);
        let is_number = draft.sigma.takes.compared == Compared::Number;
        if let (Resolved::Correlation(..), true, Some(field)) =
            (input, is_number, draft.value_fields.first())
        {
            let message = format!(
                "rule `{}` is a correlation, which has no events with numbers: only value_count can look at `{}`",
                reference.text, field.text
            );
            self.error(draft, field.line, message);
        }
        Some(CorrelationInput {
            rule,
            reference: Arc::from(&*reference.text),
            group_by,
            value,
            show,
        })
    }

    /// What each input has of the fields that are shown.
    fn shown(
        &mut self,
        draft: &CorrelationDraft,
        inputs: &[FoundInput<'_>],
    ) -> Vec<Vec<ShownField>> {
        let mut linker = ShowLinker {
            names: self.names,
            fields: self.fields,
            draft,
            problems: Vec::new(),
        };
        let shown = linker.link(inputs);
        for (line, message) in linker.problems {
            self.error(draft, line, message);
        }
        shown
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
        let mapped = alias.and_then(|alias| alias.of_rule(target, self.names));
        let name = mapped.map_or(&field.text, |(_, name)| name);
        match input {
            Resolved::Unknown => None,
            Resolved::Detection(_) => Some(FieldSource::Event(self.fields.slot(name))),
            Resolved::Correlation(_, child) => {
                let place = child.group_by.iter().position(|own| &**own == name);
                if place.is_none() {
                    let has = match child.group_by.len() {
                        0 => "has no `group-by`".to_owned(),
                        _ => format!("is grouped by {}", child.group_by.join(", ")),
                    };
                    self.warning(
                        draft,
                        field.line,
                        format!(
                            "`{name}` is no group-by field of the correlation `{}`, which {has}: its episodes are in no group of this rule",
                            reference.text
                        ),
                    );
                }
                if let Some(own) = place.and_then(|place| child.prefixes[place]) {
                    self.check_finer(draft, field, (reference, own));
                }
                Some(place.map_or(FieldSource::Nowhere, FieldSource::ChildGroup))
            }
        }
    }
}

/// Of each field, whose networks count, which.
fn prefixes(draft: &CorrelationDraft, fields: &[Reference]) -> Vec<Option<NetworkPrefix>> {
    let prefix = |field| draft.prefix(field).map(|of| of.prefix);
    fields.iter().map(prefix).collect()
}

fn small(ix: usize) -> u32 {
    u32::try_from(ix).expect("fewer than 2^32 rules")
}
