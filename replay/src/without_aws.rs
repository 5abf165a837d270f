//! What takes the place of the commands that speak to AWS in a program that was built without: how to get them.

use anyhow::bail;

use crate::outcome::Outcome;

pub(crate) fn refused(command: &str) -> anyhow::Result<Outcome> {
    bail!(
        "this program was built without AWS, which `{command}` speaks to; in a checkout of Vedette, this installs one \
         that has it: cargo install --path replay --features aws"
    )
}
