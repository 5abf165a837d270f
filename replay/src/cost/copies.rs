//! A recording goes in, the traffic of a service of any size comes out: many copies of it, played at once.
//!
//! To come to a rate, as many copies as are needed play the recording over and over, at its own pace or a little slower,
//! and each begins elsewhere in it, so that the mix is that of the whole recording at any moment. Each copy has people,
//! addresses and things of its own ([`Named`]): twice the rate is twice as many users, not busier ones.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;

use detector_core::event::{Body, Event};
use detector_core::rule::RuleSet;
use detector_core::slots::{Slots, Value};
use detector_core::time::Timestamp;
use detector_core::window::Windows;
use detector_core::window::key::Key;

use super::recorded::{Named, Recorded};

/// An event that rules hit, on its way to a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    /// When it happens and arrives, in microseconds of virtual time.
    pub(super) at_us: i64,
    pub(super) copy: u32,
    /// Its place in [`Recorded::hits`].
    pub(super) event: u32,
    /// What tells it from the same event played before.
    pub(super) played: u32,
}

/// The traffic from a moment on, in the order of time.
#[derive(Debug)]
pub(super) struct Copies<'r> {
    recorded: &'r Recorded,
    from_us: i64,
    /// Of the recording's time that passes in a unit of virtual time; at most 1.
    pace: f64,
    copies: u32,
    played_first: u32,
    next: BinaryHeap<Reverse<Arrival>>,
}

impl<'r> Copies<'r> {
    /// `rate`: events a second, with a hit or without. `played_first` tells this traffic's events from those of another.
    pub(super) fn new(recorded: &'r Recorded, rate: f64, from_us: i64, played_first: u32) -> Self {
        let of_one = recorded.events as f64 * 1000.0 / recorded.span_ms as f64;
        let copies = (rate / of_one).ceil().max(1.0);
        let mut traffic = Self {
            recorded,
            from_us,
            pace: rate / (of_one * copies),
            copies: copies as u32,
            played_first,
            next: BinaryHeap::new(),
        };
        for copy in 0..traffic.copies {
            let begins = traffic.begins_ms(copy);
            let after = |event: &super::recorded::RecordedEvent| event.offset_ms as f64 >= begins;
            let first = recorded.hits.iter().position(after);
            traffic.push(copy, first.unwrap_or(recorded.hits.len()) as u32, 0);
        }
        traffic
    }

    /// Where in the recording a copy begins.
    fn begins_ms(&self, copy: u32) -> f64 {
        self.recorded.span_ms as f64 * f64::from(copy) / f64::from(self.copies)
    }

    fn push(&mut self, copy: u32, event: u32, round: u32) {
        let (event, round) = match event as usize == self.recorded.hits.len() {
            true => (0, round + 1),
            false => (event, round),
        };
        let offset_ms = self.recorded.hits[event as usize].offset_ms;
        let played_ms = offset_ms as f64 - self.begins_ms(copy)
            + f64::from(round) * self.recorded.span_ms as f64;
        self.next.push(Reverse(Arrival {
            at_us: self.from_us + (played_ms / self.pace * 1000.0) as i64,
            copy,
            event,
            played: self.played_first + round,
        }));
    }

    /// The next event, if it happens before `until_us`.
    pub(super) fn next_before(&mut self, until_us: i64) -> Option<Arrival> {
        let Reverse(arrival) = *self.next.peek()?;
        if arrival.at_us >= until_us {
            return None;
        }
        self.next.pop();
        let round = arrival.played - self.played_first;
        self.push(arrival.copy, arrival.event + 1, round);
        Some(arrival)
    }
}

/// Lets the windows see an event as it comes from its copy. `starts_ms`: what virtual time begins at.
pub(super) fn observe(
    windows: &mut Windows<'_>,
    (rules, recorded): (&RuleSet, &Recorded),
    arrival: Arrival,
    starts_ms: i64,
) {
    let event = &recorded.hits[arrival.event as usize];
    let mut slots = Slots::new(&rules.fields);
    for (slot, named) in &event.values {
        slots.push(*slot, Value::Text(named.of_copy(arrival.copy)));
    }
    let id = own_text(&event.id, arrival.copy ^ arrival.played.rotate_left(24));
    let time_ms = starts_ms + arrival.at_us.div_euclid(1000);
    let seen = Event {
        source: event.source,
        time: Timestamp::from_millis(time_ms),
        id: &id,
        account: None,
        region: None,
        arrival: None,
        slots: &slots,
        body: Body::Text(""),
    };
    for rule in &event.rules {
        if windows.is_fed_by(*rule) {
            windows.observe(*rule, &seen, time_ms);
        }
    }
}

