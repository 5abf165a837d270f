//! The techniques that rules are tagged with, as a layer of the ATT&CK Navigator: its colour means that a recording
//! proves a detector, and not how many rules there are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::proof::{State, name, rules_of, shown, technique};
use super::table::{Material, Table};

/// The edition of ATT&CK whose identifiers the tags have.
const ATTACK: &str = "16";
const PROVEN: u32 = 100;
const TAGGED: u32 = 50;

#[derive(Default)]
struct Technique {
    is_proven: bool,
    rules: Vec<String>,
    recordings: Vec<String>,
    threats: Vec<String>,
}

pub(super) fn layer(table: &Table, material: &Material<'_>) -> Value {
    let mut techniques: BTreeMap<String, Technique> = BTreeMap::new();
    for threat in &table.threats {
        for rule in rules_of(material.engine.rules(), &threat.id) {
            let proving = proving(name(rule), material);
            for id in rule.tags.iter().filter_map(|tag| technique(tag)) {
                let of = techniques.entry(id).or_default();
                of.is_proven |= threat.state == State::Proven && !proving.is_empty();
                push(&mut of.rules, name(rule));
                push(&mut of.threats, &threat.id);
                for recording in &proving {
                    push(&mut of.recordings, recording);
                }
            }
        }
    }
    let techniques: Vec<Value> = techniques.iter().map(entry).collect();
    json!({
        "name": "Detection proven by recordings",
        "versions": {"attack": ATTACK, "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "100: a recording proves a detector of it. 50: a rule has the tag, and nothing proves it.",
        "sorting": 3,
        "layout": {"layout": "side", "showID": true, "showName": true, "expandedSubtechniques": "annotated"},
        "techniques": techniques,
        "gradient": {"colors": ["#ffffff", "#ffd966", "#6aa84f"], "minValue": 0, "maxValue": 100},
        "legendItems": [
            {"label": "proven by a recording", "color": "#6aa84f"},
            {"label": "tagged, not proven", "color": "#ffd966"},
        ],
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
    })
}

fn entry((id, of): (&String, &Technique)) -> Value {
    let recordings = match of.recordings.is_empty() {
        true => "no recording".to_owned(),
        false => of.recordings.join(", "),
    };
    let threats = of.threats.iter();
    let metadata: Vec<Value> = threats
        .map(|id| json!({"name": "threat", "value": id}))
        .collect();
    json!({
        "techniqueID": id,
        "score": if of.is_proven { PROVEN } else { TAGGED },
        "comment": format!("rules: {}; recordings: {recordings}", of.rules.join(", ")),
        "metadata": metadata,
    })
}

/// The recordings of attacks in which the rule is expected and found.
fn proving(rule: &str, material: &Material<'_>) -> Vec<String> {
    let tested = material.tested;
    let pairs = tested.scenarios.iter().zip(&tested.verdicts);
    let shows = pairs.filter(|(_, verdict)| {
        let mut alerts = verdict.attacks.iter().flat_map(|attack| &attack.alerts);
        verdict.is_passed() && alerts.any(|(of, _)| of == rule)
    });
    shows.map(|(scenario, _)| shown(scenario)).collect()
}

fn push(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}
