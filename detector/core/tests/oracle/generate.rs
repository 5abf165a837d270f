//! Random rule sets and streams, and their YAML and JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{
    Absence, ByValue, Correlation, Event, Except, Expression, FirstSeen, Input, Kind, ORIGIN_MS,
    Owner, Ratio, Spike, TICK_MS, millis,
};

const DETECTIONS: usize = 3;
const ADDRESS_FIELD: &str = "sourceIPAddress";
pub(crate) const GROUP_FIELDS: [&str; 2] = [ADDRESS_FIELD, "userAgent"];
pub(crate) const VALUE_FIELDS: [&str; 2] = ["requestID", "vpcEndpointId"];
/// What alerts of detection rules are grouped by unless they say otherwise; no generated event has one.
pub(crate) const ACTOR: &str = "actor";
/// Five minutes, and an hour, in ticks.
const OWN_TIMESPAN: i64 = 600;
const OWN_QUIET: i64 = 7_200;
const NUMBER_FIELD: &str = "bytes";
const POINT_FIELD: &str = "point";
/// From 0 to nearly 18,000 kilometres apart.
const POINTS: [&str; 5] = [
    "52.5,13.4",
    "48.1,11.6",
    "51.5,-0.1",
    "-33.9,151.2",
    "52.4,13.1",
];
/// Of few networks, and some that are none, or are no addresses.
const ADDRESSES: [&str; 10] = [
    "192.0.2.1",
    "192.0.2.200",
    "::ffff:192.0.2.9",
    "192.0.3.1",
    "2001:db8::1",
    "2001:db8:0:0:ffff::",
    "2001:db8:0:1::",
    "service.amazonaws.com",
    "192.0.2.0/24",
    "192.0.2.1/32",
];
pub(crate) fn tick_of(rfc3339: &str) -> i64 {
    let ms = chrono::DateTime::parse_from_rfc3339(rfc3339)
        .expect("an alert's time")
        .timestamp_millis();
    assert_eq!(
        (ms - ORIGIN_MS) % TICK_MS,
        0,
        "{rfc3339} is not a whole tick"
    );
    (ms - ORIGIN_MS) / TICK_MS
}

fn pick<'a, T>(random: &mut fastrand::Rng, from: &'a [T]) -> &'a T {
    &from[random.usize(..from.len())]
}

pub(crate) fn events(random: &mut fastrand::Rng) -> Vec<Event> {
    let length = random.i64(4..80);
    let ids: Vec<String> = (0..random.usize(1..60)).map(|_| uuid(random)).collect();
    let addresses: [&str; 3] = std::array::from_fn(|_| *pick(random, &ADDRESSES));
    let mut apart = apart(random);
    (0..random.usize(1..50))
        .map(|at| {
            // Mostly an id of its own; sometimes one that another event has, at another time.
            let id = ids
                .get(at)
                .cloned()
                .unwrap_or_else(|| pick(random, &ids).clone());
            let mut fields = BTreeMap::new();
            for name in GROUP_FIELDS.into_iter().chain(VALUE_FIELDS) {
                if random.u8(..10) > 0 {
                    let value = match name {
                        ADDRESS_FIELD => (*pick(random, &addresses)).to_owned(),
                        _ => spelt(&mut apart, name, random.u8(..3)),
                    };
                    fields.insert(name, value);
                }
            }
            if random.u8(..10) > 0 {
                fields.insert(NUMBER_FIELD, number(random));
            }
            if apart.u8(..10) > 0 {
                fields.insert(POINT_FIELD, (*pick(&mut apart, &POINTS)).to_owned());
            }
            let matches = (0..DETECTIONS)
                .filter(|_| random.bool())
                .collect::<BTreeSet<_>>();
            Event {
                id,
                tick: random.i64(0..length),
                matches,
                fields,
            }
        })
        .collect()
}

