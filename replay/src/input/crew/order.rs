//! The order of the inputs, restored: workers deliver results as they have them, and each is told when its turn comes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::input::Input;
use crate::input::crew::findings::Findings;
use crate::input::crew::lock::lock;
use crate::input::crew::recording::{Recording, Seen};
use crate::input::stream::End;
use crate::output::progress::Progress;

/// Bytes of results that may wait for their turn before all workers help with what they wait for.
pub(crate) const WAITING_BYTES_MAX: usize = 8 << 20;

/// A part of an input, in the order in which parts are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartId {
    pub(crate) input: usize,
    pub(crate) number: u64,
}

#[derive(Debug)]
pub(crate) enum Part {
    Block(Findings),
    End(End),
}

/// Whose results are due, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) input: usize,
    pub(crate) is_crowded: bool,
    deliveries: u64,
}

/// Where hits and progress go.
pub(crate) struct Sinks<'o> {
    pub(crate) hits: &'o mut (dyn Write + Send),
    pub(crate) progress: &'o mut Progress,
}

/// Takes parts in any order.
pub(crate) struct InOrder<'o> {
    inputs: &'o [Input],
    waiting_bytes_max: usize,
    state: Mutex<State<'o>>,
    delivered: Condvar,
}

struct State<'o> {
    sinks: Sinks<'o>,
    recording: Recording,
    due: PartId,
    /// What the input that is due held so far.
    seen: Seen,
    waiting: BTreeMap<PartId, Part>,
    waiting_bytes: usize,
    deliveries: u64,
    events: u64,
    stopped: Option<Stop>,
}

/// Why reading stopped before the end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Hits cannot be written: as a rule, nobody reads them any more.
    Hits(io::Error),
    /// Window state cannot be written to the temporary folder.
    State(io::Error),
    Panic,
}

impl<'o> InOrder<'o> {
    pub(crate) fn new(
        inputs: &'o [Input],
        recording: Recording,
        sinks: Sinks<'o>,
        waiting_bytes_max: usize,
    ) -> Self {
        let state = State {
            sinks,
            recording,
            due: PartId {
                input: 0,
                number: 0,
            },
            seen: Seen::default(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            deliveries: 0,
            events: 0,
            stopped: None,
        };
        Self {
            inputs,
            waiting_bytes_max,
            state: Mutex::new(state),
            delivered: Condvar::new(),
        }
    }

    /// Whose turn it is; nothing after a stop.
    pub(crate) fn turn(&self) -> Option<Turn> {
        let state = lock(&self.state);
        state.stopped.is_none().then_some(Turn {
            input: state.due.input,
            is_crowded: state.waiting_bytes > self.waiting_bytes_max,
            deliveries: state.deliveries,
        })
    }

    /// Returns when something was delivered after `turn`, or reading stopped.
    pub(crate) fn wait(&self, turn: &Turn) {
        let unchanged =
            |state: &mut State<'_>| state.deliveries == turn.deliveries && state.stopped.is_none();
        drop(
            self.delivered
                .wait_while(lock(&self.state), unchanged)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Takes a part, tells of it and of those that waited for it, or keeps it. `read_bytes` is how far reading has come.
    pub(crate) fn deliver(&self, id: PartId, part: Part, read_bytes: u64) {
        let mut state = lock(&self.state);
        state.deliveries += 1;
        state.events += part.events();
        state.waiting_bytes += part.bytes();
        state.waiting.insert(id, part);
        state.tell_due(self.inputs);
        let events = state.events;
        state.sinks.progress.reached(read_bytes, events);
        drop(state);
        self.delivered.notify_all();
    }

    /// Ends reading early; the first reason stands.
    pub(crate) fn stop(&self, why: Stop) {
        lock(&self.state).stopped.get_or_insert(why);
        self.delivered.notify_all();
    }

    /// What was told of, and why reading stopped early, if it did.
    pub(crate) fn into_recording(self) -> (Recording, Option<Stop>) {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (state.recording, state.stopped)
    }
}

impl State<'_> {
    fn tell_due(&mut self, inputs: &[Input]) {
        while self.stopped.is_none()
            && let Some(part) = self.waiting.remove(&self.due)
        {
            self.waiting_bytes -= part.bytes();
            match part {
                Part::Block(findings) => {
                    if let Err(error) = self.sinks.hits.write_all(&findings.hits) {
                        self.stopped = Some(Stop::Hits(error));
                    }
                    self.recording.add(findings, &mut self.seen);
                    self.due.number += 1;
                }
                Part::End(end) => {
                    let seen = std::mem::take(&mut self.seen);
                    self.recording.end(&inputs[self.due.input], &seen, end);
                    self.due = PartId {
                        input: self.due.input + 1,
                        number: 0,
                    };
                }
            }
        }
    }
}

impl Part {
    fn events(&self) -> u64 {
        match self {
            Part::Block(findings) => findings.events,
            Part::End(_) => 0,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Part::Block(findings) => findings.bytes(),
            Part::End(_) => size_of::<Self>(),
        }
    }
}
