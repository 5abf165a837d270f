//! Incidents of the engine, from YAML and JSON, against a search of the oracle's episodes that compares every two.
//!
//! Architecture invariant: incidents are a function of the set of episodes, whatever the order, repetition and division of
//! what came in.

#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

#[allow(dead_code, reason = "each test file uses its part")]
mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

use detector_core::alert::incident::{Told, join};
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::incident::id::IncidentId;
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::window::key::Key;
use detector_core::window::{SpillError, Spilled, load_rules};
use oracle::compare::{as_episode, correlation_of, written};
use oracle::generate;
use oracle::{Correlation, Episode, Event, Expression, Input, Kind, TICK_MS, evaluate, pages};

struct Nobody;
impl Observer for Nobody {}

/// What a generated rule says of a field: role, kind and field.
type Entity = (&'static str, &'static str, &'static str);

const ADDRESS: &str = "sourceIPAddress";

/// Roles and kinds for the fields that a rule groups by or shows.
fn entities(random: &mut fastrand::Rng, rule: &Correlation) -> Vec<Entity> {
    let mut fields: Vec<&'static str> = rule.group_by.clone();
    fields.extend(
        rule.show
            .iter()
            .filter(|name| !rule.group_by.contains(name)),
    );
    let mut entities = Vec::new();
    for field in fields {
        let is_network = rule.group_by.contains(&field) && rule.prefixes.contains_key(field);
        let choices: &[(&str, &str)] = match field {
            ADDRESS if is_network => &[("actor", "network")],
            ADDRESS | "origin" | "seen" => &[("actor", "address"), ("tried", "user")],
            "userAgent" => &[
                ("actor", "user"),
                ("opened", "user"),
                ("reached", "resource"),
                ("scope", "client"),
                ("tried", "user"),
            ],
            _ => &[
                ("opened", "user"),
                ("reached", "resource"),
                ("scope", "client"),
                ("tried", "user"),
            ],
        };
        if random.u8(..4) > 0 {
            let (role, kind) = choices[random.usize(..choices.len())];
            entities.push((role, kind, field));
        }
    }
    entities
}

fn threat(at: usize) -> String {
    format!("T{}", at % 2)
}

/// The generated rules with their entities.
fn yaml(correlations: &[Correlation], entities: &[Vec<Entity>]) -> String {
    let mut out = String::new();
    let mut at = None;
    for line in generate::yaml(correlations).lines() {
        if let Some(number) = line.strip_prefix("name: correlation_") {
            at = number.parse::<usize>().ok();
        }
        writeln!(out, "{line}").unwrap();
        let Some(at) = at.filter(|_| line.starts_with("    quiet: ")) else {
            continue;
        };
        writeln!(out, "    threat: {}", threat(at)).unwrap();
        let mut roles: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for (role, kind, field) in &entities[at] {
            roles
                .entry(role)
                .or_default()
                .entry(kind)
                .or_default()
                .push(field);
        }
        if !roles.is_empty() {
            writeln!(out, "    entities:").unwrap();
        }
        for (role, kinds) in roles {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|(kind, fields)| format!("{kind}: [{}]", fields.join(", ")))
                .collect();
            writeln!(out, "        {role}: {{{}}}", kinds.join(", ")).unwrap();
        }
    }
    out
}

/// The values that an episode has in a field, and whether it is grouped by it.
fn values(episode: &Episode, field: &str) -> (Vec<String>, bool) {
    if let Some((_, value)) = episode.group.iter().find(|(name, _)| *name == field) {
        return (vec![value.clone()], true);
    }
    let shown = episode.shown.iter().find(|(name, _)| *name == field);
    let values = shown.map_or(Vec::new(), |(_, values)| values.clone());
    (values.into_iter().map(|(_, value)| value).collect(), false)
}

/// What an episode can share: texts, and addresses and networks as bits.
#[derive(Default)]
struct Shared {
    names: BTreeSet<String>,
    addresses: BTreeSet<Vec<bool>>,
    networks: BTreeSet<Vec<bool>>,
}

