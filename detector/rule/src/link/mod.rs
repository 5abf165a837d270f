//! Drafts to a [`RuleSet`]: references resolved, filters folded in, children before parents.

pub(crate) mod resolved; // inputs, found
pub(crate) mod names; // every name of the set
pub(crate) mod dependency; // children before parents
pub(crate) mod search_link; // its condition -> one Expr
pub(crate) mod presence_link; // its condition over rules
pub(crate) mod window_link; // its type, with the rules that it names
pub(crate) mod show_link; // and where inputs have it
pub(crate) mod entity_link; // and what they are to an attack
pub(crate) mod group_source; // its fields in each of its rules
pub(crate) mod alert_link; // who alerts by itself
pub(crate) mod paging_link; // who is told of what
pub(crate) mod allow_link; // its lists
pub(crate) mod threat_link; // its threats

use std::sync::Arc;

use detector_event::field::{FieldTable, SlotId};

use crate::doubt::contradiction;
use crate::draft::{BrokenDraft, CorrelationDraft, DetectionDraft, Drafts, FilterDraft, Target};
use crate::link::allow_link::AllowLinker;
use crate::link::dependency::dependencies;
use crate::link::group_source::GroupLinker;
use crate::link::names::Names;
use crate::link::paging_link::PagingLinker;
use crate::link::resolved::Resolved;
use crate::link::threat_link::tell_rules;
use crate::model::condition::{Condition, Expr, Subject, Test};
use crate::model::threat_list::ThreatList;
use crate::model::*;
use crate::yaml::problem::{RuleProblem, Severity, problem};
use crate::yaml::reference::Reference;

/// Links all drafts; problems are returned beside what could be linked.
pub(crate) fn link(mut drafts: Drafts, fields: FieldTable) -> (Option<RuleSet>, Vec<RuleProblem>) {
    let mut problems = Vec::new();
    let names = Names::collect(&drafts, &mut problems);
    let mut threats = std::mem::take(&mut drafts.threats).into_iter().next();
    if let Some(list) = &mut threats {
        threat_link::link(list, &drafts.threat_references, &names, &mut problems);
    }
    let set = link_rules(drafts, fields, (&names, threats.as_ref()), &mut problems);
    let told = |mut set: RuleSet| {
        if let Some(list) = &threats {
            tell_rules(list, &mut set);
        }
        set.threats = threats;
        set
    };
    (set.map(told), problems)
}

/// The rules, without the list of threats.
fn link_rules(
    drafts: Drafts,
    mut fields: FieldTable,
    (names, threats): (&Names, Option<&ThreatList>),
    problems: &mut Vec<RuleProblem>,
) -> Option<RuleSet> {
    let Drafts {
        mut detections,
        correlations,
        filters,
        broken,
        allowlists,
        types,
        ..
    } = drafts;
    for filter in &filters {
        apply(filter, (names, &fields), &mut detections, problems);
    }
    let inputs: Vec<Vec<Target>> = correlations
        .iter()
        .map(|draft| resolve_inputs(&draft.inputs, &draft.meta.path, names, problems))
        .collect();
    let broken_inputs: Vec<Vec<Target>> = broken
        .iter()
        .map(|draft| resolve_inputs(&draft.inputs, &draft.path, names, problems))
        .collect();
    let nodes = Nodes {
        correlations: &correlations,
        broken: &broken,
    };
    let dependencies = dependencies(&nodes.children(&inputs, &broken_inputs));
    problems.extend(dependencies.circles.iter().map(|c| nodes.problem(c)));
    let lists = AllowLinker::new(&allowlists);
    let allow: Vec<Vec<Allowance>> = detections
        .iter()
        .map(|draft| lists.link(draft, &mut fields, problems))
        .collect();
    if broken.is_empty() {
        lists.doubt_unused(&allow, problems);
    }
    let mut linker = GroupLinker {
        names,
        fields: &mut fields,
        problems,
    };
    let (mut linked, places) = in_order(dependencies.order, &correlations, &inputs, &mut linker);
    let paging = PagingLinker {
        detections: &detections,
        correlations: &correlations,
        inputs: &inputs,
        threats,
    };
    linked.extend(paging.own_correlations(types, &mut linker));
    tell_children(&mut linked);
    paging.silence(&mut linked, &places);
    problems.extend(paging.silenced_elsewhere());
    problems.extend(paging.nothing_to_generate());
    if !broken.is_empty() || problems.iter().any(|p| p.severity == Severity::Error) {
        return None;
    }
    let drafts = detections.into_iter().zip(allow);
    Some(RuleSet {
        fields,
        detections: drafts.map(|(draft, allow)| finish(draft, allow)).collect(),
        correlations: linked,
        filters: filters.into_iter().map(|filter| filter.meta).collect(),
        allowlists,
        ..RuleSet::default()
    })
}

