//! What was measured, as text, JSON and Markdown.

use std::fmt::Write;

use serde_json::{Value, json};

use super::outcome::{Measured, OfRule};
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
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} events/s, {} shards ({} s measured; the table filled at {:.0} events/s)",
        count(it.rate as u64),
        it.shards,
        it.seconds,
        it.history_rate
    );
    let units = it.units;
    let line = |text: &mut String, name: &str, value: String| {
        let _ = writeln!(text, "  {name:<34} {value}");
    };
    let a_second = |number: u64| format!("{:.1}", it.a_second(number as f64));
    line(&mut text, "write units a second", a_second(units.write));
    line(&mut text, "  of the index", a_second(units.of_index));
    line(&mut text, "read units a second", a_second(units.read));
    line(
        &mut text,
        "busiest partition key, units a second",
        format!(
            "{:.0} of 1,000, {}; refused {}",
            it.busiest.write_units_a_second,
            it.busiest.rule,
            count(it.busiest.throttled)
        ),
    );
    let seen = &it.seen;
    let a_minute = |number: u64| format!("{:.1}", it.a_second(number as f64) * 60.0);
    line(&mut text, "conflicts a minute", a_minute(seen.conflicts));
    line(
        &mut text,
        "groups given up a minute",
        a_minute(seen.given_up),
    );
    let both = |values: &[i64]| {
        format!(
            "{:.0} ms, {:.0} ms",
            it.ms(values, 0.5),
            it.ms(values, 0.99)
        )
    };
    line(&mut text, "a batch, p50, p99", both(&seen.batches_us));
    line(
        &mut text,
        "event to stored, p50, p99",
        both(&seen.stored_us),
    );
    line(&mut text, "notices", count(seen.published));
    line(&mut text, "hits that wait in the end", count(seen.waiting));
    for sweep in &seen.sweeps {
        let end = match sweep.is_complete {
            true => "finished",
            false => "NOT finished",
        };
        let took_s = sweep.took_us as f64 / 1e6;
        line(
            &mut text,
            "a sweep",
            format!("{took_s:.1} s, {} groups due, {end}", count(sweep.due)),
        );
    }
    let bill = it.bill;
    line(
        &mut text,
        "USD a month",
        format!(
            "{:.0} = DynamoDB {:.0}, Kinesis {:.0}, Lambda {:.0}, CloudWatch {:.0}, SNS {:.0}",
            bill.sum(),
            bill.dynamodb,
            bill.kinesis,
            bill.lambda,
            bill.cloudwatch,
            bill.sns
        ),
    );
    for OfRule {
        name,
        units,
        usd_a_month,
    } in it.by_rule.iter().take(RULES_SHOWN)
    {
        let _ = writeln!(
            text,
            "    {usd_a_month:>9.1} USD  {:>8.1} write  {:>8.1} read  {name}",
            it.a_second(units.write as f64),
            it.a_second(units.read as f64),
        );
    }
    text
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
            "read_units_a_second": it.a_second(rule.units.read as f64),
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
        "read_units_a_second": it.a_second(it.units.read as f64),
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
