//! Drafts to a [`RuleSet`]: references resolved, filters folded in, children before parents.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::field::{FieldTable, SlotId};

use super::condition::{Condition, Expr, Subject, Test};
use super::draft::{CorrelationDraft, DetectionDraft, Drafts, FilterDraft, Reference};
use super::group_source::{GroupLinker, Resolved};
use super::model::*;
use super::near_name::suggestion;
use super::problem::{RuleProblem, Severity};

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Detection(usize),
    Correlation(usize),
    /// A rule that is there and broken.
    Broken,
}

/// Every id and name of the set.
#[derive(Debug)]
pub(super) struct Names {
    by_name: HashMap<Arc<str>, Target>,
    /// In file order, for suggestions.
    all: Vec<Arc<str>>,
}

pub(super) fn problem(meta: &RuleMeta, line: u32, message: String) -> RuleProblem {
    RuleProblem {
        path: meta.path.to_string(),
        line,
        column: None,
        severity: Severity::Error,
        message,
    }
}

impl Names {
    fn collect(drafts: &Drafts, problems: &mut Vec<RuleProblem>) -> Self {
        let mut names = Self {
            by_name: HashMap::new(),
            all: Vec::new(),
        };
        let detections = drafts
            .detections
            .iter()
            .enumerate()
            .map(|(ix, draft)| (&draft.meta, Target::Detection(ix)));
        let correlations = drafts
            .correlations
            .iter()
            .enumerate()
            .map(|(ix, draft)| (&draft.meta, Target::Correlation(ix)));
        let mut places: HashMap<Arc<str>, (Arc<str>, u32)> = HashMap::new();
        for (meta, target) in detections.chain(correlations) {
            let own_name = meta.name.clone().filter(|name| *name != meta.id);
            for name in std::iter::once(meta.id.clone()).chain(own_name) {
                if let Some((path, line)) = places.get(&name) {
                    problems.push(problem(meta, meta.line, format!("`{name}` is also the id or name of the rule at {path}:{line}, give one of them another")));
                    continue;
                }
                places.insert(name.clone(), (meta.path.clone(), meta.line));
                names.by_name.insert(name.clone(), target);
                names.all.push(name);
            }
        }
        for name in &drafts.broken {
            names
                .by_name
                .entry(Arc::from(name.as_str()))
                .or_insert(Target::Broken);
        }
        names
    }

    pub(super) fn find(&self, reference: &str) -> Option<Target> {
        self.by_name.get(reference).copied()
    }

    pub(super) fn unknown(&self, reference: &str) -> String {
        format!(
            "no rule has the id or name `{reference}`{}",
            suggestion(reference, self.all.iter().map(|name| &**name))
        )
    }
}

/// Links all drafts; problems are returned beside what could be linked.
pub(super) fn link(drafts: Drafts, mut fields: FieldTable) -> (Option<RuleSet>, Vec<RuleProblem>) {
    let mut problems = Vec::new();
    let names = Names::collect(&drafts, &mut problems);
    let Drafts {
        mut detections,
        correlations,
        filters,
        broken: _,
    } = drafts;
    for filter in &filters {
        apply(filter, &names, &mut detections, &mut problems);
    }
    let inputs: Vec<Vec<Target>> = correlations
        .iter()
        .map(|draft| resolve_inputs(draft, &names, &mut problems))
        .collect();
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return (None, problems);
    }
    let order = match dependency_order(&inputs) {
        Ok(order) => order,
        Err(cycle) => {
            problems.push(cycle_problem(&cycle, &correlations));
            return (None, problems);
        }
    };
    let mut linker = GroupLinker {
        names: &names,
        fields: &mut fields,
        problems: &mut problems,
    };
    let mut linked: Vec<CorrelationRule> = Vec::with_capacity(order.len());
    let mut places = vec![0; order.len()];
    for draft_ix in order {
        let resolved: Vec<Resolved<'_>> = inputs[draft_ix]
            .iter()
            .map(|target| match *target {
                Target::Detection(ix) => Resolved::Detection(ix),
                Target::Correlation(ix) => Resolved::Correlation(places[ix], &linked[places[ix]]),
                Target::Broken => unreachable!("references to broken rules are not resolved"),
            })
            .collect();
        let rule = linker.rule(&correlations[draft_ix], &inputs[draft_ix], &resolved);
        places[draft_ix] = linked.len();
        linked.push(rule);
    }
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return (None, problems);
    }
    let detections = detections.into_iter().map(finish).collect();
    (
        Some(RuleSet {
            fields,
            detections,
            correlations: linked,
        }),
        problems,
    )
}

