//! The documents that are for all rules of a set. They are read before any rule, which may stand before them.

pub(crate) mod values; // a list's file, line by line
pub(crate) mod lists; // lists: … -> lists of values, by name
mod content; // what one list has
pub(crate) mod thresholds; // vedette.thresholds: what a list says of a group
pub(crate) mod settings; // settings: … -> the same, of what a service has
mod calendars; // calendars: … -> working hours
mod spelling; // spelling: … -> what of a field makes no difference

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::draft::{AlertWish, Drafts};
use crate::model::allowlist::Allowlist;
use crate::model::shared::calendar::Calendar;
use crate::model::shared::derived::Derived;
use crate::model::shared::spelling::Spelling;
use crate::read::allowlist_reader::named_under;
use crate::yaml::documents::documents_with;
use crate::yaml::problem::{Reporter, RuleFile, RuleProblem, problem};
use crate::yaml::yaml_tree::Node;

use calendars::read_calendar;
use lists::Lists;
use spelling::read_spelling;

/// The keys of such documents.
pub(crate) const KEYS: [&str; 5] = [
    "calendars",
    "lists",
    "settings",
    "shared_networks",
    "spelling",
];

/// What they say.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) lists: Lists,
    spelling: BTreeMap<Box<str>, Spelling>,
    calendars: Vec<Calendar>,
    problems: Vec<RuleProblem>,
}

/// The same, when all rules are read.
pub(crate) struct Finished {
    pub(crate) shared_networks: Vec<Arc<Allowlist>>,
    pub(crate) spelling: BTreeMap<Box<str>, Spelling>,
    pub(crate) calendars: Vec<Calendar>,
    pub(crate) problems: Vec<RuleProblem>,
}

impl Shared {
    /// Reads those of `files`; `values` are the files in which lists have their values.
    pub(crate) fn read(files: &[&RuleFile], values: &[&RuleFile]) -> Self {
        let documents: Vec<(&RuleFile, Vec<Node>)> = (files.iter())
            .map(|file| (*file, documents_with(&KEYS, file)))
            .collect();
        let mut shared = Self {
            lists: Lists::read(&documents, values),
            ..Self::default()
        };
        for (file, roots) in &documents {
            let mut out = Reporter::new(&file.path);
            for root in roots {
                let fields = named_under(root, "spelling", &mut out);
                read_spelling(fields, &mut shared.spelling, &mut out);
                for named in named_under(root, "calendars", &mut out) {
                    shared.add_calendar(named, &mut out);
                }
            }
            shared.problems.extend(out.into_problems());
        }
        shared
    }

    fn add_calendar(&mut self, named: (&Node, &str, &Node), out: &mut Reporter<'_>) {
        let (key, name, _) = named;
        if self.calendars.iter().any(|known| *known.name == *name) {
            let message =
                format!("there are two calendars `{name}`, give one of them another name");
            out.error(key.line, message);
        } else if let Some(calendar) = read_calendar(named, &mut self.lists, out) {
            self.calendars.push(calendar);
        }
    }

    /// Whether a field is one that a rule can read.
    ///
    /// # Errors
    /// The message for the author.
    pub(crate) fn check_field(&self, path: &str) -> Result<(), String> {
        Derived::of(path, &self.calendars).map_or(Ok(()), |derived| derived.map(|_| ()))
    }

    /// What is wrong with the fields that correlations read, and alerts and allowances of detections.
    fn check_fields(&self, drafts: &Drafts) -> Vec<RuleProblem> {
        let mut problems = Vec::new();
        let mut check = |path: &str, line, field: &str| {
            let wrong = self.check_field(field).err();
            problems.extend(wrong.map(|message| problem(path, line, message)));
        };
        for draft in &drafts.correlations {
            let fields = draft.group_by.iter().chain(&draft.value_fields);
            for field in fields.chain(&draft.show) {
                check(&draft.meta.path, field.line, &field.text);
            }
            for alias in &draft.aliases {
                for (rule, field) in &alias.fields {
                    check(&draft.meta.path, rule.line, field);
                }
            }
        }
        for draft in &drafts.detections {
            for field in draft.allow.iter().flat_map(|allow| &allow.fields) {
                check(&draft.meta.path, field.line, &field.text);
            }
            if let AlertWish::Asked(alert) = &draft.alert {
                for field in alert.group_by.iter().flatten().chain(&alert.show) {
                    check(&draft.meta.path, field.line, &field.text);
                }
            }
        }
        problems
    }

    /// When all rules are read.
    pub(crate) fn finish(self, drafts: &Drafts) -> Finished {
        let mut problems = self.check_fields(drafts);
        // A broken rule may look into any list.
        let (shared_networks, of_lists) = self.lists.finish(drafts.broken.is_empty());
        problems.extend(of_lists);
        problems.extend(self.problems);
        Finished {
            shared_networks,
            spelling: self.spelling,
            calendars: self.calendars,
            problems,
        }
    }
}