impl Named {
    fn of_copy(&self, copy: u32) -> Cow<'_, str> {
        match self {
            Named::Shared(text) => Cow::Borrowed(text),
            Named::Own(text) => own_text(text, copy),
            Named::OwnAddress(address) => Cow::Owned(own_address(*address, copy).to_string()),
        }
    }
}

/// The text of another copy: a UUID stays one, since state keeps it in fewer bytes.
fn own_text(text: &str, copy: u32) -> Cow<'_, str> {
    if copy == 0 {
        return Cow::Borrowed(text);
    }
    match Key::of_event_id(text).as_uuid() {
        // The bits of version and variant stay.
        Some(_) => {
            let key = Key::of_event_id(text).to_u128();
            let other = u128::from(spread(copy)) << 64 & !0xffff | u128::from(spread(!copy)) >> 8;
            Cow::Owned(Key::from_u128(key ^ other).in_uuid_form())
        }
        None => Cow::Owned(format!("{text}-{copy}")),
    }
}

/// The address of another copy: its network is another, and addresses of one network stay together, whatever its length.
fn own_address(address: IpAddr, copy: u32) -> IpAddr {
    let other = if copy == 0 { 0 } else { spread(copy) };
    match address {
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() ^ (other as u32) << 8).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() ^ u128::from(other) << 64).into()),
    }
}

/// Bits that look random, the same for the same number (the finaliser of SplitMix64).
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use detector_core::event::LogSource;

    use super::super::recorded::RecordedEvent;
    use super::*;

    /// A hundred events in a hundred seconds, of which every fourth is a hit.
    fn recorded() -> Recorded {
        let hit = |at: i64| RecordedEvent {
            offset_ms: at * 4_000,
            id: format!("e{at}"),
            source: LogSource::Lambda,
            rules: vec![],
            values: vec![],
        };
        Recorded {
            events: 100,
            span_ms: 100_000,
            hits: (0..25).map(hit).collect(),
            hits_total: 25,
        }
    }

    #[test]
    fn the_rate_is_what_is_asked_for_at_any_time() {
        let recorded = recorded();
        for rate in [0.3, 1.0, 7.5, 400.0] {
            let mut traffic = Copies::new(&recorded, rate, 0, 1);
            let seconds = (40_000.0 / rate) as i64;
            let mut played = BTreeSet::new();
            for half in [1, 2] {
                let until_us = seconds * 500_000 * half;
                let mut hits = 0;
                while let Some(arrival) = traffic.next_before(until_us) {
                    hits += 1;
                    assert!(played.insert((arrival.copy, arrival.played, arrival.event)));
                }
                let expected = seconds as f64 / 2.0 * rate / 4.0;
                let off = (f64::from(hits) - expected).abs() / expected;
                assert!(off < 0.02, "{rate}: {hits} of {expected}");
            }
        }
    }

    #[test]
    fn arrivals_come_in_order() {
        let recorded = recorded();
        let mut traffic = Copies::new(&recorded, 33.0, -5, 1);
        let times = std::iter::from_fn(|| traffic.next_before(1_000_000_000)).map(|it| it.at_us);
        assert!(times.is_sorted());
    }

    #[test]
    fn copies_have_people_of_their_own_and_share_what_is_shared() {
        let own = |named: &Named, copy| named.of_copy(copy).into_owned();
        let pool = Named::Shared("eu-west-1_pool".to_owned());
        let user = Named::Own("ann".to_owned());
        let sub = Named::Own("0453171e-831e-46bb-a512-a4a6d2e6c5ef".to_owned());
        assert_eq!(own(&pool, 3), own(&pool, 4));
        for named in [user, sub.clone()] {
            let all: BTreeSet<String> = (0..1_000).map(|copy| own(&named, copy)).collect();
            assert_eq!(all.len(), 1_000);
        }
        let other = own(&sub, 9);
        assert!(Key::of_event_id(&other).is_uuid(), "{other}");
    }

    #[test]
    fn addresses_of_one_network_stay_together() {
        for (one, two, bits) in [
            ("192.0.2.7", "192.0.2.200", 24),
            ("192.0.2.7", "192.0.77.1", 16),
            ("2001:db8::1", "2001:db8::2", 64),
        ] {
            let network = |text: &str, copy| match own_address(text.parse().unwrap(), copy) {
                IpAddr::V4(address) => u128::from(address.to_bits() >> (32 - bits)),
                IpAddr::V6(address) => address.to_bits() >> (128 - bits),
            };
            for copy in [0, 1, 5_000] {
                assert_eq!(network(one, copy), network(two, copy));
            }
            assert_ne!(network(one, 1), network(one, 2));
            assert_eq!(own_address(one.parse().unwrap(), 0).to_string(), one);
        }
    }
}
