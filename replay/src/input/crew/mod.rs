//! The workers: as many threads as asked for, all doing the same. What they find does not depend on their number.
//!
//! Each takes a block from an input, gives its records to an engine's worker of its own and delivers what it found.
//! Window state unites at the end. Memory stays flat: a block for each worker, results that wait for their turn, and
//! window state up to a limit.

pub(crate) mod lock; // a lock that outlives a panic
pub(crate) mod places; // what could not be read, or is of no known form, and where
pub(crate) mod findings; // a block -> what the engine says of its records
pub(crate) mod spill; // window state on disk
pub(crate) mod recording; // what was read of all inputs
pub(crate) mod order; // findings as they come -> the order of the inputs
pub(crate) mod schedule; // which input a worker reads from next

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, anyhow};
use detector_core::engine::{Engine, Mode, Worker};
use detector_core::found::Found;

use crate::input::Plan;
use crate::input::block::Block;
use crate::input::crew::findings::{Findings, WriteHit};
use crate::input::crew::lock::lock;
use crate::input::crew::order::{InOrder, Part, PartId, Sinks, Stop, WAITING_BYTES_MAX};
use crate::input::crew::recording::Recording;
use crate::input::crew::schedule::{Next, Schedule};
use crate::input::crew::spill::{STATE_BYTES_MAX, Spill};
use crate::input::stream::Taken;
use crate::output::progress::Progress;

/// How a recording is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crew {
    pub(crate) mode: Mode,
    pub(crate) threads: NonZeroUsize,
    pub(crate) write_hit: WriteHit,
    pub(crate) limits: Limits,
}

/// Of all workers together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) state_bytes_max: usize,
    pub(crate) waiting_bytes_max: usize,
    /// Of each rule; beyond, groups are forgotten.
    pub(crate) rule_bytes_max: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            state_bytes_max: STATE_BYTES_MAX,
            waiting_bytes_max: WAITING_BYTES_MAX,
            rule_bytes_max: None,
        }
    }
}

/// What came of it.
pub(crate) struct Read<'e> {
    pub(crate) recording: Recording,
    /// All workers in one.
    pub(crate) worker: Worker<'e>,
    pub(crate) stopped: Option<Stop>,
}

impl Crew {
    /// Reads every input of the plan, and evaluates what was read.
    ///
    /// # Errors
    /// Window state that does not fit into memory cannot be written to the temporary folder, or not be read back.
    pub(crate) fn find<'e>(
        &self,
        engine: &'e Engine,
        plan: Plan,
        progress: &mut Progress,
    ) -> anyhow::Result<(Recording, Found<'e>)> {
        let Read {
            mut recording,
            worker,
            stopped,
        } = self.read(engine, plan, &mut io::sink(), progress);
        progress.finish();
        if let Some(Stop::State(error) | Stop::Hits(error)) = stopped {
            return Err(error).context("cannot write window state to the temporary folder");
        }
        let spilled = std::mem::take(&mut recording.spill).into_merged();
        let found = spilled
            .map_err(Into::into)
            .and_then(|mut runs| worker.find(&mut runs));
        let found =
            found.map_err(|error| anyhow!("cannot read window state back from disk: {error}"))?;
        Ok((recording, found))
    }

    /// Reads every input of the plan; hits go to `hits`, in the order of the inputs.
    pub(crate) fn read<'e>(
        &self,
        engine: &'e Engine,
        mut plan: Plan,
        hits: &mut (dyn Write + Send),
        progress: &mut Progress,
    ) -> Read<'e> {
        let recording = Recording {
            skipped: std::mem::take(&mut plan.skipped),
            failures: std::mem::take(&mut plan.failures),
            ..Recording::default()
        };
        let read_bytes = AtomicU64::new(0);
        let schedule = Schedule::new(&plan, &read_bytes);
        let sinks = Sinks { hits, progress };
        let waiting_bytes_max = self.limits.waiting_bytes_max;
        let order = InOrder::new(&plan.inputs, recording, sinks, waiting_bytes_max);
        let hand = || Hand {
            crew: self,
            schedule: &schedule,
            order: &order,
            worker: engine.worker(self.mode),
            spill: Spill::default(),
            block: Block::new(),
        };
        let (mut worker, mut spill) = (engine.worker(self.mode), Spill::default());
        thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads.get())
                .map(|_| scope.spawn(|| hand().work()))
                .collect();
            (worker, spill) = hand().work();
            for other in others {
                let (theirs, spilled) = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                worker.merge(theirs);
                spill.append(spilled);
            }
        });
        let (mut recording, stopped) = order.into_recording();
        recording.bytes = read_bytes.load(Ordering::Relaxed);
        recording.spill = spill;
        Read {
            recording,
            worker,
            stopped,
        }
    }
}

/// One thread.
struct Hand<'c, 'p, 'e> {
    crew: &'c Crew,
    schedule: &'c Schedule<'p>,
    order: &'c InOrder<'p>,
    worker: Worker<'e>,
    spill: Spill,
    block: Block,
}

