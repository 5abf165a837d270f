//! A world is what its README says: the same bytes for the same seed, rates as stated, every kind of traffic there, and
//! every line read as its log meant it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use detector_core::decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable, Unrecognised};
use detector_core::event::{Event, LogSource};
use detector_core::field::FieldTable;
use serde_json::Value;

use worlds::attacks;
use worlds::cause::{Cause, Scene};
use worlds::causes::KINDS;
use worlds::chance::chance;
use worlds::folder::{self, Made};
use worlds::lines::{Line, Log, Scribe};
use worlds::moment::{DAY, HOUR, MINUTE};
use worlds::people::World;
use worlds::rhythm::local_hour;
use worlds::stream::Stream;
use worlds::weather::Weather;

/// All lines of a world, and its causes.
fn lines(users: u64, weeks: u32, seed: u64) -> (World, Vec<Line>, Vec<Cause>) {
    let world = World::new(users, weeks, seed);
    let mut stream = Stream::new(&world);
    let lines = stream.by_ref().flat_map(|(_, lines)| lines).collect();
    let causes = std::mem::take(&mut stream.causes);
    (world, lines, causes)
}

fn json(line: &Line) -> Value {
    serde_json::from_str(&line.text).expect("a line of JSON")
}

fn bytes(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes(&path, found);
        } else {
            found.insert(
                path.file_name().expect("a name").to_string_lossy().into(),
                fs::read(&path).expect("a file"),
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let made = |seed| {
        let folder = tempfile::tempdir().unwrap();
        folder::make(
            Made {
                users: 60,
                weeks: 1,
                seed,
            },
            folder.path(),
        )
        .unwrap();
        let mut found = BTreeMap::new();
        bytes(folder.path(), &mut found);
        // It has the seed, whatever came of it.
        found.remove("world.json");
        found
    };
    let first = made(7);
    assert!(first.len() >= 8, "seven days, causes: {:?}", first.keys());
    assert!(first == made(7), "another world by the same seed");
    assert!(first != made(8), "the same world by another seed");
}

/// Sign-ins of a user with less than half an hour between them are one visit: whether its first try fails.
fn first_tries(lines: &[Line], without: &BTreeSet<String>) -> (u32, u32) {
    let mut tries: Vec<(String, i64, bool)> = Vec::new();
    for line in lines.iter().filter(|line| line.log == Log::Cognito) {
        let entry = json(line);
        let message = &entry["message"];
        let sub = message["userSub"].as_str().expect("a sub");
        if message["eventType"] == "SignIn" && !without.contains(sub) {
            tries.push((sub.into(), line.at, message["eventResponse"] == "Fail"));
        }
    }
    tries.sort();
    let (mut visits, mut failed) = (0, 0);
    for (at, (sub, when, fails)) in tries.iter().enumerate() {
        let is_first = at == 0 || tries[at - 1].0 != *sub || tries[at - 1].1 + 30 * MINUTE < *when;
        visits += u32::from(is_first);
        failed += u32::from(is_first && *fails);
    }
    (visits, failed)
}

#[test]
fn rates_are_as_stated() {
    let (world, lines, causes) = lines(4000, 1, 3);
    let odd: BTreeSet<String> = causes
        .iter()
        .flat_map(|cause| cause.users.clone())
        .collect();
    let (visits, failed) = first_tries(&lines, &odd);
    let share = f64::from(failed) / f64::from(visits);
    assert!(visits > 1500, "{visits}");
    assert!(
        (0.03..=0.07).contains(&share),
        "{share} of first tries fail"
    );

    let of = |log| lines.iter().filter(move |line| line.log == log);
    let refused = of(Log::Trail)
        .map(json)
        .filter(|entry| entry["eventName"] == "RespondToAuthChallenge");
    let nobody = refused.filter(|entry| {
        entry["errorCode"] == "NotAuthorizedException" && entry["additionalEventData"].is_null()
    });
    let share = nobody.count() as f64 / f64::from(visits);
    assert!(
        (0.008..=0.022).contains(&share),
        "{share} of names are nobody's"
    );

    let mut hours = [0.0_f64; 24];
    let (mut weekend, mut working) = (0.0_f64, 0.0_f64);
    for line in of(Log::Cognito) {
        hours[local_hour(line.at)] += 1.0;
        match (line.at - world.begin) / DAY {
            5 | 6 => weekend += 0.5,
            _ => working += 0.2,
        }
    }
    assert!(
        hours[18] > 6.0 * hours[3].max(1.0),
        "evening and night: {hours:?}"
    );
    assert!(
        (0.4..0.9).contains(&(weekend / working)),
        "{weekend} to {working}"
    );
}

#[test]
fn lines_come_late_twice_and_out_of_order() {
    let (_, lines, _) = lines(4000, 1, 4);
    let all = lines.len() as f64;
    let late = lines
        .iter()
        .filter(|line| line.arrival - line.at > 15 * MINUTE)
        .count() as f64;
    assert!(
        (0.000_03..0.000_4).contains(&(late / all)),
        "{late} of {all} are late"
    );
    let different: BTreeSet<&str> = lines.iter().map(|line| &*line.text).collect();
    let twice = all - different.len() as f64;
    assert!(
        (0.000_5..0.002).contains(&(twice / all)),
        "{twice} of {all} come twice"
    );
    let back = lines
        .windows(2)
        .filter(|pair| pair[1].at < pair[0].at)
        .count() as f64;
    assert!(back > 0.05 * all, "{back} of {all} are out of order");
    assert!(lines.is_sorted_by_key(|line| line.arrival), "by arrival");
}

#[test]
fn networks_are_shared_and_changed_as_stated() {
    let (_, lines, _) = lines(4000, 1, 5);
    let (mut users, mut networks): (
        HashMap<String, BTreeSet<String>>,
        HashMap<String, BTreeSet<String>>,
    ) = Default::default();
    for line in lines.iter().filter(|line| line.log == Log::Cognito) {
        let message = &json(line)["message"];
        let (address, sub) = (
            message["ipAddress"].as_str().unwrap(),
            message["userSub"].as_str().expect("a sub"),
        );
        users.entry(address.into()).or_default().insert(sub.into());
        networks
            .entry(sub.into())
            .or_default()
            .insert(address.into());
    }
    let busiest = |start: &str| {
        users
            .iter()
            .filter(|(address, _)| address.starts_with(start))
            .map(|(_, users)| users.len())
            .max()
    };
    assert!(
        busiest("244.") >= Some(20),
        "a carrier: {:?}",
        busiest("244.")
    );
    assert!(
        busiest("248.") >= Some(20),
        "an office: {:?}",
        busiest("248.")
    );
    assert!(busiest("246.") >= Some(3), "a VPN: {:?}", busiest("246."));
    assert!(
        users.keys().any(|address| address.starts_with("2001:db8:")),
        "IPv6"
    );
    let moving = networks
        .values()
        .filter(|addresses| addresses.len() > 1)
        .count();
    assert!(
        moving * 4 > networks.len(),
        "{moving} of {} users change networks",
        networks.len()
    );
}

/// Each kind happens in the medium world, and what happens of it has lines, somebody, and an end.
#[test]
fn every_kind_of_traffic_is_there() {
    let world = World::new(20_000, 6, 1);
    let mut never = Vec::new();
    for kind in &KINDS {
        if kind.per_week(&world) * 6.0 < 1.0 {
            never.push(kind.name);
        }
        let at = world.begin + 2 * DAY + 9 * HOUR;
        let mut scene = Scene {
            world: &world,
            at,
            scribe: Scribe::new(chance(&[9])),
            cause: Cause::new(kind.name, 12_345_678_901, at),
        };
        (kind.happen)(&mut scene);
        assert!(
            !scene.scribe.lines.is_empty(),
            "nothing happens: {}",
            kind.name
        );
        assert!(!scene.cause.addresses.is_empty(), "nobody: {}", kind.name);
        assert!(scene.cause.end > at, "no end: {}", kind.name);
    }
    assert!(
        never.is_empty(),
        "less than once in six weeks of 20,000 users: {never:?}"
    );
    let weather: BTreeSet<String> = Weather::of(&world)
        .causes()
        .map(|cause| cause.kind.clone())
        .collect();
    for kind in [
        "deployment",
        "third-party outage",
        "campaign",
        "launch day",
        "broken release",
        "outage of the database",
    ] {
        assert!(weather.contains(kind), "no {kind}: {weather:?}");
    }
    let standing: BTreeSet<String> = worlds::causes::standing::causes(&world)
        .into_iter()
        .map(|cause| cause.kind)
        .collect();
    for kind in [
        "office",
        "depot",
        "wallboard",
        "script",
        "carrier",
        "VPN",
        "health check",
        "support",
        "administrator",
    ] {
        assert!(standing.contains(kind), "no {kind}: {standing:?}");
    }
    let sizes: Vec<u64> = World::new(500_000, 1, 1)
        .companies
        .iter()
        .map(|company| company.size)
        .collect();
    assert!(
        sizes.iter().min() < Some(&30) && sizes.iter().max() == Some(&3000),
        "offices from 20 to 3,000"
    );
}

/// Holds each event against the line that it was made of.
struct Meant<'l> {
    line: Option<&'l Line>,
    read: u64,
}