/// The correlations, children before parents, and where each is among them.
fn in_order(
    order: Vec<usize>,
    correlations: &[CorrelationDraft],
    inputs: &[Vec<Target>],
    linker: &mut GroupLinker<'_>,
) -> (Vec<CorrelationRule>, Vec<Option<usize>>) {
    let mut linked: Vec<CorrelationRule> = Vec::with_capacity(correlations.len());
    let mut places = vec![None; correlations.len()];
    for ix in order {
        let Some(draft) = correlations.get(ix) else {
            continue; // a broken one
        };
        let resolved = resolved(&inputs[ix], &places, &linked);
        let rule = linker.rule(draft, &inputs[ix], &resolved);
        places[ix] = Some(linked.len());
        linked.push(rule);
    }
    (linked, places)
}

/// What a correlation's inputs are, where those before it in order are `linked`, each at its place.
fn resolved<'a>(
    inputs: &[Target],
    places: &[Option<usize>],
    linked: &'a [CorrelationRule],
) -> Vec<Resolved<'a>> {
    let one = |target: &Target| match *target {
        Target::Detection(ix) => Resolved::Detection(ix),
        Target::Correlation(ix) => match places[ix] {
            Some(place) => Resolved::Correlation(place, &linked[place]),
            None => Resolved::Unknown,
        },
        Target::Filter | Target::Broken(_) | Target::Nowhere => Resolved::Unknown,
    };
    inputs.iter().map(one).collect()
}

/// Lets each correlation know its parents.
fn tell_children(linked: &mut [CorrelationRule]) {
    for (parent, ix) in (0..linked.len()).zip(0..) {
        for input in 0..linked[parent].inputs.len() {
            if let InputRule::Correlation(child) = linked[parent].inputs[input].rule {
                let parents = &mut linked[child.0 as usize].parents;
                parents.push((CorrelationIx(ix), input));
            }
        }
    }
}

fn finish(draft: DetectionDraft, allow: Vec<Allowance>) -> DetectionRule {
    let fields = read_fields(&draft.condition);
    DetectionRule {
        meta: draft.meta,
        sources: draft.sources,
        fields,
        condition: draft.condition,
        allow,
    }
}

/// Every field that a condition reads, once, in the order of first use.
fn read_fields(condition: &Condition) -> Vec<SlotId> {
    let mut fields: Vec<SlotId> = Vec::new();
    let mut seen = hashbrown::HashSet::new();
    condition.root.each_test(&mut |predicate| {
        if let Subject::Field(slot) = predicate.subject
            && seen.insert(slot)
        {
            fields.push(slot);
        }
        if let Test::OtherField { slot, .. } = predicate.test
            && seen.insert(slot)
        {
            fields.push(slot);
        }
    });
    fields
}

