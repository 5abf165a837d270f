//! Where results go: standard output, or a file that appears whole or not at all.

pub(crate) mod printable; // hostile text -> text that is safe on a terminal
pub(crate) mod quantity; // numbers, sizes and durations, as people read them
pub(crate) mod progress; // the bar on standard error

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

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
        let target = match path {
            None => Target::Stdout(io::stdout()),
            Some(path) => {
                open_file(path).with_context(|| format!("cannot write `{}`", path.display()))?
            }
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
        if let Target::File(draft) = self.writer.get_mut() {
            draft
                .publish()
                .with_context(|| format!("cannot write `{}`", draft.path.display()))?;
        }
        Ok(())
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
            Target::File(draft) => draft.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(stdout) => stdout.flush(),
            Target::Special(file) => file.flush(),
            Target::File(draft) => draft.file.flush(),
        }
    }
}

/// The file under its temporary name; dropped without [`Draft::publish`], it is removed.
struct Draft {
    file: File,
    path: PathBuf,
    temporary: PathBuf,
}

impl Draft {
    fn publish(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn open_file(path: &Path) -> io::Result<Target> {
    // A link is written through, not replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
        let file = OpenOptions::new().write(true).open(&path)?;
        return Ok(Target::Special(file));
    }
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    Ok(Target::File(Draft {
        file,
        path,
        temporary,
    }))
}
