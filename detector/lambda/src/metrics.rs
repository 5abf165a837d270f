//! What an invocation did, as one line of CloudWatch's embedded metric format.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use detector_core::store::Report;
use detector_core::tally::Tally;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::dynamodb::StoreCounts;
use crate::fold::Folded;
use crate::quarantine::Quarantined;
use crate::rules::RuleCheck;
use crate::unused::hits_without_group;

/// Latencies above an hour count as an hour.
const LATENCY_MAX_MS: u64 = 3_600_000;

/// The numbers of one invocation.
#[derive(Debug)]
pub struct Metrics {
    /// Name, unit and value, in the order of their names in [`Metrics::line`].
    values: Vec<(&'static str, Unit, u64)>,
    /// From the moment an episode's condition held, by the log, to when SNS had accepted its alert; in milliseconds.
    latency: Option<Histogram<u64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Milliseconds,
    Seconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            values: Vec::with_capacity(32),
            latency: None,
        }
    }
}

impl Metrics {
    pub fn folded(&mut self, folded: &Folded) {
        let tally: &Tally = &folded.tally;
        self.count("Records", folded.records as u64);
        self.add("RecordBytes", Unit::Bytes, folded.bytes);
        self.count("Events", tally.events.iter().sum());
        self.count("EventsUnrecognised", tally.unrecognised);
        self.count("ControlMessages", tally.control_messages);
        self.count("Hits", tally.hits.iter().sum());
        self.count("HitsTooLate", tally.too_late_hits);
        self.count("HitsUntimed", tally.untimed_hits);
        self.count("HitsWithoutGroup", hits_without_group(tally));
        self.count("EventsSkewed", tally.skewed_events);
        self.count("Groups", folded.groups);
        self.count("RecordsBad", folded.bad.len() as u64);
    }

    pub fn quarantined(&mut self, quarantined: Quarantined) {
        self.count("RecordsQuarantined", quarantined.kept);
        self.count("QuarantineRefused", quarantined.refused);
    }

    pub fn stored(&mut self, report: &Report, calls: StoreCounts) {
        self.count("GroupsWritten", report.written);
        self.count("LogParts", report.logged);
        self.count("GroupsParked", report.parked);
        self.count("GroupsFailed", report.failures.len() as u64);
        self.count("GroupsTooLarge", report.too_large.len() as u64);
        self.count("GroupsShortened", report.shortened.len() as u64);
        self.count("StateConflicts", report.conflicts);
        self.count("StateDamaged", report.unreadable.len() as u64);
        self.count("StoreCalls", calls.calls);
        self.count("StoreThrottled", calls.throttled);
    }

    /// `opened` alerts of episodes that begin; what other workers told of is not in it.
    pub fn published(&mut self, opened: u64, failures: u64) {
        self.count("Alerts", opened);
        self.count("PublishFailures", failures);
    }

    /// Records from the lowest that failed on, which come again.
    pub fn repeated(&mut self, records: usize) {
        self.count("RecordsRepeated", records as u64);
    }

    pub fn rules(&mut self, check: RuleCheck) {
        self.count("RulesRefused", u64::from(check.is_refused));
        self.count("RulesUnchecked", u64::from(check.has_failed));
    }

    /// How far the watermark of a sweep is behind where it would be if all that has arrived were done.
    pub fn swept(&mut self, is_complete: bool, behind_ms: Option<i64>, shards_behind: usize) {
        self.count("SweepsIncomplete", u64::from(!is_complete));
        self.count("ShardsBehind", shards_behind as u64);
        if let Some(behind) = behind_ms {
            let seconds = u64::try_from(behind / 1000).unwrap_or_default();
            self.add("WatermarkAge", Unit::Seconds, seconds);
        }
    }

    /// An alert went out so long after its condition began to hold.
    pub fn latency(&mut self, latency_ms: i64) {
        let latency_ms = u64::try_from(latency_ms).unwrap_or_default();
        let histogram = self.latency.get_or_insert_with(|| {
            Histogram::new_with_max(LATENCY_MAX_MS, 3).expect("bounds that the library takes")
        });
        histogram.saturating_record(latency_ms);
    }

    pub fn count(&mut self, name: &'static str, value: u64) {
        self.add(name, Unit::Count, value);
    }

    fn add(&mut self, name: &'static str, unit: Unit, value: u64) {
        self.values.push((name, unit, value));
    }

    /// Writes the line to standard output. `took` is the invocation's time so far.
    pub fn emit(mut self, namespace: &str, function: &str, took: Duration) {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.add("InvocationTime", Unit::Milliseconds, took_ms);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let line = self.line(namespace, function, now.unwrap_or_default().as_millis());
        // Where nobody reads the output, there is nobody to tell.
        let _ = io::stdout().lock().write_all(line.as_bytes());
    }

    fn line(mut self, namespace: &str, function: &str, now_ms: u128) -> String {
        if let Some(latency) = self.latency.take() {
            let at = |quantile| latency.value_at_quantile(quantile);
            let (p50, p99, max) = (at(0.5), at(0.99), latency.max());
            self.add("AlertLatencyP50", Unit::Milliseconds, p50);
            self.add("AlertLatencyP99", Unit::Milliseconds, p99);
            self.add("AlertLatencyMax", Unit::Milliseconds, max);
        }
        let names: Vec<Value> = self
            .values
            .iter()
            .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit.name() }))
            .collect();
        let directive = json!({
            "Namespace": namespace,
            "Dimensions": [["FunctionName"]],
            "Metrics": names,
        });
        let mut line = Map::new();
        let about = json!({ "Timestamp": now_ms as u64, "CloudWatchMetrics": [directive] });
        line.insert("_aws".to_owned(), about);
        line.insert("FunctionName".to_owned(), function.into());
        for (name, _, value) in self.values {
            line.insert(name.to_owned(), value.into());
        }
        format!("{}\n", Value::Object(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_of_the_embedded_metric_format() {
        let mut metrics = Metrics::default();
        metrics.stored(&Report::default(), StoreCounts::default());
        metrics.rules(RuleCheck::default());
        for latency in [100, 200, 300, -5] {
            metrics.latency(latency);
        }
        let line = metrics.line("Vedette", "detector", 1_790_000_000_000);
        assert_eq!(line.matches('\n').count(), 1);
        let line: Value = serde_json::from_str(&line).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_790_000_000_000u64);
        assert_eq!(directive["Namespace"], "Vedette");
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(line["FunctionName"], "detector");
        let metrics = directive["Metrics"].as_array().unwrap();
        // CloudWatch takes at most 100 metrics in one directive.
        assert!((10..100).contains(&metrics.len()));
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!(line[name].is_u64(), "{name}");
        }
        assert_eq!(line["AlertLatencyP50"], 100);
        assert_eq!(line["AlertLatencyMax"], 300);
    }

    #[test]
    fn a_latency_beyond_an_hour_is_an_hour() {
        let mut metrics = Metrics::default();
        metrics.latency(i64::MAX);
        let line: Value = serde_json::from_str(&metrics.line("n", "f", 0)).unwrap();
        let max = line["AlertLatencyMax"].as_u64().unwrap();
        assert!(
            (LATENCY_MAX_MS..LATENCY_MAX_MS * 101 / 100).contains(&max),
            "{max}"
        );
    }
}
