//! Files that hold what logs hold: nobody but their owner reads them, and nobody else says where they lie.
//!
//! A name in a folder that others may write to, such as `/tmp`, can be a link or a file that somebody else has put there.
//! So a new file is made only where there is none, links are never followed, and what was left behind is used again only
//! if it is a plain file of the user's own. What no such system has (owners, modes) is not looked at there.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What others may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They may not write to it.
    MayRead,
    /// They may not read it either.
    Nothing,
}

/// Makes a new file that its owner alone can read and write, whatever the umask.
///
/// # Errors
/// Something of that name is there, be it a link to nothing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    unix::for_owner(&mut options);
    let file = options.open(path)?;
    unix::close_to_others(&file)?;
    Ok(file)
}

/// A file in the temporary folder that has no name: whenever the program ends, nothing of it stays.
///
/// # Errors
/// The temporary folder cannot be written to.
pub(crate) fn unnamed() -> io::Result<File> {
    let file = tempfile::tempfile()?;
    unix::close_to_others(&file)?;
    Ok(file)
}

/// Opens a plain file of the user's own that an earlier run left behind, to read and write; `None` where there is none.
///
/// # Errors
/// What is there is a link, a device or a pipe, somebody else's, or was open to others.
pub(crate) fn left_behind(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    unix::follow_nothing(&mut options);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| explained(path, error))?,
    };
    check(&file.metadata()?, Others::MayRead)?;
    // An earlier version made it as the umask said.
    unix::close_to_others(&file)?;
    Ok(Some(file))
}

/// Opens an existing file to read it, without following a link. A pipe waits for its writer.
///
/// # Errors
/// It is a link, or cannot be opened.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    unix::follow_no_link(&mut options);
    options.open(path).map_err(|error| explained(path, error))
}

/// Replaces the content of a file at once, so that it is never half written.
///
/// # Errors
/// It cannot be written, or what lies at its name or beside it is somebody else's.
pub(crate) fn replace(path: &Path, beside: &Path, content: &[u8]) -> io::Result<()> {
    remove(beside)?;
    let mut file = create(beside)?;
    let written = file.write_all(content);
    let replaced = written.and_then(|()| fs::rename(beside, path));
    if replaced.is_err() {
        let _ = fs::remove_file(beside);
    }
    replaced
}

/// Removes a plain file of the user's own; whether there was one.
///
/// # Errors
/// What is there is something else, or cannot be removed.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        meta => meta?,
    };
    check(&meta, Others::MayRead)?;
    fs::remove_file(path).map(|()| true)
}

/// Whether `path` still leads to `file`, and not to what somebody has put in its place.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    Ok(unix::is_same(
        &file.metadata()?,
        &fs::symlink_metadata(path)?,
    ))
}

/// Whether a file is plain, the user's own, under one name, and closed to others.
///
/// # Errors
/// It is not; says why.
pub(crate) fn check(meta: &Metadata, others: Others) -> io::Result<()> {
    if meta.file_type().is_symlink() {
        return Err(io::Error::other("it is a link, and no link is followed"));
    }
    if !meta.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    is_own(meta)?;
    unix::has_one_name(meta)?;
    unix::is_closed(meta, others)
}

/// Whether a file belongs to the user who runs the program.
///
/// # Errors
/// It is somebody else's.
pub(crate) fn is_own(meta: &Metadata) -> io::Result<()> {
    unix::is_own(meta)
}

pub(crate) use unix::{is_block_device, is_fifo, is_trap, umask_mode};

