//! What was replaced, what was left as it was and why: counted while it is done, told at the end.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::found::What;
use crate::output::quantity::{count, counted};

/// Different values of a kind that are told apart.
const DISTINCT_MAX: usize = 1 << 20;

/// Why something stayed that has a form or a key of what is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    Version,
    Placeholder,
}

/// A value that was replaced.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) what: What,
    pub(super) hash: u64,
    /// Where it stood and what it was, for lists.
    pub(super) told: Option<(String, String)>,
}

#[derive(Debug, Default)]
struct Count {
    occurrences: u64,
    distinct: HashSet<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    hasher: RandomState,
    counts: BTreeMap<What, Count>,
    left: BTreeMap<Left, u64>,
}

impl Tally {
    pub(super) fn hash(&self, value: &str) -> u64 {
        self.hasher.hash_one(value)
    }

    pub(super) fn add(&mut self, what: What, hash: u64) {
        let count = self.counts.entry(what).or_default();
        count.occurrences += 1;
        if count.distinct.len() < DISTINCT_MAX {
            count.distinct.insert(hash);
        }
    }

    pub(super) fn leave(&mut self, why: Left, number: u64) {
        *self.left.entry(why).or_default() += number;
    }

    /// The report, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let counts = What::ALL
            .into_iter()
            .filter_map(|what| Some((what, self.counts.get(&what)?)));
        for (what, of) in counts {
            let (occurrences, distinct) = (of.occurrences, of.distinct.len());
            let more = if distinct == DISTINCT_MAX {
                "more than "
            } else {
                ""
            };
            let verb = match what {
                What::Secret | What::Unreadable => "removed",
                _ => "replaced",
            };
            let [one, several] = what.names();
            let name = if occurrences == 1 { one } else { several };
            lines.push(format!(
                "{verb} {} {name} ({more}{} different)",
                count(occurrences),
                count(distinct as u64)
            ));
        }
        if lines.is_empty() {
            lines.push("found nothing to replace".to_owned());
        }
        for (why, number) in self.left.iter().filter(|(_, number)| **number > 0) {
            lines.push(match why {
                Left::Version => format!(
                    "left {} of programs that look like addresses, behind the names of known ones",
                    counted(*number, "version")
                ),
                Left::Placeholder => format!(
                    "left {} that name nobody and that rules look for (root, Anonymous, HIDDEN_DUE_TO_SECURITY_REASONS and the like)",
                    counted(*number, "value")
                ),
            });
        }
        lines.push(
            "left by design: names of hosts, roles, functions and tables; words of programs; loopback addresses; domains of mail addresses for minutes"
                .to_owned(),
        );
        lines.push(
            "running text may still name people: look at the file before you give it away, and see `replay capture --check`"
                .to_owned(),
        );
        lines
    }
}
