//! How a command ends: its exit status, and the one error that stops it early.

use std::io;
use std::process::ExitCode;

pub(crate) use crate::output::say::say;

/// How a command that went to its end turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Some input could not be read; the results of the others were printed.
    InputUnread,
    /// A rule file has errors, all of them printed.
    RulesBroken,
    /// A recording did not show what is expected of it; what differs was printed.
    ExpectationFailed,
    /// A file that was to have no people and secrets in it has some, all of them listed.
    PeopleLeft,
}

/// Also of a file in which people are left.
const STATUS_EXPECTATION: u8 = 1;
/// The status of wrong usage and of broken rule files; clap's own as well.
const STATUS_USAGE: u8 = 2;
const STATUS_INPUT: u8 = 3;

/// Prints the error that ended a command, if any, and gives its exit status.
///
/// A reader of standard output that went away (`| head`) is no error: the command ends quietly.
pub(crate) fn exit_code(ended: anyhow::Result<Outcome>) -> ExitCode {
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::InputUnread) => ExitCode::from(STATUS_INPUT),
        Ok(Outcome::ExpectationFailed | Outcome::PeopleLeft) => ExitCode::from(STATUS_EXPECTATION),
        Ok(Outcome::RulesBroken) => ExitCode::from(STATUS_USAGE),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(STATUS_USAGE)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
