//! Whether a command says what it waits for and does.

/// Whether notes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notes {
    Said,
    /// `--quiet`.
    Hushed,
}

impl Notes {
    pub(crate) fn unless(quiet: bool) -> Self {
        match quiet {
            true => Self::Hushed,
            false => Self::Said,
        }
    }
}
