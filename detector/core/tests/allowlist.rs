//! What a list allows is no hit, whatever order, partition or repetition: against a plain evaluation.

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{Allowlist, RuleFile};
use detector_core::time::Timestamp;
use detector_core::window::NothingSpilled;
use detector_core::window::{TYPES, load_rules};

struct Nobody;
impl Observer for Nobody {}

const RULES: &str = "\
title: Failed
name: failed
id: 00000000-0000-4000-8000-000000000001
logsource: {product: aws, service: cloudtrail}
detection:
    selection: {eventName: Failed}
    condition: selection
level: low
vedette:
    allow:
        office: [sourceIPAddress, requestParameters.addresses]
        robots: userAgent
---
title: Many
id: 00000000-0000-4000-8000-000000000002
correlation:
    type: event_count
    rules: [failed]
    group-by: []
    timespan: 365d
    condition: {gte: 1}
level: high
---
allowlist:
    office:
        - {address: 192.0.2.0/24, owner: IT, reason: NAT, expires: 2026-03-10}
        - {address: 192.0.2.128/25, owner: IT, reason: new NAT, expires: 2026-03-20}
        - {address: '2001:db8::1', owner: IT, reason: VPN, expires: 2026-03-15}
    robots:
        - {user_agent: fleet-test/*, owner: QA, reason: load test, expires: 2026-03-12}
        - {user_agent: probe, owner: QA, reason: probe, expires: 2026-03-31}
";

const ADDRESSES: [&str; 6] = [
    "192.0.2.1",
    "192.0.2.200",
    "::ffff:192.0.2.1",
    "2001:db8:0::1",
    "198.51.100.1",
    "192.0.2.1, 198.51.100.1",
];
const AGENTS: [&str; 4] = ["fleet-test/2", "probe", "probe/1", "Fleet-test/2"];

/// One event; `day` and `hour` of March 2026.
#[derive(Clone)]
struct Seen {
    id: u128,
    day: u32,
    hour: u32,
    address: Option<&'static str>,
    agent: Option<&'static str>,
    list: Vec<&'static str>,
}

impl Seen {
    fn json(&self) -> String {
        let mut event = serde_json::json!({
            "eventVersion": "1.08", "eventSource": "s", "eventName": "Failed",
            "eventTime": format!("2026-03-{:02}T{:02}:59:59Z", self.day, self.hour),
            "eventID": format!("00000000-0000-4000-8000-{:012x}", self.id),
            "requestParameters": {"addresses": self.list},
        });
        if let Some(address) = self.address {
            event["sourceIPAddress"] = address.into();
        }
        if let Some(agent) = self.agent {
            event["userAgent"] = agent.into();
        }
        event.to_string()
    }

    fn office(&self, address: &str) -> bool {
        match address {
            "192.0.2.1" | "::ffff:192.0.2.1" => self.day <= 10,
            "192.0.2.200" => self.day <= 20,
            "2001:db8:0::1" => self.day <= 15,
            _ => false,
        }
    }

    /// 0: a hit; 1: allowed by the office; 2: by the robots.
    fn verdict(&self) -> usize {
        let listed = !self.list.is_empty() && self.list.iter().all(|a| self.office(a));
        if listed || self.address.is_some_and(|a| self.office(a)) {
            return 1;
        }
        match self.agent {
            Some("fleet-test/2") if self.day <= 12 => 2,
            Some("probe") => 2,
            _ => 0,
        }
    }
}

/// What `check` says of the entry in a list that a rule refers to.
fn said_of(entry: &str) -> Vec<String> {
    let rule = RULES.split("---").next().expect("the first rule");
    let text = format!(
        "{rule}---\nallowlist:\n    robots: [{{user_agent: probe, owner: o, reason: r, expires: 2026-03-31}}]\n    office:\n        - {{address: 192.0.2.0/24, owner: IT, reason: NAT, expires: 2026-03-10{entry}}}\n"
    );
    let path = "r.yml".into();
    let problems = detector_core::window::check_rules(&[RuleFile { path, text }]);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_mark_of_an_example_is_true_or_not_there() {
    for sound in ["", ", example: true", ", example: false"] {
        assert!(said_of(sound).is_empty(), "{:?}", said_of(sound));
    }
    for (doubt, said) in [
        (
            ", example: 'true'",
            "r.yml:17: `example` is true or false, without quotes, not ",
        ),
        (
            ", example: yes",
            "r.yml:17: `example` is true or false, without quotes, not ",
        ),
        (", exmaple: true", "did you mean `example`?"),
    ] {
        let all = said_of(doubt);
        assert!(
            all.iter().any(|text| text.contains(said)),
            "{doubt}: {all:?}"
        );
    }
}

#[test]
fn an_example_allows_nothing_and_what_stands_beside_it_does() {
    let text = RULES.replace(
        "- {address: 192.0.2.0/24,",
        "- {example: true, address: 192.0.2.0/24,",
    );
    let text = text.replace(
        "- {user_agent: probe,",
        "- {example: true, user_agent: probe,",
    );
    let text = text.replace(
        "- {user_agent: fleet-test/*,",
        "- {example: true, user_agent: fleet-test/*,",
    );
    let path = "r.yml".into();
    let rules = load_rules(&[RuleFile { path, text }]).expect("sound rules");
    let time = Timestamp::from_rfc3339("2026-03-01T12:00:00Z").expect("a time");
    let [office, robots] = &rules.allowlists[..] else {
        panic!("two lists")
    };
    assert!(!office.is_example() && robots.is_example());
    assert!(!office.allows("192.0.2.1", time) && office.allows("192.0.2.200", time));
    assert!(!robots.allows("probe", time) && !robots.allows("fleet-test/2", time));
    let expired = |list: &Allowlist| list.entries.iter().filter(|e| e.has_expired(time)).count();
    assert_eq!([expired(office), expired(robots)], [0, 0]);
}

/// What ships is public: nobody may get past a rule with it.
#[test]
fn the_lists_that_ship_are_examples_alone() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");
    let folders = std::fs::read_dir(rules).expect("the rules");
    let mut lists = 0;
    let folders = folders.map(|entry| entry.expect("an entry").path());
    for folder in folders.filter(|path| path.is_dir()) {
        let file = folder.join("allowlist.yaml");
        let text = std::fs::read_to_string(&file).expect("each detector has one");
        let entries: Vec<&str> = text
            .lines()
            .filter(|line| line.trim_start().starts_with("- {"))
            .collect();
        assert!(!entries.is_empty(), "{}", file.display());
        assert!(
            entries
                .iter()
                .all(|entry| entry.contains("- {example: true, ")),
            "{entries:?}"
        );
        lists += 1;
    }
    assert!(lists >= 4, "{lists} folders");
}

#[test]
fn lists_stand_in_for_those_of_the_same_name() {
    let load = || {
        let path = "r.yml".into();
        let text = RULES.into();
        load_rules(&[RuleFile { path, text }]).expect("sound rules")
    };
    let of = |text: &str| RuleFile {
        path: "mine.yaml".into(),
        text: text.into(),
    };
    let time = Timestamp::from_rfc3339("2026-03-01T12:00:00Z").expect("a time");
    let mut rules = load();
    let list = "allowlist:\n    office:\n        - {address: 10.0.0.0/8, owner: o, reason: r, expires: 2026-12-31}\n";
    rules.stand_in(&of(list), TYPES).expect("a sound list");
    let office = &rules.allowlists[0];
    assert!(office.allows("10.1.1.1", time) && !office.allows("192.0.2.200", time));
    assert!(rules.allowlists[1].allows("probe", time));
    for (text, said) in [
        (
            list.replace("office", "offices"),
            "mine.yaml:2: the rules have no list `offices`",
        ),
        (list.replace("expires", "expire"), "unknown key `expire`"),
        (RULES.to_owned(), "and nothing else"),
        (
            format!("{list}---\nlists: {{exits: [192.0.2.1]}}\n"),
            "mine.yaml:5: `lists` cannot stand in",
        ),
        (
            format!(
                "shared_networks:{}---\n{list}",
                &list[10..].replace("office", "vpn")
            ),
            "mine.yaml:1: `shared_networks` cannot stand in",
        ),
        (
            format!("{list}---\nspelling: {{email: [case]}}\n"),
            "mine.yaml:5: `spelling` cannot stand in",
        ),
        (
            format!("{list}---\ncalendars: {{a: {{zone: UTC}}}}\n"),
            "mine.yaml:5: `calendars` cannot stand in",
        ),
        (String::new(), "and nothing else"),
    ] {
        let all = load().stand_in(&of(&text), TYPES).expect_err("refused");
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert!(all.iter().any(|one| one.contains(said)), "{said}: {all:?}");
    }
}

fn some(random: &mut fastrand::Rng, from: &[&'static str]) -> Option<&'static str> {
    (random.u8(..4) > 0).then(|| from[random.usize(..from.len())])
}

#[test]
fn what_a_list_allows_is_no_hit_and_is_counted() {
    let file = RuleFile {
        path: "r.yml".into(),
        text: RULES.into(),
    };
    let engine = Engine::new(load_rules(&[file]).expect("sound rules"));
    let mut totals = [0; 3];
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut events: Vec<Seen> = (0..random.u128(1..40))
            .map(|id| Seen {
                id,
                day: random.u32(1..=31),
                hour: *random.choice(&[0, 12, 23]).expect("of three"),
                address: some(&mut random, &ADDRESSES),
                agent: some(&mut random, &AGENTS),
                list: (0..random.usize(..3))
                    .filter_map(|_| some(&mut random, &ADDRESSES))
                    .collect(),
            })
            .collect();
        let hits = events.iter().filter(|e| e.verdict() == 0).count() as u64;
        events.extend_from_within(..random.usize(..events.len()));
        random.shuffle(&mut events);
        let mut counted = [0; 3];
        events.iter().for_each(|e| counted[e.verdict()] += 1);
        let mut workers = [engine.worker(Mode::Set), engine.worker(Mode::Set)];
        for event in &events {
            let worker = &mut workers[random.usize(..2)];
            worker.record(event.json().as_bytes(), None, &mut Nobody);
        }
        let [mut one, other] = workers;
        one.merge(other);
        let (alerts, tally) = one.finish(&mut NothingSpilled).expect("nothing drained");
        assert_eq!(tally.hits, [counted[0]], "seed {seed}");
        assert_eq!(tally.allowed, [counted[1..].to_vec()], "seed {seed}");
        assert_eq!(
            alerts.iter().map(|a| a.count).sum::<u64>(),
            hits,
            "seed {seed}"
        );
        totals.iter_mut().zip(counted).for_each(|(t, c)| *t += c);
    }
    assert!(totals.iter().all(|n| *n > 500), "{totals:?}");
}
