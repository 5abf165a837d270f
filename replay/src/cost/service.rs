//! The service in virtual time: shards and their workers, the sweep, and what they ask of one table.

use std::collections::{BTreeMap, VecDeque};

use detector_core::engine::Engine;
use detector_core::store::{Batch, Deltas, Notice, Plan, Report};
use detector_core::window::Windows;

use super::asked::{Call, Performed, bookkeep};
use super::chance::Chance;
use super::copies::{self, Arrival, Copies};
use super::invocation::{ATTEMPTS_MAX, Attempted, Invocation, Next};
use super::recorded::Recorded;
use super::seen::{Seen, Sweep};
use super::table::Table;

pub(super) const SECOND_US: i64 = 1_000_000;

/// A batch waits so long for more records (`infra/template.yaml`).
const WINDOW_US: i64 = 2 * SECOND_US;

/// A batch comes as much earlier or later than that at most, so that shards do not go in step for ever.
const DRIFT_US_MAX: i64 = SECOND_US / 10;

/// A batch of 6 MB, in events of 250 bytes.
const BATCH_EVENTS_MAX: f64 = 24_000.0;

/// As in `detector/lambda`: the records of a batch are folded in so many runs.
const RUNS_MAX: usize = 16;

const SWEEP_EVERY_US: i64 = 60 * SECOND_US;

/// The first sweep of what is measured begins then.
pub(super) const SWEEP_FIRST_US: i64 = SECOND_US;

/// A worker goes so long by what it has read of sweeps.
const SWEPT_TO_KEPT_US: i64 = 60 * SECOND_US;

/// What stays the same however large the service is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic<'t> {
    pub(super) engine: &'t Engine,
    pub(super) plan: &'t Plan<'t>,
    /// That of services with few shards.
    pub(super) parking: &'t Plan<'t>,
    pub(super) recorded: &'t Recorded,
    /// What virtual time begins at, in milliseconds since 1970.
    pub(super) starts_ms: i64,
}

/// With more shards nothing is parked, as in `detector/lambda`.
pub(super) const PARKING_SHARDS_MAX: usize = 10;

impl Traffic<'_> {
    /// As over so many shards.
    pub(super) fn over(self, shards: usize) -> Self {
        let plan = match shards {
            ..=PARKING_SHARDS_MAX => self.parking,
            _ => self.plan,
        };
        Self { plan, ..self }
    }

    pub(super) fn millis(&self, at_us: i64) -> i64 {
        self.starts_ms + at_us.div_euclid(1000)
    }

    /// The part of all events that rules hit.
    pub(super) fn hit_part(&self) -> f64 {
        self.recorded.hits.len() as f64 / self.recorded.events as f64
    }

    pub(super) fn lateness_ms(&self) -> i64 {
        self.engine.lateness_max_ms()
    }

    /// What the hits come to, as the function folds a batch.
    pub(super) fn fold(&self, windows: &mut Windows<'_>, arrivals: &[Arrival]) -> Deltas {
        let mut deltas = Deltas::default();
        let run = arrivals.len().div_ceil(RUNS_MAX).max(1);
        for (at, arrivals) in (0..).step_by(run).zip(arrivals.chunks(run)) {
            let mut latest = i64::MIN;
            for arrival in arrivals {
                let of = (self.engine.rules(), self.recorded);
                copies::observe(windows, of, *arrival, self.starts_ms);
                latest = latest.max(self.millis(arrival.at_us));
            }
            windows.drain_encoded(&mut |rule, group, state| {
                deltas.add((rule, group), state, at, latest);
            });
        }
        deltas
    }
}

#[derive(Debug, Default)]
struct Shard {
    /// Hits that wait, in the order of arrival.
    waiting: VecDeque<Arrival>,
    /// When the last batch was handed over.
    handed_over_us: i64,
    /// Until when the worker goes by what it knows of sweeps, and that.
    swept_to: (i64, Option<i64>),
}

enum Happening {
    /// A shard may have a batch.
    Batch(usize),
    /// An invocation begins its requests.
    Begin(usize),
    /// A request of an invocation is answered.
    Answer(usize, Attempted),
    Sweep,
}

pub(super) struct Service<'t> {
    traffic: Traffic<'t>,
    pub(super) table: Table,
    chance: Chance,
    windows: Windows<'t>,
    arriving: Copies<'t>,
    shards: Vec<Shard>,
    /// By shard; the last is the sweep's.
    running: Vec<Option<Invocation<'t>>>,
    happenings: BTreeMap<(i64, u64), Happening>,
    number: u64,
    swept_to: Option<i64>,
    sweeps_to: i64,
    events_a_shard_us: f64,
    pub(super) seen: Seen,
}

