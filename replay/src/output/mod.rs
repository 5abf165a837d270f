//! Where results go: standard output, or a file that appears whole or not at all.

pub(crate) mod printable; // hostile text -> text that is safe on a terminal
pub(crate) mod quantity; // numbers, sizes and durations, as people read them
pub(crate) mod progress; // the bar on standard error
pub(crate) mod place; // a path -> what it leads to
pub(crate) mod say; // a line on standard error
pub(crate) mod waiting; // what is waited for
mod draft; // a file before it has its name

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::Path;

use anyhow::Context;

use crate::notes::Notes;
use draft::Draft;
use place::{Place, open_special, place};

/// A place for results. A file is written beside its name and renamed by [`Output::finish`].
pub(crate) struct Output {
    writer: BufWriter<Target>,
}

enum Target {
    Stdout(Stdout),
    /// A device or a pipe: there is nothing to rename over.
    Special(File),
    File(Draft),
}

impl Output {
    /// Opens at once, so that a place that cannot be written to is known before a long run.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Self::open_noting(path, Notes::Said)
    }

    /// The same, with or without a note where a pipe waits for its reader.
    pub(crate) fn open_noting(path: Option<&Path>, notes: Notes) -> anyhow::Result<Self> {
        let target = match path {
            None => Target::Stdout(io::stdout()),
            Some(path) => open_file(path, notes)
                .with_context(|| format!("cannot write `{}`", path.display()))?,
        };
        Ok(Self {
            writer: BufWriter::with_capacity(64 << 10, target),
        })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        match self.writer.get_ref() {
            Target::Stdout(stdout) => stdout.is_terminal(),
            Target::Special(file) => file.is_terminal(),
            Target::File(_) => false,
        }
    }

    /// Writes out what is held back; a file gets its name now.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.writer.flush()?;
        match self
            .writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
        {
            Target::File(draft) => draft.publish(),
            Target::Stdout(_) | Target::Special(_) => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::Special(file) => file.write(bytes),
            Target::File(draft) => draft.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(stdout) => stdout.flush(),
            Target::Special(file) => file.flush(),
            Target::File(draft) => draft.flush(),
        }
    }
}

fn open_file(path: &Path, notes: Notes) -> anyhow::Result<Target> {
    Ok(match place(path)? {
        Place::File(path) => Target::File(Draft::new(&path)?),
        place => Target::Special(open_special(path, &place, notes)?),
    })
}
