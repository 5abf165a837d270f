//! Rules and how their recordings went go in; of each threat comes out whether it is proven, and why not.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use detector_core::rule::{CorrelationRule, RuleMeta, RuleSet, Threat, id_and_title};

use crate::test::Tested;
use crate::test::expectation::Kind;
use crate::test::scenario::Scenario;
use crate::test::spread::Spread;
use crate::test::verdict::{Delay, Verdict};

/// How it is with a threat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Recordings show that it is found, and that what looks alike is not.
    Proven,
    /// Not proven, and somebody has decided to live with that for now.
    Accepted,
    /// Rules name it, and recordings do not prove them.
    Unproven,
    /// No rule names it.
    Undetected,
}

/// What recordings say of one threat.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) state: State,
    /// Why it is not proven.
    pub(super) why: Vec<String>,
    /// Names of the rules that name it, and their metadata, in the order of the rule set.
    pub(super) rules: Vec<String>,
    pub(super) techniques: BTreeSet<String>,
    /// What of the recorded attacks is found.
    pub(super) found: usize,
    pub(super) attacks: usize,
    pub(super) silent: usize,
    pub(super) near_misses: usize,
    pub(super) times: Option<Spread>,
    /// Places in [`Tested::scenarios`].
    pub(super) attack_recordings: Vec<usize>,
    pub(super) near_miss_recordings: Vec<usize>,
}

/// The rules that page for a threat.
pub(super) fn rules_of<'r>(rules: &'r RuleSet, id: &str) -> Vec<&'r RuleMeta> {
    let names_it = |rule: &&CorrelationRule| {
        let named = rule.meta.threat.as_deref();
        rule.pages && named.is_some_and(|text| id_and_title(text).0 == id)
    };
    let found = rules.correlations.iter().filter(names_it);
    found.map(|rule| &rule.meta).collect()
}

pub(super) fn name(meta: &RuleMeta) -> &str {
    meta.name.as_deref().unwrap_or(&meta.id)
}

/// `attack.t1110.004` is `T1110.004`.
pub(super) fn technique(tag: &str) -> Option<String> {
    let id = tag.strip_prefix("attack.t")?;
    let is_id = id.bytes().next()?.is_ascii_digit();
    is_id.then(|| format!("T{id}"))
}

impl Proof {
    pub(super) fn of(threat: &Threat, rules: &RuleSet, tested: &Tested, today: NaiveDate) -> Self {
        let of_it = rules_of(rules, &threat.id);
        let names: BTreeSet<&str> = of_it.iter().map(|meta| name(meta)).collect();
        let known: BTreeSet<&str> = rules.correlations.iter().map(|r| name(&r.meta)).collect();
        let mut sight = Sight::new(&names, &known, tested);
        let mut why = match of_it.is_empty() {
            true => vec!["no rule names it".to_owned()],
            false => sight.why(),
        };
        why.dedup();
        let is_accepted = threat
            .accepted
            .as_ref()
            .is_some_and(|accepted| today <= accepted.until);
        let state = match (why.is_empty(), is_accepted, of_it.is_empty()) {
            (true, ..) => State::Proven,
            (_, true, _) => State::Accepted,
            (_, _, true) => State::Undetected,
            (_, _, false) => State::Unproven,
        };
        let tags = of_it.iter().flat_map(|meta| &meta.tags);
        Self {
            state,
            why,
            rules: of_it.iter().map(|meta| name(meta).to_owned()).collect(),
            techniques: tags.filter_map(|tag| technique(tag)).collect(),
            found: sight.delays.len(),
            attacks: sight.attacks,
            silent: sight.near_misses.len() - sight.loud,
            near_misses: sight.near_misses.len(),
            times: Spread::of(&sight.delays),
            attack_recordings: sight.recordings,
            near_miss_recordings: sight.near_misses,
        }
    }
}

/// What is looked at of the recordings, for some rules.
struct Sight<'t> {
    names: &'t BTreeSet<&'t str>,
    known: &'t BTreeSet<&'t str>,
    tested: &'t Tested,
    recordings: Vec<usize>,
    near_misses: Vec<usize>,
    attacks: usize,
    loud: usize,
    /// Of each attack that is found, until the first alert of these rules.
    delays: Vec<Delay>,
    shown: BTreeSet<&'t str>,
}

