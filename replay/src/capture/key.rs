//! The key of the stand-ins, from a file that nobody else can read, or from a program.
//!
//! `--key <(gpg -d key.gpg)` is as safe as a file: a pipe is read. A device is refused: it gives another key each time, or
//! never ends.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::output::place::descriptor;
use crate::output::waiting::{Notes, Waiting};
use crate::own_file::{self, Others, is_fifo, is_own};

/// A longer one is no key, but a file that was named by mistake.
const KEY_BYTES_MAX: u64 = 64 << 10;

/// Reads a key.
///
/// # Errors
/// It cannot be read, is too long, belongs to somebody else or can be read by others.
pub(super) fn read(path: &Path, notes: Notes) -> io::Result<Vec<u8>> {
    let what = format!("another program gives the key `{}`", path.display());
    let _waiting = Waiting::until(what, notes);
    let file = match descriptor(path) {
        // The shell's `<(…)` is a link to a pipe that it has opened.
        Some(_) => File::open(path)?,
        None => {
            // A device may do something when it is opened.
            let meta = fs::symlink_metadata(path)?;
            if !meta.is_file() && !is_fifo(&meta) && !meta.file_type().is_symlink() {
                return Err(no_key());
            }
            own_file::open(path)?
        }
    };
    let meta = file.metadata()?;
    if meta.is_file() {
        let closed = own_file::check(&meta, Others::Nothing);
        closed.map_err(|error| with_advice(path, &meta, &error))?;
    } else if is_fifo(&meta) {
        is_own(&meta)?;
    } else {
        return Err(no_key());
    }
    let mut key = Vec::new();
    file.take(KEY_BYTES_MAX + 1).read_to_end(&mut key)?;
    if key.len() as u64 > KEY_BYTES_MAX {
        return Err(io::Error::other(format!(
            "it has more than {KEY_BYTES_MAX} bytes: is it another file?"
        )));
    }
    Ok(key)
}

fn no_key() -> io::Error {
    io::Error::other("it is neither a regular file nor a pipe")
}

/// What to do where the owner can mend it.
fn with_advice(path: &Path, meta: &fs::Metadata, error: &io::Error) -> io::Error {
    let advice = match is_own(meta) {
        Ok(()) if !error.to_string().contains("hard links") => {
            format!("; `chmod 600 {}` closes it", path.display())
        }
        _ => String::new(),
    };
    io::Error::other(format!("{error}{advice}"))
}
