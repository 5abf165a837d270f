//! The versions of encoded state.

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    #[error("state is empty: restore or delete its item")]
    Empty,
    #[error("state has version {0}, this program reads 1 to {STATE_VERSION}: {advice}", advice = advice(*.0))]
    Version(u8),
    #[error("state is damaged: {0}")]
    Damaged(#[from] postcard::Error),
}

/// The first byte of every encoded state. A change of layout takes the next number and goes on reading those before.
/// Version 2 ends before what hits show.
pub const STATE_VERSION: u8 = 3;

fn advice(version: u8) -> &'static str {
    match version {
        0 => "it is damaged, restore or delete its item",
        _ => "run the newer program that wrote it",
    }
}
