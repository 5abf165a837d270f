//! The arguments of the commands that make what a system keeps beside the program.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(super) const EXAMPLES: &str = "\
Examples:
  # bash, for this user
  mkdir -p ~/.local/share/bash-completion/completions
  replay completions bash > ~/.local/share/bash-completion/completions/replay

  # zsh, in a folder of $fpath
  replay completions zsh > ~/.zfunc/_replay

  # fish
  replay completions fish > ~/.config/fish/completions/replay.fish";

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder, which is made if it is not there
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}