/// The family in the first bit, then those of the address.
fn bits(text: &str) -> Option<Vec<bool>> {
    let of = |bytes: &[u8]| {
        bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
            .collect::<Vec<_>>()
    };
    Some(match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => [vec![false], of(&address.octets())].concat(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => [vec![false], of(&inner.octets())].concat(),
            None => [vec![true], of(&address.octets())].concat(),
        },
    })
}

/// The inputs without which a window of the correlation cannot hold, by their places.
fn needed(rule: &Correlation) -> Vec<usize> {
    match &rule.kind {
        Kind::TemporalOrdered | Kind::Temporal(None) => (0..rule.inputs.len()).collect(),
        Kind::Temporal(Some(Expression::AtLeast(n))) if *n == rule.inputs.len() => {
            (0..rule.inputs.len()).collect()
        }
        Kind::Temporal(Some(Expression::Both(one, other))) => vec![*one, *other],
        Kind::Temporal(Some(Expression::Either(one, other))) if one == other => vec![*one],
        _ => Vec::new(),
    }
}

/// The correlation itself and the ones that it is made of, with the names of its group-by fields that have the values of
/// their groups.
fn made_of(rules: &[Correlation], at: usize) -> Vec<(usize, Vec<&'static str>)> {
    let rule = &rules[at];
    let mut parts = vec![(at, rule.group_by.clone())];
    for place in needed(rule) {
        let Input::Correlation(child) = rule.inputs[place] else {
            continue;
        };
        let theirs = |name: &'static str| *rule.aliases.get(&(name, place)).unwrap_or(&name);
        for (part, names) in made_of(rules, child) {
            let own = |name: &&'static str| {
                let is_same = |own: &&&'static str| {
                    theirs(own) == *name
                        && rule.prefixes.get(**own) == rules[child].prefixes.get(name)
                };
                rule.group_by.iter().find(is_same).copied()
            };
            if let Some(names) = names.iter().map(own).collect() {
                parts.push((part, names));
            }
        }
    }
    parts
}

/// `entities` are those of the rule; `None`: a detection rule that alerts by itself, which is of no threat here.
fn shared(rules: &[Correlation], episode: &Episode, entities: Option<&Vec<Entity>>) -> Shared {
    let mut shared = Shared::default();
    let Some(entities) = entities else {
        return shared;
    };
    let is_somebody = |name: &&'static str| {
        let mut entities = entities.iter();
        entities.any(|(role, _, field)| field == name && *role != "scope")
    };
    let mut parts = made_of(rules, episode.correlation);
    parts.retain(|(_, names)| names.iter().any(is_somebody));
    let child = Input::Correlation(episode.correlation);
    if parts.len() > 1 || rules.iter().any(|rule| rule.inputs.contains(&child)) {
        for (part, names) in parts {
            let values = names.iter().flat_map(|name| values(episode, name).0);
            let group: Vec<String> = values.collect();
            shared.names.insert(format!("group {part} {group:?}"));
        }
    }
    for (role, kind, field) in entities {
        let (values, is_group) = values(episode, field);
        for value in values.iter().filter(|value| !value.is_empty()) {
            match (*role, *kind) {
                ("actor", "address") => shared.addresses.extend(bits(value)),
                ("actor", "network") => {
                    let (address, length) = value.split_once('/').expect("a network");
                    let mut network = bits(address).expect("an address");
                    network.truncate(1 + length.parse::<usize>().expect("a number"));
                    shared.networks.insert(network);
                }
                ("actor" | "opened", kind) => match bits(value) {
                    Some(address) => _ = shared.addresses.insert(address),
                    None => {
                        _ = shared
                            .names
                            .insert(format!("{kind} {}", value.to_lowercase()))
                    }
                },
                ("reached", _) if is_group => _ = shared.names.insert(format!("reached {value}")),
                _ => {}
            }
        }
    }
    let groups = &rules[episode.correlation].group_by;
    let mut by_group = entities.iter().filter(|(.., field)| groups.contains(field));
    if by_group.all(|(role, ..)| *role != "actor") {
        let threat = threat(episode.correlation);
        for (_, kind, field) in entities.iter().filter(|(role, ..)| *role == "scope") {
            for value in values(episode, field).0 {
                shared
                    .names
                    .insert(format!("scope {threat} {kind} {value}"));
            }
        }
        if episode.group.is_empty() {
            shared.names.insert(format!("scope {threat}"));
        }
    }
    shared
}

