//! Durable group state that many workers share: deltas go in, united state and announcements come out.
//!
//! No worker owns a group: one attacker's events lie on all shards. So what a batch found is a *delta* per group, an
//! element of a semilattice, and a [`Batch`] brings it into the store: read, unite, write under a version condition,
//! announce what opened, mark it announced. Any step may be repeated, by anyone, without harm. The batch performs
//! nothing itself: it asks for one [`Effect`] at a time and is given its result, so that the same steps run over memory
//! here, over DynamoDB in production and over a simulated, failing world in tests.

pub mod item; // what is stored of a group
pub mod identity; // which recorded episode a current one is
pub mod effect; // what a batch asks of the world
pub mod plan; // what the protocol needs to know of each rule
pub mod children; // what a parent tells of its children's episodes
mod schedule; // when a sweep looks at an item
mod work; // what waits to be done, by depth of the rule
mod evaluate; // stored state + deltas -> new item
pub mod batch; // the steps, one effect at a time
pub mod memory; // a store in memory
pub mod drive; // a batch over a store that answers at once

pub use batch::{Batch, Report, Step};
pub use children::ChildEpisode;
pub use effect::{Announcement, ConditionalWrite, Effect, EffectResult, Notice, WriteOutcome};
pub use identity::EpisodeId;
pub use item::{Item, ItemKey, Mark, RecordedEpisode};
pub use memory::MemoryStore;
pub use plan::{Plan, StoreTimes};
pub use work::Deltas;

/// Why the store did not answer: it is throttled, unreachable or slow. A write may have taken effect all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store did not answer: {0}")]
pub struct StoreError(pub String);

/// One item per rule and group, replaced whole under a condition on its version.
///
/// This is the interface for stores that answer at once. A store behind a network performs the same three requests as
/// the [`Effect`]s of the same names.
pub trait StateStore {
    /// The items at `keys`, in their order. What was written before is seen.
    ///
    /// # Errors
    /// The store did not answer.
    fn read(&self, keys: &[ItemKey]) -> Result<Vec<Option<Item>>, StoreError>;

    /// Writes each item whose condition is true, each for itself; outcomes come in the order of `writes`.
    ///
    /// # Errors
    /// The store did not answer; any of the writes may have taken effect.
    fn write(&self, writes: &[ConditionalWrite]) -> Result<Vec<WriteOutcome>, StoreError>;

    /// The keys of all items of `rules` that are due before `watermark`.
    ///
    /// # Errors
    /// The store did not answer.
    fn due(&self, rules: &[item::RuleKey], watermark: i64) -> Result<Vec<ItemKey>, StoreError>;
}
