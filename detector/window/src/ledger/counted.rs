//! What a hit is counted by: its value, or nothing but that it came.

use serde::{Deserialize, Serialize};

use crate::state::key::Key;

/// The value of a hit, where the rule counts distinct ones: [`Key`], or else nothing.
pub trait Counted:
    Copy + Ord + std::fmt::Debug + Serialize + for<'d> Deserialize<'d> + Send + Sync + 'static
{
    const COUNTED: bool;
    fn key(self) -> Option<Key>;
}

impl Counted for () {
    const COUNTED: bool = false;

    fn key(self) -> Option<Key> {
        None
    }
}

impl Counted for Key {
    const COUNTED: bool = true;

    fn key(self) -> Option<Key> {
        Some(self)
    }
}
