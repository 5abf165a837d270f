//! A service that ran for a while goes in, what is told of it comes out.

use std::collections::BTreeMap;

use super::copies::Copies;
use super::due;
use super::history::History;
use super::price::{Bill, MONTH_S, Rates, units_usd};
use super::seen::{Seen, percentile};
use super::service::{SECOND_US, Service, Traffic};
use super::table::{Place, Units};
use crate::args::CostArgs;

/// Hits that are measured, at most, but for the least time.
const MEASURED_HITS_MAX: f64 = 200_000.0;

/// Of what is played before measuring, the number of each event's first time.
const PLAYED_FIRST: u32 = 100_000;

/// A service to be measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    /// Events a second.
    pub(super) rate: f64,
    pub(super) shards: usize,
}

/// What is told of a scenario; rates are by second.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) rate: f64,
    pub(super) shards: usize,
    pub(super) seconds: u64,
    /// Events with a hit.
    pub(super) hits_a_second: f64,
    /// Events a second of the traffic that filled the table.
    pub(super) history_rate: f64,
    pub(super) units: Units,
    /// By rule, the dearest first; what belongs to none is named in brackets.
    pub(super) by_rule: Vec<OfRule>,
    pub(super) busiest: Busiest,
    pub(super) seen: Seen,
    pub(super) bill: Bill,
}

/// What a rule uses.
#[derive(Debug, Clone)]
pub(super) struct OfRule {
    pub(super) name: String,
    pub(super) units: Units,
    pub(super) usd_a_month: f64,
}

/// The partition key that is written most.
#[derive(Debug, Clone, Default)]
pub(super) struct Busiest {
    pub(super) rule: String,
    pub(super) write_units_a_second: f64,
    pub(super) throttled: u64,
}

pub(super) fn measure(
    traffic: Traffic<'_>,
    scenario: Scenario,
    mut made: History,
    args: &CostArgs,
) -> Measured {
    let Scenario { rate, shards } = scenario;
    let hits_a_second = rate * traffic.hit_part();
    let most = (MEASURED_HITS_MAX / hits_a_second) as u64;
    // In whole minutes where there is time for that, so that sweeps have their share.
    let seconds = match args.seconds {
        Some(seconds) => seconds.get(),
        None if most < 60 => most.max(10),
        None => (most / 60 * 60).min(300),
    };
    due::make(traffic, &mut made.table, args.due);
    made.table.limit();
    let arriving = Copies::new(traffic.recorded, rate, 0, PLAYED_FIRST);
    let mut service = Service::new(
        traffic,
        made.table,
        (arriving, rate),
        (shards, args.seed),
        made.swept_to,
    );
    service.run_until(seconds as i64 * SECOND_US);
    told(traffic, (scenario, seconds), made.rate, service)
}

fn told(
    traffic: Traffic<'_>,
    (scenario, seconds): (Scenario, u64),
    history_rate: f64,
    service: Service<'_>,
) -> Measured {
    let a_second = |number: f64| number / seconds as f64;
    let mut units = Units::default();
    let mut by_rule: BTreeMap<String, Units> = BTreeMap::new();
    let mut busiest = Busiest::default();
    for (place, used) in service.table.used() {
        let name = name(traffic, place);
        units.add(used);
        by_rule.entry(name.clone()).or_default().add(used);
        let written = a_second(used.write as f64);
        if written > busiest.write_units_a_second {
            busiest = Busiest {
                rule: name,
                write_units_a_second: written,
                throttled: used.throttled,
            };
        }
    }
    let mut by_rule: Vec<OfRule> = by_rule
        .into_iter()
        .map(|(name, units)| OfRule {
            name,
            usd_a_month: MONTH_S * units_usd(a_second(units.write as f64), a_second(units.read)),
            units,
        })
        .collect();
    by_rule.sort_by(|a, b| b.usd_a_month.total_cmp(&a.usd_a_month));
    let seen = service.seen;
    let bill = Bill::of(Rates {
        events: scenario.rate,
        write_units: a_second(units.write as f64),
        read_units: a_second(units.read),
        invocations: a_second(seen.invocations as f64),
        lambda_s: a_second(seen.lambda_us as f64 / SECOND_US as f64),
        notices: a_second(seen.published as f64),
    });
    Measured {
        rate: scenario.rate,
        shards: scenario.shards,
        seconds,
        hits_a_second: scenario.rate * traffic.hit_part(),
        history_rate,
        units,
        by_rule,
        busiest,
        seen,
        bill,
    }
}

fn name(traffic: Traffic<'_>, place: Place) -> String {
    match place {
        Place::Rule(key, _) => {
            let rule = traffic.plan.rule_of(key);
            let meta = rule.map(|at| &traffic.engine.rules().correlations[at.0 as usize].meta);
            let name = meta.map(|meta| meta.name.as_ref().unwrap_or(&meta.title));
            name.map_or_else(|| "(unknown)".to_owned(), |name| name.to_string())
        }
        Place::Packs(_) => "(packs of users and addresses)".to_owned(),
        Place::Notices(_) => "(notices)".to_owned(),
        Place::Log(_) => "(log)".to_owned(),
        Place::Parked(..) => "(parked)".to_owned(),
        Place::Marks(_) => "(marks)".to_owned(),
        Place::Bookkeeping => "(bookkeeping)".to_owned(),
    }
}

/// A group each second that has to come again is no exception any more.
const GIVEN_UP_A_SECOND: f64 = 1.0;

/// More than so many seconds' worth of hits does not wait where batches come every two seconds.
const WAITING_S_MAX: f64 = 5.0;

impl Measured {
    /// Whether what comes is done about as fast.
    pub(super) fn keeps_up(&self) -> bool {
        let waiting_s = self.seen.waiting as f64 / self.hits_a_second;
        let is_given_up = self.a_second(self.seen.given_up as f64) >= GIVEN_UP_A_SECOND;
        waiting_s < WAITING_S_MAX && !is_given_up
    }

    pub(super) fn a_second(&self, number: f64) -> f64 {
        number / self.seconds as f64
    }

    /// A percentile in milliseconds; 0 where nothing was measured.
    pub(super) fn ms(&self, values_us: &[i64], part: f64) -> f64 {
        percentile(values_us, part).unwrap_or(0) as f64 / 1000.0
    }
}
