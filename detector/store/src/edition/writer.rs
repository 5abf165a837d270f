//! Who wrote an item last: rules are edited while workers run that have not heard of it.

use detector_window::key::Key;
use serde::{Deserialize, Serialize};

/// By what an item was written.
///
/// Workers with the same rules write the same. Where rules differ, those that came into force later are right: who has
/// older ones leaves the item to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// All that the rule and the program have to say of it.
    pub edition: Key,
    /// When they came into force with the worker that wrote, by its wall clock, in milliseconds.
    pub since: i64,
    /// The count from which on the state keeps no more; of types that forget nothing of that kind 0.
    pub absorbed_at: u64,
}

impl Writer {
    /// Of whom nothing is known.
    pub const NOBODY: Writer = Writer {
        edition: Key::from_u128(0),
        since: i64::MIN,
        absorbed_at: 0,
    };

    /// Whether it wrote by rules that came into force after those of `reader`.
    pub(crate) fn is_newer_than(&self, reader: &Writer) -> bool {
        self.edition != reader.edition && self.since > reader.since
    }

    /// Whether its state lacks what `reader` has to count.
    pub(crate) fn absorbed_too_early_for(&self, reader: &Writer) -> bool {
        (1..reader.absorbed_at).contains(&self.absorbed_at)
    }

    /// This one, which goes on where `before` left off.
    pub(crate) fn after(self, before: Option<&Writer>) -> Self {
        let same = before.filter(|before| before.edition == self.edition);
        let since = same.map_or(self.since, |same| same.since.max(self.since));
        Self { since, ..self }
    }
}
