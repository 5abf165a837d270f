//! Alerts and counters go in, what a person or a program reads comes out.

pub(crate) mod json; // JSON Lines, for programs
pub(crate) mod table; // alerts -> a table
pub(crate) mod summary; // counters -> the closing summary
