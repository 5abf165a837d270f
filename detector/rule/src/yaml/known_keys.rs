//! Keys of a mapping that mean something.

use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Node, shortened};

/// Reports each key of `node` that is none of `known`; `told` says which there are.
pub(crate) fn check_keys(node: &Node, known: &[&'static str], told: &str, out: &mut Reporter<'_>) {
    for (at, _) in node.map().unwrap_or_default() {
        let key = at.text().unwrap_or_default();
        if !known.contains(&key) {
            let hint = suggestion(key, known.iter().copied());
            let message = format!("unknown key {}{hint}; {told}", shortened(key));
            out.error(at.line, message);
        }
    }
}
