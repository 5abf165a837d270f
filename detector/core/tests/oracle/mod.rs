//! A brute-force evaluation of the window semantics, for tests: at every moment it looks at the whole window.
//!
//! It shares no code with the engine and knows no state. Time runs in ticks of half a second; a child correlation's
//! interval can be entered at any half tick. All times of the generated streams are whole ticks, so that what holds
//! at a tick holds until the next.

pub(crate) mod compare;
pub(crate) mod generate;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) const TICK_MS: i64 = 500;
/// 2026-01-01T00:00:00Z.
pub(crate) const ORIGIN_MS: i64 = 1_767_225_600_000;

/// The moment of a tick.
pub(crate) fn millis(tick: i64) -> i64 {
    ORIGIN_MS + tick * TICK_MS
}

/// One event as the rules see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) tick: i64,
    /// The detection rules that match it.
    pub(crate) matches: BTreeSet<usize>,
    /// Fields that it has.
    pub(crate) fields: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Detection(usize),
    /// A correlation defined before.
    Correlation(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    EventCount,
    ValueCount(Vec<&'static str>),
    /// All inputs, unless an expression over them says otherwise.
    Temporal(Option<Expression>),
    TemporalOrdered,
    Sum(&'static str),
    Average(&'static str),
    Percentile(&'static str, u8),
    Median(&'static str),
    Ratio(Ratio),
    FirstSeen(FirstSeen),
    Owner(Owner),
    Absence(Absence),
    Spike(Spike),
    /// Kilometres, and kilometres an hour.
    Travel(u64, u64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spike {
    /// Operator and percentage.
    pub(crate) bound: (&'static str, u64),
    pub(crate) at_least: usize,
}

/// Positions are those of the inputs; each has one part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Absence {
    pub(crate) of: Vec<usize>,
    pub(crate) after: Vec<usize>,
    pub(crate) before: Vec<usize>,
}

/// In ticks; positions are those of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Owner {
    pub(crate) fields: Vec<&'static str>,
    pub(crate) given_by: Vec<usize>,
    pub(crate) ended_by: Vec<usize>,
    pub(crate) memory: i64,
}

/// In ticks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FirstSeen {
    pub(crate) fields: Vec<&'static str>,
    pub(crate) learning: i64,
    pub(crate) memory: i64,
    /// The values that are watched; the brute-force evaluation knows no limit.
    pub(crate) values: u64,
}

/// Positions are those of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) of: Vec<usize>,
    pub(crate) to: Vec<usize>,
    /// Operator and percentage.
    pub(crate) bound: (&'static str, u64),
    pub(crate) at_least: usize,
    /// Those whose different values are compared; none where it is events.
    pub(crate) fields: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    AtLeast(usize),
    Both(usize, usize),
    Either(usize, usize),
    Except(Except),
}

/// What the first of the inputs is asked beside, in the order of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Except {
    NotSecond,
    OrNotSecond,
    AndSecondNotThird,
    NotBothOthers,
    NotSecondWithoutThird,
}

#[derive(Debug, Clone)]
pub(crate) struct Correlation {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Input>,
    /// Group-by names; `aliases` may give a name another field for one input.
    pub(crate) group_by: Vec<&'static str>,
    /// Names whose values alerts show. An alias is shown of the inputs that it names.
    pub(crate) show: Vec<&'static str>,
    pub(crate) aliases: BTreeMap<(&'static str, usize), &'static str>,
    /// Group-by names whose address stands for its network: the bits of IPv4 and IPv6.
    pub(crate) prefixes: BTreeMap<&'static str, (u32, u32)>,
    pub(crate) timespan: i64,
    pub(crate) quiet: i64,
    /// Operator and bound in hundredths, all of which must be true.
    pub(crate) threshold: Vec<(&'static str, i64)>,
    /// Whether the correlations among its inputs alert beside it.
    pub(crate) generate: bool,
    /// The detection rule that alerts by itself, if this is one: what has no group-by field is a group, too.
    pub(crate) stands_for: Option<usize>,
    /// What takes the place of the threshold's bound for some groups.
    pub(crate) by_value: Option<ByValue>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ByValue {
    /// One of those that are grouped by.
    pub(crate) field: &'static str,
    /// Whether the values are networks, of which the smallest counts that holds the group's.
    pub(crate) of_networks: bool,
    pub(crate) numbers: Vec<(&'static str, i64)>,
}

impl ByValue {
    pub(crate) fn number(&self, value: &str) -> Option<i64> {
        if self.of_networks {
            let around = |of: &str| network_bits(of).filter(|of| lies_in(network_bits(value), *of));
            let known = self
                .numbers
                .iter()
                .filter_map(|(of, number)| Some((around(of)?.1, number)));
            return known.max().map(|(_, number)| *number);
        }
        let one = |text: &str| match text.parse::<std::net::IpAddr>() {
            Ok(address) => address.to_canonical().to_string(),
            Err(_) => text.to_lowercase(),
        };
        let mut numbers = self.numbers.iter();
        numbers
            .find(|(of, _)| one(of) == one(value))
            .map(|(_, number)| *number)
    }
}

/// An address, or a network, as 128 bits of which so many count.
fn network_bits(text: &str) -> Option<(u128, u32)> {
    let (address, bits) = text
        .split_once('/')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let bits = bits.map_or(Some(128), |bits| bits.parse::<u32>().ok());
    match (
        address.parse::<std::net::IpAddr>().ok()?.to_canonical(),
        bits?,
    ) {
        (std::net::IpAddr::V4(v4), bits) => Some((
            u128::from(v4.to_ipv6_mapped()),
            if bits == 128 { 128 } else { bits + 96 },
        )),
        (std::net::IpAddr::V6(v6), bits) => Some((u128::from(v6), bits)),
    }
}

fn lies_in(inner: Option<(u128, u32)>, (outer, bits): (u128, u32)) -> bool {
    inner.is_some_and(|(inner, own)| {
        own >= bits && (bits == 0 || (inner ^ outer) >> (128 - bits) == 0)
    })
}

impl Correlation {
    /// As it judges the group of these values.
    fn of_group(&self, values: &[String]) -> Correlation {
        let mut rule = self.clone();
        if let Some(by_value) = &self.by_value {
            let at = self
                .group_by
                .iter()
                .position(|name| *name == by_value.field);
            let number = by_value.number(&values[at.expect("it is grouped by")]);
            rule.threshold[0].1 = number.map_or(self.threshold[0].1, |number| 100 * number);
        }
        rule
    }
}

/// Whether the episodes of one of the correlations are told of: those that others refer to are silent, unless one of
/// these asks for them.
pub(crate) fn pages(correlations: &[Correlation], at: usize) -> bool {
    let refers = |rule: &&Correlation| rule.inputs.contains(&Input::Correlation(at));
    let mut parents = correlations.iter().filter(refers).peekable();
    parents.peek().is_none() || parents.any(|parent| parent.generate)
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Episode {
    pub(crate) correlation: usize,
    pub(crate) group: Vec<(&'static str, String)>,
    pub(crate) holding: Vec<(i64, i64)>,
    pub(crate) count: u64,
    pub(crate) distinct: Option<u64>,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) evidence: Vec<(i64, String)>,
    /// By name: the values with their first ticks, in the order of these.
    pub(crate) shown: Vec<(&'static str, Vec<(i64, String)>)>,
}

impl Episode {
    pub(crate) fn opened(&self) -> i64 {
        self.holding[0].0
    }

    pub(crate) fn held_until(&self) -> i64 {
        self.holding[self.holding.len() - 1].1
    }
}

/// What one group has: hits, and episodes of children with the value each shows.
#[derive(Default)]
struct Group<'a> {
    hits: Vec<Hit<'a>>,
    children: Vec<(usize, &'a Episode, Vec<String>)>,
}

/// All episodes of all correlations.
pub(crate) fn evaluate(events: &[Event], correlations: &[Correlation]) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for (at, correlation) in correlations.iter().enumerate() {
        let found: Vec<Episode> = {
            let groups = groups(events, &episodes, correlation, correlations);
            groups
                .into_iter()
                .flat_map(|(values, mut group)| {
                    if let Kind::FirstSeen(kind) = &correlation.kind {
                        group.hits = new_hits(kind, &group.hits);
                    }
                    if let Kind::Owner(kind) = &correlation.kind {
                        group.hits = foreign_hits(kind, &group.hits);
                    }
                    group_episodes(at, &correlation.of_group(&values), &values, &group)
                })
                .collect()
        };
        episodes.extend(found);
    }
    episodes
}

fn groups<'a>(
    events: &'a [Event],
    episodes: &'a [Episode],
    correlation: &Correlation,
    all: &[Correlation],
) -> BTreeMap<Vec<String>, Group<'a>> {
    let value_fields: Vec<&'static str> = match &correlation.kind {
        Kind::ValueCount(fields) => fields.clone(),
        Kind::FirstSeen(kind) => kind.fields.clone(),
        Kind::Ratio(kind) => kind.fields.clone(),
        Kind::Owner(kind) => kind.fields.clone(),
        Kind::Sum(f) | Kind::Average(f) | Kind::Percentile(f, _) | Kind::Median(f) => vec![f],
        Kind::Travel(..) => vec!["point"],
        _ => vec![],
    };
    let mut groups: BTreeMap<Vec<String>, Group<'a>> = BTreeMap::new();
    for (at, input) in correlation.inputs.iter().enumerate() {
        // Who was the owner does not matter to an end.
        let is_end = matches!(&correlation.kind, Kind::Owner(kind) if kind.ended_by.contains(&at));
        let named = |name: &'static str| *correlation.aliases.get(&(name, at)).unwrap_or(&name);
        match input {
            Input::Detection(detection) => {
                for event in events.iter().filter(|e| e.matches.contains(detection)) {
                    let read = |name: &&'static str| {
                        let value = event.fields.get(named(name));
                        let value = value.map(|value| one_spelling(named(name), value));
                        let missing = correlation.stands_for.map(|_| String::new());
                        network(correlation, name, &value.or(missing)?, false)
                    };
                    let group: Option<Vec<String>> =
                        correlation.group_by.iter().map(read).collect();
                    let value: Option<Vec<String>> = value_fields
                        .iter()
                        .filter(|_| !is_end)
                        .map(|f| {
                            network(
                                correlation,
                                f,
                                &one_spelling(f, event.fields.get(*f)?),
                                false,
                            )
                        })
                        .collect();
                    if let (Some(group), Some(value)) = (group, value) {
                        groups
                            .entry(group)
                            .or_default()
                            .hits
                            .push((at, event, value));
                    }
                }
            }
            Input::Correlation(child) => {
                for episode in episodes.iter().filter(|e| e.correlation == *child) {
                    let read = |name: &'static str| {
                        episode
                            .group
                            .iter()
                            .find(|(n, _)| *n == named(name))
                            .expect("a child's group-by")
                            .1
                            .clone()
                    };
                    let in_parent = |name: &&'static str| {
                        let own = named(name);
                        let is_network = all[*child].prefixes.contains_key(own)
                            && all[*child].group_by.contains(&own);
                        network(correlation, name, &read(name), is_network)
                    };
                    let group: Option<Vec<String>> =
                        correlation.group_by.iter().map(in_parent).collect();
                    let value = value_fields.iter().map(in_parent).collect();
                    let (Some(group), Some(value)) = (group, value) else {
                        continue;
                    };
                    groups
                        .entry(group)
                        .or_default()
                        .children
                        .push((at, episode, value));
                }
            }
        }
    }
    groups
}

/// What stands for all spellings of a value of a field.
fn one_spelling(field: &str, value: &str) -> String {
    match field {
        "sourceIPAddress" => match value.parse::<std::net::IpAddr>() {
            Ok(address) => address.to_canonical().to_string(),
            Err(_) => value.to_owned(),
        },
        "userAgent" => value.to_lowercase().replace("%2d", "-").replace('.', ""),
        "requestID" => value.to_lowercase(),
        _ => value.to_owned(),
    }
}

/// The value by which `name` groups: as it is, or the network of an address or of what is a network already.
fn network(correlation: &Correlation, name: &str, value: &str, is_network: bool) -> Option<String> {
    let Some(&(ipv4, ipv6)) = correlation.prefixes.get(name) else {
        return Some(value.to_owned());
    };
    let (address, bits) = match value.split_once('/') {
        Some((address, bits)) if is_network => (address, bits.parse().ok()?),
        _ => (value, 128),
    };
    let address: std::net::IpAddr = address.parse().ok()?;
    match address.to_canonical() {
        std::net::IpAddr::V4(v4) if bits >= ipv4 => {
            let kept = !0u64 << (32 - ipv4);
            let first = std::net::Ipv4Addr::from(u32::from(v4) & kept as u32);
            Some(format!("{first}/{ipv4}"))
        }
        std::net::IpAddr::V6(v6) if bits >= ipv6 => {
            let kept = (0..ipv6).fold(0u128, |kept, bit| kept | 1 << (127 - bit));
            let first = std::net::Ipv6Addr::from(u128::from(v6) & kept);
            Some(format!("{first}/{ipv6}"))
        }
        _ => None,
    }
}

fn group_episodes(
    at: usize,
    rule: &Correlation,
    values: &[String],
    group: &Group<'_>,
) -> Vec<Episode> {
    let hit_ticks = group.hits.iter().map(|(_, e, _)| e.tick);
    let starts = hit_ticks
        .clone()
        .chain(group.children.iter().map(|(_, e, _)| e.opened()));
    let ends = hit_ticks.chain(group.children.iter().map(|(_, e, _)| e.held_until()));
    let (Some(from), Some(to)) = (starts.min(), ends.max()) else {
        return Vec::new();
    };
    let mut holding: Vec<(i64, i64)> = Vec::new();
    // What is not followed is known a timespan after it, and holds for another.
    for t in from..=to + 2 * rule.timespan {
        if !holds_at(t, rule, group) {
            continue;
        }
        match holding.last_mut() {
            Some(last) if last.1 == t => last.1 = t + 1,
            _ => holding.push((t, t + 1)),
        }
    }
    let mut joined: Vec<Vec<(i64, i64)>> = Vec::new();
    for interval in holding {
        match joined.last_mut() {
            Some(episode) if interval.0 - episode[episode.len() - 1].1 <= rule.quiet => {
                episode.push(interval)
            }
            _ => joined.push(vec![interval]),
        }
    }
    joined
        .into_iter()
        .map(|holding| describe(at, rule, values, group, holding))
        .collect()
}

type Hit<'a> = (usize, &'a Event, Vec<String>);

/// The hits with values that were not there before.
fn new_hits<'a>(kind: &FirstSeen, hits: &[Hit<'a>]) -> Vec<Hit<'a>> {
    let seen_before = |tick: i64, value: Option<&Vec<String>>| {
        let mut hits = hits.iter();
        hits.any(|(_, event, other)| {
            let is_known = tick - kind.memory <= event.tick && event.tick < tick;
            is_known && value.is_none_or(|value| value == other)
        })
    };
    let began = |tick: i64| {
        let begins =
            |(_, event, _): &&Hit<'_>| event.tick <= tick && !seen_before(event.tick, None);
        let beginnings = hits.iter().filter(begins).map(|(_, event, _)| event.tick);
        beginnings
            .max()
            .expect("the first of all hits begins the group")
    };
    let is_new = |(_, event, value): &&Hit<'a>| {
        !seen_before(event.tick, Some(value)) && event.tick >= began(event.tick) + kind.learning
    };
    hits.iter().filter(is_new).cloned().collect()
}

