//! The checked rules. A [`RuleSet`] that exists is valid: every reference resolves, every field has its slot.

pub(crate) mod log_source; // logsource -> LogSource
pub(crate) mod network_prefix; // the network of an address
pub(crate) mod allowlist; // who may
pub(crate) mod shared; // what is said once for all rules
pub(crate) mod condition; // what a detection tests
pub(crate) mod comparison; // of two numbers
pub(crate) mod pattern; // regular expressions
pub(crate) mod decimal; // a number of a condition
pub(crate) mod threat_list; // what can go wrong
mod threshold; // when a count satisfies
mod presence; // when rules that are there do
mod entity; // who and what alerts are about
mod window; // what a type makes of its part

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::model::allowlist::Allowlist;
pub use crate::model::comparison::Comparison;
pub use crate::model::decimal::Decimal;
pub use crate::model::entity::{EntityKind, EntityRole, EntitySource, RuleEntity};
use crate::model::network_prefix::NetworkPrefix;
pub use crate::model::shared::calendar::Calendar;
use crate::model::shared::derived::Derived;
use crate::model::shared::spelling::Spelling;
use crate::model::threat_list::ThreatList;
pub use crate::model::window::{Window, WindowParts};
use detector_event::event::{Event, LogSource};
use detector_event::field::{FieldTable, SlotId};
use detector_event::slots::Value;

/// The place of a detection rule in [`RuleSet::detections`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetectionIx(pub u32);

/// The place of a correlation rule in [`RuleSet::correlations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationIx(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// As it is written in a rule file.
    pub fn name(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }
}

/// What a rule says of itself.
#[derive(Debug, Clone)]
pub struct RuleMeta {
    /// The rule's `id`; its `name`, or else its title, where it has none.
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub title: Arc<str>,
    pub level: Option<Level>,
    pub tags: Vec<String>,
    pub description: Option<String>,
    pub false_positives: Vec<String>,
    /// `vedette.threat`: the entry of the threat model it answers.
    pub threat: Option<String>,
    /// What is done about that threat, as the list of threats says; empty where there is none.
    pub mitigations: Vec<Arc<str>>,
    /// `vedette.response`: what the on-call does.
    pub response: Option<String>,
    /// File it was read from, and the line of its document.
    pub path: Arc<str>,
    pub line: u32,
}

impl RuleMeta {
    /// The folder of its file: the detector that it belongs to.
    pub fn detector(&self) -> &str {
        let folders = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.rsplit('/').next().unwrap_or_default()
    }
}

/// Everything the engine runs on.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub fields: FieldTable,
    pub detections: Vec<DetectionRule>,
    /// In dependency order: a child before every parent that refers to it.
    pub correlations: Vec<CorrelationRule>,
    /// What the filters say of themselves; what they do is folded into the detections.
    pub filters: Vec<RuleMeta>,
    /// In the order of the files.
    pub allowlists: Vec<Allowlist>,
    /// The organisation's threats and mitigations, where a file has them.
    pub threats: Option<ThreatList>,
    /// Networks that many people share, as detections may ask for them, in the order of the files.
    pub shared_networks: Vec<Arc<Allowlist>>,
    /// By field: how its values are spelt, where the rules say so (`spelling`).
    pub spelling: BTreeMap<Box<str>, Spelling>,
    /// What fields such as `vedette.at.office.hour` are told by, in the order of the files.
    pub calendars: Arc<[Calendar]>,
    /// What says where addresses are, as the shell has read it, in its order.
    pub databases: Vec<Database>,
}

/// A database of places, in the MaxMind format. Rules load whether it is one or not.
#[derive(Clone)]
pub struct Database {
    /// As the user would write it.
    pub path: String,
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}

/// A detection rule, filters folded in. What it matches is compiled by `detector-matching`.
#[derive(Debug)]
pub struct DetectionRule {
    pub meta: RuleMeta,
    /// The sources whose events it sees; all, where its log source names no service.
    pub sources: Vec<LogSource>,
    /// Every field that it reads.
    pub fields: Vec<SlotId>,
    pub condition: crate::Condition,
    /// Lists whose values are no hits of this rule (`vedette.allow`).
    pub allow: Vec<Allowance>,
}

/// A list of the allowlist, and the fields of an event that are looked up in it.
#[derive(Debug)]
pub struct Allowance {
    /// The place in [`RuleSet::allowlists`].
    pub list: usize,
    pub fields: Vec<SlotId>,
}

impl RuleSet {
    /// The rules that read what databases say of addresses, by name or id.
    pub fn asking_for_places(&self) -> Vec<&str> {
        let is_place = |slot: &SlotId| {
            let derived = Derived::of(self.fields.path(*slot), &self.calendars);
            matches!(derived, Some(Ok(Derived::Place(..))))
        };
        let of_event = |source: &FieldSource| match source {
            FieldSource::Event(slot) => is_place(slot),
            FieldSource::FirstOf(slots) => slots.iter().any(is_place),
            FieldSource::ChildGroup(_) | FieldSource::Nowhere => false,
        };
        let reads = |input: &CorrelationInput| {
            let mut fields = input.group_by.iter().chain(&input.value);
            let is_shown = |shown: &ShownField| matches!(&shown.source, ShownSource::Event(slot) if is_place(slot));
            fields.any(of_event) || input.show.iter().any(is_shown)
        };
        let asks = |rule: &&DetectionRule| {
            let allowing = rule.allow.iter().flat_map(|allow| &allow.fields);
            rule.fields.iter().chain(allowing).any(is_place)
        };
        let detections = self.detections.iter().filter(asks);
        let correlations = self
            .correlations
            .iter()
            .filter(|rule| rule.inputs.iter().any(reads));
        let metas = detections
            .map(|rule| &rule.meta)
            .chain(correlations.map(|rule| &rule.meta));
        let mut names: Vec<&str> = metas
            .map(|meta| meta.name.as_deref().unwrap_or(&meta.id))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The lists whose entries have an owner and an end.
    pub fn dated_lists(&self) -> impl Iterator<Item = &Allowlist> {
        let shared = self.shared_networks.iter().map(Arc::as_ref);
        self.allowlists.iter().chain(shared)
    }

    /// The first of the rule's [`Allowance`]s by which an event is no hit.
    ///
    /// A field allows where it has a value and the list has all of its values, at the time of the event. What carries
    /// no time is not allowed.
    pub fn allowance(&self, rule: &DetectionRule, event: &Event<'_, '_>) -> Option<usize> {
        let time = event.time?;
        rule.allow.iter().position(|allow| {
            let list = &self.allowlists[allow.list];
            allow.fields.iter().any(|&slot| {
                let mut values = event.slots.values(slot).peekable();
                let is_listed = |value: &Value<'_>| {
                    let text = value.text();
                    text.is_some_and(|text| list.allows(&text, time))
                };
                values.peek().is_some() && values.all(is_listed)
            })
        })
    }
}

