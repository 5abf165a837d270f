//! What can go wrong and what is done about it, as an organisation lists it: threats, mitigations, questions.

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use crate::yaml::reference::Reference;

/// The list of a rule set. Its references lead somewhere: threats to its mitigations, questions to its threats.
#[derive(Debug, Clone)]
pub struct ThreatList {
    /// File it was read from, and the line of its document.
    pub path: Arc<str>,
    pub line: u32,
    pub review: Option<Review>,
    /// In the order of the file, as are the others.
    pub threats: Vec<Threat>,
    pub mitigations: Vec<Mitigation>,
    pub questions: Vec<Question>,
}

/// Who has looked at the list, when, and how long that is good for.
#[derive(Debug, Clone)]
pub struct Review {
    pub by: String,
    pub on: NaiveDate,
    /// At least 1.
    pub every_days: u32,
    pub line: u32,
}

/// What can go wrong.
#[derive(Debug, Clone)]
pub struct Threat {
    pub id: String,
    pub title: String,
    /// By id.
    pub mitigations: Vec<Reference>,
    pub accepted: Option<Acceptance>,
    /// What of it no log shows.
    pub unseen: Option<String>,
    pub line: u32,
}

/// A decision to live with a threat for now.
#[derive(Debug, Clone)]
pub struct Acceptance {
    pub by: String,
    pub reason: String,
    /// Its last day.
    pub until: NaiveDate,
    pub line: u32,
}

/// What is done about it.
#[derive(Debug, Clone)]
pub struct Mitigation {
    pub id: String,
    pub title: String,
    pub owner: String,
    pub state: Progress,
    /// Free text.
    pub effort: Option<String>,
    /// Every model must have it.
    pub is_baseline: bool,
    /// Rules whose hits show it at work.
    pub seen_by: Evidence,
    /// Rules whose hits show that it was missing.
    pub broken_by: Evidence,
    pub line: u32,
}

/// Detection rules: as they are named, and their places in [`RuleSet::detections`](crate::RuleSet::detections).
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub named: Vec<Reference>,
    pub rules: Vec<u32>,
}

/// How far a mitigation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Proposed,
    Planned,
    Built,
}

/// What somebody wants to know of the threats.
#[derive(Debug, Clone)]
pub struct Question {
    pub persona: Persona,
    pub ask: String,
    /// By id.
    pub threats: Vec<Reference>,
    pub line: u32,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persona {
    Adversary,
    Defender,
    BusinessOwner,
    Developer,
}

impl Progress {
    pub const ALL: [Self; 3] = [Self::Proposed, Self::Planned, Self::Built];

    /// As it is written in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Planned => "planned",
            Self::Built => "built",
        }
    }
}

impl Persona {
    pub const ALL: [Self; 4] = [
        Self::Adversary,
        Self::Defender,
        Self::BusinessOwner,
        Self::Developer,
    ];

    /// As it is written in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adversary => "adversary",
            Self::Defender => "defender",
            Self::BusinessOwner => "business owner",
            Self::Developer => "developer",
        }
    }
}

impl Review {
    /// The last day for which the review is good.
    pub fn due(&self) -> NaiveDate {
        let due = self
            .on
            .checked_add_days(Days::new(u64::from(self.every_days)));
        due.unwrap_or(NaiveDate::MAX)
    }
}

impl Mitigation {
    /// `M7 Ownership verified before every access (Fleet backend, built)`
    pub fn shown(&self) -> String {
        format!(
            "{} {} ({}, {})",
            self.id,
            self.title,
            self.owner,
            self.state.name()
        )
    }
}

impl ThreatList {
    pub fn threat(&self, id: &str) -> Option<&Threat> {
        self.threats.iter().find(|threat| threat.id == id)
    }

    pub fn mitigation(&self, id: &str) -> Option<&Mitigation> {
        self.mitigations.iter().find(|of| of.id == id)
    }

    /// Whether hits of that rule are counted as evidence of a mitigation.
    pub fn counts(&self, rule: u32) -> bool {
        let of = |evidence: &Evidence| evidence.rules.contains(&rule);
        let mut all = self.mitigations.iter();
        all.any(|mitigation| of(&mitigation.seen_by) || of(&mitigation.broken_by))
    }
}

/// The id and the title of `T3: users who reach vehicles they do not own`; an id may stand alone.
pub fn id_and_title(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((id, title)) => (id.trim(), Some(title.trim())),
        None => (text.trim(), None),
    }
}
