//! What is exchanged, and who decides on it.

/// A scalar that JSON text holds, without what packs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar<'v> {
    /// Unescaped.
    Text(&'v str),
    /// The token as written.
    Number(&'v str),
}

/// Decides which values are exchanged.
pub(crate) trait Rewrite {
    /// What to write instead, if anything: text that is escaped where needed, or the token of a number.
    ///
    /// `key` is that of the nearest object around it, empty where there is none.
    fn scalar(&mut self, key: &str, value: Scalar<'_>) -> Option<String>;
}