/// The accesses by others than the owner.
fn foreign_hits<'a>(kind: &Owner, hits: &[Hit<'a>]) -> Vec<Hit<'a>> {
    let is_end = |input: &usize| kind.ended_by.contains(input);
    let is_fact = |input: &usize| kind.given_by.contains(input) || is_end(input);
    let facts: Vec<&Hit<'a>> = hits.iter().filter(|(input, _, _)| is_fact(input)).collect();
    let facts_at = |tick: i64| facts.iter().filter(move |(_, event, _)| event.tick == tick);
    let names = |tick: i64, value: &Vec<String>| {
        facts_at(tick).any(|(input, _, owner)| !is_end(input) && owner == value)
    };
    let is_foreign = |(input, event, value): &&Hit<'a>| {
        let before = facts.iter().map(|(_, fact, _)| fact.tick);
        let Some(latest) = before.filter(|tick| *tick < event.tick).max() else {
            return false;
        };
        !is_fact(input)
            && event.tick - latest <= kind.memory
            && !facts_at(latest).any(|(input, _, _)| is_end(input))
            && !names(latest, value)
            && !names(event.tick, value)
    };
    hits.iter().filter(is_foreign).cloned().collect()
}

impl Absence {
    /// The ticks of the hits of some inputs.
    fn ticks(hits: &[Hit<'_>], inputs: &[usize]) -> Vec<i64> {
        let hits = hits.iter().filter(|(input, _, _)| inputs.contains(input));
        hits.map(|(_, event, _)| event.tick).collect()
    }

    /// What counts: the ticks of a hit of `after` and one of `before`, the same where one is not asked for, and the ticks
    /// at which that holds.
    fn found(&self, span: i64, hits: &[Hit<'_>]) -> Vec<(i64, i64, (i64, i64))> {
        let ticks = |inputs| Self::ticks(hits, inputs);
        let none = |from: i64, to: i64| !ticks(&self.of).iter().any(|c| from <= *c && *c <= to);
        let (afters, befores) = (ticks(&self.after), ticks(&self.before));
        let mut found = Vec::new();
        if self.before.is_empty() {
            let alone = afters.iter().filter(|a| none(**a, **a + span - 1));
            return alone.map(|&a| (a, a, (a + span, a + 2 * span))).collect();
        }
        if self.after.is_empty() {
            let alone = befores.iter().filter(|b| none(**b - span + 1, **b));
            return alone.map(|&b| (b, b, (b, b + span))).collect();
        }
        for &a in &afters {
            for &b in befores.iter().filter(|b| a <= **b && **b < a + span) {
                if none(a, b) {
                    found.push((a, b, (b, a + span)));
                }
            }
        }
        found
    }

    fn holds(&self, t: i64, span: i64, hits: &[Hit<'_>]) -> bool {
        let mut found = self.found(span, hits).into_iter();
        found.any(|(_, _, (start, end))| start <= t && t < end)
    }

    /// The hits that count.
    fn parts<'a>(&self, span: i64, hits: &[Hit<'a>]) -> Vec<Hit<'a>> {
        let found = self.found(span, hits);
        let counts = |(input, event, _): &&Hit<'a>| {
            found.iter().any(|(a, b, _)| {
                self.after.contains(input) && event.tick == *a
                    || self.before.contains(input) && event.tick == *b
            })
        };
        hits.iter().filter(counts).cloned().collect()
    }

    /// Between which ticks the hits are that bear on an episode.
    fn range(&self, span: i64, (opened, until): (i64, i64)) -> (i64, i64) {
        match self.before.is_empty() {
            true => (opened - 2 * span, until - span),
            false => (opened - span, until),
        }
    }
}

