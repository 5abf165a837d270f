//! Sigma rules: YAML text goes in, a checked [`RuleSet`] comes out, or every problem of every file at once.
//!
//! The language is Sigma 2.1, parsed and linted by `rsigma-parser`. Around that parser stand a YAML reader that knows
//! lines and limits, and checks for what the parser accepts in silence. What windows there are is given by the caller
//! ([`WindowKind`]); what one is made of is out of sight here ([`Window`]). Never reads a file.
#![warn(clippy::disallowed_methods)]

mod yaml; // text -> values with lines
mod model; // the checked rules
mod kind; // what a window type is to them
mod doubt; // what is odd about a condition
mod draft; // rules before they are linked
mod link; // drafts -> RuleSet
mod read; // YAML -> drafts

use std::collections::BTreeSet;

use detector_event::field::FieldTable;

use read::document;
use read::shared::{Finished, Shared, lists};
use yaml::{documents, problem};

pub use kind::{Attribute, ByValue, Compared, Draft, Fields, Form, Linker, Takes, WindowKind};
pub use model::allowlist::{AllowEntry, AllowValue, Allowlist};
pub use model::condition::*;
pub use model::network_prefix::NetworkPrefix;
pub use model::pattern::Pattern;
pub use model::shared::calendar::{CalendarPart, Said};
pub use model::shared::derived::{Derived, PlacePart};
pub use model::shared::list::{Listed, Lookup};
pub use model::shared::numbers::Numbers;
pub use model::shared::spelling::Spelling;
pub use model::threat_list::{
    Acceptance, Evidence, Mitigation, Persona, Progress, Question, Review, Threat, ThreatList,
    id_and_title,
};
pub use model::*;
pub use read::shared::settings::{Setting, SettingContent, settings_of};
pub use yaml::documents::RULE_FILE_BYTES_MAX;
pub use yaml::duration::WINDOW_LENGTH_MAX_MS;
pub use yaml::letter_case::{fold, fold_into, is_folded};
pub use yaml::near_name::nearest;
pub use yaml::problem::{
    EXACT, EXPECTED, RuleFile, RuleProblem, Severity, is_database, is_rule_file,
};
pub use yaml::reference::Reference;
pub use yaml::section::{MILLION, Section};

/// Bytes of one database of places.
pub const DATABASE_BYTES_MAX: usize = 256 << 20;
/// Bytes of one file of a list's values.
pub const LIST_FILE_BYTES_MAX: usize = 64 << 20;

impl RuleSet {
    /// Loads all rules of all files. Their windows are of the types that are given.
    ///
    /// # Errors
    /// All mistakes of all files, by path and line. Warnings do not refuse a set: see [`check`].
    pub fn load(
        files: &[RuleFile],
        types: &'static [WindowKind],
    ) -> Result<RuleSet, Vec<RuleProblem>> {
        let (set, mut problems) = load_with_problems(files, types);
        problems.retain(|problem| problem.severity == Severity::Error);
        match set {
            Some(set) if problems.is_empty() => Ok(set),
            _ => Err(problems),
        }
    }

    /// Puts the lists of one more file in place of those of the same name.
    ///
    /// # Errors
    /// All mistakes of the file, by line: also a rule in it, and a list that there is not.
    pub fn stand_in(
        &mut self,
        file: &RuleFile,
        types: &'static [WindowKind],
    ) -> Result<(), Vec<RuleProblem>> {
        self.take_lists(file, types, Unknown::Refused)
    }

    /// The same; a list that there is not stands in for nothing.
    ///
    /// # Errors
    /// All other mistakes of the file.
    pub fn stand_in_where_known(
        &mut self,
        file: &RuleFile,
        types: &'static [WindowKind],
    ) -> Result<(), Vec<RuleProblem>> {
        self.take_lists(file, types, Unknown::LeftOut)
    }