fn is_linked(one: &Shared, other: &Shared) -> bool {
    let is_in = |network: &Vec<bool>, address: &Vec<bool>| address.starts_with(network);
    let holds = |a: &Shared, b: &Shared| {
        a.networks
            .iter()
            .any(|n| b.addresses.iter().any(|address| is_in(n, address)))
    };
    !one.names.is_disjoint(&other.names)
        || !one.addresses.is_disjoint(&other.addresses)
        || !one.networks.is_disjoint(&other.networks)
        || holds(one, other)
        || holds(other, one)
}

/// Whether a group of the correlation is somebody who did it or fell to it.
fn groups_by_somebody(rule: &Correlation, entities: Option<&Vec<Entity>>) -> bool {
    if rule.group_by == [generate::ACTOR] {
        return true; // an alert of a detection rule, which is about who acts
    }
    let entities = entities.into_iter().flatten();
    let mut did_it = entities.filter(|(role, ..)| *role == "actor" || *role == "opened");
    did_it.any(|(.., field)| rule.group_by.contains(field))
}

/// How many groups of the correlation that hold at once are one attack; `None`: however many.
fn crowd_min(rule: &Correlation, entities: Option<&Vec<Entity>>) -> Option<usize> {
    let entities = entities?;
    let is = |field: &&str, wanted: &str| {
        let mut entities = entities.iter();
        entities.any(|(role, _, own)| own == field && *role == wanted)
    };
    let mut roles = entities.iter().map(|(role, ..)| *role);
    let is_known = roles.any(|role| role == "actor" || role == "opened");
    let are_places = rule.group_by.iter().all(|field| is(field, "scope"));
    Some(if are_places && !is_known { 2 } else { 5 })
}

/// The incidents once those of each crowd are one, and how many crowds there are. A crowd is found by going from time to
/// time of a correlation's episodes as far as one is near the other.
fn with_crowds(
    episodes: &[Episode],
    mut incidents: Vec<Vec<usize>>,
    groups_min: impl Fn(usize) -> Option<usize>,
    gap: i64,
) -> (Vec<Vec<usize>>, usize) {
    let mut left: Vec<(usize, (i64, i64))> = (0..episodes.len())
        .flat_map(|at| episodes[at].holding.iter().map(move |held| (at, *held)))
        .collect();
    let mut crowds = 0;
    while let Some(first) = left.pop() {
        let number = episodes[first.0].correlation;
        let mut found = vec![first];
        let mut next = 0;
        while let Some((_, of)) = found.get(next).copied() {
            let is_reached = |(at, held): &(usize, (i64, i64))| {
                let is_near = held.0 - of.1 <= gap && of.0 - held.1 <= gap;
                is_near && episodes[*at].correlation == number
            };
            let (reached, others) = left.into_iter().partition(is_reached);
            found.extend::<Vec<_>>(reached);
            left = others;
            next += 1;
        }
        let groups: BTreeSet<_> = found.iter().map(|(at, _)| &episodes[*at].group).collect();
        if groups_min(number).is_none_or(|min| groups.len() < min) {
            continue;
        }
        let is_in = |incident: &Vec<usize>| found.iter().any(|(at, _)| incident.contains(at));
        let (joined, mut apart): (Vec<_>, Vec<_>) = incidents.into_iter().partition(is_in);
        crowds += usize::from(joined.len() > 1);
        apart.push(joined.into_iter().flatten().collect());
        incidents = apart;
    }
    (incidents, crowds)
}

