//! The columns of a table in text.

use crate::capture::pseudonym::words::meaning::Meaning;

/// What is in the columns, and what separates them.
#[derive(Debug)]
pub(in crate::capture::pseudonym) struct Columns {
    pub(in crate::capture::pseudonym) separator: char,
    pub(in crate::capture::pseudonym) meanings: Vec<Meaning>,
}
