//! Rules as their own documents state them, before references between them are resolved.

use super::condition::Condition;
use super::log_source::SourceScope;
use super::model::{RuleMeta, Threshold, WindowSpec};
use crate::event::LogSource;

/// The documents of all files, in the order of the files.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    pub(super) detections: Vec<DetectionDraft>,
    pub(super) correlations: Vec<CorrelationDraft>,
    pub(super) filters: Vec<FilterDraft>,
    /// Ids and names of documents that are broken: a reference to one is not a second mistake.
    pub(super) broken: Vec<String>,
}

impl Drafts {
    pub(super) fn rules(&self) -> usize {
        self.detections.len() + self.correlations.len()
    }
}

#[derive(Debug)]
pub(super) struct DetectionDraft {
    pub(super) meta: RuleMeta,
    pub(super) scope: SourceScope,
    pub(super) sources: Vec<LogSource>,
    pub(super) condition: Condition,
}

#[derive(Debug)]
pub(super) struct FilterDraft {
    pub(super) path: std::sync::Arc<str>,
    pub(super) scope: Option<SourceScope>,
    /// `None`: every rule.
    pub(super) targets: Option<Vec<Reference>>,
    pub(super) condition: Condition,
}

/// A rule named by id or name, and the line where.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) text: String,
    pub(super) line: u32,
}

#[derive(Debug)]
pub(super) struct CorrelationDraft {
    pub(super) meta: RuleMeta,
    pub(super) inputs: Vec<Reference>,
    pub(super) group_by: Vec<Reference>,
    pub(super) timespan_ms: i64,
    pub(super) quiet_ms: Option<i64>,
    pub(super) window: WindowDraft,
    pub(super) value_fields: Vec<Reference>,
    pub(super) aliases: Vec<AliasDraft>,
}

/// A window whose condition may still name rules.
#[derive(Debug)]
pub(super) enum WindowDraft {
    Ready(WindowSpec),
    /// `temporal` without a condition: every one of the inputs.
    TemporalAll,
    TemporalCount(Threshold),
    TemporalExpr {
        expr: rsigma_parser::ConditionExpr,
        line: u32,
    },
}

/// `alias: {rule: field, …}`
#[derive(Debug)]
pub(super) struct AliasDraft {
    pub(super) name: String,
    pub(super) line: u32,
    /// The rule, and the field it has in that rule.
    pub(super) fields: Vec<(Reference, String)>,
}