/// One of three values of a field, in one of its spellings.
fn spelt(random: &mut fastrand::Rng, name: &str, number: u8) -> String {
    let value = format!("{name}-{number}");
    match (name, random.u8(..6)) {
        ("userAgent", 0) => value.replace('-', "%2d"),
        ("userAgent", 1) => format!("{}.", value.to_uppercase()),
        ("requestID", 0) => value.to_lowercase(),
        _ => value,
    }
}

/// What rules say of these spellings.
const SPELLING: &str = "spelling: {userAgent: [percent, case, dot], requestID: case}\n---\n";

/// Whole, with decimals, or below 0.
fn number(random: &mut fastrand::Rng) -> String {
    match random.u8(..3) {
        0 => random.u8(..20).to_string(),
        1 => format!("{}.{}", random.u8(..3), random.u8(..10)),
        _ => format!("{}.{:02}", random.i8(-9..20), random.u8(..100)),
    }
}

pub(crate) fn uuid(random: &mut fastrand::Rng) -> String {
    let hex = format!("{:032x}", random.u128(..));
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

pub(crate) fn correlations(random: &mut fastrand::Rng) -> Vec<Correlation> {
    let mut correlations: Vec<Correlation> = Vec::new();
    for _ in 0..random.usize(1..5) {
        let new = correlation(random, &correlations);
        correlations.push(new);
    }
    let mut apart = apart(random);
    for correlation in &mut correlations {
        correlation.generate = apart.bool();
    }
    let mut later = self::apart(&apart);
    add_own_alerts(&mut apart, &mut correlations);
    for correlation in &mut correlations {
        if let Kind::Ratio(ratio) = &mut correlation.kind
            && later.bool()
        {
            ratio.fields = value_fields(&mut later);
        }
        if let Some(spike) = spike(&mut later, correlation) {
            correlation.kind = spike;
        }
        if let Some(absence) = absence(&mut later, correlation) {
            correlation.kind = absence;
        }
    }
    let mut last = self::apart(&later);
    for correlation in &mut correlations {
        correlation.by_value = by_value(&mut last, correlation);
    }
    correlations
}

const LISTED_TEXTS: [&str; 7] = [
    "userAgent-0",
    "USERAGENT-1",
    "useragent-2",
    "192.0.2.1",
    "::ffff:192.0.2.200",
    "2001:DB8:0::1",
    "192.0.2.0/24",
];
const LISTED_NETWORKS: [&str; 7] = [
    "192.0.2.0/24",
    "192.0.2.1",
    "192.0.0.0/16",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8::/64",
    "2001:db8::1",
];

/// Of some counts: thresholds that a list has for values of a field that they group by.
fn by_value(random: &mut fastrand::Rng, rule: &Correlation) -> Option<ByValue> {
    let counts = matches!(rule.kind, Kind::EventCount | Kind::ValueCount(_));
    if !counts
        || rule.stands_for.is_some()
        || rule.threshold.len() != 1
        || rule.group_by.is_empty()
        || random.bool()
    {
        return None;
    }
    let of_networks = random.u8(..3) == 0;
    let listed = if of_networks {
        LISTED_NETWORKS
    } else {
        LISTED_TEXTS
    };
    let field = *pick(random, &rule.group_by);
    let mut numbers = Vec::new();
    for value in listed {
        if random.u8(..4) > 0 {
            numbers.push((value, random.i64(1..6)));
        }
    }
    Some(ByValue {
        field,
        of_networks,
        numbers,
    })
}

/// Instead of some counts of events: a comparison with the window before.
fn spike(random: &mut fastrand::Rng, rule: &Correlation) -> Option<Kind> {
    let is_event = |input: &Input| matches!(input, Input::Detection(_));
    let is_one = rule.kind == Kind::EventCount
        && rule.stands_for.is_none()
        && rule.inputs.iter().all(is_event);
    let (gte, lte) = (random.u64(20..300), random.u64(10..120));
    let bound = *pick(random, &[("gte", gte), ("lte", lte)]);
    // A condition for few events may rule out that they are many.
    let asks_for_few = |(operator, _): &(&str, i64)| ["lt", "lte", "eq"].contains(operator);
    let bound = match rule.threshold.iter().any(asks_for_few) {
        true => ("lte", lte),
        false => bound,
    };
    let at_least = random.usize(1..4);
    (is_one && random.u8(..3) == 0).then_some(Kind::Spike(Spike { bound, at_least }))
}

/// Instead of some correlations over events: that one of the rules is not there beside the others.
fn absence(random: &mut fastrand::Rng, rule: &Correlation) -> Option<Kind> {
    let is_event = |input: &Input| matches!(input, Input::Detection(_));
    let is_plain = matches!(
        rule.kind,
        Kind::EventCount | Kind::Temporal(_) | Kind::TemporalOrdered | Kind::Ratio(_)
    );
    let inputs = rule.inputs.len();
    if !is_plain
        || rule.stands_for.is_some()
        || inputs < 2
        || !rule.inputs.iter().all(is_event)
        || random.u8(..4) > 0
    {
        return None;
    }
    let mut roles: [Vec<usize>; 3] = Default::default();
    roles[0].push(0);
    roles[1].push(1);
    if inputs == 3 {
        roles[*pick(random, &[0, 1, 2, 2])].push(2);
    }
    let [of, mut after, mut before] = roles;
    if random.bool() {
        std::mem::swap(&mut after, &mut before);
    }
    Some(Kind::Absence(Absence { of, after, before }))
}

/// Choices that came later than the others, and leave these as they were.
fn apart(random: &fastrand::Rng) -> fastrand::Rng {
    fastrand::Rng::with_seed(random.clone().u64(..))
}

/// Detection rules that alert by themselves: seldom, since their windows are long.
pub(crate) fn add_own_alerts(random: &mut fastrand::Rng, correlations: &mut Vec<Correlation>) {
    for detection in 0..DETECTIONS {
        if random.u8(..4) > 0 {
            continue;
        }
        let group_by = match random.u8(..3) {
            0 => vec![ACTOR],
            _ => GROUP_FIELDS.into_iter().filter(|_| random.bool()).collect(),
        };
        correlations.push(Correlation {
            kind: Kind::EventCount,
            inputs: vec![Input::Detection(detection)],
            group_by,
            show: VALUE_FIELDS.into_iter().filter(|_| random.bool()).collect(),
            aliases: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            timespan: OWN_TIMESPAN,
            quiet: *pick(random, &[OWN_QUIET, 20]),
            threshold: vec![("gte", 100)],
            generate: false,
            stands_for: Some(detection),
            by_value: None,
        });
    }
}

fn correlation(random: &mut fastrand::Rng, before: &[Correlation]) -> Correlation {
    let kind_choice = random.u8(..13);
    let is_aggregate = kind_choice >= 8;
    let mut inputs: Vec<Input> = (0..DETECTIONS)
        .filter(|_| random.bool())
        .map(Input::Detection)
        .collect();
    if !is_aggregate {
        inputs.extend(
            (0..before.len())
                .filter(|_| random.u8(..3) == 0)
                .map(Input::Correlation),
        );
    }
    if inputs.is_empty() {
        inputs.push(Input::Detection(0));
    }
    random.shuffle(&mut inputs);
    inputs.truncate(3);
    let mut group_by: Vec<&'static str> =
        GROUP_FIELDS.into_iter().filter(|_| random.bool()).collect();
    let mut aliases = BTreeMap::new();
    let children = || {
        inputs.iter().filter_map(|i| {
            if let Input::Correlation(c) = i {
                Some(&before[*c])
            } else {
                None
            }
        })
    };
    // A parent can group by what its children group by, and count the values of that alone.
    group_by.retain(|name| children().all(|c| c.group_by.contains(name)));
    if group_by.is_empty() && random.u8(..4) == 0 && children().next().is_none() {
        group_by.push("origin");
        for at in 0..inputs.len() {
            aliases.insert(("origin", at), *pick(random, &GROUP_FIELDS));
        }
    }
    let show = show(random, &inputs, before, &mut aliases);
    let timespan = 2 * random.i64(1..8);
    let kind = match kind_choice {
        11 => first_seen(random, timespan),
        12 => owner(random, timespan, inputs.len()),
        _ => kind(random, kind_choice, &inputs, before),
    };
    let kind = travel(random, kind, timespan, &inputs);
    let mut prefixes = BTreeMap::new();
    let values: &[&str] = match &kind {
        Kind::ValueCount(fields)
        | Kind::FirstSeen(FirstSeen { fields, .. })
        | Kind::Owner(Owner { fields, .. }) => fields,
        _ => &[],
    };
    let is_read = group_by.contains(&ADDRESS_FIELD) || values.contains(&ADDRESS_FIELD);
    if is_read && random.u8(..3) == 0 {
        let bits = *pick(random, &[(24, 64), (24, 64), (23, 63), (32, 128), (0, 0)]);
        prefixes.insert(ADDRESS_FIELD, bits);
    }
    let operator = match kind_choice {
        0..=6 => *pick(random, &["gte", "gte", "gte", "gt"]),
        _ => *pick(random, &["lt", "lte", "eq", "neq", "gte"]),
    };
    let bound_max = if kind_choice == 10 { 40 } else { 5 };
    // No count is below 1.
    let least = if operator == "lt" { 2 } else { 1 };
    let bound = match kind_choice {
        8 | 9 if random.bool() => random.i64(-30..100) * 10,
        8 | 9 => random.i64(-500..4_000),
        _ => 100 * random.i64(least..bound_max),
    };
    let mut threshold = vec![(operator, bound)];
    if operator == "gt" && random.bool() {
        threshold.push(("lte", bound + 100 * random.i64(1..4)));
    }
    if let Kind::Travel(..) = kind {
        threshold = vec![("gte", 200)];
    }
    Correlation {
        kind,
        inputs,
        group_by,
        show,
        aliases,
        prefixes,
        timespan,
        quiet: *pick(random, &[timespan, timespan, 2, 20, 40]),
        threshold,
        generate: true,
        stands_for: None,
        by_value: None,
    }
}

/// Some counts of values of events are of places.
fn travel(random: &fastrand::Rng, kind: Kind, timespan: i64, inputs: &[Input]) -> Kind {
    let mut apart = apart(random);
    let are_events = inputs
        .iter()
        .all(|input| matches!(input, Input::Detection(_)));
    let (Kind::ValueCount(_), true, true) = (&kind, are_events, apart.u8(..3) == 0) else {
        return kind;
    };
    // Of a timespan of so many seconds a 64th at least; no distance is so near one of two points that rounding matters.
    let km = *pick(&mut apart, &[20, 100, 400, 900, 1_500]);
    let seconds = timespan as u64 / 2;
    let kmh_max = (km * 3_600 * 64 / seconds).min(10_000_000);
    Kind::Travel(km, apart.u64(kmh_max / 50..kmh_max * 9 / 10))
}

/// Names that some input has, one of them by an alias sometimes.
fn show(
    random: &mut fastrand::Rng,
    inputs: &[Input],
    before: &[Correlation],
    aliases: &mut BTreeMap<(&'static str, usize), &'static str>,
) -> Vec<&'static str> {
    let mut show = Vec::new();
    if random.bool() {
        return show;
    }
    let has = |input: &Input, name: &&'static str| match input {
        Input::Detection(_) => GROUP_FIELDS.contains(name) || VALUE_FIELDS.contains(name),
        Input::Correlation(child) => {
            before[*child].group_by.contains(name) || before[*child].show.contains(name)
        }
    };
    let names = || GROUP_FIELDS.into_iter().chain(VALUE_FIELDS);
    for name in names().chain(["seen"]) {
        if random.bool() && inputs.iter().any(|input| has(input, &name)) {
            show.push(name);
        }
    }
    let input = random.usize(..inputs.len());
    let known = names().filter(|name| has(&inputs[input], name));
    let known: Vec<&'static str> = known.collect();
    if !known.is_empty() && !show.contains(&"seen") && random.bool() {
        show.push("seen");
        aliases.insert(("seen", input), *pick(random, &known));
    }
    random.shuffle(&mut show);
    show.truncate(4);
    aliases.retain(|(name, _), _| *name != "seen" || show.contains(name));
    show
}