impl<'e> Hand<'_, '_, 'e> {
    /// Works until all is done or somebody stops.
    fn work(mut self) -> (Worker<'e>, Spill) {
        let _alarm = Alarm(self.order);
        let mut own = 0;
        while let Some(turn) = self.order.turn() {
            match self.schedule.next(own, &turn) {
                Next::Done => break,
                Next::Wait => self.order.wait(&turn),
                Next::Read { input, stream } => {
                    own = input;
                    let taken = lock(&stream).take(&mut self.block);
                    self.part(input, taken);
                }
            }
        }
        (self.worker, self.spill)
    }

    fn part(&mut self, input: usize, taken: Taken) {
        let (number, part) = match taken {
            Taken::Nothing => return,
            Taken::End { number, end } => {
                self.schedule.ended(input);
                (number, Part::End(end))
            }
            Taken::Block { number } => {
                let name = self.schedule.name(input);
                let write_hit = self.crew.write_hit;
                let findings = Findings::of(&self.block, &name, &mut self.worker, write_hit);
                (number, Part::Block(findings))
            }
        };
        if let Some(bytes_max) = self.crew.limits.rule_bytes_max {
            self.worker.evict(bytes_max);
        }
        let share = self.crew.limits.state_bytes_max / self.crew.threads;
        if let Err(error) = self.spill.relieve(&mut self.worker, share) {
            self.order.stop(Stop::State(error));
        }
        let read_bytes = self.schedule.read_bytes();
        self.order
            .deliver(PartId { input, number }, part, read_bytes);
    }
}

/// Stops the others when its thread panics: what they wait for would never come.
struct Alarm<'a, 'o>(&'a InOrder<'o>);

impl Drop for Alarm<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop(Stop::Panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;

    use detector_core::event::Event;
    use detector_core::rule::DetectionRule;

    use super::*;
    use crate::input::{self, rules};
    use crate::output::progress::Visibility;

    fn engine() -> Engine {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
        Engine::new(rules::load(&[folder]).unwrap().unwrap())
    }

    fn write_id(hits: &mut Vec<u8>, _: &DetectionRule, event: &Event<'_, '_>) {
        hits.extend_from_slice(event.id.as_bytes());
    }

    fn read<'e>(engine: &'e Engine, crew: &Crew, hits: &mut (dyn Write + Send)) -> Read<'e> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/cross_owner_access");
        let plan = input::plan(&[folder]).unwrap();
        let mut progress = Progress::new(plan.bytes_total, Visibility::Hidden);
        crew.read(engine, plan, hits, &mut progress)
    }

    fn crew(threads: usize, limits: Limits) -> Crew {
        Crew {
            mode: Mode::Set,
            threads: NonZeroUsize::new(threads).unwrap(),
            write_hit: write_id,
            limits,
        }
    }

    #[test]
    fn neither_threads_nor_limits_change_the_outcome() {
        let engine = engine();
        let outcome = |threads, state_bytes_max, waiting_bytes_max| {
            let limits = Limits {
                rule_bytes_max: None,
                state_bytes_max,
                waiting_bytes_max,
            };
            let mut hits = Vec::new();
            let read = read(&engine, &crew(threads, limits), &mut hits);
            assert!(read.stopped.is_none());
            let (alerts, tally) = read
                .worker
                .finish(&mut read.recording.spill.into_merged().unwrap())
                .unwrap();
            (format!("{alerts:?}"), tally, hits)
        };
        let plain = outcome(1, STATE_BYTES_MAX, WAITING_BYTES_MAX);
        assert!(plain.0.len() > 1_000 && plain.2.len() > 10_000);
        for threads in [1, 2, 5] {
            for state_bytes_max in [0, 50_000, STATE_BYTES_MAX] {
                for waiting_bytes_max in [0, WAITING_BYTES_MAX] {
                    let limited = outcome(threads, state_bytes_max, waiting_bytes_max);
                    assert!(
                        limited == plain,
                        "{threads} threads, {state_bytes_max} bytes of state, {waiting_bytes_max} waiting"
                    );
                }
            }
        }
    }

    #[test]
    fn a_panic_ends_the_run_instead_of_hanging_it() {
        let engine = engine();
        let limits = Limits {
            waiting_bytes_max: 0,
            ..Limits::default()
        };
        for threads in [1, 2, 5] {
            let crew = Crew {
                write_hit: |_, _, _| panic!("a hit that panics, as it should in this test"),
                ..crew(threads, limits)
            };
            let ended = catch_unwind(AssertUnwindSafe(|| {
                drop(read(&engine, &crew, &mut io::sink()))
            }));
            assert!(ended.is_err());
        }
    }

    #[test]
    fn reading_stops_where_hits_cannot_be_written() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let engine = engine();
        for threads in [1, 3] {
            let read = read(&engine, &crew(threads, Limits::default()), &mut Gone);
            assert!(matches!(read.stopped, Some(Stop::Hits(_))));
        }
    }
}
