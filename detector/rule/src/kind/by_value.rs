//! Thresholds that a list has for values of a group.

use std::sync::Arc;

use crate::model::Comparison;
use crate::model::shared::numbers::Numbers;
use crate::yaml::reference::Reference;

/// `thresholds: {client: '%client_limits%'}`
#[derive(Debug, Clone)]
pub(crate) struct ThresholdsDraft {
    /// A group-by name.
    pub(crate) field: Reference,
    /// Whether its values are looked up in networks.
    pub(crate) of_networks: bool,
    pub(crate) list: Reference,
    /// What the list says; nothing before it was asked.
    pub(crate) numbers: Arc<Numbers>,
}

/// Thresholds of a count that a list has for values of a group-by field.
#[derive(Debug, Clone)]
pub struct ByValue {
    /// The field, and its place among those that are grouped by.
    pub field: Arc<str>,
    pub place: usize,
    /// The name of the list.
    pub list: Arc<str>,
    /// What takes the place of the condition's number.
    pub numbers: Arc<Numbers>,
    /// How a count is compared, with that number or the condition's own.
    pub comparison: Comparison,
}
