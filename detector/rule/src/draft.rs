//! Rules as their own documents state them, before references between them are resolved.

use crate::model::allowlist::Allowlist;
use crate::model::condition::Condition;
use crate::model::log_source::SourceScope;
use crate::model::network_prefix::NetworkPrefix;
use crate::model::{BaselineParts, Comparison, FirstSeenParts, RuleMeta, Threshold, WindowSpec};
use crate::yaml::identity::Identity;
use crate::yaml::reference::Reference;
use detector_event::event::LogSource;

/// The documents of all files, in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) detections: Vec<DetectionDraft>,
    pub(crate) correlations: Vec<CorrelationDraft>,
    pub(crate) filters: Vec<FilterDraft>,
    pub(crate) broken: Vec<BrokenDraft>,
    pub(crate) allowlists: Vec<Allowlist>,
    /// By what names every document can be referred to, broken ones included.
    pub(crate) identities: Vec<(Identity, Target)>,
}

impl Drafts {
    /// The number of sound documents so far: a mark for [`Drafts::new_since`].
    pub(crate) fn sound(&self) -> [usize; 3] {
        [
            self.detections.len(),
            self.correlations.len(),
            self.filters.len(),
        ]
    }

    /// What the one document read since then became; nothing, where it is broken.
    pub(crate) fn new_since(&self, mark: [usize; 3]) -> Option<Target> {
        let [detections, correlations, filters] = mark;
        if self.detections.len() > detections {
            Some(Target::Detection(detections))
        } else if self.correlations.len() > correlations {
            Some(Target::Correlation(correlations))
        } else {
            (self.filters.len() > filters).then_some(Target::Filter)
        }
    }
}

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Detection(usize),
    Correlation(usize),
    Filter,
    /// A document that is there and broken.
    Broken(usize),
    /// Nowhere, or where the rule leads already; that has been reported.
    Nowhere,
}

/// What of a broken document still refers to others.
#[derive(Debug)]
pub(crate) struct BrokenDraft {
    pub(crate) path: std::sync::Arc<str>,
    pub(crate) line: u32,
    /// As it calls itself.
    pub(crate) label: String,
    pub(crate) inputs: Vec<Reference>,
}

#[derive(Debug)]
pub(crate) struct DetectionDraft {
    pub(crate) meta: RuleMeta,
    pub(crate) scope: SourceScope,
    pub(crate) sources: Vec<LogSource>,
    pub(crate) condition: Condition,
    pub(crate) allow: Vec<AllowDraft>,
}

#[derive(Debug)]
pub(crate) struct FilterDraft {
    pub(crate) meta: RuleMeta,
    pub(crate) scope: Option<SourceScope>,
    /// `None`: every rule.
    pub(crate) targets: Option<Vec<Reference>>,
    pub(crate) condition: Condition,
}

#[derive(Debug)]
pub(crate) struct CorrelationDraft {
    pub(crate) meta: RuleMeta,
    pub(crate) inputs: Vec<Reference>,
    pub(crate) group_by: Vec<Reference>,
    pub(crate) timespan_ms: i64,
    pub(crate) quiet_ms: Option<i64>,
    pub(crate) window: WindowDraft,
    pub(crate) value_fields: Vec<Reference>,
    pub(crate) aliases: Vec<AliasDraft>,
    pub(crate) prefixes: Vec<PrefixDraft>,
    pub(crate) extension: Option<ExtensionDraft>,
    pub(crate) show: Vec<Reference>,
}

/// A window whose condition may still name rules.
#[derive(Debug)]
pub(crate) enum WindowDraft {
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
pub(crate) struct AliasDraft {
    pub(crate) name: String,
    pub(crate) line: u32,
    /// The rule, and the field it has in that rule.
    pub(crate) fields: Vec<(Reference, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleKind {
    Detection,
    Correlation,
    Filter,
}

/// The attributes of one rule.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) quiet_ms: Option<i64>,
    pub(crate) threat: Option<String>,
    pub(crate) response: Option<String>,
    pub(crate) prefixes: Vec<PrefixDraft>,
    pub(crate) allow: Vec<AllowDraft>,
    pub(crate) extensions: Vec<ExtensionDraft>,
    pub(crate) show: Vec<Reference>,
}

/// A group-by name and its prefix, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrefixDraft {
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) prefix: NetworkPrefix,
}

/// `allow: {office: [source_ip]}`: hits whose fields are all in the list are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowDraft {
    pub(crate) list: Reference,
    pub(crate) fields: Vec<Reference>,
}

/// What makes a window type of Sigma another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtensionDraft {
    /// The key under `vedette`, and its line.
    pub(crate) key: &'static str,
    pub(crate) line: u32,
    pub(crate) kind: ExtensionKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExtensionKind {
    Ratio {
        of: Vec<Reference>,
        to: Vec<Reference>,
        bounds: Vec<(Comparison, u64)>,
        at_least: u64,
    },
    FirstSeen(FirstSeenParts),
    Owner {
        given_by: Vec<Reference>,
        ended_by: Vec<Reference>,
        memory_ms: i64,
    },
    Baseline(BaselineParts),
}

impl ExtensionKind {
    /// The correlation type that it stands on.
    pub(crate) fn sigma_type(&self) -> &'static str {
        match self {
            ExtensionKind::Ratio { .. } | ExtensionKind::Baseline(_) => "event_count",
            ExtensionKind::FirstSeen(_) | ExtensionKind::Owner { .. } => "value_count",
        }
    }
}