impl EventSink for Meant<'_> {
    fn event(&mut self, event: &Event<'_, '_>) {
        let line = self.line.expect("a line is read");
        let source = match line.log {
            Log::Cognito => LogSource::Cognito,
            Log::Trail => LogSource::CloudTrail,
            Log::Gateway => LogSource::ApiGateway,
            Log::Application | Log::Plain => LogSource::Lambda,
            Log::Waf => LogSource::Waf,
            Log::Model => LogSource::Bedrock,
        };
        assert_eq!(event.source, source, "{}", line.text);
        assert_eq!(
            event.time.map(|time| time.millis()),
            Some(line.at),
            "{}",
            line.text
        );
        assert!(!event.id.is_empty());
        self.read += 1;
    }

    fn unreadable(&mut self, problem: Unreadable) {
        panic!("{problem:?}: {}", self.line.expect("a line").text);
    }

    fn unrecognised(&mut self, form: Unrecognised) {
        panic!("{form:?}: {}", self.line.expect("a line").text);
    }
}

fn assert_is_read_as_meant(lines: &[Line]) {
    let mut table = FieldTable::default();
    let fields = DecodeFields::register(&mut table);
    let mut decoder = Decoder::new(&table, &fields, Limits::default());
    let mut meant = Meant {
        line: None,
        read: 0,
    };
    for line in lines {
        meant.line = Some(line);
        decoder.decode(line.text.as_bytes(), None, &mut meant);
    }
    assert_eq!(meant.read, lines.len() as u64, "a line is an event");
}

