//! The arguments of the commands that speak to AWS.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use detector_core::time::Timestamp;

use super::speed::Speed;
use super::when::When;

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The stream's name
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) stream: String,
    /// Send at N times the pace of the recording, in order of time, instead of as fast as the stream takes it
    ///
    /// A record is due when it arrived, where the recording says so, or else when its last event happened.
    #[arg(long, value_name = "N", value_parser = Speed::parse, allow_hyphen_values = true)]
    pub(crate) speed: Option<Speed>,
    /// Shift all times so that the last event happens as it is sent
    ///
    /// Events far in the past are too late for the service. With --speed the last event is sent when the recording's
    /// length has passed, so at speed 1 every event happens as it is sent.
    #[arg(long)]
    pub(crate) now: bool,
    /// Leave out what happened after this moment of the recording (RFC 3339): with --now, it is the one that is now
    ///
    /// Of a recording that is longer than the service's lateness only the end counts: let it end where the attack does,
    /// as at the `opened_at` of an alert in `replay run`.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) until: Option<Timestamp>,
    /// Shift all times by so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_hyphen_values = true,
        conflicts_with = "now"
    )]
    pub(crate) shift: Option<i64>,
    /// Draw partition keys from this seed, for the same ones again
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Speak to this address instead of AWS
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Files, folders, or `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// No progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Say nothing on standard error but errors and by how much times were shifted
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    /// The log group's name
    #[arg(
        long,
        value_name = "NAME",
        value_parser = NonEmptyStringValueParser::new(),
        required_unless_present_any = ["from", "check"]
    )]
    pub(crate) log_group: Option<String>,
    /// From when on: so long before now (`30m`, `2h`, `7d`), or a moment in RFC 3339
    #[arg(long, value_name = "WHEN", value_parser = when, required_unless_present_any = ["from", "check"])]
    pub(crate) since: Option<String>,
    /// Until when; until now where it is not given
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(crate) until: Option<String>,
    /// Only events that match this filter pattern of CloudWatch Logs
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Option<String>,
    /// Put stand-ins in place of people, addresses and identifiers, and remove secrets; --help says which
    #[arg(long)]
    pub(crate) pseudonymise: bool,
    /// Make the stand-ins with this key (at least 16 random bytes), for the same ones again
    ///
    /// Keep it as safe as the logs: with it, guesses can be tried. Without this option a random key is made and kept
    /// nowhere.
    #[arg(long, value_name = "FILE", requires = "pseudonymise")]
    pub(crate) key: Option<PathBuf>,
    /// Pseudonymise this file, or `-` for standard input, instead of capturing; nothing goes to AWS
    ///
    /// Any form that `replay run` reads. The file to be has a record a line, not packed.
    #[arg(
        long,
        value_name = "FILE",
        requires = "pseudonymise",
        conflicts_with_all = ["log_group", "since", "until", "filter", "endpoint_url"]
    )]
    pub(crate) from: Option<PathBuf>,
    /// List what of this file, or of `-`, still looks like a person or a secret; may be given several times
    ///
    /// Stand-ins are known as such without the key. Exit status 1 if anything is left, 0 if not. Nothing goes to AWS.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["log_group", "since", "until", "filter", "endpoint_url", "from", "pseudonymise", "output"]
    )]
    pub(crate) check: Vec<PathBuf>,
    /// Speak to this address instead of AWS
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// The file, which appears whole at the end
    #[arg(long, short, value_name = "FILE", required_unless_present = "check")]
    pub(crate) output: Option<PathBuf>,
    /// No progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Say nothing on standard error but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let expected = "expected a moment of the recording such as `2026-05-21T10:00:00Z`";
    Timestamp::from_rfc3339(text).ok_or_else(|| expected.into())
}

/// Checks it and keeps it as it is: by its text an interrupted capture is known.
fn when(text: &str) -> Result<String, String> {
    When::parse(text).map(|_| text.to_owned())
}
