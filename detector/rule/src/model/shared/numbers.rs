//! Numbers that stand beside the values of a list: thresholds by value.

use std::net::IpAddr;

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::model::shared::list::{as_written, hash};

/// What a list says of a value, as a number from 1 on. Of two networks that hold an address the smaller one says it.
#[derive(Debug, Default)]
pub struct Numbers {
    /// By what stands for a text in any case and spelling of an address.
    texts: HashMap<u128, u32>,
    networks: HashMap<IpNet, u32>,
    /// The lengths of the networks, the longest first.
    lengths: Vec<u8>,
}

impl Numbers {
    /// `false`: the value is there already, with another number.
    pub(crate) fn add_text(&mut self, value: &str, number: u32) -> bool {
        let key = as_written(value, false, &mut String::new());
        *self.texts.entry(key).or_insert(number) == number
    }

    /// As [`Numbers::add_text`].
    pub(crate) fn add_network(&mut self, network: IpNet, number: u32) -> bool {
        let length = network.prefix_len();
        if let Err(at) = self.lengths.binary_search_by(|known| length.cmp(known)) {
            self.lengths.insert(at, length);
        }
        *self.networks.entry(network).or_insert(number) == number
    }

    /// What the list says of a value: a text, an address or a network.
    pub fn of(&self, value: &str) -> Option<u64> {
        let text = self
            .texts
            .get(&as_written(value, false, &mut String::new()));
        text.or_else(|| self.around(value)).copied().map(u64::from)
    }

    /// The number of the smallest network that holds an address, or a network as a whole.
    fn around(&self, value: &str) -> Option<&u32> {
        if self.networks.is_empty() {
            return None;
        }
        let whole: IpNet = match value.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().into(),
            Err(_) => value.parse().ok()?,
        };
        let lengths = self
            .lengths
            .iter()
            .filter(|length| **length <= whole.prefix_len());
        let mut around = lengths.filter_map(|length| IpNet::new(whole.network(), *length).ok());
        around.find_map(|network| self.networks.get(&network.trunc()))
    }

    /// Every number, once, in order.
    pub fn all(&self) -> Vec<u64> {
        let numbers = self.texts.values().chain(self.networks.values());
        let mut all: Vec<u64> = numbers.map(|number| u64::from(*number)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many values have one.
    pub fn len(&self) -> usize {
        self.texts.len() + self.networks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What tells them from others, whatever their order.
    pub fn fingerprint(&self) -> String {
        let texts = self
            .texts
            .iter()
            .map(|(key, number)| format!("{key:032x} {number}\n"));
        let networks = self
            .networks
            .iter()
            .map(|(network, number)| format!("{network} {number}\n"));
        let mut lines: Vec<String> = texts.chain(networks).collect();
        lines.sort_unstable();
        format!("{:032x}", hash(&lines.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_number_in_any_case_and_spelling() {
        let mut numbers = Numbers::default();
        assert!(numbers.add_text("Web", 5) && numbers.add_text("WEB", 5));
        assert!(!numbers.add_text("web", 6));
        assert!(numbers.add_text("2001:DB8::1", 7));
        assert_eq!(numbers.of("wEb"), Some(5));
        assert_eq!(numbers.of("2001:db8:0::1"), Some(7));
        assert_eq!(numbers.of("webs"), None);
        assert_eq!((numbers.all(), numbers.len()), (vec![5, 7], 2));
    }

    #[test]
    fn the_smallest_network_that_holds_it_says_it() {
        let mut numbers = Numbers::default();
        for (network, number) in [
            ("10.0.0.0/8", 8),
            ("10.1.0.0/16", 16),
            ("10.1.2.3/32", 32),
            ("0.0.0.0/0", 1),
            ("2001:db8::/32", 6),
        ] {
            assert!(numbers.add_network(network.parse().unwrap(), number));
        }
        for (value, number) in [
            ("10.1.2.3", Some(32)),
            ("::ffff:10.1.2.3", Some(32)),
            ("10.1.2.4", Some(16)),
            ("10.1.2.0/24", Some(16)),
            ("10.0.0.0/12", Some(8)),
            ("10.2.0.0", Some(8)),
            ("11.0.0.0", Some(1)),
            ("2001:db8:1::/64", Some(6)),
            ("2001:db9::", None),
            ("ten", None),
        ] {
            assert_eq!(numbers.of(value), number, "{value}");
        }
    }

    #[test]
    fn other_numbers_have_another_fingerprint() {
        let of = |pairs: &[(&str, u32)]| {
            let mut numbers = Numbers::default();
            for (value, number) in pairs {
                numbers.add_text(value, *number);
            }
            numbers.fingerprint()
        };
        assert_eq!(of(&[("a", 1), ("b", 2)]), of(&[("b", 2), ("A", 1)]));
        assert_ne!(of(&[("a", 1), ("b", 2)]), of(&[("a", 2), ("b", 1)]));
    }
}
