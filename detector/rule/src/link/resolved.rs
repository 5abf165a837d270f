//! What the inputs of a correlation turned out to be.

use crate::draft::Target;
use crate::model::CorrelationRule;
use crate::yaml::reference::Reference;

/// An input that has been found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resolved<'r> {
    Detection(usize),
    Correlation(usize, &'r CorrelationRule),
    /// It is missing, broken or goes in a circle, which has been reported; of its fields nothing can be said.
    Unknown,
}

/// As the file names it, where that leads, and what is there.
pub(crate) type FoundInput<'r> = (&'r Reference, Target, Resolved<'r>);
