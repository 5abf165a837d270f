//! A name in a rule file, and where it stands.

/// A rule named by id or name, and the line where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub text: String,
    pub line: u32,
}