impl<'t> Service<'t> {
    /// A service over the table as history left it. `arriving` brings `rate` events a second.
    pub(super) fn new(
        traffic: Traffic<'t>,
        table: Table,
        (arriving, rate): (Copies<'t>, f64),
        (shards, seed): (usize, u64),
        swept_to: Option<i64>,
    ) -> Self {
        let mut service = Self {
            windows: Windows::new(traffic.engine.rules()),
            traffic,
            table,
            chance: Chance::new(seed),
            arriving,
            shards: (0..shards).map(|_| Shard::default()).collect(),
            running: (0..=shards).map(|_| None).collect(),
            happenings: BTreeMap::new(),
            number: 0,
            swept_to,
            sweeps_to: i64::MIN,
            events_a_shard_us: rate / shards as f64 / SECOND_US as f64,
            seen: Seen::default(),
        };
        for shard in 0..shards {
            let first_us = service.chance.below_us(WINDOW_US);
            service.shards[shard].handed_over_us = first_us - WINDOW_US;
            service.at(first_us, Happening::Batch(shard));
        }
        service.at(SWEEP_FIRST_US, Happening::Sweep);
        service
    }

    fn at(&mut self, at_us: i64, happening: Happening) {
        self.number += 1;
        self.happenings.insert((at_us, self.number), happening);
    }

    /// Goes on until then.
    pub(super) fn run_until(&mut self, until_us: i64) {
        while let Some(entry) = self.happenings.first_entry() {
            let (now_us, _) = *entry.key();
            if now_us >= until_us {
                break;
            }
            match entry.remove() {
                Happening::Batch(shard) => self.batch(shard, now_us),
                Happening::Begin(who) => self.begin_requests(who, now_us),
                Happening::Answer(who, request) => self.answer(who, request, now_us),
                Happening::Sweep => self.sweep(now_us),
            }
        }
        self.seen.waiting = self.shards.iter().map(|it| it.waiting.len() as u64).sum();
        let sweep = self.running.last().and_then(Option::as_ref);
        let unfinished = sweep.map(|sweep| Sweep {
            took_us: until_us - sweep.began_us,
            due: sweep.due,
            is_complete: false,
        });
        self.seen.sweeps.extend(unfinished);
    }

    fn arrive(&mut self, until_us: i64) {
        while let Some(arrival) = self.arriving.next_before(until_us) {
            let shard = self.chance.one_of(self.shards.len());
            self.shards[shard].waiting.push_back(arrival);
        }
    }

    /// Hands a batch over, if anything has come.
    fn batch(&mut self, at: usize, now_us: i64) {
        self.arrive(now_us);
        let shard = &mut self.shards[at];
        let passed_us = (now_us - shard.handed_over_us) as f64;
        let come = (passed_us * self.events_a_shard_us).max(shard.waiting.len() as f64);
        if come < 1.0 {
            return self.at(now_us + WINDOW_US, Happening::Batch(at));
        }
        shard.handed_over_us = now_us;
        let hits_max = (BATCH_EVENTS_MAX * self.traffic.hit_part()) as usize;
        let hits = shard.waiting.len().min(hits_max.max(1));
        let arrivals: Vec<Arrival> = shard.waiting.drain(..hits).collect();
        let (kept_until, mut known) = shard.swept_to;
        let mut opening = Vec::new();
        if now_us >= kept_until {
            known = self.swept_to;
            shard.swept_to = (now_us + SWEPT_TO_KEPT_US, known);
            opening.push(Call::ReadProgress);
        }
        let deltas = self.traffic.fold(&mut self.windows, &arrivals);
        let step = Batch::of_records(self.traffic.plan, deltas, known);
        let calls = (opening, vec![Call::NoteProgress]);
        self.running[at] = Some(Invocation::new(now_us, arrivals, step, calls));
        let events = come.min(BATCH_EVENTS_MAX);
        self.seen.events += events;
        let folded_us = now_us + Invocation::folding_us(events as u64);
        self.at(folded_us, Happening::Begin(at));
    }

    fn sweep(&mut self, now_us: i64) {
        self.arrive(now_us);
        self.at(now_us + SWEEP_EVERY_US, Happening::Sweep);
        let sweeper = self.shards.len();
        if self.running[sweeper].is_some() {
            return;
        }
        let waiting = self.shards.iter().filter_map(|shard| shard.waiting.front());
        let undone = self.running.iter().flatten();
        let undone = undone.filter_map(|invocation| invocation.arrivals.first());
        let first = waiting.chain(undone).map(|arrival| arrival.at_us).min();
        let arrivals_to = self.traffic.millis(first.unwrap_or(now_us).min(now_us));
        let watermark = arrivals_to - self.traffic.lateness_ms();
        self.sweeps_to = watermark.max(self.swept_to.unwrap_or(i64::MIN));
        let step = Batch::sweep(self.traffic.plan, self.sweeps_to, self.swept_to);
        // How far each shard is done, and two calls to Kinesis to see whether there is more.
        let look = [Call::ReadProgress, Call::Elsewhere, Call::Elsewhere];
        let looks = (0..self.shards.len()).flat_map(|_| look.clone());
        let opening = looks.chain([Call::ReadProgress]).collect();
        let calls = (opening, vec![Call::NoteProgress]);
        self.running[sweeper] = Some(Invocation::new(now_us, Vec::new(), step, calls));
        self.begin_requests(sweeper, now_us);
    }

    /// Begins as many requests as there is room for, and the next step where there are none.
    fn begin_requests(&mut self, who: usize, now_us: i64) {
        while let Some(invocation) = &mut self.running[who] {
            invocation.give_up_if_late(now_us);
            if let Some(request) = invocation.next_request() {
                let at_us = now_us + self.chance.request_us();
                self.at(at_us, Happening::Answer(who, request));
                continue;
            }
            if !invocation.is_idle() {
                return;
            }
            match invocation.proceed(&self.table, now_us) {
                Next::Done(report) => self.done(who, &report, now_us),
                Next::Requests { after_us, attempt } => {
                    let at_us = now_us + after_us + self.chance.pause_us(attempt);
                    return self.at(at_us, Happening::Begin(who));
                }
            }
        }
    }

    fn answer(&mut self, who: usize, request: Attempted, now_us: i64) {
        let Some(invocation) = &mut self.running[who] else {
            return;
        };
        let is_late = invocation.is_late(now_us);
        let Attempted { call, attempt } = request;
        let performed = match invocation.asked() {
            Some(asked) => asked.perform(call, &mut self.table, (who, now_us)),
            None => match bookkeep(&call, &mut self.table, now_us) {
                Ok(()) => Performed::Done,
                Err(_) => Performed::Again(call, false),
            },
        };
        let again = match performed {
            Performed::Done => None,
            Performed::Then(call) => Some(Attempted { call, attempt: 0 }),
            Performed::Again(call, true) => Some(Attempted { call, attempt: 0 }),
            Performed::Again(call, false) if attempt + 1 < ATTEMPTS_MAX && !is_late => {
                let attempt = attempt + 1;
                Some(Attempted { call, attempt })
            }
            Performed::Again(call, false) => {
                if let Some(asked) = invocation.asked() {
                    asked.give_up(&call);
                }
                None
            }
        };
        if let Some(asked) = invocation.asked() {
            for told in asked.told.drain(..) {
                self.seen.published += 1;
                if told.notice == Notice::Opened {
                    let since_ms = self.traffic.millis(now_us) - told.opened_at;
                    self.seen.openings_us.push(since_ms * 1000);
                }
            }
        }
        match again {
            Some(request) => {
                let pause_us = self.chance.pause_us(request.attempt);
                let at_us = now_us + pause_us + self.chance.request_us();
                self.at(at_us, Happening::Answer(who, request));
            }
            None => {
                invocation.is_over();
                self.begin_requests(who, now_us);
            }
        }
    }

    fn done(&mut self, who: usize, report: &Report, now_us: i64) {
        let Some(invocation) = self.running[who].take() else {
            return;
        };
        let took_us = now_us - invocation.began_us;
        self.seen.add(report);
        self.seen.invocations += 1;
        self.seen.lambda_us += took_us;
        if who == self.shards.len() {
            let is_complete = report.is_complete();
            if is_complete {
                self.swept_to = Some(self.sweeps_to);
            }
            return self.seen.sweeps.push(Sweep {
                took_us,
                due: invocation.due,
                is_complete,
            });
        }
        self.seen.batches_us.push(took_us);
        let arrivals = invocation.arrivals;
        let place = |at: u64| usize::try_from(at).ok().filter(|at| *at < arrivals.len());
        let done = match report.lowest_failed {
            None => arrivals.len(),
            // A failure that has no place means the whole batch.
            Some(at) => place(at).unwrap_or(0),
        };
        let latencies = arrivals[..done]
            .iter()
            .map(|arrival| now_us - arrival.at_us);
        self.seen.stored_us.extend(latencies);
        self.seen.repeated += (arrivals.len() - done) as u64;
        for arrival in arrivals[done..].iter().rev() {
            self.shards[who].waiting.push_front(*arrival);
        }
        let drift_us = self.chance.below_us(2 * DRIFT_US_MAX) - DRIFT_US_MAX;
        let next_us = self.shards[who].handed_over_us + WINDOW_US + drift_us;
        self.at(next_us.max(now_us), Happening::Batch(who));
    }
}
