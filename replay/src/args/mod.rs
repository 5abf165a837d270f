//! The command line. It is a contract that other programs read: change it only with a major version.

mod when; // moments on the command line
mod speed; // the pace of a recording
mod aws; // the commands that speak to AWS
mod shell; // what a system keeps beside the program

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::{Args, Parser, Subcommand, ValueEnum};
use detector_core::engine::Engine;
use detector_core::rule::RuleSet;

pub(crate) use aws::{CaptureArgs, SendArgs};
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use speed::Speed;
pub(crate) use when::When;

/// More only share the memory for window state among themselves.
const THREADS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// With the commit that it was built from, where that is known.
const VERSION: &str = env!("VEDETTE_VERSION");

/// Exit statuses, told by every `--help`.
const EXIT_STATUS: &str = "\
Exit status:
  0  done, with episodes or without
  1  an expectation failed (`replay test`)
  2  wrong usage, a broken rule file, or results that could not be written
  3  something could not be read: a path that does not exist or cannot be opened,
     a folder without a log file, damaged or endless gzip data, a record; or
     nothing at all is of a form that is known. What can be read is read all the
     same, and its results are printed";

const INPUT_HELP: &str = "\
Inputs:
  A file is read whatever its name. In a folder, at any depth, all files are
  read in the order of their paths, but for hidden ones and those that end as
  documents and programs do (.md, .yaml, .py and the like), of which you are
  told. Gzip, zstd, bzip2 and UTF-16 are known by their first bytes. Positions
  are given as path:line (byte offset), as they are once inflated.";

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

  # A gate before a commit: a warning fails, too
  replay check --strict rules/error_leak/ && git commit

  # What an editor holds, and what a forge shows beside the lines
  replay check - < draft.yml
  replay check --format sarif rules/ > check.sarif

Exit status:
  0  no error; warnings are printed all the same
  2  wrong usage, or at least one error; with --strict, or at least one warning";

const SEND_EXAMPLES: &str = "\
Examples:
  # A rehearsal: a recorded attack, as if it ended this moment
  replay send --now --stream audit fixtures/error_leak/attack_chosen_request_id

  # Of a recording that is longer than the service's lateness (15 minutes), what
  # leads up to an alert: its `opened_at`, as `replay run` tells it
  replay send --now --until 2026-07-09T16:02:30Z --stream audit \\
      fixtures/error_leak/attack_provocation

  # All of it, in its own time
  replay send --now --speed 1 --stream audit recordings/

  # Into a local stand-in of AWS
  replay send --stream audit --endpoint-url http://127.0.0.1:5000 trail.json.gz";

