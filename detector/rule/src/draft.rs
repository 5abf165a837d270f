//! Rules as their own documents state them, before references between them are resolved.

use std::sync::Arc;

use crate::kind::{Draft, Linker, Takes, ThresholdsDraft, WindowKind};
use crate::model::allowlist::Allowlist;
use crate::model::condition::Condition;
use crate::model::log_source::SourceScope;
use crate::model::network_prefix::NetworkPrefix;
use crate::model::threat_list::ThreatList;
use crate::model::{Decimal, EntityKind, EntityRole, RuleMeta, Threshold, Window};
use crate::yaml::identity::Identity;
use crate::yaml::reference::Reference;
use detector_event::event::LogSource;

/// The documents of all files, in the order of the files.
#[derive(Debug)]
pub(super) struct Drafts {
    /// The window types that the files may name.
    pub(super) types: &'static [WindowKind],
    pub(super) detections: Vec<DetectionDraft>,
    pub(super) correlations: Vec<CorrelationDraft>,
    pub(super) filters: Vec<FilterDraft>,
    pub(super) broken: Vec<BrokenDraft>,
    pub(super) allowlists: Vec<Allowlist>,
    /// The keys of documents that are read before any rule, as `lists`.
    pub(super) shared: Vec<Reference>,
    /// At most one; a second one has been reported.
    pub(super) threats: Vec<ThreatList>,
    /// What rules say under `vedette.threat`.
    pub(super) threat_references: Vec<ThreatReference>,
    /// By what names every document can be referred to, broken ones included.
    pub(super) identities: Vec<(Identity, Target)>,
}

impl Drafts {
    pub(super) fn new(types: &'static [WindowKind]) -> Self {
        Self {
            types,
            detections: Vec::new(),
            correlations: Vec::new(),
            filters: Vec::new(),
            broken: Vec::new(),
            allowlists: Vec::new(),
            shared: Vec::new(),
            threats: Vec::new(),
            threat_references: Vec::new(),
            identities: Vec::new(),
        }
    }

    /// The number of sound documents so far: a mark for [`Drafts::new_since`].
    pub(super) fn sound(&self) -> [usize; 3] {
        [
            self.detections.len(),
            self.correlations.len(),
            self.filters.len(),
        ]
    }

    /// What the one document read since then became; nothing, where it is broken.
    pub(super) fn new_since(&self, mark: [usize; 3]) -> Option<Target> {
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

/// A threat that a rule names, and where.
#[derive(Debug)]
pub(super) struct ThreatReference {
    pub(super) path: Arc<str>,
    pub(super) threat: Reference,
}

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
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
pub(super) struct BrokenDraft {
    pub(super) path: std::sync::Arc<str>,
    pub(super) line: u32,
    /// As it calls itself.
    pub(super) label: String,
    pub(super) inputs: Vec<Reference>,
}

#[derive(Debug)]
pub(super) struct DetectionDraft {
    pub(super) meta: RuleMeta,
    pub(super) scope: SourceScope,
    pub(super) sources: Vec<LogSource>,
    pub(super) condition: Condition,
    pub(super) allow: Vec<AllowDraft>,
    pub(super) alert: AlertWish,
    pub(super) entities: Vec<EntityDraft>,
}

/// Whether a detection rule alerts by itself (`vedette.alert`).
#[derive(Debug, Default)]
pub(super) enum AlertWish {
    /// If nothing refers to it.
    #[default]
    Unsaid,
    Never,
    Asked(AlertDraft),
}

/// How it does; what is not said is left to the default.
#[derive(Debug, Default)]
pub(super) struct AlertDraft {
    pub(super) group_by: Option<Vec<Reference>>,
    pub(super) quiet_ms: Option<i64>,
    pub(super) show: Vec<Reference>,
}

#[derive(Debug)]
pub(super) struct FilterDraft {
    pub(super) meta: RuleMeta,
    pub(super) scope: Option<SourceScope>,
    /// `None`: every rule.
    pub(super) targets: Option<Vec<Reference>>,
    pub(super) condition: Condition,
}

#[derive(Debug)]
pub(super) struct CorrelationDraft {
    pub(super) meta: RuleMeta,
    pub(super) inputs: Vec<Reference>,
    pub(super) group_by: Vec<Reference>,
    pub(super) timespan_ms: i64,
    pub(super) quiet_ms: Option<i64>,
    pub(super) sigma: SigmaType,
    pub(super) condition: ConditionDraft,
    pub(super) value_fields: Vec<Reference>,
    pub(super) aliases: Vec<AliasDraft>,
    pub(super) prefixes: Vec<PrefixDraft>,
    pub(super) thresholds: Option<ThresholdsDraft>,
    pub(super) extension: Option<ExtensionDraft>,
    pub(super) show: Vec<Reference>,
    pub(super) entities: Vec<EntityDraft>,
    /// Whether the correlations among its inputs alert beside it; they do not where nothing is said.
    pub(super) generate: Option<bool>,
}

/// The `type` of a correlation.
#[derive(Debug, Clone, Copy)]
pub(super) struct SigmaType {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) link: fn(&mut Linker<'_>) -> Arc<dyn Window>,
}

/// A condition that may still name rules.
#[derive(Debug)]
pub(super) enum ConditionDraft {
    /// Every one of the inputs.
    All,
    /// How many of the inputs.
    Rules(Threshold),
    /// Every one, in their order.
    InOrder,
    Count(Threshold),
    /// And the percentile.
    Number(Threshold<Decimal>, u8),
    OverRules {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleKind {
    Detection,
    Correlation,
    Filter,
}

/// The attributes of one rule.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) quiet_ms: Option<i64>,
    pub(super) threat: Option<String>,
    pub(super) response: Option<String>,
    pub(super) prefixes: Vec<PrefixDraft>,
    pub(super) thresholds: Option<ThresholdsDraft>,
    pub(super) allow: Vec<AllowDraft>,
    pub(super) extensions: Vec<ExtensionDraft>,
    pub(super) show: Vec<Reference>,
    pub(super) entities: Vec<EntityDraft>,
    /// Paths below which the tests of one search must hold in one object.
    pub(super) same_element: Vec<Reference>,
    pub(super) alert: AlertWish,
}

/// An entity, and the field that has it, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntityDraft {
    pub(super) role: EntityRole,
    pub(super) kind: EntityKind,
    pub(super) field: Reference,
}

/// A group-by name and its prefix, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PrefixDraft {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) prefix: NetworkPrefix,
}

impl CorrelationDraft {
    /// What it says of the networks of a field.
    pub(super) fn prefix(&self, field: &Reference) -> Option<&PrefixDraft> {
        self.prefixes.iter().find(|of| of.name == field.text)
    }
}

/// `allow: {office: [source_ip]}`: hits whose fields are all in the list are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AllowDraft {
    pub(super) list: Reference,
    pub(super) fields: Vec<Reference>,
}

/// What makes a window type of Sigma another one.
#[derive(Debug, Clone)]
pub(super) struct ExtensionDraft {
    /// The key under `vedette`, and its line.
    pub(super) key: &'static str,
    pub(super) line: u32,
    /// The types of Sigma that it stands on.
    pub(super) on: &'static [&'static str],
    pub(super) draft: Arc<dyn Draft>,
}
