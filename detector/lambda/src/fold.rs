//! Records go in, deltas of groups come out. Never waits for anything.

use std::collections::BTreeMap;

use detector_core::alert::message::SampleEvent;
use detector_core::decode::Unreadable;
use detector_core::engine::{Engine, Mode, Observer, Worker};
use detector_core::event::Event;
use detector_core::rule::DetectionRule;
use detector_core::store::Deltas;
use detector_core::tally::Tally;
use detector_core::window::NothingSpilled;

use crate::invocation::Record;

/// A batch is folded in at most so many runs. A delta can come again only together with all that its run holds, so runs
/// are short enough that little is repeated; and each costs one encoding of the groups that it hits, so they are few.
const RUNS_MAX: usize = 16;

/// What the records of a batch come to.
#[derive(Debug)]
pub struct Folded {
    pub deltas: Deltas,
    /// Records that could not be read in whole or in part, in their order.
    pub bad: Vec<BadRecord>,
    pub tally: Tally,
    /// How many records were folded: fewer than were given where there was no time for the others.
    pub records: usize,
    pub bytes: u64,
    /// Groups with something new, once for each run that hit them.
    pub groups: u64,
    /// Events that rules hit, by id, for messages of this batch to show: the first ones.
    pub samples: BTreeMap<String, SampleEvent>,
}

/// Events of a batch that messages can show. Of more, messages go without.
const SAMPLES_MAX: usize = 1_000;

/// A record with a part that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Its place in the batch.
    pub position: usize,
    /// What is wrong; never what the record holds.
    pub reason: String,
}

/// Folds records until `has_time` says otherwise; it is asked before each.
pub fn fold(engine: &Engine, records: &[Record], mut has_time: impl FnMut() -> bool) -> Folded {
    // Each record tells its arrival, so that the mode does not matter.
    let mut worker = engine.worker(Mode::Set);
    let mut folded = Folded {
        deltas: Deltas::default(),
        bad: Vec::new(),
        tally: Tally::default(),
        records: 0,
        bytes: 0,
        groups: 0,
        samples: BTreeMap::new(),
    };
    let run = records.len().div_ceil(RUNS_MAX).max(1);
    'runs: for (at, records) in (0..).step_by(run).zip(records.chunks(run)) {
        for record in records {
            if !has_time() {
                folded.drain(&mut worker, at);
                break 'runs;
            }
            let mut seen = Seen::of_record(&mut folded.samples);
            worker.record(&record.data, Some(record.arrived_at), &mut seen);
            folded.bad.extend(seen.bad_record(folded.records));
            folded.records += 1;
            folded.bytes += record.data.len() as u64;
        }
        folded.drain(&mut worker, at);
    }
    folded.tally = tally(worker);
    folded
}

impl Folded {
    /// Takes what a run that began at record `at` has added.
    fn drain(&mut self, worker: &mut Worker<'_>, at: usize) {
        let latest = worker.tally().latest.unwrap_or_default().millis();
        worker.drain_state(&mut |rule, group, state| {
            self.groups += 1;
            self.deltas.add((rule, group), state, at as u64, latest);
        });
    }
}

/// The counters; some are known at the end only.
fn tally(worker: Worker<'_>) -> Tally {
    let so_far = worker.tally().clone();
    match worker.finish(&mut NothingSpilled) {
        Ok((_, tally)) => tally,
        Err(_) => so_far,
    }
}

/// What a record brings beside its hits.
#[derive(Debug)]
struct Seen<'f> {
    samples: &'f mut BTreeMap<String, SampleEvent>,
    /// Why parts of it cannot be read, and how many reasons more there are.
    shown: Vec<String>,
    left_out: u64,
}

/// Of a record with many unreadable parts, so many reasons are told.
const REASONS_MAX: usize = 5;

impl Observer for Seen<'_> {
    fn hit(&mut self, _: &DetectionRule, event: &Event<'_, '_>) {
        if self.samples.len() < SAMPLES_MAX && !self.samples.contains_key(event.id) {
            let sample = SampleEvent::of(event);
            self.samples
                .extend(sample.map(|sample| (sample.id.clone(), sample)));
        }
    }

    fn unreadable(&mut self, problem: Unreadable) {
        if self.shown.len() == REASONS_MAX {
            self.left_out += 1;
            return;
        }
        self.shown.push(match problem.offset {
            Some(offset) => format!("at byte {offset}: {}", problem.reason),
            None => problem.reason,
        });
    }
}

