//! `replay capture`: log events of a log group, or a file that one has, into a file that `replay run` reads; and what of a
//! file still looks like a person or a secret.

mod pseudonym; // stand-ins for what identifies people
mod told; // what was replaced
mod key; // the key of the stand-ins
mod from; // a file instead of a log group
mod check; // what of a file still looks like a person
#[cfg(feature = "aws")]
mod payload; // log events -> lines
#[cfg(feature = "aws")]
mod part; // what is captured so far
#[cfg(feature = "aws")]
mod pages; // log events from the service
#[cfg(feature = "aws")]
mod log_group; // all of them, into a file

use std::path::Path;

use anyhow::{Context, anyhow};

use crate::args::CaptureArgs;
use crate::capture::pseudonym::{KEY_BYTES_MIN, Pseudonyms};
use crate::outcome::Outcome;
use crate::output::waiting::Notes;

pub(crate) fn run(args: &CaptureArgs) -> anyhow::Result<Outcome> {
    if !args.check.is_empty() {
        return check::run(&args.check, args.quiet);
    }
    let output = args.output.as_deref().context("--output is needed")?;
    let mut names = pseudonyms(args)?;
    if let (Some(from), Some(names)) = (&args.from, &mut names) {
        return from::run(from, output, names, args.quiet);
    }
    of_log_group(args, output, names)
}

#[cfg(feature = "aws")]
use log_group::run as of_log_group;

#[cfg(not(feature = "aws"))]
fn of_log_group(_: &CaptureArgs, _: &Path, _: Option<Pseudonyms>) -> anyhow::Result<Outcome> {
    crate::without_aws::refused("capture")
}

/// The keeper of stand-ins, if there are to be any.
fn pseudonyms(args: &CaptureArgs) -> anyhow::Result<Option<Pseudonyms>> {
    if !args.pseudonymise {
        return Ok(None);
    }
    let key = match &args.key {
        Some(path) => key::read(path, Notes::unless(args.quiet))
            .with_context(|| format!("cannot use the key `{}`", path.display()))?,
        None => {
            let mut key = [0; 32];
            getrandom::fill(&mut key)
                .map_err(|error| anyhow!("no random key to be had: {error}"))?;
            key.to_vec()
        }
    };
    let names = Pseudonyms::new(&key).with_context(|| {
        let path = args.key.as_deref().unwrap_or(Path::new("the key"));
        format!(
            "`{}` is no key: it has {} bytes, and at least {KEY_BYTES_MIN} are needed; `openssl rand -out {} 32` makes one",
            path.display(),
            key.len(),
            path.display()
        )
    })?;
    Ok(Some(names))
}
