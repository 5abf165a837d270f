//! The function: an invocation goes in, its answer comes out. Only wires together.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use detector_core::alert::message::SampleEvent;
use detector_core::engine::Engine;
use detector_core::store::batch::Batch;
use detector_core::store::plan::ATTEMPTS_MAX;
use detector_core::store::{Plan, Report, Step, StoreTimes};
use detector_core::time::Timestamp;
use lambda_runtime::LambdaEvent;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::clients;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::bookkeeping::{Progress, SweptTo};
use crate::effects::drive::drive;
use crate::effects::world::Outside;
use crate::fault::Fault;
use crate::fold::fold;
use crate::invocation::{Answer, Invocation, Payload, Record, SweepAnswer, batch_answer};
use crate::metrics::Metrics;
use crate::publish::Publisher;
use crate::quarantine::Quarantine;
use crate::rules::{BrokenRules, Rules, Setup};
use crate::sweep::progress;
use crate::sweep::shards;
use crate::unused;

/// How long a worker goes by what it has read about sweeps. An older, lower value is safe: it only forgets later.
const SWEPT_TO_KEPT: Duration = Duration::from_secs(60);

/// The time that loading rules at start may take; Lambda gives ten seconds to all of it.
const LOAD_MAX: Duration = Duration::from_secs(8);

/// Everything that lives from one invocation to the next. Nothing in it matters beyond speed: what must last is in the
/// table.
#[derive(Debug)]
pub struct Service {
    config: Config,
    aws: SdkConfig,
    store: DynamoStore,
    publisher: Publisher,
    quarantine: Quarantine,
    rules: Mutex<Rules>,
    swept_to: Cell<Option<(Instant, Option<SweptTo>)>>,
}

