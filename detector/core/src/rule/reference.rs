//! A name in a rule file, and where it stands.

/// A rule named by id or name, and the line where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) text: String,
    pub(super) line: u32,
}