/// The incidents once those over a place joined the one in which most of their evidence is.
fn with_majorities(
    episodes: &[Episode],
    incidents: Vec<Vec<usize>>,
    is_place: impl Fn(usize) -> bool,
    is_near: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<usize>> {
    let has = |at: usize, id: &String| episodes[at].evidence.iter().any(|(_, own)| own == id);
    let (nobodys, mut all): (Vec<_>, Vec<_>) = incidents
        .into_iter()
        .partition(|incident| incident.iter().all(|at| is_place(*at)));
    let known = all.clone();
    for mut places in nobodys {
        let ids = places.iter().flat_map(|at| &episodes[*at].evidence);
        let ids: BTreeSet<&String> = ids.map(|(_, id)| id).collect();
        let shared = |incident: &Vec<usize>| {
            let is_shared = |id: &&&String| {
                places.iter().any(|place| {
                    let is_it = |at: &usize| !is_place(*at) && is_near(*place, *at) && has(*at, id);
                    has(*place, id) && incident.iter().any(is_it)
                })
            };
            ids.iter().filter(is_shared).count()
        };
        let counts: Vec<usize> = known.iter().map(shared).collect();
        let most = counts.iter().copied().max().unwrap_or_default();
        let is_alone = counts.iter().filter(|count| **count == most).count() == 1;
        match counts.iter().position(|count| *count == most) {
            Some(at) if is_alone && most * 2 > ids.len() => all[at].append(&mut places),
            _ => all.push(places),
        }
    }
    all
}

/// The incidents as sets of episodes, by comparing every two, and how many of them only crowds make one.
fn expected(
    events: &[Event],
    rules: &[Correlation],
    entities: &[Vec<Entity>],
    gap: i64,
) -> (BTreeSet<Vec<String>>, usize) {
    let mut episodes = evaluate(events, rules);
    episodes.retain(|episode| pages(rules, episode.correlation));
    let of_rule = |at: usize| rules[at].stands_for.is_none().then(|| &entities[at]);
    let all: Vec<Shared> = (episodes.iter())
        .map(|episode| shared(rules, episode, of_rule(episode.correlation)))
        .collect();
    let is_near = |one: &Episode, other: &Episode| {
        let is_near = |(one, other): (&(i64, i64), &(i64, i64))| {
            one.0 - other.1 <= gap && other.0 - one.1 <= gap
        };
        let mut pairs = (one.holding.iter())
            .flat_map(|one| other.holding.iter().map(move |other| (one, other)));
        pairs.any(is_near)
    };
    let mut incidents: Vec<Vec<usize>> = Vec::new();
    for at in 0..episodes.len() {
        let joins = |incident: &Vec<usize>| {
            incident.iter().any(|other| {
                is_linked(&all[at], &all[*other]) && is_near(&episodes[at], &episodes[*other])
            })
        };
        let (joined, apart): (Vec<_>, Vec<_>) = incidents.into_iter().partition(joins);
        incidents = apart;
        incidents.push(joined.into_iter().flatten().chain([at]).collect());
    }
    let groups_min = |number: usize| crowd_min(&rules[number], of_rule(number));
    let (incidents, crowds) = with_crowds(&episodes, incidents, groups_min, gap);
    let is_place = |at: usize| {
        let number = episodes[at].correlation;
        !groups_by_somebody(&rules[number], of_rule(number))
    };
    let are_near = |one: usize, other: usize| is_near(&episodes[one], &episodes[other]);
    let incidents = with_majorities(&episodes, incidents, is_place, are_near);
    let texts =
        |incident: Vec<usize>| written(incident.iter().map(|at| episodes[*at].clone()).collect());
    (incidents.into_iter().map(texts).collect(), crowds)
}

/// Groups that were drained on the way.
#[derive(Default)]
struct Runs(Vec<(u32, Key, Vec<u8>)>, usize);

impl Spilled for Runs {
    fn next(&mut self, rule: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError> {
        if self.1 == 0 {
            self.0.sort();
        }
        let next = self.0.get(self.1).filter(|(at, ..)| *at == rule.0);
        self.1 += usize::from(next.is_some());
        Ok(next.map(|(_, key, bytes)| (*key, bytes.as_slice())))
    }
}

/// The alerts of the events, shuffled, some repeated, given to several workers, some of whose state is drained.
fn found<'e>(
    engine: &'e Engine,
    events: &[Event],
    random: &mut fastrand::Rng,
) -> Vec<Box<Told<'e>>> {
    let mut lines: Vec<String> = events.iter().map(generate::json).collect();
    for _ in 0..random.usize(..5) {
        lines.push(lines[random.usize(..lines.len())].clone());
    }
    random.shuffle(&mut lines);
    let mut workers: Vec<_> = (0..random.usize(1..4))
        .map(|_| engine.worker(Mode::Set))
        .collect();
    let mut runs = Runs::default();
    for line in &lines {
        let worker = random.usize(..workers.len());
        workers[worker].record(line.as_bytes(), None, &mut Nobody);
        if random.u8(..20) == 0 {
            workers[worker]
                .drain_state(&mut |rule, key, state| runs.0.push((rule.0, key, state.to_vec())));
        }
    }
    let mut first = workers.pop().expect("at least one worker");
    workers.into_iter().for_each(|worker| first.merge(worker));
    first
        .find(&mut runs)
        .expect("drained state reads back")
        .told
}

