//! The names of rules and items in the store.

use serde::{Deserialize, Serialize};

use detector_window::key::Key;

/// A correlation rule as far as its state depends on it: a rule whose window, grouping or inputs are edited is
/// another, and starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleKey(pub Key);

/// The name of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemKey {
    pub rule: RuleKey,
    pub group: Key,
}
