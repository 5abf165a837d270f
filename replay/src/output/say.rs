//! A line for a person, on standard error.

use std::io::{self, Write};

use crate::output::printable::printable;

/// Writes one line to standard error, made safe for a terminal. A closed standard error is nobody's loss.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(line));
}
