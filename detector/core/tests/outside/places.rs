//! Where addresses are, by a database of our own, against a look through its networks one by one.

use std::net::IpAddr;

use super::database::{Place, database, entry};
use super::*;

use detector_core::rule::{Database, RuleSet};

const RULES: &str = "\
title: Seen
name: seen
id: 11111111-1111-4111-8111-111111111111
level: low
logsource: {product: aws, service: lambda}
detection: {s: {event: e}, condition: s}
vedette:
    alert:
        group-by: [request_id, vedette.place.ip.country, vedette.place.ip.as_number]
        show: [vedette.place.ip.city, vedette.place.ip.as_name, vedette.place.ip.point]
";

const PLACES: [(&str, Place); 4] = [
    (
        "198.51.100.0/24",
        (
            "DE",
            "Berlin",
            [52.52, 13.405],
            64_496,
            "Made up for Berlin, a long name of more than 28 letters",
        ),
    ),
    (
        "203.0.113.0/25",
        ("IE", "Dublin", [53.35, -6.26], 64_497, "Made up for Dublin"),
    ),
    (
        "203.0.113.128/26",
        (
            "AU",
            "Sydney",
            [-33.869, 151.209],
            64_498,
            "Made up for Sydney",
        ),
    ),
    (
        "2001:db8:7::/48",
        (
            "US",
            "Denver",
            [39.739, -104.985],
            64_499,
            "Made up for Denver",
        ),
    ),
];

fn bytes() -> Vec<u8> {
    let entries: Vec<_> = PLACES
        .iter()
        .map(|(network, place)| (*network, entry(place)))
        .collect();
    database(&entries)
}

fn engine_with(rules: &str, databases: &[Vec<u8>]) -> Engine {
    let rules = load_rules(&[file("r.yml", rules)]).expect("sound rules");
    let databases = databases.iter().map(|bytes| Database {
        path: "places.mmdb".to_owned(),
        bytes: bytes.as_slice().into(),
    });
    let databases = databases.collect();
    Engine::new(RuleSet { databases, ..rules })
}

fn event(ip: &str) -> String {
    serde_json::json!({"timestamp": "2026-06-01T10:00:00Z", "event": "e", "request_id": "r", "ip": ip,
        "vedette": {"place": {"ip": {"country": "XX"}}}})
    .to_string()
}

/// Group and shown values.
fn told(engine: &Engine, ip: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let found = alerts(engine, &[event(ip)]);
    let [alert] = &found[..] else {
        panic!("one alert: {found:?}")
    };
    let group = alert
        .group
        .0
        .iter()
        .skip(1)
        .map(|(_, value)| value.to_string());
    let shown = alert
        .shown
        .0
        .iter()
        .map(|(_, values)| values.iter().map(ToString::to_string).collect());
    (group.collect(), shown.collect())
}

fn is_within(network: &str, address: IpAddr) -> bool {
    let (first, length) = network.split_once('/').expect("a network");
    let (first, length): (IpAddr, u32) = (
        first.parse().expect("an address"),
        length.parse().expect("a length"),
    );
    match (first, address) {
        (IpAddr::V4(first), IpAddr::V4(address)) => {
            (u32::from(first) ^ u32::from(address)).leading_zeros() >= length
        }
        (IpAddr::V6(first), IpAddr::V6(address)) => {
            (u128::from(first) ^ u128::from(address)).leading_zeros() >= length
        }
        _ => false,
    }
}

