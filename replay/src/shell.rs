//! What a system keeps about a program beside it: completions of its command line for a shell, and manual pages.

use std::fs;
use std::io::{self, Write};

use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::outcome::Outcome;

/// Writes the completions to standard output.
pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    // Into memory first: the library takes a writer that fails for a bug.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "replay", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Outcome::Done)
}

/// Writes `replay.1`, and a page for each command that is not hidden, into the folder.
pub(crate) fn man(args: &ManArgs) -> anyhow::Result<Outcome> {
    let folder = &args.folder;
    let failed = || format!("cannot write manual pages to `{}`", folder.display());
    fs::create_dir_all(folder).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
    Ok(Outcome::Done)
}