/// The kernel speaks of too many links where there is one.
fn explained(path: &Path, error: io::Error) -> io::Error {
    match fs::read_link(path) {
        Ok(target) => io::Error::other(format!(
            "it is a link, and no link is followed: name what it leads to (`{}`)",
            target.display()
        )),
        Err(_) => error,
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    use rustix::fs::{Mode, OFlags};
    use rustix::process::{geteuid, umask};

    use super::Others;

    /// The bits of group and others.
    const OTHERS: u32 = 0o077;
    const OTHERS_WRITE: u32 = 0o022;
    const EVERYBODY_WRITES: u32 = 0o002;

    fn flags(flags: OFlags) -> i32 {
        flags.bits().cast_signed()
    }

    pub(super) fn for_owner(options: &mut OpenOptions) {
        options.mode(0o600).custom_flags(flags(OFlags::NOFOLLOW));
    }

    /// Does not wait for the other end of a pipe either.
    pub(super) fn follow_nothing(options: &mut OpenOptions) {
        options.custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK));
    }

    pub(super) fn follow_no_link(options: &mut OpenOptions) {
        options.custom_flags(flags(OFlags::NOFOLLOW));
    }

    pub(super) fn close_to_others(file: &File) -> io::Result<()> {
        match file.metadata()?.mode() & 0o777 {
            0o600 => Ok(()),
            _ => file.set_permissions(Permissions::from_mode(0o600)),
        }
    }

    pub(super) fn is_own(meta: &Metadata) -> io::Result<()> {
        match meta.uid() == geteuid().as_raw() {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "it belongs to another user (uid {})",
                meta.uid()
            ))),
        }
    }

    /// Another name may be one that its owner never meant to be written to.
    pub(super) fn has_one_name(meta: &Metadata) -> io::Result<()> {
        match meta.nlink() {
            0 | 1 => Ok(()),
            names => Err(io::Error::other(format!(
                "it has {names} names (hard links), and ought to have one"
            ))),
        }
    }

    pub(super) fn is_closed(meta: &Metadata, others: Others) -> io::Result<()> {
        let mode = meta.mode() & 0o777;
        let (forbidden, what) = match others {
            Others::MayRead => (OTHERS_WRITE, "write to it"),
            Others::Nothing => (OTHERS, "read it"),
        };
        match mode & forbidden {
            0 => Ok(()),
            _ => Err(io::Error::other(format!(
                "others than its owner can {what} (mode {mode:04o})"
            ))),
        }
    }

    pub(super) fn is_same(left: &Metadata, right: &Metadata) -> bool {
        (left.dev(), left.ino()) == (right.dev(), right.ino())
    }

    pub(crate) fn is_block_device(meta: &Metadata) -> bool {
        meta.file_type().is_block_device()
    }

    pub(crate) fn is_fifo(meta: &Metadata) -> bool {
        meta.file_type().is_fifo()
    }

    /// Whether a link may be a trap, as the kernel judges it: somebody else's, in a folder to which everybody may write.
    pub(crate) fn is_trap(link: &Metadata, folder: &Metadata) -> bool {
        let is_shared = folder.mode() & EVERYBODY_WRITES != 0;
        is_shared && link.uid() != geteuid().as_raw() && link.uid() != folder.uid()
    }

    /// What a new file may be used for that is no secret, by the umask.
    pub(crate) fn umask_mode() -> Permissions {
        // It can only be asked for by setting it.
        let mask = umask(Mode::from_raw_mode(OTHERS));
        umask(mask);
        Permissions::from_mode(0o666 & !mask.as_raw_mode())
    }
}

/// Where files have no owner and no mode of this kind.
#[cfg(not(unix))]
mod unix {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;

    use super::Others;

    pub(super) fn for_owner(_: &mut OpenOptions) {}
    pub(super) fn follow_nothing(_: &mut OpenOptions) {}
    pub(super) fn follow_no_link(_: &mut OpenOptions) {}
    pub(super) fn close_to_others(_: &File) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn is_own(_: &Metadata) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn has_one_name(_: &Metadata) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn is_closed(_: &Metadata, _: Others) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn is_same(_: &Metadata, _: &Metadata) -> bool {
        true
    }
    pub(crate) fn is_block_device(_: &Metadata) -> bool {
        false
    }
    pub(crate) fn is_fifo(_: &Metadata) -> bool {
        false
    }
    pub(crate) fn is_trap(_: &Metadata, _: &Metadata) -> bool {
        false
    }
    pub(crate) fn umask_mode() -> Option<Permissions> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn window_state_on_disk_has_no_name_and_is_closed() {
        let meta = super::unnamed().unwrap().metadata().unwrap();
        assert_eq!((meta.nlink(), meta.mode() & 0o777), (0, 0o600));
    }
}
