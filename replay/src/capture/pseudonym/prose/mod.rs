//! Text that is no JSON: as its readers see it, and what stands in it under which key.

pub(super) mod view; // what escapes stand for
mod values; // how far a value goes
mod attributes; // those of elements
pub(super) mod pair; // a key and its value
pub(super) mod pairs; // keys and values
