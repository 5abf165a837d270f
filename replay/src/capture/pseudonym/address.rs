//! Stand-ins for IP addresses: those of one network stay in one network, and what a range means stays.
//!
//! Private and shared ranges map into themselves. All other IPv4 addresses go to 240.0.0.0/4, which nobody has, whole
//! /24 networks together; all other IPv6 addresses to 3fff::/20 (documentation), whole /48 and /64 networks together.
//! Loopback, multicast, unspecified and broadcast addresses and the address of the instance metadata stay.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::stand_in::{Kind, StandIns};

/// Ranges that map into themselves: the network and the length of its prefix.
const OWN_V4: [([u8; 4], u32); 5] = [
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([100, 64, 0, 0], 10),
    ([169, 254, 0, 0], 16),
];

/// Where all others go.
const RESERVED_V4: (u32, u32) = (0xF000_0000, 4);

/// What AWS answers at on each machine: metadata and credentials, of containers and of Kubernetes, names and times.
const METADATA: [Ipv4Addr; 5] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 169, 253),
    Ipv4Addr::new(169, 254, 169, 123),
];

/// Bits of an address within its /24.
const HOST_BITS: u32 = 8;

impl StandIns {
    pub(super) fn address(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(v4) => self.v4(v4).into(),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => self.v4(v4).to_ipv6_mapped().into(),
                None => self.v6(v6).into(),
            },
        }
    }

    fn v4(&self, address: Ipv4Addr) -> Ipv4Addr {
        if is_special_v4(address) {
            return address;
        }
        let bits = address.to_bits();
        let own = own(bits);
        let prefix = bits >> HOST_BITS;
        let host = self.permuted(bits & 0xFF, HOST_BITS, &format!("host {prefix}"));
        let (network, length) = own.unwrap_or(RESERVED_V4);
        let width = 32 - HOST_BITS - length;
        let middle = match own {
            Some(_) => self.permuted(prefix & mask(width), width, &format!("within {network}")),
            // More networks than there is room for: two may come to the same.
            None => self.hash(Kind::Address, &format!("network {prefix}")) as u32 & mask(width),
        };
        Ipv4Addr::from_bits(network | middle << HOST_BITS | host)
    }

    fn v6(&self, address: Ipv6Addr) -> Ipv6Addr {
        let segments = address.segments();
        if is_special_v6(address) {
            return address;
        }
        let [a, b, c, subnet, ..] = segments;
        let site = format!("{a:x}:{b:x}:{c:x}");
        let hash = self.hash(Kind::Address, &site);
        let [a, b, c] = match segments {
            [0xfe80..=0xfebf, ..] => [a, b, c],
            [0xfc00..=0xfdff, ..] => [
                0xfd00 | (hash >> 32) as u16 & 0xFF,
                (hash >> 16) as u16,
                hash as u16,
            ],
            _ => [0x3fff, (hash >> 16) as u16 & 0x0FFF, hash as u16],
        };
        let subnet = self.permuted(u32::from(subnet), 16, &format!("subnet {site}")) as u16;
        let host = self.hash(Kind::Address, &address.to_string());
        let [e, f, g, h] = [48, 32, 16, 0].map(|shift| (host >> shift) as u16);
        Ipv6Addr::new(a, b, c, subnet, e, f, g, h)
    }

    /// A permutation of the numbers of `width` bits, at most 16, of its own for each `of`.
    fn permuted(&self, number: u32, width: u32, of: &str) -> u32 {
        if width == 0 {
            return 0;
        }
        // Four rounds of a Feistel network over an even number of bits; what falls out of range goes round again.
        let half = width.div_ceil(2);
        let mut number = number;
        loop {
            let (mut left, mut right) = (number >> half, number & mask(half));
            for round in 0..4 {
                let hash = self.hash(Kind::Address, &format!("{of} {round} {right}"));
                (left, right) = (right, left ^ (hash as u32 & mask(half)));
            }
            number = left << half | right;
            if number <= mask(width) {
                return number;
            }
        }
    }
}

/// Of no machine in particular: it stays as it is.
pub(super) fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_special_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_special_v4(v4),
            None => is_special_v6(v6),
        },
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    address.is_loopback()
        || address.is_multicast()
        || address.is_broadcast()
        || address.octets()[0] == 0
        || METADATA.contains(&address)
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

