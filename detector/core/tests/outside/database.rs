//! A writer of small databases of the MaxMind format.

use std::net::IpAddr;

/// A value of an entry.
pub(crate) enum Part {
    Text(&'static str),
    Number(u32),
    Decimal(f64),
    Map(Vec<(&'static str, Part)>),
}

/// `ISO`, city, latitude and longitude, number and name of the network.
pub(crate) type Place = (&'static str, &'static str, [f64; 2], u32, &'static str);

/// An entry as databases of cities and of networks have it, in one.
pub(crate) fn entry((country, city, [latitude, longitude], number, name): &Place) -> Part {
    use Part::{Decimal, Map, Number, Text};
    Map(vec![
        ("country", Map(vec![("iso_code", Text(country))])),
        ("city", Map(vec![("names", Map(vec![("en", Text(city))]))])),
        (
            "location",
            Map(vec![
                ("latitude", Decimal(*latitude)),
                ("longitude", Decimal(*longitude)),
            ]),
        ),
        ("autonomous_system_number", Number(*number)),
        ("autonomous_system_organization", Text(name)),
    ])
}

fn write(part: &Part, out: &mut Vec<u8>) {
    let control = |kind: u8, size: usize, out: &mut Vec<u8>| match size {
        0..29 => out.push(kind << 5 | size as u8),
        _ => out.extend([kind << 5 | 29, (size - 29) as u8]),
    };
    match part {
        Part::Text(text) => {
            control(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Part::Decimal(number) => {
            control(3, 8, out);
            out.extend(number.to_be_bytes());
        }
        Part::Number(number) => {
            control(6, 4, out);
            out.extend(number.to_be_bytes());
        }
        Part::Map(entries) => {
            control(7, entries.len(), out);
            for (key, value) in entries {
                write(&Part::Text(key), out);
                write(value, out);
            }
        }
    }
}

/// The bits of an address in a tree of IPv6, where those of IPv4 lie under 96 zeros.
fn bits(address: IpAddr) -> (u128, usize) {
    match address {
        IpAddr::V4(address) => (u32::from(address).into(), 96),
        IpAddr::V6(address) => (address.into(), 0),
    }
}

/// A database of networks, none within another, as `203.0.113.0/24`.
pub(crate) fn database(networks: &[(&str, Part)]) -> Vec<u8> {
    #[derive(Clone, Copy)]
    enum To {
        Nothing,
        Node(usize),
        Data(usize),
    }
    let mut nodes = vec![[To::Nothing; 2]];
    let mut data = Vec::new();
    for (network, part) in networks {
        let (address, length) = network.split_once('/').expect("a network");
        let (bits, more) = bits(address.parse().expect("an address"));
        let length = length.parse::<usize>().expect("a length") + more;
        let offset = data.len();
        write(part, &mut data);
        let mut node = 0;
        for depth in 0..length {
            let side = (bits >> (127 - depth) & 1) as usize;
            if depth + 1 == length {
                nodes[node][side] = To::Data(offset);
            } else if let To::Node(next) = nodes[node][side] {
                node = next;
            } else {
                nodes.push([To::Nothing; 2]);
                nodes[node][side] = To::Node(nodes.len() - 1);
                node = nodes.len() - 1;
            }
        }
    }
    let mut out = Vec::new();
    for to in nodes.iter().flatten() {
        let value = match to {
            To::Nothing => nodes.len(),
            To::Node(node) => *node,
            To::Data(offset) => nodes.len() + 16 + offset,
        };
        out.extend(&(value as u32).to_be_bytes()[1..]);
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let short = |number: u8, out: &mut Vec<u8>| out.extend([5 << 5 | 1, number]);
    let key = |key: &'static str, out: &mut Vec<u8>| write(&Part::Text(key), out);
    out.push(7 << 5 | 9);
    for (name, number) in [
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
        ("ip_version", 6),
        ("record_size", 24),
    ] {
        key(name, &mut out);
        short(number, &mut out);
    }
    key("build_epoch", &mut out);
    out.extend([0b0000_0001, 2, 1]);
    key("node_count", &mut out);
    write(&Part::Number(nodes.len() as u32), &mut out);
    key("database_type", &mut out);
    write(&Part::Text("Vedette-Made-Up"), &mut out);
    key("description", &mut out);
    write(&Part::Map(Vec::new()), &mut out);
    key("languages", &mut out);
    out.extend([0, 4]);
    out
}