fn finish(draft: DetectionDraft) -> DetectionRule {
    let fields = read_fields(&draft.condition);
    DetectionRule {
        meta: draft.meta,
        sources: draft.sources,
        fields,
        condition: draft.condition,
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
    names: &Names,
    detections: &mut [DetectionDraft],
    problems: &mut Vec<RuleProblem>,
) {
    let mut report = |line: u32, message: String| {
        problems.push(RuleProblem {
            path: filter.path.to_string(),
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
                    Some(Target::Broken) => {}
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
    for ix in chosen {
        let condition = &mut detections[ix].condition;
        let own = std::mem::replace(&mut condition.root, Expr::All(Vec::new()));
        condition.root = Expr::All(vec![own, filter.condition.root.clone()]);
    }
}

fn resolve_inputs(
    draft: &CorrelationDraft,
    names: &Names,
    problems: &mut Vec<RuleProblem>,
) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for Reference { text, line } in &draft.inputs {
        match names.find(text) {
            None => problems.push(problem(&draft.meta, *line, names.unknown(text))),
            Some(Target::Broken) => {}
            Some(target) if targets.contains(&target) => {
                problems.push(problem(
                    &draft.meta,
                    *line,
                    format!("`rules` names the rule `{text}` twice, by id and by name"),
                ));
            }
            Some(target) => targets.push(target),
        }
    }
    targets
}

/// Children before parents, otherwise in file order; or the rules of a cycle.
fn dependency_order(inputs: &[Vec<Target>]) -> Result<Vec<usize>, Vec<usize>> {
    let children = |ix: usize| {
        inputs[ix].iter().filter_map(|target| match target {
            Target::Correlation(child) => Some(*child),
            _ => None,
        })
    };
    let mut parents = vec![Vec::new(); inputs.len()];
    let mut waiting: Vec<usize> = Vec::with_capacity(inputs.len());
    for ix in 0..inputs.len() {
        waiting.push(children(ix).count());
        for child in children(ix) {
            parents[child].push(ix);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..inputs.len())
        .filter(|&ix| waiting[ix] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(inputs.len());
    while let Some(Reverse(ix)) = ready.pop() {
        order.push(ix);
        for &parent in &parents[ix] {
            waiting[parent] -= 1;
            if waiting[parent] == 0 {
                ready.push(Reverse(parent));
            }
        }
    }
    let Some(first) = (0..inputs.len()).find(|&ix| waiting[ix] > 0) else {
        return Ok(order);
    };
    // Every rule that still waits has a child that waits; following those must come round.
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let next = children(last)
            .find(|&child| waiting[child] > 0)
            .unwrap_or(first);
        if let Some(start) = path.iter().position(|&ix| ix == next) {
            path.drain(..start);
            return Err(path);
        }
        path.push(next);
    }
}

fn cycle_problem(cycle: &[usize], correlations: &[CorrelationDraft]) -> RuleProblem {
    let name = |ix: usize| {
        let meta = &correlations[ix].meta;
        meta.name.as_deref().unwrap_or(&meta.id).to_owned()
    };
    let start = cycle.iter().copied().min().unwrap_or_default();
    let mut way: Vec<String> = cycle.iter().map(|&ix| format!("`{}`", name(ix))).collect();
    way.push(format!(
        "`{}`",
        cycle.first().map(|&ix| name(ix)).unwrap_or_default()
    ));
    let meta = &correlations[start].meta;
    problem(
        meta,
        meta.line,
        format!(
            "correlations refer to each other in a circle: {}",
            way.join(" → ")
        ),
    )
}
