//! The command line. It is a contract that other programs read: change it only with a major version.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// More only share the memory for window state among themselves.
const THREADS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// Exit statuses, told by every `--help`.
const EXIT_STATUS: &str = "\
Exit status:
  0  done, with episodes or without; unreadable records are counted and shown
  1  an expectation failed (`replay test`)
  2  wrong usage, a broken rule file, or results that could not be written
  3  an input could not be read: a path that does not exist or cannot be opened,
     a folder without a log file, damaged or endless gzip data, no readable
     record. The other inputs are read all the same, and their results printed";

const INPUT_HELP: &str = "\
Inputs:
  A file is read whatever its name. In a folder, at any depth, the files that
  end in .json, .ndjson, .jsonl, .log, .txt or .gz and those without an
  extension are read, in the order of their paths; hidden ones are not. Gzip is
  known by its first bytes. Positions are given as path:line (byte offset); in
  gzip data they count inflated lines and bytes.";

const RUN_EXAMPLES: &str = "\
Examples:
  # A folder, with the rules of rules/
  replay run recordings/

  # Two sets of rules, one recording
  replay run --rules rules/ --rules drafts/cross_owner.yml trail.json.gz

  # Standard input: events, or what AWS prints
  aws logs filter-log-events --log-group-name /aws/lambda/fleet | replay run -

  # One alert a line, for programs
  replay run --format json logs/ | jq -r .alert_id

  # A saved stream as production would see it, late events left out; into a file
  replay run --as-arrived --output report.txt kinesis-events.json";

const MATCH_EXAMPLES: &str = "\
Examples:
  # Every event that a detection rule matched
  replay match --rules rules/error_leak/ trail.json.gz

  # Hits by rule
  replay match logs/ | jq -r .rule_id | sort | uniq -c";

const TEST_EXAMPLES: &str = "\
Examples:
  # Every recording under fixtures/ that has an expected.yaml
  replay test

  # One detector, for a build server
  replay test --format junit --output report.xml fixtures/error_leak

  # What a changed threshold would do
  replay test --rules drafts/ fixtures/ || echo not yet";

const CHECK_EXAMPLES: &str = "\
Examples:
  # Every .yml and .yaml file, at any depth
  replay check rules/

  # One file, before a commit
  replay check rules/error_leak/ && git commit

Exit status:
  0  no error; warnings are printed all the same
  2  wrong usage, or at least one error";

/// Backtests Vedette's detectors on recorded logs.
///
/// Runs the very engine that pages people in production, over files on a desk.
#[derive(Debug, Parser)]
#[command(name = "replay", version, after_help = EXIT_STATUS)]
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
    /// Print every hit of a detection rule, one JSON line each
    ///
    /// A line is {"rule_id","event_id","event_time"}; event_time is RFC 3339 in UTC with milliseconds, or null.
    #[command(after_help = MATCH_EXAMPLES, after_long_help = long_help(MATCH_EXAMPLES))]
    Match(MatchArgs),
    /// Run recordings against what is expected of them, and tell how good the rules are
    ///
    /// A recording is a folder with logs and an `expected.yaml`. It passes when its alerts are those expected, field by
    /// field, and no others.
    #[command(after_help = TEST_EXAMPLES, after_long_help = long_help(TEST_EXAMPLES))]
    Test(TestArgs),
    /// Check rule files and print every problem
    ///
    /// A problem is printed on standard output as path:line and what is wrong; warnings are marked.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
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
    /// A record arrives at its recorded arrival time, or else at the highest event time so far; what comes later than
    /// the allowed lateness is counted and not used. Runs on one thread.
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

/// What both ways of reading a recording need.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// A rule file, or a folder of .yml and .yaml files; may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// Files, folders, or `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Threads that read and evaluate; as many as there are cores where not given
    ///
    /// The output is the same for any number.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// No progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Say nothing on standard error but errors and what could not be read
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// A rule file, or a folder of .yml and .yaml files; may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// Folders in which recordings with an expected.yaml lie, at any depth
    #[arg(value_name = "PATH", default_value = "fixtures/")]
    pub(crate) paths: Vec<PathBuf>,
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
    /// Rule files, or folders of .yml and .yaml files
    #[arg(value_name = "PATH", default_value = "rules/")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table and a closing summary, for a person
    Text,
    /// One alert a line, for a program
    Json,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

impl SourceArgs {
    /// As many as asked for, or as there are cores.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}

impl TestArgs {
    /// As many as asked for, or as there are cores.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}

fn cores() -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    cores.min(THREADS_MAX)
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= THREADS_MAX);
    threads.ok_or_else(|| format!("expected a number from 1 to {THREADS_MAX}"))
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
