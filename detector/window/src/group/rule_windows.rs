//! The groups of one correlation rule, whatever its window type.

use std::any::Any;

use crate::group::episode::{Episode, ToldChild};
use crate::group::group_values::GroupValues;
use crate::group::version::StateError;
use crate::group::{Doubts, United};
use crate::kind::{ChildView, Occurrence};
use crate::ledger::shown::EventTexts;
use crate::state::key::Key;

/// The groups of a rule, with its window type out of sight.
pub trait RuleWindows: std::fmt::Debug + Send {
    /// Where the group is, if it is known. It stays there while hits and episodes of children are taken.
    fn find(&self, group: Key) -> Option<u32>;

    /// Takes one hit of the group at `place`, if it was found there.
    fn observe(
        &mut self,
        place: Option<u32>,
        group: &GroupValues<'_>,
        hit: &Occurrence,
        texts: EventTexts<'_>,
    );

    /// Whether further hits can only make the condition hold at more moments, so that it is judged at once.
    fn is_monotone(&self) -> bool;

    /// How this rule wants to see its child correlations.
    fn child_view(&self) -> ChildView;

    /// Takes an episode of a child correlation: `occurrences` are what the window type sees of it.
    fn observe_child(
        &mut self,
        group: &GroupValues<'_>,
        occurrences: &[Occurrence],
        child: ToldChild,
    );

    /// Unites the groups of the same rule from elsewhere.
    fn merge(&mut self, other: Box<dyn RuleWindows>);

    /// Takes the state of every group away, encoded, in the order of keys.
    fn drain_encoded(&mut self, sink: &mut dyn FnMut(Key, &[u8]));

    /// Unites a group's encoded state into that of the group.
    ///
    /// # Errors
    /// The bytes are not a state of this rule's window type.
    fn merge_encoded(&mut self, group: Key, state: &[u8]) -> Result<(), StateError>;

    /// Unites encoded states of one group, apart from those held here. The outcome depends on what they hold alone,
    /// not on their order, number or repetition. With a `watermark`, what no event from it on can change is forgotten.
    /// Episodes are told with those of `children`.
    ///
    /// # Errors
    /// One of them is not a state of this rule's window type.
    fn unite(
        &self,
        group: Key,
        states: &[&[u8]],
        watermark: Option<i64>,
        children: Vec<ToldChild>,
    ) -> Result<United, StateError>;

    /// The times of the first and the last hit that an encoded state keeps; `None` where it keeps none.
    ///
    /// # Errors
    /// It is not a state of this rule's window type.
    fn times(&self, state: &[u8]) -> Result<Option<(i64, i64)>, StateError>;

    /// A state without what it absorbed; see [`WindowType::give_up_absorbed`].
    ///
    /// # Errors
    /// It is not a state of this rule's window type.
    fn without_absorbed(&self, state: &[u8]) -> Result<Vec<u8>, StateError>;

    /// Evaluates one group and forgets it.
    fn drain_group(&mut self, group: Key, sink: &mut dyn FnMut(Episode)) -> Doubts;

    /// Evaluates every group and forgets it; episodes come in the order of group keys.
    fn drain_episodes(&mut self, sink: &mut dyn FnMut(Episode)) -> Doubts;

    /// Forgets groups until the others take no more than `bytes_max`: those farthest from firing first. How many.
    fn evict(&mut self, bytes_max: usize) -> u64;

    /// Bytes of all groups, as of their last change.
    fn bytes(&self) -> usize;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}