/// A correlation rule.
#[derive(Debug)]
pub struct CorrelationRule {
    pub meta: RuleMeta,
    /// The rules it refers to, in the order of its file.
    pub inputs: Vec<CorrelationInput>,
    /// Names of the group-by fields or aliases, in the order of its file. Empty: one group for all.
    pub group_by: Vec<Arc<str>>,
    /// Of each group-by field: that its value is the network of an address (`vedette.prefix`).
    pub prefixes: Vec<Option<NetworkPrefix>>,
    /// Likewise of each of the condition's fields, whose networks are counted then.
    pub value_prefixes: Vec<Option<NetworkPrefix>>,
    /// Window length in milliseconds, above 0.
    pub timespan_ms: i64,
    /// Holding intervals with gaps no longer than this are one episode (`vedette.quiet`; default: one timespan).
    pub quiet_ms: i64,
    pub window: Arc<dyn Window>,
    /// Names of the fields or aliases whose different values it counts, or whose numbers it reads.
    pub counts: Vec<Arc<str>>,
    /// Fields or aliases whose values its alerts show (`vedette.show`), in the order of its file.
    pub show: Vec<Arc<str>>,
    /// Who and what its alerts are about (`vedette.entities`).
    pub entities: Vec<RuleEntity>,
    /// The detection rule that alerts by itself, where no document but its own is behind this one. A group-by field that
    /// is missing is then a value like any other: who has no name shall not be missed.
    pub stands_for: Option<DetectionIx>,
    /// Whether its episodes are told of; otherwise only the correlations that refer to it see them.
    pub pages: bool,
    /// The correlations that refer to it, which stand after it, each with the place of the reference in its inputs.
    pub parents: Vec<(CorrelationIx, usize)>,
}

impl CorrelationRule {
    /// Whether it groups by nothing but places ([`EntityRole::Scope`]), as it says itself: by what many share by its nature.
    pub fn groups_by_places(&self) -> bool {
        let is_place = |field: &Arc<str>| {
            let mut entities = self.entities.iter();
            entities.any(|of| of.role == EntityRole::Scope && of.field == *field)
        };
        self.group_by.iter().all(is_place)
    }

    /// The places in [`RuleSet::correlations`] of the correlations that it refers to, which stand before it.
    pub fn children(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().filter_map(|input| match input.rule {
            InputRule::Correlation(child) => Some(child.0 as usize),
            InputRule::Detection(_) => None,
        })
    }
}

/// One rule referred to by a correlation.
#[derive(Debug)]
pub struct CorrelationInput {
    pub rule: InputRule,
    /// The text by which the file refers to it (id or name).
    pub reference: Arc<str>,
    /// Where each group-by value comes from, in the order of [`CorrelationRule::group_by`].
    pub group_by: Vec<FieldSource>,
    /// Where the condition's `field` values come from; empty where the type needs none.
    pub value: Vec<FieldSource>,
    /// What it has of the fields that are shown.
    pub show: Vec<ShownField>,
}

/// A field that alerts show, and where an input has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownField {
    pub tag: FieldTag,
    pub source: ShownSource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownSource {
    /// A field of the event that a detection rule matched.
    Event(SlotId),
    /// The n-th group-by value of a child correlation.
    ChildGroup(usize),
    /// A field that the alerts of a child correlation show.
    ChildShown(FieldTag),
}

/// The name of a shown field in four bytes: state keeps it with each value, so that what a rule shows can be edited
/// while its groups live on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldTag(u32);

impl FieldTag {
    pub fn of(name: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(name.as_bytes());
        Self(hasher.finish() as u32)
    }

    pub fn to_bits(self) -> u32 {
        self.0
    }

    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputRule {
    Detection(DetectionIx),
    Correlation(CorrelationIx),
}

/// Where a group-by or value field is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSource {
    /// A field of the event that a detection rule matched.
    Event(SlotId),
    /// The first of several fields that has a value.
    FirstOf(Arc<[SlotId]>),
    /// The n-th group-by value of a child correlation.
    ChildGroup(usize),
    /// A child correlation does not have it, and so is in no group.
    Nowhere,
}

/// `gte: 10`, or several that must all be true (`gt: 10` with `lte: 20`): of a count, or of a number as [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold<T = u64>(pub Vec<(Comparison, T)>);

/// Which of the inputs must be present in the window, by their places in [`CorrelationRule::inputs`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The number of inputs present compares so.
    Count(Threshold),
    Input(usize),
    And(Vec<Presence>),
    Or(Vec<Presence>),
    Not(Box<Presence>),
}
