//! What was measured, as a table for a document: scenarios side by side.

use super::measured::Measured;
use crate::output::quantity::count;

/// What a row tells of a scenario.
type Cell = fn(&Measured) -> String;

const ROWS: [(&str, Cell); 11] = [
    ("state: writes and reads of the table", |it| {
        usd(it, it.bill.dynamodb)
    }),
    ("stream", |it| usd(it, it.bill.kinesis)),
    ("function", |it| usd(it, it.bill.lambda)),
    ("its log, metrics, alarms, keys", |it| {
        usd(it, it.bill.cloudwatch)
    }),
    ("**sum**", |it| match it.keeps_up() {
        true => format!("**{}**", usd(it, it.bill.sum())),
        false => "**does not run**".to_owned(),
    }),
    ("write units a second", |it| {
        rounded(it.a_second(it.units.write as f64))
    }),
    ("read units a second", |it| {
        rounded(it.a_second(it.units.read))
    }),
    (
        "of 1,000 write units a second, the busiest partition key",
        |it| rounded(it.busiest.write_units_a_second),
    ),
    ("groups given up in a minute", |it| {
        rounded(it.a_second(it.seen.given_up as f64) * 60.0)
    }),
    ("a batch: median, 99 of 100 (ms)", |it| {
        both(it, &it.seen.batches_us)
    }),
    ("from an event's arrival to its state stored (ms)", |it| {
        both(it, &it.seen.stored_us)
    }),
];

/// The table.
pub(super) fn table(measured: &[Measured]) -> String {
    let heads = measured.iter().map(|it| {
        let rate = count(it.rate as u64);
        format!(" {rate} events/s, {} shards |", it.shards)
    });
    let mut table = format!(
        "| |{}\n|---|{}\n",
        heads.collect::<String>(),
        "---|".repeat(measured.len())
    );
    for (name, cell) in ROWS {
        let cells = measured.iter().map(|it| format!(" {} |", cell(it)));
        table += &format!("| {name} |{}\n", cells.collect::<String>());
    }
    table
}

/// Where a service cannot keep up, what it costs means nothing.
fn usd(it: &Measured, usd: f64) -> String {
    match it.keeps_up() {
        true => rounded(usd),
        false => "–".to_owned(),
    }
}

fn both(it: &Measured, values_us: &[i64]) -> String {
    let [half, most] = [0.5, 0.99].map(|part| rounded(it.ms(values_us, part)));
    format!("{half}, {most}")
}

/// To two digits, since no more of them mean anything.
fn rounded(number: f64) -> String {
    let mut unit = 1.0;
    while number.abs() / unit >= 99.5 {
        unit *= 10.0;
    }
    match (number * 10.0).round() as u64 {
        0 => "0".to_owned(),
        tenths @ 1..10 => format!("0.{tenths}"),
        _ => count(((number / unit).round() * unit) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits() {
        let numbers = [
            0.0, 0.04, 0.26, 0.96, 1.4, 15.2, 99.4, 99.6, 1_081.0, 12_499.0, 12_500.0,
        ];
        let texts = [
            "0", "0", "0.3", "1", "1", "15", "99", "100", "1,100", "12,000", "13,000",
        ];
        assert_eq!(numbers.map(rounded), texts);
    }
}
