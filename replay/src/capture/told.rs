//! What pseudonymising did, said at the end.

use crate::capture::pseudonym::Pseudonyms;
use crate::outcome::say;

/// Says what was replaced, and what was not.
pub(super) fn tell(names: Option<&Pseudonyms>) {
    for line in names.map_or_else(Vec::new, |names| names.tally().lines()) {
        say(&line);
    }
}

/// Says what could not be read or written.
pub(super) fn tell_failures(failures: &[String]) {
    for failure in failures {
        say(&format!("error: {failure}"));
    }
}
