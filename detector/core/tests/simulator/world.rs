//! One schedule: who does what next, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::store::{
    Batch, ConditionalWrite, Effect, EpisodeId, Item, ItemKey, MemoryStore, Notice, ParkedPart,
    Plan, RecordedEpisode, Report, StateStore, Step,
};

use detector_core::store::log::LOG_PLACES;
use detector_core::window::interval::Interval;

use super::mistake::{Mutation, SeenEarly};
use super::packs::Packs;
use super::scenario::{END_MS, Fold, LATENESS_MS, Scenario};

/// Steps after which nothing goes wrong any more, so that the world comes to rest.
const TROUBLED_STEPS_MAX: usize = 400;
const WORKERS: usize = 4;

pub(crate) struct World<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) plan: &'s Plan<'s>,
    /// That of workers that leave to the log what only sweeps judge: none, some or all of them.
    deferring: &'s Plan<'s>,
    deferring_rate: u8,
    /// That of workers that park as well: likewise.
    parking: &'s Plan<'s>,
    parking_rate: u8,
    pub(crate) mutation: Mutation,
    pub(crate) random: fastrand::Rng,
    pub(crate) store: MemoryStore,
    /// Where items of several rules lie together; [`World::store`] has what that has to come to.
    pub(crate) packs: Option<Packs>,
    /// What each item was before its writes, and before it was forgotten.
    pub(crate) before: BTreeMap<ItemKey, Vec<Option<Item>>>,
    /// Items that the store has forgotten.
    pub(crate) expired: Vec<(ItemKey, Item)>,
    pub(crate) expired_parts: Vec<ParkedPart>,
    /// By worker, what a mistaken one has looked at too early: with its batch before, and with this one.
    pub(crate) seen_early: Vec<[SeenEarly; 2]>,
    pub(crate) published: Vec<Told>,
    /// Every episode that was ever recorded, as it was last written.
    pub(crate) recorded: BTreeMap<EpisodeId, Recorded>,
    /// What was wrong at the moment at which it happened.
    pub(crate) violations: Vec<String>,
    shards: Vec<Shard>,
    /// Records that some worker has read.
    read: BTreeSet<usize>,
    workers: Vec<Option<Running<'s>>>,
    /// The greatest watermark of a sweep that was completed.
    pub(crate) swept_to: Option<i64>,
    /// Out of 1,000, how often a request fails and how often a worker crashes; 0 when the trouble is over.
    pub(crate) fail_rate: u32,
    crash_rate: u32,
    pub(crate) seen: Seen,
}

/// What a schedule contained, to know that schedules contain it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) crashes: u64,
    pub(crate) zombies: u64,
    pub(crate) reshards: u64,
    pub(crate) conflicts: u64,
    pub(crate) failed_requests: u64,
    pub(crate) late_reads: u64,
    pub(crate) partial_batches: u64,
    pub(crate) sweeps: u64,
    pub(crate) logged: u64,
    pub(crate) parked: u64,
    pub(crate) marked: u64,
    pub(crate) read_back: u64,
    pub(crate) expired: u64,
    pub(crate) forgetful: u64,
    pub(crate) merged: u64,
    pub(crate) repeated_announcements: u64,
    pub(crate) closed: u64,
    pub(crate) repeated_closings: u64,
    /// Writes of items that were too large for their packs.
    pub(crate) moved: u64,
}

/// An episode in the store, or that was there before its group forgot it.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// It was the how manieth.
    pub(crate) number: usize,
    pub(crate) key: ItemKey,
    pub(crate) episode: RecordedEpisode,
}

/// An announcement that reached people.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) key: ItemKey,
    pub(crate) id: EpisodeId,
    pub(crate) notice: Notice,
    pub(crate) span: Interval,
    /// What was told, in the oracle's form.
    pub(crate) episode: String,
}

/// Records in order; those before `checkpoint` are done.
#[derive(Debug, Default)]
struct Shard {
    records: Vec<usize>,
    checkpoint: usize,
    taken: usize,
    /// Shards that must be drained before this one is read.
    parents: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Job {
    Records {
        shard: usize,
        from: usize,
        to: usize,
    },
    Sweep {
        watermark: i64,
    },
}

struct Running<'s> {
    doing: Doing,
    batch: Box<Batch<'s>>,
    effect: Effect,
}

/// Who does what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) worker: usize,
    pub(crate) job: Job,
    /// What had been swept when the job began.
    pub(crate) swept_to: Option<i64>,
}