const SEND_HELP: &str = "\
Records:
  A line of NDJSON or text, or a whole document, is a record. Payloads of
  CloudWatch Logs subscriptions travel as gzip. Of a saved Kinesis event the
  data of each of its records is sent. Bare CloudTrail events travel in lists,
  {\"Records\":[…]}. What is more than 1 MiB is gzipped, then divided if it is a
  payload, or else not sent, and named with file and line. Partition keys are
  random. Requests have at most 500 records and 5 MiB; records that the stream
  does not take are sent again after a wait, only those.

Times:
  --now and --shift move every value that is a moment of the recording, however
  it is nested (gzip, base64, JSON in strings): RFC 3339 and Common Log Format,
  seconds or milliseconds since 1970 as a number or as text, from an hour before
  the first event to an hour after the last. Form and precision stay, and so
  does everything else, moments in running text included.

Region and credentials are found as the AWS CLI finds them (AWS_PROFILE,
AWS_REGION, SSO, …); the permission kinesis:PutRecords is needed.

Exit status:
  0  all was sent
  2  wrong usage, the stream refused, or Ctrl-C; how far it came is said
  3  an input could not be read, or a record is too large for the stream; the
     others were sent";

const CAPTURE_EXAMPLES: &str = "\
Examples:
  # The last two hours of a log group, without people in it
  replay capture --log-group /aws/lambda/fleet --since 2h --pseudonymise -o fleet.ndjson
  replay run fleet.ndjson

  # A day, only what has the word, with the same stand-ins each time
  openssl rand -out stand-ins.key 32
  replay capture --log-group fleet-access --since 2026-05-21T00:00:00Z \\
      --until 2026-05-22T00:00:00Z --filter '\"502\"' \\
      --pseudonymise --key stand-ins.key -o access.ndjson

  # A file that one has already; nothing goes to AWS
  replay capture --from trail.json.gz --pseudonymise -o shared.ndjson

  # What of a file still looks like a person or a secret
  replay capture --check shared.ndjson && echo go";

const CAPTURE_HELP: &str = "\
Interruptions:
  Until all is there, FILE.part has the lines and FILE.part.json says how far
  they go. The same command goes on after the last whole page. (With
  --pseudonymise only if --key is given; a random key is kept nowhere.)
  A pipe or a device is written into at once, and an interrupted capture begins
  anew.

What --pseudonymise exchanges:
  JSON is read by its keys and by the forms of its values. All else is prose:
  text, damaged or cut-off JSON, pairs (key=value, key: value), XML, tables. There
  keys and forms are looked for at any depth of quotes and escapes (\\u0040, %40,
  &#64;). Base64, hexadecimal digits, gzip and zstd are opened and packed again;
  what does not open is removed.
  By form: IP addresses (those of one /24, /48 or /64 stay together; private
  ranges stay such; others go to 240.0.0.0/4 and 3fff::/20), e-mail addresses
  (the domain too, but for those of mail addresses for minutes), UUIDs, account
  ids, phone numbers, vehicle numbers, network cards, AWS identifiers, users and
  sessions in ARNs, URLs and sentences of servers, folders named after a user.
  By key, in any spelling: user, name, login, owner, email, phone, given_name,
  sub, birthdate, street, city, lat, vin, plate, device, serial and the like,
  also {\"key\":\"owner\",\"value\":\"Ada\"}. Names that stood under such a key are
  exchanged in the text of the same page (with --from: of the file), too.
  Removed: all that stands under a key of a secret (password, token, cookie,
  authorization, api_key, session, otp, …), objects and lists included; keys in
  PEM, JWTs, tokens of code hosts, chats, payment, maps, mail and clouds, cards,
  bank accounts, passwords in URLs, long words that look random.
  Equal values stay equal, quoted or not, in text as under keys. At the end it
  says how many of each kind there were, and what stayed. Names of people in
  running text that no key tells stay: look at the file before you give it away.

What --from and --check read:
  What `replay run` reads, packed or not, standard input as `-`. --from writes
  the records in their order, a line each, not packed; rows of tables of log
  entries become objects. A file is read twice, so that names are known before
  the line that tells them; standard input once. --check prints path:line, what
  it is, under which keys, and the value, of secrets the beginning. Private
  addresses are not listed: they lead to nobody outside.

Region and credentials are found as the AWS CLI finds them (AWS_PROFILE,
AWS_REGION, SSO, …); the permission logs:FilterLogEvents is needed.

Exit status:
  0  all was captured; --check found nothing
  1  --check found something
  2  wrong usage, the service refused, or Ctrl-C; how far it came is said
  3  an input of --from or --check could not be read to its end";

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

/// What both ways of reading a recording need.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// A rule file, or a folder of .yml and .yaml files; may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// Files, folders, or `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// A log group, or how its name begins, that holds nothing but JSON; may be given several times
    ///
    /// What is no JSON there is unreadable. Those of WAF, API Gateway, CloudTrail and Cognito are known.
    #[arg(long = "json-log-group", value_name = "NAME")]
    pub(crate) json_log_groups: Vec<String>,
    /// A log group, or how its name begins and a `*`, whose content stays an application's word, whatever it claims to be;
    /// may be given several times
    ///
    /// Without it the content of a log group tells what it is, but for those of functions (`/aws/lambda/…`). The service
    /// takes those that its stack subscribes for such.
    #[arg(long = "application-log-group", value_name = "NAME")]
    pub(crate) application_log_groups: Vec<String>,
    /// A log group among those of --application-log-group, or of functions, whose content tells what it is all the same
    #[arg(long = "audit-log-group", value_name = "NAME")]
    pub(crate) audit_log_groups: Vec<String>,
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
    /// Rule files, folders of .yml and .yaml files, or `-` for standard input
    #[arg(value_name = "PATH", default_value = "rules/")]
    pub(crate) paths: Vec<PathBuf>,
    /// Fail where there is a warning, as where there is an error
    #[arg(long)]
    pub(crate) strict: bool,
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
    /// The engine of these rules, told what is known of log groups.
    pub(crate) fn engine(&self, rules: RuleSet) -> Engine {
        Engine::new(rules)
            .with_json_log_groups(self.json_log_groups.clone())
            .with_application_log_groups(
                self.application_log_groups.clone(),
                self.audit_log_groups.clone(),
            )
    }

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
