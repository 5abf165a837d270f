//! Durable group state that many workers share: deltas go in, united state and announcements come out.
//!
//! No worker owns a group: one attacker's events lie on all shards. So what a batch found is a *delta* per group, an
//! element of a semilattice, and a [`Batch`] brings it into the store: read, unite, write under a version condition,
//! announce what opened, mark it announced. Any step may be repeated, by anyone, without harm. The batch performs
//! nothing itself: it asks for one [`Effect`] at a time and is given its result, so that the same steps run over memory
//! here, over DynamoDB in production and over a simulated, failing world in tests.
#![warn(clippy::disallowed_methods)]

mod key; // names
mod recorded; // an episode in the store
pub mod edition; // what a rule says, and whose word an item goes by
pub mod item; // what is stored of a group
pub mod pack; // what several rules have of one user or address
pub mod identity; // which recorded episode a current one is
pub mod effect; // what a batch asks of the world
mod state_store; // what a store does
pub mod plan; // what the protocol needs to know of each rule
pub mod children; // what a parent tells of its children's episodes
mod schedule; // when a sweep looks at an item
mod work; // what waits to be done, by depth of the rule
mod waiting; // what is not united at once
mod evaluate; // stored state + deltas -> new item
pub mod batch; // the steps, one effect at a time
pub mod memory; // a store in memory
pub mod drive; // a batch over a store that answers at once

pub use batch::{Batch, Report, Step};
pub use children::ChildEpisode;
pub use edition::Writer;
pub use effect::{Announcement, ConditionalWrite, Effect, EffectResult, WriteOutcome};
pub use item::Item;
pub use key::{ItemKey, RuleKey};
pub use log::{LogName, LogPart};
pub use memory::MemoryStore;
pub use parked::{Mark as ParkedMark, ParkedPart};
pub use plan::{Plan, Portions, StoreTimes};
pub use recorded::{EpisodeId, Mark, Notice, RecordedEpisode};
pub use state_store::{StateStore, StoreError};
pub use waiting::{log, parked};
pub use work::Deltas;
