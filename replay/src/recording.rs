//! The inputs go in, cut into records and fed to the engine one by one; what was read and what was not comes out.
//!
//! Memory stays flat: a chunk, and one record of at most [`RECORD_BYTES_MAX`].

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use detector_core::decode::Unreadable;
use detector_core::decode::split::{Piece, Splitter};
use detector_core::engine::{Observer, Worker};
use detector_core::event::Event;
use detector_core::rule::DetectionRule;

use crate::input::{Input, Plan};
use crate::progress::Progress;
use crate::reader::{INFLATION_LIMIT, read_chunks};
use crate::spill::{STATE_BYTES_MAX, Spill};
use crate::unreadable::{Place, UnreadableLog};

/// The largest record that is read: a whole CloudTrail file may be one line. Larger ones are unreadable.
pub(crate) const RECORD_BYTES_MAX: usize = 256 << 20;

/// An input in which fewer than one record in so many can be read is no log (random bytes hold a few lines that
/// happen to be text).
const READABLE_ONE_IN: u64 = 50;

/// Told of every hit.
pub(crate) trait HitSink {
    /// Breaking ends the run: nobody reads on.
    fn hit(&mut self, rule: &DetectionRule, event: &Event<'_, '_>) -> ControlFlow<()>;
}

/// For a run that looks at episodes only.
pub(crate) struct NoHits;

impl HitSink for NoHits {
    fn hit(&mut self, _: &DetectionRule, _: &Event<'_, '_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What was read of the inputs.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) inputs: u64,
    /// As on disk, before inflation.
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) skipped: u64,
    /// Inputs without a single record.
    pub(crate) empty: Vec<String>,
    /// Inputs that could not be read to their end, or at all, and why.
    pub(crate) failures: Vec<String>,
    pub(crate) unreadable: UnreadableLog,
    /// Window state that was too much for memory.
    pub(crate) spill: Spill,
    /// Nobody reads the hits any more.
    pub(crate) broken_off: bool,
}

/// Feeds every input of the plan to the worker.
///
/// # Errors
/// Window state cannot be written to the temporary folder. All that is wrong with the inputs is in the recording.
pub(crate) fn feed(
    plan: Plan,
    worker: &mut Worker<'_>,
    hits: &mut dyn HitSink,
    progress: &mut Progress,
) -> io::Result<Recording> {
    let mut feeder = Feeder {
        worker,
        hits,
        progress,
        recording: Recording {
            skipped: plan.skipped,
            failures: plan.failures,
            ..Recording::default()
        },
        read_bytes: Rc::default(),
        spilled: Ok(()),
    };
    for input in &plan.inputs {
        feeder.input(input);
        if feeder.recording.broken_off {
            break;
        }
    }
    feeder.spilled?;
    let mut recording = feeder.recording;
    recording.bytes = feeder.read_bytes.get();
    Ok(recording)
}

struct Feeder<'f, 'e> {
    worker: &'f mut Worker<'e>,
    hits: &'f mut dyn HitSink,
    progress: &'f mut Progress,
    recording: Recording,
    read_bytes: Rc<Cell<u64>>,
    spilled: io::Result<()>,
}

/// What one input held.
#[derive(Default)]
struct Seen {
    records: u64,
    /// Records of which nothing could be read.
    lost: u64,
    /// It ended with an error, which has been noted.
    failed: bool,
}

impl Feeder<'_, '_> {
    fn input(&mut self, input: &Input) {
        let name = input.name();
        let opened: io::Result<Box<dyn Read>> = match input {
            Input::Stdin => Ok(Box::new(io::stdin().lock())),
            Input::File(path) => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
        };
        let source = match opened {
            Ok(source) => source,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::PermissionDenied => "permission denied".into(),
                    _ => error.to_string(),
                };
                self.recording
                    .failures
                    .push(format!("cannot open `{name}`: {why}"));
                return;
            }
        };
        self.recording.inputs += 1;
        let seen = self.source(&name, source);
        self.recording.records += seen.records;
        self.judge(name, &seen);
    }

    /// Reads one opened input to its end. A record that damage cuts through is left out.
    fn source(&mut self, name: &str, source: Box<dyn Read>) -> Seen {
        let mut seen = Seen::default();
        let mut splitter = Splitter::new(RECORD_BYTES_MAX);
        let read_bytes = Rc::clone(&self.read_bytes);
        let ended = read_chunks(source, &read_bytes, INFLATION_LIMIT, &mut |chunk| {
            splitter.push(chunk, &mut |piece| self.piece(name, piece, &mut seen));
            let events = self.worker.tally().events.iter().sum();
            self.progress.reached(read_bytes.get(), events);
            self.spilled = self.recording.spill.relieve(self.worker, STATE_BYTES_MAX);
            self.recording.broken_off |= self.spilled.is_err();
            match self.recording.broken_off {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        match ended {
            Ok(()) => splitter.finish(&mut |piece| self.piece(name, piece, &mut seen)),
            Err(error) => {
                self.recording.failures.push(format!("`{name}`: {error}"));
                seen.failed = true;
            }
        }
        seen
    }

    fn piece(&mut self, input: &str, piece: Piece<'_>, seen: &mut Seen) {
        if self.recording.broken_off {
            return;
        }
        seen.records += 1;
        match piece {
            Piece::Record {
                offset,
                line,
                bytes,
            } => {
                let place = Place {
                    input,
                    offset,
                    line,
                };
                self.record(place, bytes, seen);
            }
            Piece::TooLarge { offset, line, .. } => {
                let place = Place {
                    input,
                    offset,
                    line,
                };
                self.recording.unreadable.too_large(place, RECORD_BYTES_MAX);
                seen.lost += 1;
            }
        }
    }

    fn record(&mut self, place: Place<'_>, bytes: &[u8], seen: &mut Seen) {
        let events_before: u64 = self.worker.tally().events.iter().sum();
        let unreadable_before = self.recording.unreadable.total();
        let mut observer = RecordObserver {
            place,
            bytes,
            unreadable: &mut self.recording.unreadable,
            hits: self.hits,
            broken_off: &mut self.recording.broken_off,
        };
        self.worker.record(bytes, None, &mut observer);
        let events: u64 = self.worker.tally().events.iter().sum();
        if events == events_before && self.recording.unreadable.total() > unreadable_before {
            seen.lost += 1;
        }
    }

    /// An input without a record is noted; one of which next to nothing could be read has failed.
    fn judge(&mut self, name: String, seen: &Seen) {
        if self.recording.broken_off || seen.failed {
            return;
        }
        if seen.records == 0 {
            self.recording.empty.push(name);
        } else if (seen.records - seen.lost) * READABLE_ONE_IN < seen.records {
            let (lost, records) = (seen.lost, seen.records);
            self.recording.failures.push(format!(
                "`{name}` is no log: {lost} of its {records} records cannot be read"
            ));
        }
    }
}

/// Passes on what happens inside one record, with its place.
struct RecordObserver<'r> {
    place: Place<'r>,
    bytes: &'r [u8],
    unreadable: &'r mut UnreadableLog,
    hits: &'r mut dyn HitSink,
    broken_off: &'r mut bool,
}

impl Observer for RecordObserver<'_> {
    fn hit(&mut self, rule: &DetectionRule, event: &Event<'_, '_>) {
        *self.broken_off |= self.hits.hit(rule, event).is_break();
    }

    fn unreadable(&mut self, problem: Unreadable) {
        self.unreadable.part(self.place, self.bytes, &problem);
    }
}
