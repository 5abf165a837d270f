//! Who sees the episode of a child correlation, and what of it.

use std::sync::Arc;

use crate::rule::{CorrelationInput, CorrelationIx, FieldSource, InputRule, RuleSet};
use crate::window::episode::Episode;
use crate::window::group_values::GroupTexts;
use crate::window::groups::{GroupValues, RuleWindows};
use crate::window::key::Key;
use crate::window::kind::{ChildView, Occurrence, OccurrenceValue};

/// A group that sees an episode of a child correlation.
#[derive(Debug, Clone, Copy)]
pub struct Parent<'r> {
    pub rule: CorrelationIx,
    /// Position of the child in the inputs of `rule`.
    pub input: usize,
    pub group: Key,
    /// What the child shows in the condition's `field`, if there is one.
    pub value: Option<Key>,
    source: &'r CorrelationInput,
}

/// The groups that see `episode` of `child`: one for each input that is the child.
pub fn parents<'r>(
    rules: &'r RuleSet,
    child: CorrelationIx,
    episode: &Episode,
) -> impl Iterator<Item = Parent<'r>> {
    // Parents stand after their children.
    let after_child = (child.0 + 1..).zip(&rules.correlations[child.0 as usize + 1..]);
    let inputs = after_child.flat_map(|(at, rule)| {
        let inputs = rule.inputs.iter().enumerate();
        inputs.map(move |(input, source)| (CorrelationIx(at), input, source))
    });
    let own = inputs.filter(move |(.., source)| source.rule == InputRule::Correlation(child));
    own.map(move |(rule, input, source)| {
        let key_of = |fields: &[FieldSource]| {
            Key::of_texts(fields.iter().map(|field| child_value(field, episode)))
        };
        Parent {
            rule,
            input,
            group: key_of(&source.group_by),
            value: (!source.value.is_empty()).then(|| key_of(&source.value)),
            source,
        }
    })
}

/// Lets the correlations that refer to `child` see its episode. `windows` are those of the rules after it.
pub(super) fn show_to_parents(
    rules: &RuleSet,
    child: CorrelationIx,
    episode: &Arc<Episode>,
    windows: &mut [Box<dyn RuleWindows>],
    views: impl Fn(ChildView) -> bool,
) {
    let id = Key::of_texts([
        child.0.to_string(),
        episode.group.in_uuid_form(),
        episode.opened_at.to_string(),
    ]);
    for parent in parents(rules, child, episode) {
        let windows = &mut windows[(parent.rule.0 - child.0) as usize - 1];
        if !views(windows.child_view()) {
            continue;
        }
        let group_by = &parent.source.group_by;
        let texts = || GroupTexts::new(group_by.iter().map(|field| child_value(field, episode)));
        let occurrence = |start, until| Occurrence {
            input: parent.input,
            start,
            until,
            id,
            value: parent
                .value
                .map_or(OccurrenceValue::None, OccurrenceValue::Key),
        };
        let occurrences: Vec<_> = match windows.child_view() {
            ChildView::Episodes => vec![occurrence(episode.opened_at, episode.opened_at)],
            ChildView::HoldingIntervals => {
                let holding = episode.holding.iter();
                holding.map(|i| occurrence(i.start, i.end)).collect()
            }
        };
        let group = GroupValues {
            key: parent.group,
            texts: &texts,
        };
        windows.observe_child(&group, &occurrences, episode);
    }
}

fn child_value<'e>(field: &FieldSource, child: &'e Episode) -> &'e str {
    match field {
        FieldSource::ChildGroup(at) => &child.values[*at],
        FieldSource::Event(_) => unreachable!("a child correlation has no event fields"),
    }
}
