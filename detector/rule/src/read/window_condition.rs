//! The `type` and `condition` of a correlation: what must be true of its window.

use rsigma_parser::CorrelationType;

use crate::draft::WindowDraft;
use crate::model::{Comparison, WindowSpec};
use crate::read::condition_text::read_condition;
use crate::read::threshold_draft::ThresholdDraft;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::{Kind, Node};

const KEYS: [&str; 8] = ["lt", "lte", "gt", "gte", "eq", "neq", "field", "percentile"];

/// Reads the condition of a correlation of type `kind`; also the fields whose values it looks at.
pub(crate) fn read_window(
    correlation: &Node,
    node: &Node,
    kind: CorrelationType,
    inputs: usize,
    out: &mut Reporter<'_>,
) -> Option<(WindowDraft, Vec<Reference>)> {
    use CorrelationType as Type;
    let Some((key, condition)) = node.entry("condition") else {
        return without_condition(correlation, kind, out).map(|window| (window, Vec::new()));
    };
    if let Some(text) = condition.text() {
        if kind != Type::Temporal {
            let kind = kind.as_str();
            out.error(
                key.line,
                format!("{kind} takes no condition over rule names, only `temporal` does"),
            );
            return None;
        }
        let line = condition.line;
        let expr = read_condition(text)
            .map_err(|message| out.error(line, message))
            .ok()?;
        return Some((WindowDraft::TemporalExpr { expr, line }, Vec::new()));
    }
    if condition.map().is_none() {
        let shown = condition.shown();
        out.error(
            key.line,
            format!("the condition must be a mapping such as `gte: 10`, not {shown}"),
        );
        return None;
    }
    let mut parts = read_parts(key, condition, kind, out)?;
    let fields = std::mem::take(&mut parts.fields);
    Some((counted_window(key, kind, parts, inputs, out)?, fields))
}

/// What a condition with comparisons means.
fn counted_window(
    key: &Node,
    kind: CorrelationType,
    parts: Parts,
    inputs: usize,
    out: &mut Reporter<'_>,
) -> Option<WindowDraft> {
    use CorrelationType as Type;
    let threshold = match parts.threshold {
        ThresholdDraft::Count(threshold) => threshold,
        ThresholdDraft::Number(threshold) => {
            let rank = parts.rank.unwrap_or(50);
            return Some(WindowDraft::Ready(match kind {
                Type::ValueSum => WindowSpec::ValueSum { threshold },
                Type::ValueAvg => WindowSpec::ValueAvg { threshold },
                Type::ValueMedian => WindowSpec::ValueMedian { threshold },
                _ => WindowSpec::ValuePercentile { threshold, rank },
            }));
        }
    };
    Some(match kind {
        Type::Temporal => WindowDraft::TemporalCount(threshold),
        Type::TemporalOrdered => {
            let all = u64::try_from(inputs).unwrap_or(u64::MAX);
            if !matches!(threshold.0[..], [(Comparison::Gte | Comparison::Eq, n)] if n == all) {
                out.error(
                    key.line,
                    "temporal_ordered needs all its rules in their order, remove the condition",
                );
                return None;
            }
            WindowDraft::Ready(WindowSpec::TemporalOrdered)
        }
        Type::ValueCount => WindowDraft::Ready(WindowSpec::ValueCount { threshold }),
        _ => WindowDraft::Ready(WindowSpec::EventCount { threshold }),
    })
}

/// What a correlation means that has no condition.
fn without_condition(
    correlation: &Node,
    kind: CorrelationType,
    out: &mut Reporter<'_>,
) -> Option<WindowDraft> {
    match kind {
        CorrelationType::Temporal => Some(WindowDraft::TemporalAll),
        CorrelationType::TemporalOrdered => Some(WindowDraft::Ready(WindowSpec::TemporalOrdered)),
        _ => {
            let kind = kind.as_str();
            out.error(
                correlation.line,
                format!("{kind} needs a `condition`, such as `gte: 10`"),
            );
            None
        }
    }
}

struct Parts {
    threshold: ThresholdDraft,
    fields: Vec<Reference>,
    rank: Option<u8>,
}

fn read_parts(
    key: &Node,
    condition: &Node,
    kind: CorrelationType,
    out: &mut Reporter<'_>,
) -> Option<Parts> {
    let mark = out.mark();
    let mut parts = Parts {
        threshold: ThresholdDraft::new(kind),
        fields: Vec::new(),
        rank: None,
    };
    for (at, value) in condition.map().unwrap_or_default() {
        let name = at.text().unwrap_or_default();
        match comparison(name) {
            Some(comparison) => parts.threshold.read((at, value), comparison, out),
            None => match name {
                "field" => parts.fields = read_fields(at, value, kind, out),
                "percentile" => parts.rank = read_rank(at, value, kind, out),
                _ => out.error(
                    at.line,
                    format!(
                        "unknown key `condition.{name}`{}; known are {}",
                        suggestion(name, KEYS),
                        KEYS.join(", ")
                    ),
                ),
            },
        }
    }
    let needs_field = !matches!(
        kind,
        CorrelationType::EventCount | CorrelationType::Temporal | CorrelationType::TemporalOrdered
    );
    if out.errors_since(mark) > 0 {
        return None;
    }
    if parts.threshold.is_empty() {
        out.error(
            key.line,
            "the condition has no comparison, such as `gte: 10`",
        );
    } else if let Some(message) = parts.threshold.senseless(kind) {
        out.error(key.line, message);
    }
    if needs_field && parts.fields.is_empty() {
        out.error(
            key.line,
            format!(
                "{} needs the `field` whose values it looks at",
                kind.as_str()
            ),
        );
    }
    if kind == CorrelationType::ValuePercentile && parts.rank.is_none() {
        out.warning(
            key.line,
            "no `percentile` is given, 50 (the median) is taken",
        );
    }
    (out.errors_since(mark) == 0).then_some(parts)
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "lt" => Comparison::Lt,
        "lte" => Comparison::Lte,
        "gt" => Comparison::Gt,
        "gte" => Comparison::Gte,
        "eq" => Comparison::Eq,
        "neq" => Comparison::Neq,
        _ => return None,
    })
}

fn read_fields(
    at: &Node,
    value: &Node,
    kind: CorrelationType,
    out: &mut Reporter<'_>,
) -> Vec<Reference> {
    use CorrelationType as Type;
    if matches!(
        kind,
        Type::EventCount | Type::Temporal | Type::TemporalOrdered
    ) {
        out.error(
            at.line,
            format!(
                "{} looks at no field, remove `field` or use value_count",
                kind.as_str()
            ),
        );
        return Vec::new();
    }
    let fields = text_list(value, "`field`", out).unwrap_or_default();
    if fields.len() > 1 && kind != Type::ValueCount {
        out.error(
            at.line,
            format!("{} looks at one field, not {}", kind.as_str(), fields.len()),
        );
    }
    fields
}

fn read_rank(at: &Node, value: &Node, kind: CorrelationType, out: &mut Reporter<'_>) -> Option<u8> {
    if kind != CorrelationType::ValuePercentile {
        out.error(
            at.line,
            format!(
                "{} has no `percentile`, remove it or use value_percentile",
                kind.as_str()
            ),
        );
        return None;
    }
    let rank = match value.kind {
        Kind::Int(n) => u8::try_from(n).ok().filter(|n| *n <= 100),
        _ => None,
    };
    if rank.is_none() {
        out.error(
            at.line,
            format!(
                "`percentile` must be a whole number from 0 to 100, not {}",
                value.shown()
            ),
        );
    }
    rank
}
