//! Networks as they are written; `vedette.prefix`: a group-by address stands for its network.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::yaml::yaml_tree::shortened;

/// How many leading bits of an address name its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkPrefix {
    /// 0 to 32.
    pub ipv4: u8,
    /// 0 to 128.
    pub ipv6: u8,
}

impl NetworkPrefix {
    /// The network of an address, in CIDR form: of `203.0.113.7` by 24 bits `203.0.113.0/24`.
    ///
    /// An IPv4 address in an IPv6 one (`::ffff:203.0.113.7`) is the IPv4 address. `None` for anything else: a network,
    /// too, is no address.
    pub fn network_of(self, text: &str) -> Option<String> {
        self.network(text.parse().ok()?, u8::MAX)
    }

    /// The network that a network lies in, as this names it; `None` where it is larger than the prefix asks for.
    pub fn network_around(self, text: &str) -> Option<String> {
        let network: IpNet = text.parse().ok()?;
        self.network(network.addr(), network.prefix_len())
    }

    fn network(self, address: IpAddr, bits: u8) -> Option<String> {
        let (address, bits) = match address {
            IpAddr::V6(mapped) => match mapped.to_ipv4_mapped() {
                Some(inner) => (IpAddr::V4(inner), bits.checked_sub(MAPPED_BITS)?),
                None => (address, bits),
            },
            IpAddr::V4(_) => (address, bits),
        };
        let prefix = match address {
            IpAddr::V4(_) => self.ipv4,
            IpAddr::V6(_) => self.ipv6,
        };
        if bits < prefix {
            return None;
        }
        Some(IpNet::new(address, prefix).ok()?.trunc().to_string())
    }
}

/// A network in CIDR form, without bits set beyond its prefix. One of IPv4 addresses in IPv6 ones is that of the IPv4
/// addresses.
pub(crate) fn network_of_text(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        let width = if address.is_ipv4() { 32 } else { 128 };
        return Err(format!(
            "`{text}` is an address, not a network, try `{text}/{width}`"
        ));
    }
    let net: IpNet = text.parse().map_err(|_| {
        format!(
            "{} is not a network, write one like `10.0.0.0/8` or `2001:db8::/32`",
            shortened(text)
        )
    })?;
    if net.addr() != net.network() {
        return Err(format!(
            "`{text}` names an address within its network, try `{}`",
            net.trunc()
        ));
    }
    Ok(canonical(net))
}

fn canonical(net: IpNet) -> IpNet {
    let inner = match net {
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped(),
        IpNet::V4(_) => None,
    };
    inner
        .zip(net.prefix_len().checked_sub(MAPPED_BITS))
        .and_then(|(inner, bits)| IpNet::new(inner.into(), bits).ok())
        .unwrap_or(net)
}

/// Bits before the IPv4 address in a mapped IPv6 one.
const MAPPED_BITS: u8 = (Ipv6Addr::BITS - std::net::Ipv4Addr::BITS) as u8;

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: NetworkPrefix = NetworkPrefix { ipv4: 24, ipv6: 64 };

    fn network(text: &str) -> Option<String> {
        USUAL.network_of(text)
    }

    #[test]
    fn an_address_has_its_network() {
        assert_eq!(network("203.0.113.7").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(network("203.0.113.255").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(
            network("2001:db8:1:2:3:4:5:6").as_deref(),
            Some("2001:db8:1:2::/64")
        );
        let whole = NetworkPrefix {
            ipv4: 32,
            ipv6: 128,
        };
        assert_eq!(
            whole.network_of("192.0.2.1").as_deref(),
            Some("192.0.2.1/32")
        );
        let none = NetworkPrefix { ipv4: 0, ipv6: 0 };
        assert_eq!(none.network_of("2001:db8::1").as_deref(), Some("::/0"));
    }

    #[test]
    fn an_ipv4_address_in_an_ipv6_one_is_the_ipv4_address() {
        for text in ["::ffff:203.0.113.7", "::FFFF:cb00:7107"] {
            assert_eq!(network(text).as_deref(), Some("203.0.113.0/24"), "{text}");
        }
    }

    #[test]
    fn a_network_lies_in_a_larger_one_alone() {
        let around = |text| USUAL.network_around(text);
        assert_eq!(around("203.0.113.64/26").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(around("203.0.113.0/24").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(around("203.0.0.0/16"), None);
        assert_eq!(
            around("::ffff:203.0.113.0/120").as_deref(),
            Some("203.0.113.0/24")
        );
        assert_eq!(around("::ffff:0:0/80"), None);
        assert_eq!(around("203.0.113.7"), None);
    }

    #[test]
    fn what_is_no_address_has_no_network() {
        for text in [
            "",
            "cloudfront.amazonaws.com",
            "AWS Internal",
            "203.0.113",
            "203.0.113.07",
            "203.0.113.7:443",
            "[2001:db8::1]",
            "fe80::1%eth0",
            "203.0.113.7, 10.0.0.1",
            "203.0.113.7/",
            "203.0.113.7/32",
            "203.0.113.64/26",
            "203.0.113.0/24",
            "2001:db8::1/128",
            "/24",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