fn kind(random: &mut fastrand::Rng, choice: u8, inputs: &[Input], before: &[Correlation]) -> Kind {
    let n = inputs.len();
    match choice {
        0..=1 => Kind::EventCount,
        2..=3 | 7 => {
            let child = inputs.iter().find_map(|i| {
                if let Input::Correlation(c) = i {
                    Some(&before[*c])
                } else {
                    None
                }
            });
            match child {
                None => Kind::ValueCount(value_fields(random)),
                Some(_) => {
                    let all_have = |name: &&&'static str| {
                        inputs.iter().all(|i| match i {
                            Input::Correlation(c) => before[*c].group_by.contains(*name),
                            Input::Detection(_) => true,
                        })
                    };
                    match GROUP_FIELDS.iter().find(all_have) {
                        Some(name) => Kind::ValueCount(vec![name]),
                        None => Kind::EventCount,
                    }
                }
            }
        }
        4 => Kind::Temporal(None),
        5 if n >= 2 => Kind::Temporal(Some(match random.u8(..6) {
            0 => Expression::AtLeast(random.usize(1..=n)),
            1 => Expression::Both(0, 1),
            2 => Expression::Either(0, 1),
            _ => Expression::Except(except(random, n)),
        })),
        5 | 6 => Kind::TemporalOrdered,
        8 if random.bool() => Kind::Sum(NUMBER_FIELD),
        8 => Kind::Average(NUMBER_FIELD),
        10 => ratio(random, n),
        _ if random.bool() => Kind::Percentile(NUMBER_FIELD, random.u8(..=100)),
        _ => Kind::Median(NUMBER_FIELD),
    }
}

