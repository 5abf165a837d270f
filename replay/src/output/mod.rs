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

/// What a path that is to be written to leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file, or the name of one to be. Links are followed, so that what is renamed replaces none.
    File(PathBuf),
    /// A device, a pipe, a folder: nothing may be renamed over it.
    Special,
}

/// A chain of so many links is taken for a circle, as by the kernel.
const LINKS_MAX: usize = 40;

/// Follows the links of `path`, also where they lead to a file that is not there yet.
///
/// # Errors
/// The links lead nowhere.
pub(crate) fn place(path: &Path) -> io::Result<Place> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Ok(Place::Special),
        Ok(_) => return fs::canonicalize(path).map(Place::File),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = fs::read_link(&path) else {
            return Ok(Place::File(path));
        };
        // A relative target is meant from where the link lies; an absolute one takes the place of all of it.
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many links"))
}

/// Opens what is no regular file, to write into it. A pipe waits for its reader.
pub(crate) fn open_special(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::IsADirectory => error,
        kind => io::Error::new(
            kind,
            format!("it is no regular file, and does not open for writing: {error}"),
        ),
    })
}

fn open_file(path: &Path) -> io::Result<Target> {
    let path = match place(path)? {
        Place::Special => return open_special(path).map(Target::Special),
        Place::File(path) => path,
    };
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
