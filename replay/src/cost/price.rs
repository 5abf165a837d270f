//! Units, seconds and bytes go in, US dollars a month come out.
//!
//! List prices of us-east-1 without free tiers, as published on AWS's pricing pages and known on 2026-11-29. Those of other
//! regions differ by up to a third (eu-west-1: about 13 % more for DynamoDB).

/// A month has 730 hours.
pub(super) const MONTH_S: f64 = 730.0 * 3600.0;

/// One price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    pub(super) of: &'static str,
    pub(super) usd: f64,
}

/// DynamoDB on demand, since the prices were halved in November 2024.
pub(super) const MILLION_WRITE_UNITS: Price = price("a million write units of DynamoDB", 0.625);
pub(super) const MILLION_READ_UNITS: Price = price("a million read units of DynamoDB", 0.125);
/// Kinesis on demand.
pub(super) const STREAM_HOUR: Price = price("an hour of a stream", 0.04);
pub(super) const STREAM_GB: Price = price("a GB into the stream and out again", 0.08 + 0.04);
/// Lambda on arm64.
pub(super) const GB_SECOND: Price = price("a GB-second of Lambda", 0.000_013_333_4);
pub(super) const MILLION_INVOCATIONS: Price = price("a million invocations", 0.20);
/// CloudWatch.
pub(super) const LOG_GB: Price = price("a GB of log", 0.50);
pub(super) const METRIC: Price = price("a metric, for a month", 0.30);
pub(super) const ALARM: Price = price("an alarm's metric, for a month", 0.10);
pub(super) const KEY: Price = price("a key of KMS, for a month", 1.00);
/// SNS: a message and one e-mail.
pub(super) const MILLION_NOTICES: Price =
    price("a million notices of SNS, each with a mail", 0.50 + 20.0);

/// All of them.
pub(super) const ALL: [Price; 11] = [
    MILLION_WRITE_UNITS,
    MILLION_READ_UNITS,
    STREAM_HOUR,
    STREAM_GB,
    GB_SECOND,
    MILLION_INVOCATIONS,
    LOG_GB,
    METRIC,
    ALARM,
    KEY,
    MILLION_NOTICES,
];

const fn price(of: &'static str, usd: f64) -> Price {
    Price { of, usd }
}

/// Of the function, in GB, and what it logs in an invocation, in bytes (infra/template.yaml; measured).
const MEMORY_GB: f64 = 1_769.0 / 1_024.0;
const LOG_BYTES: f64 = 2_400.0;

/// An event on its way, compressed.
const EVENT_BYTES: f64 = 250.0;

/// What stands in the template, with three log groups: metrics of the function, metrics under alarms, keys.
const METRICS: f64 = 33.0;
const ALARMS: f64 = 24.0 + 3.0 * 3.0;
const KEYS: f64 = 2.0;

/// What is used in a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) events: f64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
    pub(super) invocations: f64,
    /// Of the function, all invocations together.
    pub(super) lambda_s: f64,
    pub(super) notices: f64,
}

/// US dollars a month, by service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bill {
    pub(super) dynamodb: f64,
    pub(super) kinesis: f64,
    pub(super) lambda: f64,
    pub(super) cloudwatch: f64,
    pub(super) sns: f64,
}

impl Bill {
    pub(super) fn of(rates: Rates) -> Self {
        let month = |a_second: f64| a_second * MONTH_S;
        let gb = |bytes: f64| bytes / 1e9;
        Self {
            dynamodb: month(units_usd(rates.write_units, rates.read_units)),
            kinesis: month(gb(rates.events * EVENT_BYTES) * STREAM_GB.usd)
                + STREAM_HOUR.usd * MONTH_S / 3600.0,
            lambda: month(
                rates.lambda_s * MEMORY_GB * GB_SECOND.usd
                    + rates.invocations / 1e6 * MILLION_INVOCATIONS.usd,
            ),
            cloudwatch: month(gb(rates.invocations * LOG_BYTES) * LOG_GB.usd)
                + METRICS * METRIC.usd
                + ALARMS * ALARM.usd
                + KEYS * KEY.usd,
            sns: month(rates.notices / 1e6 * MILLION_NOTICES.usd),
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.dynamodb + self.kinesis + self.lambda + self.cloudwatch + self.sns
    }
}

/// What units cost.
pub(super) fn units_usd(write: f64, read: f64) -> f64 {
    write / 1e6 * MILLION_WRITE_UNITS.usd + read / 1e6 * MILLION_READ_UNITS.usd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_write_units_a_second_are_fifty_four_dollars_a_day() {
        let day = units_usd(1_000.0, 0.0) * 86_400.0;
        assert!((53.9..54.1).contains(&day), "{day}");
    }

    #[test]
    fn what_is_idle_costs_its_stream_metrics_and_keys() {
        let bill = Bill::of(Rates {
            events: 0.0,
            write_units: 0.0,
            read_units: 0.0,
            invocations: 0.0,
            lambda_s: 0.0,
            notices: 0.0,
        });
        assert!((29.1..29.3).contains(&bill.kinesis), "{bill:?}");
        assert!((15.1..15.3).contains(&bill.cloudwatch), "{bill:?}");
        assert!((44.3..44.5).contains(&bill.sum()), "{bill:?}");
    }
}
