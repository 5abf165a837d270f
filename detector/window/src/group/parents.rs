//! Who sees the episode of a child correlation, and what of it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::group::episode::{Episode, ToldChild};
use crate::group::group_values::GroupTexts;
use crate::group::group_values::GroupValues;
use crate::group::rule_windows::RuleWindows;
use crate::kind::{ChildView, Occurrence, OccurrenceValue};
use crate::ledger::shown::ShownValue;
use crate::state::interval::{Interval, Intervals};
use crate::state::key::Key;
use detector_rule::{
    CorrelationInput, CorrelationIx, CorrelationRule, FieldSource, InputRule, NetworkPrefix,
    RuleSet, ShownField, ShownSource,
};

/// A group that sees an episode of a child correlation.
#[derive(Debug, Clone, Copy)]
pub struct Parent<'r> {
    pub rule: CorrelationIx,
    /// Position of the child in the inputs of `rule`.
    pub input: usize,
    pub group: Key,
    /// What the child shows in the condition's `field`, if there is one.
    pub value: Option<Key>,
    correlation: &'r CorrelationRule,
    source: &'r CorrelationInput,
}

impl Parent<'_> {
    /// When `episode` of the child held, without pauses up to the parent's timespan: the windows of an episode of the
    /// parent reach across these.
    pub fn held(&self, episode: &Episode) -> Vec<Interval> {
        let holding = Intervals::from_unsorted(episode.holding.clone());
        holding.joined_within(self.correlation.timespan_ms)
    }

    /// What `episode` of the child has of the fields that the parent's alerts show. A value that is the child's group was
    /// there when the episode opened.
    pub fn shown(&self, episode: &Episode) -> Vec<ShownValue> {
        let mut shown = Vec::new();
        for ShownField { tag, source } in &self.source.show {
            match source {
                ShownSource::ChildGroup(at) => {
                    let value = ShownValue::new(*tag, episode.opened_at, &episode.values[*at]);
                    shown.push(value);
                }
                ShownSource::ChildShown(theirs) => {
                    let values = episode.shown.iter().filter(|value| value.field == *theirs);
                    shown.extend(values.map(|value| ShownValue {
                        field: *tag,
                        ..value.clone()
                    }));
                }
                ShownSource::Event(_) => unreachable!("a child correlation has no event fields"),
            }
        }
        shown
    }
}

/// The groups that see `episode` of `child`: one for each input that is the child. A value that is no address lies in no
/// network, so that a parent that groups by networks has no group for it; nor has one that groups by what the child does
/// not have.
pub fn parents<'r>(
    rules: &'r RuleSet,
    child: CorrelationIx,
    episode: &Episode,
) -> impl Iterator<Item = Parent<'r>> {
    let parents = rules.correlations[child.0 as usize].parents.iter();
    parents.filter_map(move |&(rule, input)| {
        let correlation = &rules.correlations[rule.0 as usize];
        let source = &correlation.inputs[input];
        let of = |fields, prefixes| child_values(rules, source, (fields, prefixes), episode);
        let values = of(&source.value, &correlation.value_prefixes)?;
        let value = || Key::of_texts(values);
        Some(Parent {
            rule,
            input,
            group: Key::of_texts(of(&source.group_by, &correlation.prefixes)?),
            value: (!source.value.is_empty()).then(value),
            correlation,
            source,
        })
    })
}

/// Lets the correlations that refer to `child` see its episode. `windows` are those of the rules after it.
pub(crate) fn show_to_parents(
    rules: &RuleSet,
    child: CorrelationIx,
    episode: &Arc<Episode>,
    windows: &mut [Box<dyn RuleWindows>],
    views: impl Fn(ChildView) -> bool,
) {
    if rules.correlations[child.0 as usize].parents.is_empty() {
        return; // most rules have none, and most alerts are of those
    }
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
        let write_texts = |bytes: &mut Vec<u8>| {
            let by = (&*parent.source.group_by, &*parent.correlation.prefixes);
            let group = child_values(rules, parent.source, by, episode);
            GroupTexts::write(group.unwrap_or_default(), bytes);
        };
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
            write_texts: &write_texts,
        };
        let child = ToldChild {
            episode: Arc::clone(episode),
            value: parent.value,
            shown: parent.shown(episode),
        };
        windows.observe_child(&group, &occurrences, child);
    }
}

/// The values that a child's episode has of the `fields` of an input of its parent, or the networks of these.
fn child_values<'e>(
    rules: &RuleSet,
    source: &CorrelationInput,
    (fields, prefixes): (&[FieldSource], &[Option<NetworkPrefix>]),
    episode: &'e Episode,
) -> Option<Vec<Cow<'e, str>>> {
    let fields = fields.iter().zip(prefixes);
    fields
        .map(|(field, prefix)| {
            let value = child_value(field, episode)?;
            match prefix {
                Some(prefix) if is_network(rules, source, field) => {
                    prefix.network_around(value).map(Cow::Owned)
                }
                Some(prefix) => prefix.network_of(value).map(Cow::Owned),
                None => Some(Cow::Borrowed(value)),
            }
        })
        .collect()
}

/// Whether the child groups by the network of the field, too.
fn is_network(rules: &RuleSet, source: &CorrelationInput, field: &FieldSource) -> bool {
    match (source.rule, field) {
        (InputRule::Correlation(CorrelationIx(child)), FieldSource::ChildGroup(at)) => {
            rules.correlations[child as usize].prefixes[*at].is_some()
        }
        _ => false,
    }
}

fn child_value<'e>(field: &FieldSource, child: &'e Episode) -> Option<&'e str> {
    match field {
        FieldSource::ChildGroup(at) => Some(&child.values[*at]),
        FieldSource::Nowhere => None,
        FieldSource::Event(_) | FieldSource::FirstOf(_) => {
            unreachable!("a child correlation has no event fields")
        }
    }
}
