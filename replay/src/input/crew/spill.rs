//! Window state on disk: a run may see more groups than memory should hold.
//!
//! State merges in any order and any number of times, so what does not fit is written out as a sorted run and united
//! again, group by group, when the episodes are evaluated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use detector_core::engine::Worker;
use detector_core::rule::CorrelationIx;
use detector_core::window::key::Key;
use detector_core::window::{SpillError, Spilled};

use crate::own_file;

/// Window state that all workers together hold in memory before it is written to disk.
pub(crate) const STATE_BYTES_MAX: usize = 48 << 20;

/// Sorted runs of group state, one behind the other in an unnamed temporary file for each worker.
#[derive(Debug, Default)]
pub(crate) struct Spill {
    /// Where this worker writes on.
    file: Option<Arc<File>>,
    runs: Vec<Run>,
}

impl Spill {
    /// Writes out the worker's state where it is more than `bytes_max`.
    ///
    /// # Errors
    /// The temporary folder cannot be written to.
    pub(crate) fn relieve(&mut self, worker: &mut Worker<'_>, bytes_max: usize) -> io::Result<()> {
        if worker.state_bytes() <= bytes_max {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(Arc::new(own_file::unnamed()?))),
        };
        let mut run = BufWriter::new(&*file);
        let begin = run.stream_position()?;
        let mut outcome = Ok(());
        worker.drain_state(&mut |rule, group, state| {
            if outcome.is_ok() {
                outcome = write_group(&mut run, rule, group, state);
            }
        });
        outcome?;
        let end = run.stream_position()?;
        run.flush()?;
        drop(run);
        self.runs.push(Run {
            file,
            at: begin,
            end,
        });
        Ok(())
    }

    /// Adds the runs of another worker.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.runs.append(&mut other.runs);
    }

    /// Reads the runs back as one, sorted.
    ///
    /// # Errors
    /// A run cannot be read.
    pub(crate) fn into_merged(self) -> io::Result<MergedRuns> {
        let mut merged = MergedRuns::default();
        for run in self.runs {
            merged.runs.push(BufReader::new(run));
            merged.refill(merged.runs.len() - 1)?;
        }
        Ok(merged)
    }
}

/// A stretch of a file.
#[derive(Debug)]
struct Run {
    file: Arc<File>,
    /// What is read next.
    at: u64,
    end: u64,
}

impl Read for Run {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        let length = file.take(self.end - self.at).read(buffer)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// One group's state in a run.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupState {
    rule: u32,
    group: u128,
    run: usize,
    state: Vec<u8>,
}

/// All runs, the smallest rule and group first.
#[derive(Debug, Default)]
pub(crate) struct MergedRuns {
    runs: Vec<BufReader<Run>>,
    /// The next group of each run.
    heads: BinaryHeap<Reverse<GroupState>>,
    current: Vec<u8>,
}

impl MergedRuns {
    fn refill(&mut self, run: usize) -> io::Result<()> {
        self.heads
            .extend(read_group(&mut self.runs[run], run)?.map(Reverse));
        Ok(())
    }
}

impl Spilled for MergedRuns {
    fn next(&mut self, rule: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError> {
        if self
            .heads
            .peek()
            .is_none_or(|Reverse(head)| head.rule != rule.0)
        {
            return Ok(None);
        }
        let Some(Reverse(head)) = self.heads.pop() else {
            return Ok(None);
        };
        self.refill(head.run)?;
        self.current = head.state;
        Ok(Some((Key::from_u128(head.group), &self.current)))
    }
}

fn write_group(
    out: &mut impl Write,
    rule: CorrelationIx,
    group: Key,
    state: &[u8],
) -> io::Result<()> {
    let bytes = u32::try_from(state.len()).map_err(io::Error::other)?;
    out.write_all(&rule.0.to_le_bytes())?;
    out.write_all(&group.to_u128().to_le_bytes())?;
    out.write_all(&bytes.to_le_bytes())?;
    out.write_all(state)
}

fn read_group(run: &mut impl Read, at: usize) -> io::Result<Option<GroupState>> {
    let mut rule = [0; 4];
    match run.read_exact(&mut rule) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut group = [0; 16];
    run.read_exact(&mut group)?;
    let mut bytes = [0; 4];
    run.read_exact(&mut bytes)?;
    let mut state = vec![0; u32::from_le_bytes(bytes) as usize];
    run.read_exact(&mut state)?;
    Ok(Some(GroupState {
        rule: u32::from_le_bytes(rule),
        group: u128::from_le_bytes(group),
        run: at,
        state,
    }))
}
