//! The keys of a document, and what a misspelt one was meant to be.
//!
//! Sigma lets a rule carry keys of its own, so that an unknown key is no mistake in itself; one that is nearly a known
//! key is, because what stands under it has no effect.

use crate::yaml::near_name::{EDITS_MAX, nearest};
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Node, shortened};

/// Every other key that Sigma or Vedette reads, of any kind of document.
const KEYS: [&str; 22] = [
    "action",
    "allowlist",
    "author",
    "calendars",
    "custom_attributes",
    "date",
    "description",
    "falsepositives",
    "fields",
    "id",
    "license",
    "lists",
    "modified",
    "references",
    "related",
    "scope",
    "settings",
    "shared_networks",
    "sigma-version",
    "spelling",
    "status",
    "taxonomy",
];
/// Keys without which a rule quietly means something else, or its alerts are sorted otherwise.
const KEYS_THAT_CHANGE_THE_RULE: [&str; 10] = [
    "correlation",
    "detection",
    "filter",
    "generate",
    "level",
    "logsource",
    "name",
    "tags",
    "title",
    "vedette",
];

pub(crate) fn check_keys(root: &Node, out: &mut Reporter<'_>) {
    for (key, _) in root.map().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        let Some(meant) = meant(name) else {
            continue;
        };
        let message = format!(
            "unknown key {}, did you mean `{meant}`? what stands under it has no effect",
            shortened(name)
        );
        if KEYS_THAT_CHANGE_THE_RULE.contains(&meant) {
            out.error(key.line, message);
        } else {
            out.warning(key.line, message);
        }
    }
}

/// The known key that was meant by an unknown one.
fn meant(name: &str) -> Option<&'static str> {
    let known = || KEYS.into_iter().chain(KEYS_THAT_CHANGE_THE_RULE);
    if known().any(|key| key == name) {
        return None;
    }
    // Generous: the words are few and unlike each other. Of two letters, two edits leave nothing.
    let edits_max = |key: &str| EDITS_MAX.min(key.len() - 1).min(name.len().div_ceil(2));
    nearest(name, known(), edits_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_in_any_key_is_seen() {
        for key in KEYS.into_iter().chain(KEYS_THAT_CHANGE_THE_RULE) {
            assert_eq!(meant(key), None);
            for at in 0..key.len() {
                let mut slip = key.to_owned();
                slip.remove(at);
                assert!(meant(&slip).is_some(), "{slip}");
                let mut slip = key.to_owned();
                slip.insert(at, 'q');
                assert_eq!(meant(&slip), Some(key), "{slip}");
            }
            assert_eq!(meant(&key.to_uppercase()), Some(key));
        }
        assert_eq!(meant("vedett"), Some("vedette"));
        assert_eq!(meant("lvl"), Some("level"));
        assert_eq!(meant("owner_team"), None);
        assert_eq!(meant("x"), None);
    }
}