fn value_fields(random: &mut fastrand::Rng) -> Vec<&'static str> {
    match random.u8(..4) {
        0 => vec![ADDRESS_FIELD],
        _ => VALUE_FIELDS[..random.usize(1..3)].to_vec(),
    }
}

fn except(random: &mut fastrand::Rng, inputs: usize) -> Except {
    let all = [
        Except::NotSecond,
        Except::OrNotSecond,
        Except::AndSecondNotThird,
        Except::NotBothOthers,
        Except::NotSecondWithoutThird,
    ];
    *pick(random, if inputs > 2 { &all } else { &all[..2] })
}

fn first_seen(random: &mut fastrand::Rng, timespan: i64) -> Kind {
    let memory = timespan + 2 * random.i64(0..10);
    Kind::FirstSeen(FirstSeen {
        fields: value_fields(random),
        learning: 2 * random.i64(1..=memory / 2),
        memory,
        values: 1_000,
    })
}

/// The first input's hits are accesses, the second's give an owner; there may be a third.
fn owner(random: &mut fastrand::Rng, timespan: i64, inputs: usize) -> Kind {
    if inputs < 2 {
        return first_seen(random, timespan);
    }
    let third = inputs - 1;
    let (gives, ends) = match random.u8(..4) {
        _ if third == 1 => (false, false),
        0 => (true, false),
        1 => (false, false),
        _ => (false, true),
    };
    Kind::Owner(Owner {
        fields: value_fields(random),
        given_by: if gives { vec![1, third] } else { vec![1] },
        ended_by: if ends { vec![third] } else { vec![] },
        memory: timespan + 2 * random.i64(0..20),
    })
}