fn apply(
    filter: &FilterDraft,
    (names, fields): (&Names, &FieldTable),
    detections: &mut [DetectionDraft],
    problems: &mut Vec<RuleProblem>,
) {
    let mut report = |line: u32, message: String| {
        problems.push(RuleProblem {
            path: filter.meta.path.to_string(),
            line,
            column: None,
            severity: Severity::Error,
            message,
        });
    };
    let covers = |draft: &DetectionDraft| {
        filter
            .scope
            .as_ref()
            .is_none_or(|scope| scope.covers(&draft.scope))
    };
    let mut chosen: Vec<usize> = Vec::new();
    match &filter.targets {
        None => chosen.extend((0..detections.len()).filter(|&ix| covers(&detections[ix]))),
        Some(references) => {
            for Reference { text, line } in references {
                match names.find(text) {
                    None => report(*line, names.unknown(text)),
                    Some(Target::Broken(_) | Target::Filter | Target::Nowhere) => {}
                    Some(Target::Correlation(_)) => report(
                        *line,
                        format!("`{text}` is a correlation rule, filters apply to detection rules"),
                    ),
                    Some(Target::Detection(ix)) if !covers(&detections[ix]) => {
                        report(
                            *line,
                            format!(
                                "the filter's logsource does not cover that of rule `{text}`, make them alike"
                            ),
                        );
                    }
                    Some(Target::Detection(ix)) => chosen.push(ix),
                }
            }
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    let joined = chosen
        .into_iter()
        .filter_map(|ix| join(filter, &mut detections[ix], fields));
    problems.extend(joined);
}

/// Joins the filter to the rule, and tells where that leaves nothing of it.
fn join(
    filter: &FilterDraft,
    detection: &mut DetectionDraft,
    fields: &FieldTable,
) -> Option<RuleProblem> {
    let condition = &mut detection.condition;
    let doubt = |root: &Expr| contradiction::doubt(root, fields, &detection.sources);
    let is_sound = doubt(&condition.root).is_none();
    let own = std::mem::replace(&mut condition.root, Expr::All(Vec::new()));
    condition.root = Expr::All(vec![own, filter.condition.root.clone()]);
    let doubt = doubt(&condition.root).filter(|_| is_sound)?;
    let title = &detection.meta.title;
    let message = format!("with this filter the rule `{title}` is doubtful: {doubt}");
    Some(RuleProblem {
        severity: Severity::Warning,
        ..problem(&filter.meta.path, filter.meta.line, message)
    })
}

/// Where each of the references leads; [`Target::Nowhere`] keeps the place of one that is wrong.
fn resolve_inputs(
    inputs: &[Reference],
    path: &Arc<str>,
    names: &Names,
    problems: &mut Vec<RuleProblem>,
) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::with_capacity(inputs.len());
    for Reference { text, line } in inputs {
        let found = names.find(text);
        let target = found.filter(|target| !targets.contains(target));
        if target.is_none() {
            let message = match found {
                None => names.unknown(text),
                Some(_) => {
                    format!("`rules` names the rule `{text}` twice, by the same or another name")
                }
            };
            problems.push(problem(path, *line, message));
        }
        targets.push(target.unwrap_or(Target::Nowhere));
    }
    targets
}

/// All that may be part of a circle: the correlations, and after them the broken documents.
struct Nodes<'d> {
    correlations: &'d [CorrelationDraft],
    broken: &'d [BrokenDraft],
}

impl Nodes<'_> {
    fn children(&self, inputs: &[Vec<Target>], broken: &[Vec<Target>]) -> Vec<Vec<usize>> {
        let child = |target: &Target| match *target {
            Target::Correlation(ix) => Some(ix),
            Target::Broken(ix) => Some(self.correlations.len() + ix),
            Target::Detection(_) | Target::Filter | Target::Nowhere => None,
        };
        let rules = inputs.iter().chain(broken);
        rules
            .map(|targets| targets.iter().filter_map(child).collect())
            .collect()
    }

    fn name(&self, node: usize) -> &str {
        match self.correlations.get(node) {
            Some(draft) => draft.meta.name.as_deref().unwrap_or(&draft.meta.id),
            None => &self.broken[node - self.correlations.len()].label,
        }
    }

    /// The problem of a circle, at its first rule.
    fn problem(&self, circle: &[usize]) -> RuleProblem {
        let first = circle.first().copied().unwrap_or_default();
        let (path, line) = match self.correlations.get(first) {
            Some(draft) => (&draft.meta.path, draft.meta.line),
            None => {
                let draft = &self.broken[first - self.correlations.len()];
                (&draft.path, draft.line)
            }
        };
        let way: Vec<String> = circle
            .iter()
            .chain([&first])
            .map(|&node| format!("`{}`", self.name(node)))
            .collect();
        problem(
            path,
            line,
            format!(
                "correlations refer to each other in a circle: {}",
                way.join(" → ")
            ),
        )
    }
}