/// Half ticks `m` (as twice their tick) of `[start, end)` in the window `(t - timespan, t]`.
fn moments(start: i64, end: i64, t: i64, timespan: i64) -> impl Iterator<Item = i64> {
    (2 * (t - timespan) + 1..=2 * t).filter(move |m| 2 * start <= *m && *m < 2 * end)
}

fn holds_at(t: i64, rule: &Correlation, group: &Group<'_>) -> bool {
    let span = rule.timespan;
    let hits: Vec<_> = group
        .hits
        .iter()
        .filter(|(_, e, _)| t - span < e.tick && e.tick <= t)
        .collect();
    let child_seen = |episode: &Episode| {
        episode
            .holding
            .iter()
            .any(|&(s, e)| moments(s, e, t, span).next().is_some())
    };
    let count = |n: usize| n > 0 && compare(&rule.threshold, (100 * n as i64, 1));
    match &rule.kind {
        Kind::EventCount => {
            let ids: BTreeSet<&str> = hits.iter().map(|(_, e, _)| e.id.as_str()).collect();
            let opened = group
                .children
                .iter()
                .filter(|(_, e, _)| t - span < e.opened() && e.opened() <= t)
                .count();
            count(ids.len() + opened)
        }
        Kind::ValueCount(_) | Kind::FirstSeen(_) | Kind::Owner(_) => {
            let mut seen: BTreeSet<&[String]> =
                hits.iter().map(|(_, _, value)| value.as_slice()).collect();
            seen.extend(
                group
                    .children
                    .iter()
                    .filter(|(_, e, _)| child_seen(e))
                    .map(|(_, _, v)| v.as_slice()),
            );
            count(seen.len())
        }
        Kind::Travel(km, kmh) => hits.iter().any(|(_, one, here)| {
            hits.iter().any(|(_, other, there)| {
                let apart = kilometres(&here[0], &there[0]);
                let hours = ((one.tick - other.tick).abs() * TICK_MS) as f64 / 3_600_000.0;
                apart >= *km as f64 && apart >= *kmh as f64 * hours
            })
        }),
        Kind::Temporal(expression) => {
            let mut present: BTreeSet<usize> = hits.iter().map(|(input, _, _)| *input).collect();
            present.extend(
                group
                    .children
                    .iter()
                    .filter(|(_, e, _)| child_seen(e))
                    .map(|(input, _, _)| *input),
            );
            !present.is_empty()
                && match expression {
                    None => present.len() == rule.inputs.len(),
                    Some(Expression::AtLeast(n)) => present.len() >= *n,
                    Some(Expression::Both(a, b)) => present.contains(a) && present.contains(b),
                    Some(Expression::Either(a, b)) => present.contains(a) || present.contains(b),
                    Some(Expression::Except(except)) => Around { rule, group }.holds(*except, t),
                }
        }
        Kind::TemporalOrdered => in_order(t, rule, group),
        Kind::Absence(absence) => absence.holds(t, rule.timespan, &group.hits),
        Kind::Spike(spike) => {
            let within = |after: i64, until: i64| {
                let hits = group.hits.iter().map(|(_, event, _)| event);
                let inside = hits.filter(|e| after < e.tick && e.tick <= until);
                inside
                    .map(|e| (e.tick, &e.id))
                    .collect::<BTreeSet<_>>()
                    .len()
            };
            let (now, before) = (within(t - span, t), within(t - 2 * span, t - span));
            let percent = spike.bound.1 as usize * before;
            let is_so = match spike.bound.0 {
                "gte" => 100 * now >= percent,
                _ => 100 * now <= percent,
            };
            before >= spike.at_least && compare(&rule.threshold, (100 * now as i64, 1)) && is_so
        }
        Kind::Ratio(ratio) => {
            // By event, or by value.
            let mut inputs: BTreeMap<(i64, &str, &[String]), BTreeSet<usize>> = BTreeMap::new();
            for (input, event, value) in &hits {
                let one = match ratio.fields.is_empty() {
                    true => (event.tick, &*event.id, &[][..]),
                    false => (0, "", value.as_slice()),
                };
                inputs.entry(one).or_default().insert(*input);
            }
            let with = |some: &[usize]| {
                let has = |of: &&BTreeSet<usize>| some.iter().any(|input| of.contains(input));
                inputs.values().filter(has).count()
            };
            let (of, to) = (with(&ratio.of), with(&ratio.to));
            let percent = ratio.bound.1 as usize * to;
            let is_so = match ratio.bound.0 {
                "gte" => 100 * of >= percent,
                _ => 100 * of <= percent,
            };
            count(inputs.len()) && to >= ratio.at_least && is_so
        }
        Kind::Sum(_) | Kind::Average(_) | Kind::Percentile(..) | Kind::Median(_) => {
            let mut numbers: BTreeMap<(i64, &str), i64> = BTreeMap::new();
            for (_, event, value) in &hits {
                let number = hundredths(&value[0]);
                let known = numbers.entry((event.tick, &event.id)).or_insert(number);
                *known = number.min(*known);
            }
            let mut sorted: Vec<i64> = numbers.into_values().collect();
            sorted.sort_unstable();
            !sorted.is_empty() && compare(&rule.threshold, aggregate(&rule.kind, &sorted))
        }
    }
}