    fn take_lists(
        &mut self,
        file: &RuleFile,
        types: &'static [WindowKind],
        unknown: Unknown,
    ) -> Result<(), Vec<RuleProblem>> {
        let mut drafts = draft::Drafts::new(types);
        let mut out = problem::Reporter::new(&file.path);
        let mut reading = (FieldTable::default(), Shared::default());
        read_file(file, &mut reading, &mut drafts, &mut out);
        let has_others =
            drafts.sound() != [0; 3] || !drafts.broken.is_empty() || !drafts.threats.is_empty();
        for Reference { text, line } in &drafts.shared {
            let message = format!("`{text}` cannot stand in: only `allowlist` has lists that do");
            out.error(*line, message);
        }
        if drafts.allowlists.is_empty() || has_others {
            out.error(
                1,
                "the file may hold lists under `allowlist`, and nothing else",
            );
        }
        for list in drafts.allowlists {
            let place = self.allowlists.iter_mut().find(|l| l.name == list.name);
            match place {
                Some(place) => *place = list,
                None if unknown == Unknown::LeftOut => {}
                None => out.error(
                    list.line,
                    format!(
                        "the rules have no list `{}` for which it could stand in",
                        list.name
                    ),
                ),
            }
        }
        let mut problems = out.into_problems();
        problems.retain(|problem| problem.severity == Severity::Error);
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems),
        }
    }
}

/// What becomes of a list that stands in for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Refused,
    LeftOut,
}

/// Everything that is wrong or doubtful in the files, by path and line.
pub fn check(files: &[RuleFile], types: &'static [WindowKind]) -> Vec<RuleProblem> {
    load_with_problems(files, types).1
}

/// The paths of the files in which lists of these rule files have their values (`lists: {exits: {file: exits.txt}}`), to be
/// given beside them. Each is that of a rule file with its last name replaced.
pub fn list_files(files: &[RuleFile]) -> Vec<String> {
    lists::named_files(files)
}

/// The names of lists and settings that the rules of these files ask for, and that no file has.
pub fn missing_lists(files: &[RuleFile], types: &'static [WindowKind]) -> BTreeSet<String> {
    drafted(files, types).shared.lists.into_missing()
}

/// What the files hold, each for itself.
struct Drafted {
    drafts: draft::Drafts,
    fields: FieldTable,
    shared: Shared,
    problems: Vec<RuleProblem>,
}

fn drafted(files: &[RuleFile], types: &'static [WindowKind]) -> Drafted {
    let mut drafts = draft::Drafts::new(types);
    let mut problems = Vec::new();
    let named = lists::named_files(files);
    let (values, files): (Vec<&RuleFile>, Vec<&RuleFile>) =
        (files.iter()).partition(|file| named.contains(&file.path));
    let mut reading = (FieldTable::default(), Shared::read(&files, &values));
    for file in files {
        let mut out = problem::Reporter::new(&file.path);
        read_file(file, &mut reading, &mut drafts, &mut out);
        problems.extend(out.into_problems());
    }
    let (fields, shared) = reading;
    Drafted {
        drafts,
        fields,
        shared,
        problems,
    }
}

fn load_with_problems(
    files: &[RuleFile],
    types: &'static [WindowKind],
) -> (Option<RuleSet>, Vec<RuleProblem>) {
    let Drafted {
        drafts,
        fields,
        shared,
        mut problems,
    } = drafted(files, types);
    let Finished {
        shared_networks,
        spelling,
        calendars,
        problems: found,
    } = shared.finish(&drafts);
    problems.extend(found);
    let (set, link_problems) = link::link(drafts, fields);
    problems.extend(link_problems);
    let set = set.map(|set| RuleSet {
        shared_networks,
        spelling,
        calendars: calendars.into(),
        ..set
    });
    problems.sort();
    problems.dedup();
    (set, problems)
}

fn read_file(
    file: &RuleFile,
    reading: &mut (FieldTable, Shared),
    drafts: &mut draft::Drafts,
    out: &mut problem::Reporter<'_>,
) {
    let bytes = file.text.len();
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let documents = documents::split_documents(text);
    if bytes > RULE_FILE_BYTES_MAX {
        for document in &documents {
            document::note_unread(document, drafts, out);
        }
        return out.error(
            1,
            format!("the file has {bytes} bytes, the most is {RULE_FILE_BYTES_MAX}: split it"),
        );
    }
    if documents.is_empty() {
        out.warning(1, "the file holds no rule");
    }
    for document in &documents {
        document::read_document(document, reading, drafts, out);
    }
}
