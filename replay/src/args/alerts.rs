//! The command line of `replay alerts`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use detector_core::alert::personal::Personal;

use super::source::SourceArgs;

#[derive(Debug, Args)]
pub(crate) struct AlertsArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Only the messages of this incident: its id, or how that begins
    #[arg(long, value_name = "ID")]
    pub(crate) incident: Option<String>,
    /// Which body of each message is printed
    #[arg(long = "as", value_enum, default_value_t = Body::Email, value_name = "BODY")]
    pub(crate) body: Body,
    /// How people are shown: `show`, `mask` or `hash`, or by field or kind, as `user=mask,source_ip=hash,*=show`
    #[arg(long, value_name = "HOW", default_value = "show", value_parser = personal)]
    pub(crate) personal: Personal,
    /// Feed the recording in its order, as production would see it
    ///
    /// See `replay run --help`.
    #[arg(long)]
    pub(crate) as_arrived: bool,
    /// Write to this file, which appears whole at the end, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Body {
    /// Subject and text of an e-mail
    Email,
    /// A text message, one a line
    Sms,
    /// Our own line, one object a line
    Json,
    /// A Detection Finding of OCSF, one object a line
    Ocsf,
    /// A custom notification of chat clients, one object a line
    Chat,
}

fn personal(text: &str) -> Result<Personal, String> {
    text.parse()
}
