//! `replay capture --check`: what of a file still looks like a person or a secret, a line each. Stand-ins are known as
//! such without the key; what is listed is what `--pseudonymise` would replace. Nothing goes to AWS.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use detector_core::decode::split::Piece;

use crate::capture::from::records;
use crate::capture::pseudonym::{KEY_BYTES_MIN, Pseudonyms, Suspect};
use crate::capture::told::tell_failures;
use crate::input;
use crate::outcome::{Outcome, say};
use crate::output::Output;
use crate::output::printable::{clipped, printable};
use crate::output::quantity::counted;
use crate::output::waiting::Notes;

const VALUE_CHARS_MAX: usize = 60;
/// Of a secret, so much is shown that one finds it.
const SECRET_CHARS_MAX: usize = 4;

pub(super) fn run(paths: &[PathBuf], quiet: bool) -> anyhow::Result<Outcome> {
    let plan = input::plan(paths)?;
    plan.tell_skipped();
    // No stand-in is written, so any key will do.
    let mut names = Pseudonyms::new(&[0; KEY_BYTES_MIN]).context("the key is long enough")?;
    let mut out = Output::open(None)?;
    let (mut found, mut lines) = (0_u64, 0_u64);
    let mut failures = plan.failures;
    for input in &plan.inputs {
        let name = input.name();
        names.forget_names();
        let mut check = |piece: Piece<'_>| {
            let (line, bytes) = match piece {
                Piece::Record { line, bytes, .. } => (line, bytes),
                Piece::TooLarge {
                    line, bytes_max, ..
                } => {
                    failures.push(format!(
                        "{name}:{line}: not looked at: a record of more than {bytes_max} bytes"
                    ));
                    return Ok(());
                }
            };
            let suspects = names.suspects(bytes);
            found += suspects.len() as u64;
            lines += u64::from(!suspects.is_empty());
            suspects
                .iter()
                .try_for_each(|it| writeln!(out, "{}:{line}: {}", printable(&name), told(it)))?;
            Ok(())
        };
        let ended = records(input, Notes::unless(quiet), &mut check)?;
        failures.extend(ended);
    }
    out.finish()?;
    tell_failures(&failures);
    if !quiet {
        say(&match found {
            0 => "nothing looks like a person or a secret; running text may still name people"
                .to_owned(),
            _ => format!(
                "{} in {}",
                counted(found, "suspect"),
                counted(lines, "record")
            ),
        });
    }
    Ok(match (found, failures.is_empty()) {
        (0, true) => Outcome::Done,
        (0, false) => Outcome::InputUnread,
        _ => Outcome::PeopleLeft,
    })
}

/// `e-mail address in message.userName: ada@firm.example`
fn told(suspect: &Suspect) -> String {
    let place = match &*suspect.path {
        "" => "in text".to_owned(),
        path => format!("in {}", clipped(path, VALUE_CHARS_MAX)),
    };
    let value = match suspect.is_secret {
        true => {
            let chars = suspect.value.chars().count();
            let shown: String = suspect
                .value
                .chars()
                .take(SECRET_CHARS_MAX.min(chars / 4))
                .collect();
            format!(
                "{}… ({})",
                printable(&shown),
                counted(chars as u64, "character")
            )
        }
        false => clipped(&suspect.value, VALUE_CHARS_MAX),
    };
    format!("{} {place}: {value}", suspect.what)
}