/// As [`is_stand_in`], in the notations in which addresses are found.
pub(super) fn is_written_stand_in(text: &str) -> bool {
    let number = || {
        text.parse::<u32>()
            .ok()
            .filter(|it| *it > 0x00FF_FFFF)
            .map(|it| Ipv4Addr::from_bits(it).into())
    };
    text.parse().ok().or_else(number).is_some_and(is_stand_in)
}

/// Whether it is in the ranges of stand-ins, or in one that maps into itself and leads to nobody outside.
fn is_stand_in(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[0] >= 240 || own(v4.to_bits()).is_some() || is_special_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_stand_in(v4.into()),
            None => {
                let [first, second, ..] = v6.segments();
                let is_ours = first == 0x3fff && second < 0x1000;
                is_ours || matches!(first, 0xfe80..=0xfebf | 0xfc00..=0xfdff) || is_special_v6(v6)
            }
        },
    }
}

/// The range that maps into itself in which the address of these bits lies.
fn own(bits: u32) -> Option<(u32, u32)> {
    let mut ranges = OWN_V4
        .iter()
        .map(|(network, length)| (u32::from_be_bytes(*network), *length));
    ranges.find(|(network, length)| (bits ^ network) >> (32 - length) == 0)
}

fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn names() -> StandIns {
        StandIns::new(b"a key for tests!").unwrap()
    }

    fn v4(text: &str) -> Ipv4Addr {
        names().v4(text.parse().unwrap())
    }

    #[test]
    fn ranges_keep_their_meaning() {
        for same in [
            "127.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "169.254.169.254",
        ] {
            assert_eq!(v4(same).to_string(), same);
        }
        assert_eq!(v4("10.1.2.3").octets()[0], 10);
        assert!(v4("172.20.1.1").is_private() && v4("192.168.7.7").is_private());
        assert!(v4("203.0.113.77").octets()[0] >= 240 && v4("8.8.8.8").octets()[0] >= 240);
        let v6 = |text: &str| names().address(text.parse().unwrap()).to_string();
        assert_eq!(v6("::1"), "::1");
        assert!(v6("2001:db8:5eed::17").starts_with("3fff:"));
        assert!(v6("fd12::1").starts_with("fd") && v6("fe80::1").starts_with("fe80::"));
        assert!(v6("2a01:4f8::1").starts_with("3fff:"));
        assert_eq!(v6("::ffff:10.1.2.3"), format!("::ffff:{}", v4("10.1.2.3")));
    }

    #[test]
    fn within_a_range_no_two_become_one() {
        let names = names();
        for width in [1, 2, 7, 8] {
            let all: BTreeSet<_> = (0..1 << width)
                .map(|n| names.permuted(n, width, "test"))
                .collect();
            assert_eq!((all.len(), all.last()), (1 << width, Some(&mask(width))));
        }
        let hosts: BTreeSet<_> = (0..=255u8)
            .map(|n| names.v4([81, 2, 3, n].into()))
            .collect();
        assert_eq!(hosts.len(), 256);
    }

    proptest! {
        #[test]
        fn networks_stay_together(bits: u32, host: u8) {
            let names = names();
            let prefix = |address: Ipv4Addr| address.to_bits() >> 8;
            let (one, other) = (Ipv4Addr::from_bits(bits), Ipv4Addr::from_bits(bits & !0xFF | u32::from(host)));
            prop_assume!(!METADATA.contains(&other) && !METADATA.contains(&one) && !one.is_broadcast() && !other.is_broadcast());
            prop_assert_eq!(prefix(names.v4(one)), prefix(names.v4(other)));
            prop_assert_eq!(one == other, names.v4(one) == names.v4(other));
            prop_assert_eq!(names.v4(one), names.v4(one));
            prop_assert_eq!(one.is_private(), names.v4(one).is_private());
        }

        #[test]
        fn networks_of_v6_stay_together(bits: u128, host: u64, subnet: u16) {
            let names = names();
            let of = |bits: u128| names.v6(Ipv6Addr::from_bits(bits)).to_bits();
            let neighbour = bits >> 64 << 64 | u128::from(host);
            let sibling = bits >> 80 << 80 | u128::from(subnet) << 64 | u128::from(host);
            let is_special = |bits: u128| bits < 2 || bits >> 120 == 0xff;
            prop_assume!(![bits, neighbour, sibling].into_iter().any(is_special));
            prop_assert_eq!(of(bits) >> 64, of(neighbour) >> 64);
            prop_assert_eq!(of(bits) >> 80, of(sibling) >> 80);
            prop_assert_eq!(bits >> 64 == sibling >> 64, of(bits) >> 64 == of(sibling) >> 64);
        }
    }
}