impl<'t> Sight<'t> {
    fn new(names: &'t BTreeSet<&'t str>, known: &'t BTreeSet<&'t str>, tested: &'t Tested) -> Self {
        Self {
            names,
            known,
            tested,
            recordings: Vec::new(),
            near_misses: Vec::new(),
            attacks: 0,
            loud: 0,
            delays: Vec::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Why the rules are not proven; nothing where they are.
    fn why(&mut self) -> Vec<String> {
        let mut why = Vec::new();
        let mut families = BTreeSet::new();
        for (at, (scenario, verdict)) in self.scenarios() {
            if scenario.expectation.kind == Kind::Attack && self.expects(scenario) {
                families.insert(&*scenario.family);
                self.recordings.push(at);
                self.attack(scenario, verdict, &mut why);
            }
        }
        if self.recordings.is_empty() {
            why.push("no recording of an attack expects an alert of its rules".to_owned());
        }
        for (at, (scenario, verdict)) in self.scenarios() {
            if families.contains(&*scenario.family) {
                self.beside(at, scenario, verdict, &mut why);
            }
        }
        for family in families {
            let mut near = self.near_misses.iter();
            if !near.any(|&at| self.tested.scenarios[at].family == family) {
                why.push(format!("no near miss among the recordings of {family}"));
            }
        }
        let unshown = self
            .names
            .iter()
            .filter(|name| !self.shown.contains(**name));
        why.extend(unshown.map(|name| format!("no recording shows the rule {name}")));
        why
    }

    fn scenarios(&self) -> impl Iterator<Item = (usize, (&'t Scenario, &'t Verdict))> + use<'t> {
        let tested = self.tested;
        tested.scenarios.iter().zip(&tested.verdicts).enumerate()
    }

    fn expects(&self, scenario: &Scenario) -> bool {
        let mut rules = scenario.expectation.rules();
        rules.any(|rule| self.names.contains(rule))
    }

    fn attack(&mut self, scenario: &'t Scenario, verdict: &'t Verdict, why: &mut Vec<String>) {
        for attack in &verdict.attacks {
            let mut expected = scenario.expectation.rules_of(&attack.name);
            if !expected.any(|rule| self.names.contains(rule)) {
                continue;
            }
            self.attacks += 1;
            let is_ours = |rule: &&(String, Delay)| self.names.contains(&*rule.0);
            let ours: Vec<_> = attack.alerts.iter().filter(is_ours).collect();
            match ours.iter().map(|(_, delay)| *delay).min() {
                Some(delay) => self.delays.push(delay),
                None => why.push(format!(
                    "attack {} of {} is missed",
                    attack.name,
                    shown(scenario)
                )),
            }
            self.shown.extend(ours.iter().map(|(rule, _)| &**rule));
        }
        if !verdict.is_passed() {
            why.push(differs(scenario, verdict));
        }
    }

    /// What else lies in the family: near misses, and attacks of which no rule is left.
    fn beside(
        &mut self,
        at: usize,
        scenario: &'t Scenario,
        verdict: &'t Verdict,
        why: &mut Vec<String>,
    ) {
        let gone = scenario.expectation.rules();
        for rule in gone.filter(|rule| !self.known.contains(rule)) {
            why.push(format!(
                "{} expects the rule {rule}, which is not there",
                shown(scenario)
            ));
        }
        if scenario.expectation.kind == Kind::NearMiss {
            self.near_misses.push(at);
            if !verdict.is_passed() {
                self.loud += 1;
                why.push(differs(scenario, verdict));
            }
        }
    }
}

fn differs(scenario: &Scenario, verdict: &Verdict) -> String {
    let differences = &verdict.differences;
    let first = differences.first().map(ToString::to_string);
    let more = match differences.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    format!(
        "{} differs: {}{more}",
        shown(scenario),
        first.unwrap_or_default()
    )
}

/// `credential_stuffing/attack_slow`
pub(super) fn shown(scenario: &Scenario) -> String {
    format!("{}/{}", scenario.family, scenario.name)
}