/// The distance of two points, each `latitude,longitude`, by the haversine.
fn kilometres(one: &str, other: &str) -> f64 {
    let read = |text: &str| {
        let (latitude, longitude) = text.split_once(',').expect("a point");
        let radians = |text: &str| text.parse::<f64>().expect("degrees").to_radians();
        (radians(latitude), radians(longitude))
    };
    let ((up, along), (other_up, other_along)) = (read(one), read(other));
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(other_up - up) + up.cos() * other_up.cos() * half(other_along - along);
    2.0 * 6_371.0 * h.sqrt().min(1.0).asin()
}

/// What happens around what happens, in eighths of a tick: an interval of a child can be entered at any half tick, and
/// what is asked of the moments around that at any quarter.
struct Around<'g, 'e> {
    rule: &'g Correlation,
    group: &'g Group<'e>,
}

const PARTS: i64 = 8;

impl Around<'_, '_> {
    fn span(&self) -> i64 {
        PARTS * self.rule.timespan
    }

    /// From and until when the input occurs; the same for a hit.
    fn occurrences(&self, input: usize) -> impl Iterator<Item = (i64, i64)> {
        let hits = self.group.hits.iter().filter(move |hit| hit.0 == input);
        let hits = hits.map(|(_, event, _)| (PARTS * event.tick, PARTS * event.tick));
        let children = self.group.children.iter().filter(move |c| c.0 == input);
        let held = children.flat_map(|(_, episode, _)| episode.holding.iter());
        hits.chain(held.map(|&(start, end)| (PARTS * start, PARTS * end)))
    }

