//! `replay capture --from`: a recording that one has already, without people and secrets in it. Nothing goes to AWS.
//!
//! Records come out in their order and in their form, a line each; what packed the file is gone. A file is read twice,
//! so that names are known before the line that tells them; standard input once.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use anyhow::{Context as _, bail};
use detector_core::decode::split::Piece;

use crate::capture::pseudonym::Pseudonyms;
use crate::capture::told::{tell, tell_failures};
use crate::input::block::Block;
use crate::input::stream::{End, Stream, Taken};
use crate::input::{self, Input};
use crate::outcome::{Outcome, say};
use crate::output::Output;
use crate::output::quantity::counted;
use crate::output::waiting::Notes;

pub(super) fn run(
    from: &Path,
    output: &Path,
    names: &mut Pseudonyms,
    quiet: bool,
) -> anyhow::Result<Outcome> {
    let input = &input(from, output)?;
    let notes = Notes::unless(quiet);
    if !input.may_wait() {
        let mut learn = |piece: Piece<'_>| {
            if let Piece::Record { bytes, .. } = piece {
                names.learn(bytes);
            }
            Ok(())
        };
        records(input, notes, &mut learn)?;
    }
    let mut out = Output::open(Some(output))?;
    let (mut written, mut failures) = (0_u64, Vec::new());
    let context = || format!("cannot write `{}`", output.display());
    let mut write = |piece: Piece<'_>| {
        match piece {
            Piece::Record { bytes, .. } => {
                let changed = names.record(bytes);
                out.write_all(changed.as_deref().unwrap_or(bytes))
                    .with_context(context)?;
                out.write_all(b"\n").with_context(context)?;
                written += 1;
            }
            Piece::TooLarge {
                line, bytes_max, ..
            } => failures.push(format!(
                "{}:{line}: left out: a record of more than {bytes_max} bytes",
                input.name()
            )),
        }
        Ok(())
    };
    let ended = records(input, notes, &mut write)?;
    failures.extend(ended);
    out.finish()?;
    tell_failures(&failures);
    if !quiet {
        say(&format!(
            "wrote {} into `{}`",
            counted(written, "record"),
            output.display()
        ));
        tell(Some(names));
    }
    Ok(if failures.is_empty() {
        Outcome::Done
    } else {
        Outcome::InputUnread
    })
}

/// The one input that is to be read.
fn input(from: &Path, output: &Path) -> anyhow::Result<Input> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    if real(from).is_some() && real(from) == real(output) {
        bail!(
            "`{}` would be replaced by what has no people in it: choose another --output",
            from.display()
        );
    }
    if from.is_dir() {
        bail!("`{}` is a folder: --from takes one file", from.display());
    }
    let plan = input::plan(&[from.to_owned()])?;
    if let Some(failure) = plan.failures.first() {
        bail!("{failure}");
    }
    let input = plan.inputs.into_iter().next();
    input.with_context(|| format!("`{}` cannot be read", from.display()))
}

/// Calls `each` with what is in `input`; and tells why it could not be read to its end, if so.
pub(super) fn records(
    input: &Input,
    notes: Notes,
    each: &mut dyn FnMut(Piece<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Option<String>> {
    let read_bytes = AtomicU64::new(0);
    let mut stream = Stream::new(input, &read_bytes, notes);
    let mut block = Block::new();
    loop {
        match stream.take(&mut block) {
            Taken::Block { .. } => block.pieces().try_for_each(&mut *each)?,
            Taken::End {
                end: End::Failed(why) | End::NotOpened(why),
                ..
            } => return Ok(Some(why)),
            Taken::End {
                end: End::Whole, ..
            }
            | Taken::Nothing => return Ok(None),
        }
    }
}
