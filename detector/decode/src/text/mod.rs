//! What text tells by itself: its JSON, its times, what stands before an application's words.

pub(crate) mod raw; // JSON text taken apart without a tree
pub(crate) mod mend; // what is nearly JSON
pub(crate) mod moment; // times as logs write them
pub(crate) mod identity; // ids for events that have none
pub(crate) mod runtime_line; // what runtimes and loggers write before an application's words
pub(crate) mod logfmt; // the same as pairs of names and values
pub(crate) mod tool_line; // lines that tools print for a log event
