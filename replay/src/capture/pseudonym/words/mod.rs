//! Words of keys and values, and what they say.

pub(super) mod meaning; // what a key says of its value
pub(super) mod lists; // which words say it
