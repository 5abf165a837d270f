//! The command line of `replay init`.

use std::path::PathBuf;

use clap::Args;

use super::source::SourceArgs;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Write to this file, which must not be there, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
