//! What a hit is counted by: its value, or nothing but that it came.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state::key::{Key, OldKey};

/// The value of a hit, where the rule counts distinct ones: [`Key`], or else nothing.
pub trait Counted:
    Copy + Ord + std::fmt::Debug + Serialize + for<'d> Deserialize<'d> + Send + Sync + 'static
{
    /// As version 1 encoded it.
    type Old: DeserializeOwned + Into<Self>;
    const COUNTED: bool;
    fn key(self) -> Option<Key>;
}

impl Counted for () {
    type Old = ();
    const COUNTED: bool = false;

    fn key(self) -> Option<Key> {
        None
    }
}

/// Which part the hit has in what the rule asks.
impl Counted for u8 {
    type Old = u8;
    const COUNTED: bool = false;

    fn key(self) -> Option<Key> {
        None
    }
}

impl Counted for Key {
    type Old = OldKey;
    const COUNTED: bool = true;

    fn key(self) -> Option<Key> {
        Some(self)
    }
}
