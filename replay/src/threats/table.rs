//! The one table from which every format is written. Its serde form is the JSON of `replay threats`, a contract.

use chrono::NaiveDate;
use detector_core::engine::Engine;
use detector_core::rule::{Acceptance, Mitigation, Review, RuleSet, Threat, ThreatList};
use detector_core::tally::Tally;
use serde::Serialize;

use super::doubts;
use super::evidence::{Evidence, Seen};
use super::model::{Kind, Model};
use super::proof::{Proof, State};
use crate::test::Tested;

/// Everything that a report tells of.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) passed: bool,
    pub(super) review: Option<ReviewRow>,
    pub(super) models: Vec<ModelRow>,
    pub(super) threats: Vec<ThreatRow>,
    pub(super) mitigations: Vec<MitigationRow>,
    /// Empty until somebody answers them.
    pub(super) questions: Vec<QuestionRow>,
    #[serde(skip)]
    pub(super) has_logs: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct ReviewRow {
    pub(super) by: String,
    pub(super) on: NaiveDate,
    pub(super) due: NaiveDate,
    pub(super) overdue: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct ModelRow {
    pub(super) title: String,
    pub(super) components: usize,
    pub(super) flows: usize,
    pub(super) boundaries: usize,
    #[serde(skip)]
    pub(super) path: String,
    /// Names, and why.
    #[serde(skip)]
    pub(super) out_of_scope: Vec<(String, String)>,
    #[serde(skip)]
    pub(super) without_threat: Vec<String>,
    /// Ids of the list that are at no element.
    #[serde(skip)]
    pub(super) lacks: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ThreatRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) why: Vec<String>,
    /// Letters, or kinds of other methods as they are written.
    pub(super) stride: Vec<String>,
    #[serde(rename = "where")]
    pub(super) places: Vec<Place>,
    pub(super) rules: Vec<String>,
    pub(super) techniques: Vec<String>,
    pub(super) attacks: Attacks,
    pub(super) near_misses: NearMisses,
    /// Of the attack that was found last: events and seconds after its first one.
    pub(super) worst_events: Option<usize>,
    pub(super) worst_seconds: Option<f64>,
    pub(super) mitigations: Vec<String>,
    pub(super) accepted: Option<AcceptedRow>,
    /// What of it no log shows.
    pub(super) unseen: Option<String>,
    /// What a person decided about it at every place in the models: it needs no detector then.
    pub(super) decided: Option<String>,
    #[serde(skip)]
    pub(super) attack_recordings: Vec<usize>,
    #[serde(skip)]
    pub(super) near_miss_recordings: Vec<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub(super) model: String,
    pub(super) element: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip)]
    pub(super) status: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Attacks {
    pub(super) found: usize,
    pub(super) all: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct NearMisses {
    pub(super) silent: usize,
    pub(super) all: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct AcceptedRow {
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) until: NaiveDate,
}

#[derive(Debug, Serialize)]
pub(super) struct MitigationRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) state: &'static str,
    pub(super) effort: Option<String>,
    pub(super) baseline: bool,
    /// `None` where no logs were given, as are the numbers.
    pub(super) evidence: Option<Evidence>,
    pub(super) seen: Option<u64>,
    pub(super) missing: Option<u64>,
    /// Events of the logs in which it is seen.
    #[serde(skip)]
    pub(super) of: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct QuestionRow {
    pub(super) persona: &'static str,
    pub(super) ask: String,
    pub(super) answer: String,
}

/// What goes in.
pub(super) struct Material<'m> {
    pub(super) list: &'m ThreatList,
    pub(super) engine: &'m Engine,
    pub(super) models: &'m [Model],
    pub(super) tested: &'m Tested,
    pub(super) logs: Option<&'m Tally>,
    pub(super) today: NaiveDate,
}

impl Table {
    pub(super) fn of(material: &Material<'_>) -> Self {
        let Material {
            list,
            engine,
            models,
            ..
        } = *material;
        let rules = engine.rules();
        let threat = |threat| ThreatRow::of(threat, rules, material);
        let review = list.review.as_ref();
        let mut table = Self {
            passed: true,
            review: review.map(|review| ReviewRow::of(review, material.today)),
            models: models
                .iter()
                .map(|model| ModelRow::of(model, list))
                .collect(),
            threats: list.threats.iter().map(threat).collect(),
            mitigations: list
                .mitigations
                .iter()
                .map(|mitigation| {
                    let seen = |tally| Seen::of(mitigation, engine, tally);
                    MitigationRow::of(mitigation, material.logs.map(seen))
                })
                .collect(),
            questions: Vec::new(),
            has_logs: material.logs.is_some(),
        };
        table.passed = table.red().is_empty();
        table
    }

    /// Why the report does not pass, a line each.
    pub(super) fn red(&self) -> Vec<String> {
        let threats = self.threats.iter().filter(|threat| threat.is_red());
        let mut red: Vec<String> = threats
            .map(|threat| format!("{} is {}", threat.id, threat.state.name()))
            .collect();
        let baseline = self.mitigations.iter().filter(|m| m.is_red());
        red.extend(baseline.map(|m| {
            let evidence = m.evidence.map_or("", Evidence::name);
            format!("baseline {} {evidence}", m.id)
        }));
        if self.review.as_ref().is_some_and(|review| review.overdue) {
            red.push("the review is overdue".to_owned());
        }
        red
    }

    pub(super) fn threat(&self, id: &str) -> Option<&ThreatRow> {
        self.threats.iter().find(|threat| threat.id == id)
    }

