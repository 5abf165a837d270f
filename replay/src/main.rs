//! `replay`: Vedette's engine on a desk. Recorded logs and rule files go in, episodes come out.
//!
//! `main` only wires: arguments, then one of the commands, then the exit status.

mod args; // the command line
mod outcome; // exit statuses and how a run ends early
mod input; // INPUT arguments -> the files to read
mod output; // standard output or a file that appears whole
mod report; // alerts and counters -> text or JSON
mod run; // `replay run`
mod r#match; // `replay match`
mod test; // `replay test`
mod check; // `replay check`
mod shell; // `replay completions` and `replay man`
#[cfg(feature = "aws")]
mod service; // AWS: who we are there, and what went wrong
#[cfg_attr(
    not(feature = "aws"),
    expect(
        unused_imports,
        reason = "what is sent to AWS is unpacked by the same means"
    )
)]
mod rewrite; // a record -> the same with some values exchanged
#[cfg(feature = "aws")]
mod send; // `replay send`
#[cfg_attr(
    not(feature = "aws"),
    expect(
        dead_code,
        unused_imports,
        reason = "only what is captured from AWS gets stand-ins"
    )
)]
mod capture; // `replay capture`
#[cfg(not(feature = "aws"))]
mod without_aws; // what takes the place of the commands that speak to AWS

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
        Command::Match(args) => r#match::run(args),
        Command::Test(args) => test::run(args),
        Command::Check(args) => check::run(args),
        #[cfg(feature = "aws")]
        Command::Send(args) => send::run(args),
        #[cfg(feature = "aws")]
        Command::Capture(args) => capture::run(args),
        #[cfg(not(feature = "aws"))]
        Command::Send(_) => without_aws::refused("send"),
        #[cfg(not(feature = "aws"))]
        Command::Capture(_) => without_aws::refused("capture"),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    };
    outcome::exit_code(ended)
}