    /// Whether the window at `t` holds some of the input.
    fn is_present(&self, input: usize, t: i64) -> bool {
        self.occurrences(input)
            .any(|(start, end)| start <= t && t < end + self.span())
    }

    /// Whether the window at `t` holds a moment of the input that counts; moments are those that `step` divides.
    fn counts(
        &self,
        input: usize,
        (t, step): (i64, i64),
        is_counted: impl Fn(i64) -> bool,
    ) -> bool {
        self.occurrences(input).any(|(start, end)| {
            let end = end.max(start + 1);
            let first = start.max((t - self.span()).div_euclid(step) * step + step);
            (first..end.min(t + 1))
                .step_by(step as usize)
                .any(&is_counted)
        })
    }

    /// Whether something holds at none of the moments whose window holds `moment`.
    fn never(&self, (moment, step): (i64, usize), holds: impl Fn(i64) -> bool) -> bool {
        !(moment..moment + self.span()).step_by(step).any(holds)
    }

    fn holds(&self, except: Except, t: i64) -> bool {
        let t = PARTS * t;
        let without = |input: usize| {
            move |moment| self.never((moment, 4), |around| self.is_present(input, around))
        };
        match except {
            Except::NotSecond => self.counts(0, (t, 4), without(1)),
            Except::OrNotSecond => {
                let any = |input| self.counts(input, (t, 4), without(1));
                self.is_present(0, t) || (0..self.rule.inputs.len()).any(any)
            }
            Except::AndSecondNotThird => {
                self.counts(0, (t, 4), without(2)) && self.counts(1, (t, 4), without(2))
            }
            Except::NotBothOthers => self.counts(0, (t, 4), |moment| {
                let both = |around| self.is_present(1, around) && self.is_present(2, around);
                self.never((moment, 4), both)
            }),
            Except::NotSecondWithoutThird => self.counts(0, (t, 4), |moment| {
                let without_third = |inner| self.never((inner, 2), |t| self.is_present(2, t));
                let ruled_out = |around| self.counts(1, (around, 2), without_third);
                self.never((moment, 4), ruled_out)
            }),
        }
    }
}

