//! Tests that must all hold in one and the same object (`vedette.same_element`).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use detector_event::field::FieldTable;

use crate::model::condition::Expr;

/// What an object at a field, one of an array or a single one, must be like. Equal where the tests are.
#[derive(Debug, Clone)]
pub struct Element(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Within the object.
    fields: FieldTable,
    root: Expr,
    /// The tests in words, to be compared by.
    written: String,
}

impl Element {
    pub(crate) fn new(fields: FieldTable, root: Expr) -> Self {
        let paths: Vec<&str> = fields.slots().map(|slot| fields.path(slot)).collect();
        let written = format!("{paths:?} {root:?}");
        Self(Arc::new(Inner {
            fields,
            root,
            written,
        }))
    }

    /// The fields of the tests, within the object.
    pub fn fields(&self) -> &FieldTable {
        &self.0.fields
    }

    pub fn root(&self) -> &Expr {
        &self.0.root
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.0.written == other.0.written
    }
}

impl Eq for Element {}

impl Hash for Element {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.written.hash(state);
    }
}
