//! What was measured, as text and JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::measured::Measured;
use super::price;
use super::recorded::Recorded;
use crate::output::quantity::count;

/// Rules that are shown in text.
const RULES_SHOWN: usize = 12;

pub(super) fn text(recorded: &Recorded, measured: &[Measured]) -> String {
    let mut text = format!(
        "traffic: {} events in {:.1} h, {:.1} hits in 100 events\n",
        count(recorded.events),
        recorded.span_ms as f64 / 3_600_000.0,
        recorded.hits_total as f64 * 100.0 / recorded.events as f64,
    );
    for it in measured {
        let _ = write!(text, "\n{}", scenario(it));
    }
    text
}

fn scenario(it: &Measured) -> String {
    let mut text = format!(
        "{} events/s, {} shards ({} s measured; the table filled at {:.0} events/s)\n",
        count(it.rate as u64),
        it.shards,
        it.seconds,
        it.history_rate
    );
    if !it.keeps_up() {
        text += "  it does NOT keep up: what it costs means little\n";
    }
    let rows = units(it).into_iter().chain(times(it)).chain([bill(it)]);
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<38} {value}");
    }
    for rule in it.by_rule.iter().take(RULES_SHOWN) {
        let _ = writeln!(
            text,
            "    {:>9.1} USD  {:>8.1} write  {:>8.1} read  {}",
            rule.usd_a_month,
            it.a_second(rule.units.write as f64),
            it.a_second(rule.units.read),
            rule.name,
        );
    }
    text
}

/// What is told, and how much it is.
type Row = (&'static str, String);

fn units(it: &Measured) -> Vec<Row> {
    let a_second = |number: u64| format!("{:.1}", it.a_second(number as f64));
    let a_minute = |number: u64| format!("{:.1}", it.a_second(number as f64) * 60.0);
    let busiest = format!(
        "{:.0} of 1,000, {}; refused {}",
        it.busiest.write_units_a_second,
        it.busiest.rule,
        count(it.busiest.throttled)
    );
    vec![
        ("write units a second", a_second(it.units.write)),
        ("  of the index", a_second(it.units.of_index)),
        (
            "read units a second",
            format!("{:.1}", it.a_second(it.units.read)),
        ),
        ("busiest partition key, units a second", busiest),
        ("conflicts a minute", a_minute(it.seen.conflicts)),
        ("groups given up a minute", a_minute(it.seen.given_up)),
    ]
}

fn times(it: &Measured) -> Vec<Row> {
    let seen = &it.seen;
    let both = |values_us: &[i64]| {
        let [half, most] = [0.5, 0.99].map(|part| it.ms(values_us, part));
        format!("{half:.0} ms, {most:.0} ms")
    };
    let mut rows = vec![
        ("a batch, p50, p99", both(&seen.batches_us)),
        ("event to stored, p50, p99", both(&seen.stored_us)),
        ("notices", count(seen.published)),
        ("hits that wait in the end", count(seen.waiting)),
    ];
    if !seen.openings_us.is_empty() {
        rows.push(("event to alert, p50, p99", both(&seen.openings_us)));
    }
    for sweep in &seen.sweeps {
        let end = match sweep.is_complete {
            true => "finished",
            false => "NOT finished",
        };
        let took_s = sweep.took_us as f64 / 1e6;
        let told = format!("{took_s:.1} s, {} groups due, {end}", count(sweep.due));
        rows.push(("a sweep", told));
    }
    rows
}

fn bill(it: &Measured) -> Row {
    let bill = it.bill;
    let parts = format!(
        "{:.0} = DynamoDB {:.0}, Kinesis {:.0}, Lambda {:.0}, CloudWatch {:.0}, SNS {:.0}",
        bill.sum(),
        bill.dynamodb,
        bill.kinesis,
        bill.lambda,
        bill.cloudwatch,
        bill.sns
    );
    ("USD a month", parts)
}

pub(super) fn json(recorded: &Recorded, measured: &[Measured]) -> Value {
    let prices = price::ALL
        .iter()
        .map(|it| json!({"of": it.of, "usd": it.usd}));
    json!({
        "traffic": {
            "events": recorded.events,
            "span_ms": recorded.span_ms,
            "hits": recorded.hits_total,
        },
        "prices": prices.collect::<Vec<_>>(),
        "scenarios": measured.iter().map(one).collect::<Vec<_>>(),
    })
}

fn one(it: &Measured) -> Value {
    let seen = &it.seen;
    let sweeps = seen.sweeps.iter().map(|sweep| {
        json!({
            "seconds": sweep.took_us as f64 / 1e6,
            "groups_due": sweep.due,
            "is_complete": sweep.is_complete,
        })
    });
    let rules = it.by_rule.iter().map(|rule| {
        json!({
            "rule": rule.name,
            "write_units_a_second": it.a_second(rule.units.write as f64),
            "read_units_a_second": it.a_second(rule.units.read),
            "usd_a_month": rule.usd_a_month,
        })
    });
    json!({
        "events_a_second": it.rate,
        "shards": it.shards,
        "seconds": it.seconds,
        "history_events_a_second": it.history_rate,
        "write_units_a_second": it.a_second(it.units.write as f64),
        "index_write_units_a_second": it.a_second(it.units.of_index as f64),
        "read_units_a_second": it.a_second(it.units.read),
        "refused_requests": it.units.throttled,
        "busiest_partition": {
            "rule": it.busiest.rule,
            "write_units_a_second": it.busiest.write_units_a_second,
            "refused_requests": it.busiest.throttled,
        },
        "conflicts": seen.conflicts,
        "groups_given_up": seen.given_up,
        "hits_repeated": seen.repeated,
        "hits_waiting": seen.waiting,
        "batch_ms": {"p50": it.ms(&seen.batches_us, 0.5), "p99": it.ms(&seen.batches_us, 0.99)},
        "stored_ms": {"p50": it.ms(&seen.stored_us, 0.5), "p99": it.ms(&seen.stored_us, 0.99)},
        "alert_ms": {"p50": it.ms(&seen.openings_us, 0.5), "p99": it.ms(&seen.openings_us, 0.99)},
        "keeps_up": it.keeps_up(),
        "notices": seen.published,
        "sweeps": sweeps.collect::<Vec<_>>(),
        "usd_a_month": {
            "dynamodb": it.bill.dynamodb,
            "kinesis": it.bill.kinesis,
            "lambda": it.bill.lambda,
            "cloudwatch": it.bill.cloudwatch,
            "sns": it.bill.sns,
            "sum": it.bill.sum(),
        },
        "rules": rules.collect::<Vec<_>>(),
    })
}