impl<'s> World<'s> {
    pub(crate) fn new(
        scenario: &'s Scenario,
        [plan, deferring, parking]: [&'s Plan<'s>; 3],
        seed: u64,
        mutation: Mutation,
    ) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut shards: Vec<Shard> = Vec::new();
        shards.resize_with(random.usize(1..4), Shard::default);
        for record in 0..scenario.records.len() {
            let shard = random.usize(..shards.len());
            shards[shard].records.push(record);
        }
        let rate = |random: &mut fastrand::Rng, max| match random.u8(..4) {
            0 => 0,
            _ => random.u32(..max),
        };
        Self {
            scenario,
            plan,
            deferring,
            deferring_rate: random.u8(..=2),
            parking,
            parking_rate: random.u8(..=4),
            mutation,
            store: MemoryStore::default(),
            packs: packs_of(plan, seed, mutation),
            before: BTreeMap::new(),
            expired: Vec::new(),
            expired_parts: Vec::new(),
            seen_early: vec![Default::default(); WORKERS],
            published: Vec::new(),
            recorded: BTreeMap::new(),
            violations: Vec::new(),
            shards,
            workers: (0..WORKERS).map(|_| None).collect(),
            swept_to: None,
            read: BTreeSet::new(),
            fail_rate: rate(&mut random, 400),
            crash_rate: rate(&mut random, 200),
            seen: Seen::default(),
            random,
        }
    }

    /// Runs until everything is done and nothing is due.
    pub(crate) fn run(&mut self) {
        for step in 0.. {
            if step == TROUBLED_STEPS_MAX {
                (self.fail_rate, self.crash_rate) = (0, 0);
            }
            assert!(
                step < 50 * TROUBLED_STEPS_MAX,
                "the world does not come to rest"
            );
            if self.is_drained() && self.workers.iter().all(Option::is_none) {
                break;
            }
            self.act();
        }
        (self.fail_rate, self.crash_rate) = (0, 0);
        self.start_sweep(0);
        while self.workers[0].is_some() {
            self.step(0);
        }
    }

    fn act(&mut self) {
        let at = self.random.usize(..WORKERS);
        match self.random.u8(..100) {
            0 => self.reshard(),
            1..=2 => self.expire(),
            _ if self.workers[at].is_none() => self.start(at),
            _ if self.random.u32(..1000) < self.crash_rate => self.crash(at),
            _ => self.step(at),
        }
    }

    fn is_drained(&self) -> bool {
        self.shards.iter().all(|s| s.checkpoint == s.records.len())
    }

    /// No event before it is still to come.
    pub(crate) fn true_watermark(&self) -> i64 {
        let left = |shard: &Shard| shard.records[shard.checkpoint..].to_vec();
        let left = self.shards.iter().flat_map(left);
        let arrivals = left.map(|record| self.scenario.records[record].arrival);
        arrivals
            .min()
            .map_or(END_MS, |arrival| arrival - LATENESS_MS)
    }

    /// The latest arrival of what is done.
    fn latest_arrival(&self) -> Option<i64> {
        let done = |shard: &Shard| shard.records[..shard.checkpoint].to_vec();
        let done = self.shards.iter().flat_map(done);
        done.map(|record| self.scenario.records[record].arrival)
            .max()
    }

    /// As the shell tells it.
    fn watermark(&self) -> i64 {
        match self.mutation {
            // What a worker that looks at its own batch alone knows.
            Mutation::WatermarkOfTheLatest => {
                self.latest_arrival().unwrap_or(LATENESS_MS) - LATENESS_MS
            }
            _ => self.true_watermark(),
        }
    }

    fn swept_to(&self) -> Option<i64> {
        match self.mutation {
            Mutation::ForgetBeyondTheSweeps => self.latest_arrival(),
            _ => self.swept_to,
        }
    }

    fn start(&mut self, at: usize) {
        if self.random.u8(..8) == 0 {
            return self.start_sweep(at);
        }
        let shard = self.random.usize(..self.shards.len());
        let is_drained = |at: &usize| self.shards[*at].checkpoint == self.shards[*at].records.len();
        if is_drained(&shard) || !self.shards[shard].parents.iter().all(is_drained) {
            return;
        }
        let is_here = |running: &Option<Running<'_>>| {
            running.as_ref().is_some_and(|running| matches!(running.doing.job, Job::Records { shard: on, .. } if on == shard))
        };
        if self.workers.iter().any(is_here) {
            if self.random.u8(..10) > 0 {
                return;
            }
            self.seen.zombies += 1;
        }
        let from = self.shards[shard].checkpoint;
        let left = self.shards[shard].records.len() - from;
        let to = from + self.random.usize(1..=left.min(12));
        self.shards[shard].taken = self.shards[shard].taken.max(to);
        let mut fold = Fold::new(self.scenario);
        for position in from..to {
            let at = self.shards[shard].records[position];
            let record = &self.scenario.records[at];
            let again = !self.read.insert(at);
            let bytes = self.mutation.sent(record, again, &mut self.random);
            fold.record(&bytes, record.arrival, position as u64);
            if self.random.u8(..3) == 0 {
                fold.end_run();
            }
        }
        let job = Job::Records { shard, from, to };
        if self.mutation == Mutation::CheckpointFirst {
            self.checkpoint(job);
        }
        let rates = (self.deferring_rate, self.parking_rate);
        let plan = match (self.random.u8(..2) < rates.0, self.random.u8(..4) < rates.1) {
            (_, true) => self.parking,
            (true, false) => self.deferring,
            (false, false) => self.plan,
        };
        let step = Batch::of_records(plan, fold.finish(), self.swept_to());
        self.enter(at, job, step);
    }

    fn start_sweep(&mut self, at: usize) {
        self.seen.sweeps += 1;
        let watermark = self.watermark();
        let step = Batch::sweep(self.plan, watermark, self.swept_to());
        self.enter(at, Job::Sweep { watermark }, step);
    }

    fn enter(&mut self, worker: usize, job: Job, step: Step<'s>) {
        self.see_early(worker);
        let swept_to = self.swept_to;
        let doing = Doing {
            worker,
            job,
            swept_to,
        };
        self.go_on(doing, step);
    }

    fn go_on(&mut self, doing: Doing, step: Step<'s>) {
        match step {
            Step::Ask { batch, effect, .. } => {
                self.workers[doing.worker] = Some(Running {
                    doing,
                    batch,
                    effect,
                });
            }
            Step::Done(report) => self.end(doing.job, &report),
        }
    }

    fn step(&mut self, at: usize) {
        let Some(Running {
            doing,
            batch,
            effect,
        }) = self.workers[at].take()
        else {
            return;
        };
        let result = self.perform(&effect, doing);
        self.go_on(doing, batch.resume(result));
    }

    /// The worker vanishes before, within or after a request; its batch comes again.
    fn crash(&mut self, at: usize) {
        self.seen.crashes += 1;
        if let Some(Running { effect, doing, .. }) = self.workers[at].take()
            && self.random.bool()
        {
            self.perform(&effect, doing);
        }
        if let Some(packs) = &mut self.packs {
            packs.forget_known(at);
        }
    }

    fn end(&mut self, job: Job, report: &Report) {
        assert!(report.too_large.is_empty());
        self.seen.conflicts += report.conflicts;
        self.seen.parked += report.parked;
        if let Job::Sweep { watermark } = job
            && report.is_complete()
        {
            self.swept_to = self.swept_to.max(Some(watermark));
        }
        if let Job::Records { shard, from, to } = job {
            let done = match report.lowest_failed {
                Some(position) if self.mutation != Mutation::IgnoreFailures => position as usize,
                _ => to,
            };
            assert!((from..=to).contains(&done), "{report:?}");
            assert_eq!(report.is_complete(), report.lowest_failed.is_none());
            self.seen.partial_batches += u64::from(from < done && done < to);
            let shard = &mut self.shards[shard];
            shard.checkpoint = shard.checkpoint.max(done);
        }
    }

    /// A batch is done, rightly or not.
    pub(crate) fn checkpoint(&mut self, job: Job) {
        if let Job::Records { shard, to, .. } = job {
            let shard = &mut self.shards[shard];
            shard.checkpoint = shard.checkpoint.max(to);
        }
    }

    /// What no worker has taken of a shard goes on in two others, once this one is drained.
    fn reshard(&mut self) {
        let parent = self.random.usize(..self.shards.len());
        let taken = self.shards[parent].taken;
        let tail = self.shards[parent].records.split_off(taken);
        if tail.is_empty() || self.shards.len() > 8 {
            self.shards[parent].records.extend(tail);
            return;
        }
        self.seen.reshards += 1;
        let mut children = [Vec::new(), Vec::new()];
        for record in tail {
            children[self.random.usize(..2)].push(record);
        }
        self.shards.extend(children.map(|records| Shard {
            records,
            parents: vec![parent],
            ..Shard::default()
        }));
    }

    /// Forgets what may be forgotten after the sweeps that all workers in hand know of.
    fn expire(&mut self) {
        let Some(now) = self.forgettable_at(self.swept_to) else {
            return;
        };
        self.expired_parts.extend(self.store.expire_parked(now));
        let Some(packs) = &mut self.packs else {
            let expired = self.store.expire(now);
            return self.note_expired(expired);
        };
        let touched = packs.expire(now);
        let packs = &*packs;
        let items = self.store.items().into_iter();
        let own = items
            .filter(|(key, item)| !packs.has(*key) && item.expires_at.is_some_and(|at| at <= now));
        let own = own.map(|(key, _)| (key, None));
        let in_packs = touched.into_iter().map(|key| (key, packs.stored(key)));
        let all: Vec<(ItemKey, Option<Item>)> = own.chain(in_packs).collect();
        let changed = all.into_iter();
        let changed: Vec<_> = changed
            .filter(|(key, item)| *item != self.stored(*key))
            .collect();
        for (key, item) in changed {
            self.forget(key);
            if let Some(item) = item {
                let expected = None;
                let write = ConditionalWrite {
                    key,
                    expected,
                    item,
                };
                self.store.write(&[write]).expect("memory answers");
            }
        }
    }

    pub(crate) fn forget(&mut self, key: ItemKey) {
        let forgotten = self.store.forget(key).map(|item| (key, item));
        self.note_expired(forgotten.into_iter().collect());
    }

    fn note_expired(&mut self, expired: Vec<(ItemKey, Item)>) {
        self.seen.expired += expired.len() as u64;
        for (key, item) in &expired {
            let before = self.before.entry(*key).or_default();
            before.push(Some(item.clone()));
        }
        self.expired.extend(expired);
    }

    /// What was over before this arrival time may be forgotten, by all workers and one who knows that so much was swept.
    pub(crate) fn forgettable_at(&self, swept_to: Option<i64>) -> Option<i64> {
        let running = self.workers.iter().flatten();
        let known = running.map(|running| running.doing.swept_to);
        let swept_to = known.fold(swept_to, Option::min)?;
        Some(swept_to + LATENESS_MS)
    }

    /// Everything that was ever stored.
    pub(crate) fn items(&self) -> Vec<(ItemKey, Item)> {
        let mut items = self.store.items();
        items.extend(self.expired.iter().cloned());
        items.sort_by_key(|(key, _)| *key);
        items
    }

    /// Parts of the log that no sweep has united.
    pub(crate) fn log(&self) -> usize {
        let parts = (0..LOG_PLACES).map(|place| self.store.read_log(place));
        parts
            .map(|parts| parts.expect("memory answers").len())
            .sum()
    }

    pub(crate) fn due(&self) -> BTreeSet<ItemKey> {
        let rules: Vec<_> = self.store.items().iter().map(|(key, _)| key.rule).collect();
        let due = self.store.due(&rules, END_MS).expect("memory answers");
        due.into_iter().collect()
    }
}