fn ratio(random: &mut fastrand::Rng, inputs: usize) -> Kind {
    let mut of = Vec::new();
    let mut to = Vec::new();
    for input in 0..inputs {
        let role = random.u8(..3);
        if role != 1 {
            of.push(input);
        }
        if role != 0 {
            to.push(input);
        }
    }
    // Neither may be empty.
    for side in [&mut of, &mut to] {
        if side.is_empty() {
            side.push(random.usize(..inputs));
        }
    }
    let operator = *pick(random, &["gte", "gte", "lte"]);
    // No part is more than the whole.
    let is_part = operator == "gte" && of.iter().all(|input| to.contains(input));
    let bound_max = if is_part { 101 } else { 150 };
    Kind::Ratio(Ratio {
        of,
        to,
        bound: (operator, random.u64(1..bound_max)),
        at_least: random.usize(1..5),
        fields: Vec::new(),
    })
}

fn rule_name(input: &Input) -> String {
    match input {
        Input::Detection(at) => format!("detection_{at}"),
        Input::Correlation(at) => format!("correlation_{at}"),
    }
}

/// The rules as one file of several documents.
pub(crate) fn yaml(correlations: &[Correlation]) -> String {
    let mut out = SPELLING.to_owned();
    for (at, by_value) in (0..).zip(correlations.iter().map(|rule| &rule.by_value)) {
        if let Some(ByValue { numbers, .. }) = by_value {
            let of = |(value, number): &(&str, i64)| format!("'{value}': {number}");
            let numbers = numbers.iter().map(of).collect::<Vec<_>>().join(", ");
            writeln!(
                out,
                "lists: {{limits_{at}: {{values: {{{numbers}}}}}}}\n---"
            )
            .expect("writing to a string");
        }
    }
    for at in 0..DETECTIONS {
        write!(
            out,
            "title: Detection {at}\nname: detection_{at}\nid: 00000000-0000-4000-8000-00000000000{at}\n\
             status: test\nlevel: low\nlogsource:\n    product: aws\n    service: cloudtrail\n\
             detection:\n    selection:\n        matched_{at}: 'yes'\n    condition: selection\n\
             vedette:\n    alert: {}\n---\n",
            own_alert(correlations, at)
        )
        .expect("writing to a string");
    }
    let documents = correlations.iter().enumerate();
    for (at, correlation) in documents.filter(|(_, rule)| rule.stands_for.is_none()) {
        if at > 0 {
            out.push_str("---\n");
        }
        correlation_yaml(&mut out, at, correlation).expect("writing to a string");
    }
    out
}

