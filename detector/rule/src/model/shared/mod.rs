//! What is said once for all rules: lists, spelling, calendars, and the fields that come of them.

pub(crate) mod calendar; // working hours in a zone
pub(crate) mod derived; // fields that no log has
pub(crate) mod spelling; // what of a value makes no difference
pub(crate) mod list; // values that are looked up
pub(crate) mod numbers; // that stand beside them
