//! What evaluating tests needs room for.

use super::predicate::PredicateId;

/// Room for the text of a number, for folded text and for the tests that a value passes.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) text: String,
    pub(super) folded: String,
    pub(super) passed: Vec<PredicateId>,
}
