//! The command line. It is a contract that other programs read: change it only with a major version.

mod when; // moments on the command line
mod speed; // the pace of a recording
mod source; // what is read, and with which rules
mod alerts; // what people are told
mod color; // whether text has colours
mod threats; // what can go wrong, and what of it is proven
mod cost; // what the service costs
mod init; // settings from a recording
mod aws; // the commands that speak to AWS
mod shell; // what a system keeps beside the program
mod help; // texts

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use help::{
    ALERTS_EXAMPLES, CAPTURE_EXAMPLES, CAPTURE_HELP, CHECK_EXAMPLES, COST_EXAMPLES, EXIT_STATUS,
    INIT_EXAMPLES, INPUT_HELP, MATCH_EXAMPLES, RUN_EXAMPLES, SEND_EXAMPLES, SEND_HELP,
    TEST_EXAMPLES, THREATS_EXAMPLES,
};

pub(crate) use alerts::{AlertsArgs, Body};
pub(crate) use aws::{CaptureArgs, SendArgs};
pub(crate) use color::ColorChoice;
pub(crate) use cost::{CostArgs, CostFormat};
pub(crate) use init::InitArgs;
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use source::SourceArgs;
use source::{cores, threads};
pub(crate) use speed::Speed;
pub(crate) use threats::{ThreatsArgs, ThreatsFormat};
pub(crate) use when::When;

/// With the commit that it was built from, where that is known.
const VERSION: &str = env!("VEDETTE_VERSION");

