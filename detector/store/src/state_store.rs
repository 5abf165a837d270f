//! What a store has to do.

use crate::effect::{ConditionalWrite, WriteOutcome};
use crate::item::Item;
use crate::key::{ItemKey, RuleKey};
use crate::log::{LogName, LogPart};
use crate::parked::{Mark, ParkedPart};

/// Why the store did not answer: it is throttled, unreachable or slow. A write may have taken effect all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store did not answer: {0}")]
pub struct StoreError(pub String);

/// One item per rule and group, replaced whole under a condition on its version.
///
/// Beside the items it keeps a log. This is the interface for stores that answer at once; a store behind a network performs
/// the same requests as the [`Effect`](crate::effect::Effect)s of the same names.
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
    fn due(&self, rules: &[RuleKey], watermark: i64) -> Result<Vec<ItemKey>, StoreError>;

    /// Puts parts into the log, each under a name that no other has, and tells of each whether it is stored.
    ///
    /// # Errors
    /// The store did not answer; any of them may have been stored.
    fn append(&self, parts: &[Vec<u8>]) -> Result<Vec<bool>, StoreError>;

    /// The parts of the log that lie in a place, of [`LOG_PLACES`](crate::log::LOG_PLACES).
    ///
    /// # Errors
    /// The store did not answer.
    fn read_log(&self, place: u8) -> Result<Vec<LogPart>, StoreError>;

    /// Drops parts of the log; those that are gone already are no error.
    ///
    /// # Errors
    /// The store did not answer; any of them may be gone.
    fn drop_log(&self, names: &[LogName]) -> Result<(), StoreError>;

    /// Parks parts, each under a name that no other has, and tells of each whether it is stored.
    ///
    /// # Errors
    /// The store did not answer; any of them may have been stored.
    fn park(&self, parts: &[ParkedPart]) -> Result<Vec<bool>, StoreError>;

    /// The marks that end in slice `from` or later. What was set before is seen.
    ///
    /// # Errors
    /// The store did not answer.
    fn look(&self, from: i64) -> Result<Vec<Mark>, StoreError>;

    /// Sets marks unless they are there, and tells of each whether it is.
    ///
    /// # Errors
    /// The store did not answer; any of them may have been set.
    fn arm(&self, marks: &[Mark]) -> Result<Vec<bool>, StoreError>;

    /// The marks that nobody has served. What was set before is seen.
    ///
    /// # Errors
    /// The store did not answer.
    fn pending(&self) -> Result<Vec<Mark>, StoreError>;

    /// The parts of a slice that lie in a place, of [`PLACES`](crate::parked::PLACES), by their names, after `after`.
    /// What was parked before is seen.
    ///
    /// # Errors
    /// The store did not answer.
    fn read_parked(
        &self,
        slice: i64,
        place: u8,
        after: Option<LogName>,
    ) -> Result<Vec<LogPart>, StoreError>;

    /// Notes that marks are served.
    ///
    /// # Errors
    /// The store did not answer; any of them may be noted.
    fn serve(&self, marks: &[Mark]) -> Result<(), StoreError>;
}
