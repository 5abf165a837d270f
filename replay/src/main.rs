//! `replay`: Vedette's engine on a desk. Recorded logs and rule files go in, episodes come out.
//!
//! `main` only wires: arguments, then one of the commands, then the exit status.

#![cfg_attr(
    not(feature = "aws"),
    allow(
        dead_code,
        unused_imports,
        reason = "what only the commands use that speak to AWS is there without them, too"
    )
)]

mod args; // the command line
mod outcome; // exit statuses and how a run ends early
mod interrupt; // Ctrl-C
mod own_file; // files that others can neither read nor put there
mod input; // INPUT arguments -> the files to read
mod notes; // whether it says what it does
mod output; // standard output or a file that appears whole
mod report; // alerts and counters -> text or JSON
mod run; // `replay run`
mod alerts; // `replay alerts`
mod r#match; // `replay match`
mod test; // `replay test`
mod threats; // `replay threats`
mod check; // `replay check`
mod cost; // `replay cost`
mod init; // `replay init`
mod shell; // `replay completions` and `replay man`
#[cfg(feature = "aws")]
mod service; // AWS: who we are there, and what went wrong
mod rewrite; // a record -> the same with some values exchanged
#[cfg(feature = "aws")]
mod send; // `replay send`
mod capture; // `replay capture`
#[cfg(not(feature = "aws"))]
mod without_aws; // what takes the place of what speaks to AWS
#[cfg(all(test, unix, feature = "aws"))]
mod costs; // what hostile input costs, of all of them

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// The system allocator costs a tenth of the time where many groups grow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Without the watch a signal ends the program all the same, and leaves a temporary file.
    let _ = interrupt::watch();
    let ended = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Alerts(args) => alerts::run(args),
        Command::Match(args) => r#match::run(args),
        Command::Test(args) => test::run(args),
        Command::Check(args) => check::run(args),
        Command::Threats(args) => threats::run(args),
        Command::Cost(args) => cost::run(args),
        Command::Init(args) => init::run(args),
        #[cfg(feature = "aws")]
        Command::Send(args) => send::run(args),
        Command::Capture(args) => capture::run(args),
        #[cfg(not(feature = "aws"))]
        Command::Send(_) => without_aws::refused("send"),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    };
    outcome::exit_code(ended)
}