impl<'f> Seen<'f> {
    fn of_record(samples: &'f mut BTreeMap<String, SampleEvent>) -> Self {
        Self {
            samples,
            shown: Vec::new(),
            left_out: 0,
        }
    }

    fn bad_record(self, position: usize) -> Option<BadRecord> {
        if self.shown.is_empty() {
            return None;
        }
        let mut reason = self.shown.join("; ");
        if self.left_out > 0 {
            reason = format!("{reason}; and {} more", self.left_out);
        }
        Some(BadRecord { position, reason })
    }
}

#[cfg(test)]
mod tests {
    use detector_core::rule::RuleFile;
    use detector_core::store::{MemoryStore, Plan, StoreTimes, batch::Batch, drive::drive};
    use detector_core::time::Timestamp;
    use detector_core::window::load_rules;

    use super::*;

    const RULES: &str = "
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection:
    refused: {decision: deny}
    condition: refused
---
title: Often refused
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
    type: event_count
    rules: [refused]
    group-by: [sub]
    timespan: 10m
    condition: {gte: 3}
";

    fn engine() -> Engine {
        let file = RuleFile {
            path: "rules.yml".to_owned(),
            text: RULES.to_owned(),
        };
        Engine::new(load_rules(&[file]).unwrap())
    }

    fn record(at: usize, data: impl Into<Vec<u8>>) -> Record {
        Record {
            data: data.into(),
            arrived_at: Timestamp::from_rfc3339("2026-05-03T12:00:10Z").unwrap(),
            sequence_number: at.to_string(),
            shard: "shardId-000000000000".to_owned(),
        }
    }

    fn refused(at: usize) -> Record {
        let line = format!(
            r#"{{"timestamp":"2026-05-03T12:00:0{}.000Z","event":"vehicle.read","request_id":"r{at}","sub":"s","decision":"deny"}}"#,
            at % 10
        );
        record(at, line)
    }

    #[test]
    fn what_is_folded_opens_an_episode() {
        let engine = engine();
        let records: Vec<Record> = (0..5).map(refused).collect();
        let folded = fold(&engine, &records, || true);
        assert_eq!((folded.records, folded.tally.hits[0]), (5, 5));
        let plan = Plan::new(
            engine.rules(),
            StoreTimes {
                lateness_ms: 900_000,
                attempts_max: 3,
            },
        );
        let mut counts = Vec::new();
        let report = drive(
            Batch::of_records(&plan, folded.deltas, None),
            &MemoryStore::default(),
            &mut |told| {
                counts.push(told.episode.count);
                true
            },
        );
        assert_eq!((report.lowest_failed, counts), (None, vec![5]));
    }

    #[test]
    fn a_bad_record_is_named_and_its_neighbours_count() {
        let mut records: Vec<Record> = (0..3).map(refused).collect();
        records.insert(1, record(9, b"\x1f\x8b\x08not gzip".to_vec()));
        let folded = fold(&engine(), &records, || true);
        assert_eq!(folded.tally.hits[0], 3);
        let [bad] = &folded.bad[..] else {
            panic!("{:?}", folded.bad);
        };
        assert_eq!(bad.position, 1);
        assert!(bad.reason.contains("gzip"), "{}", bad.reason);
    }

    #[test]
    fn many_reasons_are_a_few_and_a_number() {
        let mut samples = BTreeMap::new();
        let mut seen = Seen::of_record(&mut samples);
        for at in 0..7 {
            seen.unreadable(Unreadable {
                offset: Some(at),
                reason: "cut off".to_owned(),
            });
        }
        let bad = seen.bad_record(3).unwrap();
        assert!(bad.reason.starts_with("at byte 0: cut off; "));
        assert!(bad.reason.ends_with("; and 2 more"), "{}", bad.reason);
    }

    #[test]
    fn without_time_the_rest_is_left() {
        let records: Vec<Record> = (0..40).map(refused).collect();
        let mut left = 7;
        let folded = fold(&engine(), &records, || {
            left -= 1;
            left >= 0
        });
        assert_eq!((folded.records, folded.tally.hits[0]), (7, 7));
        assert!(!folded.deltas.is_empty());
    }
}
