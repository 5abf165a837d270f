//! Rule paths go in, the text of every rule file comes out, or the checked [`RuleSet`].

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use detector_core::rule::{RuleFile, RuleProblem, RuleSet, Severity};
use walkdir::{DirEntry, WalkDir};

use crate::outcome::say;
use crate::suggestion;

/// The largest rule file that is read, in bytes.
const RULE_FILE_BYTES_MAX: u64 = 16 << 20;

/// Loads the rules under `paths`. `None` where a rule file is broken: every problem has then been printed.
pub(crate) fn load(paths: &[PathBuf]) -> anyhow::Result<Option<RuleSet>> {
    let files = read(paths)?;
    match RuleSet::load(&files) {
        Ok(rules) => Ok(Some(rules)),
        Err(problems) => {
            for problem in &problems {
                say(&problem_line(problem));
            }
            say("error: the rules are broken; nothing was read");
            Ok(None)
        }
    }
}

/// Reads every rule file under `paths` once, in the order of the paths.
///
/// A file is read whatever its name; in a folder, at any depth, `.yml` and `.yaml` files are, hidden ones excepted.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        for file in expand(path)? {
            let identity = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if seen.insert(identity) {
                files.push(read_file(&file)?);
            }
        }
    }
    Ok(files)
}

/// `rules/iam.yml:14: level is missing (warning)`; what is not marked is an error.
pub(crate) fn problem_line(problem: &RuleProblem) -> String {
    match problem.severity {
        Severity::Error => problem.to_string(),
        Severity::Warning => format!("{problem} (warning)"),
    }
}

fn expand(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.exists() {
        bail!("rules: {}", suggestion::missing(path));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in entries {
        let entry = entry.with_context(|| format!("rules: cannot list `{}`", path.display()))?;
        if entry.file_type().is_file() && is_rule_file(entry.path()) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        bail!("rules: no .yml or .yaml file in `{}`", path.display());
    }
    Ok(files)
}

fn read_file(path: &Path) -> anyhow::Result<RuleFile> {
    let shown = path.display();
    let bytes = fs::metadata(path).map_or(0, |meta| meta.len());
    if bytes > RULE_FILE_BYTES_MAX {
        bail!("rules: `{shown}` has {bytes} bytes, more than {RULE_FILE_BYTES_MAX}");
    }
    let bytes = fs::read(path).with_context(|| format!("rules: cannot read `{shown}`"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow::anyhow!("rules: `{shown}` is not UTF-8 text"))?;
    Ok(RuleFile {
        path: path.display().to_string(),
        text,
    })
}

fn is_rule_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("yml") || ext.eq_ignore_ascii_case("yaml"))
}

pub(crate) fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}
