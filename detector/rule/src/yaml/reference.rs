//! A name in a rule file, and where it stands.

/// A rule named by id or name, and the line where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) text: String,
    pub(crate) line: u32,
}
