//! `replay cost`: what the service costs at a rate of events, and where it breaks.
//!
//! The core is the real one (windows, batches, sweeps); what stands around it in an account is a model in virtual time:
//! the table with its limits, the latency of requests, shards and workers, the schedule, prices.

mod chance; // times that differ
mod recorded; // a recording -> what of it costs something
mod copies; // many copies of it
mod table; // items and what partitions take
mod asked; // an effect -> requests -> its result
mod invocation; // one invocation of the function
mod seen; // what is counted
mod service; // all of them, in virtual time
mod history; // what the table holds to begin with
mod due; // what waits for a sweep
mod price; // units -> dollars
mod measured; // a run -> what is told of it
mod report; // that, as text and JSON
mod markdown; // as a table

use std::io::Write;

use detector_core::store::Plan;

use crate::args::{CostArgs, CostFormat};
use crate::input::rules;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::run::close;
use history::History;
use measured::{Measured, Scenario};
use service::Traffic;

/// Rates and shards that are measured where nothing else is asked for.
const SCENARIOS: [Scenario; 4] = [
    scenario(100.0, 4),
    scenario(1_000.0, 4),
    scenario(10_000.0, 8),
    scenario(100_000.0, 50),
];

const fn scenario(rate: f64, shards: usize) -> Scenario {
    Scenario { rate, shards }
}

pub(crate) fn run(args: &CostArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let mut output = Output::open(None)?;
    let engine = args.source.engine(rules);
    let (recorded, recording) = recorded::read(&engine, &args.source)?;
    let plan = || Plan::new(engine.rules(), engine.store_times()).deferring();
    let (plan, parking) = (plan(), plan().parking(i64::MIN));
    let traffic = Traffic {
        engine: &engine,
        plan: &plan,
        parking: &parking,
        recorded: &recorded,
        starts_ms: STARTS_MS,
    };
    let measured = all(traffic, args);
    match args.format {
        CostFormat::Text => write!(output, "{}", report::text(&recorded, &measured))?,
        CostFormat::Json => writeln!(output, "{}", report::json(&recorded, &measured))?,
        CostFormat::Markdown => write!(output, "{}", markdown::table(&measured))?,
    }
    let written = output.finish();
    close(&recording, args.source.quiet, written)
}

/// Scenarios of one rate share their history.
fn all(traffic: Traffic<'_>, args: &CostArgs) -> Vec<Measured> {
    let mut made: Option<((f64, bool), History)> = None;
    let mut measured = Vec::new();
    for scenario in scenarios(args) {
        let traffic = traffic.over(scenario.shards);
        let parks = scenario.shards <= service::PARKING_SHARDS_MAX;
        let history = match &made {
            Some((of, history)) if *of == (scenario.rate, parks) => history,
            _ => {
                let history = history::of(traffic, scenario.rate);
                &made.insert(((scenario.rate, parks), history)).1
            }
        };
        measured.push(measured::measure(traffic, scenario, history.clone(), args));
    }
    measured
}

/// 2026-06-01, so that the numbers do not depend on when they are asked for.
const STARTS_MS: i64 = 1_780_272_000_000;

fn scenarios(args: &CostArgs) -> Vec<Scenario> {
    if args.rates.is_empty() && args.shards.is_empty() {
        return SCENARIOS.to_vec();
    }
    let rates = match args.rates.is_empty() {
        true => vec![1_000.0],
        false => args.rates.clone(),
    };
    let usual = |rate: f64| {
        let larger = SCENARIOS.iter().find(|usual| usual.rate >= rate);
        larger.map_or(50, |usual| usual.shards)
    };
    let each = rates.into_iter().flat_map(|rate| {
        let shards = match args.shards.is_empty() {
            true => vec![usual(rate)],
            false => args.shards.clone(),
        };
        shards
            .into_iter()
            .map(move |shards| Scenario { rate, shards })
    });
    each.collect()
}