fn own_alert(correlations: &[Correlation], detection: usize) -> String {
    let mut own = correlations.iter();
    let Some(own) = own.find(|rule| rule.stands_for == Some(detection)) else {
        return "false".to_owned();
    };
    let mut keys = Vec::new();
    if own.group_by != [ACTOR] {
        keys.push(format!("group-by: [{}]", own.group_by.join(", ")));
    }
    if own.quiet != OWN_QUIET {
        keys.push(format!("quiet: {}s", own.quiet / 2));
    }
    if !own.show.is_empty() {
        keys.push(format!("show: [{}]", own.show.join(", ")));
    }
    match keys.is_empty() {
        true => "true".to_owned(),
        false => format!("{{{}}}", keys.join(", ")),
    }
}

fn correlation_yaml(out: &mut String, at: usize, rule: &Correlation) -> std::fmt::Result {
    writeln!(
        out,
        "title: Correlation {at}\nname: correlation_{at}\nid: 00000000-0000-4000-9000-00000000000{at}"
    )?;
    writeln!(
        out,
        "status: test\nlevel: high\ncorrelation:\n    type: {}\n    rules:",
        type_name(&rule.kind)
    )?;
    for input in &rule.inputs {
        writeln!(out, "        - {}", rule_name(input))?;
    }
    if !rule.group_by.is_empty() {
        writeln!(out, "    group-by: [{}]", rule.group_by.join(", "))?;
    }
    if !rule.aliases.is_empty() {
        writeln!(out, "    aliases:")?;
    }
    let mut alias = "";
    for ((name, input), field) in &rule.aliases {
        if *name != alias {
            writeln!(out, "        {name}:")?;
        }
        alias = name;
        let input = rule_name(&rule.inputs[*input]);
        writeln!(out, "            {input}: {field}")?;
    }
    writeln!(out, "    timespan: {}s", rule.timespan / 2)?;
    writeln!(out, "    generate: {}", rule.generate)?;
    condition_yaml(out, rule)?;
    writeln!(out, "vedette:\n    quiet: {}s", rule.quiet / 2)?;
    if let Kind::Ratio(ratio) = &rule.kind {
        let names = |inputs: &[usize]| {
            let names: Vec<String> = inputs
                .iter()
                .map(|at| rule_name(&rule.inputs[*at]))
                .collect();
            names.join(", ")
        };
        let (operator, percent) = ratio.bound;
        let (whole, part) = (percent / 100, percent % 100);
        writeln!(
            out,
            "    ratio: {{of: [{}], to: [{}], {operator}: {whole}.{part:02}, at_least: {}}}",
            names(&ratio.of),
            names(&ratio.to),
            ratio.at_least
        )?;
    }
    if let Kind::Spike(Spike { bound, at_least }) = &rule.kind {
        let (operator, percent) = bound;
        let (whole, part) = (percent / 100, percent % 100);
        writeln!(
            out,
            "    spike: {{{operator}: {whole}.{part:02}, at_least: {at_least}}}"
        )?;
    }
    if let Kind::Absence(absence) = &rule.kind {
        let parts = [
            ("of", &absence.of),
            ("after", &absence.after),
            ("before", &absence.before),
        ];
        let named = parts.iter().filter(|(_, inputs)| !inputs.is_empty());
        let keys = named.map(|(key, inputs)| {
            let names = inputs.iter().map(|at| rule_name(&rule.inputs[*at]));
            format!("{key}: [{}]", names.collect::<Vec<_>>().join(", "))
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        writeln!(out, "    absence: {{{keys}}}")?;
    }
    if let Kind::FirstSeen(kind) = &rule.kind {
        let (learning, memory) = (kind.learning / 2, kind.memory / 2);
        writeln!(
            out,
            "    first_seen: {{learning: {learning}s, memory: {memory}s, values: {}}}",
            kind.values
        )?;
    }
    if let Kind::Travel(km, kmh) = &rule.kind {
        writeln!(out, "    travel: {{distance: {km}, speed: {kmh}}}")?;
    }
    if let Kind::Owner(kind) = &rule.kind {
        let names = |inputs: &[usize]| {
            let names = inputs.iter().map(|at| rule_name(&rule.inputs[*at]));
            names.collect::<Vec<_>>().join(", ")
        };
        let given_by = names(&kind.given_by);
        writeln!(out, "    owner:\n        given_by: [{given_by}]")?;
        if !kind.ended_by.is_empty() {
            writeln!(out, "        ended_by: [{}]", names(&kind.ended_by))?;
        }
        writeln!(out, "        memory: {}s", kind.memory / 2)?;
    }
    if let Some(ByValue {
        field, of_networks, ..
    }) = &rule.by_value
    {
        let cidr = if *of_networks { "|cidr" } else { "" };
        writeln!(out, "    thresholds: {{{field}{cidr}: '%limits_{at}%'}}")?;
    }
    if !rule.show.is_empty() {
        writeln!(out, "    show: [{}]", rule.show.join(", "))?;
    }
    if !rule.prefixes.is_empty() {
        writeln!(out, "    prefix:")?;
    }
    let mut prefixes = rule.prefixes.iter();
    prefixes.try_for_each(|(name, (ipv4, ipv6))| {
        writeln!(out, "        {name}: {{ipv4: {ipv4}, ipv6: {ipv6}}}")
    })
}

fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Ratio(ratio) if !ratio.fields.is_empty() => "value_count",
        Kind::EventCount | Kind::Ratio(_) | Kind::Spike(_) => "event_count",
        Kind::ValueCount(_) | Kind::FirstSeen(_) | Kind::Owner(_) | Kind::Travel(..) => {
            "value_count"
        }
        Kind::Temporal(_) | Kind::Absence(_) => "temporal",
        Kind::TemporalOrdered => "temporal_ordered",
        Kind::Sum(_) => "value_sum",
        Kind::Average(_) => "value_avg",
        Kind::Percentile(..) => "value_percentile",
        Kind::Median(_) => "value_median",
    }
}

