//! Which input a worker reads from next.
//!
//! Each worker opens an input of its own and stays with it; when none is left to open, it reads in turn with the others
//! from those that are open. So many files keep all workers busy, and so does one: while a worker inflates and cuts a
//! block, the others decode theirs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::input::crew::lock::lock;
use crate::input::crew::order::Turn;
use crate::input::stream::Stream;
use crate::input::{Input, Plan};
use crate::output::waiting::Notes;

pub(crate) struct Schedule<'p> {
    inputs: &'p [Input],
    /// Of all inputs, before inflation.
    read_bytes: &'p AtomicU64,
    notes: Notes,
    state: Mutex<State<'p>>,
}

#[derive(Default)]
struct State<'p> {
    /// The first input that was not opened.
    next: usize,
    open: BTreeMap<usize, SharedStream<'p>>,
}

pub(crate) type SharedStream<'p> = Arc<Mutex<Stream<'p>>>;

/// What a worker does next.
pub(crate) enum Next<'p> {
    Read {
        input: usize,
        stream: SharedStream<'p>,
    },
    /// Until another worker has delivered.
    Wait,
    /// All inputs are cut to their end.
    Done,
}

impl<'p> Schedule<'p> {
    pub(crate) fn new(plan: &'p Plan, read_bytes: &'p AtomicU64) -> Self {
        Self {
            inputs: &plan.inputs,
            read_bytes,
            notes: plan.notes,
            state: Mutex::default(),
        }
    }

    /// What a worker does next that last read from the input `own`.
    pub(crate) fn next(&self, own: usize, turn: &Turn) -> Next<'p> {
        let mut state = lock(&self.state);
        // Where too many results wait for those of an earlier input, all read from that one.
        let limit = match turn.is_crowded {
            true => turn.input + 1,
            false => self.inputs.len(),
        };
        let has_own = own < limit && state.open.contains_key(&own);
        if !has_own && state.next < limit && self.may_open(state.next, turn) {
            let input = state.next;
            let stream = Stream::new(&self.inputs[input], self.read_bytes, self.notes);
            let stream = Arc::new(Mutex::new(stream));
            state.next += 1;
            state.open.insert(input, Arc::clone(&stream));
            return Next::Read { input, stream };
        }
        let shared = match has_own {
            true => state.open.get_key_value(&own),
            false => state.open.range(..limit).next(),
        };
        match shared {
            Some((&input, stream)) => Next::Read {
                input,
                stream: Arc::clone(stream),
            },
            None if state.next == self.inputs.len() && state.open.is_empty() => Next::Done,
            None => Next::Wait,
        }
    }

    /// An input has told of its end.
    pub(crate) fn ended(&self, input: usize) {
        lock(&self.state).open.remove(&input);
    }

    pub(crate) fn name(&self, input: usize) -> String {
        self.inputs[input].name()
    }

    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::Relaxed)
    }

    /// What may never end or never begin is read when nothing else stands before it, so that a failed write is known.
    fn may_open(&self, input: usize, turn: &Turn) -> bool {
        turn.input == input || !self.inputs[input].may_wait()
    }
}
