//! The documents of rule files go in, drafts come out: all that can be said of a rule without looking at others.

pub(crate) mod detection; // detection: … -> Condition
pub(crate) mod top_level_keys; // and what a misspelt one was meant to be
pub(crate) mod condition_text; // of detections and correlations
pub(crate) mod section_check; // before the parser sees it
pub(crate) mod metadata; // title, id, level …
pub(crate) mod prefixes; // how many bits of an address count
pub(crate) mod allowlist_reader; // allowlist: … -> lists
pub(crate) mod shared; // what is for all rules: lists, spelling
pub(crate) mod told; // what its alerts show
pub(crate) mod alert_wish; // whether it alerts by itself
pub(crate) mod attribute; // vedette: …
pub(crate) mod threshold_draft; // gte: 10
pub(crate) mod window_condition; // its type and condition
pub(crate) mod correlation; // correlation: … -> draft
pub(crate) mod threats; // threats: … -> what can go wrong
pub(crate) mod document; // one YAML document -> one draft
