//! What the rules have of settings already, and what they ask for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use detector_core::rule::{
    RuleFile, RuleProblem, Setting, Severity, is_rule_file, missing_lists, settings_of,
};
use detector_core::window::{TYPES, check_rules};

use crate::input::rules;
use crate::outcome::say;

/// The file of settings, at the root of a folder of rules.
pub(super) const SETTINGS: &str = "vedette.yaml";

pub(super) struct Known {
    /// All files but those of settings.
    others: Vec<RuleFile>,
    /// Where the settings stand, or would.
    pub(super) path: String,
    pub(super) declared: Vec<Setting>,
    /// The other documents of the files of settings.
    pub(super) beside: Vec<String>,
    /// Names that rules ask for and that nothing but the file of settings can have.
    pub(super) asked_for: BTreeSet<String>,
}

impl Known {
    /// Reads the rules under `paths`. `None` where the settings in them are broken: that has been said.
    pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Option<Self>> {
        let rules::Read {
            files,
            mut problems,
            ..
        } = rules::read(paths, "give --rules PATH")?;
        let is_settings =
            |file: &RuleFile| Path::new(&file.path).file_name() == Some(SETTINGS.as_ref());
        let is_alone = |file: &&RuleFile| is_settings(file) || !is_rule_file(&file.path);
        let alone: Vec<RuleFile> = files.iter().filter(is_alone).cloned().collect();
        problems.extend(check_rules(&alone));
        if is_broken(problems) {
            return Ok(None);
        }
        let (settings, others): (Vec<RuleFile>, Vec<RuleFile>) =
            files.into_iter().partition(is_settings);
        let path = match settings.first() {
            Some(file) => file.path.clone(),
            None => folder(paths).join(SETTINGS).display().to_string(),
        };
        let read = settings.iter().map(settings_of);
        let (declared, beside): (Vec<_>, Vec<_>) = read.unzip();
        Ok(Some(Self {
            asked_for: missing_lists(&others, TYPES),
            others,
            path,
            declared: declared.concat(),
            beside: beside.concat(),
        }))
    }

    /// Whether the rules load with this file of settings; otherwise what is wrong has been said.
    pub(super) fn takes(&self, page: &str) -> bool {
        let mut files = self.others.clone();
        files.push(RuleFile {
            path: self.path.clone(),
            text: page.to_owned(),
        });
        !is_broken(check_rules(&files))
    }
}

/// Says what keeps rules from being loaded.
fn is_broken(mut problems: Vec<RuleProblem>) -> bool {
    problems.retain(|problem| problem.severity == Severity::Error);
    problems.sort();
    for problem in &problems {
        say(&problem.to_string());
    }
    if !problems.is_empty() {
        say("error: the rules are broken; nothing was read");
    }
    !problems.is_empty()
}

fn folder(paths: &[PathBuf]) -> PathBuf {
    let folder = paths.iter().find(|path| path.is_dir());
    folder.cloned().unwrap_or_default()
}