fn condition_yaml(out: &mut String, rule: &Correlation) -> std::fmt::Result {
    let name = |input: &usize| rule_name(&rule.inputs[*input]);
    match &rule.kind {
        Kind::Temporal(None) | Kind::TemporalOrdered => return Ok(()),
        Kind::Absence(absence) => {
            let any = |inputs: &[usize]| {
                let names: Vec<String> = inputs.iter().map(name).collect();
                format!("({})", names.join(" or "))
            };
            let asked = [&absence.after, &absence.before].into_iter();
            let asked = asked.filter(|inputs| !inputs.is_empty());
            let asked: Vec<String> = asked.map(|inputs| any(inputs)).collect();
            let of = any(&absence.of);
            return writeln!(out, "    condition: {} and not {of}", asked.join(" and "));
        }
        Kind::Temporal(Some(expression)) => {
            return match expression {
                Expression::AtLeast(n) => writeln!(out, "    condition:\n        gte: {n}"),
                Expression::Both(a, b) => {
                    writeln!(out, "    condition: {} and {}", name(a), name(b))
                }
                Expression::Either(a, b) => {
                    writeln!(out, "    condition: {} or {}", name(a), name(b))
                }
                Expression::Except(except) => {
                    let name = |input| rule_name(&rule.inputs[input]);
                    let words = match except {
                        Except::NotSecond => format!("{} and not {}", name(0), name(1)),
                        Except::OrNotSecond => format!("{} or not {}", name(0), name(1)),
                        Except::AndSecondNotThird => {
                            format!("{} and not {} and {}", name(0), name(2), name(1))
                        }
                        Except::NotBothOthers => {
                            format!("{} and not ({} and {})", name(0), name(1), name(2))
                        }
                        Except::NotSecondWithoutThird => {
                            format!("{} and not ({} and not {})", name(0), name(1), name(2))
                        }
                    };
                    writeln!(out, "    condition: {words}")
                }
            };
        }
        _ => writeln!(out, "    condition:")?,
    }
    match &rule.kind {
        Kind::Ratio(Ratio { fields, .. }) if fields.is_empty() => {}
        Kind::ValueCount(fields)
        | Kind::Ratio(Ratio { fields, .. })
        | Kind::FirstSeen(FirstSeen { fields, .. })
        | Kind::Owner(Owner { fields, .. }) => {
            writeln!(out, "        field: [{}]", fields.join(", "))?;
        }
        Kind::Travel(..) => writeln!(out, "        field: {POINT_FIELD}")?,
        Kind::Sum(field) | Kind::Average(field) | Kind::Median(field) => {
            writeln!(out, "        field: {field}")?
        }
        Kind::Percentile(field, rank) => {
            writeln!(out, "        field: {field}\n        percentile: {rank}")?
        }
        _ => {}
    }
    rule.threshold.iter().try_for_each(|(operator, bound)| {
        let (sign, size) = (if *bound < 0 { "-" } else { "" }, bound.abs());
        let (whole, part) = (size / 100, size % 100);
        match part {
            0 => writeln!(out, "        {operator}: {sign}{whole}"),
            _ => writeln!(out, "        {operator}: {sign}{whole}.{part:02}"),
        }
    })
}

/// The event as a CloudTrail record.
pub(crate) fn json(event: &Event) -> String {
    let time = chrono::DateTime::from_timestamp_millis(millis(event.tick))
        .expect("a time of this century");
    let mut record = serde_json::json!({
        "eventVersion": "1.11",
        "eventTime": time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "eventSource": "synthetic.amazonaws.com",
        "eventName": "Synthetic",
        "awsRegion": "eu-west-1",
        "eventID": event.id,
        "recipientAccountId": "111122223333",
    });
    for rule in &event.matches {
        record[format!("matched_{rule}")] = "yes".into();
    }
    for (name, value) in &event.fields {
        record[*name] = match *name {
            NUMBER_FIELD => serde_json::from_str(value).expect("a generated number"),
            _ => value.as_str().into(),
        };
    }
    record.to_string()
}
