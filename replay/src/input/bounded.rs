//! A path goes in, its bytes come out, and never many more than are wanted.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::output::waiting::{Notes, Waiting};

/// Reads at most `bytes_max` bytes and one more, by which a file that is too large shows. A pipe waits for its writer, and
/// it is said that another program gives it: `what` as "the rules".
///
/// # Errors
/// It cannot be opened or read.
pub(crate) fn read(path: &Path, bytes_max: u64, what: &str) -> io::Result<Vec<u8>> {
    let may_wait = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    let told = || format!("another program gives {what} `{}`", path.display());
    let _waiting = may_wait.then(|| Waiting::until(told(), Notes::Said));
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
