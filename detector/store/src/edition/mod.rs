//! What a rule says at one time, and whose word an item goes by.

pub mod meaning; // what a rule's state means
mod writer; // who wrote an item

pub use writer::Writer;