/// Takes every step as early as it can be taken after the one before.
fn in_order(t: i64, rule: &Correlation, group: &Group<'_>) -> bool {
    let mut earliest = i64::MIN;
    for step in 0..rule.inputs.len() {
        let hits = group
            .hits
            .iter()
            .filter(|(input, e, _)| *input == step && t - rule.timespan < e.tick && e.tick <= t);
        let children = group.children.iter().filter(|(input, _, _)| *input == step);
        let taken = hits
            .map(|(_, e, _)| 2 * e.tick)
            .chain(children.flat_map(|(_, e, _)| {
                e.holding
                    .iter()
                    .flat_map(|&(s, end)| moments(s, end, t, rule.timespan))
            }))
            .filter(|moment| *moment >= earliest)
            .min();
        match taken {
            Some(moment) => earliest = moment,
            None => return false,
        }
    }
    true
}

/// A number as it is written, exactly.
fn hundredths(written: &str) -> i64 {
    let (whole, part) = written.split_once('.').unwrap_or((written, ""));
    format!("{whole}{part:0<2}")
        .parse()
        .expect("generated numbers have two decimals at most")
}

/// In hundredths, as a fraction.
fn aggregate(kind: &Kind, sorted: &[i64]) -> (i64, i64) {
    let n = sorted.len();
    match kind {
        Kind::Sum(_) => (sorted.iter().sum(), 1),
        Kind::Average(_) => (sorted.iter().sum(), n as i64),
        Kind::Percentile(_, rank) => {
            let nth = (usize::from(*rank) * n).div_ceil(100).max(1);
            (sorted[nth - 1], 1)
        }
        Kind::Median(_) if n % 2 == 1 => (sorted[n / 2], 1),
        Kind::Median(_) => (sorted[n / 2 - 1] + sorted[n / 2], 2),
        _ => unreachable!("not an aggregate"),
    }
}

