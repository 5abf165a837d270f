//! A path that is to be written to goes in; what it leads to comes out.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::output::waiting::{Notes, Waiting};
use crate::own_file::{is_block_device, is_fifo, is_own, is_trap};

/// What a path that is to be written to leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file, or the name of one to be. Links are followed, so that what is renamed replaces none.
    File(PathBuf),
    /// What the program was started with under this number, such as `/dev/stdout`: it is written into, whatever it is.
    Descriptor(u32),
    /// A device, a pipe, a folder: nothing may be renamed over it.
    Special,
}

/// A chain of so many links is taken for a circle, as by the kernel.
const LINKS_MAX: usize = 40;

/// Where the system lists what this program has open.
const DESCRIPTORS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];

/// Follows the links of `path`, also where they lead to a file that is not there yet.
///
/// # Errors
/// The links lead nowhere, to a disk, or are somebody else's in a folder to which everybody may write.
pub(crate) fn place(path: &Path) -> io::Result<Place> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if let Some(number) = descriptor(&path) {
            return Ok(Place::Descriptor(number));
        }
        let Ok(target) = fs::read_link(&path) else {
            return end(path);
        };
        let folder = folder(&path);
        if is_trap(&fs::symlink_metadata(&path)?, &fs::metadata(folder)?) {
            return Err(io::Error::other(format!(
                "`{}` is a link of another user, in a folder to which everybody may write",
                path.display()
            )));
        }
        // A relative target is meant from where the link lies; an absolute one takes the place of all of it.
        path = folder.join(target);
    }
    Err(io::Error::other("too many links"))
}

/// What is no link.
fn end(path: PathBuf) -> io::Result<Place> {
    match fs::metadata(&path) {
        Ok(meta) if is_block_device(&meta) => Err(io::Error::other(
            "it is a disk, and what is on it would be lost",
        )),
        Ok(meta) if !meta.is_file() => Ok(Place::Special),
        Ok(_) => fs::canonicalize(path).map(Place::File),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::File(path)),
        Err(error) => Err(error),
    }
}

/// The folder in which a path lies.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The number in a path such as `/dev/fd/3`.
pub(crate) fn descriptor(path: &Path) -> Option<u32> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let listed = fs::canonicalize(folder(path)).ok()?;
    let is_own = |own: &&str| fs::canonicalize(own).is_ok_and(|own| own == listed);
    DESCRIPTORS.iter().any(is_own).then_some(number)
}

/// Opens what is no regular file, to write into it. A pipe waits for its reader.
///
/// # Errors
/// It cannot be written into, or is a pipe of somebody else.
pub(crate) fn open_special(path: &Path, place: &Place, notes: Notes) -> io::Result<File> {
    // What the shell opened goes on where the shell would: opened anew, it would begin at its first byte.
    match place {
        Place::Descriptor(1) => return duplicate(io::stdout()),
        Place::Descriptor(2) => return duplicate(io::stderr()),
        Place::Descriptor(_) | Place::Special | Place::File(_) => {}
    }
    if *place == Place::Special {
        let meta = fs::metadata(path)?;
        if is_fifo(&meta) {
            is_own(&meta)?;
        }
    }
    let what = format!("another program reads `{}`", path.display());
    let _waiting = Waiting::until(what, notes);
    let opened = OpenOptions::new().append(true).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::IsADirectory => error,
        kind => io::Error::new(
            kind,
            format!("it is no regular file, and does not open for writing: {error}"),
        ),
    })
}

#[cfg(unix)]
fn duplicate(stream: impl std::os::fd::AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
fn duplicate<T>(_: T) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}
