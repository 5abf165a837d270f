//! The command line of `replay threats`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::color::ColorChoice;
use super::source::{cores, threads};

#[derive(Debug, Args)]
pub(crate) struct ThreatsArgs {
    /// A rule file, or a folder of .yml and .yaml files, one of which lists the threats; may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// A model of what is built, as OWASP Threat Dragon 2 writes it; may be given several times
    ///
    /// Without it, `threat_model.json` beside the list of threats, where there is one.
    #[arg(long = "model", value_name = "FILE")]
    pub(crate) models: Vec<PathBuf>,
    /// Logs in which mitigations must be seen at work: a file or a folder; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) logs: Vec<PathBuf>,
    /// Folders in which recordings with an expected.yaml lie, at any depth
    #[arg(value_name = "RECORDINGS", default_value = "fixtures/")]
    pub(crate) recordings: Vec<PathBuf>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ThreatsFormat::Text)]
    pub(crate) format: ThreatsFormat,
    /// Write to this file, which appears whole at the end, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Threads; as many as there are cores where not given
    ///
    /// The output is the same for any number.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Say nothing on standard error but errors and what could not be read
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Colours in text: a terminal's, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Judge acceptances and the review by this day, and not by today's
    #[arg(long, value_name = "DAY", hide = true)]
    pub(crate) today: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThreatsFormat {
    /// The four questions and those of the personas, for a person
    Text,
    /// One object, for a program
    Json,
    /// Tables, the scope of a penetration test, acceptance criteria and what is to do, for a document
    Markdown,
    /// The model with status and colour of each threat, for Threat Dragon
    ThreatDragon,
    /// A layer of techniques, coloured where a recording proves them, for the ATT&CK Navigator
    Navigator,
}

impl ThreatsArgs {
    /// As many as asked for, or as there are cores.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}
