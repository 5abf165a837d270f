//! YAML text goes in, values with their lines come out, and words for what is wrong with them. Knows no rule.

pub(crate) mod problem; // what is wrong, and where
pub(crate) mod near_name; // what was meant instead
pub(crate) mod known_keys; // keys of a mapping that mean something
pub(crate) mod yaml_fault; // what is wrong where YAML breaks off
pub(crate) mod yaml_tree; // YAML with lines
pub(crate) mod reference; // a name and its line
pub(crate) mod documents; // a file -> its documents
pub(crate) mod letter_case; // folding, alike for rules and events
pub(crate) mod duration; // 5m
pub(crate) mod values; // what stands under a key
pub(crate) mod section; // a mapping under one
pub(crate) mod identity; // by what names others refer to it
