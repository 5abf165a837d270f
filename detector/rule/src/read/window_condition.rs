//! The `condition` of a correlation, by what its type takes.

use crate::draft::{ConditionDraft, SigmaType};
use crate::kind::{Compared, Fields};
use crate::model::Comparison;
use crate::read::condition_text::read_condition;
use crate::read::threshold_draft::ThresholdDraft;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::{Kind, Node};

const KEYS: [&str; 8] = ["lt", "lte", "gt", "gte", "eq", "neq", "field", "percentile"];

/// The percentile where none is given: the median.
const RANK_USUAL: u8 = 50;

/// Reads the condition of a correlation of that type with so many inputs.
pub(crate) struct ConditionReader<'r, 'f> {
    pub(crate) sigma: SigmaType,
    pub(crate) inputs: usize,
    pub(crate) out: &'r mut Reporter<'f>,
}

struct Parts {
    threshold: ThresholdDraft,
    fields: Vec<Reference>,
    rank: Option<u8>,
}

impl ConditionReader<'_, '_> {
    /// The condition, and the fields whose values it looks at.
    pub(crate) fn read(
        mut self,
        correlation: &Node,
        node: &Node,
    ) -> Option<(ConditionDraft, Vec<Reference>)> {
        let name = self.sigma.name;
        let Some((key, condition)) = node.entry("condition") else {
            return Some((self.left_out(correlation)?, Vec::new()));
        };
        if let Some(text) = condition.text() {
            if self.sigma.takes.compared != Compared::Rules {
                let message =
                    format!("{name} takes no condition over rule names, only `temporal` does");
                self.out.error(key.line, message);
                return None;
            }
            let line = condition.line;
            let expr = read_condition(text).map_err(|message| self.out.error(line, message));
            let expr = expr.ok()?;
            return Some((ConditionDraft::OverRules { expr, line }, Vec::new()));
        }
        if condition.map().is_none() {
            let shown = condition.shown();
            self.out.error(
                key.line,
                format!("the condition must be a mapping such as `gte: 10`, not {shown}"),
            );
            return None;
        }
        let mut parts = self.parts(key, condition)?;
        let fields = std::mem::take(&mut parts.fields);
        Some((self.compared(key, parts)?, fields))
    }

    /// What a condition with comparisons means.
    fn compared(&mut self, key: &Node, parts: Parts) -> Option<ConditionDraft> {
        let threshold = match parts.threshold {
            ThresholdDraft::Count(threshold) => threshold,
            ThresholdDraft::Number(threshold) => {
                let rank = parts.rank.unwrap_or(RANK_USUAL);
                return Some(ConditionDraft::Number(threshold, rank));
            }
        };
        Some(match self.sigma.takes.compared {
            Compared::Rules => ConditionDraft::Rules(threshold),
            Compared::AllRules => {
                let all = u64::try_from(self.inputs).unwrap_or(u64::MAX);
                let bounds = &threshold.0[..];
                if !matches!(*bounds, [(Comparison::Gte | Comparison::Eq, n)] if n == all) {
                    let name = self.sigma.name;
                    let message =
                        format!("{name} needs all its rules in their order, remove the condition");
                    self.out.error(key.line, message);
                    return None;
                }
                ConditionDraft::InOrder
            }
            Compared::Count | Compared::Number => ConditionDraft::Count(threshold),
        })
    }

    /// What a correlation means that has no condition.
    fn left_out(&mut self, correlation: &Node) -> Option<ConditionDraft> {
        match self.sigma.takes.compared {
            Compared::Rules => Some(ConditionDraft::All),
            Compared::AllRules => Some(ConditionDraft::InOrder),
            Compared::Count | Compared::Number => {
                let name = self.sigma.name;
                self.out.error(
                    correlation.line,
                    format!("{name} needs a `condition`, such as `gte: 10`"),
                );
                None
            }
        }
    }

    fn parts(&mut self, key: &Node, condition: &Node) -> Option<Parts> {
        let mark = self.out.mark();
        let takes = self.sigma.takes;
        let mut parts = Parts {
            threshold: ThresholdDraft::new(takes.compared),
            fields: Vec::new(),
            rank: None,
        };
        for (at, value) in condition.map().unwrap_or_default() {
            let name = at.text().unwrap_or_default();
            match (comparison(name), name) {
                (Some(comparison), _) => parts.threshold.read((at, value), comparison, self.out),
                (None, "field") => parts.fields = self.fields(at, value),
                (None, "percentile") => parts.rank = self.rank(at, value),
                _ => self.out.error(
                    at.line,
                    format!(
                        "unknown key `condition.{name}`{}; known are {}",
                        suggestion(name, KEYS),
                        KEYS.join(", ")
                    ),
                ),
            }
        }
        if self.out.errors_since(mark) > 0 {
            return None;
        }
        if parts.threshold.is_empty() {
            self.out.error(
                key.line,
                "the condition has no comparison, such as `gte: 10`",
            );
        } else if let Some(message) = parts.threshold.senseless(takes.compared) {
            self.out.error(key.line, message);
        }
        if takes.fields != Fields::None && parts.fields.is_empty() {
            let name = self.sigma.name;
            self.out.error(
                key.line,
                format!("{name} needs the `field` whose values it looks at"),
            );
        }
        if takes.rank && parts.rank.is_none() {
            self.out.warning(
                key.line,
                "no `percentile` is given, 50 (the median) is taken",
            );
        }
        (self.out.errors_since(mark) == 0).then_some(parts)
    }

    fn fields(&mut self, at: &Node, value: &Node) -> Vec<Reference> {
        let name = self.sigma.name;
        if self.sigma.takes.fields == Fields::None {
            self.out.error(
                at.line,
                format!("{name} looks at no field, remove `field` or use value_count"),
            );
            return Vec::new();
        }
        let fields = text_list(value, "`field`", self.out).unwrap_or_default();
        if fields.len() > 1 && self.sigma.takes.fields == Fields::One {
            self.out.error(
                at.line,
                format!("{name} looks at one field, not {}", fields.len()),
            );
        }
        fields
    }

    fn rank(&mut self, at: &Node, value: &Node) -> Option<u8> {
        if !self.sigma.takes.rank {
            let name = self.sigma.name;
            self.out.error(
                at.line,
                format!("{name} has no `percentile`, remove it or use value_percentile"),
            );
            return None;
        }
        let rank = match value.kind {
            Kind::Int(n) => u8::try_from(n).ok().filter(|n| *n <= 100),
            _ => None,
        };
        if rank.is_none() {
            let shown = value.shown();
            self.out.error(
                at.line,
                format!("`percentile` must be a whole number from 0 to 100, not {shown}"),
            );
        }
        rank
    }
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
