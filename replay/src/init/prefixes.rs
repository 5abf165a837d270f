//! Names of resources go in, how they begin comes out.

use std::collections::BTreeMap;

use crate::init::values::{Seen, Values};

/// Names that have a beginning in common before it is more than chance.
pub(super) const NAMES_MIN: usize = 2;

/// A beginning of two parts, as `fleet-prod-`, with the names that have it and how often these were seen.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    pub(super) names: usize,
    pub(super) seen: Seen,
}

/// The first two parts of every name that has more, together with the separator after them.
pub(super) fn prefixes(kinds: &[&Values]) -> BTreeMap<String, Prefix> {
    let mut names: BTreeMap<&str, Seen> = BTreeMap::new();
    for (name, seen) in kinds.iter().flat_map(|values| values.iter()) {
        names.entry(name).or_default().add(seen);
    }
    let mut prefixes: BTreeMap<String, Prefix> = BTreeMap::new();
    for (name, seen) in names {
        let Some(prefix) = two_parts(name) else {
            continue;
        };
        let known = prefixes.entry(prefix.to_owned()).or_default();
        known.names += 1;
        known.seen.add(&seen);
    }
    prefixes
}

fn two_parts(name: &str) -> Option<&str> {
    let mut ends = name.match_indices(['-', '_', '.']).map(|(at, _)| at);
    let (first, second) = (ends.next()?, ends.next()?);
    let is_whole = first > 0 && second > first + 1 && second + 1 < name.len();
    is_whole.then(|| &name[..=second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_two_parts_and_a_separator() {
        assert_eq!(two_parts("fleet-prod-vehicles"), Some("fleet-prod-"));
        assert_eq!(two_parts("fleet_prod.vehicles-1"), Some("fleet_prod."));
        for name in [
            "fleet-reports",
            "fleet",
            "-a-b",
            "fleet--prod",
            "fleet-prod-",
        ] {
            assert_eq!(two_parts(name), None, "{name}");
        }
    }
}