    /// The mitigations of these threats, each once, in the order of the list.
    pub(super) fn mitigations_of<'t>(
        &'t self,
        threats: &'t [&ThreatRow],
    ) -> impl Iterator<Item = &'t MitigationRow> {
        let named = |id: &str| {
            let mut all = threats.iter().flat_map(|threat| &threat.mitigations);
            all.any(|of| of == id)
        };
        self.mitigations.iter().filter(move |m| named(&m.id))
    }
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Accepted => "accepted",
            Self::Unproven => "unproven",
            Self::Undetected => "undetected",
        }
    }
}

impl ReviewRow {
    fn of(review: &Review, today: NaiveDate) -> Self {
        Self {
            by: review.by.clone(),
            on: review.on,
            due: review.due(),
            overdue: review.due() < today,
        }
    }
}

impl ModelRow {
    fn of(model: &Model, list: &ThreatList) -> Self {
        let number = |kind| model.of_kind(kind).count();
        let out = model.elements.iter().filter_map(|element| {
            let reason = element.out_of_scope.clone()?;
            Some((element.name.clone(), reason))
        });
        let without = doubts::without_threat(model);
        let threats = list.threats.iter();
        let lacks = threats.filter(|threat| !model.has(&threat.id));
        Self {
            title: model.title.clone(),
            components: number(Kind::Component),
            flows: number(Kind::Flow),
            boundaries: number(Kind::Boundary),
            path: model.path.display().to_string(),
            out_of_scope: out.collect(),
            without_threat: without.map(|element| element.name.clone()).collect(),
            lacks: lacks.map(|threat| threat.id.clone()).collect(),
        }
    }
}

/// What a person can say of a threat in Threat Dragon that is no detector's business.
pub(super) const DECIDED: [&str; 5] = [
    "Transferred",
    "Avoided",
    "Eliminated",
    "NotApplicable",
    "Not Applicable",
];

impl ThreatRow {
    fn of(threat: &Threat, rules: &RuleSet, material: &Material<'_>) -> Self {
        let proof = Proof::of(threat, rules, material.tested, material.today);
        let places = places(threat, material.models);
        let stride = each_once(places.iter().map(|place| &*place.kind));
        let stride = stride.into_iter().map(str::to_owned).collect();
        let first = places.first().map(|place| place.status.clone());
        let is_decided = |place: &Place| DECIDED.contains(&&*place.status);
        let decided = first.filter(|_| places.iter().all(is_decided));
        let times = proof.times.as_ref();
        Self {
            id: threat.id.clone(),
            title: threat.title.clone(),
            state: proof.state,
            stride,
            places,
            techniques: proof.techniques.into_iter().collect(),
            attacks: Attacks {
                found: proof.found,
                all: proof.attacks,
            },
            near_misses: NearMisses {
                silent: proof.silent,
                all: proof.near_misses,
            },
            worst_events: times.and_then(|times| times.worst_events),
            worst_seconds: times.map(|times| times.worst_seconds),
            why: proof.why,
            rules: proof.rules,
            mitigations: threat.mitigations.iter().map(|m| m.text.clone()).collect(),
            accepted: threat.accepted.as_ref().map(AcceptedRow::of),
            unseen: threat.unseen.clone(),
            decided,
            attack_recordings: proof.attack_recordings,
            near_miss_recordings: proof.near_miss_recordings,
        }
    }

    /// Names of the elements that it is at.
    pub(super) fn elements(&self) -> Vec<&str> {
        each_once(self.places.iter().map(|place| &*place.element))
    }

    pub(super) fn is_red(&self) -> bool {
        matches!(self.state, State::Unproven | State::Undetected) && self.decided.is_none()
    }
}

/// In the order in which they come first.
fn each_once<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

fn places(threat: &Threat, models: &[Model]) -> Vec<Place> {
    let mut places = Vec::new();
    for model in models {
        for element in &model.elements {
            let placed = element.threats.iter();
            let of_it = placed.filter(|placed| placed.is(&threat.id));
            places.extend(of_it.map(|placed| Place {
                model: model.title.clone(),
                element: element.name.clone(),
                kind: placed.letter(),
                status: placed.status.clone(),
            }));
        }
    }
    places
}

impl AcceptedRow {
    fn of(accepted: &Acceptance) -> Self {
        Self {
            by: accepted.by.clone(),
            reason: accepted.reason.clone(),
            until: accepted.until,
        }
    }
}

impl MitigationRow {
    fn of(mitigation: &Mitigation, seen: Option<Seen>) -> Self {
        Self {
            id: mitigation.id.clone(),
            title: mitigation.title.clone(),
            owner: mitigation.owner.clone(),
            state: mitigation.state.name(),
            effort: mitigation.effort.clone(),
            baseline: mitigation.is_baseline,
            evidence: seen.map(|seen| seen.evidence),
            seen: seen.map(|seen| seen.seen),
            missing: seen.map(|seen| seen.missing),
            of: seen.map_or(0, |seen| seen.of),
        }
    }

    /// Every model must have it, and the logs show that it is not there, or not always.
    pub(super) fn is_red(&self) -> bool {
        self.baseline && matches!(self.evidence, Some(Evidence::Leaks | Evidence::NotSeen))
    }

    /// The logs show it, and the list says that it is not built.
    pub(super) fn is_ahead(&self) -> bool {
        !self.is_built() && self.seen.is_some_and(|seen| seen > 0)
    }

    pub(super) fn is_built(&self) -> bool {
        self.state == "built"
    }
}
