//! A file beside its name to be, which it gets when all is written: it appears whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::{Builder, NamedTempFile};

use super::place::folder;
use crate::interrupt::Temporary;
use crate::output::say::say;
use crate::own_file::{left_behind, umask_mode};

/// The ending of names that are not for long.
const TEMPORARY: &str = ".tmp";

/// Dropped without [`Draft::publish`], it is removed.
pub(super) struct Draft {
    file: NamedTempFile,
    path: PathBuf,
    _temporary: Temporary,
}

impl Draft {
    /// Removes, and names, what runs that were killed have left beside `path`, and begins anew.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        sweep(folder(path), &prefix);
        let file = Builder::new()
            .prefix(&prefix)
            .suffix(TEMPORARY)
            .tempfile_in(folder(path))?;
        // Tells others that it is in use. Where there are no locks, it is never taken for left behind either.
        let _ = file.as_file().try_lock();
        Ok(Self {
            _temporary: Temporary::new(file.path()),
            path: path.to_owned(),
            file,
        })
    }

    /// A report is for others to read, as the umask or the file that it replaces has it.
    pub(super) fn publish(self) -> anyhow::Result<()> {
        let Self { file, path, .. } = self;
        let context = || format!("cannot write `{}`", path.display());
        let replaced = fs::metadata(&path).map(|meta| meta.permissions());
        let mode = replaced.ok().or_else(|| umask_mode().into());
        if let Some(mode) = mode {
            file.as_file().set_permissions(mode).with_context(context)?;
        }
        file.as_file().sync_all().with_context(context)?;
        let persisted = file.persist(&path).map_err(|failed| failed.error);
        persisted.map(drop).with_context(context)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes files of the user's own whose names begin so, unless another run is writing to them.
fn sweep(folder: &Path, prefix: &std::ffi::OsStr) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let is_draft = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        let rest = name.strip_prefix(prefix.as_encoded_bytes());
        let between = rest.and_then(|rest| rest.strip_suffix(TEMPORARY.as_bytes()));
        between.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_alphanumeric))
    };
    for entry in entries
        .flatten()
        .filter(|entry| is_draft(&entry.file_name()))
    {
        let path = entry.path();
        if let Ok(Some(file)) = left_behind(&path)
            && is_unused(&file)
            && fs::remove_file(&path).is_ok()
        {
            say(&format!(
                "note: removed `{}`, left behind by a run that was killed",
                path.display()
            ));
        }
    }
}

fn is_unused(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}
