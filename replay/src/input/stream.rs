//! One input on its way: opened, inflated and cut into numbered blocks. Where blocks end depends on its bytes alone.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use detector_core::decode::split::{RECORD_BYTES_MAX, Splitter};

use crate::input::Input;
use crate::input::block::Block;
use crate::input::inflation::INFLATION_LIMIT;
use crate::input::reader::{Filled, Reader};
use crate::output::waiting::{Notes, Waiting, Watched};

/// What a stream gives next. Parts are numbered from 0, the end included.
#[derive(Debug)]
pub(crate) enum Taken {
    /// The block was filled.
    Block {
        number: u64,
    },
    End {
        number: u64,
        end: End,
    },
    /// It has told of its end before.
    Nothing,
}

/// How an input ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// Read up to an error.
    Failed(String),
    NotOpened(String),
}

/// Shared by the workers that read it in turn.
pub(crate) struct Stream<'p> {
    input: &'p Input,
    read_bytes: &'p AtomicU64,
    notes: Notes,
    state: State<'p>,
    parts: u64,
}

enum State<'p> {
    Unopened,
    Reading(Box<Cutting<'p>>),
    Ending(End),
    Ended,
}

struct Cutting<'p> {
    reader: Reader<'p>,
    splitter: Splitter,
}

impl<'p> Stream<'p> {
    /// Opens nothing yet. What is read is added to `read_bytes`.
    pub(crate) fn new(input: &'p Input, read_bytes: &'p AtomicU64, notes: Notes) -> Self {
        Self {
            input,
            read_bytes,
            notes,
            state: State::Unopened,
            parts: 0,
        }
    }

    /// Fills `block` with the next stretch.
    pub(crate) fn take(&mut self, block: &mut Block) -> Taken {
        if let State::Unopened = self.state {
            self.state = self.open();
        }
        let number = self.parts;
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Reading(mut cutting) => {
                self.parts += 1;
                self.state = match cutting.next(|| self.input.name(), block) {
                    None => State::Reading(cutting),
                    Some(end) => State::Ending(end),
                };
                Taken::Block { number }
            }
            State::Ending(end) => Taken::End { number, end },
            State::Unopened | State::Ended => Taken::Nothing,
        }
    }

    fn open(&self) -> State<'p> {
        let name = self.input.name();
        let limit = INFLATION_LIMIT;
        let reader = match self.input {
            Input::Stdin => {
                let watched = Watched::new(io::stdin(), &name, self.notes);
                Reader::new(watched, self.read_bytes, limit)
            }
            Input::File(path) => match self.file(path, &name) {
                Ok(file) if self.input.may_wait() => {
                    let watched = Watched::new(file, &name, self.notes);
                    Reader::new(watched, self.read_bytes, limit)
                }
                Ok(file) => Reader::of_file(file, self.read_bytes, limit),
                Err(error) => {
                    let why = match error.kind() {
                        io::ErrorKind::PermissionDenied => "permission denied".into(),
                        _ => error.to_string(),
                    };
                    return State::Ending(End::NotOpened(format!("cannot open `{name}`: {why}")));
                }
            },
        };
        match reader {
            Ok(reader) => State::Reading(Box::new(Cutting {
                reader,
                splitter: Splitter::new(RECORD_BYTES_MAX),
            })),
            Err(error) => State::Ending(End::Failed(format!("`{name}`: {error}"))),
        }
    }
}

impl Stream<'_> {
    /// A pipe opens when another program opens its other end.
    fn file(&self, path: &Path, name: &str) -> io::Result<File> {
        let what = || format!("another program opens `{name}` to write into it");
        let _waiting = self
            .input
            .may_wait()
            .then(|| Waiting::until(what(), self.notes));
        File::open(path)
    }
}

impl Cutting<'_> {
    /// Reads and cuts the next stretch; at the end, how the input ended.
    fn next(&mut self, name: impl Fn() -> String, block: &mut Block) -> Option<End> {
        let Filled { bytes, ended } = self.reader.fill(block.restart());
        block.cut(bytes, &mut self.splitter);
        match ended? {
            Ok(()) => {
                block.cut_rest(&mut self.splitter);
                Some(End::Whole)
            }
            // A record that damage cuts through is left out.
            Err(error) => Some(End::Failed(format!("`{}`: {error}", name()))),
        }
    }
}
