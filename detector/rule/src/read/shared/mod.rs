//! The documents that are for all rules of a set. They are read before any rule, which may stand before them.

pub(crate) mod values; // a list's file, line by line
pub(crate) mod lists; // lists: … -> lists of values, by name
mod spelling; // spelling: … -> what of a field makes no difference

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::allowlist::Allowlist;
use crate::model::spelling::Spelling;
use crate::read::allowlist_reader::named_under;
use crate::yaml::documents::documents_with;
use crate::yaml::problem::{Reporter, RuleFile, RuleProblem};

use lists::Lists;
use spelling::read_spelling;

/// The keys of such documents.
pub(crate) const KEYS: [&str; 3] = ["lists", "shared_networks", "spelling"];

/// What they say.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) lists: Lists,
    spelling: BTreeMap<Box<str>, Spelling>,
    problems: Vec<RuleProblem>,
}

/// The same, when all rules are read.
pub(crate) struct Finished {
    pub(crate) shared_networks: Vec<Arc<Allowlist>>,
    pub(crate) spelling: BTreeMap<Box<str>, Spelling>,
    pub(crate) problems: Vec<RuleProblem>,
}

impl Shared {
    /// Reads those of `files`; `values` are the files in which lists have their values.
    pub(crate) fn read(files: &[&RuleFile], values: &[&RuleFile]) -> Self {
        let mut shared = Self {
            lists: Lists::read(files, values),
            ..Self::default()
        };
        for file in files {
            let mut out = Reporter::new(&file.path);
            for root in documents_with(&["spelling"], file) {
                let fields = named_under(&root, "spelling", &mut out);
                read_spelling(fields, &mut shared.spelling, &mut out);
            }
            shared.problems.extend(out.into_problems());
        }
        shared
    }

    /// `all_read` says that every rule was read.
    pub(crate) fn finish(self, all_read: bool) -> Finished {
        let (shared_networks, mut problems) = self.lists.finish(all_read);
        problems.extend(self.problems);
        Finished {
            shared_networks,
            spelling: self.spelling,
            problems,
        }
    }
}