/// Backtests Vedette's detectors on recorded logs.
///
/// Runs the very engine that pages people in production, over files on a desk.
#[derive(Debug, Parser)]
#[command(name = "replay", version = VERSION, after_help = EXIT_STATUS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the episodes of an attack that a recording holds
    ///
    /// The recording is evaluated as a set: the order of its files and lines, repeated records and the way it is cut
    /// into files change nothing.
    #[command(after_help = RUN_EXAMPLES, after_long_help = long_help(RUN_EXAMPLES))]
    Run(RunArgs),
    /// Print the messages that people and machines would get, in the order of time
    ///
    /// An incident opens, its picture changes, it is over; what was held back is counted in the next message.
    #[command(after_help = ALERTS_EXAMPLES, after_long_help = long_help(ALERTS_EXAMPLES))]
    Alerts(AlertsArgs),
    /// Print every hit of a detection rule, one JSON line each
    ///
    /// A line is {"rule_id","event_id","event_time"}; event_time is RFC 3339 in UTC with milliseconds, or null.
    #[command(after_help = MATCH_EXAMPLES, after_long_help = long_help(MATCH_EXAMPLES))]
    Match(MatchArgs),
    /// Run recordings against what is expected of them, and tell how good the rules are
    ///
    /// A recording is a folder with logs and an `expected.yaml`. It passes when each attack is found by the rules that
    /// are named, in time, as one incident of its level, and nothing else pages.
    #[command(after_help = TEST_EXAMPLES, after_long_help = long_help(TEST_EXAMPLES))]
    Test(TestArgs),
    /// Check rule files and print every problem
    ///
    /// A problem is printed on standard output as path:line and what is wrong; warnings are marked.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Answer what can go wrong, what is done about it, and which of that is proven
    ///
    /// The threats and mitigations of `threats.yaml`, the model of what is built, the rules and their recordings, and
    /// logs, in one table. A threat is proven where its rules find every recorded attack and no near miss.
    #[command(after_help = THREATS_EXAMPLES)]
    Threats(ThreatsArgs),
    /// Tell what the service costs at a rate of events, and where it breaks
    ///
    /// Copies of the recording make up the traffic. The engine is the real one; the table, the requests to it and the
    /// schedule are a model in virtual time.
    #[command(after_help = COST_EXAMPLES, after_long_help = long_help(COST_EXAMPLES))]
    Cost(CostArgs),
    /// Propose the settings of a service from a recording, as a `vedette.yaml` for its rules
    ///
    /// Says of each value how often it was seen, and why it is taken or left to you. What the rules have already stays, and
    /// nothing that would keep an attack from being seen is ever taken.
    #[command(after_help = INIT_EXAMPLES, after_long_help = long_help(INIT_EXAMPLES))]
    Init(InitArgs),
    /// Send a recording over a Kinesis stream, as a rehearsal of the service
    #[command(after_help = SEND_EXAMPLES, after_long_help = longer(SEND_EXAMPLES, SEND_HELP))]
    Send(SendArgs),
    /// Capture log events of a CloudWatch log group into a file
    ///
    /// The file holds one JSON line for each page and log stream, in the form in which CloudWatch Logs delivers to
    /// subscribers, with the time of ingestion: `replay run` reads it, and `replay send` sends it.
    #[command(after_help = CAPTURE_EXAMPLES, after_long_help = longer(CAPTURE_EXAMPLES, CAPTURE_HELP))]
    Capture(CaptureArgs),
    /// Print completions of this command line for a shell
    #[command(after_help = shell::EXAMPLES)]
    Completions(CompletionsArgs),
    /// Write manual pages into a folder
    #[command(hide = true)]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// How the episodes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write to this file, which appears whole at the end, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Feed the recording in its order, as production would see it
    ///
    /// A record arrives at its recorded arrival time, or else at the highest time that three events have reached so far (one
    /// that is dated wrongly sets no clock); what comes later than the allowed lateness is counted and not used. Recorded arrival times are judged so without this option, too. Runs
    /// on one thread.
    #[arg(long)]
    pub(crate) as_arrived: bool,
    /// Hold the groups of each rule to so many MiB: beyond, those farthest from firing are forgotten, and counted
    ///
    /// Shows what a service with that budget would see. Without it nothing is forgotten: state that memory should not
    /// hold goes to disk. Runs on one thread.
    #[arg(long, value_name = "MIB")]
    pub(crate) rule_state_max: Option<NonZeroUsize>,
    /// Colours in text: a terminal's, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// A rule file, or a folder of .yml and .yaml files; may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// Folders in which recordings with an expected.yaml lie, at any depth
    #[arg(value_name = "PATH", default_value = "fixtures/")]
    pub(crate) paths: Vec<PathBuf>,
    /// Fail where a number is another than in a recording's `exact.yaml`, which is told otherwise
    #[arg(long)]
    pub(crate) exact: bool,
    /// Say what differs from the `exact.yaml` of each recording, and write it anew
    #[arg(long)]
    pub(crate) accept: bool,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub(crate) format: TestFormat,
    /// Write to this file, which appears whole at the end, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Recordings that are run at a time; as many as there are cores where not given
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Rule files, folders of .yml and .yaml files, or `-` for standard input
    #[arg(value_name = "PATH", default_value = "rules/")]
    pub(crate) paths: Vec<PathBuf>,
    /// Fail where there is a warning, as where there is an error
    #[arg(long)]
    pub(crate) strict: bool,
    /// Say what the rules cost the state that is in service
    ///
    /// OLD has the rule files that are in service now. Of each rule: whether its groups go on, or start anew and how long
    /// they then need until they judge as before.
    #[arg(long, value_name = "OLD")]
    pub(crate) against: Option<PathBuf>,
    /// How the problems are written
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// A line for each problem, and a closing line
    Text,
    /// One object, for a program
    Json,
    /// SARIF 2.1.0, for the code scanning of a forge
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table and a closing summary, for a person
    Text,
    /// One alert a line, for a program
    Json,
    /// One incident a line, for a program: alerts of one attack, with their story
    Incidents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// Failures, tables of detectors and rules, a closing line
    Text,
    /// One object, for a program
    Json,
    /// JUnit XML, for a build server
    Junit,
    /// The table of detectors, for a document
    Markdown,
}

impl TestArgs {
    /// As many as asked for, or as there are cores.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}

fn longer(examples: &str, help: &str) -> String {
    format!("{examples}\n\n{help}")
}

fn long_help(examples: &str) -> String {
    format!("{examples}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