/// How many alerts, incidents, incidents of several alerts, and crowds that joined some.
fn check(seed: u64) -> [usize; 4] {
    let mut random = fastrand::Rng::with_seed(seed);
    let rules = generate::correlations(&mut random);
    let events = generate::events(&mut random);
    let entities: Vec<Vec<Entity>> = rules
        .iter()
        .map(|rule| entities(&mut random, rule))
        .collect();
    let gap = random.i64(0..8);
    let text = yaml(&rules, &entities);
    let file = RuleFile {
        path: "generated.yml".into(),
        text: text.clone(),
    };
    let loaded = load_rules(&[file]).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    let engine = Engine::new(loaded);
    let mut told = found(&engine, &events, &mut random);
    let incidents = join(&mut told, engine.linking(), gap * TICK_MS);
    let of_rule = |at: usize| rules[at].stands_for.is_none().then(|| &entities[at]);
    let mut partition = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for places in &incidents {
        let first = places
            .iter()
            .map(|at| {
                let alert = &told[*at].alert;
                let number = correlation_of(alert, &rules);
                (
                    !groups_by_somebody(&rules[number], of_rule(number)),
                    alert.opened_at,
                    &alert.alert_id,
                )
            })
            .min();
        let id = IncidentId::of_first(first.expect("an alert").2).to_string();
        assert!(
            places
                .iter()
                .all(|at| told[*at].alert.incident_id.as_ref() == Some(&id)),
            "seed {seed}"
        );
        assert!(ids.insert(id), "seed {seed}");
        let mut texts: Vec<String> = places
            .iter()
            .map(|at| as_episode(&told[*at].alert, &rules))
            .collect();
        texts.sort();
        partition.insert(texts);
    }
    let (expected, crowds) = expected(&events, &rules, &entities, gap);
    assert_eq!(partition, expected, "seed {seed}, gap {gap}\n{text}");
    [
        told.len(),
        incidents.len(),
        incidents.iter().filter(|places| places.len() > 1).count(),
        crowds,
    ]
}

#[test]
fn random_rules_and_streams_have_equal_incidents() {
    let seeds = std::env::var("VEDETTE_SEEDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3_000);
    let mut sums = [0; 4];
    for seed in 0..seeds {
        for (sum, more) in sums.iter_mut().zip(check(seed)) {
            *sum += more;
        }
    }
    let [alerts, incidents, joined, crowds] = sums;
    let enough = alerts as u64 > seeds
        && incidents < alerts
        && joined as u64 > seeds / 10
        && crowds as u64 > seeds / 100;
    assert!(
        enough,
        "{alerts} alerts, {incidents} incidents, {joined} of several, {crowds} crowds: the generator proves too little"
    );
}