/// In every other schedule items lie in packs. Some mistakes write around them.
fn packs_of(plan: &Plan<'_>, seed: u64, mutation: Mutation) -> Option<Packs> {
    let writes_around = matches!(
        mutation,
        Mutation::MarkBeforePublish | Mutation::MarkClosedBeforePublish
    );
    let is_packed = seed / 7 % 2 == 1 && !writes_around;
    is_packed.then(|| Packs::new(plan.packed().collect(), WORKERS, seed / 14))
}

impl Seen {
    fn counts(&mut self) -> [&mut u64; 19] {
        [
            &mut self.crashes,
            &mut self.zombies,
            &mut self.reshards,
            &mut self.conflicts,
            &mut self.failed_requests,
            &mut self.late_reads,
            &mut self.partial_batches,
            &mut self.sweeps,
            &mut self.logged,
            &mut self.parked,
            &mut self.marked,
            &mut self.read_back,
            &mut self.expired,
            &mut self.forgetful,
            &mut self.merged,
            &mut self.repeated_announcements,
            &mut self.closed,
            &mut self.repeated_closings,
            &mut self.moved,
        ]
    }

    pub(crate) fn add(&mut self, mut more: Seen) {
        for (mine, theirs) in self.counts().into_iter().zip(more.counts()) {
            *mine += *theirs;
        }
    }

    pub(crate) fn all_above(mut self, least: u64) -> bool {
        self.counts().into_iter().all(|count| *count > least)
    }
}
