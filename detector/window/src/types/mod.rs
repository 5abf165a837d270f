//! The window types: what each keeps of its hits, and when it holds.

pub mod kind; // what a window type is
pub mod count;
pub mod temporal;
pub mod ordered;
pub mod aggregate;
pub mod ratio; // which part of them
pub mod first_seen; // values that are new
pub mod baseline; // what is usual
pub mod owner; // whose it was
