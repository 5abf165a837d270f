//! The allowlist: lists of addresses, principals and user agents that detection rules refer to.
//!
//! A list stands under the top-level key `allowlist`, in a document of its own. An entry ends at its date, by the time of
//! the event that is judged: so a recording is judged alike whenever it is replayed, and no clock is needed. An entry that
//! is marked as an example allows nothing: what ships with the rules is public.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use hashbrown::HashMap;
use ipnet::IpNet;

use detector_event::time::Timestamp;

/// A named list, all of whose entries are of one kind.
#[derive(Debug)]
pub struct Allowlist {
    pub name: Arc<str>,
    /// File it was read from, and the line of its name.
    pub path: Arc<str>,
    pub line: u32,
    pub entries: Vec<AllowEntry>,
    /// By the whole text: principals and user agents.
    texts: HashMap<String, usize>,
    /// Networks, and the beginnings of user agents.
    others: Vec<usize>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowEntry {
    pub value: AllowValue,
    /// Who answers for it.
    pub owner: String,
    pub reason: String,
    /// The last day on which it counts, in UTC.
    pub expires: NaiveDate,
    /// It shows how an entry is written, and allows nothing.
    pub is_example: bool,
    pub line: u32,
}

/// What an entry allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowValue {
    /// An address is the network of its own.
    Network(IpNet),
    /// A principal or user agent, to the letter.
    Text(String),
    /// Every user agent that begins so.
    Beginning(String),
}

impl AllowEntry {
    /// The first moment at which it no longer counts.
    pub fn ends(&self) -> DateTime<chrono::Utc> {
        let after = self.expires.checked_add_days(Days::new(1));
        let midnight = after.unwrap_or(NaiveDate::MAX).and_time(NaiveTime::MIN);
        midnight.and_utc()
    }

    /// Whether it counted, and does not at `time`. An example never does.
    pub fn has_expired(&self, time: Timestamp) -> bool {
        !self.is_example && time.millis() >= self.ends().timestamp_millis()
    }

    /// As it is written in the file.
    pub fn shown(&self) -> String {
        match &self.value {
            AllowValue::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().to_string()
            }
            AllowValue::Network(network) => network.to_string(),
            AllowValue::Text(text) => text.clone(),
            AllowValue::Beginning(text) => format!("{text}*"),
        }
    }
}

impl Allowlist {
    pub(crate) fn new(name: &str, path: &str, line: u32, entries: Vec<AllowEntry>) -> Self {
        let mut texts = HashMap::new();
        let mut others = Vec::new();
        // Examples are never looked up.
        for (at, entry) in entries.iter().enumerate().filter(|(_, e)| !e.is_example) {
            match &entry.value {
                AllowValue::Text(text) => {
                    texts.insert(text.clone(), at);
                }
                AllowValue::Network(_) | AllowValue::Beginning(_) => others.push(at),
            }
        }
        Self {
            name: Arc::from(name),
            path: Arc::from(path),
            line,
            entries,
            texts,
            others,
        }
    }

    /// Whether all its entries are examples, so that it allows nothing.
    pub fn is_example(&self) -> bool {
        self.entries.iter().all(|entry| entry.is_example)
    }

    /// Whether an entry that counts at `time` allows the value.
    pub fn allows(&self, value: &str, time: Timestamp) -> bool {
        let counts = |at: usize| !self.entries[at].has_expired(time);
        if self.texts.get(value).is_some_and(|at| counts(*at)) {
            return true;
        }
        let address = value.parse::<IpAddr>().ok().map(|a| a.to_canonical());
        let covers = |at: &usize| match &self.entries[*at].value {
            AllowValue::Network(network) => address.is_some_and(|a| network.contains(&a)),
            AllowValue::Beginning(text) => value.starts_with(text.as_str()),
            AllowValue::Text(_) => false,
        };
        self.others.iter().any(|at| covers(at) && counts(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[(AllowValue, &str)]) -> Allowlist {
        let entry = |(value, expires): &(AllowValue, &str)| AllowEntry {
            value: value.clone(),
            owner: "o".into(),
            reason: "r".into(),
            expires: expires.parse().unwrap(),
            is_example: false,
            line: 1,
        };
        Allowlist::new("l", "r.yml", 1, values.iter().map(entry).collect())
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }

    #[test]
    fn an_entry_counts_through_its_last_day() {
        let entry = AllowValue::Network("192.0.2.0/24".parse().unwrap());
        let list = list(&[(entry, "2026-06-30")]);
        assert!(list.allows("192.0.2.77", at("2026-06-30T23:59:59.999Z")));
        assert!(!list.allows("192.0.2.77", at("2026-07-01T00:00:00Z")));
        assert!(!list.allows("192.0.3.1", at("2026-06-30T00:00:00Z")));
        assert!(list.allows("::ffff:192.0.2.77", at("2020-01-01T00:00:00Z")));
    }

    #[test]
    fn texts_are_compared_to_the_letter_and_beginnings_as_such() {
        let list = list(&[
            (AllowValue::Text("load-test".into()), "2026-06-30"),
            (AllowValue::Beginning("fleet/".into()), "2026-06-30"),
        ]);
        let then = at("2026-06-01T00:00:00Z");
        assert!(list.allows("load-test", then) && list.allows("fleet/2.1", then));
        for other in ["Load-test", "load-test ", "Fleet/2", "a fleet/2", ""] {
            assert!(!list.allows(other, then), "{other}");
        }
    }

    #[test]
    fn of_two_entries_one_may_have_ended() {
        let network = |text: &str| AllowValue::Network(text.parse().unwrap());
        let list = list(&[
            (network("10.0.0.0/8"), "2026-01-31"),
            (network("10.1.0.0/16"), "2026-12-31"),
        ]);
        let then = at("2026-06-01T00:00:00Z");
        assert!(list.allows("10.1.2.3", then));
        assert!(!list.allows("10.2.2.3", then));
    }
}
