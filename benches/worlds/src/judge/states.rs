//! Recordings go in, the encoded state of each group comes out.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::anyhow;
use detector_core::decode::Unreadable;
use detector_core::decode::Unrecognised;
use detector_core::engine::{Engine, Mode, Observer, Worker};
use detector_core::rule::CorrelationIx;
use detector_core::window::key::Key;
use detector_core::window::{SpillError, Spilled};

use crate::folder::blocks;

/// A rule and a group of it.
pub(super) type Place = (u32, u128);

/// Where one group's state lies; a group may lie in several places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    place: Place,
    chunk: usize,
    from: usize,
    length: usize,
}

/// Encoded groups, by rule and group.
#[derive(Debug, Default)]
pub(super) struct States {
    entries: Vec<Entry>,
    chunks: Vec<Vec<u8>>,
}

/// What was read.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counted {
    pub events: u64,
    pub unreadable: u64,
}

impl Observer for Counted {
    fn unreadable(&mut self, _: Unreadable) {
        self.unreadable += 1;
    }

    fn unrecognised(&mut self, _: Unrecognised) {
        self.unreadable += 1;
    }
}

/// State that a worker holds before it is encoded, in bytes.
const HELD_MAX: usize = 96 << 20;

impl States {
    fn drain(&mut self, worker: &mut Worker<'_>) {
        let chunk = self.chunks.len();
        let (mut bytes, entries) = (Vec::new(), &mut self.entries);
        worker.drain_state(&mut |rule, group, state| {
            entries.push(Entry {
                place: (rule.0, group.to_u128()),
                chunk,
                from: bytes.len(),
                length: state.len(),
            });
            bytes.extend_from_slice(state);
        });
        self.chunks.push(bytes);
    }

    fn append(&mut self, other: Self) {
        let before = self.chunks.len();
        let moved = |entry: Entry| Entry {
            chunk: entry.chunk + before,
            ..entry
        };
        self.entries.extend(other.entries.into_iter().map(moved));
        self.chunks.extend(other.chunks);
    }

    /// All of the recordings, whose order is of no importance.
    ///
    /// # Errors
    /// One cannot be read.
    pub(super) fn of(
        engine: &Engine,
        paths: &[PathBuf],
        threads: usize,
    ) -> anyhow::Result<(Self, Counted)> {
        let next = AtomicUsize::new(0);
        let hand = || -> anyhow::Result<(Self, Counted)> {
            let (mut states, mut counted) = (Self::default(), Counted::default());
            let mut worker = engine.worker(Mode::Set);
            while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                blocks(path, &mut |block| {
                    worker.record(block, None, &mut counted);
                    if worker.state_bytes() > HELD_MAX {
                        states.drain(&mut worker);
                    }
                })?;
            }
            states.drain(&mut worker);
            counted.events = worker.tally().events.iter().sum();
            Ok((states, counted))
        };
        let (mut states, mut counted) = (Self::default(), Counted::default());
        thread::scope(|scope| {
            let hands: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(hand)).collect();
            for hand in hands {
                let (theirs, more) = hand.join().map_err(|_| anyhow!("a reader panicked"))??;
                states.append(theirs);
                counted.events += more.events;
                counted.unreadable += more.unreadable;
            }
            anyhow::Ok(())
        })?;
        states.entries.sort_unstable();
        Ok((states, counted))
    }

    /// Of these lines.
    pub(super) fn of_lines<'l>(engine: &Engine, lines: impl Iterator<Item = &'l str>) -> Self {
        let mut states = Self::default();
        let mut worker = engine.worker(Mode::Set);
        for line in lines {
            worker.record(line.as_bytes(), None, &mut Counted::default());
        }
        states.drain(&mut worker);
        states
    }

    pub(super) fn sorted(mut self) -> Self {
        self.entries.sort_unstable();
        self
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.entries.iter().map(|entry| entry.place)
    }

    /// What is known of one group.
    fn at(&self, place: Place) -> impl Iterator<Item = (Place, &[u8])> {
        let from = self.entries.partition_point(|entry| entry.place < place);
        let of_it = self.entries[from..]
            .iter()
            .take_while(move |entry| entry.place == place);
        of_it.map(|entry| self.given(entry))
    }

    fn given(&self, entry: &Entry) -> (Place, &[u8]) {
        (
            entry.place,
            &self.chunks[entry.chunk][entry.from..][..entry.length],
        )
    }

    pub(super) fn all(&self) -> Given<'_> {
        Given(
            Box::new(self.entries.iter().map(|entry| self.given(entry))),
            None,
        )
    }

    /// All of these, and what `world` knows of these groups and of `more`, which are sorted.
    pub(super) fn united<'s>(
        &'s self,
        world: &'s Self,
        more: &std::collections::BTreeSet<Place>,
    ) -> Given<'s> {
        let mut places = more.clone();
        places.extend(self.places());
        let of_world = places.into_iter().flat_map(|place| world.at(place));
        let mut given: Vec<_> = of_world
            .chain(self.entries.iter().map(|entry| self.given(entry)))
            .collect();
        given.sort_by_key(|(place, _)| *place);
        Given(Box::new(given.into_iter()), None)
    }
}

/// Groups as windows want them back.
pub(super) struct Given<'s>(
    Box<dyn Iterator<Item = (Place, &'s [u8])> + 's>,
    Option<(Place, &'s [u8])>,
);

impl Spilled for Given<'_> {
    fn next(&mut self, rule: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError> {
        let head = self.1.take().or_else(|| self.0.next());
        match head {
            Some(((of, group), state)) if of == rule.0 => Ok(Some((Key::from_u128(group), state))),
            other => {
                self.1 = other;
                Ok(None)
            }
        }
    }
}
