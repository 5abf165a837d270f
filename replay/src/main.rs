//! `replay`: Vedette's engine on a desk. Recorded logs and rule files go in, episodes come out.
//!
//! `main` only wires: arguments, then one of the commands, then the exit status.

mod args; // the command line
mod outcome; // exit statuses and how a run ends early
mod printable; // hostile text -> text that is safe on a terminal
mod suggestion; // what a mistyped path meant
mod rules; // rule paths -> RuleSet
mod input; // INPUT arguments -> the files to read
mod whole; // a small gzip file -> inflated bytes, at once
mod reader; // a file -> inflated bytes
mod block; // a stretch of them -> records
mod stream; // an input -> numbered blocks
mod unreadable; // what could not be read, and where
mod findings; // a block -> what the engine says of its records
mod progress; // the bar on standard error
mod spill; // window state on disk
mod recording; // what was read of all inputs
mod lock; // a lock that outlives a panic
mod order; // findings as they come -> the order of the inputs
mod schedule; // which input a worker reads from next
mod crew; // the workers
mod output; // standard output or a file that appears whole
mod report; // alerts and counters -> text or JSON
mod run; // `replay run`
mod hits; // `replay match`
mod trial; // `replay test`
mod check; // `replay check`
mod service; // AWS: who we are there, and what went wrong
mod rewrite; // a record -> the same with some values exchanged
mod pseudonym; // stand-ins for what identifies people
mod send; // `replay send`
mod capture; // `replay capture`

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// The system allocator costs a tenth of the time where many groups grow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Match(args) => hits::run(args),
        Command::Test(args) => trial::run(args),
        Command::Check(args) => check::run(args),
        Command::Send(args) => send::run(args),
        Command::Capture(args) => capture::run(args),
    };
    outcome::exit_code(ended)
}