/// Compares a fraction of hundredths.
fn compare(threshold: &[(&'static str, i64)], (number, parts): (i64, i64)) -> bool {
    threshold.iter().all(|&(operator, bound)| {
        let bound = bound * parts;
        match operator {
            "lt" => number < bound,
            "lte" => number <= bound,
            "gt" => number > bound,
            "gte" => number >= bound,
            "eq" => number == bound,
            "neq" => number != bound,
            _ => unreachable!("no such operator"),
        }
    })
}

/// Whether the rule sees something of a child's episode after one moment and before another: when it opened, or that it
/// held.
fn bears_on(rule: &Correlation, child: &Episode, (after, before): (i64, i64)) -> bool {
    match rule.kind {
        Kind::EventCount => after < child.opened() && child.opened() < before,
        _ => {
            let mut held = child.holding.iter();
            held.any(|&(start, end)| start < before && end > after)
        }
    }
}

fn describe(
    at: usize,
    rule: &Correlation,
    values: &[String],
    group: &Group<'_>,
    holding: Vec<(i64, i64)>,
) -> Episode {
    let span = (holding[0].0, holding[holding.len() - 1].1);
    let (after, before) = match &rule.kind {
        Kind::Absence(absence) => absence.range(rule.timespan, span),
        // The window may be empty.
        Kind::Spike(spike) if spike.bound.0 == "lte" => (span.0 - 2 * rule.timespan, span.1),
        _ => (span.0 - rule.timespan, span.1),
    };
    let told = match &rule.kind {
        Kind::Absence(absence) => absence.parts(rule.timespan, &group.hits),
        _ => group.hits.clone(),
    };
    let hits: Vec<_> = told
        .iter()
        .filter(|(_, e, _)| after < e.tick && e.tick < before)
        .collect();
    let children: Vec<_> = group
        .children
        .iter()
        .filter(|(_, e, _)| bears_on(rule, e, (after, before)))
        .collect();
    let ids: BTreeSet<&str> = hits.iter().map(|(_, e, _)| e.id.as_str()).collect();
    let mut distinct: BTreeSet<&[String]> = hits.iter().map(|(_, _, v)| v.as_slice()).collect();
    distinct.extend(children.iter().map(|(_, _, v)| v.as_slice()));
    let times = || {
        hits.iter()
            .map(|(_, e, _)| (e.tick, e.tick))
            .chain(children.iter().map(|(_, e, _)| (e.first, e.last)))
    };
    let mut evidence = earliest(hits.iter().map(|(_, e, _)| (e.tick, e.id.clone())));
    // The group's own hits first, then those of its children, as they opened.
    let mut shown = children.clone();
    shown.sort_by_key(|(_, child, _)| (child.opened(), child.evidence.clone()));
    for (tick, id) in shown.iter().flat_map(|(_, child, _)| &child.evidence) {
        if evidence.iter().all(|(_, known)| known != id) {
            evidence.push((*tick, id.clone()));
        }
    }
    evidence.truncate(20);
    Episode {
        correlation: at,
        group: rule
            .group_by
            .iter()
            .copied()
            .zip(values.iter().cloned())
            .collect(),
        count: (ids.len() + children.len()) as u64,
        distinct: counts_values(&rule.kind).then_some(distinct.len() as u64),
        first: times().map(|t| t.0).min().expect("an episode has hits"),
        last: times().map(|t| t.1).max().expect("an episode has hits"),
        evidence,
        shown: rule
            .show
            .iter()
            .map(|name| {
                let mut values = hits_show(rule, name, &told);
                values.retain(|(tick, _)| after < *tick && *tick < before);
                for (input, child, _) in &children {
                    values.extend(child_shows(rule, name, *input, child));
                }
                (*name, earliest(values.into_iter()))
            })
            .collect(),
        holding,
    }
}

fn counts_values(kind: &Kind) -> bool {
    match kind {
        Kind::Ratio(ratio) => !ratio.fields.is_empty(),
        Kind::ValueCount(_) | Kind::FirstSeen(_) | Kind::Owner(_) | Kind::Travel(..) => true,
        _ => false,
    }
}

/// The field that an input shows as `name`.
fn shown_field(rule: &Correlation, name: &'static str, input: usize) -> Option<&'static str> {
    match rule.aliases.keys().any(|(alias, _)| *alias == name) {
        true => rule.aliases.get(&(name, input)).copied(),
        false => Some(name),
    }
}

/// Each value at its first tick within each quarter of the timespan, or at all ticks where not all hits are told of.
fn hits_show(rule: &Correlation, name: &'static str, hits: &[Hit<'_>]) -> Vec<(i64, String)> {
    let mut first: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    for (input, event, _) in hits {
        let field = shown_field(rule, name, *input);
        let Some(value) = field.and_then(|field| event.fields.get(field)) else {
            continue;
        };
        let slice = match rule.kind {
            Kind::FirstSeen(_) | Kind::Owner(_) | Kind::Absence(_) => event.tick,
            Kind::Spike(Spike {
                bound: ("lte", _), ..
            }) => millis(event.tick).div_euclid(rule.timespan * TICK_MS / 2),
            _ => millis(event.tick).div_euclid(rule.timespan * TICK_MS / 4),
        };
        let tick = first.entry((slice, value)).or_insert(event.tick);
        *tick = event.tick.min(*tick);
    }
    let values = first.into_iter();
    values
        .map(|((_, value), tick)| (tick, value.to_owned()))
        .collect()
}

fn child_shows(
    rule: &Correlation,
    name: &'static str,
    input: usize,
    child: &Episode,
) -> Vec<(i64, String)> {
    let Some(field) = shown_field(rule, name, input) else {
        return Vec::new();
    };
    if let Some((_, value)) = child.group.iter().find(|(own, _)| *own == field) {
        return vec![(child.opened(), value.clone())];
    }
    let shown = child.shown.iter().find(|(own, _)| *own == field);
    shown.map_or_else(Vec::new, |(_, values)| values.clone())
}

/// The 20 earliest, every text once, at its earliest time.
fn earliest(hits: impl Iterator<Item = (i64, String)>) -> Vec<(i64, String)> {
    let mut by_id: BTreeMap<String, i64> = BTreeMap::new();
    for (tick, id) in hits {
        let known = by_id.entry(id).or_insert(tick);
        *known = tick.min(*known);
    }
    let mut sorted: Vec<(i64, String)> = by_id.into_iter().map(|(id, tick)| (tick, id)).collect();
    sorted.sort();
    sorted.truncate(20);
    sorted
}