#[test]
fn addresses_are_where_the_database_has_them() {
    let engine = engine_with(RULES, &[bytes()]);
    let mut random = fastrand::Rng::with_seed(3);
    let mut known = 0;
    for _ in 0..1_500 {
        let address: IpAddr = match random.u8(..4) {
            0 => IpAddr::from([198, 51, random.u8(99..102), random.u8(..)]),
            1 => IpAddr::from([203, 0, 113, random.u8(..)]),
            2 => IpAddr::from([0x2001, 0xdb8, random.u16(6..9), 0, 0, 0, 0, random.u16(..)]),
            _ => IpAddr::from(random.u32(..).to_be_bytes()),
        };
        let written = match address {
            IpAddr::V4(address) if random.bool() => address.to_ipv6_mapped().to_string(),
            _ => address.to_string(),
        };
        let place = PLACES
            .iter()
            .find(|(network, _)| is_within(network, address));
        let (group, shown) = told(&engine, &written);
        match place {
            None => assert_eq!(
                (group, shown),
                (vec![String::new(); 2], vec![Vec::new(); 3]),
                "{written}"
            ),
            Some((_, (country, city, [latitude, longitude], number, name))) => {
                known += 1;
                assert_eq!(
                    group,
                    [country.to_string(), number.to_string()],
                    "{written}"
                );
                let point = format!("{latitude:.2},{longitude:.2}");
                assert_eq!(
                    shown,
                    [[city.to_string()], [name.to_string()], [point]],
                    "{written}"
                );
            }
        }
    }
    assert!(known > 300, "{known}");
}

#[test]
fn without_a_database_rules_are_named_and_nothing_breaks() {
    let rules = load_rules(&[file("r.yml", RULES)]).expect("sound rules");
    assert_eq!(
        rules.asking_for_places(),
        ["seen", "11111111-1111-4111-8111-111111111111"][..1]
    );
    let allowing = "title: E\nlevel: low\nlogsource: {product: aws, service: lambda}\ndetection: {s: {event: e}, condition: s}\nvedette: {allow: {a: [vedette.place.ip.country]}}\nid: 11111111-1111-4111-8111-111111111119\n---\nallowlist: {a: [{principal: IE, owner: o, reason: r, expires: 2027-12-31}]}\n";
    let allowing = load_rules(&[file("r.yml", allowing)]).expect("sound rules");
    assert_eq!(
        allowing.asking_for_places(),
        ["11111111-1111-4111-8111-111111111119"]
    );
    let engine = Engine::new(rules);
    // Not what the line itself says.
    assert_eq!(told(&engine, "203.0.113.7").0, ["", ""]);
}

#[test]
fn of_two_databases_the_first_that_knows_a_part_says_it() {
    let asn = database(&[(
        "203.0.113.0/24",
        super::database::Part::Map(vec![(
            "autonomous_system_number",
            super::database::Part::Number(65_000),
        )]),
    )]);
    let told_by = |databases: &[Vec<u8>]| told(&engine_with(RULES, databases), "203.0.113.7").0;
    assert_eq!(told_by(&[asn.clone(), bytes()]), ["IE", "65000"]);
    assert_eq!(told_by(&[bytes(), asn.clone()]), ["IE", "64497"]);
    assert_eq!(told_by(&[asn]), ["", "65000"]);
}

#[test]
fn a_damaged_database_breaks_nothing() {
    let sound = bytes();
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..400 {
        let mut bytes = sound.clone();
        for _ in 0..random.usize(1..20) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(1..=bytes.len()));
        let engine = engine_with(RULES, &[bytes]);
        assert_eq!(alerts(&engine, &[event("203.0.113.7")]).len(), 1);
    }
    let none = Database {
        path: "a.mmdb".to_owned(),
        bytes: b"no database".as_slice().into(),
    };
    let said = detector_core::places::Places::read(&[none]).unwrap_err();
    assert!(
        said.starts_with("a.mmdb: the file is no database of places"),
        "{said}"
    );
}

#[test]
fn mistakes_are_named() {
    let text = RULES.replace("as_number]", "asn, vedette.place.country]");
    let said = said(&[file("r.yml", &text)]);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].ends_with("`vedette.place.country` names no field that holds an address: write such as `vedette.place.source_ip.country`"), "{said:?}");
    assert!(
        said[1].contains("`vedette.place.ip.asn` names no part of a place"),
        "{said:?}"
    );
}

/// `VEDETTE_WRITE=1` writes it.
#[test]
fn the_database_of_the_recipe_is_made_here() {
    let recipe = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../replay/recipes/impossible_travel/places.mmdb"
    );
    if std::env::var_os("VEDETTE_WRITE").is_some() {
        std::fs::write(recipe, bytes()).expect("the recipe's folder");
    }
    let written = std::fs::read(recipe).expect("the recipe's database");
    assert!(written == bytes(), "write it anew with VEDETTE_WRITE=1");
}