impl Service {
    /// Loads the rules and makes the clients.
    ///
    /// # Errors
    /// The rules cannot be had, or are broken.
    pub async fn start(config: Config) -> Result<Self, BrokenRules> {
        let aws = clients::shared().await;
        let deadline = Deadline::after(LOAD_MAX);
        let setup = Setup {
            lateness_ms: config.lateness_ms,
            json_log_groups: config.json_log_groups.clone(),
            application_log_groups: config.application_log_groups.clone(),
            audit_log_groups: config.audit_log_groups.clone(),
        };
        let rules = Rules::load(&config.rules, setup, &aws, deadline).await?;
        Ok(Self {
            store: DynamoStore::new(clients::dynamodb(&aws), config.table.clone()),
            publisher: Publisher::new(clients::sns(&aws), config.topic.clone(), config.telling()),
            quarantine: Quarantine::new(&config.quarantine, &aws),
            rules: Mutex::new(rules),
            swept_to: Cell::new(None),
            config,
            aws,
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// It is none of ours, or a sweep could not find out how far the stream is done.
    pub async fn handle(
        &self,
        event: LambdaEvent<Payload>,
    ) -> Result<Answer, lambda_runtime::Error> {
        let begun = Instant::now();
        let deadline = Deadline::before(event.context.deadline());
        let mut metrics = Metrics::default();
        let answer = match event.payload.into_invocation() {
            Ok(Invocation::Batch(records)) => {
                Ok(self.batch(&records, deadline, &mut metrics).await)
            }
            Ok(Invocation::Sweep(now)) => self.sweep(now, deadline, &mut metrics).await,
            Err(unknown) => {
                error!(%unknown, "the invocation cannot be handled");
                return Err(unknown.into());
            }
        };
        let Config {
            metrics_namespace,
            function_name,
            ..
        } = &self.config;
        metrics.emit(metrics_namespace, function_name, begun.elapsed());
        answer.map_err(Into::into)
    }

    async fn batch(&self, records: &[Record], deadline: Deadline, metrics: &mut Metrics) -> Answer {
        let engine = self.engine(deadline, metrics).await;
        let folded = fold(&engine, records, || !deadline.is_over());
        metrics.folded(&folded);
        unused::tell(engine.rules(), &folded.tally);
        let quarantined = self.quarantine.keep(records, &folded.bad, deadline).await;
        metrics.quarantined(quarantined);

        let swept = self.known_swept_to(deadline).await;
        let swept_to = decided_to(swept, self.config.lateness_ms);
        let mut plan = self.plan(&engine).await;
        // While an earlier release may sweep, which knows of no log or would unite it elsewhere, all is united at once.
        let swept = swept.filter(|swept| swept.sees_packs);
        if swept.is_some_and(|swept| swept.unites_the_log) {
            plan = plan.deferring();
        }
        // Likewise while a worker may show an episode and mark no group; one of an earlier release is gone by then.
        if let Some(since) = swept.and_then(|swept| swept.marks_since) {
            plan = plan.parking(since.saturating_add(INVOKED_MS_MAX));
        }
        let step = Batch::of_records(&plan, folded.deltas, swept_to);
        let known = (&*engine, &folded.samples);
        let report = self.run(step, known, deadline, metrics).await;

        let unfolded = (folded.records < records.len()).then_some(folded.records);
        let unstored = report.lowest_failed.map(|at| position(at, records.len()));
        let failed = [unfolded, unstored, quarantined.first_failed];
        let failed = failed.into_iter().flatten().min();
        let failed = self.note_progress(records, failed, deadline).await;
        metrics.repeated(failed.map_or(0, |at| records.len() - at));
        batch_answer(failed.and_then(|at| records.get(at)))
    }

    /// Notes how far each shard is done; tells from where on records have to come again.
    async fn note_progress(
        &self,
        records: &[Record],
        failed: Option<usize>,
        deadline: Deadline,
    ) -> Option<usize> {
        let done = &records[..failed.unwrap_or(records.len())];
        let mut failed = failed;
        for at in progress::last_of_each_shard(done) {
            let record = &done[at];
            let progress = Progress {
                sequence_number: record.sequence_number.clone(),
                arrived_at: record.arrived_at.millis(),
            };
            let stream = &self.config.stream;
            let noted =
                self.store
                    .note_progress(stream, &record.shard, &progress, deadline.last_steps());
            match noted.await {
                Ok(()) => {}
                // Without it, sweeps would take the record for unread until the shard's next batch: it comes again.
                Err(fault) if fault.passes() => {
                    warn!(%fault, shard = record.shard, "progress could not be noted, the last record comes again");
                    failed = Some(failed.map_or(at, |first| first.min(at)));
                }
                Err(fault) => {
                    error!(%fault, shard = record.shard, "progress could not be noted: check the table and the function's role");
                }
            }
        }
        failed
    }

    async fn sweep(
        &self,
        now: Timestamp,
        deadline: Deadline,
        metrics: &mut Metrics,
    ) -> Result<Answer, Fault> {
        let engine = self.engine(deadline, metrics).await;
        let outcome = self.sweep_to(now, &engine, deadline, metrics).await;
        let is_complete = outcome.as_ref().is_ok_and(|swept| swept.complete);
        let behind = outcome.as_ref().map_or(0, |swept| swept.shards_behind);
        let watermark = outcome.as_ref().ok().and_then(|s| s.watermark.as_deref());
        let watermark = watermark.and_then(Timestamp::from_rfc3339);
        // The lateness is no delay: an alarm has one threshold, whatever is set.
        let age = watermark.map(|w| now.millis() - self.config.lateness_ms - w.millis());
        metrics.swept(is_complete, age, behind);
        if let Err(fault) = &outcome {
            error!(%fault, "a sweep could not find out how far the stream is done: check STREAM_NAME and the function's role");
        }
        outcome.map(Answer::Sweep)
    }

    async fn sweep_to(
        &self,
        now: Timestamp,
        engine: &Engine,
        deadline: Deadline,
        metrics: &mut Metrics,
    ) -> Result<SweepAnswer, Fault> {
        let kinesis = clients::kinesis(&self.aws);
        let stream = &self.config.stream;
        let age_max_ms = self.config.record_age_max_ms;
        let unread =
            shards::unread(&kinesis, &self.store, stream, now, age_max_ms, deadline).await?;
        let known = self.store.swept_to(deadline).await?;
        let lateness_ms = self.config.lateness_ms;
        let mut swept = progress::sweep_to(unread.arrivals_to, known, (lateness_ms, now_ms()));
        swept.marks_since = swept
            .marks_since
            .filter(|_| unread.shards <= PARKING_SHARDS_MAX);
        let known = decided_to(known, lateness_ms);

        let plan = self.plan(engine).await;
        let step = Batch::sweep(&plan, swept.watermark, known);
        let report = self
            .run(step, (engine, &BTreeMap::new()), deadline, metrics)
            .await;
        let mut complete = report.is_complete();
        if complete {
            let noted = self.store.note_swept_to(swept, deadline.last_steps()).await;
            if let Err(fault) = noted {
                warn!(%fault, "a complete sweep could not be noted, the next repeats it");
                complete = false;
            }
        }
        Ok(SweepAnswer {
            watermark: Timestamp::from_millis(swept.watermark).map(|w| w.to_string()),
            complete,
            shards: unread.shards,
            shards_behind: unread.shards_behind,
            written: report.written,
            announced: report.announced,
            failures: report.failures.len(),
        })
    }

    /// Drives a batch or sweep over the table and the topic.
    async fn run(
        &self,
        step: Step<'_>,
        known: (&Engine, &BTreeMap<String, SampleEvent>),
        deadline: Deadline,
        metrics: &mut Metrics,
    ) -> Report {
        let outside = Outside::new(&self.store, &self.publisher, known, now_ms);
        let report = drive(step, &outside, deadline).await;
        let published = outside.into_published();
        metrics.stored(&report, self.store.take_counts());
        metrics.published(published.latencies_ms.len() as u64, published.failures);
        for latency in published.latencies_ms {
            metrics.latency(latency);
        }
        if let Some(why) = report.broken_off {
            warn!(
                why,
                "a batch or sweep broke off; what it has done stays done"
            );
        }
        for (key, why) in report.failures.iter().take(FAILURES_LOGGED_MAX) {
            warn!(?key, why, "a group could not be brought up to date");
        }
        for (key, why) in report.unreadable.iter().take(FAILURES_LOGGED_MAX) {
            error!(
                ?key,
                why,
                "a group's state cannot be read: it stays as it is, and these hits are lost to it"
            );
        }
        if report.is_outdated {
            self.rules.lock().await.look_soon();
        }
        for key in report.too_large.iter().chain(&report.shortened) {
            warn!(?key, "a group's state is too large, some of it is lost");
        }
        report
    }

    async fn engine(&self, deadline: Deadline, metrics: &mut Metrics) -> std::sync::Arc<Engine> {
        let mut rules = self.rules.lock().await;
        metrics.rules(rules.refresh(deadline).await);
        rules.engine()
    }

    async fn plan<'r>(&self, engine: &'r Engine) -> Plan<'r> {
        let times = StoreTimes {
            lateness_ms: self.config.lateness_ms,
            attempts_max: ATTEMPTS_MAX,
        };
        let since = self.rules.lock().await.in_force_since(SystemTime::now());
        let plan = Plan::new(engine.rules(), times).in_force_since(since);
        self.store.pack(plan.packed());
        plan
    }

    /// How far sweeps have come, as read a minute ago or less.
    async fn known_swept_to(&self, deadline: Deadline) -> Option<SweptTo> {
        let known = self.swept_to.get();
        let is_fresh = |(read_at, _): &(Instant, _)| read_at.elapsed() < SWEPT_TO_KEPT;
        match known.filter(is_fresh) {
            Some((_, swept)) => swept,
            None => match self.store.swept_to(deadline).await {
                Ok(swept) => {
                    self.swept_to.set(Some((Instant::now(), swept)));
                    swept
                }
                Err(fault) => {
                    warn!(%fault, "how far sweeps have come could not be read");
                    known.and_then(|(_, swept)| swept)
                }
            },
        }
    }
}

/// Before this everything is decided. A sweep of an earlier release, which was still under way when this one began, has
/// not looked at packs: what is in them is not decided by it.
fn decided_to(swept: Option<SweptTo>, lateness_ms: i64) -> Option<i64> {
    let swept = swept.filter(|swept| swept.sees_packs);
    swept.map(|swept| swept.with_lateness(lateness_ms))
}

/// How long an invocation lasts at most: Lambda ends it then.
const INVOKED_MS_MAX: i64 = 15 * 60 * 1000;

/// With more shards, those included that were closed within a day, nothing is parked: in a wide attack a sweep reads what was
/// parked for more than two hours, and has a minute. Of 10,000 events a second that takes half of it.
const PARKING_SHARDS_MAX: usize = 10;

/// Of a batch that fails as a whole, so many groups are named.
const FAILURES_LOGGED_MAX: usize = 10;

/// A position as the batch counts it, as a place in the records: of what has none, the first.
fn position(at: u64, records: usize) -> usize {
    usize::try_from(at)
        .ok()
        .filter(|at| *at < records)
        .unwrap_or(0)
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_is_none_means_the_whole_batch() {
        assert_eq!(position(3, 10), 3);
        assert_eq!(position(10, 10), 0);
        assert_eq!(position(u64::MAX, 10), 0);
    }
}