#[test]
fn every_line_is_read_as_its_log_meant_it() {
    let (_, lines, _) = lines(1500, 1, 6);
    for log in [
        Log::Cognito,
        Log::Trail,
        Log::Gateway,
        Log::Application,
        Log::Waf,
        Log::Plain,
        Log::Model,
    ] {
        assert!(
            lines.iter().any(|line| line.log == log),
            "no line of {log:?}"
        );
    }
    assert_is_read_as_meant(&lines);
}

#[test]
fn attacks_are_whole_at_two_sizes() {
    let all = attacks::all();
    let names: BTreeSet<&str> = all.iter().map(|attack| &*attack.name).collect();
    assert_eq!(names.len(), all.len(), "two of one name");
    let mut visible = 0;
    for (users, weeks) in [(20_000, 6), (500_000, 1)] {
        let world = World::new(users, weeks, 1);
        for attack in &all {
            // Tens of thousands of lines.
            if users == 500_000 && (attack.name.contains("8300") || attack.name.contains("bury")) {
                continue;
            }
            let (lines, record, deeds) = attack.launch(&world);
            if !record.is_visible {
                assert!(
                    lines.is_empty() && record.about.contains("line"),
                    "{}",
                    record.name
                );
                continue;
            }
            visible += 1;
            assert!(
                !lines.is_empty() && !record.addresses.is_empty(),
                "{} leaves nothing",
                record.name
            );
            assert_eq!(record.events, deeds.len() as u64);
            assert!(
                record.start >= world.begin && record.end < world.end,
                "{} is outside of the world",
                record.name
            );
            if users == 20_000 && lines.len() < 5000 {
                assert_is_read_as_meant(&lines);
            }
        }
    }
    assert!(visible >= 240, "{visible} of two sizes");
    for (threat, least) in [
        ("t1", 20),
        ("t2", 20),
        ("t3", 20),
        ("t4", 20),
        ("t6", 6),
        ("t7", 6),
        ("t8", 5),
    ] {
        let of_it = names.iter().filter(|name| name.starts_with(threat));
        assert!(of_it.count() >= least, "{threat}");
    }
}
